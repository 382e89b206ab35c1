"""What people see who are to approve: the thing itself, its hash, who may, and until when.

Markdown, for a form of the orchestrator and for a terminal.  Ids, figures and hashes; never a name
or a ledger's text, because the orchestrator keeps what it is given.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from baozhang.clock import SHANGHAI
from baozhang.errors import CorruptObjectError
from baozhang.incidents.approvals import Request, Standing
from baozhang.incidents.incidents import KEPT, Incident
from baozhang.incidents.model import How, Plan, Recovered, RecoveredAll, Restoration
from baozhang.incidents.planning import (
    CHECKED_TEMPLATES,
    LEFT_OUT_TEMPLATES,
    PASSED_OVER_TEMPLATES,
)
from baozhang.money import format_amount, scale_of
from baozhang.site import Site
from baozhang.words import CHINESE, ENGLISH, say
from tasks.gates import NOTICE, kept_as, required, standing_of
from tasks.notice_words import preview
from tasks.review_signers import review_body

THOUSAND = 1000
GROUP = 16  # digits of a hash in one piece: a form is narrow, and would cut a longer one
MOST_ROWS = 50  # of two hundred clients nobody reads more in a form; the hash covers them all

TITLE_TEMPLATES = {
    "plan": "Approve the recovery plan of incident {incident}",
    "cut-over": "Approve putting incident {incident}'s recovered books into use",
    "review": "Sign the review of incident {incident}",
    NOTICE: "Approve sending the notice {notice} of incident {incident}",
}
ROLE_TEMPLATES = {
    "operator": "operator",
    "on_call": "on call",
    "approver": "approver",
    "accountant": "accountant",
    "manager": "manager",
    "auditor": "auditor",
}
HOW_TEMPLATES: dict[How, str] = {
    "atomic": "whole or not at all",
    "assisted": "by people, step by step",
}
STATE_TEMPLATES = {
    "waiting": "{count} more must approve.",
    "approved": "It is approved.",
    "refused": "It was refused.",
    "expired": "The time to approve it is over.",
}


def shown(
    site: Site, incident: Incident, gate: str, *, languages: tuple[str, ...] = (CHINESE, ENGLISH)
) -> str:
    """Return in Markdown exactly what is approved, by whom it can be, and until when.

    Raises:
        UsageError: nobody asked.
        CorruptObjectError: what is kept is not what was asked for.
    """
    request, standing = required(incident, gate), standing_of(site, incident, gate)
    if standing is None or _kept_digest(incident, gate) != request.digest:
        raise CorruptObjectError(
            "what the gate {gate} of {incident} shows is not what it asks for",
            hint="Go on with the incident: `baozhang incident go-on {incident}`; it asks anew.",
            gate=gate,
            incident=incident.id,
        )
    pages = (page(request, standing, body(site, incident, gate, each), each) for each in languages)
    return "\n\n---\n\n".join(pages)


def _kept_digest(incident: Incident, gate: str) -> str:
    """Return the hash of what was kept last to be shown; `Incident.value` holds the file to it."""
    events = (e for e in reversed(incident.journal.events()) if e.kind == KEPT)
    return next((str(e.facts["sha256"]) for e in events if e.facts["name"] == kept_as(gate)), "")


def page(request: Request, standing: Standing, lines: Iterable[str], spoken: str) -> str:
    """Return what is to be approved in one language: its title, what it is, and the terms."""
    title = say(
        TITLE_TEMPLATES.get(request.gate, TITLE_TEMPLATES[NOTICE]),
        spoken=spoken,
        incident=request.incident,
        notice=request.gate.removeprefix(NOTICE),
    )
    return "\n".join([f"## {title}", "", *lines, "", *_terms(request, standing, spoken)])


def body(site: Site, incident: Incident, gate: str, spoken: str) -> Iterator[str]:
    """Yield what a gate is about, as lines."""
    if gate == "plan":
        yield from _plan(incident.value(kept_as(gate), Plan), spoken)
    elif gate == "cut-over":
        yield from _recovered(incident.value(kept_as(gate), RecoveredAll), spoken)
    elif gate == "review":
        yield from review_body(site, incident, spoken)
    elif spoken == CHINESE:  # a letter's own words, in the languages that it has
        yield from preview(site, incident, gate).splitlines()


def moment(at: datetime) -> str:
    """Return an instant as the office reads it."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def roles_named(request: Request, spoken: str | None = None) -> str:
    """Return who may approve."""
    return " / ".join(say(ROLE_TEMPLATES[role], spoken=spoken) for role in request.roles)


def _terms(request: Request, standing: Standing, spoken: str) -> Iterator[str]:
    yield "- " + say(
        "Who may approve: {roles}; different people wanted: {people}.",
        spoken=spoken,
        roles=roles_named(request, spoken),
        people=request.people,
    )
    yield "- " + say("Until {until} (Beijing time).", spoken=spoken, until=moment(request.expires))
    if standing.by:
        yield "- " + say("Approved by: {by}.", spoken=spoken, by=", ".join(standing.by))
    yield "- " + say(STATE_TEMPLATES[standing.state], spoken=spoken, count=standing.wanting)
    parts = (request.digest[at : at + GROUP] for at in range(0, len(request.digest), GROUP))
    groups = " ".join(f"`{part}`" for part in parts)
    yield "- " + say("Hash of what is approved: {digest}", spoken=spoken, digest=groups)


def _plan(plan: Plan, spoken: str) -> Iterator[str]:
    yield say(
        "Plan {number}: {sets} sets, {duration} in all.",
        spoken=spoken,
        number=plan.number,
        sets=len(plan.restorations),
        duration=_span(plan.seconds),
    )
    yield ""
    yield from _rows([_restoration(each, spoken) for each in plan.restorations], spoken)
    yield ""
    yield "- " + (
        say("The estimate rests on {count} measured restores.", spoken=spoken, count=plan.measured)
        if plan.measured
        else say("No restore has been measured yet: the times are a guess.", spoken=spoken)
    )
    for client, set_name, why in plan.left_out:
        yield "- " + say(
            "Cannot be restored: {client}, {set}: {why}",
            spoken=spoken,
            client=client,
            set=set_name,
            why=say(LEFT_OUT_TEMPLATES[why], spoken=spoken) if why in LEFT_OUT_TEMPLATES else why,
        )
    if plan.unhurt:
        sets = ", ".join(f"{client} / {name}" for client, name in plan.unhurt)
        yield "- " + say(
            "They have lost nothing and stay as they are: {sets}", spoken=spoken, sets=sets
        )
    if plan.by_hand:
        yield "- " + say("People put {count} sets into use.", spoken=spoken, count=plan.by_hand)
    if plan.room:
        yield "- " + say(
            "The copies need {room} of {free} that are free.",
            spoken=spoken,
            room=_size(plan.room),
            free=_size(plan.free),
        )


def _restoration(each: Restoration, spoken: str) -> str:
    plain = say(
        "{place} from {snapshot} of {at}, {behind} behind; lost or changed: {files} files, "
        "{vouchers} vouchers, {amount}; {size}, {books} books; takes {duration}; next filing day "
        "{deadline}; put in place {how}",
        spoken=spoken,
        place=f"**{each.client} / {each.set}**",
        snapshot=each.snapshot,
        at=moment(each.at),
        behind=_span(each.behind),
        files=each.files,
        vouchers=each.vouchers,
        amount=_amount(each.amount, each.currency),
        size=_size(each.bytes),
        books=each.books,
        duration=_span(each.seconds + each.proving),
        deadline=f"{each.deadline:%Y-%m-%d}" if each.deadline else "–",
        how=say(HOW_TEMPLATES[each.how], spoken=spoken),
    )
    return ("；" if spoken == CHINESE else "; ").join([plain, *_doubts(each, spoken)])


def _doubts(each: Restoration, spoken: str) -> Iterator[str]:
    """Yield what an approver must know of the backup point itself."""
    if each.why:
        yield say(PASSED_OVER_TEMPLATES[each.why], spoken=spoken, point=each.instead_of)
    if each.checked:
        yield say(CHECKED_TEMPLATES[each.checked], spoken=spoken)
    if each.unjudged:
        yield "**" + say("nobody has judged whether this point is clean", spoken=spoken) + "**"


def _amount(minor: int, currency: str) -> str:
    return f"{format_amount(minor, scale=scale_of(currency))} {currency}".strip()


def _recovered(found: RecoveredAll, spoken: str) -> Iterator[str]:
    yield say(
        "Plan {number} was followed. What is there now is kept beside it until the end.",
        spoken=spoken,
        number=found.plan,
    )
    yield ""
    yield from _rows([_quarantined(each, spoken) for each in found.sets], spoken)


def _quarantined(each: Recovered, spoken: str) -> str:
    return say(
        "{place} from {snapshot}: {files} files, {size}; of {books} books {proven} proven, "
        "{failed} failed; to be keyed in: {vouchers} vouchers, {invoices} invoices, {amount}",
        spoken=spoken,
        place=f"**{each.client} / {each.set}**",
        snapshot=each.snapshot,
        files=each.files,
        size=_size(each.bytes),
        books=each.books,
        proven=each.proven,
        failed=each.failed,
        vouchers=each.vouchers_to_key,
        invoices=each.invoices_to_key,
        amount=_amount(each.amount_to_key, each.currency),
    )


def _rows(rows: list[str], spoken: str) -> Iterator[str]:
    """Yield a line a set, numbered: a form is narrow, and a table in it would be cut."""
    yield from (f"{number}. {row}" for number, row in enumerate(rows[:MOST_ROWS], start=1))
    if len(rows) > MOST_ROWS:
        yield ""
        yield say(
            "and {count} more: `baozhang incident show`", spoken=spoken, count=len(rows) - MOST_ROWS
        )


def _size(size: float) -> str:
    """Return a size in decimal units."""
    for unit in ("B", "kB", "MB"):
        if size < THOUSAND:
            return f"{size:.3g} {unit}"
        size /= THOUSAND
    return f"{size:,.1f} GB"


def _span(seconds: int) -> str:
    """Return a duration without words: days, hours, minutes and seconds, as a clock shows them."""
    days, rest = divmod(seconds, round(timedelta(days=1).total_seconds()))
    clock = f"{rest // 3600}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock
