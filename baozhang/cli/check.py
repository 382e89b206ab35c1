"""`baozhang check`: the laws of the books over any ledger export; no site, no vault, no Prefect."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, TextColumn
from rich.table import Table
from rich.text import Text

from baozhang.books.findings import difference_text, sentence
from baozhang.books.model import Violation
from baozhang.books.profiles import Profile, load_profile, profile_names
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books, shown_name
from baozhang.books.taking import take_proof
from baozhang.cli.console import JsonFlag, show
from baozhang.errors import UsageError
from baozhang.money import format_amount, scale_of
from baozhang.words import say

MOST_SHOWN = 50  # violations on the screen; --json has all that were kept
STYLES = {"critical": "red", "warning": "yellow", "info": "dim"}
SEVERITY_TEMPLATES = {"critical": "critical", "warning": "warning", "info": "for information"}

_PROFILE_HELP = say(
    "What the export is: {known}, or the path of a profile.", known=", ".join(profile_names())
)


def register(root: typer.Typer) -> None:
    """Add the command to the command line."""
    root.command("check", help=say("Holds the laws of the books against any ledger export."))(check)


def check(
    path: Annotated[Path, typer.Argument(help=say("A file, or a folder of books."))],
    profile: Annotated[str, typer.Option("--profile", help=_PROFILE_HELP)],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Check every book below a path.

    Raises:
        UsageError: no such path or profile, or no book of that profile there.
        LedgerFormatError: an export is not what its profile says.
    """
    chosen = load_profile(profile)
    proofs = _proofs(chosen, path, as_json=as_json)
    show(
        _value(chosen, proofs),
        as_json=as_json,
        human=lambda console: _draw(console, proofs, path),
    )
    if any(one.severity == "critical" for proof in proofs for one in proof.violations):
        raise typer.Exit(1)


def _proofs(profile: Profile, path: Path, *, as_json: bool) -> list[Proof]:
    if not path.exists():
        raise UsageError(
            "there is no file or folder {path}", hint="Check the path.", path=shown_name(str(path))
        )
    books = open_books(profile, path)
    if not books:
        patterns = profile.files or profile.tables["lines"].files
        raise UsageError(
            "{path} holds no book of the profile {profile}",
            hint="Its files are named like {patterns}; give another path or another profile.",
            path=shown_name(str(path)),
            profile=profile.name,
            patterns=", ".join(patterns),
        )
    proofs, read = [], 0
    with _told(as_json=as_json) as told:
        for book in books:
            proof = take_proof(book, tell=lambda rows, before=read: told(before + rows))  # type: ignore[misc]
            proofs.append(proof)
            read += sum(chunk.rows for chunk in proof.chunks if chunk.table != "columns")
    return proofs


@contextmanager
def _told(*, as_json: bool) -> Iterator[Callable[[int], None]]:
    """Show on standard error how many rows were read, where somebody watches."""
    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield lambda _rows: None
        return
    with Progress(TextColumn("{task.description}"), console=console, transient=True) as bar:
        task = bar.add_task("")
        yield lambda rows: bar.update(task, description=say("{rows} rows read", rows=f"{rows:,}"))


def _value(profile: Profile, proofs: Sequence[Proof]) -> dict[str, object]:
    currency = profile.currency
    return {
        "profile": profile.name,
        **_figures(proofs, currency),
        "currency": currency,
        "books": [
            {
                "name": shown_name(proof.book.name),
                **_figures([proof], currency),
                "violations": _count(proof),
            }
            for proof in proofs
        ],
        "violations": [
            _violation(violation, proof) for proof in proofs for violation in proof.violations
        ],
    }


def _figures(proofs: Sequence[Proof], currency: str) -> dict[str, object]:
    scale = scale_of(currency)
    return {
        "lines": sum(proof.line_count for proof in proofs),
        "vouchers": sum(proof.voucher_count for proof in proofs),
        "debit": format_amount(sum(proof.debit for proof in proofs), scale=scale),
        "credit": format_amount(sum(proof.credit for proof in proofs), scale=scale),
    }


def _count(proof: Proof) -> int:
    return sum(count for _, _, count in proof.violation_counts)


def _violation(violation: Violation, proof: Proof) -> dict[str, object]:
    return {
        "law": violation.law,
        "severity": violation.severity,
        "book": shown_name(proof.book.name),
        "voucher": violation.voucher,
        "period": violation.period,
        "account": violation.account,
        "difference": difference_text(violation),
        "message": sentence(violation),
    }


def _draw(console: Console, proofs: Sequence[Proof], path: Path) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column(say("book"), overflow="fold")
    for title in ("lines", "vouchers", "debit", "credit"):
        table.add_column(say(title), justify="right")
    table.add_column("")
    for proof in proofs:
        currency = proof.book.currency
        cells = map(str, _figures([proof], currency).values())
        table.add_row(Text(_title(proof, path)), *cells, currency)
    console.print(table)
    found = [(proof, violation) for proof in proofs for violation in proof.violations]
    total = sum(map(_count, proofs))
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
