"""`baozhang profile`: which products' exports are known, and whether a file is one of them.

No site and no vault.  What is shown to people is in `profile_views`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from baozhang.books.findings import sentence
from baozhang.books.guessing import Guess, TableGuess, guess
from baozhang.books.model import Severity
from baozhang.books.profiles import Profile, load_profile, profile_names, profile_text
from baozhang.books.proof import Proof
from baozhang.books.reading import shown_name
from baozhang.cli import about, load
from baozhang.cli.check import figures, proofs_below
from baozhang.cli.console import JsonFlag, show
from baozhang.errors import LedgerFormatError, SourceUnreadableError, UsageError
from baozhang.money import format_amount, scale_of
from baozhang.words import language, say

MOST_GUESSES = 3
_SEVERITIES: tuple[Severity, ...] = ("critical", "warning", "info")

ProfileName = Annotated[str, typer.Argument(help=say("The profile's name, or the path of one."))]
ExportPath = Annotated[Path, typer.Argument(help=say("An export: a file, or a folder of files."))]
WritePath = Annotated[
    Path | None,
    typer.Option(
        "--write", dir_okay=False, help=say("Write a profile to start from to this file.")
    ),
]
UsedProfile = Annotated[
    str, typer.Option("--profile", help=say("The profile to try: a name, or the path of one."))
]


def register(root: typer.Typer) -> None:
    """Add the `profile` commands."""
    group = typer.Typer(name="profile", help=about("profile"), no_args_is_help=True)
    group.command("list", help=say("List the products whose exports are known."))(show_list)
    group.command("show", help=say("Show what a profile reads, and how."))(show_one)
    group.command("guess", help=say("Tell which profile fits an export best."))(show_guesses)
    group.command("test", help=say("Read a whole export by a profile, and count."))(try_export)
    root.add_typer(group)


def show_list(*, as_json: JsonFlag = False) -> None:
    """List the profiles that come with the product."""
    profiles = [load_profile(name) for name in profile_names()]
    show(
        {"profiles": [_profile(profile) for profile in profiles]},
        as_json=as_json,
        human=lambda page: load("profile_views").draw_list(page, profiles),
    )


def show_one(name: ProfileName, *, as_json: JsonFlag = False) -> None:
    """Show a profile as it was written."""
    profile, text = load_profile(name), profile_text(name)
    columns = {table: list(layout.needed) for table, layout in profile.tables.items()}
    show(
        {**_profile(profile), "columns": columns, "yaml": text},
        as_json=as_json,
        human=lambda page: page.out(text.rstrip(), highlight=False),
    )


def show_guesses(path: ExportPath, *, write: WritePath = None, as_json: JsonFlag = False) -> None:
    """Propose profiles; exit code 1 when none fits."""
    guesses = guess(path)[:MOST_GUESSES]
    told = [guess_value(path, one) for one in guesses]
    if write and guesses:
        _write(write, guesses[0].text)
    written = str(write) if write and guesses else None
    show(
        {"file": shown_name(path.name), "guesses": told, "written": written},
        as_json=as_json,
        human=lambda page: load("profile_views").draw_guesses(page, guesses, told, written),
    )
    if not any(one.fits for one in guesses):
        raise typer.Exit(1)


def try_export(path: ExportPath, profile: UsedProfile, *, as_json: JsonFlag = False) -> None:
    """Read an export to its end; exit code 1 when it does not fit, or breaks a law.

    Raises:
        UsageError: no such path or profile, or no book of that profile there.
        LedgerFormatError: the export is not what the profile says.
    """
    chosen = load_profile(profile)
    proofs = proofs_below(chosen, path, "other", as_json=as_json)
    told = [book_value(chosen, proof, path) for proof in proofs]
    show(
        {"profile": chosen.name, "currency": chosen.currency, "books": told},
        as_json=as_json,
        human=lambda page: load("profile_views").draw_books(page, told, chosen.currency),
    )
    if any(one.severity == "critical" for proof in proofs for one in proof.violations):
        raise typer.Exit(1)


def _profile(profile: Profile) -> dict[str, object]:
    return {
        "name": profile.name,
        "title": profile.title(language()),
        "format": profile.format,
        "book": profile.book,
        "tables": list(profile.tables),
    }


def guess_value(path: Path, found: Guess) -> dict[str, object]:
    """Return what a guess understood; amounts as decimal text."""
    value: dict[str, object] = {
        "profile": None if found.drafted else found.profile.name,
        "title": found.profile.title(language()),
        "score": found.score,
        "fits": found.fits,
        "changed": list(found.changed),
        "tables": [_table(one) for one in found.tables],
        "counts": None,
        "problem": None,
    }
    if not found.fits:
        return value
    try:
        counts, scale = found.counts(path), scale_of(found.profile.currency)
    except (LedgerFormatError, SourceUnreadableError) as error:
        return {**value, "problem": say(error.template, **error.facts)}
    return {
        **value,
        "counts": {
            "lines": counts.lines,
            "complete": counts.complete,
            "debit": format_amount(counts.debit, scale=scale),
            "credit": format_amount(counts.credit, scale=scale),
            "first": counts.first,
            "last": counts.last,
        },
    }


def _table(found: TableGuess) -> dict[str, object]:
    return {
        "table": found.table,
        "file": shown_name(found.sight.file),
        "place": found.sight.place,
        "header_row": found.row,
        "encoding": found.sight.encoding if found.sight.kind == "text" else None,
        "delimiter": found.sight.delimiter if found.sight.kind == "text" else None,
        "columns": dict(found.fields),
        "missing": list(found.missing),
        "kept": list(found.kept),
    }


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise UsageError(
            "{path} exists already",
            hint="Name a file that does not exist yet.",
            path=str(path),
        ) from None


def book_value(profile: Profile, proof: Proof, path: Path) -> dict[str, object]:
    """Return a book's counts, its totals period by period, and what is broken or not mapped."""
    rows: dict[str, int] = {}
    for chunk in proof.chunks:
        if chunk.table != "columns":
            rows[chunk.table] = rows.get(chunk.table, 0) + chunk.rows
    return {
        "name": shown_name(path.resolve().name if proof.book.name == "." else proof.book.name),
        **figures([proof], profile.currency),
        "rows": rows,
        "periods": _periods(proof, scale_of(profile.currency)),
        "laws": _laws(proof),
        "kept": {
            table: [name for name in names if name.strip() not in profile.tables[table].kept_whole]
            for table, names in proof.book.columns.items()
            if profile.tables[table].within is None
        },
    }


def _periods(proof: Proof, scale: int) -> list[dict[str, object]]:
    vouchers = {marks.period: len(marks.vouchers) for marks in proof.vouchers}
    sums: dict[str, list[int]] = {}
    for total in proof.totals:
        own = sums.setdefault(total.period, [0, 0, 0])
        for place, amount in enumerate((total.lines, total.debit, total.credit)):
            own[place] += amount
    return [
        {
            "period": period,
            "lines": lines,
            "vouchers": vouchers.get(period, 0),
            "debit": format_amount(debit, scale=scale),
            "credit": format_amount(credit, scale=scale),
        }
        for period, (lines, debit, credit) in sorted(sums.items())
    ]


def _laws(proof: Proof) -> list[dict[str, object]]:
    """Return how often each law is broken, the worst severity of it, and one example."""
    counts: dict[str, int] = {}
    for law, _, count in proof.violation_counts:
        counts[law] = counts.get(law, 0) + count
    examples = {
        law: min(
            (one for one in proof.violations if one.law == law),
            key=lambda one: _SEVERITIES.index(one.severity),
        )
        for law in counts
    }
    return [
        {
            "law": law,
            "severity": examples[law].severity,
            "count": count,
            "example": sentence(examples[law]),
        }
        for law, count in sorted(counts.items())
    ]


def names(found: Sequence[str], most: int = 12) -> str:
    """Return the first of many names."""
    return ", ".join((*found[:most], *(["..."] if len(found) > most else [])))
