"""`baozhang audit list|run|lines|actions|sign`: audits of the site, typed; see `audit_work`.

What an audit needs is loaded when one of these runs: `baozhang audit verify` starts at once, on a
machine that has nothing but the file.
"""

from typing import Annotated, Literal

import typer

from baozhang.cli import load
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.words import say

Status = Literal["proven", "attested", "stale", "overdue", "not evidenced"]

AuditId = Annotated[
    str, typer.Argument(metavar="AUDIT", help=say("An audit's id, as a-2026-11; else the newest."))
]
Sections = Annotated[
    list[str] | None,
    typer.Option(
        "--section",
        metavar="SECTION",
        help=say("Only this section, as A7; may be given several times."),
    ),
]


def register(group: typer.Typer) -> None:
    """Add the commands about audits to the group `audit`."""
    group.command("run", help=say("Audit a month or any days, by the evidence there is."))(run)
    group.command("list", help=say("List the audits there were."))(list_audits)
    group.command("lines", help=say("Show how each item stands, and by what."))(lines)
    group.command("actions", help=say("Show corrective actions."))(actions)
    group.command("sign", help=say("Sign an audit's evidence pack with a one-time code."))(sign)


def run(
    *,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            metavar="PERIOD",
            help=say("A month, 2026-11, or days, 2026-11-01..2026-11-22; else last month."),
        ),
    ] = None,
    section: Sections = None,
    seed: Annotated[
        str, typer.Option("--seed", help=say("Draw samples by this seed, not by the evidence."))
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Your id."))] = "",
    again: Annotated[
        bool, typer.Option("--again", help=say("Make a revision where the month has its audit."))
    ] = False,
    go_on: Annotated[
        str, typer.Option("--go-on", metavar="AUDIT", help=say("Go on with this audit."))
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only show what would be judged; keep nothing."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Run an audit up to its pack; whoever may sign it then signs it."""
    work = load("audit_work")
    with progress(as_json=as_json) as report:
        told = work.ran(
            period=period,
            sections=section,
            seed=seed,
            by=by,
            again=again,
            go_on=go_on,
            dry_run=dry_run,
            report=report,
        )
    show(told.value, as_json=as_json, human=told.draw)


def list_audits(*, as_json: JsonFlag = False) -> None:
    """List the audits, oldest first."""
    told = load("audit_work").listed()
    show(told.value, as_json=as_json, human=told.draw)


def show_one(audit: str, *, as_json: bool) -> None:
    """Show one audit: what was asked, how it stands, where its files lie."""
    told = load("audit_work").shown(audit)
    show(told.value, as_json=as_json, human=told.draw)


def lines(
    audit: AuditId = "",
    *,
    section: Sections = None,
    status: Annotated[
        Status | None, typer.Option("--status", help=say("Only lines that stand so."))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the lines of an audit, filtered."""
    told = load("audit_work").lines(audit, sections=section, status=status)
    show(told.value, as_json=as_json, human=told.draw)


def actions(
    *,
    every: Annotated[
        bool, typer.Option("--all", help=say("Closed ones too; else what is open."))
    ] = False,
    owner: Annotated[
        str, typer.Option("--owner", metavar="PERSON", help=say("Only this person's."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show corrective actions, what is due first."""
    told = load("audit_work").actions(every=every, owner=owner)
    show(told.value, as_json=as_json, human=told.draw)


def sign(
    audit: Annotated[
        str, typer.Argument(metavar="AUDIT", help=say("An audit's id, as a-2026-11."))
    ],
    *,
    person: Annotated[str, typer.Option("--person", metavar="PERSON", help=say("Your id."))],
    refuse: Annotated[bool, typer.Option("--refuse", help=say("Refuse it."))] = False,
    as_json: JsonFlag = False,
) -> None:
    """Ask for a one-time code, and sign or refuse an audit's pack; its letter then goes out."""
    told = load("audit_work").signed(audit, person=person, refuse=refuse)
    show(told.value, as_json=as_json, human=told.draw)
