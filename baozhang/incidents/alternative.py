"""Account books to go on with while a recovery runs: read-only, marked, and proven to the cent.

    proven books of one backup point ──► book-1.xlsx   科目余额表 总账 明细账 序时账 核对合计数
                                    └──► book-1/*.csv  the same tables, for programs

Every sheet and every file begins with what it is: a read-only copy, of which instant, of which
incident.  What is written is counted on its way and held against the control totals of the proof:
a file that does not sum to them does not stay.
"""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path

from baozhang.books.account_books import AccountBooks, account_books, not_proven
from baozhang.books.compare import strange_owner
from baozhang.books.model import LedgerReader
from baozhang.books.proof import Proof
from baozhang.books.spool import Kept
from baozhang.clock import SHANGHAI
from baozhang.durable import private
from baozhang.errors import UsageError
from baozhang.incidents.workbook import Cell, Column, Workbook, workbook
from baozhang.money import format_amount, scale_of
from baozhang.words import say

BANNER_TEMPLATES = {
    "banner": "READ-ONLY COPY · as of {instant} (Asia/Shanghai) · incident {incident}",
}
SHEET_TEMPLATES = {
    "about": "About",
    "trial": "Trial balance",
    "general": "General ledger",
    "details": "Detail ledger",
    "journal": "Journal",
    "control": "Control totals",
    "filed": "As filed",
}
HEAD_TEMPLATES = {
    "period": "period",
    "account": "account code",
    "name": "account name",
    "opening_side": "opening side",
    "opening": "opening balance",
    "debit": "debit",
    "credit": "credit",
    "side": "side",
    "closing_side": "closing side",
    "closing": "closing balance",
    "balance": "balance",
    "origin": "balances from",
    "date": "date",
    "voucher": "voucher no.",
    "line": "line no.",
    "summary": "summary",
    "party": "partner",
    "currency": "currency",
    "state": "state",
    "vouchers": "number of vouchers",
    "lines": "number of lines",
    "voided_debit": "of it voided: debit",
    "voided_credit": "of it voided: credit",
    "trial_debit": "trial balance: debit",
    "trial_credit": "trial balance: credit",
    "form": "form",
    "item": "item",
    "amount": "amount",
    "about": "about this copy",
    "value": "value",
}
WORD_TEMPLATES = {
    "debit": "Dr",
    "credit": "Cr",
    "flat": "flat",
    "opening": "opening balance",
    "line": "",
    "month": "total of the month",
    "year": "total of the year so far",
    "voided": "voided",
    "unposted": "not posted",
    "table": "the book's balance table",
    "vouchers": "computed from vouchers",
    "balance_sheet": "balance sheet",
    "income": "income statement",
    "vat": "VAT return",
}
ABOUT_TEMPLATES = {
    "book": "book",
    "client": "client id",
    "snapshot": "backup point",
    "as_of": "as of",
    "incident": "incident id",
    "currency": "currency",
    "vouchers": "number of vouchers",
    "lines": "number of lines",
    "debit": "debit total",
    "credit": "credit total",
    "due": "to be destroyed by",
    "proof": "proof",
    "proven": "equal to the books at the backup: every row, and the control totals to the cent",
    "use": "use",
    "read_only": "For answering and filing only. Key nothing in here: after the recovery the "
    "accounting system alone counts.",
    "computed": "periods without a balance table, computed from vouchers",
    "from_nothing": "no balance table came with the book: balances begin at zero before its first "
    "voucher",
}

Row = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Mark:
    """What every file says of itself."""

    client: str  # id
    snapshot: str
    at: datetime  # the instant of the backup point
    incident: str
    due: datetime
    spoken: str  # language

    @property
    def banner(self) -> str:
        """The first line of every sheet and file."""
        facts = {"instant": self.instant, "incident": self.incident}
        return say(BANNER_TEMPLATES["banner"], spoken=self.spoken, **facts)

    @property
    def instant(self) -> str:
        """The instant as an office reads it."""
        return f"{self.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    books: int
    files: int
    vouchers: int
    lines: int


@dataclass(frozen=True, slots=True)
class _Table:
    """One table of a book: its rows are made anew each time they are asked for."""

    key: str
    columns: tuple[Column, ...]
    rows: Callable[[], Iterator[Row]]


def require_own(readers: Iterable[LedgerReader], credit_code: str | None) -> None:
    """Make sure that no book names another owner than the client.

    Raises:
        UsageError: one does; nothing of it may be handed on.
    """
    for reader in readers:
        if strange_owner(reader.book, credit_code) is not None:
            raise UsageError(
                "a book of this set names another owner than the client: nothing is handed on",
                hint="Find out whose book was backed up there: `baozhang check` names the finding.",
            )


def write_books(
    into: Path, books: Iterable[tuple[LedgerReader, Proof]], mark: Mark, *, private: Path
) -> Written:
    """Write each book's workbook and its tables.

    Args:
        into: an empty folder.
        books: restored books, and the proofs they are held against.
        mark: what every file says of itself.
        private: a folder for lines while they are sorted; nothing remains in it.

    Raises:
        ProofFailedError: a book is not what was backed up, or what was written does not sum to
            its control totals.
        LedgerFormatError: a book is not what its profile says.
    """
    number, vouchers, lines = 0, 0, 0
    for number, (reader, proof) in enumerate(books, start=1):
        with account_books(reader, proof, private) as found:
            _write_book(into / f"book-{number}", found, mark)
        vouchers, lines = vouchers + proof.voucher_count, lines + proof.line_count
    files = [path for path in into.rglob("*") if path.is_file()]
    for path in files:
        path.chmod(0o400)
    return Written(number, len(files), vouchers, lines)


def _write_book(place: Path, books: AccountBooks, mark: Mark) -> None:
    place.mkdir(mode=0o700)
    scale, counted = scale_of(books.proof.book.currency), _Counted()
    with workbook(place.with_suffix(".xlsx"), mark.at, scale=scale) as book:
        for table in _tables(books, mark, counted):
            _write_table(place, book, table, mark, scale)
    counted.require(books.proof)


def _write_table(place: Path, book: Workbook, table: _Table, mark: Mark, scale: int) -> None:
    """Write a table to its file and to the workbook, in one pass over its rows."""
    name = say(SHEET_TEMPLATES[table.key], spoken=mark.spoken)
    columns = [
        Column(say(HEAD_TEMPLATES[each.name], spoken=mark.spoken), each.kind, each.width)
        for each in table.columns
    ]
    path = place / f"{name}.csv"
    with open(path, "x", encoding="utf-8-sig", newline="", opener=private) as file:
        write = csv.writer(file).writerow
        write([mark.banner])
        write([column.name for column in columns])

        kinds: Mapping[str, Callable[[Cell], str]]
        kinds = {"money": partial(_money, scale=scale), "count": str, "text": _plain}
        tell = [kinds[column.kind] for column in columns]

        def told() -> Iterator[Row]:
            for row in table.rows():
                write(["" if v is None else t(v) for t, v in zip(tell, row, strict=True)])
                yield row

        book.sheet(name, mark.banner, columns, told())


def _money(cell: Cell, *, scale: int) -> str:
    return format_amount(cell, scale=scale) if isinstance(cell, int) else _plain(cell)


def _plain(cell: Cell) -> str:
    """Return a text for a file of texts; one that a spreadsheet would compute is quoted with '."""
    text = str(cell)
    return f"'{text}" if text[:1] in _FORMULAS else text


_FORMULAS = frozenset("=+-@\t\r")  # OWASP, "CSV Injection"


class _Counted:
    """What the journal that was written sums to."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str], tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))

    def add(self, each: Kept) -> None:
        lines, debit, credit = self._sums[each.period, each.account]
        self._sums[each.period, each.account] = lines + 1, debit + each.debit, credit + each.credit

    def require(self, proof: Proof) -> None:
        """Make sure that it is what the proof has."""
        expected = {
            (total.period, total.account): (total.lines, total.debit, total.credit)
            for total in proof.totals
        }
        if dict(self._sums) != expected:
            raise not_proven(proof)


# --- the tables -----------------------------------------------------------------------------------


def _tables(books: AccountBooks, mark: Mark, counted: _Counted) -> Iterator[_Table]:
    period, account = Column("period", width=10), Column("account", width=14)
    name, side, state = Column("name", width=28), Column("side", width=6), Column("state", width=10)
    debit, credit = Column("debit", "money", 18), Column("credit", "money", 18)
    balance, party = Column("balance", "money", 18), Column("party", width=20)
    date, voucher = Column("date", width=12), Column("voucher", width=12)
    summary = Column("summary", width=40)
    yield _Table(
        "about", (Column("about", width=28), Column("value", width=80)), lambda: _about(books, mark)
    )
    yield _Table(
        "trial",
        (
            *(period, account, name, Column("opening_side", width=10)),
            *(Column("opening", "money", 18), debit, credit, Column("closing_side", width=10)),
            *(Column("closing", "money", 18), Column("origin", width=22)),
        ),
        lambda: _trial(books, mark),
    )
    yield _Table(
        "general",
        (account, name, period, summary, debit, credit, side, balance),
        lambda: _general(books, mark),
    )
    yield _Table(
        "details",
        (
            *(account, name, period, date, voucher, summary, party),
            *(debit, credit, side, balance, state),
        ),
        lambda: _details(books, mark),
    )
    yield _Table(
        "journal",
        (
            *(period, date, voucher, Column("line", "count", 8), summary, account, name, party),
            *(Column("currency", width=8), debit, credit, state),
        ),
        lambda: _journal(books, mark, counted),
    )
    yield _Table(
        "control",
        (
            *(period, Column("vouchers", "count"), Column("lines", "count"), debit, credit),
            *(Column(f"{kind}_{one}", "money", 18) for kind in _SUMS for one in _SIDES),
            Column("origin", width=22),
        ),
        lambda: _control(books, mark),
    )
    if "filings" in books.proof.book.columns:
        columns = period, Column("form", width=16), Column("item", width=40)
        yield _Table(
            "filed", (*columns, Column("amount", "money", 18)), lambda: _filed(books, mark)
        )


_SUMS, _SIDES = ("voided", "trial"), ("debit", "credit")


def _about(books: AccountBooks, mark: Mark) -> Iterator[Row]:
    proof = books.proof
    scale = scale_of(proof.book.currency)
    day = f"{mark.due.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    facts: dict[str, Cell] = {
        "book": proof.book.name,
        "client": mark.client,
        "snapshot": mark.snapshot,
        "as_of": mark.instant,
        "incident": mark.incident,
        "currency": proof.book.currency,
        "vouchers": str(proof.voucher_count),
        "lines": str(proof.line_count),
        "debit": format_amount(proof.debit, scale=scale),
        "credit": format_amount(proof.credit, scale=scale),
        "due": day,
        "proof": _about_word("proven", mark),
        "use": _about_word("read_only", mark),
    }
    if books.computed:
        word = _about_word("from_nothing", mark) if not books.has_table else ""
        facts["computed"] = " ".join(filter(None, (", ".join(books.computed), word)))
    for key, value in facts.items():
        yield _about_word(key, mark), value


def _about_word(key: str, mark: Mark) -> str:
    return say(ABOUT_TEMPLATES[key], spoken=mark.spoken)


def _word(key: str, mark: Mark) -> str:
    return _said(key, mark.spoken) if key else ""


@cache
def _said(key: str, spoken: str) -> str:
    return say(WORD_TEMPLATES[key], spoken=spoken)


def _side(balance: int, mark: Mark) -> str:
    return _word("debit" if balance > 0 else "credit" if balance < 0 else "flat", mark)


def _trial(books: AccountBooks, mark: Mark) -> Iterator[Row]:
    for row in books.trial():
        yield (
            *(row.period, row.account, row.name, _side(row.opening, mark), abs(row.opening)),
            *(row.debit, row.credit, _side(row.closing, mark), abs(row.closing)),
            _word(row.origin, mark),
        )


def _general(books: AccountBooks, mark: Mark) -> Iterator[Row]:
    for row in books.general():
        moved = (None, None) if row.kind == "opening" else (row.debit, row.credit)
        yield (
            *(row.account, row.name, row.period, _word(row.kind, mark)),
            *(*moved, _side(row.balance, mark), abs(row.balance)),
        )


def _details(books: AccountBooks, mark: Mark) -> Iterator[Row]:
    sides = {sign: _side(sign, mark) for sign in (-1, 0, 1)}
    words = {
        key: _word(key, mark) for key in ("opening", "month", "year", "voided", "unposted", "")
    }
    for row in books.details():
        own = row.kind == "line"
        moved = (row.debit or None, row.credit or None) if own else (row.debit, row.credit)
        sign = (row.balance > 0) - (row.balance < 0)
        yield (
            *(row.account, row.name, row.period, row.date, row.voucher),
            *(row.summary if own else words[row.kind], row.party),
            *((None, None) if row.kind == "opening" else moved),
            *(sides[sign], abs(row.balance), words[row.state]),
        )


def _journal(books: AccountBooks, mark: Mark, counted: _Counted) -> Iterator[Row]:
    words = {key: _word(key, mark) for key in ("voided", "unposted", "")}
    for each in books.journal():
        counted.add(each)
        yield (
            *(each.period, each.date, each.voucher, each.line, each.summary, each.account),
            *(each.name or books.name(each.account), each.party, each.currency),
            *(each.debit or None, each.credit or None, words[each.state]),
        )


def _control(books: AccountBooks, mark: Mark) -> Iterator[Row]:
    for row in books.control():
        yield (*row[:-1], _word(row.origin, mark))


def _filed(books: AccountBooks, mark: Mark) -> Iterator[Row]:
    for row in books.filed():
        form = _word(row.form, mark) if row.form in WORD_TEMPLATES else row.form
        yield row.period, form, row.item, row.amount
