"""Gates of an incident: asked once, decided by people with one-time codes, read by every run.

    ask ──► gate.asked ──► decide (form, command line or test: the same call) ──► approval | refusal
                                                        │
    standing_of  ◄── the journal alone ◄────────────────┘

What is approved is bound by its hash: a new plan makes the older request void, and whoever approved
that one has not approved this one.  A closed gate is asked again by a new run, or by a person who
goes on with the incident; what was said before does not count for the new request.

Nothing here knows the orchestrator: how a run waits at a gate is `tasks.waiting`, what people are
shown is `tasks.gate_pages`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import get_args

from baozhang.errors import BaozhangError, UsageError
from baozhang.incidents.approvals import (
    Request,
    Standing,
    Verdict,
    Word,
    digest_of,
    require_allowed,
    standing,
)
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Event
from baozhang.incidents.model import Value
from baozhang.keys.codes import TooManyCodesError
from baozhang.settings import Role
from baozhang.site import Site
from tasks.people import as_of, prove, require_person
from tasks.review_signers import require_signer

ASKED, WAITS, APPROVAL, REFUSAL, WRONG = (
    "gate.asked",
    "gate.waits",
    "approval",
    "refusal",
    "code.wrong",
)
NOTICE = "notice-"  # what the gates of letters to the outside begin with
ATTEMPTS = 5  # wrong codes of one person in one incident ...
WITHIN = timedelta(hours=1)  # ... in this span; then nothing of theirs counts until it is over
_MOST_REASON = 200  # characters
_KINDS: Mapping[Word, str] = MappingProxyType({"approve": APPROVAL, "refuse": REFUSAL})


class IncidentHaltedError(BaozhangError):
    """A run of an incident ends here, in a safe state; the incident is not over."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a gate asks for.

    Attributes:
        roles: who may approve.
        people: how many different people must.
        within: how long it stands open.
    """

    roles: tuple[Role, ...]
    people: int
    within: timedelta


GATES: Mapping[str, Rule] = MappingProxyType(
    {
        "plan": Rule(("approver", "manager"), 1, timedelta(hours=12)),
        "cut-over": Rule(("approver", "manager", "operator"), 2, timedelta(hours=24)),
        "review": Rule(("approver", "manager"), 1, timedelta(days=14)),
        NOTICE: Rule(("approver", "manager"), 1, timedelta(hours=24)),
    }
)
"""By the gate's name, or what it begins with.  Twelve hours bridge a night; what was brought back
keeps for a day; a letter that waits longer than a day is overtaken by events."""


def rule_of(gate: str) -> Rule:
    """Return what a gate asks for.

    Raises:
        UsageError: there is no such gate.
    """
    named = NOTICE if gate.startswith(NOTICE) else gate
    if named not in GATES:
        raise UsageError(
            "there is no gate {gate}",
            hint="Look at what waits: `baozhang incident list`.",
            gate=gate[:40],
        )
    return GATES[named]


def ask(
    site: Site, incident: Incident, gate: str, value: Value, *, asked_by: str, run: str = ""
) -> Request:
    """Ask people to approve a value; the request that stands, if it is for the same value.

    A request that was refused or ran out stands for the run that asked: it ends there.  Asked by
    another run, or by no run, it is asked anew.

    Args:
        site: the site.
        incident: the incident.
        gate: its name, one of `GATES` or beginning with one of them.
        value: what is to be approved; kept as `gate-<gate>`.
        asked_by: id of the person or run that asks.
        run: the orchestrator's id of the run that waits for it; "": none does.
    """
    rule, digest = rule_of(gate), digest_of(value.model_dump(mode="json"))
    found = _asked(incident, gate)
    if found is not None and found.facts["digest"] == digest:
        request = _request(incident, found)
        state = standing(request, _verdicts(incident), site.clock()).state
        if state in {"waiting", "approved"}:
            waits(incident, gate, run)
            return request
        if run and run == run_of(incident, gate):
            return request
    incident.keep(kept_as(gate), value, actor=asked_by)
    made = incident.journal.append(
        ASKED,
        actor=asked_by,
        gate=gate,
        digest=digest,
        expires=(site.clock() + rule.within).isoformat(),
        people=rule.people,
        roles=",".join(rule.roles),
        run=run,
    )
    return _request(incident, made)


def request_of(incident: Incident, gate: str) -> Request | None:
    """Return what a gate asks for now; None: it has not been asked."""
    found = _asked(incident, gate)
    return _request(incident, found) if found else None


def standing_of(site: Site, incident: Incident, gate: str) -> Standing | None:
    """Return how a gate stands now; None: it has not been asked."""
    request = request_of(incident, gate)
    return standing(request, _verdicts(incident), site.clock()) if request else None


def run_of(incident: Incident, gate: str) -> str:
    """Return the orchestrator's id of the run that waits at a gate, "" where none does."""
    runs = [
        str(event.facts["run"])
        for event in incident.journal.events()
        if event.kind in {ASKED, WAITS} and event.facts["gate"] == gate
    ]
    return runs[-1] if runs else ""


def waits(incident: Incident, gate: str, run: str) -> None:
    """Note which run waits at a gate now, where it is another than the one known."""
    if run and run != run_of(incident, gate):
        incident.journal.append(WAITS, actor=run, gate=gate, run=run)


def require_may(
    site: Site, incident: Incident, gate: str, *, person: str, digest: str = ""
) -> Request:
    """Make sure that a person's word on a gate would count, before a code is asked for.

    Args:
        site: the site.
        incident: the incident.
        gate: its name.
        person: id.
        digest: of what they were shown; "": they are about to be.

    Returns:
        What is to be approved.

    Raises:
        UsageError: as of `decide`.
    """
    request = required(incident, gate)
    require_person(site, person)
    require_allowed(
        request,
        _verdicts(incident),
        person=person,
        roles=site.agency.people[person].roles,
        digest=digest or request.digest,
        now=site.clock(),
    )
    if gate == "review":
        require_signer(site, incident, person)
    _require_patience(incident, person, site.clock())
    return request


def decide(
    site: Site,
    incident: Incident,
    gate: str,
    *,
    person: str,
    code: str,
    word: Word,
    digest: str,
    reason: str = "",
    at: datetime | None = None,
) -> Standing:
    """Take one person's word on a gate; their one-time code is used up by it, and only by it.

    Args:
        site: the site.
        incident: the incident.
        gate: its name.
        person: id.
        code: six digits of their device, or their sealed code.
        word: `approve` or `refuse`.
        digest: of what they were shown.
        reason: why, in their words, without names; kept with the word.
        at: when they typed it, where that was a while ago: a code is looked at as of then, and
            not as of when a run came to read it; at most `READ_WITHIN` ago.

    Returns:
        How the gate stands now.

    Raises:
        UsageError: nobody asked, they may not, they have already, it is too late, they saw
            something older, too many wrong codes, or the code does not count.
    """
    request = require_may(site, incident, gate, person=person, digest=digest)
    try:
        means = prove(as_of(site, at), person, code, what=f"{incident.id} {gate} {digest[:12]}")
    except UsageError:
        incident.journal.append(WRONG, actor=person, gate=gate, person=person)
        raise
    why = {"reason": _plain(reason)} if reason.strip() else {}
    incident.journal.append(
        _KINDS[word],
        actor=person,
        gate=gate,
        digest=digest,
        person=person,
        word=word,
        means=means,
        **why,
    )
    return standing(request, _verdicts(incident), site.clock())


def required(incident: Incident, gate: str) -> Request:
    """Return what a gate asks for now.

    Raises:
        UsageError: it was not asked for.
    """
    found = request_of(incident, gate)
    if found is None:
        raise UsageError(
            "nobody has asked for the gate {gate} of {incident}",
            hint="Look at what waits: `baozhang incident show {incident}`.",
            gate=gate[:40],
            incident=incident.id,
        )
    return found


def _require_patience(incident: Incident, person: str, now: datetime) -> None:
    """Make sure that a person has not typed too many wrong codes lately."""
    recent = [
        event
        for event in incident.journal.events()
        if event.kind == WRONG and event.facts["person"] == person and event.at > now - WITHIN
    ]
    if len(recent) >= ATTEMPTS:
        raise TooManyCodesError(
            "{person} has typed {count} wrong codes for {incident}; no code counts for now",
            hint="Wait {minutes} minutes. Find out who it was if it was not you.",
            person=person,
            count=len(recent),
            incident=incident.id,
            minutes=WITHIN // timedelta(minutes=1),
        )


def _asked(incident: Incident, gate: str) -> Event | None:
    events = reversed(incident.journal.events())
    return next((e for e in events if e.kind == ASKED and e.facts["gate"] == gate), None)


def _request(incident: Incident, event: Event) -> Request:
    facts = event.facts
    named = str(facts["roles"]).split(",")
    known = {str(role): role for role in get_args(Role)}
    return Request(
        incident=incident.id,
        gate=str(facts["gate"]),
        digest=str(facts["digest"]),
        asked_by=event.actor,
        roles=tuple(known[name] for name in named if name in known),
        people=int(facts["people"]),
        at=event.at,
        expires=datetime.fromisoformat(str(facts["expires"])),
    )


def _verdicts(incident: Incident) -> Iterator[Verdict]:
    """Yield what people said, oldest first; their codes were counted."""
    for event in incident.journal.events():
        for word, kind in _KINDS.items():
            if event.kind == kind:
                facts = event.facts
                gate, digest, person = (str(facts[name]) for name in ("gate", "digest", "person"))
                yield Verdict(gate, digest, person, word, event.at)


def kept_as(gate: str) -> str:
    """Return the name under which what a gate asks for is kept."""
    return f"gate-{gate}"


def _plain(reason: str) -> str:
    """Return a reason as one line that a journal takes."""
    return "".join(c if c.isprintable() else " " for c in reason.strip())[:_MOST_REASON]
