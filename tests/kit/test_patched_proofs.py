"""A night whose proofs are told by an earlier night's is as good as any to the kit."""

from datetime import timedelta

import pytest

from baozhang.keys.slots import decode_key_file
from baozhang.sources.tree import TreeSource
from baozhang.vault.patches import Patch
from baozhang.vault.snapshot import Delta
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import open_vault
from baozhang.vault.writer import Proving, back_up
from tests.kit.conftest import AT, Place, facts_without_report
from tests.kit.running import kit
from tests.vault.ledgers import proof_of
from tests.vault.test_round_trip import facts


@pytest.fixture
def patched(place: Place) -> Place:
    """Two more nights with the proof of a book: whole, and as a patch of that."""
    source = place.source("c001")
    key = decode_key_file((place.root / "key").read_bytes())
    side = open_vault(store_at(str(place.vault)), key).client("c001")
    for night in range(2):
        (source / f"night {night}").write_bytes(b"new")
        proofs = {"book": proof_of(300, version=lambda _, number, night=night: number % 99 < night)}
        at, proving = AT + timedelta(days=9 + night), Proving("v", lambda proofs=proofs: proofs)
        with TreeSource(source).freeze() as frozen:
            receipt = back_up(
                side, frozen, set_name="main", at=at, proving=proving, reread=not night
            )
    delta = side.stated(ObjectName(side.commit_of(receipt.snapshot).manifest)).content
    assert isinstance(delta, Delta)
    assert isinstance(delta.proofs["book"], Patch)
    return place


def test_every_file_comes_back_from_a_night_with_a_patched_proof(patched: Place) -> None:
    done = kit("restore", "c001", "--to", patched.root / "out", *patched.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert facts_without_report(patched.root / "out") == facts(patched.source("c001"))


def test_a_night_with_a_patched_proof_is_sound(patched: Place) -> None:
    assert kit("verify", *patched.options).returncode == 0
