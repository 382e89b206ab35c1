"""Rules, the words for them, docs/checks.md and the code speak of the same laws."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from baozhang.books import applicable
from baozhang.books.proof import FIRST_LAWS, LAWS, holds
from checks import rules
from checks.rules import TITLES, WARNINGS, rule_of

ROOT = Path(__file__).parents[2]
PO = ROOT / "baozhang/locale/zh_CN/checks.po"
BOOK_LAWS = {
    *(f"S{n}" for n in range(6)),
    *(f"L{n}" for n in range(1, 13)),
    *(f"P{n}" for n in range(1, 7)),
    *(f"X{n}" for n in range(1, 6)),
    *(f"F{n}" for n in range(1, 4)),
}
FINDINGS = {"I1", "C1", "N1"}
RULE = re.compile(r"[A-Z]\d+")


def documented() -> dict[str, str]:
    """The laws and findings of docs/checks.md: id to what must hold."""
    rows = (line.split("|") for line in (ROOT / "docs/checks.md").read_text().splitlines())
    return {
        row[1].strip(): row[2].strip()
        for row in rows
        if len(row) == 5 and RULE.fullmatch(row[1].strip())
    }


def of_code() -> Iterator[str]:
    """The laws whose sentences stand in the code."""
    for path in (ROOT / "baozhang/books").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict):
                for key in node.keys:
                    if isinstance(key, ast.Constant) and isinstance(key.value, str):
                        law = key.value.partition(".")[0]
                        if RULE.fullmatch(law):
                            yield law


@pytest.mark.parametrize("rule", TITLES)
def test_every_title_has_a_chinese_twin(rule: str) -> None:
    twins = {message.id: message.string for message in read_po(PO.open("rb"))}
    assert twins[TITLES[rule]]


def test_every_law_has_a_title() -> None:
    assert {*TITLES} == BOOK_LAWS | FINDINGS


def test_every_law_is_in_the_documentation_and_nothing_else_is() -> None:
    findings = FINDINGS | {"F1"}
    assert {*documented()} >= BOOK_LAWS - {"F1"}
    assert {*documented()} <= BOOK_LAWS | findings


def test_every_law_that_is_documented_is_in_the_code_and_nothing_else_is() -> None:
    assert {*of_code()} == BOOK_LAWS | FINDINGS


def test_a_law_that_only_warns_is_documented_so() -> None:
    warned = {law for law, holds in documented().items() if holds.endswith("(*warning*)")}
    assert warned == WARNINGS
    assert {law for law in TITLES if rule_of(law).daily == "warning"} == WARNINGS


def test_every_judgement_looks_at_the_laws_that_a_book_is_held_to() -> None:
    assert {*rules.LAWS} == {*applicable.LAWS} == BOOK_LAWS - {"F1", "F2"}


def test_whatever_a_restore_breaks_anew_is_critical() -> None:
    assert {rule_of(law).severity for law in TITLES} == {"critical"}


def test_a_law_from_another_release_is_critical_and_not_passed_over() -> None:
    assert (rule_of("L99").severity, "L99" in rules.LAWS) == ("critical", False)


def test_the_first_release_held_its_own_laws_and_this_one_holds_all() -> None:
    assert {law for law in BOOK_LAWS if holds(law, 1)} == FIRST_LAWS
    assert all(holds(law, LAWS) for law in BOOK_LAWS)
