"""Evidence: what must hold of a client before anything of it may be deleted.

Absence is not evidence.  A listing that came back short, or empty, looks like a client without
snapshots; whoever believes it deletes everything (restic #4612).  So a listing counts only where it
fits the chain of commits, which names what came before by hash, and where a second one agrees:

    listing ─► every commit opens ─► no link of a chain is missing ─► no mark is missing
            ─► commits that marks, manifests and others have seen are there ─► the same, once more
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from baozhang.errors import BaozhangError, CorruptObjectError, StoreUnreachableError, UsageError
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import Commit, breaks, snapshot_of
from baozhang.vault.listing import settled
from baozhang.vault.marking import read_marks
from baozhang.vault.marks import Marks
from baozhang.vault.model import Snapshot
from baozhang.vault.names import hash_in, is_ours, sequence_in
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.vault import Vault

DECIDING = ("/commit/", "/marks/", "/moves/", "/snap/")
"""What decides on everything else: none of these may come or go while something is decided."""
REASONS_TEMPLATES = {
    "empty": "no snapshot at all is listed",
    "broken": "a commit that others follow is not listed",
    "unseen": "a commit or mark that was seen before is not listed",
    "beheaded": "a manifest is listed whose commits are not",
}
TRIES = 3  # a backup that ends meanwhile is no reason to give up


@dataclass(frozen=True, slots=True)
class Evidence:
    """One client as it was found, whole."""

    side: ClientVault
    sizes: dict[ObjectName, int]  # of every object of ours
    chain: tuple[tuple[str, Commit], ...]  # hash and commit; sorted by set and sequence
    marks: Marks

    @property
    def kept(self) -> tuple[tuple[str, Commit], ...]:
        """The commits whose snapshots are not forgotten."""
        return tuple(pair for pair in self.chain if pair[0] not in self.marks.forgotten)

    @property
    def snapshots(self) -> dict[str, Snapshot]:
        """The snapshots that are not forgotten, by the hash of their commit."""
        return {digest: snapshot_of(commit, digest) for digest, commit in self.kept}

    @property
    def heads(self) -> frozenset[str]:
        """Hashes of the newest commits of each set."""
        newest: dict[str, int] = {}
        for _, commit in self.chain:
            newest[commit.set] = max(newest.get(commit.set, 0), commit.sequence)
        return frozenset(d for d, c in self.chain if c.sequence == newest[c.set])

    def named(self) -> set[ObjectName]:
        """Return what commits and moves name, whether it is needed or not."""
        space, moves = self.side.space, self.side.moves
        packs = {digest for _, commit in self.chain for digest, _ in commit.packs}
        packs |= {pack.hex() for pack in moves.segments}
        packs |= {to.hex() for places in moves.segments.values() for to, _ in places}
        objects = {ObjectName(commit.manifest) for _, commit in self.chain}
        objects |= {ObjectName(name) for _, commit in self.chain for name in commit.indexes}
        return {space.pack(d) for d in packs} | objects | set(moves.objects.values())

    def unchanged(self) -> bool:
        """Tell whether nothing that decides has come or gone since."""
        infos = self.side.store.list(self.side.space.prefix)
        return _deciding(info.name for info in infos) == _deciding(self.sizes)


def gather(vault: Vault, client: str, *, known: Collection[str] = ()) -> Evidence:
    """Return what is known of a client for certain.

    Args:
        vault: opened.
        client: its id.
        known: hashes of commits and marks that somebody else has seen: a mirror, a witness, the
            catalog.  Only this tells of a newest commit or mark that a store keeps quiet about.

    Raises:
        CorruptObjectError: an object that decides is damaged, or not there.
        StoreUnreachableError: the store says one thing and then another.
    """
    for _ in range(TRIES):
        side = vault.client(client)
        infos = settled(side.store, side.space.prefix)
        sizes = {info.name: info.size for info in infos if is_ours(info.name)}
        if not _agrees(side, sizes):
            continue
        names = [name for name in sizes if "/commit/" in name]
        chain = sorted(map(side.commit, names), key=lambda p: (p[1].set, p[1].sequence, p[0]))
        found = Evidence(side, sizes, tuple(chain), read_marks(side))
        _require_whole(found, known)
        return found
    raise StoreUnreachableError(
        "the store lists client {client} differently each time",
        hint="Wait until no other work is done on this vault, then run it again.",
        client=client,
    )


def _agrees(side: ClientVault, sizes: dict[ObjectName, int]) -> bool:
    """List folder by folder what was listed as a whole; only more content may have come."""
    found: set[ObjectName] = set()
    for kind in ("keys", "packs", "index", "moves", "marks", "snap", "commit"):
        infos = side.store.list(f"{side.space.prefix}{kind}/")
        found |= {info.name for info in infos if is_ours(info.name)}
    return set(sizes) <= found and _deciding(found) == _deciding(sizes)


def _deciding(names: Iterable[ObjectName]) -> set[ObjectName]:
    return {n for n in names if is_ours(n) and any(kind in n for kind in DECIDING)}


def _require_whole(found: Evidence, known: Collection[str]) -> None:
    there = {digest for digest, _ in found.chain}
    if not there:
        raise _unproven(found, "empty")
    for name in {commit.set for _, commit in found.chain}:
        chain = [pair for pair in found.chain if pair[1].set == name]
        numbers = {commit.sequence for _, commit in chain}
        broken = any(what == "missing" for *_, what in breaks(chain))
        if broken or numbers != set(range(1, len(numbers) + 1)):
            raise _unproven(found, "broken")
    seen = set(known)
    for mark in found.marks.by_name.values():
        seen |= {*mark.seen, *mark.commits}
    if not seen <= there | {hash_in(name) for name in found.marks.by_name}:
        raise _unproven(found, "unseen")
    newest: dict[str, int] = {}
    for name in found.sizes:
        if "/commit/" in name:
            folder = name.rsplit("/", 1)[0]
            newest[folder] = max(newest.get(folder, 0), sequence_in(name))
    for name in found.sizes:
        folder = name.rsplit("/", 1)[0].replace("/snap/", "/commit/")
        if "/snap/" in name and sequence_in(name) > newest.get(folder, 0) + 1:
            raise _unproven(found, "beheaded")


def _unproven(found: Evidence, what: str) -> BaozhangError:
    return CorruptObjectError(
        "what client {client} holds is not certain: {reason}; nothing is deleted",
        hint="Run `baozhang vault verify`, then `baozhang vault repair` with a mirror.",
        client=found.side.client,
        reason=REASONS_TEMPLATES[what],
    )


def digests_of(found: Evidence, ids: Collection[str]) -> dict[str, str]:
    """Return commit hashes by snapshot id, forgotten ones too.

    Raises:
        UsageError: the client has no snapshot of an id.
    """
    by_id = {snapshot_of(commit, digest).id: digest for digest, commit in found.chain}
    for one in ids:
        if one not in by_id:
            raise UsageError(
                "client {client} has no snapshot {snapshot}",
                hint="List what there is with `baozhang vault snapshots --client {client}`.",
                client=found.side.client,
                snapshot=one,
            )
    return {one: by_id[one] for one in ids}


def orphaned_manifests(found: Evidence) -> set[ObjectName]:
    """Return the manifests that no commit names: of a backup that runs, or of one cut off."""
    named = {commit.manifest for _, commit in found.chain} | set(found.side.moves.objects.values())
    return {name for name in found.sizes if "/snap/" in name and name not in named}
