"""XML: streamed rows, in any encoding, without its dangers."""

import tracemalloc
from pathlib import Path

import pytest

from baozhang.books.gbxml import rows_of
from baozhang.errors import LedgerFormatError
from tests.books.exports import CHART, totals, write_xml
from tests.books.making import proof_of, the_book
from tests.books.test_products import totals_of


def format_error(path: Path) -> LedgerFormatError:
    with pytest.raises(LedgerFormatError) as caught:
        proof_of("gbt24589", path)
    assert caught.value.hint.endswith(".")
    return caught.value


@pytest.mark.parametrize("encoding", ["GB18030", "GBK", "gb2312", "UTF-8", "UTF-16"])
def test_an_export_is_read_in_the_encoding_it_declares(encoding: str, tmp_path: Path) -> None:
    path = write_xml(tmp_path / "总账.xml", encoding=encoding)
    assert totals_of(proof_of("gbt24589", path)) == totals()


def test_the_chart_comes_with_the_export(tmp_path: Path) -> None:
    accounts = list(the_book("gbt24589", write_xml(tmp_path / "1.xml")).accounts())
    assert {one.code: one.name for one in accounts} == CHART


def test_the_element_of_the_book_says_whose_it_is(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "1.xml", encoding="UTF-8")
    head = "<电子账簿><统一社会信用代码>91330106MA2CF1L35X</统一社会信用代码></电子账簿>"
    text = path.read_text("utf-8").replace("<会计科目>", f"{head}<会计科目>", 1)
    path.write_text(text, encoding="utf-8")
    assert the_book("gbt24589", path).book.owner == "91330106MA2CF1L35X"


def test_an_element_left_out_is_null_and_an_empty_one_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "1.xml"
    path.write_text("<r><a><x>1</x><y/></a><a><x>2</x></a></r>", encoding="utf-8")
    assert [row.get("y") for _, row in rows_of(path, "1.xml", ("a",))] == ["", None]


def test_attributes_and_nested_elements_are_columns_too(tmp_path: Path) -> None:
    path = tmp_path / "1.xml"
    text = '<n:r xmlns:n="urn:n"><n:a id="7"><n:x u="元">1</n:x><n:o><n:i>2</n:i></n:o></n:a></n:r>'
    path.write_text(text, encoding="utf-8")
    ((_, row),) = rows_of(path, "1.xml", ("a",))
    assert row == {"@id": "7", "x@u": "元", "x": "1", "o.i": "2"}


def test_a_column_twice_in_one_row_is_refused(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "1.xml", encoding="UTF-8")
    text = path.read_text("utf-8").replace("<附件数>1", "<科目编号>1</科目编号><附件数>1", 1)
    path.write_text(text, encoding="utf-8")
    assert format_error(path).facts["column"] == "科目编号"


def test_a_column_that_no_row_has_is_named(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "1.xml", encoding="UTF-8")
    text = path.read_text("utf-8").replace("记账凭证行号", "行次")
    path.write_text(text, encoding="utf-8")
    assert format_error(path).facts["column"] == "记账凭证行号"


BOMB = """<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<r><记账凭证><x>&b;</x></记账凭证></r>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE r [<!ENTITY f SYSTEM "file:///etc/passwd">]>
<r><记账凭证><x>&f;</x></记账凭证></r>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_entities_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "1.xml"
    path.write_text(text, encoding="utf-8")
    assert "entities" in str(format_error(path))


def test_a_file_cut_short_is_refused_at_its_row(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "1.xml")
    path.write_bytes(path.read_bytes()[:-40])
    assert int(str(format_error(path).facts["row"])) > 20


def test_bytes_outside_the_declared_encoding_are_refused(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "1.xml")
    path.write_bytes(path.read_bytes().replace("办公费".encode("gb18030"), b"\xff\xff\xff", 1))
    assert "encoding" in str(format_error(path))


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "1.xml"
    row = "<a>" + "".join(f"<c{n}>{'x' * 20}</c{n}>" for n in range(10)) + "</a>"
    path.write_text(f"<r>{row * 40_000}</r>", encoding="utf-8")
    tracemalloc.start()
    assert sum(1 for _ in rows_of(path, "1.xml", ("a",))) == 40_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20
    assert path.stat().st_size > 3 * peak
