"""A review as values: what may be written, what is signed, and how actions age."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.incidents.approvals import digest_of
from baozhang.incidents.incidents import Incident, Incidents
from baozhang.incidents.review import (
    ACTIONS,
    LONGEST,
    MOST_WHYS,
    REVIEW,
    Action,
    Actions,
    Entry,
    Part,
    Review,
    aged,
    plain,
    require_links,
    require_part,
    review_of,
    sheet_of,
    with_entry,
    without_entry,
)

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def entry(part: Part, text: str = "x", evidence: tuple[str, ...] = ()) -> Entry:
    return Entry(part=part, text=text, by="zhang", at=NOW, evidence=evidence)


def action(number: int = 1, due: date = date(2026, 12, 1), done: datetime | None = None) -> Action:
    return Action(number=number, text="x", owner="li", due=due, by="zhang", at=NOW, done=done)


@pytest.fixture
def incident(tmp_path: Path) -> Incident:
    folder = Incidents(tmp_path, lambda: NOW)
    return folder.open("lost", [("c001", "main")], noticed_by="zhang", discovered=NOW)[0]


def test_nobody_has_written_anything_yet(incident: Incident) -> None:
    assert review_of(incident) == Review()


def test_what_was_written_is_found_again(incident: Incident) -> None:
    review = with_entry(Review(), entry("lesson", "审批人应当备有密封口令"))
    incident.keep(REVIEW, review, actor="zhang")
    assert review_of(incident) == review


def test_another_root_cause_replaces_the_one_before() -> None:
    review = with_entry(with_entry(Review(), entry("root", "a")), entry("root", "b"))
    assert [each.text for each in review.of("root")] == ["b"]


def test_a_lesson_stands_beside_the_one_before() -> None:
    review = with_entry(with_entry(Review(), entry("lesson", "a")), entry("lesson", "b"))
    assert [each.text for each in review.of("lesson")] == ["a", "b"]


def test_why_is_asked_five_times_and_no_more() -> None:
    review = Review()
    for _ in range(MOST_WHYS):
        review = with_entry(review, entry("why"))
    with pytest.raises(UsageError, match="5 entries"):
        with_entry(review, entry("why"))


def test_two_equal_entries_are_taken_back_one_at_a_time() -> None:
    review = with_entry(with_entry(Review(), entry("well", "a")), entry("well", "b"))
    assert [each.text for each in without_entry(review, "well", 2).entries] == ["a"]


@pytest.mark.parametrize("number", [0, 2])
def test_an_entry_that_is_not_there_cannot_be_taken_back(number: int) -> None:
    with pytest.raises(UsageError, match="no entry"):
        without_entry(with_entry(Review(), entry("well")), "well", number)


def test_lines_and_signs_that_nobody_sees_become_one_paragraph() -> None:
    assert plain("  第一行\n第二行\u202e  ") == "第一行 第二行"


@pytest.mark.parametrize("text", ["", " \n", "x" * (LONGEST + 1)])
def test_nothing_and_too_much_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="characters"):
        plain(text)


@pytest.mark.parametrize(
    "link",
    [
        "event:12",
        "value:plan-1",
        "letter:recovery-legal/3",
        "point:main-000128-7c1d22ab",
        "copy:c-20261122-143005-2",
        "url:https://example.cn/a?b=1",
    ],
)
def test_evidence_has_a_kind_and_a_name(link: str) -> None:
    require_links([link])


@pytest.mark.parametrize(
    "link", ["", "event:0", "event:x", "mail", "value:../a", "url:file:///etc/passwd", "letter:a"]
)
def test_what_names_no_evidence_is_refused(link: str) -> None:
    with pytest.raises(UsageError, match="names no evidence"):
        require_links([link])


def test_a_part_has_one_of_eight_names() -> None:
    with pytest.raises(UsageError, match="no part"):
        require_part("blame")


def test_a_signature_is_bound_to_every_word(incident: Incident) -> None:
    incident.keep(REVIEW, with_entry(Review(), entry("root", "a")), actor="zhang")
    before = digest_of(sheet_of(incident, "h").model_dump(mode="json"))
    incident.keep(REVIEW, with_entry(Review(), entry("root", "b")), actor="zhang")
    assert digest_of(sheet_of(incident, "h").model_dump(mode="json")) != before


def test_a_signature_is_bound_to_the_journal_it_is_about(incident: Incident) -> None:
    assert sheet_of(incident, "a") != sheet_of(incident, "b")


def test_a_signature_is_bound_to_what_is_to_be_done_and_not_to_whether_it_is(
    incident: Incident,
) -> None:
    incident.keep(ACTIONS, Actions(actions=(action(),)), actor="zhang")
    before = sheet_of(incident, "h")
    incident.keep(ACTIONS, Actions(actions=(action(done=NOW),)), actor="zhang")
    assert sheet_of(incident, "h") == before
    incident.keep(ACTIONS, Actions(actions=(action(due=date(2027, 1, 1)),)), actor="zhang")
    assert sheet_of(incident, "h") != before


def test_an_open_action_ages_by_days_and_the_latest_comes_first() -> None:
    found = aged("i-1", [action(1), action(2, due=date(2026, 11, 20))], date(2026, 12, 3))
    assert [(each.action.number, each.overdue) for each in found] == [(2, 13), (1, 2)]


def test_an_action_that_is_due_today_is_not_late() -> None:
    (found,) = aged("i-1", [action()], date(2026, 12, 1))
    assert found.overdue == 0


def test_an_action_that_is_done_ages_no_more() -> None:
    assert aged("i-1", [action(done=NOW)], date(2027, 1, 1)) == ()
