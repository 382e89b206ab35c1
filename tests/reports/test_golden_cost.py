"""The cost report, in both languages and as HTML, text and PDF, is what was looked at.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_golden_cost.py`, then look
at the files, and at the PDF as pictures, before committing them.
"""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.words import CHINESE, ENGLISH
from reports.cost import render_cost, status
from reports.page import Letter
from tests.reports import costs, papers

GOLDEN = Path(__file__).parent / "golden"
VALUES = {"full": costs.full, "sound": costs.sound, "unknown": costs.unknown}


@cache
def letter(name: str, language: str) -> Letter:
    """Return one of the letters that are kept."""
    return render_cost(VALUES[name](), number=7, language=language, pdf=True)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", VALUES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf.txt"])
def test_a_cost_report_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    made = letter(name, language)
    body = {
        "html": made.html,
        "txt": f"{made.subject}\n\n{made.text}",
        "pdf.txt": papers.told(made.pdf),
    }[form]
    body = body.replace(f"baozhang {__version__}", "baozhang X.Y.Z")  # a release changes no letter
    file = GOLDEN / f"cost-{name}-{language}.{form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(body, encoding="utf-8")
    assert file.read_text("utf-8") == body


def test_usage_without_a_price_leaves_a_month_open() -> None:
    assert status(costs.full()) == "inconclusive"


def test_an_overspent_budget_is_a_failure() -> None:
    assert status(replace(costs.full(), gaps=())) == "failed"


def test_a_client_that_loses_money_is_to_be_looked_at() -> None:
    value = replace(costs.full(), gaps=(), variances=costs.sound().variances, unusual=())
    assert status(value) == "partial"


def test_a_row_that_names_nobody_known_is_to_be_looked_at() -> None:
    value = replace(costs.sound(), unseen=(("strangers", (("names", "c999"),)),))
    assert status(value) == "partial"
    text = render_cost(value, number=7, language=ENGLISH).text
    assert "does not know: c999" in " ".join(text.split())


def test_a_sound_month_is_in_order() -> None:
    assert status(costs.sound()) == "ok"


def test_a_month_without_records_is_no_good_news() -> None:
    assert status(costs.unknown()) == "inconclusive"
