"""`baozhang report`: what was written, one letter on the screen, and letters written on demand.

A letter written here is numbered, filed and recorded like those of the schedules.  It is mailed
only with `--send`: whoever asks for one mostly wants to look at it.
"""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.mail.readers import Copy
from baozhang.settings import Language, LetterKind
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from reports.library import Filed, Library
from reports.months import Month, month_of, parse_month
from reports.page import Letter
from reports.writing import pen
from tasks.gate import gate
from tasks.letters import Draft, Written, library, write
from tasks.monthly import draft, restores, summary
from tasks.verdict import STATE_TEMPLATES

Kind = Literal["monthly", "client-statement", "certificate"]
KINDS: tuple[str, ...] = get_args(Kind)
NEWEST = 50  # letters listed unless more are asked for

KindText = Annotated[
    str, typer.Argument(metavar="KIND", help=say("monthly, client-statement or certificate."))
]
ClientText = Annotated[
    str | None, typer.Option("--client", metavar="ID", help=say("The client's id."))
]
PeriodText = Annotated[
    str | None,
    typer.Option("--period", metavar="YYYY-MM", help=say("The month; without it, last month.")),
]
LanguageText = Annotated[
    str | None,
    typer.Option("--language", metavar="zh_CN|en", help=say("Only in this language.")),
]


def register(root: typer.Typer) -> None:
    """Add the `report` commands."""
    group = typer.Typer(name="report", help=about("report"), no_args_is_help=True)
    group.command("list", help=say("List the letters that were written, newest first."))(list_all)
    group.command("show", help=say("Show a letter that was written, as text."))(show_one)
    group.command("write", help=say("Write a month's letter now, number it and file it."))(
        write_one
    )
    root.add_typer(group)


def list_all(
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help=say("Only this kind."))
    ] = None,
    client: ClientText = None,
    period: Annotated[
        str | None,
        typer.Option("--period", metavar="YYYY-MM", help=say("Only of this month or day.")),
    ] = None,
    *,
    last: Annotated[int, typer.Option("--last", min=1, help=say("How many to show."))] = NEWEST,
    as_json: JsonFlag = False,
) -> None:
    """Show what is in the library, and what else the catalog knows."""
    with open_site() as site:
        rows = _rows(site)
        index = library(site).index
    found = [
        row
        for row in rows
        if (kind is None or row["kind"] == kind)
        and (client is None or row["client"] == client)
        and (period is None or str(row["period"]).startswith(period))
    ]
    value = {"reports": found[:last], "count": len(found), "index": str(index)}
    show(value, as_json=as_json, human=lambda console: _draw(console, found[:last], index))


def show_one(
    kind: Annotated[str, typer.Argument(metavar="KIND", help=say("Its kind, as listed."))],
    number: Annotated[int, typer.Argument(metavar="NUMBER", help=say("Its number."), min=1)],
    *,
    language: LanguageText = None,
    as_json: JsonFlag = False,
) -> None:
    """Print a letter's text."""
    with open_site() as site:
        shelf = library(site)
    filed = next((e for e in shelf.reports() if (e.kind, e.number) == (kind, number)), None)
    if filed is None or (language or filed.languages[0]) not in filed.languages:
        raise UsageError(
            "the library has no letter {kind} {number}",
            hint="Run `baozhang report list` and choose one from it.",
            kind=kind[:40],
            number=number,
        )
    page = shelf.page(filed, language or filed.languages[0])
    text = page.with_suffix(".txt").read_text("utf-8")
    value = {**_filed(filed), "page": str(page), "text": text}
    show(value, as_json=as_json, human=lambda console: console.print(text, markup=False))


def write_one(
    kind: KindText,
    client: ClientText = None,
    period: PeriodText = None,
    language: LanguageText = None,
    to: Annotated[
        Path | None,
        typer.Option("--to", metavar="FOLDER", help=say("Copy its files there as well.")),
    ] = None,
    *,
    send: Annotated[bool, typer.Option("--send", help=say("Mail it to its readers."))] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only say what it would tell."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Write one letter; with `--dry-run` no number is taken and no file is written."""
    with open_site() as site:
        made = _draft(site, kind, client, _month(site, period), language)
        if dry_run:
            letter = made.render(
                number=1, language=made.copies[0].language, gate=gate(site), pdf=False
            )
            _show_draft(made, letter, as_json=as_json)
            return
        written = write(site, [made], send=send)[0]
        copies = _copied(library(site), written.filed, to) if to else ()
    value = {
        **_filed(written.filed),
        "messages": [str(path) for path in written.messages],
        "pages": [str(path) for path in written.pages],
        "copies": [str(path) for path in copies],
    }
    show(value, as_json=as_json, human=lambda console: _draw_written(console, written, copies))


def _month(site: Site, period: str | None) -> Month:
    if period:
        return parse_month(period)
    return month_of(site.clock().astimezone(SHANGHAI).date()).previous


def _draft(site: Site, kind: str, client: str | None, month: Month, language: str | None) -> Draft:
    """Return the letter that was asked for.

    Raises:
        UsageError: no such kind or client, or a client too few or too many.
    """
    _require(kind, client)
    if kind == "monthly":
        made = summary(site, month, "operator")
    else:
        assert client is not None
        known: LetterKind = "certificate" if kind == "certificate" else "client-statement"
        restored = restores(site, month).get(client, ())
        made = draft(site, known, month, client, restored, "operator")
    return made if language is None else replace(made, copies=_in_language(made.copies, language))


def _require(kind: str, client: str | None) -> None:
    if kind not in KINDS:
        raise UsageError(
            "{kind} is no kind of letter that is written on demand",
            hint="Choose one of {known}.",
            kind=repr(kind[:40]),
            known=", ".join(KINDS),
        )
    if (kind == "monthly") != (client is None):
        raise UsageError(
            "a letter of the kind monthly is about all clients, every other about one",
            hint="Give --client for a client-statement or a certificate, and only there.",
        )


def _in_language(copies: tuple[Copy, ...], language: str) -> tuple[Copy, ...]:
    """Return the copy in one language; to its own readers, else to all of them."""
    known: Language = "en" if pen(language).language == "en" else "zh_CN"
    own = tuple(each for each in copies if each.language == known)
    everybody = tuple(person for each in copies for person in each.people)
    return own or (Copy(known, everybody),)


def _copied(shelf: Library, filed: Filed, to: Path) -> tuple[Path, ...]:
    """Copy a report's files out of the library."""
    to.mkdir(parents=True, exist_ok=True)
    found = sorted((shelf.folder / filed.folder).glob(f"{filed.stem}[-.]*"))
    return tuple(Path(shutil.copy(path, to / path.name)) for path in found)


def _rows(site: Site) -> list[dict[str, object]]:
    """Return a row per letter, newest first: the catalog's, with what the library adds."""
    shelf = library(site)
    filed = {(each.kind, each.number): each for each in shelf.reports()}
    rows = []
    for letter in reversed(site.catalog.letters()):
        found = filed.get((letter.kind, letter.number))
        rows.append(
            {
                "kind": letter.kind,
                "number": letter.number,
                "period": letter.period,
                "client": found.client if found else "",
                "status": found.status if found else "",
                "at": letter.at.isoformat(),
                "sent": bool(letter.message_id),
                "page": str(shelf.page(found, found.languages[0])) if found else "",
            }
        )
    return rows


def _filed(filed: Filed) -> dict[str, object]:
    return {
        "kind": filed.kind,
        "number": filed.number,
        "period": filed.period,
        "client": filed.client,
        "status": filed.status,
        "fingerprint": filed.fingerprint,
        "languages": list(filed.languages),
    }


def _show_draft(made: Draft, letter: Letter, *, as_json: bool) -> None:
    value = {
        "kind": made.kind,
        "period": made.period,
        "client": made.client,
        "status": made.status,
        "fingerprint": letter.fingerprint,
        "languages": [copy.language for copy in made.copies],
        "dry_run": True,
        "text": letter.text,
    }
    show(value, as_json=as_json, human=lambda console: console.print(letter.text, markup=False))


def _draw(console: Console, rows: list[dict[str, object]], index: Path) -> None:
    table = Table()
    heads = (
        say("kind"),
        say("no."),
        say("reporting period"),
        say("client"),
        say("state"),
        say("when"),
    )
    for heading in (*heads, say("mail")):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, _cells(row)))
    console.print(table)
    console.print(say("library of reports: {path}", path=index), markup=False)


def _cells(row: Mapping[str, object]) -> tuple[str, ...]:
    status = str(row["status"])
    known: dict[str, str] = {key: say(template) for key, template in STATE_TEMPLATES.items()}
    return (
        str(row["kind"]),
        f"{row['number']:06d}",
        str(row["period"]),
        str(row["client"]) or "—",
        known.get(status, "—"),
        datetime.fromisoformat(str(row["at"])).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M"),
        say("mailed") if row["sent"] else say("not mailed"),
    )


def _draw_written(console: Console, written: Written, copies: tuple[Path, ...]) -> None:
    for path in (*written.messages, *written.pages, *copies):
        console.print(say("letter: {path}", path=path), markup=False)
