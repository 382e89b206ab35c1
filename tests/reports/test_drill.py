"""A drill's report is what was looked at, in both languages, and says nothing that is not so."""

import json
import os
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.words import CHINESE, ENGLISH
from reports.canonical import fingerprint
from reports.drill import canonical, render_drill, words_of
from reports.page import Letter
from tests.drills.journals import START, journal
from tests.reports import papers

GOLDEN = Path(__file__).parent / "golden"
EARLIER = journal(id_="d-20260522-01", start=START - timedelta(days=184))


@cache
def letters(language: str) -> dict[str, Letter]:
    how = {"language": language, "pdf": True}
    return {
        "drill-passed": render_drill(journal(), number=3, previous=EARLIER, **how),
        "drill-failed": render_drill(journal(passed=False), number=4, sample=True, **how),
    }


def body(letter: Letter, form: str) -> str:
    forms = {"html": letter.html, "txt": f"{letter.subject}\n\n{letter.text}"}
    words = papers.told(letter.pdf) if form == "pdf" else forms[form]
    return words.replace(f"baozhang {__version__}", "baozhang X.Y.Z")


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", ["drill-passed", "drill-failed"])
@pytest.mark.parametrize("form", ["html", "txt", "pdf"])
def test_a_drill_report_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    said = body(letters(language)[name], form)
    file = GOLDEN / f"{name}-{language}.{'pdf.txt' if form == 'pdf' else form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


def test_the_fingerprint_is_of_the_whole_journal() -> None:
    letter = letters(ENGLISH)["drill-passed"]
    assert letter.fingerprint == fingerprint(canonical(journal()))
    assert json.loads(canonical(journal()))["seed"] == 7


def test_what_was_not_measured_is_said_to_be_so() -> None:
    assert "not measured" in letters(ENGLISH)["drill-failed"].text


def test_the_last_drill_of_the_scenario_stands_beside_the_figures() -> None:
    text = render_drill(journal(), number=1, previous=EARLIER, language=ENGLISH).text
    assert text.count("11 hr") == 2  # measured now, and the last time


def test_a_drill_that_did_not_take_place_is_neither_passed_nor_failed() -> None:
    letter = render_drill(journal(passed=False, status="aborted"), number=1, language=ENGLISH)
    assert "did not take place" in letter.subject


def test_facts_of_a_finding_are_left_out() -> None:
    assert words_of("{path} cannot be read: {reason}", ENGLISH) == "… cannot be read: …"
