"""A night whose ledger changed a little adds a little proof, and no proof is ever a wrong one."""

import os
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.errors import CorruptObjectError, StoreUnreachableError
from baozhang.keys.slots import Secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.columns import decode_columns, encode_columns
from baozhang.vault.commit import encode_commit
from baozhang.vault.deltas import difference, resolved
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.model import BackupReceipt, Snapshot
from baozhang.vault.names import hash_of
from baozhang.vault.patches import Patch, Patched, told_by
from baozhang.vault.reader import restore
from baozhang.vault.reencryption import reencrypt
from baozhang.vault.rotation import rotate_client
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Delta, Manifest, decode, encode_delta, encode_full
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from baozhang.vault.writer import Proving, back_up
from tests.vault.aging import Aging, InMemory
from tests.vault.conftest import AT, BackUp
from tests.vault.dying import DyingStore
from tests.vault.ledgers import proof_of
from tests.vault.test_round_trip import facts

NAME = ObjectName("c/1/snap/2/0000000001-aa")
VOUCHERS = 400  # a month
BEFORE = proof_of(VOUCHERS)
Nightly = Callable[[dict[str, bytes]], BackupReceipt]


def strewn(night: int) -> bytes:
    """The proof after one voucher in a hundred, of every month, has changed each night."""
    return proof_of(VOUCHERS, version=lambda _, number: int((number + 99) % 100 < night))


def brought_back(told: bytes | Patch, base: dict[str, bytes]) -> bytes:
    return Patched({"book": told}, base, NAME)["book"]


def packed(proof: bytes) -> int:
    return len(zstandard.compress(proof, 9))


# --- patches ------------------------------------------------------------------------------------

texts = st.binary(max_size=300)


@settings(deadline=None)
@given(head=texts, tail=texts, base=texts, proof=texts)
def test_what_is_told_by_another_proof_comes_back(
    head: bytes, tail: bytes, base: bytes, proof: bytes
) -> None:
    earlier, now = head + base + tail, head + proof + tail
    assert brought_back(told_by(earlier, now), {"book": earlier}) == now


@pytest.mark.parametrize(
    "now",
    [
        proof_of(VOUCHERS, version=lambda month, number: int(month == 11 and number < 48)),
        proof_of(VOUCHERS, version=lambda month, number: int(month == 0 and number < 48)),
        proof_of(VOUCHERS, extra=48),
        strewn(1),
        BEFORE.replace(b'"1001"', b'"100101"'),
    ],
    ids=["the open month", "an old month", "new vouchers", "all months", "an account renamed"],
)
def test_what_one_voucher_in_a_hundred_changes_is_a_small_patch(now: bytes) -> None:
    told = told_by(BEFORE, now)
    assert isinstance(told, Patch)
    assert len(told.frame) < packed(BEFORE) / 20
    assert brought_back(told, {"book": BEFORE}) == now


def test_a_proof_beyond_what_a_quick_compressor_knows_of_a_dictionary_is_a_small_patch() -> None:
    """17 MiB: most strategies of Zstandard know no more of one than its last 16."""
    filler = b"".join(hash_of(b"%d" % number).encode() for number in range(280_000))
    before, now = BEFORE + filler, strewn(1) + filler
    told = told_by(before, now)
    assert isinstance(told, Patch)
    assert len(told.frame) < packed(BEFORE) / 5
    assert brought_back(told, {"book": before}) == now


def test_the_same_proof_is_an_empty_patch() -> None:
    assert told_by(BEFORE, BEFORE) == Patch(blake3(BEFORE).digest(), b"")


def test_a_book_that_was_not_there_is_told_whole() -> None:
    assert told_by(None, BEFORE) == BEFORE


def test_a_proof_like_nothing_before_is_told_whole() -> None:
    other = bytes.fromhex(hash_of(b"other"))
    assert told_by(BEFORE, other) == other


def test_what_is_too_short_for_a_dictionary_tells_nothing() -> None:
    assert told_by(b"1234567", b"1234567" * 9) == b"1234567" * 9


def test_equal_proofs_give_equal_patches() -> None:
    assert told_by(BEFORE, strewn(1)) == told_by(BEFORE, strewn(1))


@pytest.mark.parametrize(
    "base",
    [
        {"book": strewn(2)},
        {"book": BEFORE[:-1]},
        {"book": b""},
        {"another book": BEFORE},
    ],
    ids=["another", "cut short", "empty", "none"],
)
@pytest.mark.parametrize("now", [BEFORE, strewn(1)], ids=["the same", "changed"])
def test_another_base_than_the_patch_was_made_of_is_an_error_that_names_it(
    base: dict[str, bytes], now: bytes
) -> None:
    with pytest.raises(CorruptObjectError, match=NAME):
        brought_back(told_by(BEFORE, now), base)


def test_a_patch_that_is_none_is_an_error() -> None:
    with pytest.raises(CorruptObjectError, match=NAME):
        brought_back(Patch(blake3(BEFORE).digest(), b"no frame"), {"book": BEFORE})


def test_books_are_listed_without_putting_a_proof_together() -> None:
    proofs = Patched({"lost": Patch(bytes(32), b"no frame")}, {}, NAME)
    assert (list(proofs), len(proofs), "lost" in proofs) == (["lost"], 1, True)


# --- manifests ----------------------------------------------------------------------------------


def stored(full: Manifest, now: Manifest) -> Delta:
    found = decode(encode_delta(difference(NAME, full, now)))
    assert isinstance(found, Delta)
    return found


def test_a_delta_s_patches_are_read_by_the_document_alone() -> None:
    proofs = {"a": BEFORE, "changed": strewn(1), "new": b"whole", "z": BEFORE}
    base = {"changed": BEFORE, "a": BEFORE, "z": strewn(2)}
    _, columns = decode_columns(
        encode_delta(stored(Manifest(proofs=base), Manifest(proofs=proofs)))
    )
    found, digests = {}, columns["proof_digest"]
    assert isinstance(digests, bytes)
    for row, (name, proof) in enumerate(zip(columns["proof_name"], columns["proof"], strict=True)):
        digest, book = digests[32 * row : 32 * row + 32], bytes(name).decode()
        if digest == bytes(32):
            found[book] = bytes(proof)
            continue
        raw = zstandard.ZstdCompressionDict(base[book], dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        patch = zstandard.ZstdDecompressor(dict_data=raw).decompress(proof) if proof else base[book]
        assert blake3(patch).digest() == digest
        found[book] = patch
    assert list(found.items()) == list(proofs.items())


def test_a_delta_of_whole_proofs_alone_is_written_as_ever() -> None:
    _, columns = decode_columns(encode_delta(stored(Manifest(), Manifest(proofs={"a": b"1"}))))
    assert (columns["proof"], "proof_digest" in columns) == ([b"1"], False)


def test_a_whole_manifest_holds_no_patches() -> None:
    head, columns = decode_columns(encode_full(Manifest(proofs={"a": b"1"})))
    with pytest.raises(CorruptObjectError):
        decode(encode_columns(head, {**columns, "proof_digest": bytes(31) + b"1"}))


@pytest.mark.parametrize("digests", [b"", bytes(31), bytes(33), bytes(64)])
def test_digests_that_do_not_fit_the_proofs_are_damage(digests: bytes) -> None:
    head, columns = decode_columns(encode_full(Manifest(proofs={"a": b"1"})))
    with pytest.raises(CorruptObjectError):
        decode(encode_columns(head, {**columns, "proof_digest": digests}))


def test_what_a_proof_stands_on_costs_the_rows_nothing() -> None:
    """Another base: the rows are there, and only who asks for the proof hears of it."""
    delta = stored(Manifest(proofs={"a": BEFORE}), Manifest(proofs={"a": strewn(1)}))
    found = resolved(Manifest(proofs={"a": strewn(2)}), delta)
    assert (len(found), list(found.proofs)) == (0, ["a"])


# --- nights -------------------------------------------------------------------------------------


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file that changes every night."""
    folder = tmp_path / "root"
    folder.mkdir()
    (folder / "stays").write_bytes(b"as it is")
    return folder


@pytest.fixture
def night(back: BackUp, root: Path) -> Nightly:
    """Back the folder up with these proofs."""
    numbers = iter(range(1000))

    def run(proofs: dict[str, bytes]) -> BackupReceipt:
        (root / "changes").write_bytes(b"%d\n" % next(numbers))
        return back(root, proving=Proving("v", lambda: proofs))

    return run


def is_delta(side: ClientVault, receipt: BackupReceipt) -> bool:
    name = ObjectName(side.commit_of(receipt.snapshot).manifest)
    return isinstance(side.stated(name).content, Delta)


def test_a_night_with_a_changed_proof_adds_little(night: Nightly, side: ClientVault) -> None:
    night({"book": BEFORE})
    unproven = night({"book": BEFORE}).bytes_added
    receipt = night({"book": strewn(1)})
    assert receipt.bytes_added - unproven < packed(BEFORE) / 20
    assert side.proofs(receipt.snapshot) == {"book": strewn(1)}


def test_a_proof_that_is_as_it_was_costs_its_hash(night: Nightly) -> None:
    night({"book": BEFORE, "other": BEFORE[:5000]})
    costs = [night({"book": BEFORE, "other": BEFORE[:5000]}).bytes_added]
    assert costs[0] - night({}).bytes_added < 2 * 32 + 100


def test_every_night_s_proofs_come_back_each_as_it_was(night: Nightly, side: ClientVault) -> None:
    told = [{"book": strewn(number // 2), f"new {number}": b"{}"} for number in range(12)]
    kept = [night(proofs).snapshot for proofs in told]
    assert [side.proofs(one) for one in kept] == told


def test_a_patch_always_stands_on_a_whole_proof(night: Nightly, side: ClientVault) -> None:
    kept = [night({"book": strewn(number)}) for number in range(6)]
    for receipt in kept:
        names, _ = side.resolved(ObjectName(side.commit_of(receipt.snapshot).manifest))
        assert len(names) <= 2
    assert is_delta(side, kept[2])


def test_a_ledger_that_drifts_is_stored_whole_before_patches_outweigh_it(
    night: Nightly, side: ClientVault
) -> None:
    """Every night adds as much to the patch: the sum of all is what counts.

    About as much again is what a night of a set so small costs besides.
    """
    kept = [night({"book": strewn(number)}) for number in range(32)]
    costs = [receipt.bytes_added for receipt in kept]
    whole = [number for number, one in enumerate(kept) if not is_delta(side, one)]
    for base, end in pairwise(whole):
        assert 1.4 * costs[0] < sum(costs[base + 1 : end]) < 2.5 * costs[0]
    assert 2 < len(whole) < 6
    assert side.proofs(kept[31].snapshot) == {"book": strewn(31)}


def test_a_set_whose_every_row_changed_keeps_the_base_of_its_proof(
    night: Nightly, side: ClientVault, root: Path
) -> None:
    """A dump is a file or two, in new pieces every night: the proof is what weighs."""
    night({"book": BEFORE})
    (root / "stays").unlink()
    os.utime(root)
    assert is_delta(side, night({"book": strewn(1)}))


def test_a_forced_reread_stores_proofs_whole(
    night: Nightly, back: BackUp, side: ClientVault, root: Path
) -> None:
    night({"book": BEFORE})
    (root / "stays").unlink()
    receipt = back(root, proving=Proving("v", lambda: {"book": strewn(1)}), reread=True)
    assert not is_delta(side, receipt)
    assert side.proofs(receipt.snapshot) == {"book": strewn(1)}


# --- what else becomes of a vault ---------------------------------------------------------------


@pytest.fixture
def patched(night: Nightly) -> list[Snapshot]:
    """A whole manifest, and a delta with a patch."""
    return [night({"book": strewn(number)}).snapshot for number in range(2)]


def test_an_unchanged_night_inherits_a_patched_proof(
    patched: list[Snapshot], back: BackUp, side: ClientVault, root: Path
) -> None:
    receipt = back(root, proving=Proving("v", dict))
    assert receipt.unchanged
    assert side.proofs(receipt.snapshot) == side.proofs(patched[1]) == {"book": strewn(1)}
    assert side.commit_of(receipt.snapshot).books == ("book",)


def test_a_damaged_base_is_an_error_that_names_it(
    patched: list[Snapshot], side: ClientVault, store: MemoryStore
) -> None:
    base = ObjectName(side.commit_of(patched[0]).manifest)
    store.objects[base] = store.objects[base][:-1] + b"?"
    with pytest.raises(CorruptObjectError, match=base):
        side.proofs(patched[1])


def _with_another_base(side: ClientVault, snapshot: Snapshot) -> tuple[ObjectName, ObjectName]:
    """Commit the snapshot again upon a base whose proof is another; return delta and base."""
    commit, folder = side.commit_of(snapshot), side.set_pseudonym("main")
    delta = side.stated(ObjectName(commit.manifest)).content
    assert isinstance(delta, Delta)
    _, full = side.resolved(delta.base)
    full.proofs = {"book": strewn(7)}
    names = []
    for kind, plain in ((Manifest, encode_full(full)), (Delta, None)):
        text = plain or encode_delta(replace(delta, base=names[0]))
        sealed = side.seal(Kind.MANIFEST, text)
        names.append(side.space.manifest(folder, 1 if kind is Manifest else 3, sealed))
        side.store.put(names[-1], sealed)
    later = replace(commit, sequence=3, manifest=names[1], previous=(_hash_at(side, 2),))
    sealed = side.seal(Kind.COMMIT, encode_commit(later))
    side.store.put(side.space.commit(folder, 3, hash_of(sealed)), sealed)
    return names[1], names[0]


def _hash_at(side: ClientVault, sequence: int) -> str:
    (digest,) = [digest for digest, commit in side.chain() if commit.sequence == sequence]
    return digest


def test_a_base_with_another_proof_gives_the_files_and_an_error_for_the_proof(
    patched: list[Snapshot], side: ClientVault, root: Path, tmp_path: Path
) -> None:
    _, base = _with_another_base(side, patched[1])
    latest = side.find("latest")
    restore(side, latest, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(root)
    with pytest.raises(CorruptObjectError, match=base):
        side.proofs(latest)


def test_verifying_names_the_delta_whose_proof_does_not_come_out(
    patched: list[Snapshot], vault: Vault, side: ClientVault
) -> None:
    assert verify(vault, every_byte=True).damaged == ()
    delta, _ = _with_another_base(side, patched[1])
    (damage,) = verify(vault, every_byte=True).damaged
    assert (damage.object, damage.kind) == (delta, "damaged")
    assert damage.snapshots == (side.find("latest").id,)


def test_a_patched_proof_survives_sealing_anew(
    patched: list[Snapshot], vault: Vault, store: MemoryStore
) -> None:
    rotate_client(vault, "c001")
    old = set(store.objects)
    reencrypt(vault.client("c001"), at=AT + timedelta(days=90), delete_old=True)
    assert not any("/snap/" in name for name in old & set(store.objects))
    assert vault.client("c001").proofs(patched[1]) == {"book": strewn(1)}
    assert verify(vault, every_byte=True).damaged == ()


def test_a_patched_proof_comes_back_from_a_mirror(
    patched: list[Snapshot], store: MemoryStore, secret: Secret
) -> None:
    mirror = MemoryStore()
    copy_to_mirror(store, mirror)
    side = open_vault(mirror, secret).client("c001")
    assert side.proofs(patched[1]) == {"book": strewn(1)}


def test_pruning_keeps_the_base_that_a_proof_stands_on() -> None:
    aging, kept = Aging(), []
    for night in range(3):
        files = InMemory({b"stays": bytes(900), b"changes": b"%d" % night})
        proving = Proving("v", lambda night=night: {"book": strewn(night)})
        receipt = back_up(aging.side, files, set_name="main", at=aging.now, proving=proving)
        kept.append(receipt.snapshot)
        aging.later()
    assert is_delta(aging.side, receipt)
    aging.mark()
    aging.later(30)
    assert aging.sweep().deleted
    assert list(aging.side.snapshots()) == kept[2:]
    assert aging.side.proofs(kept[2]) == {"book": strewn(2)}
    assert verify(aging.vault, every_byte=True).damaged == ()


# --- faults -------------------------------------------------------------------------------------


def test_no_altered_byte_of_a_patch_gives_another_proof() -> None:
    """Nor one of its hash, nor one of the base: whoever altered them past every seal."""
    told = told_by(BEFORE, strewn(1))
    assert isinstance(told, Patch)
    rng, rest = random.Random(1), told.digest + told.frame
    for _ in range(400):
        altered = bytearray(rest)
        altered[rng.randrange(len(rest))] ^= 1 << rng.randrange(8)
        patch = Patch(bytes(altered[:32]), bytes(altered[32:]))
        with suppress(CorruptObjectError):
            assert brought_back(patch, {"book": BEFORE}) == strewn(1)
    for _ in range(50):
        base = bytearray(BEFORE)
        base[rng.randrange(len(base))] ^= 1
        with suppress(CorruptObjectError):
            assert brought_back(told, {"book": bytes(base)}) == strewn(1)


@pytest.mark.parametrize("which", ["base", "delta"])
def test_every_flipped_bit_of_a_manifest_that_holds_a_proof_is_found(
    patched: list[Snapshot], vault: Vault, side: ClientVault, store: MemoryStore, which: str
) -> None:
    name = ObjectName(side.commit_of(patched[which == "delta"]).manifest)
    rng, sound = random.Random(which), store.objects[name]
    for _ in range(12):
        altered = bytearray(sound)
        altered[rng.randrange(len(sound))] ^= 1 << rng.randrange(8)
        store.objects[name] = bytes(altered)
        (damage,) = verify(vault, every_byte=True).damaged
        assert (damage.object, patched[1].id in damage.snapshots) == (name, True)
        with pytest.raises(CorruptObjectError, match=name):
            side.proofs(patched[1])


def test_a_night_that_is_cut_off_at_any_write_leaves_every_proof_as_it_was(
    patched: list[Snapshot], store: MemoryStore, secret: Secret, root: Path
) -> None:
    (root / "changes").write_bytes(b"cut off")
    at, proving = AT + timedelta(days=9), Proving("v", lambda: {"book": strewn(2)})
    before, writes = dict(store.objects), 0
    while True:
        store.objects, writes = dict(before), writes + 1
        dying = DyingStore(store, after=writes, done=bool(writes % 2))
        with suppress(StoreUnreachableError), TreeSource(root).freeze() as frozen:
            side = open_vault(dying, secret).client("c001")
            back_up(side, frozen, set_name="main", at=at, proving=proving)
        side = open_vault(store, secret).client("c001")
        for one in side.snapshots():
            assert side.proofs(one) == {"book": strewn(one.sequence - 1)}
        if not dying.died:
            break
    assert writes > 4  # pack, index, manifest, commit
