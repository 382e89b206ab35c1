"""How a client stood at a month's end: every cause by a client that has it, and nothing beyond."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from baozhang.catalog.model import Finding, Outcome
from reports.month import amiss, before_of, delta
from reports.standing import SUSPICIOUS, ClientMonth, kind_of, longest
from tasks.acceptance import UNACCEPTED_TEMPLATES
from tests.reports import offices
from tests.reports.offices import AT, DAY, JULY, NIGHT, TESTED, nights, of, point, told


def causes(client: ClientMonth) -> list[str]:
    return [each.cause for each in client.every_trouble]


def points(last: int = 38) -> list:  # type: ignore[type-arg]
    return [point("c001", n) for n in range(1, last + 1)]


def read(at: datetime = AT - DAY) -> Outcome:
    return told("c001", "validation", at, set_name="*")


def test_a_client_with_which_all_is_well_has_no_trouble() -> None:
    assert causes(offices.sound()) == []
    assert offices.sound().status == "ok"


def test_a_client_without_a_backup_point_has_failed() -> None:
    assert causes(of("c001", [], ())) == ["never"]
    assert of("c001", [], ()).status == "failed"


def test_a_backup_point_that_lacks_something_is_none() -> None:
    assert causes(of("c001", [point("c001", 38, partial=True)], [read()])) == ["never"]


def test_a_newest_point_older_than_promised_is_late() -> None:
    assert causes(of("c001", points(37), [read()])) == ["late"]


def test_a_newest_point_within_the_promise_is_not_late() -> None:
    assert causes(of("c001", points(), [read()])) == []


@pytest.mark.parametrize(
    ("status", "cause"), [("failed", "failed"), ("partial", "partial"), ("inconclusive", "unclear")]
)
def test_a_last_backup_that_did_not_end_well_is_told(status: str, cause: str) -> None:
    bad = told("c001", "backup", AT - DAY / 24, status)  # type: ignore[arg-type]
    assert causes(of("c001", points(), [read(), bad])) == [cause]


def test_a_backup_that_failed_and_then_went_well_is_no_trouble_at_the_end() -> None:
    client = of("c001", points(), [*nights("c001", missing=[20]), read()])
    assert causes(client) == []
    assert client.exceptions == (("backup", 1),)


def test_a_sudden_change_is_told_as_such() -> None:
    bad = told("c001", "backup", AT - DAY / 24, "partial", figures=[SUSPICIOUS])
    assert causes(of("c001", points(), [read(), bad])) == ["suspicious"]


def test_a_sudden_change_that_somebody_vouched_for_is_no_trouble() -> None:
    bad = told("c001", "backup", AT - DAY / 24, "partial", figures=[SUSPICIOUS], snapshot="s")
    word = told("c001", "acceptance", AT - DAY / 48, snapshot="s")
    assert causes(of("c001", points(), [read(), bad, word])) == []


def test_damaged_bytes_are_told() -> None:
    bad = told("c001", "validation", AT - DAY, "failed", set_name="*")
    assert causes(of("c001", points(), [bad])) == ["damaged"]


def test_bytes_that_nobody_read_in_time_are_told() -> None:
    assert causes(of("c001", points(), [])) == ["unread"]


def test_bytes_of_a_new_client_need_not_be_read_yet() -> None:
    assert causes(of("c001", points()[10:], [])) == []


def test_a_restore_test_that_did_not_pass_is_told() -> None:
    assert causes(
        of("c001", points(), [read(), told("c001", "restore_test", TESTED, "failed")])
    ) == ["unproven"]


def test_a_restore_test_that_did_not_end_is_told() -> None:
    ended = told("c001", "restore_test", TESTED, "inconclusive")
    assert causes(of("c001", points(), [read(), ended])) == ["untried"]


def test_a_restore_test_that_passed_later_mends_it() -> None:
    bad = told("c001", "restore_test", TESTED, "failed")
    good = told("c001", "restore_test", TESTED + DAY)
    assert causes(of("c001", points(), [read(), bad, good])) == []


def test_a_restore_test_longer_ago_than_promised_is_overdue() -> None:
    assert causes(offices.overdue()) == ["overdue"]
    assert offices.overdue().status == "partial"


def test_a_client_never_tested_is_overdue_only_after_the_span() -> None:
    old = replace(point("c001", 1), at=AT - timedelta(days=98))
    assert causes(of("c001", [old, *points()], [read()])) == ["overdue"]
    assert causes(of("c001", points(), [read()])) == []


def test_what_happened_after_the_month_is_not_looked_at() -> None:
    later = told("c001", "backup", AT + DAY, "failed")
    ended = of("c001", [*points(), point("c001", 40)], [*nights("c001"), read(), later])
    assert ended == of("c001", points(), [*nights("c001"), read()])


def test_points_of_the_month_alone_are_counted() -> None:
    assert offices.sound().points == 31


def test_stored_bytes_are_those_of_all_points_until_then() -> None:
    assert offices.sound().kept == 21_000_000 + 37 * 300_000


def test_the_longest_time_without_a_point_spans_the_month_s_beginning() -> None:
    start = JULY.start
    assert (
        longest([start - DAY, start + DAY, start + DAY * 3 / 2], start, start + DAY * 2) == 2 * DAY
    )


def test_a_time_that_ended_before_the_month_does_not_count() -> None:
    start = JULY.start
    assert longest([start - 9 * DAY, start - DAY / 2], start, start + DAY / 4) == DAY * 3 / 4


def test_the_time_since_the_newest_point_counts() -> None:
    start = JULY.start
    assert longest([start], start, start + 5 * DAY) == 5 * DAY


def test_without_a_point_there_is_no_longest_time() -> None:
    assert longest([], JULY.start, AT) is None


def test_the_age_at_the_end_of_a_day_is_that_of_the_newest_point() -> None:
    assert set(offices.sound().ages) == {timedelta(hours=2)}


def test_the_age_grows_while_backups_fail() -> None:
    assert offices.late().ages[-3:] == tuple(timedelta(hours=2 + 24 * n) for n in (2, 3, 4))


def test_before_a_set_has_a_point_its_age_is_unknown() -> None:
    assert offices.untested().ages[:3] == (None, None, timedelta(hours=2))


def test_days_that_have_not_ended_have_no_age() -> None:
    noon = JULY.start + timedelta(days=10, hours=12)
    ages = of("c001", points(), (), at=noon).ages
    assert ages[9] is not None
    assert ages[10:] == (None,) * 21


def test_a_restore_on_request_counts_in_its_month_alone() -> None:
    client = offices.sound()
    assert client.restored == ()


def test_the_proof_of_a_client_is_as_old_as_that_of_its_oldest_set() -> None:
    both = of(
        "c001",
        [*points(), *(point("c001", n, set_name="papers") for n in range(1, 39))],
        [
            told("c001", "restore_test", TESTED),
            told("c001", "restore_test", TESTED - DAY, set_name="papers"),
        ],
        "main",
        "papers",
    )
    assert both.proven == TESTED - DAY


def test_a_client_one_of_whose_sets_was_never_proven_is_not_proven() -> None:
    half = of("c001", points(), [told("c001", "restore_test", TESTED)], "main", "papers")
    assert half.proven is None


def test_books_count_as_proven_only_where_books_were_read() -> None:
    assert offices.sound().books_proven
    assert not offices.bytes_only().books_proven


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (told("c001", "backup", NIGHT, "failed"), "backup"),
        (told("c001", "backup", NIGHT, "partial"), "partial"),
        (told("c001", "backup", NIGHT, "partial", figures=[SUSPICIOUS]), "sudden"),
        (told("c001", "validation", NIGHT, "failed"), "damaged"),
        (told("c001", "restore_test", NIGHT, "failed"), "restore"),
        (told("c001", "restore_test", NIGHT, "inconclusive"), "unclear"),
        (told("_agency", "backup", NIGHT, "failed", set_name="main-mirror-1"), "mirror"),
        (told("_agency", "validation", NIGHT, "failed"), "agency"),
    ],
)
def test_an_exception_has_one_kind(outcome: Outcome, kind: str) -> None:
    assert kind_of(outcome) == kind


def test_a_month_without_rows_is_inconclusive_and_never_well() -> None:
    assert offices.agency(offices.unknown()).status == "inconclusive"
    assert offices.agency().status == "inconclusive"


def test_an_agency_fares_as_its_worst_client() -> None:
    assert offices.agency(offices.sound(), offices.overdue()).status == "partial"
    assert offices.agency(offices.sound(), offices.late(), offices.overdue()).status == "failed"


def test_costs_are_exact_to_the_fen_and_add_up() -> None:
    value = offices.full()
    assert value.cost_of(value.clients[0]) == 150  # 0.0321 GB x 0.12 and one restore at 1.50
    assert value.cost == sum(map(value.cost_of, value.clients))


def test_nothing_is_compared_with_a_month_nobody_knows() -> None:
    assert before_of(JULY, [offices.unknown()]) is None


def test_who_broke_who_mended_and_who_is_new_is_told() -> None:
    value = offices.agency(offices.sound(), offices.late(), offices.untested())
    assert value.before is not None
    found = delta(value, value.before)
    assert (found.broke, found.mended, found.appeared, found.absent) == (
        ("c003",),
        (),
        ("c006",),
        ("c009",),
    )


def test_books_that_a_later_test_refuted_do_not_count_as_proven() -> None:
    assert not offices.differing().books_proven


def test_a_mirror_that_the_newest_run_found_behind_takes_the_well_verdict_away() -> None:
    value = offices.agency(offices.sound(), amiss=(("mirror", "failed"),))
    assert value.status == "failed"


BEHIND = told("_agency", "backup", NIGHT + DAY, "failed", set_name="main-mirror-1")


def test_what_the_newest_run_found_of_the_agency_is_amiss() -> None:
    assert amiss([told("c001", "backup", NIGHT), BEHIND]) == (("mirror", "failed"),)


def test_what_a_newer_run_no_longer_found_is_mended() -> None:
    assert amiss([BEHIND, told("c001", "backup", NIGHT + 2 * DAY)]) == ()


def test_a_newer_run_of_another_duty_mends_nothing() -> None:
    assert amiss([BEHIND, told("c001", "validation", NIGHT + 2 * DAY)]) == (("mirror", "failed"),)


def test_the_worst_of_a_kind_is_what_is_told() -> None:
    other = replace(BEHIND, set="main-mirror-2", status="partial")
    assert amiss([BEHIND, other]) == (("mirror", "failed"),)


def test_a_client_that_is_one_no_longer_is_told_as_absent() -> None:
    before = before_of(JULY.previous, [offices.sound()], ["c009"])
    assert before is not None
    assert delta(offices.agency(offices.sound()), before).absent == ("c009",)


def test_sources_that_were_never_tried_where_they_run_are_known() -> None:
    facts = (("source", "erp"), ("client", "c001"))
    finding = Finding(UNACCEPTED_TEMPLATES["source"], facts, severity="warning")
    client = of("c001", points(), [told("c001", "backup", NIGHT, findings=(finding,))])
    assert client.sets[0].unaccepted == ("erp",)


def test_a_point_that_lacks_something_stays_trouble_whoever_vouched_for_it() -> None:
    torn = point("c001", 38, partial=True)
    last = told("c001", "backup", NIGHT + 37 * DAY, "partial", snapshot=torn.id)
    word = told("c001", "acceptance", AT - timedelta(hours=1), snapshot=torn.id)
    client = of("c001", [*points(37), torn], [last, word])
    assert "partial" in causes(client)
