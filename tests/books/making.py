"""Small, sound books, made here and written as each profile's export, for tests to damage."""

import csv
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from baozhang.books.model import LedgerReader, Violation
from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof

LINE_HEAD_TEXT = (
    "日期,会计年度,会计期间,凭证字,凭证号,分录号,摘要,科目编码,科目名称,往来单位,"
    "借方金额,贷方金额,制单人,审核人,附件数,备注"
)
LINE_HEAD = LINE_HEAD_TEXT.split(",")
BALANCE_HEAD_TEXT = (
    "会计年度,会计期间,科目编码,科目名称,方向,期初借方,期初贷方,本期借方,本期贷方,期末借方,期末贷方"
)
BALANCE_HEAD = BALANCE_HEAD_TEXT.split(",")
INVOICE_HEAD_TEXT = "数电票号码,开票日期,票种,销方识别号,购方识别号,金额,税额,价税合计,状态"
INVOICE_HEAD = INVOICE_HEAD_TEXT.split(",")
FEC_HEAD_TEXT = (
    "JournalCode,JournalLib,EcritureNum,EcritureDate,CompteNum,CompteLib,CompAuxNum,CompAuxLib,"
    "PieceRef,PieceDate,EcritureLib,Debit,Credit,EcritureLet,DateLet,ValidDate,Montantdevise,Idevise"
)
FEC_HEAD = FEC_HEAD_TEXT.split(",")

CHART = {
    "1002": ("银行存款", "借"),
    "100201": ("工商银行", "借"),
    "100202": ("农业银行", "借"),
    "1122": ("应收账款", "借"),
    "2202": ("应付账款", "贷"),
    "3001": ("实收资本", "贷"),
    "5001": ("主营业务收入", "贷"),
    "5602": ("管理费用", "借"),
}


@dataclass
class Row:
    """One voucher line before it is written; amounts in fen."""

    month: int
    number: int
    line: int
    day: int
    summary: str | None
    account: str
    debit: int | None = 0
    credit: int | None = 0
    party: str | None = ""
    word: str = "记"
    void: bool = False

    @property
    def date(self) -> str:
        return f"2026-{self.month:02d}-{self.day:02d}"


def voucher(month: int, number: int, day: int, *entries: tuple[str, int, int]) -> list[Row]:
    return [
        Row(month, number, line, day, f"摘要{number}", account, debit, credit)
        for line, (account, debit, credit) in enumerate(entries, 1)
    ]


def sound_rows() -> list[Row]:
    """Two periods, five vouchers, twelve lines."""
    return [
        *voucher(1, 1, 3, ("100201", 10_000_000, 0), ("3001", 0, 10_000_000)),
        *voucher(1, 2, 10, ("1122", 250_000, 0), ("100202", 50_000, 0), ("5001", 0, 300_000)),
        *voucher(1, 3, 31, ("5602", 120_055, 0), ("2202", 0, 120_055)),
        *voucher(2, 1, 5, ("2202", 120_055, 0), ("100201", 0, 120_055)),
        *voucher(2, 2, 5, ("100201", -500, 0), ("5602", 700, 0), ("1122", 0, 200)),
    ]


@dataclass
class Sample:
    """A book: its lines, and the tables that follow from them."""

    rows: list[Row] = field(default_factory=sound_rows)
    chart: dict[str, tuple[str, str]] = field(default_factory=lambda: dict(CHART))
    balances: list[list[str]] = field(default_factory=list)
    invoices: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.balances = self.balances or balances_of(self.rows, self.chart)
        self.invoices = self.invoices or [
            f"2611{n:016d}|2026-01-{n + 1:02d}|普票|9131|9132|1,000.00|30.00|1,030.00|正常".split(
                "|"
            )
            for n in range(3)
        ]


def balances_of(rows: Iterable[Row], chart: dict[str, tuple[str, str]]) -> list[list[str]]:
    rows, found = list(rows), []
    closing_of = dict.fromkeys(chart, 0)
    for month in sorted({row.month for row in rows}):
        for code, (name, side) in sorted(chart.items()):
            own = [
                r for r in rows if r.month == month and r.account.startswith(code) and not r.void
            ]
            debit, credit = sum(r.debit or 0 for r in own), sum(r.credit or 0 for r in own)
            opening = closing_of[code]
            closing_of[code] = closed = opening + debit - credit
            cells = [*_sides(opening), _yuan(debit), _yuan(credit), *_sides(closed)]
            found.append(["2026", str(month), code, name, side, *cells])
    return found


def _sides(net: int) -> list[str]:
    return [_yuan(max(net, 0)), _yuan(max(-net, 0))]


def _yuan(fen: int) -> str:
    """With thousands commas; a zero is left empty."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d}" if fen else ""


def line_cells(row: Row) -> list[str]:
    cells = [row.date, "2026", str(row.month), row.word, str(row.number), str(row.line)]
    cells += [row.summary or "", row.account, CHART.get(row.account, ("",))[0], row.party or ""]
    return [*cells, _yuan(row.debit or 0), _yuan(row.credit or 0), "张", "李", "1", ""]


def write_cn(folder: Path, sample: Sample | None = None) -> Path:
    """Write the three files of a `cn_csv` book."""
    sample = sample or Sample()
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / "凭证2026.csv", [LINE_HEAD, *map(line_cells, sample.rows)])
    banner = ["科目余额表", *[""] * (len(BALANCE_HEAD) - 1)]
    write_csv(folder / "科目余额表2026.csv", [banner, BALANCE_HEAD, *sample.balances])
    write_csv(folder / "发票2026.csv", [INVOICE_HEAD, *sample.invoices])
    return folder


def write_csv(path: Path, rows: Iterable[Sequence[str]], encoding: str = "gb18030") -> Path:
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream, lineterminator="\r\n").writerows(rows)
    return path


def write_t3(path: Path, sample: Sample | None = None) -> Path:
    """Write a `yonyou_t3` database."""
    sample = sample or Sample()
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(
            """
            CREATE TABLE code (ccode TEXT, ccode_name TEXT, cclass TEXT, bproperty INTEGER,
                               igrade INTEGER, bend INTEGER);
            CREATE TABLE GL_accvouch (i_id INTEGER, iyear INTEGER, iperiod INTEGER, csign TEXT,
                isignseq INTEGER, ino_id INTEGER, inid INTEGER, dbill_date TEXT, idoc INTEGER,
                cbill TEXT, ccheck TEXT, cbook TEXT, ibook INTEGER, iflag INTEGER, cdigest TEXT,
                ccode TEXT, ccus_id TEXT, csup_id TEXT, md REAL, mc REAL);
            CREATE TABLE GL_accsum (iyear INTEGER, iperiod INTEGER, ccode TEXT, cbegind_c TEXT,
                mb REAL, md REAL, mc REAL, cendd_c TEXT, me REAL);
            """
        )
        for code, (name, side) in sample.chart.items():
            leaf = not any(other != code and other.startswith(code) for other in sample.chart)
            cells = (code, name, "资产", int(side == "借"), 1, int(leaf))
            db.execute("INSERT INTO code VALUES (?,?,?,?,?,?)", cells)
        for row in sample.rows:
            db.execute(
                "INSERT INTO GL_accvouch VALUES "
                "(?,2026,?,?,1,?,?,?,1,'张','李','王',1,?,?,?,?,NULL,?,?)",
                _t3_line(row),
            )
        for year, month, code, _, _, *cells in sample.balances:
            opening, closed = _signed(*cells[:2]), _signed(*cells[4:])
            figures = (abs(opening) / 100, _fen(cells[2]) / 100, _fen(cells[3]) / 100)
            db.execute(
                "INSERT INTO GL_accsum VALUES (?,?,?,?,?,?,?,?,?)",
                (year, month, code, _side(opening), *figures, _side(closed), abs(closed) / 100),
            )
    return path


def _t3_line(row: Row) -> tuple[object, ...]:
    place = row.month * 10_000 + row.number * 100 + row.line
    key = (place, row.month, row.word, row.number, row.line, f"{row.date} 00:00:00")
    cells = (int(row.void) or None, row.summary, row.account, row.party)
    return (*key, *cells, _real(row.debit), _real(row.credit))


def _real(fen: int | None) -> float | None:
    return None if fen is None else fen / 100


def _fen(text: str) -> int:
    return round(float(text.replace(",", "") or 0) * 100)


def _signed(debit: str, credit: str) -> int:
    return _fen(debit) - _fen(credit)


def _side(net: int) -> str:
    return "平" if not net else "借" if net > 0 else "贷"


def fec_line(**cells: str) -> list[str]:
    given = {
        "JournalCode": "VE",
        "JournalLib": "VENTES",
        "EcritureNum": "VE001",
        "EcritureDate": "20220405",
        "CompteNum": "706000",
        "CompteLib": "Ventes",
        "EcritureLib": "facture",
        "Debit": "0,00",
        "Credit": "0,00",
        "ValidDate": "20220430",
    }
    return [{**given, **cells}.get(name, "") for name in FEC_HEAD]


def write_fec(path: Path, rows: Iterable[Sequence[str]], *, end: str = "\r\r\n") -> Path:
    lines = ["\t".join(cells) for cells in (FEC_HEAD, *rows)]
    path.write_text(end.join([*lines, ""]), encoding="utf-8", newline="")
    return path


def sound_fec() -> list[list[str]]:
    return [
        fec_line(CompteNum="411000", CompteLib="Clients", Debit="120,00"),
        fec_line(Credit="100,00"),
        fec_line(CompteNum="445710", CompteLib="TVA", Credit="20,00"),
        fec_line(EcritureNum="VE002", EcritureDate="20220506", CompteNum="411000", Debit="6,05"),
        fec_line(EcritureNum="VE002", EcritureDate="20220506", Credit="6,05"),
    ]


def the_book(profile: str, root: Path) -> LedgerReader:
    (book,) = open_books(load_profile(profile), root)
    return book


def proof_of(profile: str, root: Path) -> Proof:
    return take_proof(the_book(profile, root))


def broken_laws(violations: Iterable[Violation]) -> set[str]:
    return {violation.law for violation in violations}
