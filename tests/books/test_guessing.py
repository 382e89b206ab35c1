"""Which profile a file is an export for, and what is drafted where none fits."""

import csv
from pathlib import Path

import pytest

from baozhang.books.guessing import Guess, guess
from baozhang.books.profiles import profile_of
from baozhang.books.reading import open_books
from baozhang.errors import LedgerFormatError, UsageError
from tests.books.exports import (
    ENTRIES,
    YONYOU_8,
    Entry,
    grouped,
    write_cloud,
    write_k3,
    write_sheets,
    write_text,
    yonyou_8_row,
)
from tests.books.making import LINE_HEAD, line_cells, sound_rows, write_cn, write_t3
from tests.books.test_products import PRODUCTS, written
from tests.books.test_reading import FEC

DEBIT = 11_203_451  # of ENTRIES, in fen: added up by hand


def best(path: Path) -> Guess:
    return guess(path)[0]


@pytest.mark.parametrize("profile", PRODUCTS)
def test_every_product_is_recognised(profile: str, tmp_path: Path) -> None:
    path = written(profile, tmp_path)
    found = best(path)
    assert (found.profile.name, found.score, found.changed) == (profile, 100, ())
    counts = found.counts(path)
    assert (counts.lines, counts.debit, counts.credit) == (len(ENTRIES), DEBIT, DEBIT)
    assert (counts.first, counts.last, counts.complete) == ("2026-01", "2026-02", True)


def test_the_french_ledger_is_recognised() -> None:
    found = best(FEC)
    assert (found.profile.name, found.fits) == ("fec", True)
    assert found.counts(FEC).debit == 825_808_373


def test_a_yonyou_database_is_recognised(tmp_path: Path) -> None:
    assert best(write_t3(tmp_path / "t3.db")).profile.name == "yonyou_t3"


def test_a_folder_of_csv_files_is_recognised(tmp_path: Path) -> None:
    found = best(write_cn(tmp_path / "账套"))
    assert (found.profile.name, found.changed) == ("cn_csv", ())
    assert {one.table for one in found.tables} == {"lines", "balances", "invoices"}


def test_the_header_and_the_place_of_each_table_are_told(tmp_path: Path) -> None:
    found = best(write_cloud(tmp_path / "账套"))
    lines, balances = found.tables
    assert (lines.sight.place, lines.row, balances.row) == ("Sheet1", 3, 4)
    assert ("凭证号", "word, number") in [
        (column, ", ".join(sorted(name.split(", "), reverse=True))) for column, name in lines.fields
    ]
    assert "外币代码" in lines.kept


def test_another_encoding_and_delimiter_are_changed_in_the_profile(tmp_path: Path) -> None:
    rows = [LINE_HEAD, *map(line_cells, sound_rows())]
    path = tmp_path / "凭证.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=";", lineterminator="\r\n").writerows(rows)
    found = best(path)
    assert (found.profile.name, found.changed) == ("cn_csv", ("encoding", "delimiter"))
    assert found.counts(path).lines == len(rows) - 1


def test_what_was_changed_is_in_the_yaml(tmp_path: Path) -> None:
    path = write_text(tmp_path / "1.csv", [YONYOU_8, *map(yonyou_8_row, ENTRIES)], encoding="utf-8")
    text = best(path).text
    assert 'encoding: "utf-8"' in text
    assert profile_of(text.encode(), "own", file="own.yaml").encoding == "utf-8"


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    rows = [[name.replace("过账", "已过账") for name in row] for row in [["无"]]]
    assert guess(write_sheets(tmp_path / "1.xlsx", {"1": rows})) == []
    path = write_k3(tmp_path / "2.xlsx")
    second = guess(path)[1]
    assert (second.profile.name, second.fits) == ("kingdee_10", False)
    assert second.tables[0].missing == ("摘要", "借方金额", "贷方金额")


UNKNOWN = [
    "制单日期",
    "凭证字号",
    "凭证摘要",
    "会计科目代码",
    "会计科目",
    "借方发生额",
    "贷方发生额",
]


def unknown_row(entry: Entry) -> list[object]:
    head = [entry.day, f"记{entry.number}"] if entry.line == 1 else ["", ""]
    amounts = [grouped(entry.debit), grouped(entry.credit)]
    return [*head, entry.summary, entry.account, entry.name, *amounts]


def test_an_unknown_product_is_drafted_from_the_words_of_its_header(tmp_path: Path) -> None:
    rows = [["某软件凭证清单"], UNKNOWN, *map(unknown_row, ENTRIES)]
    path = write_text(tmp_path / "凭证清单.csv", rows)
    found = best(path)
    assert (found.drafted, found.fits) == (True, True)
    counts = found.counts(path)
    assert (counts.lines, counts.debit, counts.credit) == (len(ENTRIES), DEBIT, DEBIT)


def test_a_draft_is_a_profile_that_reads_the_book(tmp_path: Path) -> None:
    rows = [["某软件凭证清单"], UNKNOWN, *map(unknown_row, ENTRIES)]
    path = write_sheets(tmp_path / "凭证清单.xlsx", {"Sheet1": rows})
    profile = profile_of(best(path).text.encode(), "draft", file="draft.yaml")
    (book,) = open_books(profile, path)
    assert [(line.word, line.number, line.account) for line in book.lines()] == [
        ("记", str(one.number), one.account) for one in ENTRIES
    ]


def test_bytes_that_are_nothing_known_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "凭证.dat"
    path.write_bytes(bytes(range(256)))
    with pytest.raises(LedgerFormatError, match="no text"):
        guess(path)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        guess(tmp_path / "nowhere.csv")
