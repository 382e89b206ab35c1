"""Side tables: what becomes of their cells, and that nothing of them escapes the fingerprint."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.books.compare import compare
from baozhang.books.findings import sentence
from baozhang.books.model import (
    SIDE_TABLES,
    Asset,
    Attachment,
    BankLine,
    Filing,
    PartyBalance,
    Pay,
    PeriodState,
    SideRow,
    SideTable,
)
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.errors import LedgerFormatError, SourceUnreadableError, UsageError
from tests.books.beside import SOLD, Beside, taken
from tests.books.making import Sample, proof_of, the_book, write_cn, write_t3
from tests.books.test_profiles import PLAIN, write


def rows_of(folder: Path, table: SideTable, book: Beside | None = None) -> list[SideRow]:
    reader = the_book("cn_csv", (book or Beside()).write(folder))
    return list(reader.side_rows(table))


@pytest.mark.parametrize(
    ("table", "row"),
    [
        ("periods", PeriodState("2026-01", True, ("是",))),
        (
            "parties",
            PartyBalance(
                "2026-02", "2202", "丙公司", -56_500, 56_500, 0, 0,
                ("0.00", "565.00", "0.00", "0.00"),
            ),
        ),
        (
            "assets",
            Asset(
                "2026-02", "0001", "1601", "2026-01-05", 1_200_000, 0, 120, 1, 10_000, 10_000, ()
            ),
        ),
        ("payroll", Pay("2026-02", "E2", 300_000, 30_000, 5_000, 265_000, ())),
        ("bank", BankLine("2026-02-15", "100201", "T6", 0, 6_500, 8_130_000, ())),
        ("filings", Filing("2026-01", "balance_sheet", "资产总计", 10_113_000, ("资产负债表",))),
    ],
)  # fmt: skip
def test_cells_become_the_rows_of_their_table(
    tmp_path: Path, table: SideTable, row: SideRow
) -> None:
    assert row in rows_of(tmp_path, table)


def test_a_form_that_no_law_knows_keeps_its_own_name(tmp_path: Path) -> None:
    book = Beside()
    book.papers["申报"][0][2] = "企业所得税"
    assert "企业所得税" in {
        row.form for row in rows_of(tmp_path, "filings", book) if isinstance(row, Filing)
    }


def test_an_empty_amount_is_zero(tmp_path: Path) -> None:
    book = Beside()
    book.papers["工资表"][0][5] = ""
    first = rows_of(tmp_path, "payroll", book)[0]
    assert isinstance(first, Pay)
    assert first.tax == 0


def test_columns_without_a_field_stand_in_other(tmp_path: Path) -> None:
    folder = Beside().write(tmp_path)
    text = (folder / "工资表2026.csv").read_bytes().replace(b"\r\n", b",x\r\n")
    (folder / "工资表2026.csv").write_bytes(text)
    assert {row.other for row in the_book("cn_csv", folder).side_rows("payroll")} == {("x",)}


@pytest.mark.parametrize(
    ("name", "cell", "column"),
    [
        ("工资表", 3, "应发合计"),
        ("固定资产", 4, "入账日期"),
        ("期间", 1, "会计期间"),
        ("银行对账单", 5, "余额"),
    ],
)
def test_a_cell_that_cannot_be_understood_is_named_by_row_and_column(
    tmp_path: Path, name: str, cell: int, column: str
) -> None:
    book = Beside()
    book.papers[name][1][cell] = "张三"
    table = {"工资表": "payroll", "固定资产": "assets", "期间": "periods", "银行对账单": "bank"}[
        name
    ]
    with pytest.raises(LedgerFormatError) as caught:
        rows_of(tmp_path, table, book)  # type: ignore[arg-type]
    assert (caught.value.facts["row"], caught.value.facts["column"]) == (3, column)
    assert "张三" not in str(caught.value)


def test_a_side_table_that_lacks_a_column_is_refused(tmp_path: Path) -> None:
    folder = Beside().write(tmp_path)
    file = folder / "工资表2026.csv"
    file.write_bytes(file.read_bytes().replace("个人所得税".encode("gb18030"), b"tax"))
    with pytest.raises(LedgerFormatError) as caught:
        _ = the_book("cn_csv", folder).book.columns
    assert caught.value.facts["column"] == "个人所得税"


def test_a_book_without_side_tables_has_none(tmp_path: Path) -> None:
    reader = the_book("cn_csv", write_cn(tmp_path))
    assert not set(SIDE_TABLES) & set(reader.book.columns)
    assert [list(reader.side_rows(table)) for table in SIDE_TABLES] == [[]] * len(SIDE_TABLES)


@pytest.mark.parametrize("name", ["期间", "辅助余额表", "固定资产", "工资表", "银行对账单", "申报"])
def test_every_value_of_a_side_table_is_in_its_fingerprint(tmp_path: Path, name: str) -> None:
    before = taken(tmp_path / "source", Beside())
    for cell in range(len(Beside().papers[name][0])):
        book = Beside()
        row = book.papers[name][0]
        row[cell] = {"2026": "2027", "1": "3", "是": "否", "120": "60"}.get(
            row[cell], f"1{row[cell]}" if "-" not in row[cell][1:] else "2026-01-09"
        )
        after = taken(tmp_path / f"restored{cell}", book)
        found = [one for one in compare(before, after) if one.severity == "critical"]
        assert "F1" in {one.law for one in found}, cell


def test_a_lost_side_table_is_named(tmp_path: Path) -> None:
    before, book = taken(tmp_path / "source", Beside()), Beside()
    del book.papers["工资表"]
    found = compare(before, taken(tmp_path / "restored", book))
    assert "the table payroll is missing" in {sentence(one, spoken="en") for one in found}


def test_roles_are_places_among_the_other_cells(tmp_path: Path) -> None:
    reader = the_book("cn_csv", Beside().write(tmp_path))
    places = reader.book.roles
    sold = [line.other[places["invoice"]] for line in reader.lines() if line.number == "3"]
    assert sold[0] == SOLD
    assert [row.other[places["rate"]] for row in reader.invoices()] == ["13%", "13%"]


def test_a_role_whose_column_the_export_lacks_is_none(tmp_path: Path) -> None:
    roles = the_book("cn_csv", write_cn(tmp_path)).book.roles
    assert set(roles) == {"prepared", "reviewed", "attachments"}


# Attachments


def attachments(folder: Path, change: Callable[[Beside], object] = bool) -> list[Attachment]:
    book = Beside()
    change(book)
    return [row for row in rows_of(folder, "attachments", book) if isinstance(row, Attachment)]


def test_attached_files_are_weighed_where_they_lie(tmp_path: Path) -> None:
    data = b"%PDF sold"
    assert attachments(tmp_path)[0] == Attachment(
        "2026-01", "记-3", "发票.pdf", len(data), hashlib.sha256(data).hexdigest(), ()
    )


def test_a_large_attachment_is_hashed_whole(tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000
    found = attachments(tmp_path, lambda book: book.files.update({"2026-01/记-3/发票.pdf": data}))
    assert (found[0].size, found[0].sha256) == (len(data), hashlib.sha256(data).hexdigest())


def test_files_in_folders_of_a_voucher_keep_their_path(tmp_path: Path) -> None:
    found = attachments(tmp_path, lambda book: book.files.update({"2026-01/记-3/a/b.pdf": b""}))
    assert "a/b.pdf" in {row.name for row in found}


@pytest.mark.parametrize("name", ["说明.txt", "2026-01/说明.txt", "旧/记-3/a.pdf"])
def test_files_outside_a_vouchers_folder_are_no_attachments(tmp_path: Path, name: str) -> None:
    assert len(attachments(tmp_path, lambda book: book.files.update({name: b""}))) == 2


def test_links_are_not_followed(tmp_path: Path) -> None:
    folder = Beside().write(tmp_path / "book")
    (folder / "附件/2026-01/记-3/link").symlink_to("/etc/passwd")
    (folder / "附件/2026-01/记-9").symlink_to("记-3")
    assert len(list(the_book("cn_csv", folder).side_rows("attachments"))) == 2


def test_a_list_alone_stands_for_the_files(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.list_files()
        book.files = {}

    assert attachments(tmp_path / "listed", change) == attachments(tmp_path / "files")


def test_a_list_beside_the_files_is_kept_with_all_its_cells(tmp_path: Path) -> None:
    book = Beside()
    book.list_files()
    folder = book.write(tmp_path)
    text = (folder / "附件清单2026.csv").read_bytes().replace(b"\r\n", b",x\r\n")
    (folder / "附件清单2026.csv").write_bytes(text)
    reader = the_book("cn_csv", folder)
    first = next(iter(reader.side_rows("attachments")))
    assert isinstance(first, Attachment)
    assert first.other == ("9", first.sha256, "x")
    assert reader.book.columns["attachments"][5:] == ("listed_size", "listed_sha256", "x")


def test_a_file_that_is_only_listed_has_no_size_and_no_hash(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.list_files()
        del book.files["2026-01/记-3/发票.pdf"]

    gone = attachments(tmp_path, change)[-1]
    assert (gone.voucher, gone.size, gone.sha256, gone.other[0]) == ("记-3", 0, "", "9")


def test_an_attachment_named_like_a_ledger_is_no_book(tmp_path: Path) -> None:
    book = Beside()
    book.files["2026-01/记-3/凭证扫描.csv"] = b"x"
    assert len(open_books(load_profile("cn_csv"), book.write(tmp_path))) == 1


@pytest.mark.parametrize("folder", ["甲公司", "甲公司/账套", "2026-03"])
def test_a_folder_that_is_only_called_like_attachments_may_hold_books(
    tmp_path: Path, folder: str
) -> None:
    write_cn(tmp_path / "附件" / folder)
    assert len(open_books(load_profile("cn_csv"), tmp_path)) == 1


def test_a_folder_that_cannot_be_read_is_said_to_be_so(tmp_path: Path) -> None:
    reader = the_book("cn_csv", Beside().write(tmp_path))
    _ = reader.book
    (tmp_path / "附件").rename(tmp_path / "gone")
    with pytest.raises(SourceUnreadableError):
        list(reader.side_rows("attachments"))


# Profiles


@pytest.mark.parametrize(
    ("table", "key", "words"),
    [
        ("periods: {files: [p], columns: {period: P}}", "tables.periods.columns.closed", "column"),
        ("attachments: {folder: A}", "tables.attachments.folder", "book is folder"),
        ("bank: {files: [b], folder: A, columns: {}}", "tables.bank.folder", "unknown key"),
        (
            "filings: {columns: {period: P, item: I, amount: A, form: {column: F, a: [b]}}}",
            "tables.filings.columns.form.a",
            "unknown key",
        ),
    ],
)
def test_a_profile_of_side_tables_is_strict(
    tmp_path: Path, table: str, key: str, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        load_profile(write(tmp_path, f"{PLAIN}\n  {table}\n"))
    assert caught.value.facts["key"] == key
    assert words in str(caught.value)


def test_an_unknown_role_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    text = PLAIN.replace("    columns:", "    roles: {boss: Boss}\n    columns:")
    with pytest.raises(UsageError) as caught:
        load_profile(write(tmp_path, text))
    assert "prepared" in str(caught.value.facts["allowed"])


def test_a_folder_of_attachments_needs_no_columns(tmp_path: Path) -> None:
    text = PLAIN.replace("format: delimited", "format: delimited\nbook: folder")
    profile = load_profile(write(tmp_path, f"{text}\n  attachments: {{folder: A}}\n"))
    assert profile.tables["attachments"].folder == "A"


# Tables of an accounting product


def t3_with_sides(path: Path, sql: str = "") -> Path:
    write_t3(path, Sample())
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(
            """
            CREATE TABLE GL_mend (iyear INT, iperiod INT, bflag INT);
            INSERT INTO GL_mend VALUES (2026, 0, 1), (2026, 1, 1), (2026, 2, 0);
            CREATE TABLE GL_accass (iyear INT, iperiod INT, ccode TEXT, cbegind_c TEXT, mb REAL,
                md REAL, mc REAL, cendd_c TEXT, me REAL, ccus_id TEXT, csup_id TEXT,
                citem_id TEXT, cperson_id TEXT, cdept_id TEXT);
            INSERT INTO GL_accass VALUES
                (2026, 1, '2202', '平', 0, 0, 1200.55, '贷', 1200.55, NULL, 'S1', '', '', ''),
                (2026, 2, '2202', '贷', 1200.55, 1200.55, 0, '平', 0, NULL, 'S1', '', '', '');
            """
            + sql
        )
    return path


def test_t3_tells_which_months_are_closed(tmp_path: Path) -> None:
    reader = the_book("yonyou_t3", t3_with_sides(tmp_path / "t3.db"))
    assert [row[:2] for row in reader.side_rows("periods")] == [
        ("2026-00", True),
        ("2026-01", True),
        ("2026-02", False),
    ]


def test_t3_has_its_balances_by_partner(tmp_path: Path) -> None:
    reader = the_book("yonyou_t3", t3_with_sides(tmp_path / "t3.db"))
    first = next(iter(reader.side_rows("parties")))
    assert first[:7] == ("2026-01", "2202", "S1", 0, 0, 120_055, -120_055)


def test_t3_partners_agree_with_their_account(tmp_path: Path) -> None:
    assert proof_of("yonyou_t3", t3_with_sides(tmp_path / "t3.db")).violations == ()


def test_t3_partners_that_do_not_agree_are_named_by_account(tmp_path: Path) -> None:
    path = t3_with_sides(tmp_path / "t3.db", "UPDATE GL_accass SET mc = 1200.54, me = 1200.54;")
    found = [one for one in proof_of("yonyou_t3", path).violations if one.law == "L11"]
    assert {(one.account, one.period) for one in found} >= {("2202", "2026-01")}


def test_t3_without_these_tables_is_a_book_all_the_same(tmp_path: Path) -> None:
    reader = the_book("yonyou_t3", write_t3(tmp_path / "t3.db"))
    assert not set(SIDE_TABLES) & set(reader.book.columns)
    assert list(reader.side_rows("parties")) == []
