"""What `baozhang check` shows to people.  Loaded when there is something to show."""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.books.findings import sentence
from baozhang.books.model import Violation
from baozhang.books.proof import Proof
from baozhang.books.reading import shown_name
from baozhang.cli.check import figures, violation_count
from baozhang.words import say

MOST_SHOWN = 50  # violations on the screen; --json has all that were kept
STYLES = {"critical": "red", "warning": "yellow", "info": "dim"}
SEVERITY_TEMPLATES = {"critical": "critical", "warning": "warning", "info": "for information"}


def draw(console: Console, proofs: Sequence[Proof], path: Path) -> None:
    """Draw the figures of each book and the first of its violations."""
    table = Table(box=None, pad_edge=False)
    table.add_column(say("book"), overflow="fold")
    for title in ("lines", "vouchers", "debit", "credit"):
        table.add_column(say(title), justify="right")
    table.add_column("")
    for proof in proofs:
        currency = proof.book.currency
        cells = map(str, figures([proof], currency).values())
        table.add_row(Text(_title(proof, path)), *cells, currency)
    console.print(table)
    found = [(proof, violation) for proof in proofs for violation in proof.violations]
    total = sum(map(violation_count, proofs))
    if not total:
        console.print(say("every law holds"), style="green")
        return
    console.print(say("{count} violations", count=total), style="bold")
    _draw_violations(console, found[:MOST_SHOWN], several=len(proofs) > 1)
    if total > MOST_SHOWN:
        console.print(say("and {count} more", count=total - MOST_SHOWN))


def _title(proof: Proof, path: Path) -> str:
    """Return what a person calls a book: its path below the folder, or the folder that it is."""
    name = proof.book.name
    return shown_name(path.resolve().name if name == "." else name)


def _draw_violations(
    console: Console, found: Sequence[tuple[Proof, Violation]], *, several: bool
) -> None:
    for (book, law), group in groupby(found, lambda one: (one[0].book.name, one[1].law)):
        console.print(
            f"\n{shown_name(book)}: {law}" if several else f"\n{law}", style="bold", markup=False
        )
        for _, violation in group:
            text = say(
                "{severity}: {text}",
                severity=say(SEVERITY_TEMPLATES[violation.severity]),
                text=shown_name(sentence(violation)),
            )
            console.print(
                f"  {text}",
                style=STYLES[violation.severity],
                markup=False,
            )
