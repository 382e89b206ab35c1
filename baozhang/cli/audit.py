"""`baozhang audit`: read the audit log, prove that nobody changed it; audits and their packs.

Verifying needs no site: the log's folder, the public key and, at best, an anchor are enough, on
any machine; of an evidence pack, the file alone.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from baozhang.audit.letters import STATE_TEMPLATES, Judged, judge_all
from baozhang.audit.records import Record, parse_anchor
from baozhang.audit.signing import PUBLIC_KEY, load_public_key
from baozhang.audit.verification import AuditReport, AuditTrouble, last_records, verify_log
from baozhang.cli import about, audit_runs, load
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.speaking import printable
from baozhang.clock import SHANGHAI
from baozhang.settings import site_home
from baozhang.words import say

_AUDIT = re.compile(r"a-[0-9]{4}(-[0-9]{2}(-r[0-9]+)?|[0-9]{4}-[0-9]{2})")
PLACE = Path("state") / "audit"  # below a site's home, where `wiring` puts it

LogPath = Annotated[
    Path | None,
    typer.Argument(help=say("The log's folder, or log.jsonl, or a pack; else the site's log.")),
]
Shown = Annotated[
    str,
    typer.Argument(metavar="[AUDIT]", help=say("An audit's id, as a-2026-11; else a log's path.")),
]
Fingerprint = Annotated[
    str,
    typer.Option(
        "--fingerprint",
        metavar="KEY",
        help=say("Of a pack: the agency's key, 64 digits from paper; another key is refused."),
    ),
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
Letters = Annotated[
    list[Path] | None,
    typer.Option(
        "--letter",
        metavar="FILE",
        dir_okay=False,
        help=say("A letter (.eml) or a file of the library; may be given several times."),
    ),
]
Count = Annotated[int, typer.Option("--last", min=1, help=say("How many records to show."))]


def register(root: typer.Typer) -> None:
    """Add the `audit` commands."""
    group = typer.Typer(name="audit", help=about("audit"), no_args_is_help=True)
    group.command("verify", help=say("Prove that a log or a pack was not changed."))(verify)
    group.command("show", help=say("Show the newest records of the log, or one audit."))(show_last)
    audit_runs.register(group)
    root.add_typer(group)


def verify(
    path: LogPath = None,
    *,
    public_key: KeyPath = None,
    anchor: AnchorText = None,
    letters: Letters = None,
    fingerprint: Fingerprint = "",
    as_json: JsonFlag = False,
) -> None:
    """Verify a log, and letters by it, or a pack; exit code 1 when something does not hold."""
    if path is not None and _is_pack(path):
        _verify_pack(path, fingerprint, as_json=as_json)
        return
    place = path or site_home() / PLACE
    folder = place if place.is_dir() else place.parent
    key = load_public_key(public_key or folder / PUBLIC_KEY)
    report = verify_log(place, key, parse_anchor(anchor) if anchor else None)
    judged = judge_all(letters, place) if letters else ()
    told = _told(report) | {"key_from": "file" if public_key else "folder"}
    if letters:
        told["letters"] = [_letter(each) for each in judged]
    show(
        told, as_json=as_json, human=lambda console: _draw_all(console, report, public_key, judged)
    )
    if not report.holds or any(each.state != "sound" for each in judged):
        raise typer.Exit(1)


def _is_pack(path: Path) -> bool:
    """Tell whether whoever names this file means a pack, however damaged it is."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return path.suffix == ".zip" or file.read(2) == b"PK"


def _verify_pack(path: Path, fingerprint: str, *, as_json: bool) -> None:
    work = load("audit_pack")
    report = work.judged(path, fingerprint=fingerprint)
    show(
        work.value_of(report),
        as_json=as_json,
        human=lambda console: work.draw(console, report, compared=bool(fingerprint)),
    )
    if not report.holds:
        raise typer.Exit(1)


def show_last(path: Shown = "", *, last: Count = 20, as_json: JsonFlag = False) -> None:
    """Show one audit, or the newest records of a log; they are read, not verified."""
    if _AUDIT.fullmatch(path):
        audit_runs.show_one(path, as_json=as_json)
        return
    records = last_records(Path(path) if path else site_home() / PLACE, last)
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


def _letter(judged: Judged) -> dict[str, object]:
    facts, record = judged.facts, judged.record
    return {
        "file": str(judged.file),
        "sha256": judged.sha256,
        "state": judged.state,
        "kind": facts.get("kind", ""),
        "number": facts.get("number", 0),
        "period": facts.get("period", ""),
        "client": facts.get("client", ""),
        "fingerprint": facts.get("fingerprint", ""),
        "written": record.at.isoformat() if record else "",
        "record": record.seq if record else 0,
        "not_as_written": list(judged.parts),
    }


def _letter_sentence(judged: Judged) -> str:
    told, record = _letter(judged), judged.record
    return say(
        STATE_TEMPLATES[judged.state],
        file=judged.file,
        letter=f"{told['kind']} {told['number']:06d}",
        period=told["period"],
        when=_local(record.at) if record else "",
        record=told["record"],
        parts=", ".join(judged.parts),
    )


def _draw_all(
    console: Console, report: AuditReport, public_key: Path | None, judged: tuple[Judged, ...]
) -> None:
    _draw(console, report, public_key)
    for each in judged:
        sign, style = ("✓", "green") if each.state == "sound" else ("✗", "red")
        console.print(f"{sign} {printable(_letter_sentence(each))}", style=style, markup=False)
        if fingerprint := each.facts.get("fingerprint"):
            text = say("hash printed in that letter: {fingerprint}", fingerprint=fingerprint)
            console.print(f"  {text}", markup=False)


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
