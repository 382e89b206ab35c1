"""What `baozhang incident` shows: each command's value, and the same value drawn for a person."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from baozhang.clock import SHANGHAI
from baozhang.incidents.checklists import Label, Progress, Step
from baozhang.incidents.incidents import CLOSED, Incident
from baozhang.incidents.journal import BEGUN, DONE, Event
from baozhang.incidents.model import Kind
from baozhang.site import Site
from baozhang.words import CHINESE, language, say
from tasks.gates import ASKED, request_of, standing_of

Value = Mapping[str, object]
KIND_TEMPLATES: dict[Kind, str] = {
    "lost": "lost",
    "damaged": "damaged",
    "tampered": "tampered with",
    "ransomware": "ransomware",
    "leaked": "leaked",
    "unavailable": "unavailable",
}
EVENT_TEMPLATES = {
    "opened": "incident opened",
    "noticed-again": "reported again",
    "paged": "people were woken",
    "acknowledged": "somebody looks at it",
    "fact": "fact stated",
    "hold.set": "retention held",
    "hold.refused": "retention could not be held",
    "hold.lifted": "hold lifted",
    "stop.source": "source set read-only",
    "stop.gave-way": "permissions put back for the exchange",
    "stop.ordered": "order to stop",
    "stop.acknowledged": "stop acknowledged",
    "stop.lifted": "stop lifted",
    "step.begun": "step begun",
    "step.done": "step done",
    "kept": "kept",
    "gate.asked": "approval asked for",
    "gate.waits": "a run waits",
    "approval": "approval given",
    "refusal": "approval refused",
    "code.wrong": "wrong code",
    "point.struck": "backup point struck out",
    "checklist.item": "checklist step done",
    "service.checked": "service checked",
    "report.written": "letter written",
    "notice.drafted": "notice drafted",
    "notice.sent": "notice sent",
    "notice.receipt": "receipt of a notice",
    "note": "note",
    "milestone": "milestone reached",
    "cut-over.begun": "exchange begun",
    "copies-destroyed": "copies destroyed",
    "closed": "incident closed",
}
HALT_TEMPLATES = {
    "closed": "incident {incident} is over",
    "joined": "incident {incident} is open for this already; another run works on it",
    "gate": "incident {incident} waits for approval: "
    "`baozhang approve {incident} --gate {what} --by PERSON`",
    "checklist": "incident {incident}: people put {what} into use: "
    "`baozhang incident checklist {incident}`",
}
HEAD_TEMPLATES = {
    "id": "incident",
    "opened": "opened at",
    "kind": "what happened",
    "sets": "sets hit",
    "waits": "waits for",
    "at": "time",
    "event": "event",
    "actor": "who",
    "details": "details",
    "step": "step",
    "begun": "begun at",
    "done": "done at",
    "attempts": "attempts",
    "fact": "fact",
    "value": "value",
    "source": "known from",
    "why": "reason",
    "client": "client",
    "set": "set",
    "newest": "newest backup point",
    "frozen": "frozen at",
}
WOKEN_TEMPLATES = {
    "woken": "the run that waited goes on",
    "working": "the run is at work already",
    "gone": "the run that waited has ended: `baozhang incident go-on {incident}`",
    "unreachable": "the server of the run does not answer; its page resumes it (send the form "
    "empty), or without it: `baozhang incident go-on {incident}`",
    "nobody": "no run waits here: `baozhang incident go-on {incident}`",
}
CLOSED_TEMPLATES = {
    "refused": "gate {gate} was refused: `baozhang incident go-on {incident}` asks again",
    "expired": "gate {gate} ran out of time: `baozhang incident go-on {incident}` asks again",
}
HASH = 12  # hexadecimal digits of a hash that a person compares
NOISE = frozenset({BEGUN, DONE, "kept", "gate.waits"})
"""Events that only `--json` and `steps` show."""


# --- values ---------------------------------------------------------------------------------------


def row(site: Site, incident: Incident) -> dict[str, object]:
    """Return one incident in a line."""
    opening = incident.opening()
    return {
        "id": incident.id,
        "kind": opening.kind,
        "sets": [f"{client}/{name}" for client, name in opening.sets],
        "discovered": opening.discovered.isoformat(),
        "opened": opening.opened.isoformat(),
        "closed": incident.closed(),
        "drill": opening.drill,
        "waits": list(waiting(site, incident)),
    }


def waiting(site: Site, incident: Incident) -> Iterator[dict[str, object]]:
    """Yield the gates that wait for people's word."""
    asked = (e.facts["gate"] for e in incident.journal.events() if e.kind == ASKED)
    for gate in dict.fromkeys(map(str, asked)):
        request, standing = request_of(incident, gate), standing_of(site, incident, gate)
        if request and standing and standing.state != "approved":
            yield {
                "gate": gate,
                "state": standing.state,
                "digest": request.digest,
                "roles": list(request.roles),
                "approved_by": list(standing.by),
                "wanting": standing.wanting,
                "until": request.expires.isoformat(),
            }


def whole(site: Site, incident: Incident) -> dict[str, object]:
    """Return one incident with everything that happened."""
    opening = incident.opening()
    return {
        **row(site, incident),
        "noticed_by": opening.noticed_by,
        "cause": opening.cause,
        "events": [_event(each) for each in incident.journal.events()],
    }


def steps_of(incident: Incident) -> dict[str, object]:
    """Return the steps in the order in which they were first begun."""
    found: dict[str, dict[str, object]] = {}
    for event in incident.journal.events():
        name = str(event.facts.get("step", ""))
        if event.kind == BEGUN:
            first = found.get(name, {"step": name, "begun": event.at.isoformat(), "done": None})
            found[name] = {**first, "attempts": event.facts["attempt"]}
        elif event.kind == DONE:
            found[name] = {**found.get(name, {"step": name}), "done": event.at.isoformat()}
    return {"incident": incident.id, "steps": list(found.values())}


def checklist_value(each: Progress) -> dict[str, object]:
    """Return one source's checklist and how far people have come."""
    return {
        "client": each.client,
        "set": each.set,
        "source": each.source,
        "product": each.checklist.product,
        "next": each.next.id if each.next else None,
        "steps": [
            {
                "id": step.id,
                "text": _words(step),
                "evidence": {name: _words(each.checklist.evidence[name]) for name in step.evidence},
                "done_by": each.done[step.id].actor if step.id in each.done else None,
            }
            for step in each.checklist.steps
        ],
    }


def _event(event: Event) -> dict[str, object]:
    return {
        "at": event.at.isoformat(),
        "actor": event.actor,
        "kind": event.kind,
        "facts": dict(event.facts),
    }


# --- drawing --------------------------------------------------------------------------------------


def listed(page: Console, value: Sequence[Value]) -> None:
    """Draw a line an incident."""
    if not value:
        page.print(say("no incident is open"))
        return
    table = _table("id", "opened", "kind", "sets", "waits")
    for each in value:
        waits = [f"{one['gate']}" for one in _rows(each, "waits") if one["state"] == "waiting"]
        state = say(EVENT_TEMPLATES[CLOSED]) if each["closed"] else ", ".join(waits) or "–"
        table.add_row(
            str(each["id"]),
            moment(each["opened"]),
            _kind(each),
            " ".join(map(str, _list(each, "sets"))),
            state,
        )
    page.print(table)


def shown(page: Console, value: Value) -> None:
    """Draw one incident: its head, what waits, and the timeline."""
    page.print(
        say(
            "{incident}: {what}; {sets}",
            incident=value["id"],
            what=_kind(value),
            sets=" ".join(map(str, _list(value, "sets"))),
        ),
        markup=False,
    )
    if value["cause"]:
        page.print(say("cause as believed: {cause}", cause=value["cause"]), markup=False)
    for one in _rows(value, "waits"):
        page.print(_gate_line(str(value["id"]), one), markup=False, style="yellow")
    table = _table("at", "event", "actor", "details")
    for event in _rows(value, "events"):
        if event["kind"] not in NOISE:
            table.add_row(
                moment(event["at"]),
                Text(_event_words(str(event["kind"]))),
                str(event["actor"]),
                Text(_details(event)),
            )
    page.print(table)


def steps(page: Console, value: Value) -> None:
    """Draw the steps."""
    table = _table("step", "begun", "done", "attempts")
    for one in _rows(value, "steps"):
        done = moment(one["done"]) if one["done"] else "–"
        table.add_row(
            Text(str(one["step"])), moment(one["begun"]), done, str(one.get("attempts", 1))
        )
    page.print(table)


def checklists(page: Console, lists: Sequence[Progress]) -> None:
    """Draw every checklist, the next step with what it asks for."""
    if not lists:
        page.print(say("everything is put into use by itself: there is no checklist"))
    for each in lists:
        place = f"{each.client}/{each.set} {each.source}"
        page.print(Text(f"{place}: {_words(each.checklist.title)}", "bold"))
        for step in each.checklist.steps:
            done = each.done.get(step.id)
            mark, style = (
                ("✓", "green") if done else ("▸", "yellow") if step == each.next else ("·", "")
            )
            page.print(Text(f"{mark} {step.id}: {_words(step)}", style))
            if step == each.next:
                for name in step.evidence:
                    page.print(f"    {name}: {_words(each.checklist.evidence[name])}", markup=False)


def ticked(page: Console, incident: str, value: Value) -> None:
    """Say how much is left."""
    page.print(
        say("{step} is done; {left} steps are left", step=value["step"], left=value["left"]),
        markup=False,
    )
    if not value["left"]:
        page.print(woken(str(value["run"]), incident), markup=False)


def facts(page: Console, value: Value) -> None:
    """Draw what is known, and name what is not."""
    table = _table("fact", "value", "source", "why")
    for one in _rows(value, "facts"):
        table.add_row(
            str(one["name"]), Text(_fact(one["value"])), str(one["source"]), Text(str(one["why"]))
        )
    page.print(table)
    page.print(
        say("not known: {names}", names=", ".join(map(str, _list(value, "not_known"))) or "–"),
        markup=False,
    )


def would(page: Console, value: Value) -> None:
    """Draw what opening an incident would hit."""
    table = _table("client", "set", "newest", "frozen")
    for one in _rows(value, "hit"):
        at = moment(one["at"]) if one["at"] else "–"
        table.add_row(str(one["client"]), str(one["set"]), str(one["snapshot"] or "–"), at)
    page.print(table)
    if value["joins"]:
        page.print(say("it would join incident {incident}", incident=value["joins"]), markup=False)
    page.print(say("nothing was done"))


def walked(page: Console, value: Value) -> None:
    """Say where the incident stands after a walk."""
    template = HALT_TEMPLATES[str(value["halt"])]
    page.print(say(template, incident=value["incident"], what=value["what"]), markup=False)


def woken(how: str, incident: str) -> str:
    """Return what became of the run that waited, and what to do."""
    return say(WOKEN_TEMPLATES[how], incident=incident)


def moment(text: object) -> str:
    """Return an ISO instant as the office reads it."""
    at = datetime.fromisoformat(str(text))
    return f"{at.replace(tzinfo=at.tzinfo or UTC).astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"


def _table(*names: str) -> Table:
    return Table(*(say(HEAD_TEMPLATES[each]) for each in names))


def _gate_line(incident: str, one: Value) -> str:
    if one["state"] == "waiting":
        return say(
            "gate {gate}: {wanting} more must approve until {until}: "
            "`baozhang approve {incident} --gate {gate} --by PERSON`",
            gate=one["gate"],
            wanting=one["wanting"],
            until=moment(one["until"]),
            incident=incident,
        )
    return say(CLOSED_TEMPLATES[str(one["state"])], gate=one["gate"], incident=incident)


def _event_words(kind: str) -> str:
    return say(EVENT_TEMPLATES[kind]) if kind in EVENT_TEMPLATES else kind


def _details(event: Value) -> str:
    found = event["facts"]
    assert isinstance(found, dict)
    return " ".join(f"{name}={_fact(each)}" for name, each in found.items() if each != "")


def _fact(value: object) -> str:
    """Return a fact's value; of a hash as much as a person compares."""
    text = str(value)
    is_hash = len(text) == 64 and all(letter in "0123456789abcdef" for letter in text)
    return text[:HASH] if is_hash else text


def _kind(value: Value) -> str:
    words = {name: template for name, template in KIND_TEMPLATES.items() if name == value["kind"]}
    return say(*words.values())


def _words(label: Label | Step) -> str:
    return label.zh if language() == CHINESE else label.en


def _rows(value: Value, name: str) -> list[Value]:
    found = value[name]
    assert isinstance(found, list)
    return found


def _list(value: Value, name: str) -> list[object]:
    found = value[name]
    assert isinstance(found, list)
    return found
