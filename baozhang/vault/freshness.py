"""Freshness: is this the newest state of the vault, or an older one that somebody put back?

    vault ──► heads ──► witness, kept elsewhere
      └───── compare ◄──────┘ and the mirrors' own commits

Commits are never deleted, not even those of forgotten snapshots, and each names the one before it.
So whatever a witness or a mirror knows of a set must still be there, and the newest commit must
descend from it.  A vault ahead of its witness is the usual case; a healed fork, a forgotten
snapshot and a client shredded on purpose are none of these findings' business.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from baozhang.errors import CorruptObjectError, ObjectMissingError, UsageError
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import Commit
from baozhang.vault.names import CLIENTS, hash_in, is_ours, sequence_in
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.tombstones import read_tombstone
from baozhang.vault.vault import Vault
from baozhang.vault.witness import (
    Head,
    Witness,
    WitnessPlace,
    decode_witness,
    encode_witness,
    is_present,
    set_of,
    space_of,
)

AlarmKind = Literal[
    "rolled_back", "deleted", "forked", "lost", "damaged", "lost_set", "lost_client", "mirror_ahead"
]

ALARM_TEMPLATES: dict[AlarmKind, str] = {
    "rolled_back": "set {set} of client {client} was put back: {place} ends with backup point "
    "{found}, and number {known} is known",
    "deleted": "the newest backup point of set {set} of client {client} was deleted: {place} ends "
    "with number {found}, and number {known} is known",
    "forked": "set {set} of client {client} has another history in {place}: backup point {known} "
    "is not the one that is known",
    "lost": "backup points of set {set} of client {client} were taken out of {place}: up to number "
    "{known}, {missing} are missing",
    "damaged": "backup point {known} of set {set} of client {client} is known, and its record in "
    "{place} is damaged",
    "lost_set": "{place} holds nothing any more of set {set} of client {client}, known up to "
    "backup point {known}",
    "lost_client": "{place} holds nothing any more of client {client}: set {set} is known up to "
    "backup point {known}",
    "mirror_ahead": "the mirror {mirror} holds backup point {known} of set {set} of client "
    "{client}, and {place} does not",
}
HINT_TEMPLATES = {
    "alarm": "Leave vault, mirrors and witness as they are; find out who moved, restored or "
    "synchronised the vault, then follow docs/guides/mirrors.md."
}
ALARM_HINT = HINT_TEMPLATES["alarm"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that the vault should hold, as others know, and does not."""

    kind: AlarmKind
    client: str
    set: str
    known: int  # the sequence that is known elsewhere
    found: int  # the highest in the vault; 0: none
    place: str  # the vault, for people
    mirror: str = ""  # who knows, where it is a mirror
    missing: int = 0

    @property
    def template(self) -> str:
        """The sentence that tells it."""
        return ALARM_TEMPLATES[self.kind]

    @property
    def facts(self) -> dict[str, str | int]:
        """What fills the sentence."""
        facts: dict[str, str | int] = {
            "client": self.client,
            "set": self.set,
            "known": self.known,
            "place": self.place,
        }
        if self.kind in {"rolled_back", "deleted"}:
            facts["found"] = self.found
        if self.kind == "lost":
            facts["missing"] = self.missing
        if self.mirror:
            facts["mirror"] = self.mirror
        return facts


Names = dict[int, list[ObjectName]]
"""The commits of one set, by sequence."""


class _Listing:
    """The names below `c/` that tell of histories."""

    def __init__(self, store: Store) -> None:
        self.spaces: set[str] = set()
        self.tombstones: list[ObjectName] = []
        self.keys: dict[str, list[ObjectName]] = {}
        self.commits: dict[tuple[str, str], Names] = {}
        self.manifests: dict[tuple[str, str], set[int]] = {}
        for info in store.list(CLIENTS):
            if is_ours(info.name):
                self._take(info.name)

    def _take(self, name: ObjectName) -> None:
        _, space, kind, *rest = name.split("/")
        self.spaces.add(space)
        if kind == "shredded":
            self.tombstones.append(name)
        elif kind == "keys":
            self.keys.setdefault(space, []).append(name)
        elif kind == "commit":
            of_set = self.commits.setdefault((space, rest[0]), {})
            of_set.setdefault(sequence_in(name), []).append(name)
        elif kind == "snap":
            self.manifests.setdefault((space, rest[0]), set()).add(sequence_in(name))


class _Look:
    """A vault as it is now: its listing, and its clients opened as they are asked for."""

    def __init__(self, vault: Vault) -> None:
        self.vault = vault
        self.listing = _Listing(vault.store)
        self.shredded = set(self._shredded())
        self._sides: dict[str, ClientVault | None] = {}

    def side(self, space: str) -> ClientVault | None:
        """Return a client's part by its pseudonym, None where no key of it can be read."""
        if space not in self._sides:
            self._sides[space] = _side_of(self.vault, self.listing.keys.get(space, ()))
        return self._sides[space]

    def _shredded(self) -> Iterator[str]:
        """Yield whose tombstone is genuine; one that somebody made up excuses nothing."""
        vault = self.vault
        for name in self.listing.tombstones:
            with suppress(CorruptObjectError, ObjectMissingError):
                read_tombstone(vault.store, name, vault.root.masters, vault.id)
                yield name.split("/")[1]

    def heads(self) -> tuple[Head, ...]:
        """Return the newest readable commit of every set."""
        found = []
        for (space, _), commits in self.listing.commits.items():
            if (side := self.side(space)) and (head := _head(side, commits)):
                found.append(head)
        return tuple(sorted(found, key=lambda head: head.key))


def heads(vault: Vault) -> tuple[Head, ...]:
    """Return the newest commit of every set of every client, sorted; of damage `verify` speaks.

    Raises:
        StoreUnreachableError: the vault does not answer.
    """
    return _Look(vault).heads()


def read_witness(vault: Vault, place: WitnessPlace) -> Witness | None:
    """Return the witness kept at a place; None: there has been none.

    Raises:
        CorruptObjectError: damaged, or forged.
        UsageError: it is of another vault.
        UnreachableError: the place does not answer.
    """
    data = place.read()
    return None if data is None else decode_witness(vault, data)


def update_witness(vault: Vault, place: WitnessPlace, *, at: datetime) -> Witness:
    """Let the witness know what the vault holds now; what it knows already it never forgets.

    A head only moves on to one that descends from it: while there is an alarm about a set, its
    old head stays, and the alarm with it.

    Raises:
        As `read_witness`; nothing is written then.
    """
    with place.held():
        data = place.read()
        before = None if data is None else decode_witness(vault, data)
        look = _Look(vault)
        now = {head.key: head for head in look.heads()}
        if before is not None:
            alarmed = {(one.client, one.set) for one in _against(look, before)}
            for head in before.heads:
                if head.key in alarmed or head.key not in now:
                    now[head.key] = head
        known = tuple(head for _, head in sorted(now.items()))
        if data and before and before.heads == known and is_present(vault, data):
            return before
        fresh = Witness(vault.id, before.number + 1 if before else 1, at, known)
        place.write(fresh.number, encode_witness(vault, fresh))
        return fresh


def compare(
    vault: Vault, witness: Witness | None, mirrors: Iterable[Store] = ()
) -> tuple[Alarm, ...]:
    """Return what a witness or a mirror knows and the vault does not hold, sorted.

    The witness must have been read before: what was committed meanwhile is then no alarm.

    Raises:
        StoreUnreachableError: the vault or a mirror does not answer; nothing is known then.
    """
    listed = [(mirror, _Listing(mirror)) for mirror in mirrors]  # before the vault, for the same
    look = _Look(vault)
    found = list(_against(look, witness)) if witness else []
    for mirror, listing in listed:
        found += _ahead(look, mirror, listing)
    return tuple(sorted(found, key=lambda one: (one.client, one.set, one.mirror)))


def _against(look: _Look, witness: Witness) -> Iterator[Alarm]:
    """Yield an alarm for each set whose history does not go on from what the witness knows."""
    for head in witness.heads:
        space = space_of(look.vault, head.client).client
        if space in look.shredded:
            continue
        key = (space, set_of(look.vault, head.client, head.set))
        alarm = _judge(look, head, key)
        if alarm:
            yield alarm


def _judge(look: _Look, head: Head, key: tuple[str, str]) -> Alarm | None:
    commits = look.listing.commits.get(key, {})
    if not commits:
        kind: AlarmKind = "lost_set" if key[0] in look.listing.spaces else "lost_client"
        return _alarm(look, head, kind)
    there = {hash_in(name): name for name in commits.get(head.sequence, ())}
    if not set(head.commits) <= set(there):
        return _alarm(look, head, _gone(look, head, key), max(commits), missing=1)
    count = sum(len(names) for number, names in commits.items() if number <= head.sequence)
    if count < head.count:
        return _alarm(look, head, "lost", max(commits), missing=head.count - count)
    side = look.side(key[0])
    if side is None or not all(_opened(side, there[digest]) for digest in head.commits):
        return _alarm(look, head, "damaged", max(commits))
    return None if _descends(side, head, commits) else _alarm(look, head, "forked", max(commits))


def _gone(look: _Look, head: Head, key: tuple[str, str]) -> AlarmKind:
    """Return how it is that a known commit is not there; something of its set is."""
    commits = look.listing.commits[key]
    if max(commits) < head.sequence:
        return "deleted" if head.sequence in look.listing.manifests.get(key, ()) else "rolled_back"
    return "forked" if head.sequence in commits else "lost"


def _alarm(look: _Look, head: Head, kind: AlarmKind, found: int = 0, *, missing: int = 0) -> Alarm:
    place = look.vault.store.url
    return Alarm(kind, head.client, head.set, head.sequence, found, place, missing=missing)


def _descends(side: ClientVault, head: Head, commits: Names) -> bool:
    """Tell whether the newest readable commit goes back to the head.

    True also where a commit between them is damaged or missing: that is `verify`'s finding, and
    what lies behind it cannot be told.
    """
    looked_for: set[str] | None = None  # hashes of the next sequence; None: not begun
    for number in sorted((n for n in commits if n > head.sequence), reverse=True):
        names = [n for n in commits[number] if looked_for is None or hash_in(n) in looked_for]
        opened = [_opened(side, name) for name in names]
        if looked_for is None:
            opened = [commit for commit in opened if commit]
            if not opened:
                continue
        elif not opened or not all(opened):
            return True
        looked_for = {digest for commit in opened if commit for digest in commit.previous}
    return looked_for is None or set(head.commits) <= looked_for


def _ahead(look: _Look, mirror: Store, listing: _Listing) -> Iterator[Alarm]:
    """Yield an alarm for each set of which a mirror holds a commit that the vault lacks."""
    there = replace(look.vault, store=mirror)
    for (space, set_name), commits in listing.commits.items():
        ours = look.listing.commits.get((space, set_name), {})
        known = {hash_in(name) for names in ours.values() for name in names}
        more = {n for names in commits.values() for n in names if hash_in(n) not in known}
        if not more or space in look.shredded:
            continue
        side = _side_of(there, listing.keys.get(space, ()))
        newest = _newest(side, more) if side else None
        if side and newest:
            yield Alarm(
                "mirror_ahead",
                side.client,
                newest.set,
                known=newest.sequence,
                found=max(ours, default=0),
                place=look.vault.store.url,
                mirror=mirror.url,
            )


def _newest(side: ClientVault, names: Iterable[ObjectName]) -> Commit | None:
    """Return the newest of these commits that can be read: what somebody made up cannot."""
    opened = (_opened(side, name) for name in sorted(names, reverse=True))
    return next(filter(None, opened), None)


def _head(side: ClientVault, commits: Names) -> Head | None:
    """Return the newest of one set's commits that can be read."""
    for number in sorted(commits, reverse=True):
        opened = {hash_in(name): _opened(side, name) for name in commits[number]}
        readable = {digest: commit for digest, commit in opened.items() if commit}
        for commit in readable.values():
            count = sum(len(names) for each, names in commits.items() if each <= number)
            return Head(side.client, commit.set, number, tuple(sorted(readable)), count)
    return None


def _opened(side: ClientVault, name: ObjectName) -> Commit | None:
    """Return a commit, None where it is damaged or has just gone."""
    with suppress(CorruptObjectError, ObjectMissingError):
        return side.commit(name)[1]
    return None


def _side_of(vault: Vault, keys: Iterable[ObjectName]) -> ClientVault | None:
    """Return the part of the client whose keys these are; None where none can be read."""
    for name in keys:
        with suppress(CorruptObjectError, ObjectMissingError, UsageError):
            return vault.client(vault.client_key(name)[1])
    return None
