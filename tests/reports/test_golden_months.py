"""The letters on months, in both languages and as HTML, text and PDF, are what was looked at.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_golden_months.py`, then
look at the files, and at the PDF as pictures, before committing them.
"""

import os
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.words import CHINESE, ENGLISH
from reports.certificate import render_certificate
from reports.monthly import render_monthly
from reports.page import Letter
from reports.statement import render_statement
from tests.reports import offices, papers

GOLDEN = Path(__file__).parent / "golden"
NAMES = (
    "monthly-full",
    "monthly-unknown",
    "statement-sound",
    "statement-late",
    "certificate-proven",
    "certificate-bytes",
    "certificate-none",
)


@cache
def letter(name: str, language: str) -> Letter:
    """Return one of the letters that are kept."""
    kind, _, which = name.partition("-")
    if kind == "monthly":
        value = (
            offices.full() if which == "full" else offices.agency(offices.unknown(), before=False)
        )
        return render_monthly(value, number=7, language=language, pdf=True)
    client = {
        "sound": offices.sound,
        "late": lambda: offices.late("c001"),
        "proven": offices.sound,
        "bytes": lambda: offices.bytes_only("c001"),
        "none": lambda: offices.untested("c001"),
    }[which]()
    render = render_statement if kind == "statement" else render_certificate
    to = offices.letter_to(client, sample=which in ("sound", "proven"))
    return render(to, number=12, language=language, pdf=True)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf.txt"])
def test_a_letter_on_a_month_is_the_one_that_was_looked_at(
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
