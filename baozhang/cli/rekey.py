"""`baozhang rekey`: the re-key list (补录清单), what a restored book lacks of a newer one."""

import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from baozhang.books.model import LedgerReader, Standard
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.reading import open_books, shown_name
from baozhang.books.rekey import RekeyInvoice, RekeyList, RekeyVoucher, rekey_list
from baozhang.books.standards import load_standard
from baozhang.books.taking import take_proof
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, row_count, show
from baozhang.errors import UnreachableError, UsageError
from baozhang.money import format_amount, scale_of
from baozhang.words import say

MOST_SHOWN = 50  # on a screen; the file has all
STATE_TEMPLATES = {"missing": "to be keyed in", "differs": "differs", "extra": "deleted later"}
PLACE_TEMPLATES = {
    "tax_account": "digital tax account",
    "bank": "bank",
    "payroll": "payroll sheet",
    "assets": "fixed-asset cards",
    "ledger": "carried over in the ledger",
    "client": "client",
}
HEADERS = (
    "类别",
    "状态",
    "会计期间",
    "凭证",
    "日期",
    "分录数",
    "借方合计",
    "贷方合计",
    "发票号码",
    "原始凭证来源",
)
"""Of the file: it is an accountant's worksheet, and such sheets are Chinese."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command("rekey", help=about("rekey"))(rekey)


def rekey(
    restored: Annotated[Path, typer.Argument(metavar="PATH", help=say("The book that came back."))],
    wanted: Annotated[
        Path, typer.Argument(metavar="PATH", help=say("The newest state that can be read."))
    ],
    profile: Annotated[str, typer.Option("--profile", help=say("What both are exports of."))],
    *,
    standard: Annotated[
        Standard, typer.Option("--standard", help=say("The accounting standard of both."))
    ] = "sbe",
    to: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help=say("Write the whole list here."))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """List the vouchers and invoices to be keyed in again, and where their papers are.

    Raises:
        UsageError: a path holds no book of the profile, or more than one.
        LedgerFormatError: a book is not what its profile says.
    """
    chosen = load_profile(profile)
    books = _only_book(chosen, restored), _only_book(chosen, wanted)
    with row_count(as_json=as_json) as told:
        proofs = take_proof(books[0], tell=told), take_proof(books[1], tell=told)
    found = rekey_list(*books, proofs=proofs, standard=load_standard(standard))
    if to is not None:
        _write(found, to)
    show(_value(found), as_json=as_json, human=lambda console: _draw(console, found))


def _only_book(profile: Profile, path: Path) -> LedgerReader:
    found = open_books(profile, path)
    if len(found) != 1:
        raise UsageError(
            "{path} holds {count} books of the profile {profile}, where one is compared",
            hint="Give the path of one book.",
            path=shown_name(str(path)),
            count=len(found),
            profile=profile.name,
        )
    return found[0]


def _value(found: RekeyList) -> dict[str, object]:
    scale = scale_of(found.currency)
    return {
        "currency": found.currency,
        "counts": dict(found.counts),
        "amount": format_amount(found.amount, scale=scale),
        "vouchers": [
            {
                "state": each.state,
                "period": each.period,
                "voucher": each.voucher,
                "date": each.date,
                "lines": each.lines,
                "debit": format_amount(each.debit, scale=scale),
                "credit": format_amount(each.credit, scale=scale),
                "invoices": each.invoices,
                "places": each.places,
            }
            for each in found.vouchers
        ],
        "invoices": [
            {
                "state": each.state,
                "date": each.date,
                "number": each.number,
                "total": format_amount(each.total, scale=scale),
            }
            for each in found.invoices
        ],
    }


def _places(voucher: RekeyVoucher) -> str:
    return ", ".join(say(PLACE_TEMPLATES[place]) for place in voucher.places)


def _draw(console: Console, found: RekeyList) -> None:
    scale = scale_of(found.currency)
    table = Table()
    for header in (say("state"), say("period"), say("voucher"), say("date")):
        table.add_column(header)
    table.add_column(say("debit"), justify="right")
    table.add_column(say("papers"))
    for each in found.vouchers[:MOST_SHOWN]:
        amount = format_amount(each.debit, scale=scale)
        state = say(STATE_TEMPLATES[each.state])
        table.add_row(state, each.period, each.voucher, each.date, amount, _places(each))
    console.print(table)
    console.print(
        say(
            "{missing} vouchers to be keyed in, {differs} differ, {extra} were deleted later; "
            "{amount} {currency}; {invoices} invoices",
            missing=found.counts["missing"],
            differs=found.counts["differs"],
            extra=found.counts["extra"],
            amount=format_amount(found.amount, scale=scale),
            currency=found.currency,
            invoices=len(found.invoices),
        )
    )


def _write(found: RekeyList, path: Path) -> None:
    """Write the list as CSV that a spreadsheet opens: UTF-8 with a mark, no text a formula."""
    scale = scale_of(found.currency)
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(HEADERS)
            writer.writerows(_voucher_row(each, scale) for each in found.vouchers)
            writer.writerows(_invoice_row(each, scale) for each in found.invoices)
    except FileExistsError as error:
        raise UsageError(
            "{path} is there already", hint="Give another path.", path=shown_name(str(path))
        ) from error
    except OSError as error:
        raise UnreachableError(
            "{path} cannot be written: {reason}",
            hint="Check the folder and its room.",
            path=shown_name(str(path)),
            reason=error.strerror or type(error).__name__,
        ) from error


def _voucher_row(each: RekeyVoucher, scale: int) -> tuple[object, ...]:
    return (
        "凭证",
        say(STATE_TEMPLATES[each.state], spoken="zh_CN"),
        each.period,
        _harmless(each.voucher),
        each.date,
        each.lines,
        format_amount(each.debit, scale=scale),
        format_amount(each.credit, scale=scale),
        _harmless(" ".join(each.invoices)),
        "、".join(say(PLACE_TEMPLATES[place], spoken="zh_CN") for place in each.places),
    )


def _invoice_row(each: RekeyInvoice, scale: int) -> tuple[object, ...]:
    return (
        "发票",
        say(STATE_TEMPLATES[each.state], spoken="zh_CN"),
        each.date[:7],
        "",
        each.date,
        "",
        format_amount(each.total, scale=scale),
        "",
        _harmless(each.number),
        say(PLACE_TEMPLATES["tax_account"], spoken="zh_CN"),
    )


def _harmless(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula, or takes for a number."""
    return f"'{text}" if text.startswith(_FORMULA) or text.isdecimal() else text
