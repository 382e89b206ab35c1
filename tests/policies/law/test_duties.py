"""Must we report?  Yes with a deadline, a review, a named unknown; no only for a reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baozhang.policies.law.duties import Duty, Facts, duties
from baozhang.policies.law.register import load_register

REGISTER = load_register()
FOUND = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NOTHING = Facts(FOUND)
PLAIN = Facts(
    FOUND,
    role="entrusted",
    personal_data=True,
    persons=40,
    loss_fen=1_000_00,
    client_data=True,
    critical_infrastructure=False,
    central_organ=False,
    harm_to_others=False,
    harm_avoided=True,
    suspected_crime=False,
    paper_invoices_lost=False,
)


def duty(facts: Facts, name: str) -> Duty:
    return next(each for each in duties(REGISTER, facts) if each.clock.id == name)


def test_the_plan_is_started_whatever_is_known() -> None:
    assert duty(NOTHING, "activate-plan").answer == "yes"
    assert duty(NOTHING, "activate-plan").by == FOUND


def test_nothing_known_is_answered_no() -> None:
    answers = {each.clock.id: each.answer for each in duties(REGISTER, NOTHING)}
    assert [name for name, answer in answers.items() if answer == "no"] == ["final-report"]


def test_an_unknown_names_the_facts_it_waits_for() -> None:
    assert duty(NOTHING, "privacy-authority").missing == ("role", "personal_data")
    assert set(duty(NOTHING, "cyberspace-4h").missing) == {
        "critical_infrastructure",
        "central_organ",
        "persons",
        "loss_fen",
    }


def test_a_fact_that_rules_a_clock_out_needs_no_other() -> None:
    assert duty(replace(NOTHING, role="entrusted"), "privacy-authority").answer == "no"


def test_below_every_number_a_review_is_required_and_never_a_no() -> None:
    assert duty(PLAIN, "cyberspace-4h").answer == "review"


@pytest.mark.parametrize("facts", [{"persons": 1_000_000}, {"loss_fen": 500_000_000}])
def test_a_number_that_is_reached_starts_the_four_hours(facts: dict[str, int]) -> None:
    found = duty(replace(PLAIN, **facts), "cyberspace-4h")  # type: ignore[arg-type]
    assert (found.answer, found.by) == ("yes", FOUND + timedelta(hours=4))


@pytest.mark.parametrize("facts", [{"persons": 999_999}, {"loss_fen": 499_999_999}])
def test_one_below_the_number_is_below_it(facts: dict[str, int]) -> None:
    assert duty(replace(PLAIN, **facts), "cyberspace-4h").answer == "review"  # type: ignore[arg-type]


def test_one_number_that_is_reached_does_not_wait_for_the_other() -> None:
    facts = replace(PLAIN, persons=2_000_000, loss_fen=None)
    assert duty(facts, "cyberspace-4h").answer == "yes"


def test_one_number_below_waits_for_the_other() -> None:
    assert duty(replace(PLAIN, loss_fen=None), "cyberspace-4h").missing == ("loss_fen",)


@pytest.mark.parametrize(("grade", "answer"), [("below", "no"), ("large", "yes"), ("grave", "yes")])
def test_a_persons_review_decides(grade: str, answer: str) -> None:
    facts = replace(PLAIN, reviewed_grade=grade)  # type: ignore[arg-type]
    assert duty(facts, "cyberspace-4h").answer == answer


def test_who_is_critical_has_one_hour_and_not_four() -> None:
    facts = replace(PLAIN, persons=1_000_000, critical_infrastructure=True)
    assert duty(facts, "cyberspace-4h").answer == "no"
    assert duty(facts, "protection-1h").by == FOUND + timedelta(hours=1)


def test_the_client_of_an_entrusted_agency_is_told_within_our_own_two_hours() -> None:
    found = duty(PLAIN, "tell-client")
    assert (found.answer, found.by, found.target) == ("yes", None, FOUND + timedelta(hours=2))


def test_persons_are_not_told_where_harm_was_avoided_but_the_authority_is() -> None:
    facts = replace(PLAIN, role="processor")
    assert duty(facts, "privacy-persons").answer == "no"
    assert duty(facts, "privacy-authority").answer == "yes"


def test_lost_invoices_are_reported_before_midnight_in_shanghai() -> None:
    late = replace(
        PLAIN, paper_invoices_lost=True, discovered=datetime(2026, 11, 22, 17, tzinfo=UTC)
    )
    by = duty(late, "lost-invoices").by
    assert by is not None
    assert by.replace(microsecond=0) == datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC)


def test_the_final_report_is_counted_from_the_closing() -> None:
    closed = FOUND + timedelta(days=2)
    facts = replace(PLAIN, reported=True, closed=closed)
    assert duty(facts, "final-report").by == closed + timedelta(days=30)
