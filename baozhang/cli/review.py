"""`baozhang review`: what people write about an incident, its actions, and the tables to key in.

Words that name companies or people belong on a form or a prompt, not on a command line that a
shell keeps: without TEXT, it is asked for.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.cli import about, load
from baozhang.cli.console import JsonFlag, show
from baozhang.clock import SHANGHAI
from baozhang.incidents.incidents import incidents_of
from baozhang.incidents.review import Aged, actions_of, require_part, review_of
from baozhang.incidents.timeline import Timeline
from baozhang.wiring import open_site
from baozhang.words import say

IncidentId = Annotated[
    str, typer.Argument(metavar="INCIDENT", help=say("Its id, e.g. i-20261122-01."))
]
PartName = Annotated[
    str,
    typer.Argument(
        metavar="PART", help=say("why, root, well, badly, lesson, plan, risk or training.")
    ),
]
ByOption = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Your id."))]
Evidence = Annotated[
    list[str] | None,
    typer.Option(
        "--evidence",
        metavar="LINK",
        help=say("event:12, value:plan-1, letter:recovery/3, point:ID, copy:ID or url:https://…"),
    ),
]

MOMENT_TEMPLATES = {
    "discovered": "discovered",
    "opened": "incident opened",
    "paged": "people called",
    "acknowledged": "somebody answered",
    "stopped": "stop ordered",
    "scoped": "loss scoped",
    "planned": "first plan",
    "plan-asked": "plan put up for approval",
    "plan-approved": "plan approved",
    "restored": "last set restored",
    "proven": "last set proven",
    "cut-over-asked": "cut-over put up for approval",
    "cut-over-approved": "cut-over approved",
    "cut-over": "everything in use",
    "service-checked": "service found well",
    "lifted": "stop lifted",
    "closed": "incident closed",
}


def _work() -> ModuleType:
    """Return the half that needs the duties' steps: it takes seconds to load."""
    return load("review_work")


def register(root: typer.Typer) -> None:
    """Add the `review` commands."""
    group = typer.Typer(name="review", help=about("review"), no_args_is_help=True)
    group.command("show", help=say("Show a review as it stands."))(show_one)
    group.command("timeline", help=say("Show when what happened."))(show_timeline)
    group.command("say", help=say("Write one entry."))(say_one)
    group.command("unsay", help=say("Take one entry back."))(unsay_one)
    group.command("led", help=say("Say who led the recovery."))(led)
    group.command("form", help=say("Write a form to fill in."))(form)
    group.command("fill", help=say("Read a form that was filled in."))(fill)
    group.command("ask", help=say("Ask for the signature under it."))(ask)
    group.command("publish", help=say("Write the letter of a signed review."))(publish_one)
    group.command("rekey", help=say("Write the re-key lists as tables."))(rekey)
    group.command("remind", help=say("Write to whoever has open actions."))(remind_all)
    actions = typer.Typer(name="action", help=say("What is to be done."), no_args_is_help=True)
    actions.command("add", help=say("Add an action."))(add)
    actions.command("done", help=say("Say that an action is done."))(done)
    actions.command("list", help=say("List the open actions of all incidents."))(list_actions)
    group.add_typer(actions)
    root.add_typer(group)


def show_one(
    incident: IncidentId,
    *,
    language: Annotated[
        str | None, typer.Option("--language", metavar="zh_CN|en", help=say("In this language."))
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what the review's letter would say now; no number is taken."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        draft = _work().review_draft(site, found, "operator")
        spoken = language or draft.copies[0].language
        letter = draft.render(number=1, language=spoken, gate=_work().gate(site), pdf=False)
        value = {
            "incident": incident,
            "status": draft.status,
            "review": review_of(found).model_dump(mode="json"),
            "actions": [each.model_dump(mode="json") for each in actions_of(found)],
        }
    show(value, as_json=as_json, human=lambda page: page.print(letter.text, markup=False))


def show_timeline(incident: IncidentId, *, as_json: JsonFlag = False) -> None:
    """Show the moments of an incident or a drill."""
    with open_site() as site:
        found = _work().timeline(site, incidents_of(site).get(incident))
    value = {
        "incident": incident,
        "moments": {each.name: each.at.isoformat() for each in found.moments},
        "rto_seconds": round(found.rto.total_seconds()) if found.rto is not None else None,
        "behind_seconds": round(found.behind.total_seconds()) if found.behind else None,
        "begun_again": [each.name for each in found.again],
    }
    show(value, as_json=as_json, human=lambda page: _draw_moments(page, found))


def say_one(
    incident: IncidentId,
    part: PartName,
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help=say("Without it, it is asked for."))
    ] = "",
    *,
    by: ByOption,
    evidence: Evidence = None,
    as_json: JsonFlag = False,
) -> None:
    """Write one entry of a review."""
    chosen = require_part(part)
    with open_site() as site:
        found = incidents_of(site).get(incident)
        words = text or str(typer.prompt(say("What is to be written"), err=True))
        review = _work().say_it(site, found, chosen, words, by=by, evidence=evidence or ())
    count = len(review.of(chosen))
    show(
        {"incident": incident, "part": part, "entries": count},
        as_json=as_json,
        human=lambda page: page.print(say("{part}: {count} entries", part=part, count=count)),
    )


def unsay_one(
    incident: IncidentId,
    part: PartName,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help=say("Its number."))],
    *,
    by: ByOption,
) -> None:
    """Take one entry back."""
    with open_site() as site:
        _work().unsay(site, incidents_of(site).get(incident), require_part(part), number, by=by)


def led(
    incident: IncidentId,
    person: Annotated[str, typer.Argument(metavar="PERSON", help=say("Who led it, by id."))],
    *,
    by: ByOption,
) -> None:
    """Say who led the recovery."""
    with open_site() as site:
        _work().name_leader(site, incidents_of(site).get(incident), person, by=by)


def form(
    incident: IncidentId,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help=say("A new file."))],
) -> None:
    """Write a form with what is there already; it is a file of the site, keep it private."""
    with open_site() as site:
        _work().write_form(review_of(incidents_of(site).get(incident)), incident, to)


def fill(
    incident: IncidentId,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=say("The form, filled in."))],
    *,
    by: ByOption,
    as_json: JsonFlag = False,
) -> None:
    """Write down whatever a form has that the review has not."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        new = _work().filled_in(file, review_of(found))
        for part, text in new:
            _work().say_it(site, found, part, text, by=by)
    show(
        {"incident": incident, "written": len(new)},
        as_json=as_json,
        human=lambda page: page.print(say("{count} entries written", count=len(new))),
    )


def ask(incident: IncidentId, *, by: ByOption, as_json: JsonFlag = False) -> None:
    """Ask for the signature under a review as it stands now."""
    with open_site() as site:
        request = _work().ask_signature(site, incidents_of(site).get(incident), asked_by=by)
    value = {"incident": incident, "gate": request.gate, "digest": request.digest}
    show(
        value,
        as_json=as_json,
        human=lambda page: page.print(
            say(
                "waits for a signature: `baozhang approve {incident} --gate review --by PERSON`",
                incident=incident,
            )
        ),
    )


def publish_one(incident: IncidentId, *, as_json: JsonFlag = False) -> None:
    """Write the letter of a signed review."""
    with open_site() as site:
        new = _work().publish(site, incidents_of(site).get(incident), actor="operator")
    words = say("the letter is written") if new else say("its letter was written already")
    show(
        {"incident": incident, "written": new},
        as_json=as_json,
        human=lambda page: page.print(words),
    )


def rekey(
    incident: IncidentId,
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help=say("A folder for them."))],
    *,
    as_json: JsonFlag = False,
) -> None:
    """Write each client's re-key list as CSV; they hold ledger data, keep them private."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        value = _work().recovery_of(site, found)
        lists = [
            letter
            for client in value.timeline.clients
            if (letter := _work().rekey_of(site, found, value, client)) is not None
        ]
    files = _work().write_lists(lists, to)
    show(
        {"incident": incident, "files": [str(path) for path in files]},
        as_json=as_json,
        human=lambda page: _draw_files(page, files),
    )


def remind_all(*, as_json: JsonFlag = False) -> None:
    """Write to managers about open actions, and to each owner who is late."""
    with open_site() as site:
        told = _work().remind(site, actor="operator")
    value = {"open": told.open, "overdue": told.overdue, "letters": told.letters}
    show(
        value,
        as_json=as_json,
        human=lambda page: page.print(
            say("{open} actions open, {overdue} overdue; {letters} letters written", **value)
        ),
    )


# --- actions --------------------------------------------------------------------------------------


def add(
    incident: IncidentId,
    *,
    owner: Annotated[str, typer.Option("--owner", metavar="PERSON", help=say("Who does it."))],
    due: Annotated[
        datetime, typer.Option("--due", formats=["%Y-%m-%d"], help=say("By which day."))
    ],
    by: ByOption,
    text: Annotated[
        str, typer.Option("--text", metavar="TEXT", help=say("Without it, it is asked for."))
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Add an action to an incident or a drill."""
    words = text or str(typer.prompt(say("What is to be done"), err=True))
    with open_site() as site:
        found = _work().holder(site, incident)
        made = _work().add_action(site, found, owner=owner, due=due.date(), text=words, by=by)
    show(
        {"incident": incident, "number": made.number},
        as_json=as_json,
        human=lambda page: page.print(
            say("action {number} of {incident}", number=made.number, incident=incident)
        ),
    )


def done(
    incident: IncidentId,
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help=say("Its number."))],
    *,
    by: ByOption,
    evidence: Evidence = None,
) -> None:
    """Say that an action is done."""
    with open_site() as site:
        found = _work().holder(site, incident)
        _work().finish_action(site, found, number, by=by, evidence=evidence or ())


def list_actions(*, as_json: JsonFlag = False) -> None:
    """Show the open actions of every incident and drill, the latest first."""
    with open_site() as site:
        found, masks = _work().open_actions(site), _work().gate(site)
        texts = [masks.masked(each.action.text) for each in found]
    value = {
        "actions": [
            {
                "incident": each.incident,
                "number": each.action.number,
                "owner": each.action.owner,
                "due": each.action.due.isoformat(),
                "overdue_days": max(0, each.overdue),
                "text": text,
            }
            for each, text in zip(found, texts, strict=True)
        ]
    }
    show(value, as_json=as_json, human=lambda page: _draw_actions(page, found, texts))


def _draw_actions(page: Console, found: Sequence[Aged], texts: Sequence[str]) -> None:
    table = Table()
    for heading in (say("action"), say("owner"), say("due day"), say("overdue, days"), say("text")):
        table.add_column(heading, overflow="fold")
    for each, text in zip(found, texts, strict=True):
        cells = (
            f"{each.incident} #{each.action.number}",
            each.action.owner,
            each.action.due.isoformat(),
            str(each.overdue) if each.overdue > 0 else "–",
            text,
        )
        table.add_row(*map(Text, cells))
    page.print(table)


def _draw_moments(page: Console, found: Timeline) -> None:
    table = Table(say("what"), say("when"), say("after the discovery"), say("who"))
    for each in found.moments:
        since = round((each.at - found.discovered).total_seconds())
        table.add_row(
            say(MOMENT_TEMPLATES[each.name]),
            each.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
            say("{minutes} min {seconds} s", minutes=since // 60, seconds=since % 60),
            each.actor,
        )
    page.print(table)


def _draw_files(page: Console, files: Sequence[Path]) -> None:
    for path in files:
        page.print(say("table: {path}", path=path), markup=False)
