"""A workbook is read back by other programs' libraries as it was written."""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from baozhang.incidents import workbook as module
from baozhang.incidents.workbook import Cell, Column, workbook

AT = datetime(2026, 7, 31, 14, tzinfo=UTC)
COLUMNS = (Column("摘要"), Column("金额", "money", 18), Column("行", "count"))


def written(path: Path, rows: Iterable[Sequence[Cell]], *, scale: int = 2) -> Path:
    with workbook(path, AT, scale=scale) as book:
        book.sheet("序时账", "只读副本", COLUMNS, rows)
    return path


def cells(path: Path, sheet: str = "序时账") -> list[list[object]]:
    return [[cell.value for cell in row] for row in load_workbook(path)[sheet].iter_rows(min_row=3)]


def test_both_libraries_read_what_was_written(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [("收到投资款", 10_000_050, 1), (None, -1, 2)])
    assert cells(path) == [["收到投资款", 100_000.5, 1], [None, -0.01, 2]]
    rows = CalamineWorkbook.from_path(path).get_sheet_by_name("序时账").to_python()
    assert rows == [
        ["只读副本", "", ""],
        ["摘要", "金额", "行"],
        ["收到投资款", 100_000.5, 1],
        ["", -0.01, 2],
    ]


def test_an_amount_stands_in_the_file_digit_by_digit(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [("", 99_999_999_999_999_9, 1)])
    with ZipFile(path) as archive:
        assert b"<v>9999999999999.99</v>" in archive.read("xl/worksheets/sheet1.xml")


def test_an_amount_that_no_spreadsheet_keeps_is_text(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [("", 1_000_000_000_000_001, 1)])
    assert cells(path)[0][1] == "10000000000000.01"


def test_a_currency_without_decimals_has_none(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [("", 1234, 1)], scale=0)
    cell = load_workbook(path)["序时账"]["B3"]
    assert (cell.value, cell.number_format) == (1234, "#,##0")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-", "@x", "<&>", '"', "  a  ", "a\nb"])
def test_a_text_is_a_text_whatever_it_looks_like(tmp_path: Path, text: str) -> None:
    sheet = load_workbook(written(tmp_path / "a.xlsx", [(text, 0, 1)]))["序时账"]
    assert (sheet["A3"].value, sheet["A3"].data_type) == (text, "s")


def test_a_text_that_a_spreadsheet_would_decode_is_escaped(tmp_path: Path) -> None:
    """ECMA-376 part 1, 22.9.2.19 (ST_Xstring): Excel shows `_x005F_x0041_` as `_x0041_`."""
    with ZipFile(written(tmp_path / "a.xlsx", [("_x0041_", 0, 1)])) as archive:
        assert b">_x005F_x0041_<" in archive.read("xl/worksheets/sheet1.xml")


def test_a_sign_that_no_workbook_may_hold_is_shown_as_damaged(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", [("a\x00b\x1fc", 0, 1)])
    assert cells(path)[0][0] == "a\ufffdb\ufffdc"


def test_amounts_look_like_amounts_and_columns_have_their_width(tmp_path: Path) -> None:
    sheet = load_workbook(written(tmp_path / "a.xlsx", [("", 1, 1)]))["序时账"]
    assert sheet["B3"].number_format == "#,##0.00"
    assert sheet.column_dimensions["B"].width == 18


def test_nobody_types_into_it_by_accident(tmp_path: Path) -> None:
    sheet = load_workbook(written(tmp_path / "a.xlsx", [("", 1, 1)]))["序时账"]
    assert (sheet.protection.sheet, sheet.freeze_panes) == (True, "A3")


@pytest.mark.parametrize(("rows", "sheets"), [(0, [0]), (8, [8]), (9, [8, 1]), (17, [8, 8, 1])])
def test_a_table_goes_on_on_the_next_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, sheets: list[int]
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 10)
    path = written(tmp_path / "a.xlsx", [("x", number, number) for number in range(rows)])
    found = load_workbook(path)
    assert found.sheetnames == ["序时账", "序时账 (2)", "序时账 (3)"][: len(sheets)]
    assert [sheet.max_row - 2 for sheet in found] == sheets
    assert [sheet["A1"].value for sheet in found] == ["只读副本"] * len(sheets)
    numbers = [row[2] for name in found.sheetnames for row in cells(path, name)]
    assert numbers == list(range(rows))


def test_equal_content_gives_equal_bytes(tmp_path: Path) -> None:
    first = written(tmp_path / "a.xlsx", [("x", 1, 1)]).read_bytes()
    assert written(tmp_path / "b.xlsx", [("x", 1, 1)]).read_bytes() == first


def test_nothing_of_it_lies_elsewhere_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "tmp"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    seen = []

    def rows() -> Iterable[Sequence[Cell]]:
        for number in range(5000):
            seen.append(len(list(elsewhere.iterdir())))
            yield "x", number, number

    written(tmp_path / "a.xlsx", rows())
    assert set(seen) == {0}


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path) -> None:
    written(tmp_path / "a.xlsx", [])
    with pytest.raises(FileExistsError):
        written(tmp_path / "a.xlsx", [])
