"""The timeline: what a journal tells of when, who and how long; and what it does not tell."""

from datetime import UTC, datetime, timedelta

import pytest

from baozhang.incidents.journal import GENESIS, Event, Fact
from baozhang.incidents.model import CutOver, Loss, Opening, Plan, Recovered, Restoration
from baozhang.incidents.set_records import Known, SetRecord
from baozhang.incidents.timeline import Name, Timeline, timeline_of

FOUND = datetime(2026, 11, 20, 0, 40, tzinfo=UTC)
OPENING = Opening(
    id="i-20261120-01",
    kind="lost",
    sets=(("c001", "main"),),
    noticed_by="zhang",
    discovered=FOUND,
    opened=FOUND + timedelta(minutes=4),
)
LOSS = Loss(
    client="c001", set="main", newest="n", clean="p1", files_lost=1, files_changed=0, bytes_lost=9,
    vouchers_lost=3, vouchers_changed=1, lines_lost=8, amount=1_000, currency="CNY",
    periods=("2026-11",), readable=True,
)  # fmt: skip
RESTORATION = Restoration(
    order=1, client="c001", set="main", snapshot="p1", at=FOUND - timedelta(hours=10),
    deadline=None, bytes=9, books=1, seconds=60, behind=36_000, how="atomic",
)  # fmt: skip
RECOVERED = Recovered(
    client="c001", set="main", snapshot="p1", files=2, bytes=9, books=1, proven=1, failed=0,
    vouchers_to_key=2, invoices_to_key=1, amount_to_key=700, currency="CNY", seconds=45,
)  # fmt: skip
CUT = CutOver(client="c001", set="main", how="atomic", kept=True, checked=True)
WHOLE = Known(
    opening=OPENING,
    losses=(LOSS,),
    plan=Plan(
        incident="i-20261120-01", number=1, restorations=(RESTORATION,), measured=4, seconds=60
    ),
    recovered=(RECOVERED,),
    cut_over=(CUT,),
    evidence=(("c001", "main", "p2"),),
)


class Told:
    """Events, a minute after the other from the discovery on."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def add(self, kind: str, actor: str = "run", **facts: Fact) -> "Told":
        seq = len(self.events) + 1
        at = FOUND + timedelta(minutes=seq)
        self.events.append(Event(seq, GENESIS, at, actor, kind, facts))
        return self

    def line(self, known: Known = WHOLE) -> Timeline:
        return timeline_of("i-20261120-01", self.events, known)


def minutes(line: Timeline, name: Name) -> float | None:
    at = line.at(name)
    return None if at is None else (at - FOUND) / timedelta(minutes=1)


def only(known: Known) -> SetRecord:
    (record,) = Told().line(known).sets
    return record


# --- moments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind", "facts"),
    [
        ("opened", "opened", {}),
        ("paged", "paged", {}),
        ("acknowledged", "acknowledged", {}),
        ("stopped", "stop.source", {}),
        ("stopped", "stop.ordered", {}),
        ("scoped", "kept", {"name": "scope"}),
        ("planned", "kept", {"name": "plan-1"}),
        ("restored", "step.done", {"step": "quarantine.c001.main.p0"}),
        ("proven", "step.done", {"step": "prove.c001.main.p1"}),
        ("cut-over", "kept", {"name": "cut-over"}),
        ("service-checked", "kept", {"name": "service-check"}),
        ("lifted", "stop.lifted", {}),
        ("closed", "closed", {}),
    ],
)
def test_each_moment_is_told_by_its_event(name: Name, kind: str, facts: dict[str, str]) -> None:
    line = Told().add("note").add(kind, **facts).line()
    assert minutes(line, name) == 2


def test_a_moment_that_no_event_tells_is_not_known() -> None:
    line = Told().line()
    assert [each.name for each in line.moments] == ["discovered"]
    assert line.rto is None


def test_the_evidence_brought_back_for_comparing_is_no_restore() -> None:
    told = Told().add("step.done", step="quarantine.c001.main.p1", seconds_ms=9)
    line = told.add("step.done", step="quarantine.c001.main.p2.evidence").line()
    assert minutes(line, "restored") == 1


def test_the_last_set_tells_when_everything_was_proven() -> None:
    line = Told().add("step.done", step="prove.a").add("step.done", step="prove.b").line()
    assert minutes(line, "proven") == 2


def test_the_recovery_time_runs_from_the_discovery_to_the_service_check() -> None:
    line = Told().add("opened").add("kept", name="service-check").line()
    assert line.rto == timedelta(minutes=2)


@pytest.mark.parametrize("facts", [{"read": False, "write": ""}, {"read": True, "write": "failed"}])
def test_a_service_that_was_found_ill_is_not_checked(facts: dict[str, Fact]) -> None:
    line = Told().add("service.checked", **facts).add("kept", name="service-check").line()
    assert line.rto is None


def test_a_service_that_was_mended_counts_from_when_it_was_found_well() -> None:
    told = Told().add("service.checked", read=False).add("kept", name="service-check")
    told.add("service.checked", read=True, write="").add("kept", name="service-check")
    assert minutes(told.line(), "service-checked") == 4


# --- gates ----------------------------------------------------------------------------------------


def asked(told: Told, digest: str = "d", people: int = 1) -> Told:
    return told.add("gate.asked", gate="plan", digest=digest, people=people)


def approved(told: Told, person: str, digest: str = "d") -> Told:
    return told.add("approval", person, gate="plan", digest=digest, person=person, means="code")


def test_a_gate_is_open_with_the_last_person_it_wants() -> None:
    told = approved(approved(asked(Told(), people=2), "wang"), "li")
    assert minutes(told.line(), "plan-approved") == 3


def test_one_person_twice_does_not_open_a_gate_of_two() -> None:
    told = approved(approved(asked(Told(), people=2), "wang"), "wang")
    assert told.line().at("plan-approved") is None


def test_who_approved_an_older_plan_has_not_approved_this_one() -> None:
    told = asked(approved(asked(Told()), "wang"), digest="e")
    assert told.line().at("plan-approved") is None


def test_waiting_at_a_gate_begins_when_its_newest_hash_was_first_asked() -> None:
    told = asked(asked(asked(Told(), digest="old")))
    assert minutes(approved(told, "wang").line(), "plan-asked") == 2
    assert approved(told, "wang").line().waited == timedelta(minutes=2)


def test_every_word_is_told_with_its_hash() -> None:
    told = asked(Told()).add("refusal", "li", gate="plan", digest="d", person="li", means="seal")
    (word,) = told.line().words
    assert (word.person, word.word, word.means, word.digest) == ("li", "refuse", "seal", "d")


# --- steps ----------------------------------------------------------------------------------------


def test_a_step_that_was_begun_again_is_told_once_with_its_attempts() -> None:
    told = (
        Told().add("step.begun", step="scope", attempt=1).add("step.begun", step="scope", attempt=2)
    )
    (step,) = told.add("step.done", step="scope").line().steps
    assert (step.attempts, step.done) == (2, FOUND + timedelta(minutes=3))
    assert told.line().again


def test_a_step_that_did_not_end_has_no_end() -> None:
    (step,) = Told().add("step.begun", step="scope", attempt=1).line().steps
    assert step.done is None


def test_what_was_stopped_and_who_answered_is_counted() -> None:
    told = Told().add("step.done", step="stop", sources=3, read_only=2, people=2)
    told.add("stop.acknowledged", person="zhang").add("stop.acknowledged", person="zhang")
    stop = told.line().stop
    assert (stop.sources, stop.read_only, stop.people, stop.acknowledged) == (3, 2, 2, 1)


def test_damaged_points_and_plans_are_counted() -> None:
    told = Told().add("kept", name="plan-1").add("point.struck", snapshot="p1")
    line = told.add("kept", name="plan-2").line()
    assert (line.plans, line.struck) == (2, ("p1",))


# --- sets -----------------------------------------------------------------------------------------


def test_planned_stands_beside_measured() -> None:
    line = Told().add("step.done", step="quarantine.c001.main.p1", seconds_ms=44_500).line()
    assert (line.planned, line.measured) == (timedelta(seconds=60), timedelta(seconds=44.5))


def test_what_was_lost_and_what_is_owed_are_told_in_vouchers_and_money() -> None:
    record = only(WHOLE)
    assert record.lost is not None
    assert record.owed is not None
    assert (record.lost.vouchers, record.lost.amount) == (3, 1_000)
    assert (record.owed.known, record.owed.vouchers, record.owed.amount) == (True, 2, 700)
    assert Told().line().amounts == (("CNY", 700),)


def test_without_evidence_nobody_knows_what_is_owed() -> None:
    record = only(Known(**{**_fields(WHOLE), "evidence": (("c001", "main", ""),)}))
    assert record.owed is not None
    assert not record.owed.known


def test_what_nobody_knows_is_no_amount() -> None:
    blind = Known(**{**_fields(WHOLE), "evidence": ()})
    assert Told().line(blind).amounts == ()


def test_a_book_that_could_not_be_compared_leaves_what_is_owed_unknown() -> None:
    record = only(Known(**{**_fields(WHOLE), "uncompared": (("c001", "main"),)}))
    assert record.owed is not None
    assert not record.owed.known


def test_how_far_back_it_goes_is_the_oldest_point_that_came_back() -> None:
    assert Told().line().behind == timedelta(hours=10)


def test_a_plan_that_was_not_carried_out_lost_no_time_yet() -> None:
    planned = Known(**{**_fields(WHOLE), "recovered": (), "cut_over": ()})
    record = only(planned)
    assert (record.point, record.measured_ms, record.owed, record.in_use) == ("", None, None, False)
    assert Told().line(planned).behind is None


def test_a_set_that_lost_nothing_is_not_told() -> None:
    fine = LOSS.model_copy(
        update={"set": "papers", "files_lost": 0, "vouchers_lost": 0, "vouchers_changed": 0}
    )
    known = Known(**{**_fields(WHOLE), "losses": (LOSS, fine)})
    assert [each.set for each in Told().line(known).sets] == ["main"]


def test_a_set_that_was_left_out_says_why() -> None:
    plan = Plan(
        incident="i-20261120-01", number=1, restorations=(), measured=0, seconds=0,
        left_out=(("c001", "main", "no-clean-point"),),
    )  # fmt: skip
    record = only(Known(opening=OPENING, losses=(LOSS,), plan=plan))
    assert record.left_out == "no-clean-point"


def _fields(known: Known) -> dict[str, object]:
    return {name: getattr(known, name) for name in Known.__slots__}
