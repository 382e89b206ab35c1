"""All incidents of a site: opened once, found again, and what each keeps beside its journal.

    state/incidents/i-20261122-01/   journal.jsonl   plan-1.json   scope.json   ...

A kept value is a file of canonical JSON; the event that tells of it carries its SHA-256, so a file
that was changed afterwards is found out.  A newer value lies beside the older one until its event
is written (`plan.next.json`): whoever is killed in between leaves the one that the journal knows.
"""

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from baozhang import durable
from baozhang.clock import Clock, business_day
from baozhang.errors import CorruptObjectError, UnreachableError, UsageError
from baozhang.incidents.journal import Event, Journal
from baozhang.incidents.model import Kind, Opening, Value
from baozhang.site import Site

V = TypeVar("V", bound=Value)
OPENED, CLOSED, KEPT = "opened", "closed", "kept"


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident: its folder, and the journal that says where it stands."""

    folder: Path
    journal: Journal

    @property
    def id(self) -> str:
        """Its id, the folder's name."""
        return self.folder.name

    def opening(self) -> Opening:
        """Return how it began."""
        return self.value("opening", Opening)

    def closed(self) -> bool:
        """Tell whether it has come to its end."""
        return any(event.kind == CLOSED for event in self.journal.events())

    def keep(self, name: str, value: Value, *, actor: str) -> Event:
        """Keep a value under a name; the newest of a name counts, the journal knows all digests.

        Raises:
            UnreachableError: it cannot be written.
        """
        content, waiting = _canonical(value), self._path(f"{name}.next")
        with self._told():
            durable.replace(waiting, content)
        event = self.journal.append(KEPT, actor=actor, name=name, sha256=_digest(content))
        with self._told():
            waiting.replace(self._path(name))
            durable.settle(self.folder)
        return event

    def value(self, name: str, kind: type[V]) -> V:
        """Return a kept value.

        Raises:
            CorruptObjectError: it is not there, or not what was kept.
        """
        known = [e.facts["sha256"] for e in self.journal.events() if _keeps(e, name)]
        try:
            for path in (self._path(f"{name}.next"), self._path(name)):
                content = path.read_bytes() if path.exists() else b""
                if known and _digest(content) == known[-1]:
                    return kind.model_validate_json(content)
            raise ValueError(name)
        except (OSError, ValueError, ValidationError) as error:
            raise CorruptObjectError(
                "{name} of incident {incident} is not what was kept",
                hint="Leave the folder as it is, and do that step again.",
                name=name,
                incident=self.id,
            ) from error

    def has(self, name: str) -> bool:
        """Tell whether a value of this name was kept."""
        return any(_keeps(event, name) for event in self.journal.events())

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnreachableError(
                "incident {incident} cannot be kept: {reason}",
                hint="Make room and check the rights of the site's state folder; then go on.",
                incident=self.id,
                reason=error.strerror or type(error).__name__,
            ) from error


class Incidents:
    """The folder of incidents."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock

    def all(self) -> tuple[Incident, ...]:
        """Return every incident, oldest first."""
        try:
            names = sorted(os.listdir(self._folder))
        except FileNotFoundError:
            return ()
        found = (self._at(name) for name in names if not name.startswith("."))
        return tuple(each for each in found if each.has("opening"))

    def open_ones(self) -> tuple[Incident, ...]:
        """Return the incidents that have not come to their end, oldest first."""
        return tuple(each for each in self.all() if not each.closed())

    def get(self, name: str) -> Incident:
        """Return an incident by its id.

        Raises:
            UsageError: there is none.
        """
        found = {each.id: each for each in self.all()}
        if name not in found:
            raise UsageError(
                "there is no incident {incident}",
                hint="Known are: {known}.",
                incident=name[:40],
                known=", ".join(found) or "-",
            )
        return found[name]

    def open(
        self,
        kind: Kind,
        sets: Iterable[tuple[str, str]],
        *,
        noticed_by: str,
        discovered: datetime,
        cause: str = "",
        drill: str = "",
        but: str = "",
    ) -> tuple[Incident, bool]:
        """Open an incident; the one that is open for any of these sets, if there is one.

        Args:
            kind: what happened.
            sets: what is hit.
            noticed_by: id of a person, or of the run that found it.
            discovered: when.
            cause: as believed.
            drill: a scenario's id for a drill, else "".
            but: id of an open one that does not count, for these sets are to leave it.

        Returns:
            The incident, and whether it is new.
        """
        wanted = tuple(dict.fromkeys(sets))
        with self._one_at_a_time():
            for each in self.open_ones():
                known = each.opening()
                if each.id != but and known.drill == drill and _overlap(known.sets, wanted):
                    each.journal.append("noticed-again", actor=noticed_by, sets=len(wanted))
                    return each, False
            return self._opened(kind, wanted, noticed_by, discovered, cause, drill), True

    def _opened(
        self,
        kind: Kind,
        wanted: tuple[tuple[str, str], ...],
        noticed_by: str,
        discovered: datetime,
        cause: str,
        drill: str,
    ) -> Incident:
        opening = Opening(
            id=self._new_id(drill=bool(drill)),
            kind=kind,
            sets=wanted,
            noticed_by=noticed_by,
            discovered=discovered,
            opened=self._clock(),
            cause=cause,
            drill=drill,
        )
        made = self._at(opening.id)
        made.keep("opening", opening, actor=noticed_by)
        made.journal.append(OPENED, actor=noticed_by, nature=kind, sets=len(wanted))
        return made

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Let nobody else open one meanwhile: two reports of one trouble are one incident."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _at(self, name: str) -> Incident:
        folder = self._folder / name
        return Incident(folder, Journal.open(folder, self._clock))

    def _new_id(self, *, drill: bool) -> str:
        """Reserve the next id of the day: making its folder is what makes it ours."""
        day = business_day(self._clock())
        for number in range(1, 1000):
            name = f"{'d' if drill else 'i'}-{day:%Y%m%d}-{number:02d}"
            try:
                (self._folder / name).mkdir(mode=0o700)
            except FileExistsError:
                continue
            return name
        raise UsageError(
            "a day has room for 999 incidents",
            hint="Look why so many are opened: `baozhang audit show`.",
        )


def incidents_of(site: Site) -> Incidents:
    """Return a site's incidents."""
    return Incidents(site.home / "state" / "incidents", site.clock)


def _overlap(known: Iterable[tuple[str, str]], wanted: Iterable[tuple[str, str]]) -> bool:
    return any(
        mine == theirs and (part == other or "*" in {part, other})
        for mine, part in known
        for theirs, other in wanted
    )


def _keeps(event: Event, name: str) -> bool:
    return event.kind == KEPT and event.facts.get("name") == name


def _canonical(value: Value) -> bytes:
    found = value.model_dump(mode="json")
    return json.dumps(found, sort_keys=True, separators=(",", ":")).encode("ascii")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
