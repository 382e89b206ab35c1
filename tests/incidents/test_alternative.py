"""Account books written from real exports of each product, read back and held to their totals."""

import csv
import re
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from baozhang.errors import ProofFailedError, UsageError
from baozhang.incidents.alternative import Mark, Written, require_own, write_books
from baozhang.money import format_amount, scale_of
from baozhang.samples.agency import Shape, make_agency
from baozhang.samples.damage import tamper_amount
from baozhang.samples.seeds import rng_for
from tests.books.exports import write_xml
from tests.books.making import Sample, write_cn, write_t3

BOOKS = {"c001": "cn_csv", "c002": "yonyou_t3", "c003": "fec"}
CLIENTS = ("c001", "c002", pytest.param("c003", marks=pytest.mark.slow))  # 10,756 lines
AT = datetime(2026, 1, 31, 14, 5, tzinfo=UTC)
MARK = Mark("c001", "s-1", AT, "i-20260201-01", AT + timedelta(days=7), "zh_CN")
BANNER = "只读副本 · 截至 2026-01-31 22:05（北京时间）· 事件 i-20260201-01"
OWNER = "91330106MA2CF1L34X"
SHEETS = ["说明", "科目余额表", "总账", "明细账", "序时账", "核对合计数"]
LEAN = Shape(
    invoice_bytes=(5_000, 9_000), contract_bytes=(5_000, 9_000), workbook_bytes=(3_000, 5_000)
)


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alternative") / "agency"
    make_agency(folder, clients=2, months=3, seed=7, first=date(2025, 11, 1), shape=LEAN, fec=True)
    return folder


def read(path: Path, profile: str) -> LedgerReader:
    (reader,) = open_books(load_profile(profile), path)
    return reader


def proof_of(path: Path, profile: str) -> Proof:
    return take_proof(read(path, profile), standard="other" if profile == "fec" else "sbe")


def written(into: Path, path: Path, profile: str, mark: Mark = MARK) -> Written:
    into.mkdir()
    books = [(read(path, profile), proof_of(path, profile))]
    return write_books(into, books, mark, private=into)


def rows_of(into: Path, table: str) -> list[dict[str, str]]:
    with (into / "book-1" / f"{table}.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == [BANNER]
        return list(csv.DictReader(file))


def sums(rows: list[dict[str, str]], *columns: str) -> dict[str, list[Decimal]]:
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0)] * len(columns))
    for row in rows:
        cells = [Decimal(row[column] or 0) for column in columns]
        both = zip(found[row["会计期间"]], cells, strict=True)
        found[row["会计期间"]] = [one + other for one, other in both]
    return dict(found)


def expected(proof: Proof) -> dict[str, list[Decimal]]:
    scale = scale_of(proof.book.currency)
    found: dict[str, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for total in proof.totals:
        for side, amount in enumerate((total.debit, total.credit)):
            found[total.period][side] += Decimal(format_amount(amount, scale=scale))
    return dict(found)


@pytest.mark.parametrize("client", CLIENTS)
def test_journal_and_totals_equal_the_proof_to_the_cent(
    agency: Path, tmp_path: Path, client: str
) -> None:
    written(tmp_path / "out", agency / client, BOOKS[client])
    proof = proof_of(agency / client, BOOKS[client])
    assert sums(rows_of(tmp_path / "out", "序时账"), "借方", "贷方") == expected(proof)
    assert sums(rows_of(tmp_path / "out", "核对合计数"), "借方", "贷方") == expected(proof)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_lowest_accounts_of_the_trial_balance_sum_to_the_proof(
    agency: Path, tmp_path: Path, client: str
) -> None:
    written(tmp_path / "out", agency / client, BOOKS[client])
    rows = rows_of(tmp_path / "out", "科目余额表")
    codes = {row["科目编码"] for row in rows}
    chinese = client != "c003"
    leaves = [
        row
        for row in rows
        if not chinese
        or not any(c != row["科目编码"] and c.startswith(row["科目编码"]) for c in codes)
    ]
    proof = proof_of(agency / client, BOOKS[client])
    assert sums(leaves, "借方", "贷方") == expected(proof)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_detail_ledger_closes_where_the_trial_balance_does(
    agency: Path, tmp_path: Path, client: str
) -> None:
    written(tmp_path / "out", agency / client, BOOKS[client])
    closing = {
        (row["会计期间"], row["科目编码"]): (row["期末方向"], row["期末余额"])
        for row in rows_of(tmp_path / "out", "科目余额表")
    }
    balance: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows_of(tmp_path / "out", "明细账"):
        key = row["会计期间"], row["科目编码"]
        if row["凭证号"]:
            balance[key] = row["方向"], row["余额"]
    assert balance
    assert {key: closing[key] for key in balance} == balance


@pytest.mark.parametrize("client", CLIENTS)
def test_the_workbook_holds_the_same_tables_as_the_files(
    agency: Path, tmp_path: Path, client: str
) -> None:
    written(tmp_path / "out", agency / client, BOOKS[client])
    book = load_workbook(tmp_path / "out" / "book-1.xlsx", read_only=True)
    filed = ["已申报数据"] if client == "c001" else []
    assert book.sheetnames == SHEETS + filed
    for sheet in book:
        rows = [[shown(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
        path = tmp_path / "out" / "book-1" / f"{sheet.title}.csv"
        with path.open(encoding="utf-8-sig", newline="") as file:
            other = [[plain(cell) for cell in row] for row in csv.reader(file)]
        assert rows[0][0] == other[0][0] == BANNER
        assert rows[1:] == other[1:]


def shown(cell: object) -> object:
    return plain("" if cell is None else str(cell))


def plain(text: str) -> object:
    """Return a number as such: a spreadsheet shows 5000, and the file 5000.00."""
    text = text.removeprefix("'")
    return Decimal(text) if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) else text


def test_what_was_filed_is_shown_as_it_was_filed(agency: Path, tmp_path: Path) -> None:
    written(tmp_path / "out", agency / "c001", "cn_csv")
    rows = rows_of(tmp_path / "out", "已申报数据")
    reader = read(agency / "c001", "cn_csv")
    assert len(rows) == len(list(reader.side_rows("filings")))
    assert {row["报表"] for row in rows} == {"资产负债表", "利润表", "增值税申报表"}


def test_a_book_that_holds_no_report_gets_none(agency: Path, tmp_path: Path) -> None:
    written(tmp_path / "out", agency / "c002", "yonyou_t3")
    assert not list((tmp_path / "out").rglob("已申报数据.csv"))


def test_everything_is_for_reading_alone(agency: Path, tmp_path: Path) -> None:
    done = written(tmp_path / "out", agency / "c001", "cn_csv")
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o400}
    assert (done.books, done.files) == (1, len(files))


def test_no_file_is_called_by_anything_of_the_ledger(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "某某商贸有限公司.db")
    written(tmp_path / "out", path, "yonyou_t3")
    assert not [found for found in (tmp_path / "out").rglob("*") if "某某" in found.name]


def test_a_summary_that_a_spreadsheet_would_compute_is_text_in_both(tmp_path: Path) -> None:
    sample = Sample()
    sample.rows[0].summary = '=HYPERLINK("http://x")'
    written(tmp_path / "out", write_cn(tmp_path / "book", sample), "cn_csv")
    assert rows_of(tmp_path / "out", "序时账")[0]["摘要"] == '\'=HYPERLINK("http://x")'
    sheet = load_workbook(tmp_path / "out" / "book-1.xlsx")["序时账"]
    assert sheet["E3"].data_type == "s"


def test_balances_that_begin_at_nothing_say_so(agency: Path, tmp_path: Path) -> None:
    written(tmp_path / "out", agency / "c003", "fec")
    about = {row["关于本副本"]: row["内容"] for row in rows_of(tmp_path / "out", "说明")}
    assert "按零起算" in about["没有科目余额表、由凭证推算的会计期间"]
    assert {row["余额来源"] for row in rows_of(tmp_path / "out", "科目余额表")} == {"由凭证推算"}


def test_the_copy_speaks_the_agency_s_language(tmp_path: Path) -> None:
    mark = Mark("c001", "s-1", AT, "i-1", AT, "en")
    written(tmp_path / "out", write_cn(tmp_path / "book"), "cn_csv", mark)
    sheet = load_workbook(tmp_path / "out" / "book-1.xlsx")["Trial balance"]
    assert str(sheet["A1"].value).startswith("READ-ONLY COPY · as of 2026-01-31 22:05")


def test_a_tampered_book_is_not_written(agency: Path, tmp_path: Path) -> None:
    proof = proof_of(agency / "c002", "yonyou_t3")
    changed = tmp_path / "c002"
    changed.mkdir()
    (changed / "账套").mkdir()
    for path in (agency / "c002" / "账套").iterdir():
        (changed / "账套" / path.name).write_bytes(path.read_bytes())
    tamper_amount(changed, "yonyou_t3", rng=rng_for(1))
    (tmp_path / "out").mkdir()
    with pytest.raises(ProofFailedError):
        write_books(
            tmp_path / "out", [(read(changed, "yonyou_t3"), proof)], MARK, private=tmp_path / "out"
        )
    assert list((tmp_path / "out").iterdir()) == []


def test_a_book_of_another_owner_is_not_handed_on(tmp_path: Path) -> None:
    path = write_xml(tmp_path / "总账.xml", encoding="UTF-8")
    head = f"<电子账簿><统一社会信用代码>{OWNER}</统一社会信用代码></电子账簿><会计科目>"
    path.write_text(path.read_text("utf-8").replace("<会计科目>", head, 1), "utf-8")
    reader = read(path, "gbt24589")
    require_own([reader], OWNER)
    with pytest.raises(UsageError, match="another owner"):
        require_own([reader], "91310115MA1H9XAU0K")
