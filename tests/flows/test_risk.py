"""The risk register and its review on a real site: proposed, scored, treated, signed, written."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.audit.letters import records_of
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import Copy, Duty, KnownSnapshot, Outcome, Status
from baozhang.clock import business_day
from baozhang.drills.records import Drills
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.governance.offices import CONTRACTS, Contract
from baozhang.governance.risk.loss import annual_loss
from baozhang.governance.risk.model import PROPOSALS, READINGS, RISKS, Proposal
from baozhang.governance.risk.review import digest_of
from baozhang.governance.risk.standard import library
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Kind
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.backup import copy_to_mirrors
from tasks.gate import gate
from tasks.review import add_action
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
    Drawn,
    draft,
    draw_up,
    kept,
    measure,
    newest,
    propose,
    publish,
    reviewed,
    series_of,
    sign_review,
)
from tasks.risk_signals import SIGNALS, Look, Signal, signals
from tasks.signing import Word
from tests.drills.journals import journal
from tests.flows.approving import Devices, Hand, four_people
from tests.flows.walking import night

LOSS = "20000,80000,600000"


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    four_people(home)
    with open_site(home, clock=clock) as opened:
        yield opened


def signal(site: Site, name: str) -> Signal:
    return SIGNALS[name](Look(site))


def opened(site: Site, name: str = "ransomware") -> str:
    """Take a risk of the library up; return its id."""
    start(site, by="zhang")
    id_ = next(id_ for id_, each in RISKS.rows(site).items() if each.library == name)
    accept(site, id_, by="li")
    return id_


def scored(site: Site, name: str = "ransomware") -> str:
    id_ = opened(site, name)
    score(site, id_, Scores((4, 4), (2, 3), "0.1,0.3,1", LOSS), by="zhang")
    return id_


# --- the register ---------------------------------------------------------------------------------


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


# --- signals --------------------------------------------------------------------------------------


def test_an_untouched_site_measures_nothing(site: Site) -> None:
    assert {each.value for each in signals(site).values()} == {None}


@pytest.fixture
def tonight(home: Path) -> Iterator[Site]:
    """The site after a whole real night, by the real clock: backed up, and copied to its mirror."""
    four_people(home)
    run = night("c001", "c002")
    assert copy_to_mirrors.fn(run) == ()
    with open_site(home) as opened_site:
        yield opened_site


def test_a_good_night_has_no_failures_and_two_copies(tonight: Site) -> None:
    names = ("failed-nights", "unprotected-sets", "single-copy", "vendor-troubles")
    assert {name: signal(tonight, name).value for name in names} == dict.fromkeys(names, Decimal(0))


def test_a_good_night_proves_no_restore(tonight: Site) -> None:
    assert signal(tonight, "failed-proofs").value is None
    assert signal(tonight, "restore-time").value is None


def test_a_mirror_that_is_behind_is_no_second_copy(tonight: Site, home: Path) -> None:
    night("c001")
    found = signal(tonight, "single-copy")
    assert (found.value, found.refs) == (2, ("set:c001/main", "set:c002/main"))


def test_a_vault_without_a_mirror_is_one_copy(home: Path) -> None:
    four_people(home)
    text = (home / "agency.yaml").read_text("utf-8")
    (home / "agency.yaml").write_text(text.replace(", mirrors: [mirror]", ""), "utf-8")
    night("c001")
    with open_site(home) as opened_site:
        assert signal(opened_site, "single-copy").refs == ("set:c001/main",)
        assert signal(opened_site, "vendor-troubles").value is None


def outcome(
    site: Site,
    duty: Duty,
    status: Status = "failed",
    *,
    client: str = "c001",
    set_: str = "main",
    hours: float = 0,
    **figures: int,
) -> str:
    """Record an outcome that began so many hours ago; return its run."""
    started = site.clock() - timedelta(hours=hours)
    run = f"{duty}-{client}-{set_}-{started:%Y%m%d%H%M}"
    site.catalog.append(
        Outcome(run, duty, client, set_, status, started, started + timedelta(minutes=30),
                figures=tuple(figures.items()))
    )  # fmt: skip
    return run


def test_a_failed_proof_is_counted_and_named(site: Site) -> None:
    run = outcome(site, "restore_test")
    outcome(site, "validation", "ok", client="c002")
    found = signal(site, "failed-proofs")
    assert (found.value, found.refs) == (1, (f"run:{run}",))


def test_a_failed_proof_of_long_ago_is_not_counted(site: Site) -> None:
    outcome(site, "restore_test", hours=32 * 24)
    assert signal(site, "failed-proofs").value is None


def test_a_mirror_in_trouble_is_counted_by_night(site: Site) -> None:
    outcome(site, "backup", "ok")
    outcome(site, "backup", "partial", client="_agency", set_="main-mirror-1")
    assert signal(site, "vendor-troubles").value == 1


def test_the_agencys_own_outcomes_are_no_nights_of_clients(site: Site) -> None:
    outcome(site, "backup", "failed", client="_agency", set_="main-mirror-1")
    assert signal(site, "failed-nights").value is None


def test_the_length_of_nights_is_their_median(site: Site) -> None:
    outcome(site, "backup", "ok")
    outcome(site, "backup", "ok", hours=24)
    assert signal(site, "night-length").value == 30


def test_the_slowest_restore_is_held_against_its_objective(site: Site) -> None:
    outcome(site, "restore_test", "ok", seconds_ms=2 * 3_600_000)  # of 4 hours
    outcome(site, "restore_test", "ok", client="c002", seconds_ms=1000)
    assert signal(site, "restore-time").value == 50


def point(site: Site, sequence: int, added: int, *, days: float) -> None:
    at = site.clock() - timedelta(days=days)
    site.catalog.record_snapshot(
        KnownSnapshot(f"main-{sequence}", "c001", "main", sequence, at, 1, added, added, False, ())
    )


def test_growth_is_what_a_month_added_to_what_was_there(site: Site) -> None:
    point(site, 1, 1000, days=40)
    point(site, 2, 250, days=3)
    assert signal(site, "growth").value == 25


def test_a_first_month_has_no_growth(site: Site) -> None:
    point(site, 1, 1000, days=3)
    assert signal(site, "growth").value is None


def test_a_set_that_was_never_restored_is_overdue_after_its_span(site: Site) -> None:
    point(site, 1, 1000, days=91)
    assert signal(site, "overdue-restores").value == 1
    outcome(site, "restore_test", "ok")
    assert signal(site, "overdue-restores").value == 0


def test_a_set_without_a_good_backup_for_two_nights_is_unprotected(site: Site) -> None:
    point(site, 1, 1000, days=3)
    outcome(site, "backup", "ok", hours=50)
    outcome(site, "backup", "ok", client="c002", hours=40)
    assert signal(site, "unprotected-sets").refs == ("set:c001/main",)


def test_people_with_devices_can_approve(site: Site, clock: Hand) -> None:
    Devices(site.home, clock, "wang", "li")
    assert signal(site, "approvers").value == 2


def drilled(site: Site, number: int, *people: str, passed: bool = True, days: float = 1) -> None:
    drills = Drills(site.home / "state" / "drills")
    id_ = drills.reserve(site.clock())
    start_ = site.clock() - timedelta(days=days)
    drills.keep(journal(id_=id_, start=start_, passed=passed).model_copy(update={"people": people}))


def test_only_whoever_passed_alone_can_restore_alone(site: Site) -> None:
    drilled(site, 1, "zhang", "li")
    assert signal(site, "restorers").value == 0
    drilled(site, 2, "zhang")
    assert signal(site, "restorers").value == 1


@pytest.mark.parametrize("said", [{"passed": False}, {"days": 400.0}])
def test_a_drill_that_was_failed_or_is_too_old_shows_nobody(
    site: Site, said: dict[str, float]
) -> None:
    drilled(site, 1, "zhang", **said)  # type: ignore[arg-type]
    assert signal(site, "restorers").value is None


def test_whoever_left_restores_nothing(site: Site) -> None:
    drilled(site, 1, "chen")
    assert signal(site, "restorers").value == 0


def test_a_scenario_that_was_passed_lately_is_ready(site: Site) -> None:
    drilled(site, 1, "zhang")
    assert signal(site, "ready-scenarios").value == Decimal("7.7")  # 1 of 13


def struck(site: Site, kind: Kind = "ransomware", *, drill: str = "") -> Incident:
    made, _ = incidents_of(site).open(
        kind, [("c001", "main")], noticed_by="zhang", discovered=site.clock(), drill=drill
    )
    made.journal.append("closed", actor="test")
    return made


def test_incidents_are_counted_and_drills_are_not(site: Site) -> None:
    struck(site, drill="lost-folder")
    assert signal(site, "incidents").value is None
    made = struck(site)
    assert signal(site, "incidents") == Signal(Decimal(1), (f"incident:{made.id}",))


def test_a_kind_that_came_again_is_a_repeated_cause(site: Site) -> None:
    struck(site)
    struck(site, "lost")
    assert signal(site, "repeated-causes").value == 0
    struck(site)
    assert signal(site, "repeated-causes").value == 1


def test_an_action_is_overdue_after_its_day(site: Site, clock: Hand) -> None:
    day = business_day(site.clock())
    add_action(site, struck(site), owner="zhang", due=day, text="x", by="zhang")
    assert signal(site, "overdue-actions").value == 0
    clock.move(days=1)
    assert signal(site, "overdue-actions").value == 1


def test_a_copy_past_its_day_is_overdue(site: Site, clock: Hand) -> None:
    now = site.clock()
    due = now + timedelta(days=1)
    copy = Copy("c-1", "c001", "main", "main-1", "test", "zhang", now, due, "0" * 64)
    CustodyBook(site.catalog).add(copy)
    assert signal(site, "overdue-custody").value == 0
    clock.move(days=2)
    assert signal(site, "overdue-custody").refs == ("copy:c-1",)


# --- proposals ------------------------------------------------------------------------------------


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


# --- the review -----------------------------------------------------------------------------------


def test_measuring_twice_the_same_leaves_one_reading(site: Site) -> None:
    measure(site, by="system")
    measure(site, by="system")
    assert len(READINGS.history(site, "growth")) == 1


def test_a_series_has_the_last_reading_of_each_month(site: Site, clock: Hand) -> None:
    outcome(site, "restore_test")
    measure(site, by="system")
    outcome(site, "restore_test", client="c002")
    measure(site, by="system")
    clock.move(days=20)
    measure(site, by="system")
    assert [each.value for each in series_of(site)["failed-proofs"]] == [2, 2]


def test_the_yearly_loss_is_that_of_the_review(site: Site) -> None:
    scored(site)
    assert annual_loss(site) == reviewed(site).loss
    assert annual_loss(site, seed=1) != reviewed(site).loss


def test_estimates_that_contradict_the_score_are_told(site: Site) -> None:
    scored(site)
    assert reviewed(site).risks[0].estimate_grades == (3, 3)


def test_the_next_review_tells_what_happened_since(site: Site, clock: Hand) -> None:
    draw_up(site)
    clock.move(days=10)
    made = struck(site)
    run = outcome(site, "restore_test")
    told = reviewed(site)
    assert told.before == "2026-11"
    assert {each.ref for each in told.since} == {f"incident:{made.id}", f"run:{run}"}


def test_the_next_review_tells_the_level_before(site: Site, clock: Hand) -> None:
    id_ = scored(site)
    draw_up(site)
    clock.move(days=10)
    score(site, id_, Scores(residual=(5, 5)), by="zhang")
    (told,) = reviewed(site).risks
    assert (told.level_before, told.level) == ("medium", "extreme")


def test_a_run_that_was_suspended_finds_what_it_drew_up(site: Site, clock: Hand) -> None:
    first = draw_up(site, run="run-1")
    clock.move(hours=5)
    assert draw_up(site, run="run-1") == first
    assert draw_up(site, run="run-2") != first


def test_a_review_that_was_changed_by_hand_is_found_out(site: Site) -> None:
    drawn = draw_up(site)
    file = site.home / "state" / "risk" / drawn.period / f"{drawn.digest}.json"
    file.write_text(file.read_text().replace('"sample":false', '"sample":true'))
    with pytest.raises(CorruptObjectError, match="2026-11"):
        kept(site, drawn)


def test_reviews_are_for_the_agencys_eyes(site: Site) -> None:
    drawn = draw_up(site)
    assert (site.home / "state" / "risk" / drawn.period).stat().st_mode & 0o77 == 0


def test_no_letter_goes_out_unsigned(site: Site) -> None:
    with pytest.raises(UsageError, match="not signed"):
        publish(site, draw_up(site), actor="test")


def signed_review(site: Site, clock: Hand, word: Word = "sign") -> Drawn:
    scored(site)
    drawn = draw_up(site)
    sign_review(
        site, drawn, person="li", code=Devices(site.home, clock, "li").code("li"), word=word
    )
    return drawn


def test_a_signed_review_is_written_once(site: Site, clock: Hand) -> None:
    drawn = signed_review(site, clock)
    written = publish(site, drawn, actor="li")
    assert written is not None
    assert written.filed.fingerprint == drawn.digest == digest_of(kept(site, drawn))
    assert publish(site, drawn, actor="li") is None


def test_a_refused_review_is_not_written(site: Site, clock: Hand) -> None:
    drawn = signed_review(site, clock, "refuse")
    with pytest.raises(UsageError, match="not signed"):
        publish(site, drawn, actor="li")


def test_a_signature_is_for_one_review_alone(site: Site, clock: Hand) -> None:
    signed_review(site, clock)
    clock.move(minutes=1)
    again = draw_up(site)
    assert again == newest(site, "2026-11")
    with pytest.raises(UsageError, match="not signed"):
        publish(site, again, actor="li")


def test_an_accountant_does_not_sign_for_the_agency(site: Site, clock: Hand) -> None:
    code = Devices(site.home, clock, "zhao").code("zhao")
    with pytest.raises(UsageError, match="may not sign"):
        sign_review(site, draw_up(site), person="zhao", code=code)


def test_names_of_clients_in_a_title_are_covered_in_the_letter(site: Site, clock: Hand) -> None:
    id_ = scored(site)
    own = risk_of(site, id_).model_copy(update={"title": "示例商贸有限公司的硬盘老化"})
    RISKS.put(site, {id_: own}, by="zhang")
    letter = draft(site, draw_up(site), (), actor="test").render(
        number=1, language="zh_CN", gate=gate(site), pdf=False
    )
    assert "硬盘老化" in letter.text
    assert "示例商贸有限公司" not in letter.text


def test_the_audit_log_knows_every_change(site: Site) -> None:
    id_ = scored(site)
    changes = records_of(site.home / "state" / "audit", "register.changed")
    subjects = [each.entry.subject for each in changes]
    assert subjects.count(f"risks/{id_}") == 3
