"""The order to stop is the letter that was looked at, in both languages and every form."""

import os
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from baozhang.words import CHINESE, ENGLISH
from reports.page import Letter
from reports.stop_order import StopOrder, fingerprint, render_stop_order, short_lines
from tests.reports.test_golden import GOLDEN, body

ORDER = StopOrder(
    "i-20261122-01",
    "zhang",
    datetime(2026, 11, 22, 6, 5, tzinfo=UTC),
    (("c001", "main", "read-only"), ("c001", "papers", "partly"), ("c007", "main", "people")),
    timedelta(minutes=30),
)


@cache
def letter(language: str) -> Letter:
    return render_stop_order(ORDER, number=1, language=language, pdf=True)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("form", ["html", "txt", "pdf"])
def test_the_order_is_the_one_that_was_looked_at(language: str, form: str) -> None:
    said = body(letter(language), form)
    file = GOLDEN / f"stop-order-{language}.{'pdf.txt' if form == 'pdf' else form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


def test_what_to_stop_stands_before_the_table_of_sets() -> None:
    text = letter(CHINESE).text
    assert text.index("不要再录入") < text.index("stop-ack") < text.index("c001/main")


def test_the_order_names_the_command_as_its_reader_types_it() -> None:
    assert "baozhang incident stop-ack i-20261122-01 --by zhang" in letter(CHINESE).text


def test_another_set_gives_another_fingerprint() -> None:
    other = StopOrder(ORDER.incident, "zhang", ORDER.since, ORDER.sets[:1], ORDER.within)
    assert fingerprint(other) != fingerprint(ORDER)


def test_a_sample_says_so_in_its_subject() -> None:
    sample = StopOrder(ORDER.incident, "zhang", ORDER.since, ORDER.sets, ORDER.within, sample=True)
    assert "SAMPLE" in render_stop_order(sample, number=1, language=ENGLISH).subject


def test_a_bot_says_first_what_to_stop() -> None:
    first, second, *_ = short_lines(ORDER, CHINESE)
    assert first == "事件 i-20261122-01：请立即停止 2 户账套的一切操作"
    assert second == "客户：c001, c007"
