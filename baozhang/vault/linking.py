"""Files of several names: one row of a manifest is the file, the others say which one it is.

Each row has the content all the same, so that one that comes back without the first, or by a
release that knows no links, comes back as a file of its own.

Performs no I/O.  Normative: docs/format.md, "Manifests".
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from baozhang.sources.traits import link_of, with_link
from baozhang.vault.snapshot import KINDS, Manifest

_FILE = KINDS.index("file")


def firsts_of(manifest: Manifest) -> set[bytes]:
    """Return the paths that other rows name as the first of their file."""
    return {link for _, link in _links(manifest)}


def settle_links(manifest: Manifest) -> None:
    """Where the first name of a file is not in the set, make the next one the first."""
    firsts: dict[bytes, bytes] = {}  # as it was told to as it is
    for row, told in _links(manifest):
        path = manifest.paths[row]
        if told not in firsts:
            firsts[told] = told if _first(manifest, row, told) is not None else path
        if firsts[told] != told:
            link = b"" if firsts[told] == path else firsts[told]
            manifest.traits[row] = with_link(manifest.traits[row], link)


def drop_false_links(manifest: Manifest) -> None:
    """Make a file of its own of what has other content than the first: it changed meanwhile."""
    for row, told in _links(manifest):
        first = _first(manifest, row, told)
        if first is None or not _alike(manifest, row, first):
            manifest.traits[row] = with_link(manifest.traits[row], b"")


def linked(manifest: Manifest, rows: Iterable[int]) -> dict[int, int]:
    """Return those of the rows that only name a file which another of them brings back, by it.

    A link is believed only where the first name is a file itself, of the same content: a writer
    that knows no links may have replaced one of the two.
    """
    there, found = set(rows), dict[int, int]()
    for row, told in _links(manifest):
        if row in there:
            first = _first(manifest, row, told)
            if first in there and first is not None and _alike(manifest, row, first):
                found[row] = first
    return found


def _links(manifest: Manifest) -> Iterator[tuple[int, bytes]]:
    """Yield the rows of files that name another one, with its path."""
    for row, text in enumerate(manifest.traits):
        if text and manifest.kinds[row] == _FILE and (told := link_of(text)):
            yield row, told


def _first(manifest: Manifest, row: int, path: bytes) -> int | None:
    """Return the row of a path if a link of `row` may lead there: a file above, and no link."""
    first = bisect_left(manifest.paths, path, 0, row)
    if first == row or manifest.paths[first] != path or manifest.kinds[first] != _FILE:
        return None
    return None if link_of(manifest.traits[first]) else first


def _alike(manifest: Manifest, row: int, first: int) -> bool:
    return manifest.digest(row) == manifest.digest(first)
