"""The re-key list (补录清单): which documents a restored book lacks, in money as well as rows.

    proofs of both ──► periods whose fingerprints differ ──► vouchers whose marks differ
    the wanted book, read once more ──► dates, amounts and accounts of those vouchers alone

Fingerprints cut the search down before a line is kept, so a book of millions of lines is compared
in two streams and the memory of what differs.  Where each paper can be fetched again follows from
the accounts that the voucher moves.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from baozhang.books.blocks import voucher_name
from baozhang.books.differences import Change, VoucherChange, marks_of, voucher_changes
from baozhang.books.model import Invoice, LedgerReader, Line
from baozhang.books.proof import Proof
from baozhang.books.standards import AccountingStandard, Control, below

State = Literal["missing", "differs", "extra"]
"""missing: to be keyed in; differs: to be corrected; extra: was deleted later, to be looked at."""

Place = Literal["tax_account", "bank", "payroll", "assets", "ledger", "client"]
"""税务数字账户, 开户银行, 工资表, 固定资产卡片, 由账簿结转, 客户."""

Key = tuple[str, str]
"""A voucher: its period and its name."""

_STATES: dict[Change, State] = {"added": "missing", "changed": "differs", "lost": "extra"}
_CONTROLS: dict[Control, Place] = {
    "wages": "payroll",
    "depreciation": "assets",
    "fixed_assets": "tax_account",
    "receivable": "tax_account",
    "payable": "tax_account",
    "taxes": "tax_account",
}
_BANK = ("1002",)  # 银行存款, in both standards


@dataclass(frozen=True, slots=True)
class RekeyVoucher:
    """One voucher to be keyed in or looked at; amounts in minor units, 0 where unknown."""

    state: State
    period: str
    voucher: str
    date: str = ""
    lines: int = 0
    debit: int = 0
    credit: int = 0
    invoices: tuple[str, ...] = ()
    places: tuple[Place, ...] = ("client",)


@dataclass(frozen=True, slots=True)
class RekeyInvoice:
    """One invoice of the wanted book that the restored one lacks or has otherwise."""

    state: State
    date: str
    number: str
    total: int


@dataclass(frozen=True, slots=True)
class RekeyList:
    """Everything between a restored book and the one that is wanted."""

    currency: str
    vouchers: tuple[RekeyVoucher, ...]
    invoices: tuple[RekeyInvoice, ...]
    counts: Mapping[State, int]  # of vouchers
    amount: int  # debit of all missing and differing vouchers, minor units


def rekey_list(
    restored: LedgerReader,
    wanted: LedgerReader,
    *,
    proofs: tuple[Proof, Proof],
    standard: AccountingStandard,
) -> RekeyList:
    """Return what must be done by hand to bring a restored book to where it was.

    Args:
        restored: the book that came back.
        wanted: the newest state of it that can still be read, such as the damaged source.
        proofs: of both, in this order.
        standard: the client's, for where papers can be fetched.

    Raises:
        LedgerFormatError: a book is not what its profile says.
    """
    before, now = proofs
    changes = {(c.period, c.voucher): _STATES[c.change] for c in _changes(before, now)}
    found = _figures(wanted, {key for key, state in changes.items() if state != "extra"})
    gone = _figures(restored, {key for key, state in changes.items() if state == "extra"})
    figures, states = found | gone, list(changes.values())
    return RekeyList(
        currency=now.book.currency,
        vouchers=tuple(
            _voucher(state, key, figures.get(key), standard) for key, state in changes.items()
        ),
        invoices=tuple(_invoices(restored, wanted, _differing(before, now, "invoices"))),
        counts={state: states.count(state) for state in ("missing", "differs", "extra")},
        amount=sum(figures.debit for figures in found.values()),
    )


def _changes(before: Proof, now: Proof) -> Iterator[VoucherChange]:
    periods = _differing(before, now, "lines")
    return voucher_changes(marks_of(before.vouchers, periods), marks_of(now.vouchers, periods))


def _differing(before: Proof, now: Proof, table: str) -> frozenset[str]:
    """Return the periods of a table whose fingerprints are not equal."""
    was, found = (
        {(chunk.period, chunk.sha256) for chunk in proof.chunks if chunk.table == table}
        for proof in (before, now)
    )
    return frozenset(period for period, _ in was ^ found)


@dataclass(slots=True)
class _Figures:
    """What is collected of one voucher while its book goes by."""

    date: str
    lines: int = 0
    debit: int = 0
    credit: int = 0
    accounts: set[str] = field(default_factory=set)
    invoices: dict[str, None] = field(default_factory=dict)  # in order, each once


def _figures(reader: LedgerReader, wanted: Collection[Key]) -> dict[Key, _Figures]:
    """Read a book once more, and keep the figures of these vouchers alone."""
    found: dict[Key, _Figures] = {}
    if not wanted:
        return found
    invoice = reader.book.roles.get("invoice")
    for line in reader.lines():
        key = line.period, voucher_name(line.word, line.number)
        if key in wanted:
            _take(found.setdefault(key, _Figures(line.date)), line, invoice)
    return found


def _take(figures: _Figures, line: Line, invoice: int | None) -> None:
    figures.lines += 1
    figures.debit += line.debit or 0
    figures.credit += line.credit or 0
    figures.accounts.add(line.account or "")
    if invoice is not None and (number := line.other[invoice]):
        figures.invoices[number] = None


def _voucher(
    state: State, key: Key, figures: _Figures | None, standard: AccountingStandard
) -> RekeyVoucher:
    period, name = key
    if figures is None:
        return RekeyVoucher(state, period, name)
    return RekeyVoucher(
        state=state,
        period=period,
        voucher=name,
        date=figures.date,
        lines=figures.lines,
        debit=figures.debit,
        credit=figures.credit,
        invoices=tuple(figures.invoices),
        places=places_of(figures.accounts, standard, invoiced=bool(figures.invoices)),
    )


def places_of(
    accounts: Collection[str], standard: AccountingStandard, *, invoiced: bool = False
) -> tuple[Place, ...]:
    """Return where the papers of a voucher that moves these accounts can be fetched again.

    A voucher that only carries profit and loss over has no paper: it follows from the ledger.
    """
    carried = (standard.profit, standard.retained) if standard.profit else ()
    if carried and all(standard.is_profit_loss(a) or below(a, carried) for a in accounts):
        return ("ledger",)
    found: dict[Place, None] = {"tax_account": None} if invoiced else {}
    if any(below(account, standard.revenue) for account in accounts):
        found["tax_account"] = None
    if any(below(account, _BANK) for account in accounts):
        found["bank"] = None
    for control, place in _CONTROLS.items():
        if any(below(account, standard.controls_of(control)) for account in accounts):
            found[place] = None
    return tuple(found) or ("client",)


def _invoices(
    restored: LedgerReader, wanted: LedgerReader, periods: Collection[str]
) -> Iterator[RekeyInvoice]:
    """Yield the invoices of these months that differ, by day and number; equal rows cancel."""
    before, now = _counted(restored, periods), _counted(wanted, periods)
    gone, came = before - now, now - before
    numbers = {each.number for each in gone}
    for each in sorted(came.elements(), key=_day):
        state: State = "differs" if each.number in numbers else "missing"
        yield RekeyInvoice(state, each.date, each.number, each.total)
    named = {each.number for each in came}
    for each in sorted(gone.elements(), key=_day):
        if each.number not in named:
            yield RekeyInvoice("extra", each.date, each.number, each.total)


def _counted(reader: LedgerReader, periods: Collection[str]) -> Counter[Invoice]:
    """Return the invoices of these months and how often each row is there."""
    if not periods:
        return Counter()
    return Counter(each for each in reader.invoices() if each.date[:7] in periods)


def _day(invoice: Invoice) -> tuple[str, str]:
    return invoice.date, invoice.number
