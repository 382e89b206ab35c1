"""The risk register on a real site: proposed, taken up, scored, treated, closed."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.governance.offices import CONTRACTS, Contract
from baozhang.governance.risk.model import PROPOSALS, RISKS, Proposal
from baozhang.governance.risk.standard import library
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.risk_register import (
    Decision,
    Scores,
    accept,
    close,
    reject,
    risk_of,
    score,
    start,
    treat,
)
from tasks.risk_review import (
    measure,
    propose,
    reviewed,
)
from tests.flows.approving import Hand, four_people
from tests.flows.risking import opened, outcome, scored, struck


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    four_people(home)
    with open_site(home, clock=clock) as opened_site:
        yield opened_site


def test_the_library_is_proposed_and_scores_nothing(site: Site) -> None:
    made = start(site, by="zhang")
    rows = RISKS.rows(site)
    assert len(made) == len(library()) == len(rows)
    assert {each.state for each in rows.values()} == {"proposed"}
    assert not any(each.scored for each in rows.values())


def test_what_is_proposed_is_proposed_once(site: Site) -> None:
    start(site, by="zhang")
    assert start(site, by="zhang") == ()


def test_a_proposed_risk_is_not_scored(site: Site) -> None:
    start(site, by="zhang")
    with pytest.raises(UsageError, match="not open"):
        score(site, "r-001", Scores((1, 1)), by="zhang")


def test_the_history_says_who_did_what(site: Site) -> None:
    id_ = scored(site)
    assert [each.by for each in RISKS.history(site, id_)] == ["zhang", "li", "zhang"]


def test_nobody_of_another_agency_scores(site: Site) -> None:
    id_ = opened(site)
    with pytest.raises(UsageError, match="nobody of this agency"):
        score(site, id_, Scores((1, 1)), by="chen")


def test_yuan_become_fen(site: Site) -> None:
    assert risk_of(site, scored(site)).loss_high == 60_000_000


@pytest.mark.parametrize(
    ("scores", "named"),
    [
        (Scores(), "nothing was said"),
        (Scores((6, 1)), "likelihood"),
        (Scores(events="1,0.5,2"), "fall"),
        (Scores(events="1,2"), "three points"),
        (Scores(events="1,2,often"), "no number"),
        (Scores(loss="1,2,1.234"), "no amount"),
        (Scores(events="1,2,400"), "events_high"),
        (Scores(events="1,2,NaN"), "no number"),
        (Scores(loss="-3,2,4"), "loss_low"),
    ],
)
def test_a_score_that_cannot_be_is_named(site: Site, scores: Scores, named: str) -> None:
    id_ = opened(site)
    with pytest.raises(UsageError, match=named):
        score(site, id_, scores, by="zhang")


def test_a_rejected_risk_needs_a_reason_and_stays_rejected(site: Site) -> None:
    start(site, by="zhang")
    with pytest.raises(UsageError, match="reason"):
        reject(site, "r-001", " ", by="li")
    reject(site, "r-001", "没有移动介质", by="li")
    start(site, by="zhang")
    assert risk_of(site, "r-001").state == "rejected"


def test_a_closed_risk_keeps_its_history(site: Site) -> None:
    id_ = scored(site)
    close(site, id_, "系统已停用", by="li")
    assert risk_of(site, id_).state == "closed"
    assert len(RISKS.history(site, id_)) == 4


@pytest.mark.parametrize(
    ("decision", "named"),
    [
        (Decision("accept", reason="x"), "last day"),
        (Decision("accept", until=date(2026, 11, 1), reason="x"), "last day"),
        (Decision("accept", until=date(2027, 1, 1)), "reason"),
        (Decision("accept", until=date(2027, 11, 24), reason="x"), "within a year"),
        (Decision("reduce", until=date(2027, 1, 1)), "--until"),
        (Decision("reduce", insurance="cyber"), "--insurance"),
        (Decision("avoid", conditions=("restore.test",)), "--condition"),
        (Decision("reduce", by_day=date(2026, 11, 21)), "past"),
        (Decision("reduce", review_on=date(2026, 11, 21)), "past"),
        (Decision("reduce", controls=("no.such",)), "no.such"),
        (Decision("transfer", insurance="cyber"), "cyber"),
    ],
)
def test_a_decision_that_holds_nothing_is_named(site: Site, decision: Decision, named: str) -> None:
    id_ = scored(site)
    with pytest.raises(UsageError, match=named):
        treat(site, id_, decision, by="li")


def test_a_claim_is_said_to_be_void_where_a_condition_is_not_shown(site: Site) -> None:
    policy = Contract(
        party="某保险公司", kind="insurance", begin=date(2026, 1, 1), conditions=("restore.test",)
    )
    CONTRACTS.put(site, {"cyber": policy}, by="li")
    id_ = scored(site)
    treat(site, id_, Decision("transfer", insurance="cyber"), by="li")
    (told,) = reviewed(site).risks
    assert told.check.verdict == "void"
    assert [each.control for each in told.check.lacking] == ["restore.test"]


def test_an_acceptance_runs_out_by_itself(site: Site, clock: Hand) -> None:
    id_ = scored(site)
    treat(site, id_, Decision("accept", until=date(2026, 12, 31), reason="成本过高"), by="li")
    assert reviewed(site).risks[0].check.verdict == "in place"
    clock.move(days=60)
    assert reviewed(site).risks[0].check.why == "expired"


def test_a_warning_indicator_proposes_its_risk_once(site: Site) -> None:
    outcome(site, "restore_test")
    measure(site, by="system")
    made = propose(site, by="system")
    assert [RISKS.rows(site)[id_].library for id_ in made] == ["unrestorable", "disk-failure"]
    assert propose(site, by="system") == ()


def test_an_incident_asks_for_a_new_score_and_scoring_settles_it(site: Site) -> None:
    id_ = scored(site)
    struck(site)
    (made,) = propose(site, by="system")
    assert PROPOSALS.rows(site)[made].risk == id_
    score(site, id_, Scores(residual=(4, 3)), by="zhang")
    assert PROPOSALS.rows(site)[made].state == "accepted"
    assert propose(site, by="system") == ()


def test_accepting_what_the_records_say_raises_the_grade(site: Site) -> None:
    id_ = scored(site)
    struck(site)
    (made,) = propose(site, by="system")
    accept(site, made, by="li")
    assert risk_of(site, id_).residual_likelihood == 4  # once within a year


def test_a_failed_restore_test_needs_a_person_to_score(site: Site) -> None:
    scored(site, "unrestorable")
    run = outcome(site, "restore_test")
    made = propose(site, by="system")
    proposal = PROPOSALS.rows(site)[made[-1]]
    assert proposal.ref == f"run:{run}"
    with pytest.raises(UsageError, match="has to score"):
        accept(site, made[-1], by="li")


def test_a_treatment_that_is_opened_again_is_undecided(site: Site) -> None:
    id_ = scored(site)
    treat(site, id_, Decision("reduce", controls=("restore.test",)), by="li")
    reopen = Proposal(risk=id_, change="reopen", why="unmoved", ref="month:2026-11")
    PROPOSALS.put(site, {"p-001": reopen}, by="system")
    accept(site, "p-001", by="li")
    assert risk_of(site, id_).treatment is None
