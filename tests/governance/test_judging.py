"""How a control stands: the weaker part decides, and what does not count is named."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from baozhang.governance.judging import Reason, judge, lines, weakest
from baozhang.governance.model import Control, Evidence, Item, Status

NOW = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
WORDS = {"zh": "字", "en": "word"}
DAY = timedelta(days=1)


def control(source: str, **more: Any) -> Control:  # fields of every kind
    tests = [] if source == "attested" else [{"kind": "letters", "args": {"kind": "night"}}]
    value = {
        "id": "backup.letters",
        "title": WORDS,
        "items": ["A1.1"],
        "flows": ["backup"],
        "owner": "it_owner",
        "cadence": "monthly",
        "source": source,
        "tests": tests,
        "fresh": 31,
        "severity": "high",
        "proof": None if source == "auto" else WORDS,
        "remedy": WORDS,
    }
    return Control.model_validate(value | more)


def found(**more: Any) -> Evidence:  # fields of every kind
    value = {
        "control": "backup.letters",
        "source": "auto",
        "test": "letters kind=night",
        "result": "pass",
        "effective": NOW - 2 * DAY,
        "received": NOW - 2 * DAY,
        "says": "{count} letters",
        "facts": {"count": 3},
        "digest": "0" * 64,
    }
    return Evidence.model_validate(value | more)


def shown(**more: Any) -> Evidence:  # fields of every kind
    people = {"source": "attested", "test": "", "by": ("zhang",), "checked_by": "wang"}
    return found(**(people | more))


def status(source: str, *evidence: Evidence, **asked: Any) -> Status:  # arguments of `judge`
    return judge(control(source), evidence, at=NOW, **asked).status


@pytest.mark.parametrize("source", ["auto", "attested", "both"])
def test_without_evidence_nothing_is_evidenced(source: str) -> None:
    assert status(source) == "not evidenced"


def test_a_fresh_pass_is_proven() -> None:
    assert status("auto", found()) == "proven"


def test_an_old_pass_is_stale() -> None:
    old = NOW - 32 * DAY
    assert status("auto", found(effective=old, received=old)) == "stale"


@pytest.mark.parametrize("result", ["fail", "inconclusive"])
def test_what_did_not_pass_is_not_evidenced(result: str) -> None:
    assert status("auto", found(result=result)) == "not evidenced"


def test_a_newer_failure_outweighs_an_older_pass() -> None:
    older = found(effective=NOW - 9 * DAY, received=NOW - 9 * DAY)
    assert status("auto", found(result="fail"), older) == "not evidenced"


def test_a_newer_pass_outweighs_an_older_failure() -> None:
    older = found(result="fail", effective=NOW - 9 * DAY, received=NOW - 9 * DAY)
    judged = judge(control("auto"), [found(), older], at=NOW)
    assert (judged.status, judged.nonconformities) == ("proven", ())


def test_a_failure_is_a_nonconformity_of_the_controls_severity() -> None:
    (each,) = judge(control("auto"), [found(result="fail")], at=NOW).nonconformities
    assert (each.severity, each.says, each.facts) == ("high", "{count} letters", {"count": 3})


def test_every_test_must_pass() -> None:
    two = control("auto", tests=[{"kind": "log"}, {"kind": "letters", "args": {"kind": "night"}}])
    assert judge(two, [found()], at=NOW).status == "not evidenced"
    assert judge(two, [found(), found(test="log")], at=NOW).status == "proven"


def test_a_control_whose_flow_does_not_exist_yet_is_not_evidenced() -> None:
    assert judge(control("auto", tests=[]), [found()], at=NOW).status == "not evidenced"


def test_what_a_second_person_checked_is_attested() -> None:
    assert status("attested", shown()) == "attested"


def test_an_attestation_runs_out_by_its_own_words() -> None:
    assert status("attested", shown(expires=NOW - DAY)) == "stale"


def test_the_attestation_that_holds_longest_counts() -> None:
    old, soon = shown(expires=NOW - DAY), shown(effective=NOW - 9 * DAY)
    assert status("attested", old, soon) == "attested"


def test_what_was_asked_for_and_did_not_come_is_overdue() -> None:
    assert status("attested", due=NOW - DAY) == "overdue"
    assert status("attested", due=NOW + DAY) == "not evidenced"


def test_what_ran_out_and_was_asked_for_again_is_overdue() -> None:
    assert status("attested", shown(expires=NOW - 3 * DAY), due=NOW - DAY) == "overdue"


def test_with_both_parts_it_is_proven() -> None:
    assert status("both", found(), shown()) == "proven"


def test_of_two_parts_the_weaker_one_decides() -> None:
    assert status("both", found()) == "not evidenced"
    assert status("both", shown()) == "not evidenced"
    assert status("both", found(), due=NOW - DAY) == "overdue"
    assert status("both", found(), shown(expires=NOW - DAY)) == "stale"
    old = found(effective=NOW - 40 * DAY, received=NOW - 40 * DAY)
    assert status("both", old, shown()) == "stale"


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        (shown(checked_by=""), "unchecked"),
        (shown(checked_by="zhang"), "own"),
        (shown(effective=NOW - DAY, received=NOW - 2 * DAY), "backdated"),
        (shown(received=NOW + DAY), "later"),
        (shown(result="fail"), "refused"),
    ],
)
def test_what_people_hand_in_wrongly_does_not_count_and_is_named(
    evidence: Evidence, reason: Reason
) -> None:
    judged = judge(control("attested"), [evidence], at=NOW)
    assert judged.status == "not evidenced"
    assert [(each.evidence, each.reason) for each in judged.left_out] == [(evidence.id, reason)]


def test_what_was_done_with_invented_clients_does_not_count_in_a_real_site() -> None:
    judged = judge(control("auto"), [found()], at=NOW, genuine_since=NOW - DAY)
    assert judged.status == "not evidenced"
    assert [each.reason for each in judged.left_out] == ["sample"]


def test_evidence_of_another_control_is_passed_over() -> None:
    judged = judge(control("auto"), [found(control="backup.other")], at=NOW)
    assert (judged.status, judged.left_out) == ("not evidenced", ())


def test_a_status_says_until_when_it_holds() -> None:
    evidence = found()
    judged = judge(control("auto"), [evidence], at=NOW)
    assert judged.counted == (evidence.id,)
    assert judged.until == evidence.effective + 31 * DAY


def test_an_item_stands_as_the_weakest_of_its_controls() -> None:
    item = Item.model_validate({"id": "A1.1", "title": WORDS})
    good, bad = control("auto"), control("auto", id="backup.other")
    judged = [(each, judge(each, [found()], at=NOW)) for each in (good, bad)]
    (line,) = lines([item], judged)
    assert (line.status, len(line.controls)) == ("not evidenced", 2)


def test_an_item_that_no_control_serves_is_not_evidenced() -> None:
    (line,) = lines([Item.model_validate({"id": "B20.6", "title": WORDS})], [])
    assert line.status == "not evidenced"


def test_the_weakest_of_nothing_is_no_pass() -> None:
    assert weakest([]) == "not evidenced"


def test_evidence_is_known_by_its_content() -> None:
    assert found().id == found().id != found(facts={"count": 4}).id


@pytest.mark.parametrize(
    ("source", "wrong"),
    [
        ("attested", {"tests": [{"kind": "log"}]}),
        ("auto", {"proof": WORDS}),
        ("both", {"proof": None}),
    ],
)
def test_a_control_must_fit_its_source(source: str, wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="people"):
        control(source, **wrong)
