"""`baozhang audit`: read the audit log, and prove that nobody changed it.

Verifying needs no site: the log's folder, the public key and, at best, an anchor are enough, on
any machine.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from baozhang.audit.records import Record, parse_anchor
from baozhang.audit.signing import PUBLIC_KEY, load_public_key
from baozhang.audit.verification import AuditReport, AuditTrouble, last_records, verify_log
from baozhang.cli import about
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI
from baozhang.settings import site_home
from baozhang.words import say

PLACE = Path("state") / "audit"  # below a site's home, where `wiring` puts it

LogPath = Annotated[
    Path | None,
    typer.Argument(help=say("The log's folder, or log.jsonl; else the one of the site.")),
]
KeyPath = Annotated[
    Path | None,
    typer.Option(
        "--public-key",
        dir_okay=False,
        help=say("The public key, kept away from the log; else the one beside the log."),
    ),
]
AnchorText = Annotated[
    str | None,
    typer.Option(
        "--anchor", metavar="SEQ:HASH", help=say("A record's number and hash, noted earlier.")
    ),
]
Count = Annotated[int, typer.Option("--last", min=1, help=say("How many records to show."))]


def register(root: typer.Typer) -> None:
    """Add the `audit` commands."""
    group = typer.Typer(name="audit", help=about("audit"), no_args_is_help=True)
    group.command("verify", help=say("Prove that no record of the log was changed."))(verify)
    group.command("show", help=say("Show the newest records of the log."))(show_last)
    root.add_typer(group)


def verify(
    path: LogPath = None,
    *,
    public_key: KeyPath = None,
    anchor: AnchorText = None,
    as_json: JsonFlag = False,
) -> None:
    """Verify a log; exit code 1 when it does not hold."""
    place = path or site_home() / PLACE
    folder = place if place.is_dir() else place.parent
    key = load_public_key(public_key or folder / PUBLIC_KEY)
    report = verify_log(place, key, parse_anchor(anchor) if anchor else None)
    told = _told(report) | {"key_from": "file" if public_key else "folder"}
    show(told, as_json=as_json, human=lambda console: _draw(console, report, public_key))
    if not report.holds:
        raise typer.Exit(1)


def show_last(path: LogPath = None, *, last: Count = 20, as_json: JsonFlag = False) -> None:
    """Show the newest records; they are read, not verified."""
    records = last_records(path or site_home() / PLACE, last)
    told = {"records": [_record(record) for record in records]}
    show(told, as_json=as_json, human=lambda console: _draw_records(console, records))


def _told(report: AuditReport) -> dict[str, object]:
    last = report.last
    return {
        "holds": report.holds,
        "records": report.records,
        "anchor": f"{last.seq}:{last.hash}" if last else "",
        "signed": report.head.at.isoformat() if report.head else "",
        "key": report.key,
        "troubles": [
            {
                "fault": trouble.fault,
                "record": trouble.seq,
                "line": trouble.line,
                "message": _sentence(trouble),
            }
            for trouble in report.troubles
        ],
    }


def _sentence(trouble: AuditTrouble) -> str:
    return say(trouble.template, seq=trouble.seq, line=trouble.line, other=trouble.other)


def _draw(console: Console, report: AuditReport, public_key: Path | None) -> None:
    console.print(say("{count} records are sound", count=report.records))
    for trouble in report.troubles:
        console.print(f"✗ {_sentence(trouble)}", style="red", markup=False)
    if report.holds and report.last and report.head:
        console.print(say("the log holds; signed {when}", when=_local(report.head.at)))
        anchor = f"{report.last.seq}:{report.last.hash}"
        console.print(say("anchor to note: {anchor}", anchor=anchor))
    if not report.holds:
        console.print(
            say("Keep this folder as evidence; older copies of the log lie in the vault (_agency).")
        )
    console.print(say("public key: {key}", key=report.key))
    if public_key is None:
        console.print(
            say("This key lies beside the log: compare it with the one you have on paper.")
        )


def _draw_records(console: Console, records: tuple[Record, ...]) -> None:
    table = Table(box=None, pad_edge=False)
    headings = (say("no."), say("when"), say("who"), say("did"), say("to what"), say("facts"))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for record in records:
        facts = ", ".join(f"{name}={value}" for name, value in record.entry.facts)
        entry = record.entry
        row = (str(record.seq), _local(record.at), entry.actor, entry.action, entry.subject, facts)
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)


def _record(record: Record) -> dict[str, object]:
    return {
        "seq": record.seq,
        "at": record.at.isoformat(),
        "actor": record.entry.actor,
        "action": record.entry.action,
        "object": record.entry.subject,
        "facts": dict(record.entry.facts),
        "hash": record.hash,
    }


def _local(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
