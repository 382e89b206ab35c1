"""Corrective actions: opened by what failed, closed by what passes, never by word."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from baozhang.clock import SHANGHAI
from baozhang.governance import assessing
from baozhang.governance.audits import all_evidence
from baozhang.governance.controls import catalogue, controls
from baozhang.governance.corrective import (
    CORRECTIVE,
    DUE_DAYS,
    Audited,
    Corrective,
    after,
    overdue,
)
from baozhang.governance.model import Evidence
from baozhang.site import Site
from tasks.audit_troubles import corrective_troubles
from tests.governance.auditing import END, full, ground, passes

CONTROL = next(each for each in controls() if len(each.tests) == 1 and each.source == "auto")
TEST = CONTROL.tests[0].name
TODAY = date(2026, 11, 3)
FAIL = passes(CONTROL, TEST, result="fail")
MONTH = timedelta(days=30)


def told(*evidence: Evidence, audit: str = "a-2026-10", later: timedelta = timedelta(0)) -> Audited:
    pieces = all_evidence([evidence])
    at = ground(pieces, at=END + later)
    return Audited(
        audit=audit,
        at=at.at,
        today=TODAY + later,
        controls={each.id: each for each in controls()},
        judged=assessing.verdict(catalogue().items, controls(), at).judged,
        evidence={each.id: each for each in pieces},
        owners=dict.fromkeys((each.id for each in controls()), "zhang"),
    )


OPEN = after({}, told(FAIL))


def shifted(piece: Evidence, later: timedelta) -> Evidence:
    moved = {"effective": piece.effective + later, "received": piece.received + later}
    return piece.model_copy(update=moved)


def test_a_failed_test_opens_an_action_for_who_answers() -> None:
    row = OPEN["ca-001"]
    assert (row.control, row.test, row.owner) == (CONTROL.id, TEST, "zhang")
    assert (row.state, row.times, row.evidence) == ("open", 1, FAIL.id)


def test_it_is_due_by_its_severity() -> None:
    assert OPEN["ca-001"].due == TODAY + timedelta(days=DUE_DAYS[CONTROL.severity])


def test_with_nothing_failed_nothing_is_opened() -> None:
    assert after({}, told(*full(controls()))) == {}


def test_the_same_audit_again_changes_nothing() -> None:
    assert after(OPEN, told(FAIL)) == {}


def test_found_again_it_is_the_same_action_with_a_higher_count() -> None:
    again = shifted(FAIL, MONTH)
    found = after(OPEN, told(again, audit="a-2026-11", later=MONTH))
    assert [(id_, row.times, row.due) for id_, row in found.items()] == [
        ("ca-001", 2, OPEN["ca-001"].due)
    ]


def test_a_revision_of_the_same_month_does_not_count_it_twice() -> None:
    assert after(OPEN, told(FAIL, audit="a-2026-10-r2")) == {}


def closed() -> dict[str, Corrective]:
    good = passes(CONTROL, TEST, effective=END + MONTH - MONTH / 30)
    return after(OPEN, told(good, audit="a-2026-11", later=MONTH))


def test_a_later_audit_in_which_its_test_passes_closes_it_with_that_evidence() -> None:
    good = passes(CONTROL, TEST, effective=END + MONTH - MONTH / 30)
    row = closed()["ca-001"]
    assert (row.state, row.closed_in, row.closed_by) == ("closed", "a-2026-11", good.id)


def test_without_any_evidence_it_stays_open() -> None:
    assert after(OPEN, told(audit="a-2026-11", later=MONTH)) == {}


def test_evidence_that_is_too_old_does_not_close_it() -> None:
    old = passes(CONTROL, TEST, effective=END - timedelta(days=CONTROL.fresh))
    assert after(OPEN, told(old, audit="a-2026-11", later=MONTH)) == {}


def test_an_audit_about_earlier_days_does_not_close_it() -> None:
    good = passes(CONTROL, TEST, effective=END - 2 * MONTH)
    assert after(OPEN, told(good, audit="a-2026-09", later=-MONTH)) == {}


def test_what_was_closed_and_is_found_again_is_open_again_under_its_id() -> None:
    bad = shifted(FAIL, 2 * MONTH)
    found = after(closed(), told(bad, audit="a-2026-12", later=2 * MONTH))
    row = found["ca-001"]
    assert (row.state, row.times, row.closed, row.due > TODAY + 2 * MONTH) == (
        "open",
        2,
        None,
        True,
    )


def test_several_new_actions_get_ids_of_their_own() -> None:
    others = [each for each in controls() if each.tests and each.id != CONTROL.id][:2]
    fails = [passes(each, each.tests[0].name, result="fail") for each in others]
    assert sorted(after(OPEN, told(*fails))) == ["ca-002", "ca-003"]


@pytest.mark.parametrize(("day", "late"), [(0, 0), (1, 1), (-1, 0)])
def test_days_late_are_counted_from_the_day_after_it_was_due(day: int, late: int) -> None:
    row = OPEN["ca-001"]
    assert overdue(row, row.due + timedelta(days=day)) == late


def test_what_is_closed_is_not_late() -> None:
    row = closed()["ca-001"]
    assert overdue(row, row.due + MONTH) == 0


def test_what_is_overdue_is_told_to_the_watch_the_latest_first(office: Site) -> None:
    row = OPEN["ca-001"]
    newer = row.model_copy(update={"test": "another", "due": row.due + timedelta(days=1)})
    CORRECTIVE.put(office, {"ca-001": newer, "ca-002": row}, by="zhang")
    now = datetime.combine(row.due + timedelta(days=3), datetime.min.time(), SHANGHAI)
    [told_] = corrective_troubles(office, now)
    assert dict(told_.facts) == {"count": 2, "days": 3, "ids": "ca-002, ca-001"}


def test_what_is_due_today_or_closed_is_no_trouble(office: Site) -> None:
    row = OPEN["ca-001"]
    CORRECTIVE.put(office, {"ca-001": row, "ca-002": closed()["ca-001"]}, by="zhang")
    now = datetime.combine(row.due, datetime.max.time(), SHANGHAI)
    assert list(corrective_troubles(office, now)) == []


def test_a_row_survives_the_register() -> None:
    row = closed()["ca-001"]
    assert Corrective.model_validate(row.cells()) == row


def test_ids_go_on_after_the_highest() -> None:
    known = {"ca-041": OPEN["ca-001"].model_copy(update={"control": "other.control"})}
    assert list(after(known, told(FAIL))) == ["ca-042"]


def test_only_its_own_test_closes_an_action() -> None:
    row = OPEN["ca-001"].model_copy(update={"test": "another test"})
    good = passes(CONTROL, TEST, effective=END + MONTH - MONTH / 30)
    assert after({"ca-001": row}, told(good, audit="a-2026-11", later=MONTH)) == {}


def test_an_action_of_a_control_that_was_not_audited_stays_as_it_is() -> None:
    nothing = replace(told(audit="a-2026-11", later=MONTH), judged=())
    assert after(OPEN, nothing) == {}
