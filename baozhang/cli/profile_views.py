"""What `baozhang profile` shows to people.  Loaded when there is something to show."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.books.guessing import Guess, TableGuess
from baozhang.books.profiles import Profile
from baozhang.cli.check_views import SEVERITY_TEMPLATES, STYLES
from baozhang.cli.profile import names
from baozhang.words import language, say

TABLE_TEMPLATES = {
    "lines": "voucher lines",
    "accounts": "chart of accounts",
    "balances": "balance table",
    "invoices": "invoices",
    "periods": "periods",
    "parties": "balances by partner",
    "assets": "fixed assets",
    "payroll": "payroll",
    "bank": "bank statements",
    "filings": "filed returns",
    "attachments": "attachments",
}
"""What the tables of a ledger are called."""

FIELD_TEMPLATES = {
    "year": "fiscal year",
    "period": "period",
    "word": "voucher word",
    "number": "number",
    "line": "line number",
    "date": "date",
    "summary": "summary",
    "account": "account code",
    "account_name": "account name",
    "code": "account code",
    "name": "name",
    "category": "category",
    "side": "normal side",
    "leaf": "lowest level",
    "party": "partner",
    "amount": "amount",
    "amount.debit": "debit",
    "amount.credit": "credit",
    "amount.amount": "amount",
    "amount.side": "side of the amount",
    "posted": "posted",
    "voided": "voided",
    "prepared": "prepared by",
    "reviewed": "reviewed by",
    "attachments": "number of attachments",
    "invoice": "invoice number",
    "opening.debit": "opening debit",
    "opening.credit": "opening credit",
    "opening.amount": "opening balance",
    "opening.side": "side of the opening",
    "movement.debit": "movement debit",
    "movement.credit": "movement credit",
    "closing.debit": "closing debit",
    "closing.credit": "closing credit",
    "closing.amount": "closing balance",
    "closing.side": "side of the closing",
    "kind": "kind",
    "seller": "seller",
    "buyer": "buyer",
    "tax": "tax",
    "total": "total",
    "closed": "closed",
}
"""What the fields of a ledger are called; another field is shown by its own name."""


def draw_list(page: Console, profiles: Sequence[Profile]) -> None:
    """Draw the known products."""
    table = Table(box=None, pad_edge=False)
    for title in ("profile", "format", "product"):
        table.add_column(say(title), overflow="fold")
    for profile in profiles:
        table.add_row(profile.name, profile.format, profile.title(language()))
    page.print(table)


def draw_guesses(
    page: Console,
    guesses: Sequence[Guess],
    told: Sequence[Mapping[str, object]],
    written: str | None,
) -> None:
    """Draw every guess in a line, and the best of them whole."""
    if not guesses:
        page.print(say("no profile comes near; nothing in the file looks like voucher lines"))
        return
    for found in guesses:
        line = say(
            "{score} %  {profile}  {title}",
            score=found.score,
            profile=say("draft") if found.drafted else found.profile.name,
            title=found.profile.title(language()),
        )
        page.print(Text(line, style="bold green" if found.fits else ""))
    best, value = guesses[0], told[0]
    for key in best.changed:
        page.print(_indented(say("differs from the profile in {key}", key=key), "yellow"))
    for table in best.tables:
        _draw_table(page, table)
    _draw_counts(page, value)
    if written:
        page.print(say("written: {path}", path=written), markup=False)


def _draw_table(page: Console, found: TableGuess) -> None:
    sight = found.sight
    page.print()
    place = f"{sight.file} [{sight.place}]" if sight.place else sight.file
    page.print(
        Text(
            say(
                "{table}: {place}, header in row {row}",
                table=say(TABLE_TEMPLATES[found.table]),
                place=place,
                row=found.row,
            ),
            style="bold",
        )
    )
    if sight.kind == "text":
        delimiter = sight.delimiter.replace("\t", "TAB")
        told = say(
            "encoding {encoding}, delimiter {delimiter}",
            encoding=sight.encoding,
            delimiter=delimiter,
        )
        page.print(_indented(told))
    for column, name in found.fields:
        fields = ", ".join(say(FIELD_TEMPLATES.get(one, one)) for one in name.split(", "))
        page.print(_indented(f"{column} → {fields}"))
    if found.missing:
        page.print(_indented(say("missing: {columns}", columns=names(found.missing)), "red"))
    if found.kept:
        kept = say("kept as they stand: {columns}", columns=names(found.kept))
        page.print(_indented(kept, "dim"))


def _draw_counts(page: Console, value: Mapping[str, object]) -> None:
    page.print()
    counts = value["counts"]
    if isinstance(counts, dict):
        template = (
            "all {lines} lines, {first} to {last}: debit {debit}, credit {credit}"
            if counts["complete"]
            else "the first {lines} lines, {first} to {last}: debit {debit}, credit {credit}"
        )
        page.print(Text(say(template, **counts)))
    if value["problem"]:
        page.print(Text(say("it does not read: {problem}", problem=value["problem"]), style="red"))


def _indented(text: str, style: str = "") -> Text:
    return Text(f"  {text}", style=style)


def draw_books(page: Console, told: Sequence[Mapping[str, object]], currency: str) -> None:
    """Draw each book's counts, totals and broken laws."""
    for book in told:
        page.print(Text(str(book["name"]), style="bold"))
        rows, kept, laws, periods = book["rows"], book["kept"], book["laws"], book["periods"]
        if isinstance(rows, dict):
            counted = ", ".join(
                f"{say(TABLE_TEMPLATES[table])} {count}" for table, count in rows.items()
            )
            page.print(Text(say("rows read: {counted}", counted=counted)))
        if isinstance(periods, list):
            page.print(_totals(periods, currency))
        if isinstance(kept, dict):
            for table, columns in kept.items():
                if columns:
                    told_columns = say(
                        "{table}, kept as they stand: {columns}",
                        table=say(TABLE_TEMPLATES[table]),
                        columns=names(columns),
                    )
                    page.print(Text(told_columns, style="dim"))
        _draw_laws(page, laws if isinstance(laws, list) else [])


def _totals(periods: Sequence[Mapping[str, object]], currency: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(say("period"))
    for title in ("lines", "vouchers", "debit", "credit"):
        table.add_column(say(title), justify="right")
    table.add_column("")
    for period in periods:
        table.add_row(*map(str, period.values()), currency)
    return table


def _draw_laws(page: Console, laws: Sequence[Mapping[str, object]]) -> None:
    if not laws:
        page.print(say("every law holds"), style="green")
    for law in laws:
        severity = str(law["severity"])
        line = say(
            "{law}, {severity}, {count} times: {example}",
            law=law["law"],
            severity=say(SEVERITY_TEMPLATES[severity]),
            count=law["count"],
            example=law["example"],
        )
        page.print(Text(line, style=STYLES[severity]))
