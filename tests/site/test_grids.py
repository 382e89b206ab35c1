"""Small tables of people: read as they come, written so that a spreadsheet runs nothing."""

from pathlib import Path

import pytest
from openpyxl import Workbook

from baozhang import grids
from baozhang.errors import UsageError
from baozhang.grids import Grid, read_grid, write_grid

GRID = Grid(("id", "名称"), (("r-1", "甲, 乙"), ("r-2", '说 "好"\n第二行')))


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_written_is_read_back(tmp_path: Path, ending: str) -> None:
    write_grid(tmp_path / f"t.{ending}", GRID)
    assert read_grid(tmp_path / f"t.{ending}") == GRID


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@a", "=HYPERLINK(1)"])
def test_a_formula_is_written_as_text_and_read_back(tmp_path: Path, ending: str, cell: str) -> None:
    file = tmp_path / f"t.{ending}"
    write_grid(file, Grid(("id",), ((cell,),)))
    assert read_grid(file).rows == ((cell,),)
    if ending == "csv":
        assert f"'{cell}" in file.read_text("utf-8-sig")


def test_gb18030_and_tabs_are_read(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("编号\t名称\r\n1\t甲\r\n\r\n".encode("gb18030"))
    assert read_grid(tmp_path / "t.csv") == Grid(("编号", "名称"), (("1", "甲"),))


def test_short_rows_are_filled_and_blank_columns_at_the_end_left_out(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,,\n1\n", "utf-8")
    assert read_grid(tmp_path / "t.csv") == Grid(("a", "b"), (("1", ""),))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"a,a\n1,2\n",
        b"a\n1,2\n",
        b'a\n"1\n',
        b"\x00\x01\x02",
        b"PK\x03\x04 no workbook",
        b"\xff\xfe\xff",
    ],
)
def test_what_is_no_sound_table_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(UsageError):
        read_grid(tmp_path / "t.csv")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        read_grid(tmp_path / "none.csv")
    assert caught.value.facts["file"] == tmp_path / "none.csv"


def test_what_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grids, "MOST_ROWS", 3)
    (tmp_path / "t.csv").write_text("a\n1\n2\n3\n", "utf-8")
    with pytest.raises(UsageError):
        read_grid(tmp_path / "t.csv")


def test_numbers_and_days_of_a_workbook_are_texts(tmp_path: Path) -> None:
    workbook = Workbook()
    sheet = workbook.active
    assert sheet is not None
    for row in (["n", "x"], [3, 1.5]):
        sheet.append(row)
    workbook.save(tmp_path / "t.xlsx")
    assert read_grid(tmp_path / "t.xlsx").rows == (("3", "1.5"),)


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        write_grid(tmp_path / "t.pdf", GRID)
