"""An incident's journal: events one below the other, each bound to the one before it.

    journal = Journal.open(folder, clock)
    journal.append("noticed", actor="zhang", clients="c001")
    figures = journal.once("scope", work, actor="system")       # done once, however often it runs

An event is one line of canonical JSON (sorted keys, ASCII); `prev` is the SHA-256 of the line
before it, without its line feed.  It is durable before `append` returns.  A line that a crash tore
is cut off when the next event is written: what it would have said had not happened yet.

Every question reads the file again.  What begins with the very bytes that were verified before is
not verified twice: an incident of hundreds of clients asks thousands of times.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from baozhang import durable
from baozhang.clock import Clock
from baozhang.errors import CorruptObjectError, StoreFullError, UnreachableError, UsageError

Fact = str | int | bool
Facts = Mapping[str, Fact]

FILE = "journal.jsonl"
GENESIS = "0" * 64
BEGUN, DONE = "step.begun", "step.done"
_WORD = re.compile(r"[a-z][a-z0-9_.-]{0,39}")
_MOST_TEXT = 400  # characters of one fact
_MOST_FACTS = 40


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        seq: from 1, without gaps.
        prev: SHA-256 of the event before, 64 hexadecimal digits.
        at: aware, UTC.
        actor: id of a person, a run, or `system`.
        kind: what happened, e.g. `noticed`, `step.done`, `approval`.
        facts: texts, whole numbers and booleans; never a name, a path or a ledger's text.
    """

    seq: int
    prev: str
    at: datetime
    actor: str
    kind: str
    facts: Facts

    def line(self) -> bytes:
        """Return the event as it is stored, without its line feed."""
        value = {
            "seq": self.seq,
            "prev": self.prev,
            "at": self.at.astimezone(UTC).isoformat(),
            "actor": self.actor,
            "kind": self.kind,
            "facts": dict(self.facts),
        }
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")

    def digest(self) -> str:
        """Return what the next event names as `prev`."""
        return hashlib.sha256(self.line()).hexdigest()


@dataclass(slots=True)
class _Verified:
    """The beginning of a journal that was verified, and what it says."""

    content: bytes = b""  # whole lines
    events: list[Event] = field(default_factory=list)
    last: str = GENESIS  # digest of the newest
    begun: Counter[str] = field(default_factory=Counter)  # by step
    done: dict[str, Event] = field(default_factory=dict)  # by step

    def go_on(self, content: bytes) -> None:
        """Verify what comes after, and take it over.

        Raises:
            CorruptObjectError: it does not follow.
        """
        for line in content[len(self.content) :].splitlines():
            event = _decoded(line, len(self.events) + 1)
            if event.seq != len(self.events) + 1 or event.prev != self.last or event.line() != line:
                raise _broken(len(self.events) + 1)
            self.last = hashlib.sha256(line).hexdigest()
            self.events.append(event)
            self._count(event)
        self.content = content

    def _count(self, event: Event) -> None:
        step = str(event.facts.get("step", ""))
        if event.kind == BEGUN:
            self.begun[step] += 1
        elif event.kind == DONE:
            self.done[step] = event


class Journal:
    """One incident's events.  Safe to share between threads and processes; holds no file open."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._verified, self._lock = _Verified(), threading.Lock()
        self._settled = False  # the file's own name is durable

    @classmethod
    def open(cls, folder: Path, clock: Clock) -> "Journal":
        """Return the journal in a folder, which is made on the first event."""
        return cls(folder, clock)

    def events(self) -> tuple[Event, ...]:
        """Return every event, oldest first.

        Raises:
            CorruptObjectError: a line was changed, lost, put in or cannot be read.
            UnreachableError: the file cannot be read.
        """
        with self._lock:
            return tuple(self._read().events)

    def append(self, kind: str, *, actor: str, **facts: Fact) -> Event:
        """Write one event down; on return it is durable.

        Raises:
            UsageError: a kind, an actor or facts that no journal takes.
            CorruptObjectError: the journal is damaged; nothing is added to it.
            StoreFullError: no room.
            UnreachableError: it cannot be written.
        """
        _require(kind, actor, facts)
        with self._held(".lock", fcntl.LOCK_EX):
            return self._add(kind, actor, facts)

    def once(self, step: str, work: Callable[["Begun"], Facts], *, actor: str) -> Facts:
        """Do a step of the incident, unless it was done; return its figures either way.

        `work` is told whether an earlier run began it and did not come to its end.  What it raises
        leaves the step begun.
        """
        done = self.done(step)
        if done is not None:
            return done
        begun = self._begin(step, actor)
        figures = work(begun)
        self.append(DONE, actor=actor, step=step, **figures)
        return figures

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one run at a time work on the incident.

        Raises:
            UsageError: another run is at it now.
        """
        with self._held(".working", fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield

    def done(self, step: str) -> Facts | None:
        """Return the figures of a step that is done; None: it is not."""
        with self._lock:
            found = self._read().done.get(step)
        if found is None:
            return None
        return {name: value for name, value in found.facts.items() if name != "step"}

    def _begin(self, step: str, actor: str) -> "Begun":
        with self._lock:
            attempt = self._read().begun[step] + 1
        self.append(BEGUN, actor=actor, step=step, attempt=attempt)
        return Begun(step, attempt)

    def _read(self) -> _Verified:
        """Return all that the file says now; `_lock` is held."""
        try:
            content = (self._folder / FILE).read_bytes()
        except FileNotFoundError:
            content = b""
        except OSError as error:
            raise _failed(self._folder, error) from error
        whole = content[: content.rfind(b"\n") + 1]
        if not whole.startswith(self._verified.content):
            self._verified = _Verified()
        try:
            self._verified.go_on(whole)
        except CorruptObjectError:
            self._verified = _Verified()
            raise
        return self._verified

    def _add(self, kind: str, actor: str, facts: Facts) -> Event:
        with self._lock:
            known = self._read()
            seq, prev, size = len(known.events) + 1, known.last, len(known.content)
        at = self._clock().astimezone(UTC)
        event = Event(seq, prev, at, actor, kind, facts)
        path = self._folder / FILE
        try:
            with open(path, "ab", opener=durable.private) as file:
                file.truncate(size)  # a torn line
                file.write(event.line() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            if not self._settled:
                durable.settle(self._folder)
                self._settled = True
        except OSError as error:
            raise _failed(self._folder, error) from error
        return event

    @contextmanager
    def _held(self, name: str, how: int) -> Iterator[None]:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise _failed(self._folder, error) from error
        try:
            fcntl.flock(lock, how)
            yield
        except BlockingIOError as error:
            raise UsageError(
                "another run is working on incident {incident}",
                hint="Look for it among the running flows; wait for it, or cancel it there.",
                incident=self._folder.name,
            ) from error
        finally:
            os.close(lock)


@dataclass(frozen=True, slots=True)
class Begun:
    """A step that is being done now."""

    step: str
    attempt: int  # from 1

    @property
    def again(self) -> bool:
        """An earlier run began it and did not come to its end."""
        return self.attempt > 1


def _decoded(line: bytes, number: int) -> Event:
    try:
        found = json.loads(line)
        return Event(
            seq=found["seq"],
            prev=found["prev"],
            at=datetime.fromisoformat(found["at"]),
            actor=found["actor"],
            kind=found["kind"],
            facts=dict(found["facts"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _broken(number) from error


def _require(kind: str, actor: str, facts: Facts) -> None:
    words = (kind, *facts)
    texts = (actor, *(value for value in facts.values() if isinstance(value, str)))
    if (
        not all(map(_WORD.fullmatch, words))
        or not all(isinstance(value, str | int) for value in facts.values())
        or any(len(text) > _MOST_TEXT or not text.isprintable() for text in texts)
        or len(facts) > _MOST_FACTS
    ):
        raise UsageError("no event of an incident: {kind}", kind=repr(kind[:40]))


def _broken(number: int) -> CorruptObjectError:
    return CorruptObjectError(
        "the incident's journal was changed at line {line}",
        hint="Leave the folder as it is, and hold the journal against the audit log.",
        line=number,
    )


def _failed(folder: Path, error: OSError) -> UnreachableError:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT}
    return (StoreFullError if full else UnreachableError)(
        "the journal of incident {incident} cannot be kept: {reason}",
        hint="Make room and check the rights of the site's state folder; then go on.",
        incident=folder.name,
        reason=error.strerror or type(error).__name__,
    )
