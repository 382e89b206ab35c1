"""Judging all: with everything there every line is in order, and each piece carries its lines."""

import pytest

from baozhang.governance import assessing
from baozhang.governance.audits import Verdict
from baozhang.governance.controls import catalogue, controls
from baozhang.governance.model import Evidence
from tests.governance.auditing import full, ground

PIECES = full(controls())
TESTABLE = tuple(each for each in controls() if each.tests or each.source == "attested")


def verdict(evidence: tuple[Evidence, ...]) -> Verdict:
    return assessing.verdict(catalogue().items, controls(), ground(evidence))


ALL = verdict(PIECES)


def test_with_all_evidence_a_line_is_in_order_wherever_its_flows_exist() -> None:
    able = {each.id for each in TESTABLE}
    for item in catalogue().items:
        serving = [each for each in controls() if item.id in each.items]
        is_able = {each.id for each in serving} <= able
        assert (ALL.statuses[item.id] in {"proven", "attested"}) is is_able, item.id


def test_without_evidence_no_line_is_evidenced() -> None:
    assert set(verdict(()).statuses.values()) == {"not evidenced"}


def test_there_is_a_line_for_each_of_the_240_items_and_12_principles() -> None:
    assert len(ALL.statuses) == 252


@pytest.mark.parametrize("lost", PIECES, ids=lambda each: f"{each.control} {each.test}".strip())
def test_one_piece_less_turns_exactly_its_lines(lost: Evidence) -> None:
    left = verdict(tuple(each for each in PIECES if each is not lost))

    turned = {item for item, status in left.statuses.items() if status != ALL.statuses[item]}

    control = next(each for each in controls() if each.id == lost.control)
    was_in_order = {item for item in control.items if ALL.statuses[item] != "not evidenced"}
    assert turned == was_in_order
    assert {left.statuses[item] for item in turned} <= {"not evidenced"}


def test_judging_one_control_is_judging_it_among_all() -> None:
    alone = tuple(assessing.judged_one(each, ground(PIECES)) for each in controls())
    assert alone == assessing.judged_all(controls(), ground(PIECES))


def test_sections_keep_the_documents_order() -> None:
    items = assessing.of_sections(catalogue().items, {"B9", "A7"})
    assert [each.section for each in items] == ["A7"] * 6 + ["B9"] * 6
