"""Workbooks: which sheet is which table, and what a spreadsheet does to numbers."""

import datetime as dt
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from baozhang.books.workbook import cell_text
from baozhang.errors import LedgerFormatError
from tests.books.exports import (
    CHART,
    ENTRIES,
    K3,
    KINGDEE_10,
    YONYOU_8,
    balance_sheet,
    k3_row,
    kingdee_10_row,
    totals,
    voucher_sheet,
    write_cloud,
    write_k3,
    write_sheets,
    write_text,
    yonyou_8_row,
)
from tests.books.making import broken_laws, proof_of, the_book
from tests.books.test_products import totals_of
from tests.books.xls import write_xls


def format_error(profile: str, path: Path) -> LedgerFormatError:
    with pytest.raises(LedgerFormatError) as caught:
        proof_of(profile, path)
    assert caught.value.hint.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0012", "0012"),
        (12.0, "12"),
        (1234.5600000000001, "1234.56"),
        (0.1 + 0.2, "0.3"),
        (-0.05, "-0.05"),
        (999_999_999_999_999.0, "999999999999999"),
        (24_112_000_000_012_345_678.0, "2.41120000000123E+19"),
        (6_222_021_234_567_890.0, "6.22202123456789E+15"),
        (0.0000001, "0.0000001"),
        (True, "TRUE"),
        (dt.date(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1), "2026-03-01"),
        (dt.datetime(2026, 3, 1, 5, 6, 7), "2026-03-01 05:06:07"),
        ("", ""),
    ],
)
def test_a_cell_is_the_text_that_the_spreadsheet_shows(value: object, text: str) -> None:
    assert cell_text(value) == text  # type: ignore[arg-type]


def with_invoice(path: Path, number: object) -> Path:
    cells = k3_row(ENTRIES[0])
    cells[K3.index("参考信息")] = number
    return write_sheets(path, {"Page1": [K3, cells, *map(k3_row, ENTRIES[1:])]})


def test_a_twenty_digit_number_held_as_a_number_is_damage(tmp_path: Path) -> None:
    proof = proof_of("k3_37", with_invoice(tmp_path / "凭证.xlsx", 24_112_000_000_012_345_678))
    assert "S5" in broken_laws(proof.violations)


def test_a_twenty_digit_number_held_as_text_is_whole(tmp_path: Path) -> None:
    path = with_invoice(tmp_path / "凭证.xlsx", "24112000000012345678")
    assert "S5" not in broken_laws(proof_of("k3_37", path).violations)
    assert "24112000000012345678" in next(iter(the_book("k3_37", path).lines())).other


WITH_INVOICES = """
title: {en: Own, zh: 自有}
format: workbook
files: ["*.xlsx"]
empty_amount: zero
currency: CNY
numbering: month
line: column
chart: derived
dates: ["YYYY-MM-DD"]
tables:
  lines:
    columns:
      word: 凭证字
      number: 凭证号
      line: 分录序号
      date: 凭证日期
      account: 科目代码
      amount: {debit: 借方, credit: 贷方}
  invoices:
    banner_rows: 1
    columns: {number: 数电票号码, date: 开票日期, amount: 金额, tax: 税额, total: 价税合计}
"""


@pytest.mark.parametrize(
    ("number", "laws"),
    [(24_112_000_000_012_345_678, {"S5", "X2"}), ("24112000000012345678", set())],
)
def test_an_invoice_number_that_lost_its_end_breaks_two_laws(
    number: object, laws: set[str], tmp_path: Path
) -> None:
    profile = tmp_path / "own.yaml"
    profile.write_text(WITH_INVOICES, encoding="utf-8")
    invoices = [
        ["发票清单"],
        ["数电票号码", "开票日期", "金额", "税额", "价税合计"],
        [number, dt.date(2026, 1, 31), 10000, 1300, 11300],
    ]
    sheets = {"1": [K3, *map(k3_row, ENTRIES)], "2": invoices}
    found = proof_of(str(profile), write_sheets(tmp_path / "1.xlsx", sheets)).violations
    assert broken_laws(found) & {"S5", "X2"} == laws


def test_a_sheet_that_has_the_columns_of_two_tables_is_the_larger_one(tmp_path: Path) -> None:
    accounts = "  accounts:\n    optional: true\n    columns: {code: 科目代码, name: 科目名称}\n"
    profile = tmp_path / "own.yaml"
    head, _ = WITH_INVOICES.split("  invoices:")
    profile.write_text(head.replace("chart: derived", "chart: file") + accounts, encoding="utf-8")
    chart = [["科目代码", "科目名称"], *CHART.items()]
    path = write_sheets(tmp_path / "1.xlsx", {"1": chart, "2": [K3, *map(k3_row, ENTRIES)]})
    proof = proof_of(str(profile), path)
    assert totals_of(proof) == totals()
    assert len(list(the_book(str(profile), path).accounts())) == len(CHART)


def test_a_workbook_of_the_old_format_is_read(tmp_path: Path) -> None:
    rows = [[str(cell) if isinstance(cell, dt.date) else cell for cell in k3_row(entry)]
            for entry in ENTRIES]  # fmt: skip
    path = write_xls(tmp_path / "凭证.xls", [K3, *rows])
    assert totals_of(proof_of("k3_37", path)) == totals()


def test_the_names_of_sheets_do_not_matter(tmp_path: Path) -> None:
    sheets = {"说明": [["本表由系统导出"]], "Sheet7": [K3, *map(k3_row, ENTRIES)]}
    assert totals_of(proof_of("k3_37", write_sheets(tmp_path / "1.xlsx", sheets))) == totals()


def test_both_tables_of_the_pair_may_stand_in_one_workbook(tmp_path: Path) -> None:
    path = write_sheets(
        tmp_path / "账套.xlsx",
        {
            "Sheet1": balance_sheet("2026-01"),
            "Sheet2": balance_sheet("2026-02"),
            "Sheet3": voucher_sheet(),
        },
    )
    proof = proof_of("cloud_pair", path)
    assert totals_of(proof) == totals()
    assert sum(chunk.rows for chunk in proof.chunks if chunk.table == "balances") == 16


def test_of_two_balance_tables_the_one_without_partners_is_taken(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套")
    rows = balance_sheet("2026-01")
    more = {2: "辅助编码", 3: ""}
    by_partner = [
        [*row, *[None] * (8 - len(row)), more.get(place, "C01")] for place, row in enumerate(rows)
    ]
    write_sheets(folder / "科目余额表2026-01.xlsx", {"Sheet1": by_partner, "Sheet2": rows})
    assert len(list(the_book("cloud_pair", folder).balances())) == 16


def test_a_period_only_in_the_name_of_the_file_is_found(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套")
    bare = balance_sheet("2026-02", banner=False)
    write_sheets(folder / "科目余额表2026-02.xlsx", {"Sheet1": bare})
    assert {row.period for row in the_book("cloud_pair", folder).balances()} == {
        "2026-01",
        "2026-02",
    }


def test_a_voucher_list_alone_is_a_book_without_a_chart(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套")
    book = the_book("cloud_pair", folder / "凭证列表.xlsx")
    assert list(book.book.columns) == ["lines"]


def test_an_export_cut_at_a_voucher_boundary_breaks_the_balance_table(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套", ENTRIES[:-2])
    assert "L6" in broken_laws(proof_of("cloud_pair", folder).violations)


def test_the_lock_file_of_an_open_workbook_is_no_book(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套")
    (folder / "~$凭证列表.xlsx").write_bytes(b"lock")
    assert len(the_book("cloud_pair", folder).files) == 3


def test_a_text_file_stands_for_a_workbook(tmp_path: Path) -> None:
    path = write_text(tmp_path / "凭证.csv", [KINGDEE_10, *map(kingdee_10_row, ENTRIES)])
    assert totals_of(proof_of("kingdee_10", path)) == totals()


def test_a_byte_order_mark_says_utf8_whatever_the_profile_says(tmp_path: Path) -> None:
    rows = [["序时账"], YONYOU_8, *map(yonyou_8_row, ENTRIES)]
    path = write_text(tmp_path / "凭证.csv", rows, encoding="utf-8-sig")
    assert totals_of(proof_of("yonyou_8", path)) == totals()


def test_a_text_in_two_encodings_is_refused_at_its_row(tmp_path: Path) -> None:
    path = write_text(tmp_path / "凭证.csv", [YONYOU_8, *map(yonyou_8_row, ENTRIES)])
    rows = path.read_bytes().split(b"\r\n")
    rows[4] = rows[4].decode("gb18030").encode("utf-16-le")
    path.write_bytes(b"\r\n".join(rows))
    error = format_error("yonyou_8", path)
    assert (error.facts["file"], error.facts["row"]) == ("凭证.csv", 5)


def test_a_sheet_that_lacks_one_column_is_refused_and_not_passed_over(tmp_path: Path) -> None:
    renamed = ["借方发生" if name == "借方" else name for name in K3]
    sheets = {"1月": [K3, *map(k3_row, ENTRIES[:5])], "2月": [renamed, *map(k3_row, ENTRIES[5:])]}
    error = format_error("k3_37", write_sheets(tmp_path / "凭证.xlsx", sheets))
    assert (error.facts["file"], error.facts["column"]) == ("凭证.xlsx [2月]", "借方")


def test_a_balance_file_that_does_not_fit_is_no_missing_table(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套")
    for path in folder.glob("科目余额表*"):
        write_sheets(path, {"Sheet1": [["科目编码", "余额"], ["1002", 5.0]]})
    assert "科目余额表2026-01.xlsx" in str(format_error("cloud_pair", folder).facts["file"])


def test_another_products_export_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    error = format_error("kingdee_10", write_k3(tmp_path / "凭证.xlsx"))
    assert error.facts["column"] == "摘要"
    assert "baozhang profile guess" in error.hint


def test_an_amount_that_is_none_is_named_by_sheet_row_and_column(tmp_path: Path) -> None:
    cells = k3_row(ENTRIES[1])
    cells[K3.index("贷方")] = "十万"
    sheets = {"Page1": [["凭证序时簿"], K3, k3_row(ENTRIES[0]), cells]}
    facts = format_error("k3_37", write_sheets(tmp_path / "凭证.xlsx", sheets)).facts
    assert (facts["file"], facts["row"], facts["column"]) == ("凭证.xlsx [Page1]", 4, "贷方")


def test_a_damaged_workbook_is_refused(tmp_path: Path) -> None:
    path = write_k3(tmp_path / "凭证.xlsx")
    path.write_bytes(path.read_bytes()[:-600])
    assert "undamaged" in str(format_error("k3_37", path))


def test_a_web_page_named_like_a_workbook_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "凭证.xls"
    path.write_bytes("<html><table></table></html>".encode("gb18030"))
    assert "save it as .xlsx" in format_error("k3_37", path).hint


def test_a_workbook_that_unpacks_beyond_measure_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baozhang.books.workbook._MOST_BYTES", 1 << 20)
    path = tmp_path / "凭证.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (2 << 20))
    assert "unpack" in str(format_error("k3_37", path))


def test_a_stray_cell_far_out_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows = Workbook()
    rows.active.append(K3)
    rows.active["XFD1048576"] = "stray"
    rows.save(tmp_path / "凭证.xlsx")
    error = format_error("k3_37", tmp_path / "凭证.xlsx")
    assert error.facts["cells"] == 16_384 * 1_048_576
    assert "stray cells" in error.hint
