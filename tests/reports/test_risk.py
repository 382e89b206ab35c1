"""The risk letter is what was looked at, in both languages, and says nothing better than it is."""

import hashlib
import os
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.governance.risk.review import Review, digest_of, encoded
from baozhang.governance.risk.treatment import Check
from baozhang.words import CHINESE, ENGLISH
from reports.page import Letter
from reports.risk import SignedBy, render_risk, status_of
from reports.risk_pictures import about
from reports.risk_tables import sparkline
from reports.writing import pen
from tests.reports import papers, risks

GOLDEN = Path(__file__).parent / "golden"
WANG = SignedBy("wang", datetime(2026, 11, 4, 1, 30, tzinfo=UTC))


@cache
def letters(language: str) -> dict[str, Letter]:
    how = {"language": language, "pdf": True}
    return {
        "risk-review": render_risk(risks.review(), number=2, signed=(WANG,), **how),
        "risk-empty": render_risk(
            risks.empty().model_copy(update={"sample": True}), number=1, **how
        ),
    }


def body(letter: Letter, form: str) -> str:
    forms = {"html": letter.html, "txt": f"{letter.subject}\n\n{letter.text}"}
    words = papers.told(letter.pdf) if form == "pdf" else forms[form]
    return words.replace(f"baozhang {__version__}", "baozhang X.Y.Z")


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", ["risk-review", "risk-empty"])
@pytest.mark.parametrize("form", ["html", "txt", "pdf"])
def test_a_risk_letter_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    said = body(letters(language)[name], form)
    file = GOLDEN / f"{name}-{language}.{'pdf.txt' if form == 'pdf' else form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


def test_the_fingerprint_is_the_hash_of_what_is_filed() -> None:
    value = encoded(risks.review())
    assert letters(ENGLISH)["risk-review"].fingerprint == hashlib.sha256(value.encode()).hexdigest()


def test_another_title_is_another_review() -> None:
    review = risks.review()
    other = review.model_copy(update={"before": "2026-09"})
    assert digest_of(review) != digest_of(other)


def test_a_register_that_nobody_began_is_not_assessed() -> None:
    assert status_of(risks.empty()) == "inconclusive"


def test_nothing_measured_is_never_green_in_the_letter() -> None:
    text = letters(ENGLISH)["risk-empty"].text
    assert "Not measured" in text
    assert "Green" not in text


def test_no_estimate_is_said_to_be_no_figure() -> None:
    assert "not even zero" in letters(ENGLISH)["risk-empty"].text


def calm(**changed: object) -> Review:
    """Return a review in which one risk is treated, one indicator is green, and nothing waits."""
    told = [each for each in risks.review().risks if each.id == "r-006"]
    return risks.empty().model_copy(
        update={"risks": tuple(told), "indicators": (risks.measured("failed-nights", "0"),)}
        | changed
    )


def test_all_scored_treated_and_green_is_in_order() -> None:
    assert status_of(calm()) == "ok"


def test_one_red_indicator_asks_to_act_now() -> None:
    assert status_of(calm(indicators=(risks.measured("failed-proofs", "3"),))) == "failed"


def test_one_amber_indicator_is_an_open_point() -> None:
    assert status_of(calm(indicators=(risks.measured("failed-proofs", "1"),))) == "partial"


def test_indicators_that_measure_nothing_assess_nothing() -> None:
    assert status_of(calm(indicators=(risks.measured("failed-proofs", None),))) == "inconclusive"


def test_a_proposal_that_waits_is_an_open_point() -> None:
    assert status_of(calm(waiting=risks.review().waiting)) == "partial"


@pytest.mark.parametrize("verdict", ["overdue", "void"])
def test_a_treatment_that_fails_asks_to_act_now(verdict: str) -> None:
    (told,) = calm().risks
    check = Check(treatment="reduce", verdict=verdict, why="controls", level="low")  # type: ignore[arg-type]
    assert status_of(calm(risks=(told.model_copy(update={"check": check}),))) == "failed"


def test_a_grave_risk_that_nobody_treats_asks_to_act_now() -> None:
    grave = [each for each in risks.review().risks if each.id == "r-004"]
    assert status_of(calm(risks=tuple(grave))) == "failed"


def test_an_unscored_risk_is_an_open_point_beside_scored_ones() -> None:
    both = [each for each in risks.review().risks if each.id in {"r-005", "r-006"}]
    assert status_of(calm(risks=tuple(both))) == "partial"


def test_whoever_signed_is_named_and_nobody_is_missed() -> None:
    assert "Nobody has signed" not in letters(ENGLISH)["risk-review"].text
    assert "Nobody has signed" in letters(ENGLISH)["risk-empty"].text


def test_a_rare_risk_shows_in_the_average_year() -> None:
    text = " ".join(letters(ENGLISH)["risk-review"].text.split())
    assert "0 to 0 in eight years of ten, about 19,000 yuan in an average year" in text


def test_a_risk_that_nobody_estimated_has_no_figure() -> None:
    assert "A year's loss: not measured" in letters(ENGLISH)["risk-review"].text


def test_the_condition_that_voids_a_claim_is_named() -> None:
    text = " ".join(letters(ENGLISH)["risk-review"].text.split())
    assert "each of them can void a claim: training.security" in text


def test_a_course_shows_a_month_that_nobody_measured_as_a_dot() -> None:
    assert sparkline((Decimal(0), None, Decimal(4), Decimal(8))) == "▁·▄█"


def test_an_estimate_is_told_to_two_figures() -> None:
    assert about(12_345_678, pen(ENGLISH)) == "about 120,000 yuan"


def test_the_picture_says_in_words_where_each_risk_lies() -> None:
    assert "1: (4×5) → 3×4 high" in letters(ENGLISH)["risk-review"].html
