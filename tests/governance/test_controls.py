"""The controls as data: every item is served, nothing is green by itself, every name exists."""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import click
import pytest
import typer

from baozhang.cli import MODULES, load
from baozhang.drills.scenarios import scenarios
from baozhang.governance.controls import catalogue, control, controls, unmapped
from baozhang.governance.judging import judge, lines
from baozhang.governance.model import EVERY, Control, Evidence
from baozhang.policies.law.register import load_register
from baozhang.settings import LetterKind, load_agency
from tasks.evidence import require_kind
from tasks.registers import REGISTERS
from tools.coverage import KINDS as EXPLAINED
from tools.coverage import PAGE, page

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LATER = {"plan", "copies", "keys", "health"}
"""Flows that do not exist yet."""
OUTSIDE = {"market", "innov", "partner", "hr", "brand", "csr"}
"""Areas of the yearly register page."""
PER_INCIDENT = {"partner.incident_contact", "csr.transparency"}
"""What of those areas belongs to an incident, and is asked for then."""
GREEN = {"proven", "attested"}
CHINESE = re.compile(r"[\u4e00-\u9fff]")
COMMAND = re.compile(r"baozhang ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?(?: ([a-z][a-z-]*))?")
TYPED = re.compile(r"baozhang register [a-z]+ ([a-z][a-z-]*)")


def by_kind(kind: str, argument: str) -> set[str]:
    return {
        str(test.args[argument])
        for each in controls()
        for test in each.tests
        if test.kind == kind and argument in test.args
    }


def passing(each: Control) -> list[Evidence]:
    """Return evidence of our own records with which every test of a control passes."""
    return [
        Evidence(
            control=each.id,
            source="auto",
            test=test.name,
            result="pass",
            effective=NOW,
            received=NOW,
            says="it is so",
            digest="0" * 64,
        )
        for test in each.tests
    ]


def names(which: Iterable[Control]) -> list[str]:
    return [each.id for each in which]


# --- what is served ------------------------------------------------------------------------------


def test_both_documents_have_twenty_sections_of_six_items_and_six_principles() -> None:
    counted = Counter(each.section for each in catalogue().items)
    sections = [f"{document}{n}" for document in "AB" for n in (*range(1, 21), "P")]
    assert [each.id for each in catalogue().sections] == sections
    assert counted == dict.fromkeys(sections, 6)


def test_items_stand_in_the_order_of_the_documents() -> None:
    expected = [f"{section.id}.{n}" for section in catalogue().sections for n in range(1, 7)]
    assert [each.id for each in catalogue().items] == expected


def test_every_item_and_principle_is_served() -> None:
    assert unmapped() == ()


def test_an_item_has_one_control_and_only_principles_have_several() -> None:
    served = Counter(item for each in controls() for item in each.items)
    assert {item for item, times in served.items() if times > 1 and "P." not in item} == set()


def test_there_are_198_controls() -> None:
    assert len(controls()) == 198


def test_53_items_are_shown_by_people_alone() -> None:
    alone = [each for each in controls() if each.source == "attested"]
    assert sum(len(each.items) for each in alone) == 53


# --- nothing is green by itself ------------------------------------------------------------------


def test_an_empty_register_yields_zero_passes() -> None:
    judged = [(each, judge(each, (), at=NOW)) for each in controls()]
    found = lines(catalogue().items, judged)
    assert Counter(line.status for line in found) == {"not evidenced": 252}


def test_what_was_asked_for_and_never_came_is_overdue_and_no_pass() -> None:
    due = NOW - timedelta(days=1)
    statuses = {judge(each, (), at=NOW, due=due).status for each in controls()}
    assert not statuses & GREEN


def test_records_alone_show_only_what_is_shown_by_records() -> None:
    green = {e.id for e in controls() if judge(e, passing(e), at=NOW).status in GREEN}
    assert green == {e.id for e in controls() if e.source == "auto" and e.tests}


def test_the_yearly_page_is_never_green_without_a_person() -> None:
    page = [each for each in controls() if each.yearly_page]
    assert page
    assert {each.source for each in page} <= {"attested", "both"}
    assert not {judge(each, passing(each), at=NOW).status for each in page} & GREEN


def test_the_yearly_page_has_what_lies_outside_the_books() -> None:
    outside = {
        each.id
        for each in controls()
        if each.id.partition(".")[0] in OUTSIDE
        and each.source != "auto"
        and each.id not in PER_INCIDENT
    }
    assert {each.id for each in controls() if each.yearly_page} == outside | {"service.innovation"}


def test_what_waits_for_a_flow_to_come_has_no_test_of_that_flow() -> None:
    """A control all of whose flows are to come rests on no record: a pass would be borrowed."""
    waiting = [each for each in controls() if set(each.flows) <= LATER]
    assert waiting
    assert names(each for each in waiting if each.tests) == []


# --- every name exists ---------------------------------------------------------------------------


def test_every_flow_exists_or_is_one_of_those_to_come() -> None:
    named = {flow for each in controls() for flow in each.flows}
    there = {each.stem for each in (ROOT / "flows").glob("*.py")}
    assert named - there == LATER - there


def test_every_test_can_be_asked_of_our_records() -> None:
    tests = [test for each in controls() for test in each.tests]
    assert tests
    for test in tests:
        require_kind(test)  # raises where nobody could ask it


def test_every_article_is_in_the_law_register() -> None:
    law = load_register()
    known = {*law.instruments, *(each.id for each in (*law.retention, *law.clocks))}
    assert {article for each in controls() for article in each.articles} <= known


def test_every_clock_and_every_least_term_of_the_law_is_answered_by_a_control() -> None:
    """A duty with a deadline that no control names would be in nobody's audit."""
    law, named = load_register(), {article for each in controls() for article in each.articles}
    assert {each.id for each in (*law.clocks, *law.retention)} <= named


def test_somebody_answers_for_every_control(tmp_path: Path) -> None:
    shutil.copy(ROOT / "agency.example.yaml", tmp_path / "agency.yaml")
    agency = load_agency(tmp_path)
    assert [each.id for each in controls() if not agency.owner(each.owner)] == []


def test_every_letter_that_is_asked_for_is_a_kind_of_letter() -> None:
    asked = by_kind("letters", "kind") | by_kind("record", "kind")
    assert asked <= set(get_args(LetterKind))


def test_every_drill_that_is_asked_for_is_a_scenario() -> None:
    assert by_kind("drill", "scenario") <= {"any", *scenarios()}


def test_every_register_that_is_asked_for_exists() -> None:
    asked = by_kind("register", "name") | by_kind("in-time", "register")
    typed = {name for each in controls() for name in TYPED.findall(each.remedy.en)}
    assert asked | typed <= set(REGISTERS)


def test_every_command_in_a_remedy_exists() -> None:
    texts = [text for each in controls() for text in (each.remedy.zh, each.remedy.en)]
    typed = {words for text in texts for words in COMMAND.findall(text)}
    assert typed
    assert [words for words in sorted(typed) if not _exists(words)] == []


def _exists(words: tuple[str, ...]) -> bool:
    """Tell whether a command is there; where no group goes on, words after it are arguments."""
    if words[0] not in MODULES:
        return False
    root = typer.Typer()
    root.command("another")(lambda: None)  # so that what is registered stays a command of a group
    load(MODULES[words[0]]).register(root)
    found: click.Command = typer.main.get_command(root)
    for word in filter(None, words):
        if not isinstance(found, click.Group):
            return True
        if word not in found.commands:
            return False
        found = found.commands[word]
    return True


# --- words and days ------------------------------------------------------------------------------


def test_a_control_speaks_chinese_and_english() -> None:
    for each in controls():
        said = [each.title, each.remedy, *([each.proof] if each.proof else [])]
        assert all(CHINESE.search(words.zh) for words in said), each.id
        assert not any(CHINESE.search(words.en) for words in said), each.id


def test_titles_are_headings() -> None:
    titles = [title for each in controls() for title in (each.title.zh, each.title.en)]
    assert [title for title in titles if title.endswith(("。", ".", "；", ";"))] == []


def test_proofs_and_remedies_are_sentences() -> None:
    said = [w for each in controls() for w in (each.remedy, each.proof) if w is not None]
    assert [w.zh for w in said if not w.zh.endswith("。")] == []
    assert [w.en for w in said if not w.en.endswith(".")] == []


def test_a_remedy_says_who_does_it_or_with_which_command() -> None:
    vague = [e for e in controls() if "由" not in e.remedy.zh and "baozhang" not in e.remedy.zh]
    assert names(vague) == []


def test_what_people_attest_in_time_does_not_run_out_before_it_is_asked_for_again() -> None:
    asked = [each for each in controls() if each.source != "auto"]
    assert names(each for each in asked if each.fresh <= EVERY[each.cadence].days) == []


@pytest.mark.parametrize("duty", ["backup", "validation"])
def test_what_happens_every_night_is_stale_after_ten_days(duty: str) -> None:
    nightly = [each for each in controls() if duty in _duties(each)]
    assert nightly
    assert names(each for each in nightly if each.fresh > 10) == []


def _duties(each: Control) -> set[str]:
    return {str(test.args["duty"]) for test in each.tests if "duty" in test.args}


def test_charity_and_brand_never_weigh_as_much_as_the_books() -> None:
    assert {each.severity for each in controls() if each.id.startswith(("brand.", "csr.c"))} == {
        "low"
    }
    assert {control(id_).severity for id_ in ("policy.frequency", "restore.verify")} == {"high"}


# --- the page ------------------------------------------------------------------------------------


def test_the_coverage_page_says_what_the_controls_say() -> None:
    same = PAGE.read_text("utf-8") == page()  # a diff of two long pages says nothing
    assert same, "run `python tools/coverage.py`"


def test_the_coverage_page_is_checked_by_its_command() -> None:
    words = [sys.executable, "tools/coverage.py", "--check"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_coverage_page_shows_every_section_with_its_flows() -> None:
    text = page()
    for section in catalogue().sections:
        row = next(line for line in text.splitlines() if line.startswith(f"| [{section.id}]("))
        serving = {c.id: c for c in controls() for i in c.items if i.startswith(f"{section.id}.")}
        flows = {flow for each in serving.values() for flow in each.flows}
        assert section.title.zh in row
        assert all(flow in row for flow in flows)


def test_the_coverage_page_says_which_flows_are_not_there_yet() -> None:
    there = {each.stem for each in (ROOT / "flows").glob("*.py")}
    for flow in LATER - there:
        assert f"flow `{flow}`" in page()


def test_every_kind_of_test_that_is_used_is_explained_on_the_page() -> None:
    used = {test.kind for each in controls() for test in each.tests}
    assert used <= set(EXPLAINED)
