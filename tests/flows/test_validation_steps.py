"""The steps of a validation, on a real site and without a server."""

import shutil
from pathlib import Path

import pytest

from baozhang.wiring import open_site
from tasks.backup import copy_to_mirrors, save_journal
from tasks.validation import verify_own
from tests.flows.walking import begun, flip_a_byte, night, statuses, validation


@pytest.fixture
def kept(home: Path) -> Path:
    """A site after its first night, mirrors and journal included."""
    run = night()
    copy_to_mirrors.fn(run)
    save_journal.fn(run)
    return home


def test_whole_backups_pass(kept: Path) -> None:
    assert statuses(validation("c001", "c002")) == {"c001/*": "ok", "c002/*": "ok"}


def test_what_has_gone_unread_longest_has_its_turn(kept: Path) -> None:
    turns = [outcome.client for _ in range(2) for outcome in validation().outcomes]
    assert turns == ["c001"]


@pytest.mark.parametrize("place", ["vault", "mirror"])
def test_a_flipped_byte_is_found_wherever_it_is(kept: Path, place: str) -> None:
    pack = flip_a_byte(kept, "c001", place=place)
    found = [f for o in validation("c001", "c002").outcomes for f in o.findings]
    (facts,) = [dict(each.facts) for each in found]
    assert str(facts["object"]).endswith(pack.name)
    assert facts["files"] == "books/FEC2026.txt"
    assert str(facts["place"]).endswith(place)


def test_the_other_client_is_not_blamed(kept: Path) -> None:
    flip_a_byte(kept, "c001")
    assert statuses(validation("c001", "c002")) == {"c001/*": "failed", "c002/*": "ok"}


def test_a_vault_that_lost_its_newest_backup_point_is_noticed(kept: Path) -> None:
    with open_site() as site:
        prefix = site.vault_named("main").client("c001").space.prefix
    shutil.rmtree(kept / "vault" / prefix / "commit")
    (outcome,) = validation("c001").outcomes
    assert outcome.status == "failed"
    assert any(dict(found.facts).get("set") == "main" for found in outcome.findings)


def test_a_mirror_that_is_away_leaves_the_outcome_open(kept: Path) -> None:
    shutil.rmtree(kept / "mirror")
    assert statuses(validation("c001")) == {"c001/*": "inconclusive"}


def test_damage_in_the_vault_is_told_even_when_the_mirror_is_away(kept: Path) -> None:
    flip_a_byte(kept, "c001")
    shutil.rmtree(kept / "mirror")
    assert statuses(validation("c001")) == {"c001/*": "failed"}


def test_a_client_that_left_is_still_read(kept: Path) -> None:
    (kept / "clients" / "c001.yaml").unlink()
    assert statuses(validation()) == {"c001/*": "ok"}


def test_a_whole_journal_needs_no_outcome(kept: Path) -> None:
    assert verify_own.fn(begun("validation")) == ()


def test_a_damaged_journal_is_an_outcome(kept: Path) -> None:
    with open_site() as site:
        prefix = site.vault_named("main").client("_agency").space.prefix
    pack = next((kept / "vault" / prefix / "packs").glob("*/*"))
    pack.unlink()
    (outcome,) = verify_own.fn(begun("validation"))
    assert (outcome.client, outcome.status) == ("_agency", "failed")
