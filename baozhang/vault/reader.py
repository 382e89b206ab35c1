"""Restoring: from a snapshot to a folder that was not there before.

    rows ─► folders ─► pieces grouped by segment ─► each segment opened once ─► files
         ─► every file's hash ─► other names ─► links ─► times and modes of folders ─► its name

Everything is built in a folder beside the target and renamed last: a restore that stops half-way
leaves no target.  Names are taken apart and opened one by one below that folder, links come last,
so nothing can be written outside it.
"""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import NamedTuple, TypeVar

from blake3 import blake3

from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    StoreFullError,
    UnreachableError,
    UsageError,
)
from baozhang.sources.base import Item
from baozhang.sources.traits import holes_of
from baozhang.vault.client import ClientVault
from baozhang.vault.folder import Folder, split_path
from baozhang.vault.linking import linked
from baozhang.vault.memory import keep_memory
from baozhang.vault.model import Progress, Report, RestoreReceipt, Snapshot, silent
from baozhang.vault.moves import followed
from baozhang.vault.packs import PackReader
from baozhang.vault.snapshot import KINDS, Manifest

WORKERS = 2
BATCH = 16  # segments, or files, handed to a worker at a time
FILE, DIR, SYMLINK = range(len(KINDS))
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def restore(
    side: ClientVault,
    snapshot: Snapshot,
    target: Path,
    *,
    path: bytes = b"",
    dry_run: bool = False,
    keep_going: bool = False,
    report: Report = silent,
) -> RestoreReceipt:
    """Bring back a snapshot, or one path of it, into a folder that does not exist yet.

    Args:
        side: the client's part of the vault.
        snapshot: what to bring back.
        target: a folder that is not there, or is empty.
        path: a file or folder of the snapshot; empty means all of it.
        dry_run: read and check nothing, only tell what would be written.
        keep_going: leave out the files that damage hits, and name them, instead of giving up.
        report: is told of progress in bytes.

    Raises:
        UsageError: the target is in use, or the path is not in the snapshot.
        CorruptObjectError, ObjectMissingError: stored content is damaged or gone; the target is
            not made.  With `keep_going` only where what describes the content is.
        StoreFullError: the target's disk has no room; the target is not made.
    """
    manifest = side.manifest(snapshot)
    wanted = path.strip(b"/")
    rows = [row for row, path in enumerate(manifest.paths) if _within(path, wanted)]
    if wanted and all(manifest.paths[row] != wanted for row in rows):
        raise UsageError(
            "snapshot {snapshot} holds no such path",
            hint="List what it holds with `baozhang vault ls`.",
            snapshot=snapshot.id,
        )
    files = sum(manifest.kinds[row] == FILE for row in rows)
    size = sum(manifest.sizes[row] for row in rows)
    names = linked(manifest, rows)
    lost: tuple[bytes, ...] = ()
    bare: tuple[bytes, ...] = ()
    try:
        _check_target(target)
        if not dry_run:
            _check_room(target, size - _spared(manifest, rows, names))
    except OSError as error:
        raise _translated(error, target) from error
    if not dry_run:
        with _building(target.absolute()) as building, Folder(building) as folder:
            work = _Restore(side, manifest, folder, report, keep_going=keep_going)
            lost = work.run(rows, names)
            bare = tuple(sorted(folder.bare))
    return RestoreReceipt(snapshot, files - len(lost), size, dry_run, lost, bare)


def _spared(manifest: Manifest, rows: list[int], names: dict[int, int]) -> int:
    """Return how many bytes of the files take no room: holes, and other names of one file."""
    sparse = (row for row in rows if manifest.traits[row] and row not in names)
    holes = sum(min(holes_of(manifest.traits[row]), manifest.sizes[row]) for row in sparse)
    return holes + sum(manifest.sizes[row] for row in names)


def _within(path: bytes, wanted: bytes) -> bool:
    """Tell whether a path is the wanted one, below it, or a folder above it."""
    inside = path == wanted or path.startswith(wanted + b"/")
    return not wanted or inside or wanted.startswith(path + b"/") or path == b""


def _check_target(target: Path) -> None:
    used = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if used or target.is_symlink() or target.is_mount():
        raise UsageError(
            "{target} is in use",
            hint="Give a folder that does not exist yet, or an empty one that is no mount point.",
            target=target,
        )


def _check_room(target: Path, size: int) -> None:
    folder = target.absolute().parent
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < size:
        raise StoreFullError(
            "{folder} has {free} bytes free, the restore needs {size}",
            hint="Give a target on a disk with more room, or restore one path with --path.",
            folder=folder,
            free=free,
            size=size,
        )


@contextmanager
def _building(target: Path) -> Iterator[Path]:
    """Give a folder beside the target, which gets the target's name once it is filled."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".restoring-", dir=target.parent))
        try:
            yield building
            if target.exists():
                target.rmdir()
            building.rename(target)
        except BaseException:
            shutil.rmtree(building, ignore_errors=True)
            raise
    except OSError as error:
        raise _translated(error, target) from error


def _translated(error: OSError, target: Path) -> UnreachableError:
    if error.errno in FULL:
        return StoreFullError(
            "the disk of {target} is full",
            hint="Nothing was left behind; give a target on a disk with more room.",
            target=target,
        )
    return UnreachableError(
        "{target} cannot be written: {reason}",
        hint="Check that this user may write there.",
        target=target,
        reason=error.strerror or type(error).__name__,
    )


class _Part(NamedTuple):
    """One piece of one file: where it is in its segment, and where it goes."""

    row: int
    offset: int
    length: int
    at: int  # in the file


class _Restore:
    def __init__(
        self,
        side: ClientVault,
        manifest: Manifest,
        folder: Folder,
        report: Report,
        *,
        keep_going: bool,
    ) -> None:
        keep_memory()
        self._packs, self._manifest = PackReader(side), followed(manifest, side.moves)
        self._folder, self._report = folder, report
        self._keep_going = keep_going
        self._lost: set[int] = set()  # rows
        self._done = self._total = 0

    def run(self, rows: list[int], names: dict[int, int]) -> tuple[bytes, ...]:
        """Fill the folder; return the paths of the files that damage took.

        Args:
            rows: what to bring back.
            names: which of them are only other names of files, and of which ones.
        """
        manifest = self._manifest
        self._total = sum(manifest.sizes[row] for row in rows if row not in names)
        for row in rows:
            split_path(manifest.paths[row])
        folders = [manifest.item(row) for row in rows if manifest.kinds[row] == DIR]
        for item in folders:
            self._folder.make_folder(item.path)
        files = [row for row in rows if manifest.kinds[row] == FILE and row not in names]
        with ThreadPoolExecutor(WORKERS, "restore") as workers:
            for done in workers.map(self._write_batch, _batches(self._segments(files))):
                self._done += done
                self._report(Progress("restoring", self._done, self._total))
            many = [row for row in files if manifest.counts[row] != 1]
            for _ in workers.map(self._finish_files, _batches(many)):
                pass
        for row, first in names.items():
            if first in self._lost:
                self._lost.add(row)
            else:
                self._folder.make_name(manifest.item(row), manifest.paths[first])
        for row in rows:
            if manifest.kinds[row] == SYMLINK:
                self._folder.make_link(manifest.item(row))
        for item in reversed(folders):  # a folder's time is set after what is in it
            self._folder.finish_folder(item)
        return tuple(sorted(manifest.paths[row] for row in self._lost))

    def _segments(self, files: list[int]) -> list[tuple[int, int, list[_Part]]]:
        """Group the pieces by pack and segment, in the order in which packs store them."""
        groups: dict[tuple[int, int], list[_Part]] = {}
        for row in files:
            at = 0
            for pack, segment, offset, length in self._manifest.pieces(row):
                groups.setdefault((pack, segment), []).append(_Part(row, offset, length, at))
                at += length
        return [(*key, groups[key]) for key in sorted(groups)]

    def _write_batch(self, batch: list[tuple[int, int, list[_Part]]]) -> int:
        return sum(self._write_segment(*segment) for segment in batch)

    def _write_segment(self, pack: int, segment: int, parts: list[_Part]) -> int:
        try:
            plain = memoryview(self._packs.segment(self._manifest.packs[pack], segment))
        except (CorruptObjectError, ObjectMissingError):
            if not self._keep_going:
                raise
            self._lost.update(part.row for part in parts)
        else:
            for row, mine in groupby(parts, key=attrgetter("row")):
                self._write_parts(row, list(mine), plain)
        return sum(part.length for part in parts)

    def _write_parts(self, row: int, parts: list[_Part], plain: memoryview) -> None:
        """Write what a segment holds of a file: the whole of most."""
        manifest = self._manifest
        contents = [plain[part.offset : part.offset + part.length] for part in parts]
        fits = all(len(c) == p.length for c, p in zip(contents, parts, strict=True))
        if not fits:
            self._lose(row, "a segment is shorter than a manifest says")
        elif manifest.counts[row] > 1:
            places = (part.at for part in parts)
            sparse = holes_of(manifest.traits[row]) > 0
            placed = zip(places, contents, strict=True)
            self._folder.write(manifest.paths[row], placed, sparse=sparse)
        elif self._is_right(row, blake3(contents[0]).digest()):
            self._folder.write_whole(manifest.item(row), contents[0])

    def _finish_files(self, rows: list[int]) -> None:
        """Check what lies there now, of files of many pieces or none; set their metadata."""
        for row in rows:
            item = self._manifest.item(row)
            if row in self._lost:
                self._folder.remove(item.path)
                continue
            if not self._manifest.counts[row]:
                self._folder.write(item.path, ())
            if not self._is_right(row, self._folder.finish(item)):
                self._folder.remove(item.path)

    def _is_right(self, row: int, digest: bytes) -> bool:
        if digest != self._manifest.digest(row):
            self._lose(row, "a restored file is not the file that was backed up")
        return row not in self._lost

    def _lose(self, row: int, why: str) -> None:
        """Give a file up where that was asked for, else all."""
        if not self._keep_going:
            raise CorruptObjectError(
                why, hint="Run `baozhang vault verify --read-data`, and test this machine's memory."
            )
        self._lost.add(row)


T = TypeVar("T")


def _batches(things: list[T]) -> Iterator[list[T]]:
    for at in range(0, len(things), BATCH):
        yield things[at : at + BATCH]


def listing(side: ClientVault, snapshot: Snapshot, path: bytes = b"") -> Iterator[Item]:
    """Yield what a snapshot holds at and below a path."""
    manifest = side.manifest(snapshot)
    wanted = path.strip(b"/")
    for row in range(len(manifest)):
        name = manifest.paths[row]
        if not wanted or name == wanted or name.startswith(wanted + b"/"):
            yield manifest.item(row)
