"""Every letter, in both languages and forms, is what was looked at and found good.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_golden.py`, then look at
the files in a browser before committing them.
"""

import os
from datetime import date
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.words import CHINESE, ENGLISH
from reports.night import render_night
from reports.render import Letter
from reports.restore_test import render_restore_test
from reports.validation import render_validation
from tests.reports import runs

GOLDEN = Path(__file__).parent / "golden"
YESTERDAY = runs.perfect_night(date(2026, 7, 30))


def letters(language: str) -> dict[str, Letter]:
    """Return the letters that are kept, by name."""
    return {
        "night-perfect": render_night(
            runs.perfect_night(), number=17, previous=YESTERDAY, language=language, sample=True
        ),
        "night-troubled": render_night(
            runs.troubled_night(language), number=18, previous=YESTERDAY, language=language
        ),
        "night-empty": render_night(
            runs.night(), number=19, previous=YESTERDAY, language=language
        ),
        "restore-test-failed": render_restore_test(
            runs.failed_restore_test(language), number=20, language=language
        ),
        "restore-test-passed": render_restore_test(
            runs.passed_restore_test(), number=21, language=language
        ),
        "validation-damaged": render_validation(
            runs.damaged_validation(language), number=22, language=language
        ),
    }  # fmt: skip


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", sorted(letters(ENGLISH)))
@pytest.mark.parametrize("form", ["html", "txt"])
def test_a_letter_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    letter = letters(language)[name]
    body = letter.html if form == "html" else f"{letter.subject}\n\n{letter.text}"
    body = body.replace(f"baozhang {__version__}", "baozhang X.Y.Z")  # a release changes no letter
    file = GOLDEN / f"{name}-{language}.{form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(body, encoding="utf-8")
    assert file.read_text("utf-8") == body
