"""Every rule has a title that an accountant can read."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from checks.rules import LAWS, TITLES, rule_of

PO = Path(__file__).parents[2] / "baozhang/locale/zh_CN/checks.po"


@pytest.mark.parametrize("rule", TITLES)
def test_every_title_has_a_chinese_twin(rule: str) -> None:
    twins = {message.id: message.string for message in read_po(PO.open("rb"))}
    assert twins[TITLES[rule]]


def test_a_law_from_another_release_is_critical_and_not_passed_over() -> None:
    assert (rule_of("L99").severity, "L99" in LAWS) == ("critical", False)
