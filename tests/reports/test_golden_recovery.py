"""The letters of a recovery, in both languages and as HTML, text and PDF, are what was looked at.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_golden_recovery.py`, then
look at the files, and at the PDF as pictures, before committing them.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.words import CHINESE, ENGLISH
from reports.actions import render_actions
from reports.onepager import render_onepager
from reports.page import Letter
from reports.public_statement import render_public_statement
from reports.recovery import render_recovery
from reports.recovery_legal import render_recovery_legal
from reports.rekey_letter import render_rekey_letter
from reports.review import render_review
from tests.reports import papers, recoveries

GOLDEN = Path(__file__).parent / "golden"
VALUES: dict[str, tuple[Callable[..., Letter], Callable[..., object]]] = {
    "recovery-sound": (render_recovery, recoveries.sound),
    "recovery-mixed": (render_recovery, recoveries.mixed),
    "recovery-halted": (render_recovery, recoveries.halted),
    "recovery-drilled": (render_recovery, recoveries.drilled),
    "recovery-legal-mixed": (render_recovery_legal, recoveries.mixed),
    "one-page-mixed": (render_onepager, recoveries.mixed),
    "public-statement-mixed": (render_public_statement, recoveries.mixed),
    "public-statement-halted": (render_public_statement, recoveries.halted),
    "rekey-list-plain": (render_rekey_letter, recoveries.rekey),
    "review-signed": (render_review, recoveries.reviewed),
    "review-unwritten": (render_review, recoveries.unwritten),
    "actions-late": (render_actions, recoveries.open_tasks),
}


@cache
def letter(name: str, language: str) -> Letter:
    """Return one of the letters that are kept."""
    render, value = VALUES[name]
    return render(value(), number=3, language=language, pdf=True)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf.txt"])
def test_a_letter_of_a_recovery_is_the_one_that_was_looked_at(
    name: str, language: str, form: str
) -> None:
    made = letter(name, language)
    body = {
        "html": made.html,
        "txt": f"{made.subject}\n\n{made.text}",
        "pdf.txt": papers.told(made.pdf),
    }[form]
    body = body.replace(f"baozhang {__version__}", "baozhang X.Y.Z")  # a release changes no letter
    file = GOLDEN / f"{name}-{language}.{form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(body, encoding="utf-8")
    assert file.read_text("utf-8") == body
