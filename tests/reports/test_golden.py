"""Every letter, in both languages and forms, is what was looked at and found good.

Of a PDF its words are kept, page by page: its bytes are those of one version of one library.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_golden.py`, then look at
the files in a browser before committing them.
"""

import os
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.words import CHINESE, ENGLISH
from reports.night import render_night
from reports.page import Letter
from reports.render import render
from reports.restore_test import render_restore_test
from reports.validation import render_validation
from tests.reports import pages, papers, runs

GOLDEN = Path(__file__).parent / "golden"
YESTERDAY = runs.perfect_night(date(2026, 7, 30))


@cache
def letters(language: str) -> dict[str, Letter]:
    """Return the letters that are kept, by name."""
    how = {"language": language, "pdf": True}
    troubled, failed = runs.troubled_night(language), runs.failed_restore_test(language)
    return {
        "night-perfect": render_night(
            runs.perfect_night(), number=17, previous=YESTERDAY, sample=True, **how
        ),
        "night-troubled": render_night(troubled, number=18, previous=YESTERDAY, **how),
        "night-empty": render_night(runs.night(), number=19, previous=YESTERDAY, **how),
        "restore-test-failed": render_restore_test(failed, number=20, **how),
        "restore-test-passed": render_restore_test(runs.passed_restore_test(), number=21, **how),
        "validation-damaged": render_validation(
            runs.damaged_validation(language), number=22, **how
        ),
        "every-section": render(pages.page(language), template="restore_test", **how),
    }


NAMES = (
    "every-section",
    "night-empty",
    "night-perfect",
    "night-troubled",
    "restore-test-failed",
    "restore-test-passed",
    "validation-damaged",
)


def body(letter: Letter, form: str) -> str:
    """Return what is kept of a letter: a release, or another day's fonts, changes nothing."""
    forms = {"html": letter.html, "txt": f"{letter.subject}\n\n{letter.text}"}
    words = papers.told(letter.pdf) if form == "pdf" else forms[form]
    return words.replace(f"baozhang {__version__}", "baozhang X.Y.Z")


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf"])
def test_a_letter_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    said = body(letters(language)[name], form)
    file = GOLDEN / f"{name}-{language}.{'pdf.txt' if form == 'pdf' else form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


def test_every_letter_is_kept() -> None:
    assert sorted(letters(CHINESE)) == sorted(letters(ENGLISH)) == list(NAMES)
