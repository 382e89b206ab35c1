"""Irregular rows made regular: cut, filled, skipped, ended, and told what stands around them."""

from pathlib import Path

import pytest

from baozhang.books.model import Line
from baozhang.books.shapes import pattern_of
from baozhang.errors import LedgerFormatError
from tests.books.exports import write_text
from tests.books.making import the_book

PROFILE = """
title: {en: Own, zh: 自有}
format: delimited
encoding: gb18030
quote: '"'
line_end: "\\r\\n"
thousands: ","
empty_amount: zero
currency: CNY
numbering: month
line: ordinal
chart: derived
dates: ["YYYY-MM-DD"]
tables:
  lines:
    files: ["*.csv"]
    banner_rows: auto
"""
COLUMNS = """
    columns:
      word: "[字]"
      number: "[号]"
      date: 日期
      summary: 摘要
      account: 科目
      amount: {debit: 借方, credit: 贷方}
"""
HEAD = ["日期", "凭证号", "摘要", "科目", "借方", "贷方"]
ROWS = [
    ["2026-01-05", "记-1", "收款", "1002", "1,000.00", ""],
    ["", "", "收款", "1122", "", "1,000.00"],
    ["2026-01-06", "记-2", "付款", "2202", "２０．００", ""],
    ["", "", "付款", "1002", "", "20.00"],
]
CUT = '    cut: {凭证号: ["[字]-[号]", "[字][号]"]}\n    fill: [日期, 凭证号]\n'


def read(
    folder: Path, rows: list[list[str]], keys: str = CUT, columns: str = COLUMNS
) -> list[Line]:
    profile = folder / "own.yaml"
    profile.write_text(PROFILE + keys + columns.lstrip("\n"), encoding="utf-8")
    path = write_text(folder / "2026.csv", rows)
    return list(the_book(str(profile), path).lines())


def refused(
    folder: Path, rows: list[list[str]], keys: str = CUT, columns: str = COLUMNS
) -> LedgerFormatError:
    with pytest.raises(LedgerFormatError) as caught:
        read(folder, rows, keys, columns)
    assert caught.value.hint.endswith(".")
    return caught.value


def test_a_word_and_number_in_one_cell_are_cut_apart(tmp_path: Path) -> None:
    lines = read(tmp_path, [HEAD, *ROWS])
    assert [(line.word, line.number) for line in lines] == [("记", "1")] * 2 + [("记", "2")] * 2


def test_a_blank_cell_repeats_the_one_above(tmp_path: Path) -> None:
    assert [line.date[-2:] for line in read(tmp_path, [HEAD, *ROWS])] == ["05", "05", "06", "06"]


def test_full_width_amounts_and_thousands_commas_are_amounts(tmp_path: Path) -> None:
    assert [line.debit for line in read(tmp_path, [HEAD, *ROWS])] == [100_000, 0, 2_000, 0]


def test_the_cell_that_was_cut_stays_in_the_fingerprint(tmp_path: Path) -> None:
    assert read(tmp_path, [HEAD, *ROWS])[2].other == ("记-2",)


def test_a_full_width_voucher_number_is_cut_like_any_other(tmp_path: Path) -> None:
    rows = [HEAD, ["2026-01-05", "记－１２", "收款", "1002", "1.00", ""]]
    assert read(tmp_path, rows)[0].number == "12"


def test_a_header_of_two_pieces_is_its_own_form(tmp_path: Path) -> None:
    keys = '    cut: {"[凭证号码]#[日期]": "[凭证号码]#[日期]"}\n'
    columns = COLUMNS.replace('"[号]"', '"[凭证号码]"').replace("date: 日期", 'date: "[日期]"')
    columns = columns.replace('      word: "[字]"\n', "")
    rows = [
        ["[凭证号码]#[日期]", "摘要", "科目", "借方", "贷方"],
        ["0012#2026-01-05", "收款", "1002", "1.00", ""],
    ]
    line = read(tmp_path, rows, keys, columns)[0]
    assert (line.number, line.date) == ("0012", "2026-01-05")


def test_a_cell_that_is_in_no_form_is_refused_with_its_place(tmp_path: Path) -> None:
    rows = [["凭证列表"], HEAD, ROWS[0], ["2026-01-06", "未编号", "付款", "2202", "1.00", ""]]
    facts = refused(tmp_path, rows).facts
    assert (facts["file"], facts["row"], facts["column"]) == ("2026.csv", 4, "凭证号")


def test_sums_among_the_rows_are_left_out(tmp_path: Path) -> None:
    rows = [HEAD, *ROWS[:2], ["", "", "小 计", "", "1,000.00", "1,000.00"], *ROWS[2:]]
    keys = CUT + "    skip: {摘要: [小计, 合计*]}\n"
    assert len(read(tmp_path, rows, keys)) == 4


def test_a_table_that_must_end_with_its_sum_is_whole_with_it(tmp_path: Path) -> None:
    rows = [HEAD, *ROWS, ["", "", "合计", "", "1,020.00", "1,020.00"]]
    assert len(read(tmp_path, rows, CUT + "    ends: {摘要: [合计]}\n")) == 4


def test_an_export_cut_at_a_voucher_boundary_is_refused_where_it_ends(tmp_path: Path) -> None:
    error = refused(tmp_path, [HEAD, *ROWS[:2]], CUT + "    ends: {摘要: [合计]}\n")
    assert (error.facts["row"], error.facts["column"]) == (3, "摘要")
    assert "cut short" in error.hint


def test_the_year_of_a_line_without_one_is_that_of_its_day(tmp_path: Path) -> None:
    rows = [HEAD, ROWS[0], ["2027-01-05", "记-1", "收款", "1002", "1.00", ""]]
    assert [line.year for line in read(tmp_path, rows)] == ["2026", "2027"]


TOLD = COLUMNS.replace("      date:", "      period: {from: [banner, file]}\n      date:")


def test_a_period_may_stand_above_the_header(tmp_path: Path) -> None:
    rows = [["凭证列表", "2026年2月"], HEAD, *ROWS]
    assert {line.period for line in read(tmp_path, rows, CUT, TOLD)} == {"2026-02"}


def test_a_table_without_any_period_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, [["凭证列表"], HEAD, *ROWS], CUT, TOLD)
    assert "names no period" in str(error)
    assert "name the file" in error.hint


def test_a_table_of_several_periods_is_refused_with_them(tmp_path: Path) -> None:
    rows = [["凭证列表", "2026年1月至2026年3月"], HEAD, *ROWS]
    assert refused(tmp_path, rows, CUT, TOLD).facts["found"] == "2026-01, 2026-03"


@pytest.mark.parametrize(
    ("form", "cell", "pieces"),
    [
        ("[字]-[号]", "记-12", ("记", "12")),
        ("[字][号]", "银付12", ("银付", "12")),
        ("[字]字第[号]号", "记字第12号", ("记", "12")),
        ("[号]#[日]", "3#2026-01-05", ("3", "2026-01-05")),
    ],
)
def test_a_form_cuts_at_its_own_signs(form: str, cell: str, pieces: tuple[str, str]) -> None:
    found = pattern_of(form).fullmatch(cell)
    assert found is not None
    assert found.groups() == pieces


def test_a_text_without_its_header_in_another_encoding_is_told_so(tmp_path: Path) -> None:
    profile = tmp_path / "own.yaml"
    profile.write_text(PROFILE + CUT + COLUMNS.lstrip("\n"), encoding="utf-8")
    path = write_text(tmp_path / "2026.csv", [["凭证列表"], HEAD, *ROWS], encoding="utf-8")
    with pytest.raises(LedgerFormatError) as caught:
        list(the_book(str(profile), path).lines())
    assert caught.value.facts["encodings"] == "utf-8"


def test_a_text_without_a_header_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, [["凭证列表"], *ROWS])
    assert "no header" in str(error)
