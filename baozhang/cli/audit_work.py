"""The half of `baozhang audit` that runs audits and tells of them: loaded when it is used."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Console
from rich.markup import escape

from baozhang.cli.drill import table
from baozhang.cli.incident import code_of
from baozhang.cli.speaking import printable
from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import UsageError
from baozhang.governance import assessing
from baozhang.governance.audits import Asked, Audit, Ground, Verdict, audits_of
from baozhang.governance.controls import catalogue, controls
from baozhang.governance.corrective import CORRECTIVE, Corrective, overdue
from baozhang.governance.judging import Line
from baozhang.governance.model import Item, Status
from baozhang.governance.words import STATUS_TEMPLATES
from baozhang.site import Site
from baozhang.vault.model import Report
from baozhang.wiring import open_site
from baozhang.words import CHINESE, language, say
from tasks.audit_packing import finish, publish, sign_audit, signing_of, subject_of
from tasks.audit_steps import Order, asked_of, begin, ground_of
from tasks.signing_gate import wake

STAGE_TEMPLATES = {
    "begun": "begun",
    "judged": "judged",
    "packed": "packed, not signed",
    "published": "sent",
}
COLOURS: Mapping[Status, str] = {
    "proven": "green",
    "attested": "green",
    "stale": "yellow",
    "overdue": "red",
    "not evidenced": "bright_black",
}


@dataclass(frozen=True, slots=True)
class Told:
    """A command's result, for programs and for people."""

    value: Mapping[str, object]
    draw: Callable[[Console], None]


def ran(
    *,
    period: str | None,
    sections: Sequence[str] | None,
    seed: str,
    by: str,
    again: bool,
    go_on: str,
    dry_run: bool,
    report: Report,
) -> Told:
    """Run an audit up to its pack, or only judge."""
    with open_site() as site:
        if by:
            _require_known(site, by)
        order = Order(period, sections, by=by or "system", seed=seed, again=again)
        if go_on and (order != Order(by=order.by) or dry_run):
            raise UsageError(
                "an audit that is gone on with is what it was asked to be",
                hint="Give `--go-on` without a period, sections, a seed, `--again` or `--dry-run`.",
            )
        if dry_run:
            return _tried(site, asked_of(order, site.clock(), site.clock()), report)
        found = audits_of(site).get(go_on) if go_on else begin(site, order, site.clock())
        was_there = found.has("packed")
        finish(site, found, report)
        return _shown(site, found, was_there=was_there)


def _tried(site: Site, asked: Asked, report: Report) -> Told:
    ground = ground_of(site, asked, report)
    items = assessing.of_sections(catalogue().items, asked.sections)
    verdict = assessing.verdict(items, controls(), ground)
    value = {
        "audit": "",
        "period": [asked.first.isoformat(), asked.last.isoformat()],
        "at": ground.at.isoformat(),
        "statuses": _counted(verdict),
        "lines": [_line_value(each) for each in _lines(items, ground)],
    }
    return Told(value, lambda console: _draw_lines(console, _lines(items, ground)))


def _require_known(site: Site, person: str) -> None:
    if person not in site.agency.people:
        raise UsageError(
            "{person} is nobody of this agency",
            hint="Use one of {known}.",
            person=person[:40],
            known=", ".join(site.agency.people),
        )


# --- audits -------------------------------------------------------------------------------------


def listed() -> Told:
    """Return every audit, oldest first."""
    with open_site() as site:
        found = audits_of(site).all()
        value = {"audits": [_value(each) for each in found]}
        rows = [_row(each) for each in found]
    heads = (
        say("audit"),
        say("days covered"),
        say("sections"),
        say("stage"),
        *map(_said, STATUS_TEMPLATES),
    )
    return Told(value, lambda console: console.print(table(heads, rows)))


def shown(audit: str) -> Told:
    """Return one audit."""
    with open_site() as site:
        return _shown(site, audits_of(site).get(audit))


def _value(audit: Audit) -> dict[str, object]:
    asked = audit.asked
    return {
        "audit": audit.id,
        "kind": asked.kind,
        "period": [asked.first.isoformat(), asked.last.isoformat()],
        "sections": list(asked.sections),
        "by": asked.by,
        "began": asked.at.isoformat(),
        "stage": audit.stage,
        "sample": _is_sample(audit),
        "statuses": _counted(audit.verdict()) if audit.has("judged") else {},
    }


def _is_sample(audit: Audit) -> bool:
    return audit.has("evidence") and audit.ground().sample


def _draw_sample(console: Console, *, sample: bool) -> None:
    if sample:
        console.print(say("A sample site: it proves nothing of any client."), style="yellow")


def _counted(verdict: Verdict) -> dict[str, int]:
    found = Counter(verdict.statuses.values())
    return {status: found[status] for status in STATUS_TEMPLATES}


def _row(audit: Audit) -> tuple[str, ...]:
    asked = audit.asked
    everything = len(asked.sections) == len(catalogue().sections)
    sections = say("all") if everything else ", ".join(asked.sections)
    counted = _counted(audit.verdict()) if audit.has("judged") else {}
    figures = (str(counted.get(status, "–")) for status in STATUS_TEMPLATES)
    return audit.id, asked.month, sections, say(STAGE_TEMPLATES[audit.stage]), *figures


def _shown(site: Site, audit: Audit, *, was_there: bool = False) -> Told:
    value = {**_value(audit), "was_there": was_there, "folder": str(audit.folder)}
    if audit.has("packed"):
        standing = signing_of(site, audit)
        value |= {
            "pack": str(audit.pack),
            "manifest": standing.digest,
            "signed_by": [each.person for each in standing.words if each.word == "sign"],
            "refused_by": [each.person for each in standing.words if each.word == "refuse"],
            "may_sign": list(standing.able),
            "letter": audit.published().number if audit.has("letter") else 0,
        }
    return Told(value, lambda console: _draw(console, value))


def _draw(console: Console, value: Mapping[str, object]) -> None:
    audit = value["audit"]
    if value["was_there"]:
        text = say("audit {audit} is there already; a revision: --again", audit=audit)
        console.print(printable(text), markup=False)
    console.print(printable(say("audit: {audit}", audit=audit)), markup=False)
    _draw_sample(console, sample=bool(value["sample"]))
    statuses = value["statuses"]
    if isinstance(statuses, dict):
        words = (f"{_said(status)} {count}" for status, count in statuses.items())
        console.print(printable("  ".join(words)), markup=False)
    console.print(printable(say("folder: {folder}", folder=value["folder"])), markup=False)
    if "pack" not in value:
        return
    pack, digest = value["pack"], value["manifest"]
    console.print(printable(say("evidence pack: {pack}", pack=pack)), markup=False)
    console.print(say("hash of its manifest: {digest}", digest=digest), markup=False)
    _draw_signature(console, value)


def _draw_signature(console: Console, value: Mapping[str, object]) -> None:
    able, people = value["may_sign"], value["signed_by"]
    if isinstance(people, list) and people:
        text = say("signed by {people}", people=", ".join(people))
    elif isinstance(able, list) and able:
        text = say(
            "not signed; may sign: {people} (`baozhang audit sign {audit} --person ID`)",
            people=", ".join(able),
            audit=value["audit"],
        )
    else:
        text = say("nobody of the agency may sign an audit")
    console.print(printable(text), markup=False)


# --- lines --------------------------------------------------------------------------------------


def lines(audit: str, *, sections: Sequence[str] | None, status: str | None) -> Told:
    """Return lines of an audit, the newest where none is named."""
    with open_site() as site:
        found = audits_of(site).get(audit) if audit else _newest(site)
        wanted = _sections(found, sections)
    measure, verdict = found.yardstick(), found.verdict()
    items = assessing.of_sections(measure.items, wanted)
    told = assessing.lines_of(items, measure.controls, verdict.judged)
    chosen = [each for each in told if status in {None, each.status}]
    value = {
        "audit": found.id,
        "sample": _is_sample(found),
        "lines": [_line_value(each) for each in chosen],
    }

    def draw(console: Console) -> None:
        _draw_sample(console, sample=_is_sample(found))
        _draw_lines(console, chosen)

    return Told(value, draw)


def _sections(audit: Audit, asked: Sequence[str] | None) -> tuple[str, ...]:
    wanted = tuple(each.strip().upper() for each in asked or audit.asked.sections)
    for lost in set(wanted) - set(audit.asked.sections):
        raise UsageError(
            "audit {audit} has no section {section}",
            hint="It has {sections}.",
            audit=audit.id,
            section=lost[:10],
            sections=", ".join(audit.asked.sections),
        )
    return wanted


def _newest(site: Site) -> Audit:
    found = [each for each in audits_of(site).all() if each.has("judged")]
    if not found:
        raise UsageError(
            "there is no audit yet", hint="Run one: `baozhang audit run --period 2026-11`."
        )
    return found[-1]


def _lines(items: Sequence[Item], ground: Ground) -> tuple[Line, ...]:
    ours = assessing.concerned(controls(), items)
    return assessing.lines_of(items, ours, assessing.judged_all(ours, ground))


def _line_value(line: Line) -> dict[str, object]:
    return {
        "item": line.item.id,
        "title": line.item.title.model_dump(),
        "status": line.status,
        "controls": [
            {
                "control": each.control,
                "status": each.status,
                "evidence": list(each.counted),
                "left_out": {one.evidence: one.reason for one in each.left_out},
                "nonconformities": [one.evidence for one in each.nonconformities],
            }
            for each in line.controls
        ],
    }


def _draw_lines(console: Console, told: Sequence[Line]) -> None:
    spoken = language()
    rows = [
        (
            each.item.id,
            escape(each.item.title.zh if spoken == CHINESE else each.item.title.en),
            f"[{COLOURS[each.status]}]{_said(each.status)}[/]",
            ", ".join(f"{one.control} ({_said(one.status)})" for one in each.controls),
        )
        for each in told
    ]
    heads = (say("item no."), say("title"), say("status"), say("controls"))
    console.print(table(heads, rows))


def _said(status: Status) -> str:
    return say(STATUS_TEMPLATES[status])


# --- actions and signature ----------------------------------------------------------------------


def actions(*, every: bool, owner: str) -> Told:
    """Return corrective actions, what is due first."""
    with open_site() as site:
        known, today = CORRECTIVE.rows(site), business_day(site.clock())
        if owner and owner not in {each.owner for each in known.values()}:
            _require_known(site, owner)
    chosen = {
        id_: row
        for id_, row in sorted(known.items(), key=lambda each: (each[1].due, each[0]))
        if (every or row.state == "open") and owner in {"", row.owner}
    }
    value = {
        "actions": [
            {"id": id_, **row.cells(), "overdue": overdue(row, today)}
            for id_, row in chosen.items()
        ]
    }
    rows = [_action_row(id_, row, today) for id_, row in chosen.items()]
    heads = (
        *(say("corrective action"), say("control"), say("severity"), say("owner")),
        *(say("due by"), say("days late"), say("times found"), say("state")),
    )
    return Told(value, lambda console: console.print(table(heads, rows)))


SEVERITY_TEMPLATES = {"high": "high", "medium": "medium", "low": "low"}
STATE_TEMPLATES = {"open": "still open", "closed": "closed by evidence"}


def _action_row(id_: str, row: Corrective, today: date) -> tuple[str, ...]:
    late = overdue(row, today)
    return (
        id_,
        f"{row.control} {row.test}".strip(),
        say(SEVERITY_TEMPLATES[row.severity]),
        row.owner,
        row.due.isoformat(),
        f"[red]{late}[/]" if late else "–",
        str(row.times),
        say(STATE_TEMPLATES[row.state]),
    )


def signed(audit: str, *, person: str, refuse: bool) -> Told:
    """Count a person's signature; the letter goes out, or the run that waits is woken for it."""
    with open_site() as site:
        found = audits_of(site).get(audit)
        made = sign_audit(site, found, person=person, code=code_of(person), refuse=refuse)
        woken = wake(site, subject_of(found))
        letter = 0
        if woken != "woken" and not refuse:
            letter = publish(site, found, actor=person).number
    value = {
        "audit": found.id,
        "person": made.person,
        "word": made.word,
        "digest": made.digest,
        "at": made.at.isoformat(),
        "run": woken,
        "letter": letter,
    }

    def draw(console: Console) -> None:
        text = (
            say("{person} refused audit {audit}", person=person, audit=found.id)
            if refuse
            else say("{person} signed audit {audit}", person=person, audit=found.id)
        )
        when = made.at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
        console.print(printable(f"{text}  {when}"), markup=False)
        console.print(say("hash of its manifest: {digest}", digest=made.digest), markup=False)

    return Told(value, draw)
