"""`baozhang attest`: what people owe, hand in and check; requests, the year's plan, the lists."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, get_args

import typer

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.errors import UsageError
from baozhang.governance.attestations import Again, Refusal
from baozhang.wiring import open_site
from baozhang.words import say

AttestationId = Annotated[
    str, typer.Argument(metavar="ATTESTATION", help=say("Id, as a-001 in the list."))
]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Your id."))]
Day = Annotated[
    datetime | None,
    typer.Option("--effective", formats=["%Y-%m-%d"], help=say("The day it speaks of.")),
]
Expires = Annotated[
    datetime | None,
    typer.Option("--expires", formats=["%Y-%m-%d"], help=say("Its last day by its own words.")),
]
Proofs = Annotated[
    list[Path] | None,
    typer.Option("--proof", metavar="FILE", help=say("What is handed in; as often as needed.")),
]


def register(root: typer.Typer) -> None:
    """Add the command group `attest`."""
    group = typer.Typer(help=about("attest"), no_args_is_help=True)
    add = group.command
    add("list", help=say("List what is owed, by whom, until when, and how it stands."))(listed)
    add("show", help=say("Show one attestation, or everything on one obligation."))(shown)
    add("submit", help=say("Hand in proof, with a request file or a one-time code."))(submit)
    add("check", help=say("Accept what somebody else handed in, with a one-time code."))(check)
    add("reject", help=say("Reject what somebody else handed in, with a one-time code."))(reject)
    add("requests", help=say("List who was asked for what, and when."))(requests)
    add("plan", help=say("Show what comes due in the next year, month by month."))(plan)
    add("run", help=say("Do what the daily run does: take in, ask, tell those above."))(run)
    add("export", help=say("Write a list as a table, to hand in as proof or to keep."))(export)
    for name, words in LISTS_TEMPLATES.items():
        add(name, help=say(words))(_list_of(name))
    root.add_typer(group, name="attest")


LISTS_TEMPLATES = {
    "training": "Show courses: planned, attended, passed, and when they run out.",
    "handoffs": "Show hand-offs between departments, and how long answers took.",
    "contracts": "Show contracts and insurance: until when, and when to decide.",
    "vendors": "Show vendors, their marks, and when they are reviewed again.",
}


def listed(
    *,
    overdue: Annotated[bool, typer.Option("--overdue", help=say("What is overdue."))] = False,
    waiting: Annotated[
        bool, typer.Option("--waiting", help=say("What waits for a second person."))
    ] = False,
    owner: Annotated[
        str, typer.Option("--owner", metavar="PERSON", help=say("Of one person alone."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """List obligations, the worst first."""
    work = load("attest_work")
    with open_site() as site:
        found = work.listed(site, overdue=overdue, waiting=waiting, owner=owner)
    show(work.value_of(found), as_json=as_json, human=lambda page: work.draw(page, found))


def shown(
    name: Annotated[
        str,
        typer.Argument(metavar="ID", help=say("An attestation, a control or an obligation.")),
    ],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Show one attestation with its files, or one obligation with everything handed in for it."""
    work = load("attest_work")
    with open_site() as site:
        value = work.shown(site, name)
    show(value, as_json=as_json, human=lambda page: work.draw_value(page, value))


def submit(
    request: Annotated[
        Path | None,
        typer.Argument(metavar="[REQUEST-FILE]", help=say("The file that came with the letter.")),
    ] = None,
    *,
    proof: Proofs = None,
    control: Annotated[
        str, typer.Option("--control", metavar="ID", help=say("Without a file: for what."))
    ] = "",
    person: Annotated[
        str, typer.Option("--person", metavar="PERSON", help=say("Without a file: your id."))
    ] = "",
    effective: Day = None,
    expires: Expires = None,
    again: Annotated[
        str,
        typer.Option("--again", metavar="REASON", help=say("Why the same paper comes once more.")),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Hand in proof; every file is opened and looked at first."""
    if (request is None) == (not control) or (request is not None and person):
        raise UsageError(
            "name either a request file, or a control and a person",
            hint="Use the file that came with the letter, or --control and --person.",
        )
    work = load("attest_work")
    said = work.submission(
        tuple(proof or ()), _date(effective), _date(expires), _choice(again, get_args(Again))
    )
    with open_site() as site:
        if request is not None:
            made = work.submit_file(site, request, said)
        else:
            made = work.submit_coded(site, control, said, person)
        value = work.shown(site, made)
    show(value, as_json=as_json, human=lambda page: work.draw_submitted(page, made, value))


def check(attestation: AttestationId, *, by: By, as_json: JsonFlag = False) -> None:
    """Show what is checked, ask for the code, and count it."""
    work = load("attest_work")
    with open_site() as site:
        work.tell(site, attestation, by)
        value = work.checked(site, attestation, by)
    show(value, as_json=as_json, human=lambda page: work.draw_value(page, value))


def reject(
    attestation: AttestationId,
    *,
    by: By,
    reason: Annotated[
        str,
        typer.Option("--reason", metavar="REASON", help=say("One of the reasons there are.")),
    ],
    as_json: JsonFlag = False,
) -> None:
    """Show what is rejected, ask for the code, and count it."""
    why = _choice(reason, get_args(Refusal))
    if why is None:
        raise _no_choice(reason, get_args(Refusal))
    work = load("attest_work")
    with open_site() as site:
        work.tell(site, attestation, by)
        value = work.rejected(site, attestation, by, why)
    show(value, as_json=as_json, human=lambda page: work.draw_value(page, value))


def requests(*, as_json: JsonFlag = False) -> None:
    """List every request, newest first; no token is anywhere but in its file."""
    work = load("attest_work")
    with open_site() as site:
        rows = work.requests(site)
    show({"requests": rows}, as_json=as_json, human=lambda page: work.draw_rows(page, rows))


def plan(
    *,
    make: Annotated[
        bool, typer.Option("--make", help=say("Plan what has no first due day yet."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what comes due in the next year, by month and person."""
    work = load("attest_work")
    with open_site() as site:
        rows = work.planned(site, make=make)
    show({"plan": rows}, as_json=as_json, human=lambda page: work.draw_rows(page, rows))


def run(
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Show what is due; write nothing."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Do what the daily run does, without its orchestrator."""
    work = load("attest_work")
    with open_site() as site:
        value = work.dry_run(site) if dry_run else work.ran(site)
    show(value, as_json=as_json, human=lambda page: work.draw_value(page, value))
    if value.get("broken"):
        raise typer.Exit(1)


def export(
    name: Annotated[
        str,
        typer.Argument(
            metavar="LIST", help=say("training, handoffs, contracts, vendors or attestations.")
        ),
    ],
    *,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help=say("A .csv or .xlsx file."))],
    as_json: JsonFlag = False,
) -> None:
    """Write a list as a table; the owner hands it in as proof under their own code."""
    work = load("attest_work")
    with open_site() as site:
        value = work.exported(site, name, to)
    show(value, as_json=as_json, human=lambda page: work.draw_value(page, value))


def _list_of(name: str) -> Callable[..., None]:
    def one(*, as_json: JsonFlag = False) -> None:
        work = load("attest_work")
        with open_site() as site:
            rows = work.office(site, name)
        show({name: rows}, as_json=as_json, human=lambda page: work.draw_rows(page, rows))

    return one


def _date(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _choice(typed: str, known: tuple[str, ...]) -> str | None:
    if typed and typed not in known:
        raise _no_choice(typed, known)
    return typed or None


def _no_choice(typed: str, known: tuple[str, ...]) -> UsageError:
    return UsageError(
        "{typed} is none of the reasons",
        hint="Use one of: {known}.",
        typed=typed[:40] or "-",
        known=", ".join(known),
    )
