"""What incidents show, by journals, gates, notices, reviews and actions of a real site."""

from datetime import date, datetime, timedelta

import pytest

from baozhang.catalog.entries import RegisterBook
from baozhang.drills.records import Drills, digest_of
from baozhang.drills.records import Journal as Drill
from baozhang.governance.model import Period
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import FILE
from baozhang.incidents.notices import FACT
from baozhang.site import Site
from tasks.drill_actions import file_actions
from tasks.gates import ask as ask_gate
from tasks.notices import tick
from tasks.review import add_action, ask_signature, finish_action, say_it
from tests.drills.journals import entry, journal
from tests.flows.approving import Devices, Hand, a_plan
from tests.governance.evidence_office import (
    HOUR,
    answered,
    approve,
    ask,
    at_end,
    closed,
    letter,
    on,
    opened,
)


@pytest.fixture
def devices(office: Site, clock: Hand) -> Devices:
    clock.now = on(2)
    return Devices(office.home, clock, "wang", "li")


def kept(site: Site, clock: Hand, made: Drill) -> None:
    """Keep a drill's journal as a drill does, with its word in the audit log."""
    clock.now = made.end
    Drills(site.home / "state" / "drills").keep(made)
    site.audit.append(
        actor=made.id, action="drill.ended", subject=made.scenario, sha256=digest_of(made)
    )


def drilled(site: Site, clock: Hand, day: int, *acts: str, holds: bool = True) -> Drill:
    """Keep a drill in which so many acts were played, the last of them well or not."""
    made = journal(id_=f"d-202611{day:02d}-01", start=on(day))
    run = [entry(name, "incident", n) for n, name in enumerate(acts[:-1])]
    run.append(entry(acts[-1], "incident", len(acts), kind="probe", holds=holds))
    made = made.model_copy(update={"run": tuple(run)})
    kept(site, clock, made)
    return made


# --- events ---------------------------------------------------------------------------------------


def test_incidents_that_have_the_event_pass(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(5))
    closed(incident, clock)
    at_end(clock)
    found = answered(office, "incident", event="acknowledged")
    assert (found.result, found.effective) == ("pass", on(5) + HOUR)
    assert found.refs == (f"incident:{incident.id}",)


def test_one_that_ended_without_it_fails(office: Site, clock: Hand) -> None:
    closed(opened(office, clock, on(5)), clock)
    bad = opened(office, clock, on(6))
    closed(bad, clock, acknowledged=False)
    at_end(clock)
    found = answered(office, "incident", event="acknowledged")
    assert (found.result, found.facts["good"], found.facts["all"]) == ("fail", 1, 2)
    assert found.refs[0] == f"incident:{bad.id}"


def test_one_that_goes_on_does_not_speak_yet(office: Site, clock: Hand) -> None:
    opened(office, clock, on(5))
    at_end(clock)
    assert answered(office, "incident", event="acknowledged").result == "inconclusive"
    closed(opened(office, clock, on(20)), clock)  # the same open incident is the same one
    found = answered(office, "incident", event="opened")
    assert (found.result, found.facts["open"]) == ("pass", 0)


def test_steps_and_kept_values_are_asked_for_by_name(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(5))
    incident.journal.once("prove.c001.main.s-1", lambda _: {"books": 1}, actor="test")
    incident.keep("plan", a_plan(incident), actor="test")
    closed(incident, clock)
    at_end(clock)
    assert answered(office, "incident", event="step:prove").result == "pass"
    assert answered(office, "incident", event="kept:plan").result == "pass"
    assert answered(office, "incident", event="step:equal").result == "fail"
    assert answered(office, "incident", event="step:pro").result == "fail"
    assert answered(office, "incident", event="kept:scope").result == "fail"


def test_every_incident_has_its_own_letter(office: Site, clock: Hand) -> None:
    first = opened(office, clock, on(5))
    letter(office, "recovery", on(5), period=first.id)
    closed(first, clock)
    at_end(clock)
    found = answered(office, "incident", event="letter:recovery")
    assert (found.result, found.refs[1]) == ("pass", "letter:recovery/000001")
    assert answered(office, "incident", event="letter:recovery-legal").result == "fail"
    closed(opened(office, clock, on(6)), clock)
    at_end(clock)
    assert answered(office, "incident", event="letter:recovery").result == "fail"


def test_a_letter_of_after_the_period_does_not_count(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(29))
    closed(incident, clock)
    letter(office, "recovery", on(2, month=12), period=incident.id)
    at_end(clock)
    assert answered(office, "incident", event="letter:recovery").result == "fail"


def test_what_came_after_the_period_does_not_count(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(29))
    clock.now = on(2, month=12)
    closed(incident, clock)
    at_end(clock)
    assert answered(office, "incident", event="acknowledged").result == "inconclusive"


def test_incidents_of_other_months_and_drills_are_none(office: Site, clock: Hand) -> None:
    closed(opened(office, clock, on(5, month=10)), clock, acknowledged=False)
    closed(opened(office, clock, on(5), drill="lost-folder"), clock)
    at_end(clock)
    assert ask(office, "incident", event="acknowledged") is None


def test_a_damaged_journal_is_named_and_costs_no_other_test(office: Site, clock: Hand) -> None:
    closed(opened(office, clock, on(5)), clock)
    bad = opened(office, clock, on(6))
    (bad.folder / FILE).write_text("{\n")
    at_end(clock)
    found = answered(office, "incident", event="acknowledged")
    assert (found.result, found.facts["incidents"]) == ("inconclusive", bad.id)
    assert answered(office, "actions").result == "inconclusive"
    assert answered(office, "reviews", within=60).result == "inconclusive"
    bad.folder.rename(bad.folder.with_name("i-20261005-01"))
    assert answered(office, "incident", event="acknowledged").result == "pass"


def test_a_contrary_incident_fails_beside_a_damaged_one(office: Site, clock: Hand) -> None:
    closed(opened(office, clock, on(5)), clock, acknowledged=False)
    bad = opened(office, clock, on(6))
    (bad.folder / FILE).write_text("{\n")
    at_end(clock)
    assert answered(office, "incident", event="acknowledged").result == "fail"


def test_without_an_incident_the_newest_drill_that_played_it_speaks(
    office: Site, clock: Hand
) -> None:
    drilled(office, clock, 3, "open-incident", "acknowledged", holds=False)
    made = drilled(office, clock, 4, "open-incident", "acknowledged")
    drilled(office, clock, 5, "backup")
    at_end(clock)
    found = answered(office, "incident", event="acknowledged")
    assert (found.result, found.refs) == ("pass", (f"drill:{made.id}",))
    drilled(office, clock, 6, "acknowledged", holds=False)
    at_end(clock)
    assert answered(office, "incident", event="acknowledged").result == "fail"


def test_a_drill_speaks_of_nothing_it_did_not_play(office: Site, clock: Hand) -> None:
    drilled(office, clock, 3, "open-incident", "acknowledged")
    at_end(clock)
    assert ask(office, "incident", event="step:prove") is None
    assert ask(office, "incident", event="no.such.event") is None


def test_a_walk_that_waits_has_not_come_to_its_end(office: Site, clock: Hand) -> None:
    made = journal(id_="d-20261103-01", start=on(3))
    waits = entry("walk", "incident", 1).model_copy(update={"output": {"waits": "plan"}})
    kept(office, clock, made.model_copy(update={"run": (waits,)}))
    at_end(clock)
    assert answered(office, "incident", event="step:prove").result == "fail"
    over = entry("walk", "incident", 2).model_copy(update={"output": {"waits": ""}})
    kept(office, clock, made.model_copy(update={"run": (waits, over)}))
    at_end(clock)
    assert answered(office, "incident", event="step:prove").result == "pass"


def test_an_incident_in_the_period_silences_the_drills(office: Site, clock: Hand) -> None:
    drilled(office, clock, 3, "acknowledged")
    closed(opened(office, clock, on(6)), clock, acknowledged=False)
    at_end(clock)
    assert answered(office, "incident", event="acknowledged").result == "fail"


# --- gates ----------------------------------------------------------------------------------------


def test_a_gate_that_was_opened_with_codes_passes(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    clock.now += HOUR
    approve(office, incident, "plan", devices, "wang")
    at_end(clock)
    found = answered(office, "incident-signed", gate="plan")
    assert (found.result, found.effective) == ("pass", on(5) + HOUR)
    assert found.refs[1].startswith("audit:")


def test_a_gate_that_nobody_opened_fails_once_the_incident_is_over(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    assert answered(office, "incident-signed", gate="plan").result == "inconclusive"
    closed(incident, clock)
    at_end(clock)
    assert answered(office, "incident-signed", gate="plan").result == "fail"


def test_a_newer_plan_that_nobody_approved_is_not_signed(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    approve(office, incident, "plan", devices, "wang")
    ask_gate(office, incident, "plan", a_plan(incident, number=2), asked_by="run")
    closed(incident, clock)
    at_end(clock)
    assert answered(office, "incident-signed", gate="plan").result == "fail"


def test_an_approval_without_a_code_that_counted_fails(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    request = ask_gate(office, incident, "plan", a_plan(incident), asked_by="run")
    facts = {"gate": "plan", "digest": request.digest, "person": "wang", "word": "approve"}
    incident.journal.append("approval", actor="wang", **facts)
    at_end(clock)
    assert answered(office, "incident-signed", gate="plan").result == "fail"


def test_a_gate_is_drilled_where_there_was_no_incident(office: Site, clock: Hand) -> None:
    at_end(clock)
    assert ask(office, "incident-signed", gate="plan") is None
    made = journal(id_="d-20261103-01", start=on(3))
    for state, result in (("waiting", "fail"), ("approved", "pass")):
        act = entry("decide-plan", "gate", 1).model_copy(update={"output": {"state": state}})
        kept(office, clock, made.model_copy(update={"run": (act,)}))
        at_end(clock)
        assert answered(office, "incident-signed", gate="plan").result == result
    assert ask(office, "incident-signed", gate="cut-over") is None


# --- notices --------------------------------------------------------------------------------------


def told(incident: Incident, clock: Hand, at: datetime) -> None:
    """Note that a person told the client by telephone."""
    clock.now = at
    facts = {"notice": "clients", "number": 1, "client": "c001", "means": "telephone"}
    incident.journal.append(
        "notice.receipt", actor="zhang", at=at.isoformat(), receipt="called", **facts
    )


@pytest.fixture
def facts(office: Site, clock: Hand) -> Incident:
    """An incident of which everything is known that the law asks for, with its notices drafted."""
    incident = opened(office, clock, on(5))
    no = ("personal_data", "critical_infrastructure", "central_organ", "harm_to_others")
    no += ("harm_avoided", "suspected_crime", "paper_invoices_lost")
    for name in no:
        incident.journal.append(FACT, actor="zhang", name=name, value=False)
    for name, value in (("persons", 0), ("loss_fen", 0), ("role", "entrusted")):
        incident.journal.append(FACT, actor="zhang", name=name, value=value)
    incident.journal.append(FACT, actor="zhang", name="reviewed_grade", value="below")
    tick(office, incident, actor="test")
    return incident


def test_notices_that_were_given_in_time_pass(office: Site, clock: Hand, facts: Incident) -> None:
    told(facts, clock, on(5) + timedelta(minutes=30))
    at_end(clock)
    found = answered(office, "notices")
    assert (found.result, found.facts["late"]) == ("pass", "")


def test_a_notice_that_nobody_got_fails(office: Site, clock: Hand, facts: Incident) -> None:
    at_end(clock)
    found = answered(office, "notices")
    assert (found.result, found.facts["late"]) == ("fail", f"{facts.id}/clients")


def test_a_notice_that_was_late_fails(office: Site, clock: Hand, facts: Incident) -> None:
    told(facts, clock, on(20))
    at_end(clock)
    assert answered(office, "notices").result == "fail"


def test_a_fact_that_nobody_stated_leaves_it_open(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(5))
    tick(office, incident, actor="test")
    told(incident, clock, on(5) + timedelta(minutes=30))
    at_end(clock)
    found = answered(office, "notices")
    assert (found.result, found.facts["incidents"]) == ("inconclusive", incident.id)


def test_notices_of_a_damaged_incident_could_not_be_judged(
    office: Site, clock: Hand, facts: Incident
) -> None:
    told(facts, clock, on(5) + timedelta(minutes=30))
    bad = opened(office, clock, on(6), client="c002")
    (bad.folder / FILE).write_text("{\n")
    at_end(clock)
    assert answered(office, "notices").result == "inconclusive"


def test_drilled_notices_speak_where_there_was_no_incident(office: Site, clock: Hand) -> None:
    at_end(clock)
    assert ask(office, "notices") is None
    made = journal(id_="d-20261103-01", start=on(3))
    measure = made.score.measures[0].model_copy(
        update={"name": "notices", "target": 2, "measured": 2}
    )
    score = made.score.model_copy(update={"measures": (measure,)})
    kept(office, clock, made.model_copy(update={"score": score}))
    at_end(clock)
    assert answered(office, "notices").result == "pass"


# --- reviews and actions --------------------------------------------------------------------------


def reviewed(site: Site, clock: Hand, devices: Devices, incident: Incident, at: datetime) -> None:
    clock.now = at
    say_it(site, incident, "root", "a cause", by="zhang")
    ask_signature(site, incident, asked_by="zhang")
    approve(site, incident, "review", devices, "wang")


def test_a_review_that_was_signed_in_time_passes(
    office: Site, clock: Hand, devices: Devices
) -> None:
    incident = opened(office, clock, on(5))
    closed(incident, clock)
    reviewed(office, clock, devices, incident, on(8))
    at_end(clock)
    found = answered(office, "reviews", within=7)
    assert (found.result, found.effective) == ("pass", on(8))
    assert answered(office, "reviews", within=2).result == "fail"


def test_a_review_that_is_missing_fails_once_its_days_are_over(office: Site, clock: Hand) -> None:
    closed(opened(office, clock, on(5)), clock)
    at_end(clock)
    assert answered(office, "reviews", within=7).result == "fail"
    assert ask(office, "reviews", within=60) is None


def surveyed(site: Site, at: datetime, incident: str) -> None:
    RegisterBook(site.catalog).put("waves", "w-1", {"incident": incident}, by="wang", at=at)


@pytest.mark.parametrize(("day", "result"), [(12, "pass"), (13, "fail")])
def test_clients_are_surveyed_in_the_days_after_the_end(
    office: Site, clock: Hand, day: int, result: str
) -> None:
    incident = opened(office, clock, on(5))
    closed(incident, clock)
    surveyed(office, on(day), incident.id)
    at_end(clock)
    found = answered(office, "asked-after", within=7)
    assert (found.result, found.effective) == (result, on(day))
    assert "entry:waves/w-1/1" in found.refs


def test_clients_that_nobody_surveyed_speak_once_the_days_are_over(
    office: Site, clock: Hand
) -> None:
    incident = opened(office, clock, on(5))
    closed(incident, clock)
    surveyed(office, on(6), "i-20261001-01")
    clock.now = on(12, 15)
    assert ask(office, "asked-after", within=7) is None
    clock.now = on(12, 16)
    assert answered(office, "asked-after", within=7).result == "fail"


def test_without_an_incident_nothing_is_said_of_reviews(office: Site, clock: Hand) -> None:
    at_end(clock)
    assert ask(office, "reviews", within=7) is None
    assert ask(office, "actions") is None


def test_actions_pass_while_none_is_past_its_day(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(5))
    add_action(office, incident, owner="zhang", due=date(2026, 11, 20), text="do", by="zhang")
    clock.now = on(20)
    assert answered(office, "actions").result == "pass"
    clock.now = on(21)
    found = answered(office, "actions")
    assert (found.result, found.refs) == ("fail", (f"incident:{incident.id}",))
    finish_action(office, incident, 1, by="zhang")
    found = answered(office, "actions")
    assert (found.result, found.facts["done"]) == ("pass", 1)


def test_an_action_that_was_done_after_the_period_was_open_in_it(office: Site, clock: Hand) -> None:
    incident = opened(office, clock, on(5))
    add_action(office, incident, owner="zhang", due=date(2026, 11, 20), text="do", by="zhang")
    at_end(clock)
    finish_action(office, incident, 1, by="zhang")
    assert answered(office, "actions").result == "fail"


def test_what_a_drill_asked_for_counts_as_well(office: Site, clock: Hand) -> None:
    clock.now = on(5)
    made = journal(id_="d-20261105-01", start=on(5), passed=False)
    kept(office, clock, made)
    file_actions(office, made)
    at_end(clock)
    assert answered(office, "actions").result == "pass"
    clock.now = on(8, month=12)
    december = Period(date(2026, 12, 1), date(2026, 12, 31))
    found = answered(office, "actions", december)
    assert (found.result, found.refs) == ("fail", ("drill:d-20261105-01",))
