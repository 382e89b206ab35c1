"""Gathering: every test once, evidence of each control, and the same from the same records."""

import pytest

from baozhang.errors import UsageError
from baozhang.governance.controls import controls
from baozhang.governance.judging import judge
from baozhang.governance.model import Fact, Test
from baozhang.site import Site
from baozhang.vault.model import Progress
from baozhang.words import CHINESE, say
from tasks.evidence import BY_CODE, KINDS, gather
from tasks.evidence_words import CODE_TEMPLATES, EVENT_TEMPLATES, GATE_TEMPLATES
from tests.flows.approving import Hand
from tests.governance.evidence_office import (
    BOOKS,
    NOVEMBER,
    ask,
    at_end,
    control,
    letter,
    nights,
    on,
    outcome,
)

RHYTHM = Test(kind="rhythm", args={"duty": "backup"})
LETTERS = Test(kind="letters", args={"kind": "night", "within": 2})
PROOFS = Test(kind="proofs")
FIRST = control(RHYTHM, PROOFS)
SECOND = control(RHYTHM, LETTERS, id_="backup.night")


@pytest.fixture
def after(office: Site, clock: Hand) -> Site:
    """A whole November of two clients, looked at some days later."""
    for client in ("c001", "c002"):
        nights(office, 1, 30, client=client)
        outcome(office, on(9), duty="restore_test", client=client, figures=BOOKS)
    letter(office, "night", on(29))
    at_end(clock)
    return office


def test_each_control_has_evidence_of_each_of_its_tests(after: Site) -> None:
    found = gather(after, NOVEMBER, [FIRST, SECOND])
    assert [(each.control, each.test) for each in found] == [
        ("backup.verify", "rhythm duty=backup"),
        ("backup.verify", "proofs"),
        ("backup.night", "rhythm duty=backup"),
        ("backup.night", "letters kind=night within=2"),
    ]


def test_controls_are_proven_by_it(after: Site) -> None:
    found = gather(after, NOVEMBER, [FIRST, SECOND])
    for each in (FIRST, SECOND):
        judged = judge(each, found, at=NOVEMBER.end)
        assert (judged.status, judged.left_out) == ("proven", ())


def test_a_test_of_several_controls_is_asked_once(after: Site) -> None:
    told = list[Progress]()
    gather(after, NOVEMBER, [FIRST, SECOND], report=told.append)
    assert [(each.done, each.total) for each in told] == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_the_same_records_give_the_same_evidence(after: Site, clock: Hand) -> None:
    before = [each.id for each in gather(after, NOVEMBER, [FIRST, SECOND])]
    clock.move(days=40)
    nights_later = on(3, month=12)
    outcome(after, nights_later)
    letter(after, "night", nights_later)
    assert [each.id for each in gather(after, NOVEMBER, [FIRST, SECOND])] == before


def test_one_record_more_changes_the_evidence_that_is_drawn_from_it_alone(after: Site) -> None:
    before = {each.test: each.id for each in gather(after, NOVEMBER, [FIRST, SECOND])}
    outcome(after, on(30, 15))
    now = {each.test: each.id for each in gather(after, NOVEMBER, [FIRST, SECOND])}
    assert [name for name in before if now[name] != before[name]] == ["rhythm duty=backup"]


@pytest.mark.parametrize(
    ("kind", "args"),
    [
        ("rhythm", {"duty": "backup"}),
        ("outcomes", {"duty": "backup", "share": 0}),
        ("restore-time", {}),
        ("proofs", {}),
        ("letters", {"kind": "night", "within": 9}),
        ("record", {"kind": "audit"}),
        ("alerts", {}),
        ("custody", {}),
        ("people", {"enrolled": 0}),
        ("incident", {"event": "opened"}),
        ("incident-signed", {"gate": "plan"}),
        ("notices", {}),
        ("reviews", {"within": 9}),
        ("asked-after", {"within": 9}),
        ("in-time", {"register": "issues"}),
        ("actions", {}),
        ("drill", {"scenario": "any"}),
        ("register", {"name": "risks", "rows": 0}),
        ("signed", {"subject": "audit:"}),
        ("law", {}),
    ],
)
def test_without_any_record_no_kind_says_anything(
    office: Site, kind: str, args: dict[str, Fact]
) -> None:
    test = Test(kind=kind, args=args)
    assert gather(office, NOVEMBER, [control(test)]) == ()


def test_a_site_with_clients_and_no_records_passes_nothing(office: Site, clock: Hand) -> None:
    at_end(clock)
    found = gather(office, NOVEMBER, controls())
    assert [each.test for each in found if each.result == "pass"] == []
    assert [each for each in found if each.source == "attested"] == []


def test_a_new_sites_log_is_not_proven_by_itself(office: Site, clock: Hand) -> None:
    at_end(clock)
    found = ask(office, "log")
    assert found is None or found.result == "inconclusive"


def test_a_period_that_has_not_begun_has_no_evidence(after: Site, clock: Hand) -> None:
    clock.now = on(5, month=10)
    assert gather(after, NOVEMBER, [FIRST, SECOND]) == ()


@pytest.mark.parametrize(
    "test",
    [
        Test(kind="hearsay"),
        Test(kind="rhythm"),
        Test(kind="rhythm", args={"duty": "sleep"}),
        Test(kind="proofs", args={"duty": "backup"}),
        Test(kind="letters", args={"kind": "night", "within": "soon"}),
    ],
)
def test_a_test_that_nobody_can_ask_is_refused(after: Site, test: Test) -> None:
    with pytest.raises(UsageError):
        gather(after, NOVEMBER, [control(test)])


def test_every_event_and_gate_that_a_control_asks_for_has_a_sentence_of_its_own() -> None:
    asked = {kind: set[Fact]() for kind in ("incident", "incident-signed")}
    for each in controls():
        for test in each.tests:
            if test.kind in asked:
                asked[test.kind] |= set(test.args.values())
    assert asked["incident"] == set(EVENT_TEMPLATES)
    assert asked["incident-signed"] <= set(GATE_TEMPLATES)
    assert set(BY_CODE.values()) == set(CODE_TEMPLATES)


def test_what_is_found_reads_as_a_sentence_in_both_languages(after: Site) -> None:
    for each in gather(after, NOVEMBER, [FIRST, SECOND]):
        english = say(each.says, spoken="en", **each.facts)
        chinese = say(each.says, spoken=CHINESE, **each.facts)
        assert "{" not in english + chinese
        assert chinese != english


def test_a_catalog_that_cannot_be_asked_costs_no_audit(after: Site) -> None:
    after.catalog.close()
    after.catalog.path.write_bytes(b"no catalog")
    found = gather(after, NOVEMBER, [FIRST])
    assert {each.result for each in found} == {"inconclusive"}
    assert len(KINDS) >= len(found)
