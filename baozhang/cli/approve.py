"""`baozhang approve`: what a gate asks for, and one person's word on it.

It shows exactly what is approved, asks for the one-time code, and wakes the run that waits.  The
word stands in the incident's journal before anything is woken: no orchestrator is needed for it.
"""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.cli.incident import code_of
from baozhang.cli.incident_views import woken
from baozhang.cli.screen import WIDE
from baozhang.incidents.approvals import Standing, Word
from baozhang.incidents.incidents import incidents_of
from baozhang.wiring import open_site
from baozhang.words import language, say
from tasks.gate_pages import shown
from tasks.gates import decide, require_may

STANDING_TEMPLATES = {
    "waiting": "the word of {person} counts; {wanting} more must approve",
    "approved": "approved by {by}",
    "refused": "refused by {person}",
    "expired": "the word of {person} counts; the time to approve is over",
}


def register(root: typer.Typer) -> None:
    """Add `approve` to the command line."""
    root.command("approve", help=about("approve"))(approve)


def approve(
    incident: Annotated[
        str, typer.Argument(metavar="INCIDENT", help=say("The incident's id, as i-20261122-01."))
    ],
    *,
    gate: Annotated[str, typer.Option("--gate", help=say("Which gate: plan, cut-over, …"))],
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Your id."))],
    refuse: Annotated[bool, typer.Option("--refuse", help=say("Refuse it."))] = False,
    reason: Annotated[
        str, typer.Option("--reason", help=say("Why, in a sentence without names."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Show what is to be approved, ask for a one-time code, and count the person's word."""
    word: Word = "refuse" if refuse else "approve"
    with open_site() as site:
        found = incidents_of(site).get(incident)
        request = require_may(site, found, gate, person=by)
        _tell(shown(site, found, gate, languages=(language(),)))
        standing = decide(
            site,
            found,
            gate,
            person=by,
            code=code_of(by),
            word=word,
            digest=request.digest,
            reason=reason,
        )
    run = load("approve_work").wake(found, gate) if standing.state != "waiting" else ""
    value = {
        "incident": incident,
        "gate": gate,
        "digest": request.digest,
        "state": standing.state,
        "by": list(standing.by),
        "wanting": standing.wanting,
        "run": run,
    }
    show(value, as_json=as_json, human=lambda console: _draw(console, by, standing, run, incident))


def _tell(markdown: str) -> None:
    """Show on standard error what is to be approved; standard output is the result's alone."""
    wide = None if sys.stderr.isatty() else WIDE
    Console(stderr=True, highlight=False, width=wide).print(Markdown(markdown))


def _draw(page: Console, person: str, standing: Standing, run: str, incident: str) -> None:
    text = say(
        STANDING_TEMPLATES[standing.state],
        person=person,
        wanting=standing.wanting,
        by=", ".join(standing.by),
    )
    page.print(text, markup=False)
    if run:
        page.print(woken(run, incident), markup=False)
