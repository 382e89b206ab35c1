"""What the corpus consists of, and what a day changes in it."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.corpus import PAGE, Change, census, compared, first_month, make, pages, pass_day


@pytest.mark.parametrize(
    ("months", "first"), [(1, date(2025, 6, 1)), (6, date(2025, 1, 1)), (12, date(2024, 7, 1))]
)
def test_the_months_end_in_june_2025(months: int, first: date) -> None:
    assert first_month(months) == first


def test_a_changed_page_counts_once_and_a_new_file_whole(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(bytes(3 * PAGE))
    before = pages(tmp_path)
    old.write_bytes(bytes(PAGE) + b"x" + bytes(2 * PAGE))
    (tmp_path / "new").write_bytes(b"new")
    assert compared(before, tmp_path) == Change(1, 2 * PAGE, 1, 3)


def test_a_day_appends_to_the_books_that_are_there(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    made = make(corpus, clients=1, months=1)
    change = pass_day(corpus, 1)
    after = census(corpus)
    assert after.bytes > made.bytes
    assert 0 < change.changed_bytes < made.bytes / 4
    assert after.types["CSV books"][0] == made.types["CSV books"][0]
    assert after.files - made.files == change.new_files > 0
