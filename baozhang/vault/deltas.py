"""Deltas: what a set's manifest says now, told by what an earlier full one said.

Both are sorted by path, so one walk along the two finds what is gone, what is new and what is
another thing now.  A row is the same if its item and its content's hash are: where the content lies
need not be, since either place gives the same bytes.  A proof is told by the full one's of the same
book (`patches`), and put together only when somebody asks for it.

    full + delta ─► manifest        a delta is always of a full manifest: two objects restore all

Performs no I/O.  Normative: docs/format.md, "Manifests".
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import groupby

from baozhang.vault.patches import Patched, told_by
from baozhang.vault.snapshot import HASH, ITEMS, Delta, Manifest
from baozhang.vault.stores.base import ObjectName

NONE = -1


def aligned(old: Sequence[bytes], new: Sequence[bytes]) -> list[int]:
    """Return for each path of `new` its row in `old`, or NONE; both must be sorted."""
    if old == new:
        return list(range(len(new)))
    rows, at, count = [], 0, len(old)
    for path in new:
        while at < count and old[at] < path:
            at += 1
        rows.append(at if at < count and old[at] == path else NONE)
    return rows


def runs(rows: Sequence[int]) -> Iterator[tuple[range, range | None]]:
    """Yield runs of consecutive rows, each with the consecutive rows that it maps to, or None."""

    def slope(pair: tuple[int, int]) -> int | None:
        number, row = pair
        return None if row == NONE else row - number

    for key, group in groupby(enumerate(rows), slope):
        numbers = [number for number, _ in group]
        run = range(numbers[0], numbers[-1] + 1)
        yield run, None if key is None else range(run.start + key, run.stop + key)


def difference(name: ObjectName, full: Manifest, now: Manifest) -> Delta:
    """Return what tells `now` from `full`, the full manifest that is stored under `name`."""
    there = aligned(full.paths, now.paths)
    same = _same(full, now, there)
    kept = set(there)
    gone = [path for row, path in enumerate(full.paths) if row not in kept]
    changed = Manifest(packs=list(now.packs), recipe=now.recipe, looked=now.looked)
    for rows, unchanged in runs([row if alike else NONE for row, alike in enumerate(same)]):
        if unchanged is None:
            changed.take_items(now, rows)
            changed.take_content(now, rows)
    changed.drop_unused_packs()
    proofs = {book: told_by(full.proofs.get(book), proof) for book, proof in now.proofs.items()}
    return Delta(name, gone, changed, proofs)


def _same(full: Manifest, now: Manifest, there: Sequence[int]) -> Iterator[bool]:
    """Tell for each row of `now` whether `full` has the same one."""
    mine = [getattr(now, name) for name in ITEMS]
    theirs = [getattr(full, name) for name in ITEMS]
    for row, (old, *item) in enumerate(zip(there, *mine, strict=True)):
        here, then = row * HASH, old * HASH
        yield (
            old != NONE
            and now.digests[here : here + HASH] == full.digests[then : then + HASH]
            and item == [column[old] for column in theirs]
        )


def resolved(full: Manifest, delta: Delta) -> Manifest:
    """Return the whole manifest that a delta of `full` stands for."""
    rows, packs_at = delta.rows, len(full.packs)
    proofs = Patched(delta.proofs, full.proofs, delta.base)
    found = Manifest(
        packs=[*full.packs, *rows.packs], proofs=proofs, recipe=rows.recipe, looked=rows.looked
    )
    replaced = aligned(full.paths, sorted({*delta.gone, *rows.paths}))
    out = [row for row in replaced if row != NONE]
    at = 0
    for number, path in enumerate(rows.paths):
        until = bisect_left(full.paths, path, at)
        _take_all_but(found, full, range(at, until), out)
        found.take_items(rows, range(number, number + 1))
        found.take_content(rows, range(number, number + 1), packs_at=packs_at)
        at = until
    _take_all_but(found, full, range(at, len(full)), out)
    found.drop_unused_packs()
    return found


def _take_all_but(found: Manifest, full: Manifest, rows: range, out: Sequence[int]) -> None:
    """Append the rows of `full` that are not in `out`, which is sorted."""
    start = rows.start
    left_out = out[bisect_left(out, rows.start) : bisect_left(out, rows.stop)]
    for stop in (*left_out, rows.stop):
        if start < stop:
            found.take_items(full, range(start, stop))
            found.take_content(full, range(start, stop))
        start = stop + 1
