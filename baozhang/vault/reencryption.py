"""Re-encryption in place, after a client's key has leaked: everything older is sealed anew.

    old pack ─► opened, each segment sealed anew under the newest key ─► new pack
                                                                           │ read back
    old manifests, indexes, moves ─► sealed anew ────────────────────────► moves object
                                                                           │ durable
                                                    old objects go  ◄──────┘ only when asked

Segments keep their bytes and numbers, so nothing is compressed again and manifests stay true: moves
say which pack took whose place.  Nothing old goes before its replacement and the moves that lead to
it have been read back, and a mark has told every backup beside this to build on nothing old.
Stopped anywhere, every snapshot is readable, and the next run goes on; new packs that no moves name
yet are leftovers that pruning takes.

Commits and marks stay, for their hashes are the chain: under the leaked key they go on showing
names of sets, times, counts and sizes.  So does every copy that somebody has taken before.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from baozhang.errors import CorruptObjectError, ObjectMissingError, UsageError
from baozhang.vault.client import ClientVault
from baozhang.vault.listing import settled
from baozhang.vault.marking import put_mark, read_marks
from baozhang.vault.model import Progress, Report, silent
from baozhang.vault.moves import NOWHERE, Moves, all_of, decode_moves, encode_moves
from baozhang.vault.names import hash_in, hash_of, is_ours, sequence_in
from baozhang.vault.pack import TRAILER, read_table, table_span
from baozhang.vault.sealing import HEADER, LAST, Codec, Kind, epoch_of, new_seal
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Span, Store

WORKERS = 2
BATCH = 32  # packs, about 1 GiB: what a run that is stopped does at most in vain
REASON = "sealed anew"
KINDS = {"packs": Kind.PACK, "index": Kind.INDEX, "snap": Kind.MANIFEST, "moves": Kind.MOVES}
"""What is sealed anew; keys are another matter, commits and marks stay."""


@dataclass(frozen=True, slots=True)
class Reencryption:
    """What a re-encryption did, or with `dry_run` would do."""

    epoch: int  # the newest, under which everything lies now
    packs: int  # sealed anew in this run
    others: int  # manifests, indexes and moves sealed anew in this run
    bytes: int
    damaged: tuple[ObjectName, ...]  # could not be opened; left as they are
    left: int  # old objects that are still there, in all stores
    deleted: int
    staying: int  # commits and marks of older epochs
    keys_removed: tuple[int, ...]  # epochs of which nothing was left
    dry_run: bool


@dataclass(slots=True)
class _Run:
    """One run over one client."""

    side: ClientVault
    report: Report
    total: int
    done: int = 0
    packs: int = 0
    others: int = 0
    written: set[ObjectName] = field(default_factory=set)
    damaged: list[ObjectName] = field(default_factory=list)

    def count(self, size: int) -> None:
        self.done += size
        self.report(Progress("re-encrypting", self.done, self.total))

    def put(self, name: ObjectName, sealed: bytes | bytearray) -> ObjectName:
        self.side.store.put(name, sealed)  # read back by the store's contract
        self.written.add(name)
        return name


def reencrypt(
    side: ClientVault,
    *,
    at: datetime,
    delete_old: bool = False,
    dry_run: bool = False,
    mirrors: Sequence[Store] = (),
    report: Report = silent,
) -> Reencryption:
    """Seal everything of a client anew that lies under an older key than the newest.

    Args:
        side: the client's part, opened after `rotation.rotate_client`.
        at: the present instant, UTC.
        delete_old: delete what has been replaced, and keys that nothing needs any more.
        dry_run: only count.
        mirrors: stores in which, with `delete_old`, old objects go whose replacements are there.
        report: is told of progress in bytes.

    Raises:
        UsageError: the client has one key only, so that there is nothing to seal anew under.
        StoreUnreachableError, StoreFullError: stopped; run again to go on.
    """
    side = replace(side)  # moves as of now
    if side.epoch == min(side.keys):
        raise UsageError(
            "client {client} has one key only",
            hint="Run `baozhang vault rotate` first; it makes the next one.",
            client=side.client,
        )
    older = list(_older(side, side.store))
    newest = _newest_moves(side)
    todo = [info for info in older if not _is_replaced(side, side.moves, newest, info.name)]
    run = _Run(side, report, sum(info.size for info in todo))
    if not dry_run:
        _seal_packs(run, [info for info in todo if _kind(info.name) == Kind.PACK])
        _seal_others(run, [info for info in todo if _kind(info.name) != Kind.PACK])
    stores = (side.store, *mirrors)
    going = delete_old and not dry_run
    deleted = sum(_delete_old(run, store, at) for store in stores) if going else 0
    removed = [e for store in stores for e in _remove_keys(side, store)] if going else []
    packs = sum(_kind(info.name) == Kind.PACK for info in todo)
    return Reencryption(
        epoch=side.epoch,
        packs=packs if dry_run else run.packs,
        others=len(todo) - packs if dry_run else run.others,
        bytes=run.total if dry_run else run.done,
        damaged=tuple(run.damaged),
        left=sum(1 for store in stores for _ in _older(side, store)),
        deleted=deleted,
        staying=_staying(side),
        keys_removed=tuple(sorted(set(removed))),
        dry_run=dry_run,
    )


def _kind(name: ObjectName) -> Kind | None:
    return KINDS.get(name.split("/")[2])


def _older(side: ClientVault, store: Store) -> Iterator[ObjectInfo]:
    """Yield what lies under an older key; what has no header of ours is left to `verify`."""
    for info in settled(store, side.space.prefix):
        if is_ours(info.name) and _kind(info.name) is not None:
            with suppress(CorruptObjectError, ObjectMissingError):
                if epoch_of(store.get(info.name, Span(0, HEADER.size))) < side.epoch:
                    yield info


def _staying(side: ClientVault) -> int:
    staying = 0
    for info in side.store.list(side.space.prefix):
        if is_ours(info.name) and info.name.split("/")[2] in ("commit", "marks"):
            with suppress(CorruptObjectError):
                staying += epoch_of(side.store.get(info.name, Span(0, HEADER.size))) < side.epoch
    return staying


def _is_replaced(side: ClientVault, moves: Moves, newest: Moves, name: ObjectName) -> bool:
    """Tell whether moves lead away from the whole of an object; newer ones must repeat older."""
    kind = _kind(name)
    if kind == Kind.MOVES:
        return _says_less(decode_moves(side.read(Kind.MOVES, name)), newest)
    if kind != Kind.PACK:
        return name in moves.objects
    places = moves.segments.get(bytes.fromhex(hash_in(name)))
    return places is not None and all(segment != NOWHERE for _, segment in places)


# --- sealing anew -------------------------------------------------------------------------------


def _seal_packs(run: _Run, infos: Sequence[ObjectInfo]) -> None:
    with ThreadPoolExecutor(WORKERS, "reencrypt") as workers:
        for at in range(0, len(infos), BATCH):
            batch = infos[at : at + BATCH]
            moves = Moves()
            sealed = workers.map(lambda info: _seal_pack(run.side, info.name), batch)
            for info, done in zip(batch, sealed, strict=True):
                if done is None:
                    run.damaged.append(info.name)
                else:
                    name, segments = done
                    run.written.add(name)
                    target = bytes.fromhex(hash_in(name))
                    places = [(target, number) for number in range(segments)]
                    moves.segments[bytes.fromhex(hash_in(info.name))] = places
                    run.packs += 1
                run.count(info.size)
            _write_moves(run, moves)


def _seal_pack(side: ClientVault, name: ObjectName) -> tuple[ObjectName, int] | None:
    """Store a pack anew; return its name and how many segments it has, or None: damaged."""
    data = side.store.get(name)
    try:
        if hash_of(data) != hash_in(name):
            raise CorruptObjectError("an object is not what its name says")
        sealed, segments = resealed_pack(side, data)
    except CorruptObjectError:
        return None
    new = side.space.pack(hash_of(sealed))
    side.store.put(new, sealed)
    return new, segments


def resealed_pack(side: ClientVault, data: bytes) -> tuple[bytearray, int]:
    """Return a pack sealed under the newest key, and how many segments it has.

    Segments keep number, codec and length, so that the table's plaintext stays the same.

    Raises:
        CorruptObjectError: damaged.
    """
    old, view = side.seal_of(Kind.PACK, data[: HEADER.size]), memoryview(data)
    offset, length, plain = table_span(len(data), data[-TRAILER.size :])
    table = read_table(old, data[offset : offset + length], plain, offset)
    new = new_seal(side.key, side.place(Kind.PACK))
    out = bytearray(new.header)
    for one in table.segments:
        packed = old.raw(
            one.number, one.codec, one.plain, view[one.offset : one.offset + one.length]
        )
        out += new.close(one.number, one.codec, one.plain, packed)
    described = old.raw(LAST, Codec.RAW, plain, view[offset : offset + length])
    out += new.close(LAST, Codec.RAW, plain, described)
    out += view[offset + length :]
    return out, len(table.segments)


def _seal_others(run: _Run, infos: Sequence[ObjectInfo]) -> None:
    """Seal manifests and indexes anew; one moves object says where, and all that older ones say."""
    side, moves = run.side, Moves()
    for info in infos:
        kind = _kind(info.name)
        try:
            plain = side.read(kind, info.name) if kind else b""
            if kind == Kind.MOVES:
                moves.add(decode_moves(plain))
            else:
                moves.objects[info.name] = _seal_small(run, info.name, plain)
            run.others += 1
        except CorruptObjectError:
            run.damaged.append(info.name)
        run.count(info.size)
    _write_moves(run, moves)


def _seal_small(run: _Run, name: ObjectName, plain: bytes) -> ObjectName:
    kind, space = _kind(name), run.side.space
    if kind == Kind.INDEX:
        sealed = run.side.seal(Kind.INDEX, plain)
        return run.put(space.index(sealed), sealed)
    sealed = run.side.seal(Kind.MANIFEST, plain)
    return run.put(space.manifest(name.split("/")[3], sequence_in(name), sealed), sealed)


def _write_moves(run: _Run, moves: Moves) -> None:
    if moves.segments or moves.objects:
        sealed = run.side.seal(Kind.MOVES, encode_moves(moves))
        run.put(run.side.space.moves(sealed), sealed)


# --- deleting what was replaced -----------------------------------------------------------------


def _delete_old(run: _Run, store: Store, at: datetime) -> int:
    """Delete from one store what its own moves lead away from, to sound objects that it holds."""
    side = replace(run.side, store=store)
    sound = _Sound(store, set(run.written) if store is run.side.store else set())
    moves = _newest_moves(side)
    going = [
        info.name
        for info in sorted(_older(side, store), key=lambda info: _kind(info.name) == Kind.MOVES)
        if _is_replaced(side, moves, moves, info.name)
        and all(sound(name) for name in _replacements(side, moves, info.name))
    ]
    _mark(run.side, store, [name for name in going if _kind(name) == Kind.PACK], at)
    return sum(_deleted(store, name) for name in going)


def _mark(side: ClientVault, store: Store, packs: Sequence[ObjectName], at: datetime) -> None:
    """Say that packs may be missing from now on, so that no backup beside this builds on them.

    A mirror gets the vault's own marks.
    """
    marks = read_marks(side)
    if drop := set(packs) - marks.dropped:
        put_mark(side, marks, "forget", drop=drop, seen=_heads(side), at=at, reason=REASON)
    if store is not side.store:
        for name in read_marks(side).by_name:
            store.put(name, side.store.get(name))


def _heads(side: ClientVault) -> set[str]:
    """Return the hashes of the newest commits of each set."""
    chain, newest = side.chain(), dict[str, int]()
    for _, commit in chain:
        newest[commit.set] = max(newest.get(commit.set, 0), commit.sequence)
    return {digest for digest, commit in chain if commit.sequence == newest[commit.set]}


def _newest_moves(side: ClientVault) -> Moves:
    """Return what the moves say that lie under the newest key: they alone will stay."""
    found = []
    for info in side.store.list(f"{side.space.prefix}moves/"):
        if is_ours(info.name):
            sealed = side.store.get(info.name)
            if epoch_of(sealed) == side.epoch:
                found.append(decode_moves(side.read(Kind.MOVES, info.name)))
    return all_of(found)


def _replacements(side: ClientVault, moves: Moves, name: ObjectName) -> set[ObjectName]:
    """Return the objects that hold now what an old one held."""
    if _kind(name) == Kind.MOVES:
        return set()  # the newest moves were all read
    if _kind(name) != Kind.PACK:
        return {moves.object(name)}
    pack = bytes.fromhex(hash_in(name))
    places = (moves.place(pack, number)[0] for number in range(len(moves.segments[pack])))
    return {side.space.pack(place.hex()) for place in places} - {name}


def _says_less(older: Moves, newer: Moves) -> bool:
    """Tell whether everything that older moves say is said by newer ones as well."""
    segments = all(
        len(places) <= len(newer.segments.get(pack, ())) for pack, places in older.segments.items()
    )
    return segments and older.objects.keys() <= newer.objects.keys()


def _deleted(store: Store, name: ObjectName) -> int:
    """Delete an object unless it is locked, and say how many that makes."""
    try:
        store.delete(name)
    except UsageError:  # locked until a day to come: it stays and is counted as left
        return 0
    return 1


@dataclass(slots=True)
class _Sound:
    """Tells whether objects are there and hold the bytes that their names say; reads each once."""

    store: Store
    known: set[ObjectName]

    def __call__(self, name: ObjectName) -> bool:
        if name not in self.known:
            with suppress(ObjectMissingError):
                if hash_of(self.store.get(name)) == hash_in(name):
                    self.known.add(name)
        return name in self.known


def _remove_keys(side: ClientVault, store: Store) -> list[int]:
    """Remove the client's keys of older epochs under which one store holds nothing any more.

    A backup that was still running may have stored something meanwhile: then its key is put back.
    """
    used = _epochs(side, store)
    if used is None:
        return []
    keys = {
        info.name: store.get(info.name)
        for info in store.list(f"{side.space.prefix}keys/")
        if is_ours(info.name)
    }
    gone = {n: key for n, key in keys.items() if epoch_of(key) not in used | {side.epoch}}
    removed = {name: key for name, key in gone.items() if _deleted(store, name)}
    again = _epochs(side, store)
    for name, key in removed.items():
        if again is None or epoch_of(key) in again:
            store.put(name, key)
    return [epoch_of(key) for key in removed.values() if again and epoch_of(key) not in again]


def _epochs(side: ClientVault, store: Store) -> set[int] | None:
    """Return the epochs of everything but keys; None where one object does not tell its own."""
    found: set[int] = set()
    for info in store.list(side.space.prefix):
        if is_ours(info.name) and info.name.split("/")[2] != "keys":
            try:
                found.add(epoch_of(store.get(info.name, Span(0, HEADER.size))))
            except (CorruptObjectError, ObjectMissingError):
                return None
    return found
