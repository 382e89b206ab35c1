"""Marks: which snapshots are forgotten, and which objects may go for that.

Commits are never deleted: the chain stays whole, and whoever audits it sees what there once was.
Forgetting is a *mark*, one more sealed record that is written once.  It names snapshots and the
objects that only they needed; the objects themselves go in a later run, after a grace.  Until then
a mark that says `keep` brings everything back.

    forget ──grace──► sweep (the objects are deleted)
       └──keep──► as before

A `hold` (暂缓销毁) is a mark as well: while one stands, nothing of the client is marked, swept or
shredded, until a mark that says `lift` gives its reason again.  A release that knows no holds reads
no such mark, and so deletes nothing either.

Marks of one client are numbered and name those before them by hash, as commits do.  Two of one
sequence both count; of these, `keep` counts after `forget`, and `hold` after `lift`.

Performs no I/O.  Normative: docs/format.md, "Marks".
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Literal, get_args

from baozhang.errors import CorruptObjectError, NewerFormatError
from baozhang.vault.names import hash_in, sequence_in
from baozhang.vault.stores.base import ObjectName

Action = Literal["forget", "keep", "hold", "lift"]
_RANKS: dict[Action, int] = {"forget": 0, "keep": 1, "lift": 2, "hold": 3}


@dataclass(frozen=True, slots=True)
class Mark:
    """One mark; field for field what is stored, as canonical JSON."""

    action: Action
    sequence: int  # from 1
    previous: tuple[str, ...]  # hashes of the marks of the sequence before
    commits: tuple[str, ...]  # hashes of the commits whose snapshots are forgotten or kept
    drop: tuple[str, ...]  # names of objects that may go, or with `keep` may not
    seen: tuple[str, ...]  # hashes of the newest commits of each set, as of this mark
    at: str  # ISO instant, UTC
    not_before: str  # ISO instant before which nothing is deleted for this mark, UTC
    approved_by: tuple[str, ...]
    reason: str  # of a hold: the id that lifting it names
    format: int = 1


def encode_mark(mark: Mark) -> bytes:
    """Return a mark's plaintext."""
    return json.dumps(asdict(mark), sort_keys=True, separators=(",", ":")).encode()


def decode_mark(plain: bytes) -> Mark:
    """Return the mark; what a later release may have added to it is passed over.

    Raises:
        CorruptObjectError: not a mark.
        NewerFormatError: written by a newer release, or of an action this one does not know.
    """
    try:
        found = json.loads(plain)
        if found.get("format") != 1 or found["action"] not in get_args(Action):
            raise NewerFormatError(
                "a mark was written by a newer release",
                hint="Install the release that wrote this vault, or a newer one.",
            )
        for name in ("previous", "commits", "drop", "seen", "approved_by"):
            found[name] = tuple(map(str, found[name]))
        datetime.fromisoformat(found["at"]), datetime.fromisoformat(found["not_before"])
        return Mark(**{field.name: found[field.name] for field in fields(Mark)})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError("a mark cannot be read") from error


@dataclass(frozen=True, slots=True)
class Marks:
    """What all marks of one client say together."""

    by_name: dict[ObjectName, Mark] = field(default_factory=dict)
    """Every mark that could be read, in the order in which they count."""
    forgotten: frozenset[str] = frozenset()
    """Hashes of the commits whose snapshots are not kept any more."""
    since: dict[ObjectName, ObjectName] = field(default_factory=dict)
    """Each object that may go, and the newest mark that says so."""
    holds: dict[str, Mark] = field(default_factory=dict)
    """The holds that stand, by their reasons, and the mark that set each."""

    @property
    def dropped(self) -> frozenset[ObjectName]:
        """Objects that nothing may be built on, and that may be missing without damage.

        What a snapshot that is not forgotten needs is never missing without damage, dropped or not.
        """
        return frozenset(self.since)

    @property
    def newest(self) -> int:
        """The highest sequence; 0 without marks."""
        return max((mark.sequence for mark in self.by_name.values()), default=0)

    def heads(self) -> tuple[str, ...]:
        """Return the hashes that the next mark names as those before it."""
        newest = self.newest
        return tuple(sorted(hash_in(n) for n, m in self.by_name.items() if m.sequence == newest))

    def gaps(self) -> tuple[str, ...]:
        """Return the hashes of marks that others name, or count on, and that are not there."""
        there = {hash_in(name) for name in self.by_name}
        named = {digest for mark in self.by_name.values() for digest in mark.previous}
        return tuple(sorted(named - there))


def all_of(marks: Iterable[tuple[ObjectName, Mark]]) -> Marks:
    """Return what a client's marks say together; their order does not matter.

    Raises:
        CorruptObjectError: a mark lies under another sequence than its own.
    """
    ordered = sorted(marks, key=_rank)
    forgotten: set[str] = set()
    since: dict[ObjectName, ObjectName] = {}
    holds: dict[str, Mark] = {}
    for name, mark in ordered:
        if sequence_in(name) != mark.sequence:
            raise CorruptObjectError("a mark lies in another's place", object=name)
        if mark.action == "forget":
            forgotten |= set(mark.commits)
            since |= dict.fromkeys(map(ObjectName, mark.drop), name)
        elif mark.action == "hold":
            holds.setdefault(mark.reason, mark)
        elif mark.action == "lift":
            holds.pop(mark.reason, None)
        else:
            forgotten -= set(mark.commits)
            for one in mark.drop:
                since.pop(ObjectName(one), None)
    return Marks(dict(ordered), frozenset(forgotten), since, holds)


def _rank(pair: tuple[ObjectName, Mark]) -> tuple[int, int, ObjectName]:
    name, mark = pair
    return mark.sequence, _RANKS[mark.action], name
