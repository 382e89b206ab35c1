"""A delta and the manifest it stands on say together what the whole one says."""

from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.sources.base import Item
from baozhang.vault.deltas import NONE, aligned, difference, resolved, runs
from baozhang.vault.snapshot import HASH, Delta, Manifest, Piece, decode, encode_delta, encode_full
from baozhang.vault.stores.base import ObjectName

NAME = ObjectName("c/1/snap/2/0000000001-aa")
Sets = dict[bytes, tuple[int, int]]  # path to a version of its content and its mode


def manifest_of(files: Sets, *, packs: int) -> Manifest:
    """A manifest of files whose content, and where it lies, follow from their version."""
    found = Manifest(packs=[bytes([pack]) * HASH for pack in range(packs)], recipe="r")
    for path in sorted(files):
        version, mode = files[path]
        pieces = [Piece(version % packs, version, n, 7) for n in range(version % 3)]
        item = Item(path, "file", mode, version, size=7 * len(pieces), change=(version, 1))
        found.add(item, bytes([version]) * HASH, pieces)
    found.drop_unused_packs()
    return found


def content(manifest: Manifest) -> list[object]:
    """What a manifest says, with packs by hash: their order in a table is nobody's business."""
    return [
        (row.item, row.digest, [(manifest.packs[p.pack], *p[1:]) for p in row.pieces])
        for row in manifest.rows()
    ]


paths = st.binary(min_size=1, max_size=3).filter(lambda path: b"\0" not in path)
sets = st.dictionaries(paths, st.tuples(st.integers(0, 9), st.sampled_from([0o644, 0o600])))


@settings(max_examples=200, deadline=None)
@given(before=sets, after=sets, proofs=st.dictionaries(st.text(max_size=3), st.binary(max_size=3)))
def test_full_and_delta_say_what_the_whole_says(
    before: Sets, after: Sets, proofs: dict[str, bytes]
) -> None:
    full, now = manifest_of(before, packs=4), manifest_of(after, packs=4)
    now.proofs = proofs
    stored = decode(encode_delta(difference(NAME, full, now)))
    kept = decode(encode_full(full))
    assert isinstance(stored, Delta)
    assert isinstance(kept, Manifest)
    found = resolved(kept, stored)
    assert content(found) == content(now)
    assert (found.proofs, found.recipe, stored.base) == (proofs, "r", NAME)


@given(before=sets, after=sets)
def test_a_delta_holds_no_row_that_is_as_it_was(before: Sets, after: Sets) -> None:
    full, now = manifest_of(before, packs=4), manifest_of(after, packs=4)
    delta = difference(NAME, full, now)
    assert set(delta.rows.paths) == {path for path in after if before.get(path) != after[path]}
    assert delta.gone == sorted(before.keys() - after.keys())


def test_a_delta_names_no_pack_that_only_replaced_rows_lay_in() -> None:
    full = manifest_of({b"a": (1, 0o644), b"b": (2, 0o644)}, packs=4)
    delta = difference(NAME, full, manifest_of({b"a": (1, 0o644)}, packs=4))
    assert resolved(full, delta).packs == [bytes([1]) * HASH]


@given(old=st.sets(paths), new=st.sets(paths))
def test_paths_are_aligned_with_their_old_rows(old: set[bytes], new: set[bytes]) -> None:
    before, after = sorted(old), sorted(new)
    expected = [before.index(path) if path in old else NONE for path in after]
    assert aligned(before, after) == expected


@given(rows=st.lists(st.integers(-1, 6)))
def test_runs_give_every_row_back_once(rows: list[int]) -> None:
    found = [
        there[at] if there is not None else NONE
        for numbers, there in runs(rows)
        for at in range(len(numbers))
    ]
    assert found == rows
