"""What became of a set between two of its snapshots: gone, renamed, retyped, written.

Reads manifests alone; no content is opened.  Memory: the paths that differ.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from baozhang.vault.snapshot import KINDS, Manifest

_FILE = KINDS.index("file")


@dataclass(frozen=True, slots=True)
class Changes:
    """Files that differ between two snapshots."""

    files: int  # in the earlier one
    removed: int  # gone, and not there under another name
    renamed: int  # the same content under another name
    retyped: int  # gone, while the same name with another ending came
    written: tuple[tuple[int, int | None], ...]
    """Files with new content: row of the later manifest, and of the earlier one if it has one."""
    left: int  # files in the later one


def changes_between(before: Manifest, now: Manifest) -> Changes:
    """Return what differs; files alone count, and empty ones are never called renamed.

    A file whose name got another ending (`报表.xlsx` to `报表.xlsx.locked`, or to `报表.locked`)
    is retyped whatever its content, and then neither removed nor renamed.
    """
    was = dict(_files(before))
    rows = dict(_files(now))
    known = {before.digest(row) for row in was.values()}
    gone = {path: row for path, row in was.items() if path not in rows}
    came = {path: row for path, row in rows.items() if path not in was}
    written = [(row, was.get(path)) for path, row in rows.items() if now.digest(row) not in known]
    retyped = _retyped(gone, came)
    content = Counter(now.digest(row) for row in came.values() if now.sizes[row])
    renamed = 0
    for path, row in gone.items():
        if path not in retyped and content[before.digest(row)] > 0:
            content[before.digest(row)] -= 1
            renamed += 1
    removed = len(gone) - len(retyped) - renamed
    return Changes(len(was), removed, renamed, len(retyped), tuple(written), len(rows))


def _files(manifest: Manifest) -> Iterator[tuple[bytes, int]]:
    for row, (path, kind) in enumerate(zip(manifest.paths, manifest.kinds, strict=True)):
        if kind == _FILE:
            yield path, row


def _retyped(gone: dict[bytes, int], came: dict[bytes, int]) -> set[bytes]:
    """Return the paths that went while their name with another ending came."""
    stems = {_stem(path) for path in came}
    return {path for path in gone if path in stems or _stem(path) in stems}


def _stem(path: bytes) -> bytes:
    """Return a path without its last ending; itself, where the name has none."""
    folder, slash, name = path.rpartition(b"/")
    stem, dot, _ = name.rpartition(b".")
    return folder + slash + (stem if dot and stem else name)
