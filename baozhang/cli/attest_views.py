"""What `baozhang attest` draws: values, rows, and the lists of the office."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from rich.console import Console

from baozhang.cli.drill import table
from baozhang.cli.speaking import printable
from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.governance.attestations import ATTESTATIONS
from baozhang.governance.offices import CONTRACTS, HANDOFFS, TRAINING, VENDORS, review_day
from baozhang.grids import Grid, write_grid
from baozhang.registers import AnyRegister
from baozhang.site import Site
from baozhang.words import say
from reports.governance import STATE_TEMPLATES

OFFICE: Mapping[str, AnyRegister] = {
    "training": TRAINING,
    "handoffs": HANDOFFS,
    "contracts": CONTRACTS,
    "vendors": VENDORS,
    "attestations": ATTESTATIONS,
}
FIELD_TEMPLATES = {
    "attestation": "attestation",
    "obligation": "obligation",
    "title": "title",
    "owner": "owner",
    "proof": "what to hand in",
    "due": "due by",
    "state": "state",
    "attestations": "handed in so far",
    "by": "handed in by",
    "effective": "speaks of",
    "received": "came at",
    "expires": "runs out on",
    "flags": "odd about it",
    "files": "files",
    "verdict": "verdict",
    "checked_by": "checked by",
    "reason": "reason",
    "owed": "obligations",
    "planned": "newly planned",
    "letters": "letters written",
    "request_files": "request files sent",
    "above": "letters to those above",
    "taken": "taken in from the drop folder",
    "refused": "hand-ins that could not be taken",
    "waiting": "waiting for a second person",
    "broken": "does not hold any more",
    "register": "number of the register's letter",
    "list": "list",
    "rows": "rows",
    "file": "file",
    "asked": "asked",
    "asked_now": "to be asked now",
    "request": "request",
    "person": "person",
    "stage": "stage",
    "sent": "sent",
    "month": "month",
    "id": "id",
    "course": "course",
    "planned_for": "planned for",
    "attended": "attended",
    "score": "score",
    "passed": "passed",
    "from": "handed on by",
    "to": "handed to",
    "what": "what",
    "days": "days",
    "party": "party",
    "kind": "kind",
    "until": "until",
    "decide_by": "decide by",
    "notice_by": "notice by",
    "conditions": "conditions",
    "vendor": "vendor",
    "marks": "marks of 20",
    "review_by": "review by",
}
"""A name in JSON to the words a person reads."""
CHOICE_TEMPLATES = {
    "in order": "in order",
    "soon": "runs out soon",
    "over": "too late or run out",
    "failed": "poor or not passed",
    "waiting": "not yet",
    "newer than it claims": "newer than it claims",
    "older than it claims": "older than it claims",
    "handed in again": "handed in again",
    "wrong paper": "wrong paper",
    "not complete": "not complete",
    "not readable": "not readable",
    "wrong period": "wrong period",
    "not signed": "not signed",
    "not true": "not true",
    "client": "client",
    "partner": "partner",
    "lease": "lease",
    "insurance": "insurance",
    "employment": "employment",
    "other": "other",
    "request": "asked",
    "due": "asked on its day",
    "late": "asked when it was late",
    "manager": "managers told",
    "approver": "approvers told",
    "yes": "yes",
    "no": "no",
    "handed in": "handed in, unchecked",
    "accepted": "accepted",
    "rejected": "rejected",
}
"""Choices as registers keep them, and how they are said."""
STATES: Mapping[str, str] = dict(STATE_TEMPLATES.items())
CHOSEN = frozenset({"state", "kind", "flags", "reason", "stage", "passed", "verdict"})

Rows = list[dict[str, str]]


def draw_value(console: Console, value: Mapping[str, object]) -> None:
    """Draw names and values, one below the other."""
    for name, each in value.items():
        for line in each if isinstance(each, list) else [each]:
            if line not in ("", None):
                text = say(
                    "{name}: {value}", name=say(FIELD_TEMPLATES[name]), value=said(name, line)
                )
                console.print(printable(text), markup=False)


def draw_rows(console: Console, rows: Rows) -> None:
    """Draw rows that all have the same columns; a column that is no known name is a person's."""
    if not rows:
        console.print(say("nothing has been entered"), markup=False)
        return
    heads = tuple(
        say(FIELD_TEMPLATES[each]) if each in FIELD_TEMPLATES else each for each in rows[0]
    )
    cells = [
        [printable(str(said(name, each))) or "–" for name, each in row.items()] for row in rows
    ]
    console.print(table(heads, cells))


def said(name: str, value: object) -> object:
    """Return a value as people read it: choices in their language."""
    if name == "state" and (state := STATES.get(str(value))):
        return say(state)
    known = name in CHOSEN and isinstance(value, str) and value in CHOICE_TEMPLATES
    return say(CHOICE_TEMPLATES[str(value)]) if known else value


def exported(site: Site, name: str, to: Path) -> dict[str, object]:
    """Write a list as a table.

    Raises:
        UsageError: there is no such list, or the file ends in something else.
        UnreachableError: it cannot be written.
    """
    register = OFFICE.get(name)
    if register is None:
        raise UsageError(
            "there is no list {name}",
            hint="Use one of {known}.",
            name=name[:40],
            known=", ".join(OFFICE),
        )
    columns = ("id", *register.model.model_fields)
    rows = [{"id": id_, **row.cells()} for id_, row in register.rows(site).items()]
    cells = tuple(tuple(str(row.get(each, "")) for each in columns) for row in rows)
    write_grid(to, Grid(columns, cells))
    return {"list": name, "rows": len(rows), "file": str(to)}


def office(site: Site, name: str) -> Rows:
    """Return one of the office's lists, what ends first at its top."""
    now = site.clock()
    today = business_day(now)
    if name == "training":
        return _courses(site, today)
    if name == "handoffs":
        return _handoffs(site, now)
    return _contracts(site, today) if name == "contracts" else _vendors(site, today)


def _courses(site: Site, today: date) -> Rows:
    found = sorted(TRAINING.rows(site).items(), key=lambda each: each[1].expires or each[1].planned)
    return [
        {
            "id": id_,
            "person": row.person,
            "course": row.course,
            "planned_for": day(row.planned),
            "attended": day(row.attended),
            "score": "" if row.score is None else str(row.score),
            "passed": "" if row.passed is None else "yes" if row.passed else "no",
            "expires": day(row.expires),
            "state": row.state(today),
        }
        for id_, row in found
    ]


def _handoffs(site: Site, now: datetime) -> Rows:
    return [
        {
            "id": id_,
            "from": row.sender,
            "to": row.receiver,
            "what": row.what,
            "asked": day(business_day(row.asked)),
            "days": str(span.days) if (span := row.response()) is not None else "",
            "state": row.state(now),
        }
        for id_, row in HANDOFFS.rows(site).items()
    ]


def _contracts(site: Site, today: date) -> Rows:
    found = sorted(CONTRACTS.rows(site).items(), key=lambda each: each[1].end or date.max)
    return [
        {
            "id": id_,
            "party": row.party,
            "kind": row.kind,
            "until": day(row.end),
            "decide_by": day(row.decide_by),
            "notice_by": day(row.notice_by),
            "conditions": "; ".join(row.conditions),
            "state": row.state(today),
        }
        for id_, row in found
    ]


def _vendors(site: Site, today: date) -> Rows:
    found = sorted(VENDORS.rows(site).items(), key=lambda each: each[1].reviewed)
    return [
        {
            "id": id_,
            "vendor": row.vendor,
            "marks": str(row.total),
            "review_by": day(review_day(row)),
            "state": row.state(today),
        }
        for id_, row in found
    ]


def day(found: date | None) -> str:
    """Return a day as a cell; "" where there is none."""
    return found.isoformat() if found else ""
