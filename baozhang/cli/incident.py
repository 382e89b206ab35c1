"""`baozhang incident`: a loss of data, from the first report to its end, without the orchestrator.

`open` and `go-on` walk the very steps that the deployment `incident` walks, until it is over or
people must act; what is done is passed over.  Everything that waits for people is named, with the
command that they type.
"""

from datetime import datetime
from typing import Annotated, get_args

import typer
from rich.console import Console

from baozhang.cli import about, load
from baozhang.cli import incident_views as views
from baozhang.cli.console import JsonFlag, progress, show
from baozhang.cli.incident_books import register_books
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.incidents.checklists import Progress
from baozhang.incidents.checklists import progress as checklists_of
from baozhang.incidents.checklists import tick as tick_off
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import Fact
from baozhang.incidents.model import Kind
from baozhang.incidents.notices import FORMS, known, state
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.gates import standing_of
from tasks.people import require_person

IncidentId = Annotated[
    str, typer.Argument(metavar="INCIDENT", help=say("The incident's id, as i-20261122-01."))
]
By = Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))]
YES_NO: dict[str, bool] = {"yes": True, "no": False, "是": True, "否": False}


def register(root: typer.Typer) -> None:
    """Add the `incident` commands."""
    group = typer.Typer(name="incident", help=about("incident"), no_args_is_help=True)
    group.command("open", help=say("Open an incident and walk it until people must act."))(open_one)
    group.command("go-on", help=say("Go on with an incident where it stands."))(go_on)
    group.command("list", help=say("List the incidents that are open."))(listed)
    group.command("show", help=say("Show an incident: what waits for people, what happened."))(
        show_one
    )
    group.command("steps", help=say("Show the steps of a recovery, and how often each was begun."))(
        steps
    )
    group.command("checklist", help=say("Show what people do to put a set into use."))(checklist)
    group.command("tick", help=say("Tick off the next step of a checklist, with its evidence."))(
        tick
    )
    group.command("fact", help=say("State a fact that the law asks for, or list them."))(fact)
    group.command("stop-ack", help=say("Say that you have stopped, as you were ordered."))(stop_ack)
    register_books(group)
    root.add_typer(group)


def open_one(
    *,
    kind: Annotated[
        str, typer.Option("--kind", help=say("One of: {known}.", known=", ".join(get_args(Kind))))
    ],
    clients: Annotated[
        list[str], typer.Option("--client", help=say("A client that is hit; may be repeated."))
    ],
    by: By,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", help=say("A set that is hit; all of a client's without it.")),
    ] = None,
    cause: Annotated[
        str,
        typer.Option("--cause", help=say("The cause as believed, in a sentence without names.")),
    ] = "",
    discovered: Annotated[
        datetime | None,
        typer.Option(
            "--discovered", help=say("When it was found, Asia/Shanghai; now if left out.")
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help=say("Only say what would be done."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Open an incident, or join the one that is open for any of these sets, and walk it."""
    work = load("incident_work")
    found = discovered.replace(tzinfo=SHANGHAI) if discovered else None
    with open_site() as site:
        form = work.form_of(kind, clients, sets or [], by=by, cause=cause, discovered=found)
        if dry_run:
            value = work.would_hit(site, form)
            show(value, as_json=as_json, human=lambda page: views.would(page, value))
            return
        with progress(as_json=as_json) as report:
            value = work.opened(site, form, report)
    show(value, as_json=as_json, human=lambda page: views.walked(page, value))


def go_on(incident: IncidentId, *, by: By, as_json: JsonFlag = False) -> None:
    """Walk an incident until it is over or people must act."""
    with open_site() as site, progress(as_json=as_json) as report:
        require_person(site, by)
        found = incidents_of(site).get(incident)
        value = load("incident_work").walked(site, found, by, report)
    show(value, as_json=as_json, human=lambda page: views.walked(page, value))


def listed(
    *,
    everything: Annotated[
        bool, typer.Option("--all", help=say("Those as well that are over."))
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the incidents that are open, or all."""
    with open_site() as site:
        found = incidents_of(site).all() if everything else incidents_of(site).open_ones()
        value = {"incidents": [views.row(site, each) for each in found]}
    show(value, as_json=as_json, human=lambda page: views.listed(page, value["incidents"]))


def show_one(incident: IncidentId, *, as_json: JsonFlag = False) -> None:
    """Show one incident with its timeline."""
    with open_site() as site:
        value = views.whole(site, incidents_of(site).get(incident))
    show(value, as_json=as_json, human=lambda page: views.shown(page, value))


def steps(incident: IncidentId, *, as_json: JsonFlag = False) -> None:
    """Show the steps of one incident."""
    with open_site() as site:
        value = views.steps_of(incidents_of(site).get(incident))
    show(value, as_json=as_json, human=lambda page: views.steps(page, value))


def checklist(incident: IncidentId, *, as_json: JsonFlag = False) -> None:
    """Show every checklist of an incident, and which step is next."""
    with open_site() as site:
        lists = _lists(site, incidents_of(site).get(incident))
    value = {"checklists": [views.checklist_value(each) for each in lists]}
    show(value, as_json=as_json, human=lambda page: views.checklists(page, lists))


def tick(
    incident: IncidentId,
    step: Annotated[str, typer.Argument(metavar="STEP", help=say("Id of the step that is next."))],
    *,
    client: Annotated[str, typer.Option("--client", help=say("The client's id."))],
    source: Annotated[str, typer.Option("--source", help=say("Which source of the set."))],
    by: By,
    set_name: Annotated[
        str, typer.Option("--set", help=say("The set: what is backed up as one."))
    ] = "main",
    evidence: Annotated[
        list[str] | None,
        typer.Option(
            "--evidence", metavar="NAME=VALUE", help=say("What the step asks for; may be repeated.")
        ),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Record that a step was done; after the last one the run that waits is woken."""
    with open_site() as site:
        require_person(site, by)
        found = incidents_of(site).get(incident)
        _require_approved(site, found)
        where = _source(checklists_of(site, found, client, set_name), source, client, set_name)
        given = dict(_pair(each) for each in evidence or [])
        tick_off(found, where, step, person=by, evidence=given)
        left = sum(len(each.checklist.steps) - len(each.done) for each in _lists(site, found))
        woken = "" if left else load("approve_work").wake(found, "checklist")
    value = {"step": step, "by": by, "left": left, "run": woken}
    show(value, as_json=as_json, human=lambda page: views.ticked(page, incident, value))


def fact(
    incident: IncidentId,
    stated: Annotated[
        str, typer.Argument(metavar="NAME=VALUE", help=say("The fact; `unknown` takes it back."))
    ] = "",
    *,
    by: Annotated[str, typer.Option("--by", metavar="PERSON", help=say("Id of the person."))] = "",
    why: Annotated[str, typer.Option("--why", help=say("How it is known, without names."))] = "",
    as_json: JsonFlag = False,
) -> None:
    """State a fact in a person's name; without one, list what is known."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        if stated:
            _require_name(by)
            require_person(site, by)
            name, text = _pair(stated)
            state(found, name, _read(name, text), by=by, why=why)
        facts = known(found, site.agency.file.notices)
    value = {
        "facts": [
            {"name": each.name, "value": each.value, "source": each.source, "why": each.why}
            for each in facts.values()
        ],
        "not_known": [name for name in FORMS if name not in facts],
    }
    show(value, as_json=as_json, human=lambda page: views.facts(page, value))


def stop_ack(
    incident: IncidentId,
    *,
    by: By,
    whom: Annotated[
        str,
        typer.Option(
            "--for", metavar="PERSON", help=say("Who said so by telephone; you otherwise.")
        ),
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Say that somebody has stopped; the one-time code of who says it is asked for."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        person = whom or by
        for each in (by, person):
            require_person(site, each)  # before a code is asked for, and used up
        load("incident_work").acknowledged(site, found, person=person, by=by, code=code_of(by))
    text = say("{person} has stopped working on what is lost", person=person)
    show(
        {"incident": incident, "person": person, "by": by},
        as_json=as_json,
        human=lambda page: _say(page, text),
    )


def code_of(person: str) -> str:
    """Return what a person types; codes are never options, where a process list would show them."""
    question = say("Code of {person}", person=person)
    typed = str(typer.prompt(question, err=True, default="", show_default=False))
    if not typed.strip():
        raise UsageError("no code was typed", hint="Run the command again with the code at hand.")
    return typed


def _lists(site: Site, incident: Incident) -> list[Progress]:
    """Return the checklists of every set that an incident hits; sets of our own have none."""
    found: list[Progress] = []
    for client, wanted in incident.opening().sets:
        names = site.client(client).sets if wanted == "*" else (wanted,)
        for name in names:
            found += checklists_of(site, incident, client, name)
    return found


def _require_approved(site: Site, incident: Incident) -> None:
    """Make sure that people do not put into use what nobody has approved."""
    standing = standing_of(site, incident, "cut-over")
    if standing is None or standing.state != "approved":
        raise UsageError(
            "putting anything of {incident} into use is not approved",
            hint="Wait until it is: `baozhang incident show {incident}`.",
            incident=incident.id,
        )


def _require_name(by: str) -> None:
    if not by:
        raise UsageError(
            "nobody is named who states the fact", hint="Add `--by` with the id of the person."
        )


def _source(lists: tuple[Progress, ...], source: str, client: str, set_name: str) -> Progress:
    found = {each.source: each for each in lists}
    if source not in found:
        raise UsageError(
            "people do nothing for source {source} of {client}/{set}",
            hint="Choose one of: {known}.",
            source=source[:40],
            client=client,
            set=set_name,
            known=", ".join(found) or "-",
        )
    return found[source]


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise UsageError(
            "{text} is not written as NAME=VALUE",
            hint="Write a name, an equals sign and the value: `persons=120`.",
            text=text[:40],
        )
    return name.strip(), value.strip()


def _read(name: str, text: str) -> Fact:
    """Return a fact's value in its form; what has none of it is refused by `state`."""
    if FORMS.get(name) == "yes-no":
        return YES_NO.get(text.lower(), text)
    return int(text) if FORMS.get(name) in {"count", "fen"} and text.isdecimal() else text


def _say(page: Console, text: str) -> None:
    page.print(text, markup=False)
