"""The two Chinese exports a sample client has: voucher CSV files, or a 用友 T3 database.

    账套/凭证_2026.csv  科目余额表_2026.csv  发票_2026.csv      GB18030, CRLF, one set per year
                  期间  辅助余额表  固定资产  工资表  银行对账单  申报  附件清单
    账套/UFDATA_001_2026.db            code, GL_accvouch, GL_accsum, GL_accass, GL_mend

Both take a period at a time: vouchers stream through, balances follow them.  Adding to a period
that is already there appends its vouchers and replaces its balances, as a second export would.
"""

import csv
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Protocol

from baozhang.books.model import PartyBalance, PeriodState, SideRow, SideTable
from baozhang.money import format_amount, parse_amount
from baozhang.samples.chart import names
from baozhang.samples.journal import BalanceRow, SampleInvoice, Standing, Voucher, resumed
from baozhang.samples.side_files import append, drop_period, or_empty, two_sides, write_beside

BOOKS = "账套"
VOUCHER_HEAD = (
    "日期,会计年度,会计期间,凭证字,凭证号,分录号,摘要,科目编码,科目名称,往来单位,"
    "借方金额,贷方金额,制单人,审核人,附件数,备注,发票号码"
)
BALANCE_HEAD = (
    "会计年度,会计期间,科目编码,科目名称,方向,期初借方,期初贷方,本期借方,本期贷方,期末借方,期末贷方"
)
INVOICE_HEAD = "数电票号码,开票日期,票种,销方识别号,购方识别号,金额,税额,价税合计,状态,"
INVOICE_HEAD += "税率,原蓝字发票号码,入账标识"
TAIL = 8192  # bytes; several times the longest voucher line


class Export(Protocol):
    """A client's books in one product's form."""

    by_name: bool
    """Whether it calls partners by their names, not by their codes."""

    def add(
        self, standing: Standing, vouchers: Iterable[Voucher], invoices: list[SampleInvoice]
    ) -> None:
        """Append a period's vouchers, read once; then write `standing`'s balances.

        `invoices` is read after the vouchers, which may fill it.
        """
        ...

    def beside(self, standing: Standing, rows: Mapping[SideTable, Iterable[SideRow]]) -> None:
        """Write what stands beside the vouchers just added, as far as the product keeps it."""
        ...

    def standing(self) -> Standing:
        """Return the last period as the export shows it, without its partners."""
        ...

    def touch(self, rng: Random) -> None:
        """Update scattered rows in place, where the form allows it."""
        ...

    def files(self) -> list[Path]:
        """Return the files that the last `add` or `touch` wrote."""
        ...


class CsvExport:
    """凭证, 科目余额表, 发票 and what stands beside them as CSV."""

    by_name = True

    def __init__(self, folder: Path, *, company: str, maker: str, reviewer: str) -> None:
        self._folder = folder / BOOKS
        self._company = company
        self._maker = maker
        self._reviewer = reviewer
        self._written: list[Path] = []

    def add(
        self, standing: Standing, vouchers: Iterable[Voucher], invoices: list[SampleInvoice]
    ) -> None:
        """Append a period's vouchers and invoices; write its balances."""
        year = standing.year
        paths = [self._folder / f"{name}_{year}.csv" for name in ("凭证", "科目余额表", "发票")]
        append(paths[0], [VOUCHER_HEAD], self._lines(standing, vouchers))
        banner = f"科目余额表（样例） 编制单位：{self._company} {year}年 单位：元"
        drop_period(paths[1], standing.month, heads=2)
        append(paths[1], [banner, BALANCE_HEAD], _balances(standing))
        append(paths[2], [INVOICE_HEAD], (_invoice(invoice) for invoice in invoices))
        self._written = paths

    def beside(self, standing: Standing, rows: Mapping[SideTable, Iterable[SideRow]]) -> None:
        """Write the side tables, a file each."""
        period = standing.year, standing.month
        self._written += write_beside(self._folder, period, rows)

    def standing(self) -> Standing:
        """Return the last period as the balance table shows it, without its partners."""
        path = max(self._folder.glob("科目余额表_*.csv"))
        with path.open(encoding="gb18030", newline="") as file:
            rows = list(csv.reader(file))[2:]
        year, month = int(rows[-1][0]), int(rows[-1][1])
        latest = [_balance_row(row) for row in rows if int(row[1]) == month]
        return resumed(year, month, latest, self._last_number(year, month))

    def touch(self, rng: Random) -> None:
        """Leave all as it is: rows of a CSV export are only ever appended."""

    def files(self) -> list[Path]:
        """Return the files that the last `add`, and what came beside it, wrote."""
        return self._written

    def _lines(self, standing: Standing, vouchers: Iterable[Voucher]) -> Iterator[tuple[str, ...]]:
        called, year, month = names(), str(standing.year), str(standing.month)
        maker, reviewer = self._maker, self._reviewer
        for voucher in vouchers:
            day, number = voucher.day.isoformat(), str(voucher.number)
            attachments = str(voucher.attachments)
            invoice = voucher.invoice.number if voucher.invoice else ""
            note = f"数电票 {invoice}" if invoice else ""
            for position, (account, debit, credit, party) in enumerate(voucher.entries, start=1):
                yield (
                    day,
                    year,
                    month,
                    "记",
                    number,
                    str(position),
                    voucher.summary,
                    account,
                    called[account],
                    party.name if party else "",
                    or_empty(debit),
                    or_empty(credit),
                    maker,
                    reviewer,
                    attachments,
                    note,
                    invoice,
                )

    def _last_number(self, year: int, month: int) -> int:
        path = self._folder / f"凭证_{year}.csv"
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - TAIL))
            tail = file.read().split(b"\r\n")[-2].decode("gb18030")
        row = next(csv.reader([tail]))
        return int(row[4]) if row[2] == str(month) else 0


def _balances(standing: Standing) -> Iterator[tuple[str, ...]]:
    for account, row in zip(standing.accounts, standing.table(), strict=True):
        period = str(standing.year), str(standing.month)
        head = (*period, row.account, account.name, account.side, *two_sides(row.opening))
        yield *head, or_empty(row.debit), or_empty(row.credit), *two_sides(row.closing)


def _balance_row(row: list[str]) -> BalanceRow:
    amounts = [parse_amount(text, thousands=",") if text else 0 for text in row[5:9]]
    return BalanceRow(row[2], amounts[0] - amounts[1], amounts[2], amounts[3])


def _invoice(invoice: SampleInvoice) -> tuple[str, ...]:
    parts = invoice.amount, invoice.tax, invoice.amount + invoice.tax
    head = invoice.number, invoice.day.isoformat(), invoice.kind, invoice.seller, invoice.buyer
    state = "红字" if invoice.blue else "正常"
    tail = state, f"{invoice.percent}%", invoice.blue or "", "是"
    return *head, *(format_amount(part) for part in parts), *tail


SCHEMA = """
CREATE TABLE code (ccode TEXT PRIMARY KEY, ccode_name TEXT, cclass TEXT, bproperty INTEGER,
    igrade INTEGER, bend INTEGER);
CREATE TABLE GL_accvouch (i_id INTEGER PRIMARY KEY, iyear INTEGER, iperiod INTEGER, csign TEXT,
    isignseq INTEGER, ino_id INTEGER, inid INTEGER, dbill_date TEXT, idoc INTEGER, cbill TEXT,
    ccheck TEXT, cbook TEXT, ibook INTEGER, iflag INTEGER, cdigest TEXT, ccode TEXT, ccus_id TEXT,
    csup_id TEXT, md TEXT, mc TEXT);
CREATE TABLE GL_accsum (iyear INTEGER, iperiod INTEGER, ccode TEXT, cbegind_c TEXT, mb TEXT,
    md TEXT, mc TEXT, cendd_c TEXT, me TEXT);
CREATE TABLE GL_accass (iyear INTEGER, iperiod INTEGER, ccode TEXT, cdept_id TEXT, cperson_id TEXT,
    ccus_id TEXT, csup_id TEXT, citem_id TEXT, cbegind_c TEXT, mb TEXT, md TEXT, mc TEXT,
    cendd_c TEXT, me TEXT);
CREATE TABLE GL_mend (iyear INTEGER, iperiod INTEGER, bflag INTEGER, PRIMARY KEY (iyear, iperiod));
CREATE INDEX accvouch_voucher ON GL_accvouch (iyear, iperiod, isignseq, ino_id, inid);
CREATE INDEX accvouch_account ON GL_accvouch (ccode, iyear, iperiod);
CREATE UNIQUE INDEX accsum_account ON GL_accsum (ccode, iyear, iperiod);
"""
INSERT_LINE = (
    "INSERT INTO GL_accvouch (iyear, iperiod, csign, isignseq, ino_id, inid, dbill_date, idoc,"
    " cbill, ccheck, cbook, ibook, iflag, cdigest, ccode, ccus_id, csup_id, md, mc)"
    " VALUES (?, ?, '记', 1, ?, ?, ?, ?, ?, ?, ?, 1, NULL, ?, ?, ?, ?, ?, ?)"
)
INSERT_PARTNER = (
    "INSERT INTO GL_accass (iyear, iperiod, ccode, ccus_id, csup_id, cbegind_c, mb, md, mc,"
    " cendd_c, me) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
SCATTER = 700  # one voucher line in so many gets its attachments a day later


class T3Export:
    """One 用友 T3 account set as SQLite; the file is named for its first year and keeps all."""

    by_name = False

    def __init__(self, folder: Path, *, first_year: int, maker: str, reviewer: str) -> None:
        self._path = folder / BOOKS / f"UFDATA_001_{first_year}.db"
        self._people = maker, reviewer, reviewer

    def add(
        self, standing: Standing, vouchers: Iterable[Voucher], invoices: list[SampleInvoice]
    ) -> None:
        """Insert a period's vouchers and balances; the product keeps no invoices."""
        del invoices
        period = standing.year, standing.month
        with closing(self._open(standing)) as db, db:
            db.executemany(INSERT_LINE, self._lines(period, vouchers))
            db.execute("DELETE FROM GL_accsum WHERE iyear = ? AND iperiod = ?", period)
            db.executemany(
                "INSERT INTO GL_accsum VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                ((*period, *_t3_balance(row)) for row in standing.table()),
            )

    def beside(self, standing: Standing, rows: Mapping[SideTable, Iterable[SideRow]]) -> None:
        """Write the partners' balances and the period's close; the product keeps no other."""
        period = standing.year, standing.month
        partners = (row for row in rows.get("parties", ()) if isinstance(row, PartyBalance))
        closed = [r.closed for r in rows.get("periods", ()) if isinstance(r, PeriodState)]
        with closing(self._open(standing)) as db, db:
            db.execute("DELETE FROM GL_accass WHERE iyear = ? AND iperiod = ?", period)
            db.executemany(INSERT_PARTNER, ((*period, *_t3_partner(row)) for row in partners))
            ended = ((*period, int(state)) for state in closed)
            db.executemany("INSERT OR REPLACE INTO GL_mend VALUES (?, ?, ?)", ended)

    def standing(self) -> Standing:
        """Return the last period as GL_accsum shows it, without its partners."""
        with closing(self._open()) as db:
            query = "SELECT iyear, iperiod FROM GL_accsum ORDER BY iyear DESC, iperiod DESC LIMIT 1"
            year, month = db.execute(query).fetchone()
            sums = "SELECT ccode, cbegind_c, mb, md, mc FROM GL_accsum WHERE iyear=? AND iperiod=?"
            rows = [
                BalanceRow(
                    code,
                    parse_amount(begin) * (-1 if side == "贷" else 1),
                    parse_amount(debit),
                    parse_amount(credit),
                )
                for code, side, begin, debit, credit in db.execute(sums, (year, month))
            ]
            last = "SELECT MAX(ino_id) FROM GL_accvouch WHERE iyear=? AND iperiod=?"
            number = db.execute(last, (year, month)).fetchone()[0] or 0
        return resumed(year, month, rows, number)

    def touch(self, rng: Random) -> None:
        """Correct the number of attachments of scattered lines."""
        with closing(self._open()) as db, db:
            lines = db.execute("SELECT MAX(i_id) FROM GL_accvouch").fetchone()[0] or 0
            chosen = sorted(rng.sample(range(1, lines + 1), max(1, lines // SCATTER)))
            db.executemany(
                "UPDATE GL_accvouch SET idoc = idoc + 1 WHERE i_id = ?", ((i,) for i in chosen)
            )

    def files(self) -> list[Path]:
        """Return the database."""
        return [self._path]

    def _open(self, standing: Standing | None = None) -> sqlite3.Connection:
        """Open the database; a new one gets its tables, and the standing's chart."""
        fresh = not self._path.exists()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(self._path)
        db.execute("PRAGMA synchronous = OFF")  # samples can be made again
        if fresh and standing:
            db.execute("PRAGMA page_size = 4096")
            db.executescript(SCHEMA)
            db.executemany(
                "INSERT INTO code VALUES (?, ?, ?, ?, ?, ?)",
                (
                    (a.code, a.name, a.category, int(a.side == "借"), a.grade, int(a.leaf))
                    for a in standing.accounts
                ),
            )
            db.commit()
        return db

    def _lines(
        self, period: tuple[int, int], vouchers: Iterable[Voucher]
    ) -> Iterator[tuple[object, ...]]:
        for voucher in vouchers:
            head = voucher.day.isoformat(), voucher.attachments, *self._people
            for position, (account, debit, credit, party) in enumerate(voucher.entries, start=1):
                customer = supplier = None
                if party:
                    buys = party.code.startswith("K")
                    customer, supplier = (party.code, "") if buys else ("", party.code)
                yield (
                    *period,
                    voucher.number,
                    position,
                    *head,
                    voucher.summary,
                    account,
                    customer,
                    supplier,
                    format_amount(debit) if debit else "0.00",
                    format_amount(credit) if credit else "0.00",
                )


def _t3_balance(row: BalanceRow) -> tuple[str, ...]:
    moved = format_amount(row.debit), format_amount(row.credit)
    return row.account, *_direction(row.opening), *moved, *_direction(row.closing)


def _t3_partner(row: PartyBalance) -> tuple[str | None, ...]:
    buys = row.party.startswith("K")
    who = (row.party, None) if buys else (None, row.party)
    moved = format_amount(row.debit), format_amount(row.credit)
    return row.account, *who, *_direction(row.opening), *moved, *_direction(row.closing)


def _direction(amount: int) -> tuple[str, str]:
    side = "平" if not amount else "借" if amount > 0 else "贷"
    return side, format_amount(abs(amount))
