"""The half of `baozhang attest` that works and draws: loaded when it is used."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from rich.console import Console

from baozhang.cli.attest_views import Rows, day, draw_rows, draw_value, exported, office
from baozhang.cli.drill import table
from baozhang.cli.incident import code_of
from baozhang.cli.screen import WIDE
from baozhang.cli.speaking import printable
from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import UsageError
from baozhang.governance.attestations import (
    ATTESTATIONS,
    REQUESTS,
    Again,
    Attestation,
    Refusal,
    standings,
)
from baozhang.governance.obligations import Standing, plan
from baozhang.governance.proofs import folder, state_of
from baozhang.site import Site
from baozhang.words import language, say
from reports.attestation import said
from reports.governance import MARKS, STATE_TEMPLATES, WORST_FIRST
from tasks.attesting import Submission, accept, require_checker, submit_file
from tasks.attesting import reject as rejected_by
from tasks.attesting import submit_coded as submitted
from tasks.attesting_inbox import take_in
from tasks.governance import due_now, escalate, events_of, held, send_requests
from tasks.governance_register import write_register

__all__ = ["draw_rows", "draw_value", "exported", "office", "submit_file"]

COLOURS = {"ok": "green", "partial": "yellow", "inconclusive": "bright_black", "failed": "red"}
YEAR = timedelta(days=366)
KEPT_TEMPLATES = {"sound": "as handed in", "missing": "gone", "altered": "changed since"}


def listed(site: Site, *, overdue: bool, waiting: bool, owner: str) -> list[Standing]:
    """Return obligations, the worst first."""
    found = [
        each
        for each in standings(site, events_of(site))
        if (not overdue or each.state == "overdue")
        and (not waiting or each.state == "handed in")
        and (not owner or each.owed.owner == owner)
    ]
    return sorted(found, key=_rank)


def _rank(each: Standing) -> tuple[int, date, str]:
    return WORST_FIRST.index(each.state), each.due or date.max, each.owed.id


def value_of(found: Sequence[Standing]) -> dict[str, object]:
    """Return obligations as JSON."""
    return {
        "obligations": [
            {
                "id": each.owed.id,
                "title": said(each.owed.title, language()),
                "owner": each.owed.owner,
                "theme": each.owed.theme,
                "cadence": each.owed.cadence,
                "due": each.due,
                "state": each.state,
                "attestation": each.last,
            }
            for each in found
        ]
    }


def draw(console: Console, found: Sequence[Standing]) -> None:
    """Draw obligations."""
    heads = (say("id"), say("obligation"), say("owner"), say("due by"), say("state"), say("newest"))
    rows = [
        (
            each.owed.id,
            printable(said(each.owed.title, language())),
            each.owed.owner or "–",
            each.due.isoformat() if each.due else "–",
            f"[{COLOURS[MARKS[each.state]]}]{say(STATE_TEMPLATES[each.state])}[/]",
            each.last or "–",
        )
        for each in found
    ]
    console.print(table(heads, rows))


# --- one attestation ------------------------------------------------------------------------------


def shown(site: Site, name: str) -> dict[str, object]:
    """Return one attestation, or an obligation with everything that was handed in for it.

    Raises:
        UsageError: there is neither.
    """
    rows = ATTESTATIONS.rows(site)
    if name in rows:
        return _attestation(site, name, rows[name])
    standing = next((e for e in standings(site, events_of(site)) if e.owed.id == name), None)
    if standing is None:
        raise UsageError(
            "there is neither an attestation nor an obligation {name}",
            hint="Choose an id from `baozhang attest list`.",
            name=name[:60],
        )
    theirs = [id_ for id_, row in rows.items() if row.obligation == name]
    return {
        "obligation": name,
        "title": said(standing.owed.title, language()),
        "owner": standing.owed.owner,
        "proof": said(standing.owed.proof, language()),
        "due": standing.due,
        "state": standing.state,
        "attestations": ", ".join(theirs) or "–",
    }


def _attestation(site: Site, id_: str, row: Attestation) -> dict[str, object]:
    files = [
        f"{folder(site) / sha256} ({kind}: {say(KEPT_TEMPLATES[state_of(site, sha256)])})"
        for sha256, kind in zip(row.sha256, row.kinds, strict=True)
    ]
    return {
        "attestation": id_,
        "obligation": row.obligation,
        "by": row.by,
        "effective": row.effective.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        "received": row.received.astimezone(SHANGHAI).isoformat(timespec="minutes"),
        "expires": row.expires,
        "flags": list(row.flags),
        "files": files,
        "verdict": row.verdict,
        "checked_by": row.checked_by,
        "reason": row.reason or "",
    }


def draw_submitted(console: Console, made: str, value: Mapping[str, object]) -> None:
    """Say that something was taken in, and what comes next."""
    draw_value(console, value)
    console.print(
        say("next: somebody else checks it: `baozhang attest check {made} --by PERSON`", made=made),
        markup=False,
    )


def tell(site: Site, attestation: str, by: str) -> None:
    """Show on standard error what somebody is about to decide on; refuse who may not."""
    require_checker(site, attestation, by)
    draw_value(Console(stderr=True, highlight=False, width=WIDE), shown(site, attestation))


def submission(
    proofs: tuple[Path, ...], effective: date | None, expires: date | None, again: str | None
) -> Submission:
    """Return what a person says of what they hand in."""
    return Submission(proofs, effective, expires, cast("Again | None", again))


def submit_coded(site: Site, obligation: str, made: Submission, person: str) -> str:
    """Ask for the code and take in what is handed in; return the attestation's id."""
    return submitted(
        site, obligation, made, person=person, code=code_of(person), events=events_of(site)
    )


def checked(site: Site, attestation: str, by: str) -> dict[str, object]:
    """Ask for the code and accept."""
    accept(site, attestation, person=by, code=code_of(by))
    return shown(site, attestation)


def rejected(site: Site, attestation: str, by: str, reason: str) -> dict[str, object]:
    """Ask for the code and reject."""
    why = cast("Refusal", reason)
    rejected_by(site, attestation, person=by, code=code_of(by), reason=why)
    return shown(site, attestation)


# --- requests, plan, the daily run ----------------------------------------------------------------


def requests(site: Site) -> Rows:
    """Return who was asked for what, newest first."""
    found = sorted(REQUESTS.rows(site).items(), reverse=True)
    return [
        {
            "request": id_,
            "obligation": row.obligation,
            "person": row.person,
            "stage": row.stage,
            "due": row.due.isoformat(),
            "sent": day(business_day(row.sent) if row.sent else None),
            "expires": day(business_day(row.expires) if row.expires else None),
            "attestation": row.attestation,
        }
        for id_, row in found
    ]


def planned(site: Site, *, make: bool) -> Rows:
    """Return how much comes due in each month of the next year, by person."""
    today = business_day(site.clock())
    if make:
        plan(site, today=today, by="operator")
    found = [
        each
        for each in standings(site, events_of(site))
        if each.due and each.due <= today + YEAR and each.owed.owner
    ]
    people = sorted({each.owed.owner for each in found})
    months = sorted({f"{each.due:%Y-%m}" for each in found if each.due})
    counts = Counter((f"{each.due:%Y-%m}", each.owed.owner) for each in found)
    return [
        {"month": month, **{person: str(counts[month, person]) for person in people}}
        for month in months
    ]


def dry_run(site: Site) -> dict[str, object]:
    """Return what the daily run would find, and write nothing."""
    found, holds = standings(site, events_of(site)), held(site)
    asked = due_now(found, business_day(site.clock()))
    return {
        "owed": len(found),
        "asked_now": [each.owed.id for each in asked],
        "waiting": list(holds.waiting),
        "broken": [*holds.altered, *holds.unknown, *holds.own],
    }


def ran(site: Site) -> dict[str, object]:
    """Do what the daily run does."""
    new = plan(site, today=business_day(site.clock()), by="operator")
    taken, holds = take_in(site), held(site)
    sent, above = send_requests(site, actor="operator"), escalate(site, actor="operator")
    written = write_register(site, actor="operator")
    return {
        "planned": new,
        "taken": list(taken.taken),
        "refused": taken.refused,
        "letters": sent.letters,
        "request_files": sent.files,
        "above": above.letters,
        "waiting": list(holds.waiting),
        "broken": list(dict.fromkeys((*holds.altered, *holds.unknown, *holds.own))),
        "register": written.filed.number if written else "",
    }
