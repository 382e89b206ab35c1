"""What the kit does not give back costs nothing that it does."""

import os
from datetime import timedelta

from baozhang.keys.slots import decode_key_file
from baozhang.sources.tree import TreeSource
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import open_vault
from baozhang.vault.writer import back_up
from tests.kit.conftest import AT, Place, facts_without_report
from tests.kit.running import kit, report_of
from tests.vault.test_round_trip import facts


def back_up_traits(place: Place) -> None:
    """Store one more night, in which there are attributes, hard links and holes."""
    source = place.source("c001")
    os.setxattr(source / "invoice.pdf", "user.a", b"1")
    os.setxattr(source / "books", "user.a", b"1")
    (source / "another-name").hardlink_to(source / "books" / "ledger.db")
    with (source / "holes").open("wb") as file:
        file.write(b"1")
        file.truncate(2_000_000)
    key = decode_key_file((place.root / "key").read_bytes())
    side = open_vault(store_at(str(place.vault)), key).client("c001")
    with TreeSource(source).freeze() as frozen:
        back_up(side, frozen, set_name="main", at=AT + timedelta(days=9))


def test_every_file_comes_back_from_a_set_with_traits(place: Place) -> None:
    back_up_traits(place)
    done = kit("restore", "c001", "--to", place.root / "out", *place.options)
    assert (done.returncode, done.stderr) == (0, "")
    assert facts_without_report(place.root / "out") == facts(place.source("c001"))


def test_a_set_with_traits_is_sound(place: Place) -> None:
    back_up_traits(place)
    assert kit("verify", *place.options).returncode == 0


def test_the_report_says_that_attributes_are_not_given_back(place: Place) -> None:
    kit("restore", "c001", "--to", place.root / "out", *place.options)
    assert "not given back: owners, set-user-id bits, attributes" in report_of(place.root / "out")
