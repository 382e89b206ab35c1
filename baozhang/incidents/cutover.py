"""Cut-over: what was proven in quarantine is put into use, whole or not at all.

    each source ─► begun ─► published in one step, what was there beside it ─► read again ─► done

Whether it happened is never taken from a memory of having done it: what is in use is frozen and
held against the backup point, file by file by its BLAKE3, or book by book where a database never
dumps to the same bytes twice.  So a run that was killed in the middle finds out where it stands,
goes on where nothing had happened, and passes over what is whole.

Sources that let nothing be exchanged in one step (an accounting product that keeps its own list of
account sets, an inbox) are put into use by people: see `baozhang.incidents.checklists`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from blake3 import blake3

from baozhang.books.coding import decode_proof
from baozhang.books.compare import compare
from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from baozhang.errors import LedgerFormatError, SourceUnreadableError, UsageError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.model import CutOver, How
from baozhang.incidents.quarantine import RESTORED, lies_there, place_of
from baozhang.settings import SourceFile
from baozhang.site import Site
from baozhang.sources.base import Frozen, Item, Source
from baozhang.sources.combined import CombinedSource
from baozhang.sources.placing import exchanges, identity, is_occupied, settle
from baozhang.vault.model import Snapshot
from baozhang.vault.snapshot import Manifest

FILES, DATABASES = frozenset({"tree", "sqlite"}), frozenset({"postgres", "mysql"})
ATOMIC = FILES | DATABASES
"""Kinds of sources that are exchanged in one step."""
BEGUN = "cut-over.begun"
_BLOCK = 2**20  # bytes read at a time


@dataclass(frozen=True, slots=True)
class _Part:
    """One source of the set, and what of the backup point belongs to it."""

    file: SourceFile
    source: Source
    together: Source  # the same, with paths and names as the backup point has them
    target: Path  # the folder, the database file, or a path whose name is the database's
    manifest: Manifest
    proofs: Mapping[str, Proof]  # by the book's name

    @property
    def place(self) -> Path:
        """Where the names are changed: SQLite keeps its files where the database is, not a link."""
        return self.target.resolve() if self.file.kind == "sqlite" else self.target


def how_of(site: Site, client: str, set_name: str) -> How:
    """Return how a set is put into use: assisted where one of its sources needs people."""
    kinds = {each.kind for each in site.client_set(client, set_name).sources}
    return "atomic" if kinds <= ATOMIC else "assisted"


def cut_over(site: Site, incident: Incident, snapshot: Snapshot, *, actor: str) -> CutOver:
    """Put what lies in quarantine into use, each source in one step; again, it finds out.

    Of a set that has sources of both kinds the others stay as they are, for people.

    Args:
        site: the site.
        incident: the incident; a person approved this before.
        snapshot: the backup point that lies in quarantine.
        actor: id of the run.

    Raises:
        UsageError: every source is put into use by people; or the quarantined copy is used up,
            and what is in use is something else.
        SourceUnreadableError: what lies in quarantine is not whole; nothing was touched.
        SourceBusyError: what is in use is held by somebody; transient.
    """
    client, set_name = snapshot.client, snapshot.set
    sources = site.client_set(client, set_name).sources
    parts = [each for each in sources if each.kind in ATOMIC]
    if not parts:
        raise UsageError(
            "{client}/{set} cannot be put into use in one step",
            hint="Work off the checklist of its product.",
            client=client,
            set=set_name,
        )
    side = site.vault(client, set_name).client(client)
    manifest = side.manifest(snapshot)
    proofs = {name: decode_proof(each) for name, each in side.proofs(snapshot).items()}
    restored = place_of(site, incident, client, set_name) / RESTORED
    whole = lies_there(site, incident, snapshot)
    done = []
    for each in parts:
        part = _part(site, client, set_name, each, manifest, proofs)
        step = f"cut-over.{client}.{set_name}.{each.name}.{snapshot.id}"
        ready = restored / each.name if whole else None
        work = partial(_put, incident, snapshot, part, ready, actor)
        done.append(incident.journal.once(step, work, actor=actor))
    return CutOver(
        client=client,
        set=set_name,
        how="atomic",
        kept=all(bool(each["kept"]) for each in done),
        checked=all(bool(each["checked"]) for each in done),
    )


def in_use(site: Site, snapshot: Snapshot) -> bool:
    """Tell whether what a set's sources hold now is a backup point, files and books.

    Raises:
        SourceBusyError: no consistent instant within the time limit; transient.
    """
    client, set_name = snapshot.client, snapshot.set
    side = site.vault(client, set_name).client(client)
    manifest = side.manifest(snapshot)
    proofs = {name: decode_proof(each) for name, each in side.proofs(snapshot).items()}
    return all(
        _equal(_part(site, client, set_name, each, manifest, proofs))
        for each in site.client_set(client, set_name).sources
    )


def _part(
    site: Site,
    client: str,
    set_name: str,
    each: SourceFile,
    manifest: Manifest,
    proofs: Mapping[str, Proof],
) -> _Part:
    here = each.model_copy(update={"restore_to": None})  # that server is for restore tests
    source = site.sources.one(client, set_name, here)
    file = each.kind in FILES
    return _Part(
        file=each,
        source=source,
        together=CombinedSource({each.name: source}),
        target=site.agency.path(each.path or "") if file else Path(each.database or ""),
        manifest=manifest,
        proofs={n: proof for n, proof in proofs.items() if n.partition("/")[0] == each.name},
    )


def _put(
    incident: Incident,
    snapshot: Snapshot,
    part: _Part,
    restored: Path | None,
    actor: str,
    begun: Begun,
) -> Facts:
    """Publish one source and check it; a run before this one may have done so."""
    before = [e for e in incident.journal.events() if e.kind == BEGUN and _of(e.facts, begun)]
    kept = any(bool(event.facts["occupied"]) for event in before)
    at_once = all(bool(event.facts["at_once"]) for event in before)
    for event in before:  # an exchange left what was there where the restored copy lay
        if restored is not None and part.file.kind in FILES:
            settle(restored, part.place, int(event.facts["there"]))
    if not before or not _equal(part):
        if restored is None or not restored.exists():
            raise UsageError(
                "the quarantined copy of {client}/{set} is used up, and what is in use is not it",
                hint="Look at what is in use and what lies beside it; restore into quarantine "
                "again, and have a new cut-over approved.",
                client=snapshot.client,
                set=snapshot.set,
            )
        if part.file.kind in FILES:  # a new disk has none of the folders above
            part.target.parent.mkdir(parents=True, exist_ok=True)
        facts = _before(part)
        incident.journal.append(
            BEGUN,
            actor=actor,
            client=snapshot.client,
            set=snapshot.set,
            step=begun.step,
            **facts,
        )
        kept |= part.source.publish(restored, part.target, replace=True) is not None
        at_once &= bool(facts["at_once"])
    return {"kept": kept, "checked": _equal(part), "at_once": at_once}


def _before(part: _Part) -> Facts:
    """Say what is known before a source is published, for a run that finds it half done."""
    if part.file.kind in DATABASES:  # the servers rename within one transaction
        return {"occupied": True, "at_once": True, "there": 0}
    occupied = is_occupied(part.target)
    return {
        "occupied": occupied,
        "at_once": not occupied or exchanges(part.place),
        "there": identity(part.place),
    }


def _of(facts: Facts, begun: Begun) -> bool:
    return facts.get("step") == begun.step


# --- what is in use, beside the backup point ------------------------------------------------------


def _equal(part: _Part) -> bool:
    """Tell whether a source holds now what the backup point holds of it."""
    exact = part.file.kind == "tree" or not part.proofs
    try:
        with part.together.freeze() as frozen:
            alike = not exact or _same_files(frozen, part)
            alike = alike and _same_books(frozen, part)
            frozen.confirm()
    except (SourceUnreadableError, LedgerFormatError):
        return False
    return alike


def _same_files(frozen: Frozen, part: _Part) -> bool:
    """Hold every folder, link and file against the manifest, its content by its hash."""
    rows = _rows(part)
    for item in frozen.items():
        row = rows.pop(item.path, None)
        if row is None or not _same(frozen, item, part.manifest, row):
            return False
    return not rows and not frozen.troubles()


def _rows(part: _Part) -> dict[bytes, int]:
    """Return the manifest's rows of this source, by their paths."""
    name = part.file.name.encode()
    paths = enumerate(part.manifest.paths)
    return {path: row for row, path in paths if path.partition(b"/")[0] == name}


def _same(frozen: Frozen, item: Item, manifest: Manifest, row: int) -> bool:
    then = manifest.item(row)
    if (item.kind, item.size, item.target) != (then.kind, then.size, then.target):
        return False
    return item.kind != "file" or _digest(frozen, item) == manifest.digest(row)


def _digest(frozen: Frozen, item: Item) -> bytes | None:
    """Return the BLAKE3-256 of a file as it is now; None where it changed meanwhile."""
    hasher, buffer, left = blake3(), memoryview(bytearray(_BLOCK)), item.size
    with frozen.open(item) as stream:
        while left and (count := stream.readinto(buffer[: min(left, _BLOCK)])):
            hasher.update(buffer[:count])
            left -= count
    return hasher.digest() if not left and frozen.unchanged(item) else None


def _same_books(frozen: Frozen, part: _Part) -> bool:
    """Hold every book against its proof; one that is not there, or is too many, differs."""
    found = {}
    for reader in frozen.ledgers():
        name = reader.book.name
        expected = part.proofs.get(name)
        if expected is None:
            return False
        found[name] = take_proof(reader, like=expected)
    return found.keys() == part.proofs.keys() and all(
        all(each.severity != "critical" for each in compare(proof, found[name]))
        for name, proof in part.proofs.items()
    )
