"""Restoring: from a snapshot to a folder that was not there before.

    rows ─► folders ─► pieces grouped by segment ─► each segment opened once ─► files
         ─► every file's hash ─► links ─► times and modes of folders ─► the folder gets its name

Everything is built in a folder beside the target and renamed last: a restore that stops half-way
leaves no target.  Names are taken apart and opened one by one below that folder, links come last,
so nothing can be written outside it.
"""

import errno
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from blake3 import blake3

from baozhang.errors import CorruptObjectError, StoreFullError, UnreachableError, UsageError
from baozhang.sources.base import Item
from baozhang.vault.client import ClientVault
from baozhang.vault.folder import Folder, split_path
from baozhang.vault.model import Progress, Report, RestoreReceipt, Snapshot, silent
from baozhang.vault.packs import PackReader
from baozhang.vault.snapshot import Manifest, Piece, Row

WORKERS = 2
BATCH = 16  # segments handed to a worker at a time
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def restore(
    side: ClientVault,
    snapshot: Snapshot,
    target: Path,
    *,
    path: bytes = b"",
    dry_run: bool = False,
    report: Report = silent,
) -> RestoreReceipt:
    """Bring back a snapshot, or one path of it, into a folder that does not exist yet.

    Args:
        side: the client's part of the vault.
        snapshot: what to bring back.
        target: a folder that is not there, or is empty.
        path: a file or folder of the snapshot; empty means all of it.
        dry_run: read and check nothing, only tell what would be written.
        report: is told of progress in bytes.

    Raises:
        UsageError: the target is in use, or the path is not in the snapshot.
        CorruptObjectError: stored content is damaged; the target is not made.
        StoreFullError: the target's disk has no room; the target is not made.
    """
    manifest = side.manifest(snapshot)
    wanted = path.strip(b"/")
    rows = [row for row in manifest.rows() if _within(row.item.path, wanted)]
    if wanted and all(row.item.path != wanted for row in rows):
        raise UsageError(
            "snapshot {snapshot} holds no such path",
            hint="List what it holds with `baozhang vault ls`.",
            snapshot=snapshot.id,
        )
    files = sum(row.item.kind == "file" for row in rows)
    size = sum(row.item.size for row in rows)
    try:
        _check_target(target)
        if not dry_run:
            _check_room(target, size)
    except OSError as error:
        raise _translated(error, target) from error
    if not dry_run:
        _write(side, manifest, rows, target, report)
    return RestoreReceipt(snapshot, files, size, dry_run)


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


def _write(
    side: ClientVault, manifest: Manifest, rows: list[Row], target: Path, report: Report
) -> None:
    target = target.absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".restoring-", dir=target.parent))
        try:
            with Folder(building) as folder:
                _Restore(side, manifest, folder, report).run(rows)
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


@dataclass(frozen=True, slots=True)
class _Part:
    """One piece of one file: where it goes."""

    row: Row
    piece: Piece
    at: int  # offset in the file


class _Restore:
    def __init__(
        self, side: ClientVault, manifest: Manifest, folder: Folder, report: Report
    ) -> None:
        self._packs, self._manifest = PackReader(side), manifest
        self._folder, self._report = folder, report
        self._done = self._total = 0

    def run(self, rows: list[Row]) -> None:
        self._total = sum(row.item.size for row in rows)
        for row in rows:
            split_path(row.item.path)
        folders = [row.item for row in rows if row.item.kind == "dir"]
        for item in folders:
            self._folder.make_folder(item.path)
        with ThreadPoolExecutor(WORKERS, "restore") as workers:
            for done in workers.map(self._write_batch, _batches(self._segments(rows))):
                self._done += done
                self._report(Progress("restoring", self._done, self._total))
            for _ in workers.map(self._finish_file, _files(rows)):
                pass
        for row in rows:
            if row.item.kind == "symlink":
                self._folder.make_link(row.item)
        for item in reversed(folders):  # a folder's time is set after what is in it
            self._folder.set_metadata(item)

    def _segments(self, rows: list[Row]) -> list[list[_Part]]:
        """Group the pieces by segment, in the order in which packs store them."""
        groups: dict[tuple[int, int], list[_Part]] = {}
        for row in rows:
            at = 0
            for piece in row.pieces:
                groups.setdefault((piece.pack, piece.segment), []).append(_Part(row, piece, at))
                at += piece.length
        return [groups[key] for key in sorted(groups)]

    def _write_batch(self, batch: list[list[_Part]]) -> int:
        return sum(self._write_segment(parts) for parts in batch)

    def _write_segment(self, parts: list[_Part]) -> int:
        first = parts[0].piece
        plain = memoryview(self._packs.segment(self._manifest.packs[first.pack], first.segment))
        for part in parts:
            start, end = part.piece.offset, part.piece.offset + part.piece.length
            content = plain[start:end]
            if len(content) != part.piece.length:
                raise CorruptObjectError("a segment is shorter than a manifest says")
            if len(part.row.pieces) == 1:
                _check_digest(part.row, blake3(content).digest())
            self._folder.write(part.row.item.path, content, part.at)
        return sum(part.piece.length for part in parts)

    def _finish_file(self, row: Row) -> None:
        """Check what lies there now, unless its one piece was checked; set the metadata."""
        if not row.pieces:
            self._folder.write(row.item.path, memoryview(b""), 0)
        if len(row.pieces) != 1:
            _check_digest(row, self._folder.digest(row.item.path))
        self._folder.set_metadata(row.item)


def _batches(segments: list[list[_Part]]) -> Iterator[list[list[_Part]]]:
    for at in range(0, len(segments), BATCH):
        yield segments[at : at + BATCH]


def _files(rows: Iterable[Row]) -> Iterator[Row]:
    return (row for row in rows if row.item.kind == "file")


def _check_digest(row: Row, digest: bytes) -> None:
    if digest != row.digest:
        raise CorruptObjectError(
            "a restored file is not the file that was backed up",
            hint="Run `baozhang vault verify --read-data`, and test this machine's memory.",
        )


def listing(side: ClientVault, snapshot: Snapshot, path: bytes = b"") -> Iterator[Item]:
    """Yield what a snapshot holds at and below a path."""
    manifest = side.manifest(snapshot)
    wanted = path.strip(b"/")
    for row in range(len(manifest)):
        name = manifest.paths[row]
        if not wanted or name == wanted or name.startswith(wanted + b"/"):
            yield manifest.item(row)
