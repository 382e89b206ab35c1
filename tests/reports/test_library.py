"""The library: private files under names that tell nobody's name, and an index that opens alone."""

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, UnreachableError
from baozhang.words import CHINESE, ENGLISH
from reports.library import LINES, Filed, Library, gaps, index_page
from reports.month import AgencyMonth
from reports.monthly import render_monthly
from reports.page import Letter
from tests.reports import offices


@pytest.fixture(scope="module")
def letter() -> Letter:
    value: AgencyMonth = offices.agency(offices.sound())
    return render_monthly(value, number=7, pdf=True)


def filed(number: int = 7, kind: str = "monthly", **changes: object) -> Filed:
    at, spoken = "2026-08-01 07:00", (CHINESE,)
    made = Filed(kind, number, "2026-07", "", "ok", at, False, spoken, spoken, "f" * 64)
    return replace(made, **changes)  # type: ignore[arg-type]


def shown(page: str) -> dict[str, object]:
    """Return what an index carries."""
    found = re.search(r'id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    value = json.loads(found[1])
    assert isinstance(value, dict)
    return value


def test_a_report_is_there_as_page_text_pdf_and_value(tmp_path: Path, letter: Letter) -> None:
    Library(tmp_path).put(filed(), [letter], '{"a":1}')
    names = {path.name for path in (tmp_path / "monthly" / "2026").iterdir()}
    stem = "000007-monthly-2026-07"
    assert names == {
        f"{stem}.json", f"{stem}-zh_CN.html", f"{stem}-zh_CN.txt", f"{stem}-zh_CN.pdf"
    }  # fmt: skip


def test_pictures_are_inside_the_page(tmp_path: Path, letter: Letter) -> None:
    pages = Library(tmp_path).put(filed(), [letter], "{}")
    html = pages[0].read_text("utf-8")
    assert "cid:" not in html
    assert html.count("data:image/png;base64,") == len(letter.pictures) > 0


def test_files_and_folders_are_private(tmp_path: Path, letter: Letter) -> None:
    library = Library(tmp_path / "reports")
    library.put(filed(), [letter], "{}")
    library.refresh()
    for path in (library.folder, *library.folder.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_nothing_unfinished_stays_behind(tmp_path: Path, letter: Letter) -> None:
    library = Library(tmp_path)
    library.put(filed(), [letter], "{}")
    library.refresh()
    assert not list(tmp_path.rglob("*.tmp"))


def test_what_was_put_is_found_again(tmp_path: Path, letter: Letter) -> None:
    library = Library(tmp_path)
    library.put(filed(), [letter], "{}")
    assert library.reports() == (filed(),)
    assert library.find("monthly", "2026-07", "", "f" * 64) == filed()
    assert library.find("monthly", "2026-08", "", "f" * 64) is None


def test_a_number_filed_twice_is_one_report(tmp_path: Path, letter: Letter) -> None:
    library = Library(tmp_path)
    library.put(filed(), [letter], "{}")
    library.put(filed(status="failed"), [letter], "{}")
    assert library.reports() == (filed(status="failed"),)


def test_a_line_that_a_crash_cut_off_is_no_report(tmp_path: Path, letter: Letter) -> None:
    library = Library(tmp_path)
    library.put(filed(), [letter], "{}")
    with (tmp_path / LINES).open("ab") as lines:
        lines.write(b'{"kind":"mon')
    assert library.reports() == (filed(),)


def test_a_line_that_is_none_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / LINES).write_bytes(b"[]\n")
    with pytest.raises(CorruptObjectError):
        Library(tmp_path).reports()


def test_an_empty_library_holds_nothing(tmp_path: Path) -> None:
    assert Library(tmp_path / "none").reports() == ()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, letter: Letter) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UnreachableError):
        Library(tmp_path / "file").put(filed(), [letter], "{}")


def test_missing_numbers_are_told_as_runs() -> None:
    reports = [filed(n) for n in (1, 2, 5, 9)] + [filed(2, "night")]
    assert gaps(reports) == {"monthly": ((3, 4), (6, 8)), "night": ((1, 1),)}


def test_numbers_that_follow_each_other_have_no_gap() -> None:
    assert gaps([filed(n) for n in (1, 2, 3)]) == {}


def test_the_index_shows_the_newest_first() -> None:
    page = index_page([filed(1, at="2026-08-01 07:00"), filed(2, at="2026-09-01 07:00")])
    rows = shown(page)["reports"]
    assert isinstance(rows, list)
    assert [row[1] for row in rows] == [2, 1]


def test_the_index_speaks_both_languages() -> None:
    words = shown(index_page([filed()]))["words"]
    assert isinstance(words, dict)
    assert words[CHINESE]["name"] == "报告库"
    assert words[ENGLISH]["name"] == "Library of reports"


def test_the_index_asks_nobody_on_any_network() -> None:
    page = index_page([filed()])
    assert not re.findall(r"(?:https?:)?//[a-z]", page)
    assert "default-src 'none'" in page


def test_nothing_in_a_row_can_end_the_script() -> None:
    page = index_page([filed(client="</script><script>alert(1)</script>")])
    assert "<script>alert" not in page
    assert "alert(1)" in str(shown(page)["reports"])


def test_ten_thousand_reports_are_an_index_of_half_a_megabyte() -> None:
    kinds = ("night", "validation", "certificate", "client-statement")
    reports = [filed(n, kinds[n % 4], client=f"c{n % 600:03d}") for n in range(1, 10_001)]
    assert len(index_page(reports)) < 800_000
