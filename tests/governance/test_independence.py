"""Independence: every line that somebody had a hand in is named."""

from baozhang.governance.controls import controls
from baozhang.governance.independence import conflicts, lines_by_person
from tests.governance.auditing import attests

CONTROL = next(each for each in controls() if each.source != "auto" and len(each.items) == 1)


def test_whoever_made_evidence_is_not_independent_of_its_lines() -> None:
    found = conflicts(["zhang"], controls(), [attests(CONTROL)])
    assert [(each.item, each.did) for each in found] == [(CONTROL.items[0], "made")]


def test_whoever_checked_it_neither() -> None:
    found = conflicts(["wang"], controls(), [attests(CONTROL)])
    assert [(each.item, each.did) for each in found] == [(CONTROL.items[0], "checked")]


def test_whoever_had_no_hand_in_it_is_independent() -> None:
    assert conflicts(["zhao"], controls(), [attests(CONTROL)]) == ()


def test_lines_are_told_by_person_once_each() -> None:
    pieces = [attests(CONTROL), attests(CONTROL, facts={"count": 4})]
    told = lines_by_person(conflicts(["zhang", "zhao"], controls(), pieces))
    assert told == {"zhang": CONTROL.items}
