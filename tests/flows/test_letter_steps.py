"""Letters: numbered without gaps, in every language that is read, before the verdict."""

from pathlib import Path

import pytest

from baozhang.errors import ClientsUnprotectedError, UnreachableError, UsageError
from baozhang.wiring import open_site
from tasks.letters import before, write_night_letter
from tasks.verdict import conclude
from tests.flows.walking import night


def test_a_letter_is_written_in_each_language_its_readers_speak(home: Path) -> None:
    paths = write_night_letter.fn(night())
    assert [path.name for path in paths] == ["000001-night-en.eml", "000001-night-zh_CN.eml"]


def test_letters_are_numbered_without_gaps(home: Path) -> None:
    for _ in range(2):
        write_night_letter.fn(night("c001"))
    with open_site() as site:
        assert [letter.number for letter in site.catalog.letters("night")] == [1, 2]


def test_a_letter_that_cannot_be_written_takes_no_number(home: Path) -> None:
    run = night()
    (home / "state" / "outbox").write_text("in the way", "utf-8")
    with pytest.raises(UnreachableError):
        write_night_letter.fn(run)
    with open_site() as site:
        assert site.catalog.letters("night") == ()


def test_letters_need_a_reader(home: Path) -> None:
    agency = home / "agency.yaml"
    text = agency.read_text("utf-8")
    agency.write_text(text.replace("operator, ", "").replace("[manager]", "[auditor]"), "utf-8")
    with pytest.raises(UsageError):
        write_night_letter.fn(night())


def test_a_run_is_compared_with_the_last_turn_of_each_of_its_own_sets(home: Path) -> None:
    night("c001")
    first = night("c002")
    run = night("c001", "c002")
    with open_site() as site:
        previous = before(site, run)
    assert previous is not None
    assert {each.client for each in previous.outcomes} == {"c001", "c002"}
    assert previous.id == first.id


def test_the_first_run_has_nothing_to_compare_with(home: Path) -> None:
    run = night()
    with open_site() as site:
        assert before(site, run) is None


def test_a_good_run_is_returned(home: Path) -> None:
    run = night()
    assert conclude(run) is run


def test_a_run_with_trouble_ends_in_an_error_that_names_the_sets(home: Path) -> None:
    (home / "books" / "c002" / "FEC2026.txt").unlink()
    with pytest.raises(ClientsUnprotectedError) as caught:
        conclude(night())
    assert caught.value.facts["sets"] == "c002/main"
