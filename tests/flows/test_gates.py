"""Gates on a real site: this very thing, the right people, one code each, in time."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.incidents.approvals import Standing, digest_of
from baozhang.incidents.incidents import Incident
from baozhang.keys.codes import NotEnrolledError, TooManyCodesError, WrongCodeError
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gates import GATES, ask, decide, request_of, rule_of, run_of, standing_of, waits
from tasks.people import seal
from tests.flows.approving import Devices, Hand, a_plan, back, four_people, opened

Say = Callable[..., Standing]


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    four_people(home)
    with open_site(home, clock=clock) as each:
        yield each


@pytest.fixture
def devices(site: Site, clock: Hand) -> Devices:
    return Devices(site.home, clock, "zhang", "wang", "li", "zhao")


@pytest.fixture
def incident(site: Site) -> Incident:
    return opened(site)


@pytest.fixture
def say(site: Site, incident: Incident, devices: Devices) -> Say:
    """Somebody says a word on a gate, on what it asks for now unless told otherwise."""

    def said(
        person: str,
        gate: str = "plan",
        word: str = "approve",
        at: datetime | None = None,
        **told: str,
    ) -> Standing:
        request = request_of(incident, gate)
        digest = told.get("digest") or (request.digest if request else "")
        code = told.get("code") or devices.code(person)
        return decide(
            site,
            incident,
            gate,
            person=person,
            code=code,
            word="refuse" if word == "refuse" else "approve",
            digest=digest,
            reason=told.get("reason", ""),
            at=at,
        )

    return said


def state(site: Site, incident: Incident, gate: str = "plan") -> str:
    found = standing_of(site, incident, gate)
    return found.state if found else "not asked"


def kinds(incident: Incident) -> list[str]:
    return [event.kind for event in incident.journal.events()]


# --- asking ---------------------------------------------------------------------------------------


def test_a_gate_that_nobody_asked_for_has_no_standing(site: Site, incident: Incident) -> None:
    assert standing_of(site, incident, "plan") is None


def test_a_request_says_what_who_and_until_when(site: Site, incident: Incident) -> None:
    plan = a_plan(incident)
    request = ask(site, incident, "plan", plan, asked_by="system")
    assert request.digest == digest_of(plan.model_dump(mode="json"))
    assert (request.roles, request.people) == (("approver", "manager"), 1)
    assert request.expires - request.at == GATES["plan"].within


def test_asking_for_the_same_again_is_asking_once(site: Site, incident: Incident) -> None:
    first = ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert ask(site, incident, "plan", a_plan(incident), asked_by="system") == first
    assert kinds(incident).count("gate.asked") == 1


def test_what_is_approved_is_not_asked_again(site: Site, incident: Incident, say: Say) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    say("li")
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert state(site, incident) == "approved"


def test_a_run_that_takes_over_is_the_one_that_waits(site: Site, incident: Incident) -> None:
    first = ask(site, incident, "plan", a_plan(incident), asked_by="system", run="run-1")
    assert ask(site, incident, "plan", a_plan(incident), asked_by="system", run="run-2") == first
    assert run_of(incident, "plan") == "run-2"


def test_the_run_that_waits_is_noted_once(incident: Incident) -> None:
    for _ in range(2):
        waits(incident, "steps", "run-1")
    assert kinds(incident).count("gate.waits") == 1


# --- deciding -------------------------------------------------------------------------------------


def test_one_who_may_opens_the_gate_of_the_plan(site: Site, incident: Incident, say: Say) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert say("li") == Standing("approved", ("li",), 0)


def test_two_different_people_open_the_gate_of_the_cut_over(
    site: Site, incident: Incident, say: Say
) -> None:
    ask(site, incident, "cut-over", back(incident), asked_by="system")
    assert say("li", "cut-over") == Standing("waiting", ("li",), 1)
    assert say("wang", "cut-over") == Standing("approved", ("li", "wang"), 0)


def test_the_same_person_twice_is_refused_and_keeps_the_code(
    site: Site, incident: Incident, say: Say, devices: Devices, clock: Hand
) -> None:
    ask(site, incident, "cut-over", back(incident), asked_by="system")
    say("li", "cut-over")
    clock.move(minutes=1)
    code = devices.code("li")
    with pytest.raises(UsageError, match="has approved this already"):
        say("li", "cut-over", code=code)
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert say("li", code=code).state == "approved"


def test_who_asked_for_the_cut_over_cannot_approve_it(
    site: Site, incident: Incident, say: Say
) -> None:
    ask(site, incident, "cut-over", back(incident), asked_by="zhang")
    with pytest.raises(UsageError, match="asked for this"):
        say("zhang", "cut-over")


def test_who_has_none_of_the_roles_may_not_approve(
    site: Site, incident: Incident, say: Say
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    with pytest.raises(UsageError, match="may not approve"):
        say("zhao")


def test_nobody_of_the_agency_may_approve(site: Site, incident: Incident, say: Say) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    with pytest.raises(UsageError, match="is nobody of this agency"):
        say("stranger", code="123456")


def test_a_gate_that_was_not_asked_for_is_not_decided(say: Say) -> None:
    with pytest.raises(UsageError, match="nobody has asked"):
        say("li")


def test_what_is_no_gate_is_not_decided(say: Say) -> None:
    with pytest.raises(UsageError, match="nobody has asked"):
        say("li", "no-gate")


def test_a_refusal_closes_the_gate_and_keeps_its_reason(
    site: Site, incident: Incident, say: Say
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert say("li", word="refuse", reason="older point\nplease").state == "refused"
    (event,) = [each for each in incident.journal.events() if each.kind == "refusal"]
    assert (event.actor, event.facts["reason"]) == ("li", "older point please")


def test_a_word_is_kept_with_what_it_was_said_on(site: Site, incident: Incident, say: Say) -> None:
    request = ask(site, incident, "plan", a_plan(incident), asked_by="system")
    say("li")
    (event,) = [each for each in incident.journal.events() if each.kind == "approval"]
    assert event.facts == {
        "gate": "plan",
        "digest": request.digest,
        "person": "li",
        "word": "approve",
        "means": "code",
    }


def test_the_audit_log_knows_what_a_code_was_counted_for(
    site: Site, incident: Incident, say: Say
) -> None:
    request = ask(site, incident, "plan", a_plan(incident), asked_by="system")
    say("li")
    wanted = f"{incident.id} plan {request.digest[:12]}"
    logs = sorted((site.home / "state" / "audit").glob("*.jsonl"))
    assert wanted in "".join(each.read_text("utf-8") for each in logs)


# --- codes ----------------------------------------------------------------------------------------


def test_a_wrong_code_decides_nothing(
    site: Site, incident: Incident, say: Say, devices: Devices
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    with pytest.raises(WrongCodeError):
        say("li", code=devices.wrong("li"))
    assert state(site, incident) == "waiting"


def test_the_code_of_another_person_decides_nothing(
    site: Site, incident: Incident, say: Say, devices: Devices
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    with pytest.raises(WrongCodeError):
        say("li", code=devices.code("wang"))


def test_a_code_counts_for_one_gate_alone(
    site: Site, incident: Incident, say: Say, devices: Devices
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    ask(site, incident, "cut-over", back(incident), asked_by="system")
    code = devices.code("li")
    say("li", code=code)
    with pytest.raises(WrongCodeError):
        say("li", "cut-over", code=code)


def test_after_five_wrong_codes_within_an_hour_the_right_one_does_not_count(
    site: Site, incident: Incident, say: Say, devices: Devices, clock: Hand
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    for _ in range(5):
        clock.move(minutes=4)  # the device's own limit is of a quarter of an hour
        with pytest.raises(WrongCodeError):
            say("li", code=devices.wrong("li"))
    clock.move(minutes=10)
    with pytest.raises(TooManyCodesError, match="i-20261122-01"):
        say("li")
    assert say("wang").state == "approved"


def test_an_hour_after_the_wrong_codes_the_right_one_counts(
    site: Site, incident: Incident, say: Say, devices: Devices, clock: Hand
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            say("li", code=devices.wrong("li"))
    clock.move(hours=1)
    assert say("li").state == "approved"


@pytest.mark.parametrize(("minutes", "counts"), [(14, True), (17, False)])
def test_a_code_is_looked_at_as_of_when_it_was_typed(
    site: Site,
    incident: Incident,
    say: Say,
    devices: Devices,
    clock: Hand,
    minutes: int,
    counts: bool,
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    typed, code = clock(), devices.code("li")
    clock.move(minutes=minutes)
    with nullcontext() if counts else pytest.raises(WrongCodeError):
        say("li", code=code, at=typed)
    assert state(site, incident) == ("approved" if counts else "waiting")


def test_no_code_stands_in_the_journal(
    site: Site, incident: Incident, say: Say, devices: Devices
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    wrong, right = devices.wrong("li"), devices.code("li")
    with pytest.raises(WrongCodeError):
        say("li", code=wrong)
    say("li", code=right)
    facts = [value for event in incident.journal.events() for value in event.facts.values()]
    assert not {wrong, right} & set(facts)


def test_who_has_no_device_is_told_so(site: Site, clock: Hand, incident: Incident) -> None:
    request = ask(site, incident, "plan", a_plan(incident), asked_by="system")
    with pytest.raises(NotEnrolledError):
        decide(
            site,
            incident,
            "plan",
            person="li",
            code="123456",
            word="approve",
            digest=request.digest,
        )


def test_the_sealed_code_counts_and_is_told_apart(site: Site, incident: Incident, say: Say) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert say("li", code=seal(site, "li")).state == "approved"
    (event,) = [each for each in incident.journal.events() if each.kind == "approval"]
    assert event.facts["means"] == "seal"


# --- older plans, time, asking anew ---------------------------------------------------------------


def test_approving_an_older_plan_is_refused_and_keeps_the_code(
    site: Site, incident: Incident, say: Say, devices: Devices
) -> None:
    older = ask(site, incident, "plan", a_plan(incident), asked_by="system")
    ask(site, incident, "plan", a_plan(incident, number=2), asked_by="system")
    code = devices.code("li")
    with pytest.raises(UsageError, match="is not what is to be approved now"):
        say("li", code=code, digest=older.digest)
    assert say("li", code=code).state == "approved"


def test_a_new_plan_makes_the_approval_of_the_older_one_void(
    site: Site, incident: Incident, say: Say
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    say("li")
    ask(site, incident, "plan", a_plan(incident, snapshot="s-0"), asked_by="system")
    assert state(site, incident) == "waiting"


def test_going_back_to_an_older_plan_asks_for_it_anew(
    site: Site, incident: Incident, say: Say, clock: Hand
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    say("li")
    clock.move(minutes=1)
    ask(site, incident, "plan", a_plan(incident, snapshot="s-0"), asked_by="system")
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    assert state(site, incident) == "waiting"


def test_a_gate_runs_out_of_time(site: Site, incident: Incident, say: Say, clock: Hand) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    clock.move(hours=12)
    assert state(site, incident) == "expired"
    with pytest.raises(UsageError, match="is over"):
        say("li")


def test_one_of_two_words_alone_does_not_outlive_the_time(
    site: Site, incident: Incident, say: Say, clock: Hand
) -> None:
    ask(site, incident, "cut-over", back(incident), asked_by="system")
    say("li", "cut-over")
    clock.move(hours=24)
    ask(site, incident, "cut-over", back(incident), asked_by="system")
    assert standing_of(site, incident, "cut-over") == Standing("waiting", (), 2)


@pytest.mark.parametrize("ending", ["refused", "expired"])
def test_a_closed_gate_is_asked_anew_by_who_goes_on(
    site: Site, incident: Incident, say: Say, clock: Hand, ending: str
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system", run="run-1")
    if ending == "refused":
        say("li", word="refuse")
    clock.move(hours=13)
    assert state(site, incident) == ending
    ask(site, incident, "plan", a_plan(incident), asked_by="zhang")
    assert state(site, incident) == "waiting"
    assert say("wang").state == "approved"


def test_a_closed_gate_stays_closed_for_the_run_that_asked(
    site: Site, incident: Incident, say: Say
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system", run="run-1")
    say("li", word="refuse")
    ask(site, incident, "plan", a_plan(incident), asked_by="system", run="run-1")
    assert state(site, incident) == "refused"


def test_an_approval_counts_after_the_time_it_was_asked_for(
    site: Site, incident: Incident, say: Say, clock: Hand
) -> None:
    ask(site, incident, "plan", a_plan(incident), asked_by="system")
    clock.move(hours=11)
    say("li")
    clock.move(hours=11)
    assert state(site, incident) == "approved"


# --- gates of others ------------------------------------------------------------------------------


def test_a_letter_to_the_outside_has_a_gate_of_its_own() -> None:
    assert rule_of("notice-insurer") == GATES["notice-"]


def test_what_is_no_gate_cannot_be_asked_for(site: Site, incident: Incident) -> None:
    with pytest.raises(UsageError, match="there is no gate"):
        ask(site, incident, "cut", a_plan(incident), asked_by="system")


def test_a_gate_of_a_closed_incident_can_still_be_opened(
    site: Site, incident: Incident, say: Say
) -> None:
    incident.journal.append("closed", actor="system")
    ask(site, incident, "review", a_plan(incident), asked_by="system")
    assert say("wang", "review").state == "approved"
