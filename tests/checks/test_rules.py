"""Every rule has a title that an accountant can read."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import checks.judge as judging
from checks.rules import LAWS, TITLES, rule_of

PO = Path(__file__).parents[2] / "baozhang/locale/zh_CN/checks.po"


@pytest.mark.parametrize("rule", TITLES)
def test_every_title_has_a_chinese_twin(rule: str) -> None:
    twins = {message.id: message.string for message in read_po(PO.open("rb"))}
    assert twins[TITLES[rule]]


def test_every_way_of_being_unreadable_has_a_chinese_twin_with_the_same_facts() -> None:
    twins = {message.id: message.string for message in read_po(PO.open("rb"))}
    for facts, template in judging.UNREADABLE.items():
        assert all("{" + fact + "}" in str(twins[template]) for fact in facts)


def test_a_law_from_another_release_is_critical_and_not_passed_over() -> None:
    assert (rule_of("L99").severity, "L99" in LAWS) == ("critical", False)
