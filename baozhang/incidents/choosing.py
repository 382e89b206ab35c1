"""The last clean point (最近可信备份点), looked at before anybody is offered it.

    points of before the incident ──► newest clean one ──► readable? ─yes──► offered
                   ▲                                          └─no─► mended from a mirror? ─yes──┘
                   └── the next older one ◄── struck, and said so ◄──────no──┘

A backup point is readable when its commit, its manifest and its proofs open and every pack that
its files need is there; where time allows, every byte of those packs is held against its hash.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from baozhang.catalog.clean import clean_point, is_word, state_of
from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    StoreUnreachableError,
    UnreachableError,
    UsageError,
)
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Event, Fact
from baozhang.incidents.model import Checked, PassedOver
from baozhang.incidents.scope import Choice
from baozhang.policies.sudden import State
from baozhang.site import Site
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Snapshot
from baozhang.vault.moves import followed
from baozhang.vault.names import CONFIG, hash_in, hash_of
from baozhang.vault.repair import repair
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.vault import Vault

STRUCK, MENDED = "point.struck", "point.mended"
_WHY: dict[str, PassedOver] = {word: word for word in get_args(PassedOver)}


@dataclass(frozen=True, slots=True)
class Health:
    """How a backup point was found.

    Attributes:
        checked: what was looked at.
        damaged: names of objects that are not what was stored.
        missing: names of objects that are not there.
    """

    checked: Checked
    damaged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Tell whether it can be brought back, as far as it was looked at."""
        return not self.damaged and not self.missing


@dataclass(frozen=True, slots=True)
class Mended:
    """What mirrors could do for a damaged backup point."""

    objects: int  # that were brought back
    mirrors: int  # that answered
    away: int  # that did not


def look_at(side: ClientVault, snapshot: Snapshot, *, in_time: Callable[[], bool]) -> Health:
    """Look whether a backup point can be brought back.

    Args:
        side: the client's part of the vault.
        snapshot: the point.
        in_time: asked before each pack is read whole; once it says no, no further one is.

    Raises:
        StoreUnreachableError: the vault does not answer; nothing is known.
    """
    try:
        manifest = followed(side.manifest(snapshot), side.moves)
        len(dict(manifest.proofs))  # each is put together from what it stands on
        there = side.packs()
    except CorruptObjectError as error:
        return Health("", damaged=(_object(error, snapshot),))
    except ObjectMissingError as error:
        return Health("", missing=(_object(error, snapshot),))
    used = {manifest.packs[row] for row in set(manifest.piece_packs)}
    names = [side.space.pack(pack.hex()) for pack in sorted(used)]
    known = {side.space.pack(pack.hex()) for pack in there}
    missing = tuple(name for name in names if name not in known)
    if missing:
        return Health("named", missing=missing)
    return _read(side.store, names, in_time)


def _read(store: Store, names: Iterable[ObjectName], in_time: Callable[[], bool]) -> Health:
    damaged, everything = [], True
    for name in names:
        if not in_time():
            everything = False
            break
        if not _is_sound(store, name):
            damaged.append(name)
    return Health("every-byte" if everything else "named", damaged=tuple(damaged))


def _is_sound(store: Store, name: ObjectName) -> bool:
    try:
        return hash_of(store.get(name)) == hash_in(name)
    except (CorruptObjectError, ObjectMissingError):
        return False


def _object(error: CorruptObjectError | ObjectMissingError, snapshot: Snapshot) -> str:
    return str(error.facts.get("object", snapshot.id))


def mend(vault: Vault, mirrors: Sequence[Store], client: str) -> Mended:
    """Bring back what a client's part of a vault lacks, from the mirrors that answer.

    Every byte of the client is read, for damage comes in clusters.

    Raises:
        StoreUnreachableError, StoreFullError: the vault's own store did not take it.
    """
    answering = [mirror for mirror in mirrors if _answers(mirror)]
    away = len(mirrors) - len(answering)
    if not answering:
        return Mended(0, 0, away)
    receipt = repair(vault, answering, clients=[client], every_byte=True)
    return Mended(len(receipt.repaired), len(answering), away)


def _answers(mirror: Store) -> bool:
    with suppress(StoreUnreachableError, ObjectMissingError):
        mirror.size(CONFIG)
        return True
    return False


# --- which one ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Chosen:
    """The point that a set comes back from; `side` and `point` are None where there is none."""

    choice: Choice
    side: ClientVault | None = None
    point: Snapshot | None = None


def choose(
    site: Site,
    incident: Incident,
    client: str,
    set_name: str,
    *,
    opened: datetime,
    in_time: Callable[[], bool],
    actor: str,
) -> Chosen:
    """Return the last clean point of a set that can be brought back.

    A damaged one is mended from the mirrors where they can; where they cannot it is struck, which
    the incident's journal and the audit log tell, and the next older one is looked at.

    Args:
        site: the site.
        incident: the incident.
        client: id.
        set_name: the set.
        opened: when the incident was opened; what was stored later is no way back.
        in_time: as for `look_at`.
        actor: id of the run.
    """
    away = Chosen(Choice(client=client, set=set_name, snapshot="", away=True))
    try:
        vault = site.vault(client, set_name)
        side = _side(vault, client)
    except (UnreachableError, UsageError, CorruptObjectError):  # it does not open, or not now
        return away
    if side is None:
        return Chosen(Choice(client=client, set=set_name, snapshot=""))
    try:
        return _Search(site, incident, side, vault, set_name, opened, actor).run(in_time)
    except StoreUnreachableError:
        return away


def doubt(
    site: Site, incident: Incident, client: str, set_name: str, snapshot: str, *, actor: str
) -> bool:
    """Look again at a point that did not come back as it should; strike it, or mend it.

    Returns:
        True: it is struck.  False: a mirror had what it lacked, and it can be tried again.

    Raises:
        StoreUnreachableError: its vault does not answer; nothing is known.
    """
    if snapshot in struck(incident, client, set_name):
        return True
    vault = site.vault(client, set_name)
    side, opened = vault.client(client), incident.opening().opened
    search = _Search(site, incident, side, vault, set_name, opened, actor)
    return search.doubt(snapshot)


def struck(incident: Incident, client: str, set_name: str) -> dict[str, PassedOver]:
    """Return the points of a set that were struck, and why."""
    return {
        str(event.facts["snapshot"]): _WHY[str(event.facts["why"])]
        for event in incident.journal.events()
        if event.kind == STRUCK
        and (event.facts["client"], event.facts["set"]) == (client, set_name)
    }


def _side(vault: Vault, client: str) -> ClientVault | None:
    try:
        return vault.client(client)
    except UsageError:  # nothing of the client was ever stored there
        return None


class _Search:
    """Looking for one set's point; knows what was mended meanwhile."""

    def __init__(
        self,
        site: Site,
        incident: Incident,
        side: ClientVault,
        vault: Vault,
        set_name: str,
        opened: datetime,
        actor: str,
    ) -> None:
        self._site, self._incident, self._side, self._vault = site, incident, side, vault
        self._client, self._set = side.client, set_name
        self._opened, self._actor = opened, actor
        found = site.catalog.outcomes(client=side.client)
        self._words = {
            each.snapshot: each for each in found if each.set == set_name and is_word(each)
        }

    def run(self, in_time: Callable[[], bool]) -> Chosen:
        passed = struck(self._incident, self._client, self._set)
        points = self._points()
        while True:
            left = [name for name in points if name not in passed]
            name = clean_point(left, self._words.values())
            if name is None:
                return Chosen(self._choice(points, passed, None, ""), self._side)
            health = self._looked_at(name, points[name], in_time)
            if not health.sound and self._mended(name):
                points = self._points()
                health = self._looked_at(name, points.get(name), lambda: True)
            point = points.get(name)
            if health.sound and point is not None:
                choice = self._choice(points, passed, point, health.checked)
                return Chosen(choice, self._side, point)
            passed[name] = self._strike(name, health)

    def doubt(self, name: str) -> bool:
        points = self._points()
        health = self._looked_at(name, points.get(name), lambda: True)
        if not health.sound and self._mended(name):
            health = self._looked_at(name, self._points().get(name), lambda: True)
            if health.sound:
                return False
        self._strike(name, health)
        return True

    def _points(self) -> dict[str, Snapshot | None]:
        """Return the points of before the incident, oldest first; None: only the catalog has it.

        A commit that is damaged or gone leaves no trace in the vault; the catalog remembers it.
        Of older ones that went nothing follows: they may have been forgotten on purpose.
        """
        there = [
            point
            for point in self._side.snapshots(self._set)
            if point.at < self._opened and not self._is_evidence(point.id)
        ]
        newest = max((point.sequence for point in there), default=0)
        lost = [
            known.id
            for known in self._site.catalog.snapshots(self._client, self._set)
            if known.sequence > newest
            and known.at < self._opened
            and not self._is_evidence(known.id)
        ]
        return {point.id: point for point in there} | dict.fromkeys(lost)

    def _is_evidence(self, name: str) -> bool:
        word = self._words.get(name)
        return word is not None and word.duty == "evidence"

    def _looked_at(self, name: str, point: Snapshot | None, in_time: Callable[[], bool]) -> Health:
        return look_at(self._side, point, in_time=in_time) if point else Health("", missing=(name,))

    def _mended(self, name: str) -> bool:
        """Let the mirrors mend a point, once; tell whether they brought anything back."""
        if any(e.kind == MENDED and e.facts["snapshot"] == name for e in self._events()):
            return False
        mirrors = self._site.mirrors(self._client, self._set)
        found = mend(self._vault, mirrors, self._client)
        facts = {"objects": found.objects, "mirrors": found.mirrors, "away": found.away}
        self._tell(MENDED, name, **facts)
        self._side = self._vault.client(self._client)
        return bool(found.objects)

    def _strike(self, name: str, health: Health) -> PassedOver:
        why: PassedOver = "unproven"  # its bytes are whole, and its books are not what they were
        if not health.sound:
            why = "damaged" if health.damaged else "missing"
        self._tell(STRUCK, name, why=why)
        return why

    def _tell(self, kind: str, name: str, **facts: Fact) -> None:
        about = {"client": self._client, "set": self._set, "snapshot": name, **facts}
        self._incident.journal.append(kind, actor=self._actor, **about)
        self._site.audit.append(
            actor=self._actor,
            action=kind,
            subject=f"{self._client}/{self._set}",
            snapshot=name,
            incident=self._incident.id,
            **facts,
        )

    def _events(self) -> tuple[Event, ...]:
        return self._incident.journal.events()

    def _choice(
        self,
        points: Iterable[str],
        passed: Mapping[str, PassedOver],
        point: Snapshot | None,
        checked: Checked,
    ) -> Choice:
        newest = next(reversed([*points]), "")
        over = "" if point and newest == point.id else newest
        return Choice(
            client=self._client,
            set=self._set,
            snapshot=point.id if point else "",
            checked=checked,
            unjudged=point is not None and self._state(point.id) != "normal",
            instead_of=over,
            why=(passed.get(over) or self._why_not(over)) if over else "",
            at=point.at if point else None,
            bytes=point.size if point else 0,
            books=len(point.books) if point else 0,
        )

    def _why_not(self, name: str) -> PassedOver:
        return "suspicious" if self._state(name) == "suspicious" else "unjudged"

    def _state(self, name: str) -> State | None:
        word = self._words.get(name)
        return None if word is None else "normal" if word.duty == "acceptance" else state_of(word)
