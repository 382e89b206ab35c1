"""Scale, indicators, treatments, prevention and proposals: what counts, and what never does."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from pydantic import ValidationError

from baozhang.drills.scenarios import scenarios
from baozhang.governance.controls import controls
from baozhang.governance.model import Status
from baozhang.governance.risk.coverage import coverage, share
from baozhang.governance.risk.model import Proposal, Reading, Risk
from baozhang.governance.risk.proposing import (
    Happened,
    new_risks,
    reopened,
    rescores,
    unheard,
)
from baozhang.governance.risk.standard import indicators, library, scale
from baozhang.governance.risk.treatment import Check, Contract, check, effect_of
from tasks.risk_signals import SIGNALS
from tests.reports.risks import TODAY, measured, risk

YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)
SCORED = {"likelihood": 4, "impact": 4, "scored_on": date(2026, 10, 1)}


# --- data -----------------------------------------------------------------------------------------


def test_the_library_names_only_controls_that_exist() -> None:
    known = {each.id for each in controls()}
    assert {name for each in library().values() for name in each.controls} <= known


def test_the_library_names_only_scenarios_that_exist() -> None:
    assert {each.drill for each in library().values() if each.drill} <= set(scenarios())


def test_indicators_warn_only_of_risks_that_exist() -> None:
    assert {name for each in indicators().values() for name in each.risks} <= set(library())


def test_every_indicator_is_measured() -> None:
    assert set(SIGNALS) == set(indicators())


def test_every_kind_of_incident_is_some_risk_come_true() -> None:
    kinds = {kind for each in library().values() for kind in each.incidents}
    assert kinds == {"lost", "damaged", "tampered", "ransomware", "leaked", "unavailable"}


@pytest.mark.parametrize("steps", [scale().likelihood, scale().impact], ids=["often", "bad"])
def test_grades_begin_where_the_one_before_ends(steps: tuple[object, ...]) -> None:
    assert all(one.begins < other.begins for one, other in pairwise(steps))  # type: ignore[attr-defined]


def test_a_level_never_falls_where_a_grade_rises() -> None:
    rows = [[scale().rank(level) for level in row] for row in scale().matrix]
    assert all(a <= b for row in rows for a, b in pairwise(row))
    assert all(a <= b for one, other in pairwise(rows) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("events", "grade"), [("0", 1), ("0.09", 1), ("0.1", 2), ("0.3", 3), ("1", 4), ("4", 5)]
)
def test_a_frequency_has_the_grade_of_its_band(events: str, grade: int) -> None:
    assert scale().often(Decimal(events)) == grade


@pytest.mark.parametrize(("fen", "grade"), [(0, 1), (499_999, 1), (500_000, 2), (80_000_000, 5)])
def test_a_loss_has_the_grade_of_its_band(fen: int, grade: int) -> None:
    assert scale().bad(fen) == grade


# --- indicators -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "band"),
    [(None, "unmeasured"), ("0", "green"), ("1", "amber"), ("2", "amber"), ("3", "red")],
)
def test_more_is_worse(value: str | None, band: str) -> None:
    assert measured("failed-proofs", value).band == band


@pytest.mark.parametrize(("value", "band"), [("3", "green"), ("2", "amber"), ("1", "red")])
def test_fewer_is_worse(value: str, band: str) -> None:
    assert measured("restorers", value).band == band


# --- rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        {"likelihood": 3},
        {"likelihood": 6, "impact": 1},
        {"events_low": "1", "events_likely": "0.5", "events_high": "2"},
        {"events_likely": "0.5"},
        {"loss_low": 3, "loss_likely": 2, "loss_high": 9},
        {"events_low": "1", "events_likely": "2", "events_high": "367"},
        {"treatment": "hope"},
        {"likelyhood": 3},
    ],
)
def test_a_row_refuses_what_cannot_be(said: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        risk("ransomware", **said)


def test_a_proposed_risk_has_no_score() -> None:
    assert library()["ransomware"].proposed("library").now() is None


# --- treatment ------------------------------------------------------------------------------------


def checked(statuses: dict[str, Status] | None = None, **said: object) -> Check:
    contracts = {"cyber": Contract(TOMORROW, ("restore.test",)), "old": Contract(YESTERDAY, ())}
    row = risk("ransomware", **{**SCORED, "controls": (), **said})
    return check(row, today=TODAY, scale=scale(), statuses=statuses or {}, contracts=contracts)


def test_an_unscored_risk_is_open() -> None:
    found = checked(likelihood=None, impact=None)
    assert (found.verdict, found.why) == ("open", "unscored")


def test_a_low_risk_needs_no_treatment() -> None:
    assert checked(likelihood=1, impact=1).verdict == "not needed"


def test_a_high_risk_without_a_decision_is_open() -> None:
    assert (checked().verdict, checked().why) == ("open", "undecided")


def test_a_decision_that_is_late_is_overdue() -> None:
    assert checked(treat_by=YESTERDAY).verdict == "overdue"


def test_an_acceptance_holds_until_its_last_day() -> None:
    assert checked(treatment="accept", accept_until=TODAY).verdict == "in place"


def test_an_acceptance_that_ran_out_is_open_again() -> None:
    found = checked(treatment="accept", accept_until=YESTERDAY)
    assert (found.verdict, found.why) == ("open", "expired")


def test_an_acceptance_without_a_last_day_counts_for_nothing() -> None:
    assert checked(treatment="accept").verdict == "open"


def test_a_reduction_without_controls_is_open() -> None:
    assert checked(treatment="reduce").why == "no-controls"


def test_a_control_that_nothing_evidences_holds_nothing() -> None:
    found = checked(treatment="reduce", controls=("restore.test",))
    assert found.verdict == "under way"
    assert [each.control for each in found.lacking] == ["restore.test"]


@pytest.mark.parametrize("status", ["proven", "attested"])
def test_a_reduction_is_in_place_where_its_controls_are_shown(status: Status) -> None:
    found = checked({"restore.test": status}, treatment="reduce", controls=("restore.test",))
    assert found.verdict == "in place"


@pytest.mark.parametrize("status", ["stale", "overdue", "not evidenced"])
def test_one_control_that_is_not_shown_is_enough(status: Status) -> None:
    statuses: dict[str, Status] = {"restore.test": "proven", "backup.verify": status}
    found = checked(statuses, treatment="reduce", controls=("restore.test", "backup.verify"))
    assert [each.control for each in found.lacking] == ["backup.verify"]


def test_an_insurance_pays_where_every_condition_is_shown() -> None:
    found = checked({"restore.test": "proven"}, treatment="transfer", insurance="cyber")
    assert (found.verdict, found.due) == ("in place", None)


def test_a_condition_that_is_not_shown_may_void_the_claim() -> None:
    found = checked({"restore.test": "stale"}, treatment="transfer", insurance="cyber")
    assert (found.verdict, found.why) == ("void", "conditions")


def test_conditions_of_the_risk_count_beside_those_of_the_contract() -> None:
    found = checked(
        {"restore.test": "proven"},
        treatment="transfer",
        insurance="cyber",
        conditions=("training.security",),
    )
    assert [each.control for each in found.lacking] == ["training.security"]


def test_a_contract_that_ended_bears_nothing() -> None:
    found = checked(treatment="transfer", insurance="old", conditions=("restore.test",))
    assert found.why == "contract-ended"


def test_a_contract_that_nobody_entered_bears_nothing() -> None:
    assert checked(treatment="transfer", insurance="other").why == "no-contract"


def test_a_risk_to_be_avoided_is_under_way_until_its_day() -> None:
    assert checked(treatment="avoid", treat_by=TOMORROW).verdict == "under way"
    assert checked(treatment="avoid", treat_by=YESTERDAY).verdict == "overdue"


def readings(*values: str | None) -> dict[str, tuple[Reading, ...]]:
    months = [f"2026-{month:02d}" for month in range(8, 8 + len(values))]
    return {
        "single-copy": tuple(
            Reading(period=month, value=None if v is None else Decimal(v), band="red")
            for month, v in zip(months, values, strict=True)
        )
    }


@pytest.mark.parametrize(
    ("values", "effect"),
    [
        (("4", "3", "1"), "better"),
        (("4", "3", "4"), "same"),
        (("1", "1", "4"), "worse"),
        (("4",), "unknown"),
        ((None, "3"), "unknown"),
    ],
)
def test_the_effect_of_a_treatment_is_what_its_indicator_says(
    values: tuple[str | None, ...], effect: str
) -> None:
    row = risk("single-copy", treated_on=date(2026, 8, 20))
    assert effect_of(row, indicators(), readings(*values)) == effect


def test_nothing_moved_before_a_decision() -> None:
    assert effect_of(risk("single-copy"), indicators(), readings("4", "1")) == "unknown"


# --- prevention -----------------------------------------------------------------------------------


def test_a_cause_is_covered_by_one_proven_control() -> None:
    found = coverage({"r-001": risk("ransomware")}, [], {"restore.test": "proven"})
    assert share(found) == 100


def test_what_people_only_attested_covers_nothing() -> None:
    found = coverage({"r-001": risk("ransomware")}, [], {"restore.test": "attested"})
    assert share(found) == 0


def test_the_cause_of_an_incident_without_a_risk_is_not_covered() -> None:
    found = coverage({"r-001": risk("ransomware")}, ["leak"], {"restore.test": "proven"})
    assert share(found) == 50
    assert [each.cause for each in found if not each.proven] == ["leak"]


def test_no_cause_is_no_share() -> None:
    assert share(coverage({}, [], {})) is None


# --- proposals ------------------------------------------------------------------------------------


HIT = Happened("incident:i-20261020-01", date(2026, 10, 20), "ransomware")
TEST = Happened("run:restore-test-1", date(2026, 10, 21), None)


def proposed(risks: dict[str, Risk], bands: dict[str, str], *happened: Happened) -> dict[str, str]:
    return new_risks(risks, bands, happened, library(), indicators())


def test_an_indicator_that_warns_proposes_its_risks() -> None:
    found = proposed({}, {"restore-time": "amber"})
    assert found == {"slow-restore": "indicator:restore-time"}


@pytest.mark.parametrize("band", ["green", "unmeasured"])
def test_an_indicator_that_does_not_warn_proposes_nothing(band: str) -> None:
    assert proposed({}, {"restore-time": band}) == {}


def test_an_incident_proposes_its_risk() -> None:
    assert proposed({}, {}, HIT) == {"ransomware": HIT.ref}


def test_a_risk_that_was_rejected_is_not_proposed_again() -> None:
    rejected = risk("ransomware").model_copy(update={"state": "rejected"})
    assert proposed({"r-001": rejected}, {}, HIT) == {}


def anew(row: Risk, *happened: Happened) -> list[Proposal]:
    return list(rescores({"r-001": row}, happened, library(), scale(), ("unrestorable",)))


def test_an_incident_asks_for_its_risk_to_be_scored_anew() -> None:
    (found,) = anew(risk("ransomware", **SCORED), HIT)
    assert (found.risk, found.ref, found.likelihood) == ("r-001", HIT.ref, 4)


def test_an_incident_from_before_the_score_asks_for_nothing() -> None:
    later = {**SCORED, "scored_on": date(2026, 10, 25)}
    assert anew(risk("ransomware", **later), HIT) == []


def test_an_incident_of_another_kind_asks_for_nothing() -> None:
    assert anew(risk("usb-lost", **SCORED), HIT) == []


def test_a_failed_restore_test_asks_without_naming_a_grade() -> None:
    (found,) = anew(risk("unrestorable", **SCORED), TEST)
    assert (found.why, found.likelihood) == ("restore-test", None)


def test_a_risk_of_the_agencys_own_is_asked_of_by_its_cause() -> None:
    own = risk("ransomware", **SCORED).model_copy(update={"library": ""})
    assert [each.ref for each in anew(own, HIT)] == [HIT.ref]


def test_a_reduction_that_moved_nothing_is_to_be_opened_again() -> None:
    row = risk("single-copy", treatment="reduce")
    (found,) = reopened({"r-001": row}, {"r-001": "same"}, "2026-11")
    assert (found.change, found.ref) == ("reopen", "month:2026-11")


def test_a_reduction_that_helped_stays() -> None:
    row = risk("single-copy", treatment="reduce")
    assert list(reopened({"r-001": row}, {"r-001": "better"}, "2026-11")) == []


def test_nothing_is_proposed_twice() -> None:
    (made,) = anew(risk("ransomware", **SCORED), HIT)
    assert unheard([made, made], []) == (made,)
    assert unheard([made], [made.model_copy(update={"state": "rejected"})]) == ()


def test_an_open_proposal_to_reopen_is_not_made_again_next_month() -> None:
    row = risk("single-copy", treatment="reduce")
    (first,) = reopened({"r-001": row}, {"r-001": "same"}, "2026-10")
    (again,) = reopened({"r-001": row}, {"r-001": "same"}, "2026-11")
    assert unheard([again], [first]) == ()
    assert unheard([again], [first.model_copy(update={"state": "rejected"})]) == (again,)
