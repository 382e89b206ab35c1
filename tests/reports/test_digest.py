"""The digest names each letter it stands for, in both languages, as HTML, text and PDF.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_digest.py`, then look at
the files before committing them.
"""

import os
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports.digest import MOST_ROWS, Digest, Entry, render_digest
from reports.page import Letter
from tests.reports import papers

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 7, 30, 19, 5, tzinfo=UTC)
TOLD = (
    (
        "000012-validation-zh_CN",
        "【正常】完整性校验报告（2026-07-31）：4 户全部正常。保账第 000012 号",
    ),
    (
        "000003-restore-test-zh_CN",
        "【正常】恢复测试报告（2026-07-31）：2 户全部正常。保账第 000003 号",
    ),
)


def entries(told: tuple[tuple[str, str], ...] = TOLD) -> tuple[Entry, ...]:
    return tuple(Entry(name, subject, AT) for name, subject in told)


@cache
def letter(language: str) -> Letter:
    value = Digest(date(2026, 7, 31), entries(), "reports")
    return render_digest(value, number=5, language=language, pdf=True)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("form", ["html", "txt", "pdf.txt"])
def test_a_digest_is_the_one_that_was_looked_at(language: str, form: str) -> None:
    made = letter(language)
    text = {"html": made.html, "txt": made.text, "pdf.txt": papers.told(made.pdf)}[form]
    text = text.replace(__version__, "<version>")
    kept = GOLDEN / f"digest.{language}.{form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        kept.write_text(text, "utf-8")
    assert kept.read_text("utf-8") == text


def test_a_name_of_a_client_in_a_subject_is_masked() -> None:
    told = (("000001-night-zh_CN", "示例商贸有限公司 一切正常"),)
    value = Digest(date(2026, 7, 31), entries(told), "reports")
    made = render_digest(value, number=1, gate=Gate(["示例商贸有限公司"]))
    assert "示例商贸" not in made.subject + made.html + made.text


def test_markup_in_a_subject_is_shown_and_not_obeyed() -> None:
    told = (("000001-night-zh_CN", "<script>x</script>{{ 7*7 }}"),)
    made = render_digest(Digest(date(2026, 7, 31), entries(told), "reports"), number=1)
    assert "<script>x" not in made.html
    assert "{{ 7*7 }}" in made.text


def test_of_very_many_letters_the_first_are_shown_and_all_are_counted() -> None:
    told = tuple((f"{n:06d}-client-statement-zh_CN", "好") for n in range(1, MOST_ROWS + 2))
    made = render_digest(
        Digest(date(2026, 7, 31), entries(told), "reports"), number=1, language=ENGLISH
    )
    assert f"{MOST_ROWS} of {MOST_ROWS + 1} rows" in made.text
    assert f"{MOST_ROWS + 1} letters" in made.subject


def test_a_sample_is_marked() -> None:
    value = Digest(date(2026, 7, 31), entries(), "reports", sample=True)
    assert "样例" in render_digest(value, number=1).subject
