"""Who must be told of an incident, until when, and what is known to tell them; pure, and stored.

    journal (facts, milestones) ─┐
    scope, plan, recovered ──────┼──► facts of the law ──► an answer per clock ──► notices wanted
    settings ────────────────────┘                                                    │
                                       News: all that one letter may say  ◄───────────┘
                                       Draft: the letters of one notice, as they are approved

A fact that nobody stated is unknown (None) and stays so; who could know it is named in
`KNOWERS`.  A `News` for a client holds that client's losses and nobody else's, so that no letter
made of it can tell more.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, get_args

from baozhang.errors import UsageError
from baozhang.incidents.incidents import CLOSED, Incident
from baozhang.incidents.journal import Event, Fact
from baozhang.incidents.model import (
    CutOver,
    CutOverAll,
    Id,
    Kind,
    Loss,
    Opening,
    Plan,
    Recovered,
    RecoveredAll,
    Restoration,
    Value,
)
from baozhang.incidents.scope import Scope
from baozhang.policies.law.duties import Answer, Duty, Facts, duties
from baozhang.policies.law.register import Grade, Register
from baozhang.policies.law.register import Role as LegalRole
from baozhang.settings import Notices, Role

FACT, MILESTONE = "fact", "milestone"
DRAFTED, SENT, RECEIPT = "notice.drafted", "notice.sent", "notice.receipt"
CLIENTS, INSURER, VENDOR, FINAL = "clients", "insurer", "vendor", "final-report"
TELL_CLIENT, OWN_PLAN, INTERESTED = "tell-client", "activate-plan", "interested-parties"
REPORTS = ("cyberspace-4h", "protection-1h", "central-2h")
"""Clocks of the report of a cybersecurity incident; facts that come later are reported as well."""
OWN_TARGET = timedelta(hours=24)
"""Ours, for an insurer and a vendor: their contracts say "without delay"."""
UNKNOWN = "unknown"

Milestone = Literal["plan-approved", "restored", "cut-over", "closed"]
Stage = Literal["first", "progress", "recovered", "follow-up", "supplement", "final"]
Form = Literal["yes-no", "count", "fen", "role", "grade", "text"]

FORMS: Mapping[str, Form] = {
    "role": "role",
    "personal_data": "yes-no",
    "persons": "count",
    "loss_fen": "fen",
    "client_data": "yes-no",
    "critical_infrastructure": "yes-no",
    "central_organ": "yes-no",
    "harm_to_others": "yes-no",
    "harm_avoided": "yes-no",
    "suspected_crime": "yes-no",
    "paper_invoices_lost": "yes-no",
    "reviewed_grade": "grade",
    "cause": "text",
    "place": "text",
    "occurred": "text",
    "systems": "text",
    "trend": "text",
    "leads": "text",
    "help": "text",
    "kinds": "text",
    "harm": "text",
    "advice": "text",
    "ransom": "text",
    "invoices": "text",
    "how_lost": "text",
    "accountability": "text",
    "improvement": "text",
    "lessons": "text",
}
"""What people may state of an incident, and in which form; texts fill the blanks of letters."""

KNOWERS: Mapping[str, Role] = {
    "role": "approver",
    "personal_data": "accountant",
    "persons": "accountant",
    "loss_fen": "manager",
    "client_data": "operator",
    "critical_infrastructure": "approver",
    "central_organ": "approver",
    "harm_to_others": "manager",
    "harm_avoided": "operator",
    "suspected_crime": "approver",
    "paper_invoices_lost": "accountant",
}
"""Who could know a fact that nobody has stated."""


@dataclass(frozen=True, slots=True)
class Known:
    """One fact, and where it comes from: a person's id, `opening`, `scope` or `settings`."""

    name: str
    value: Fact
    source: str
    why: str = ""


def known(incident: Incident, settings: Notices) -> dict[str, Known]:
    """Return every fact that is known, by name; what people stated counts before all else."""
    found = {
        name: Known(name, value, "settings")
        for name, value in (
            ("role", settings.role),
            ("critical_infrastructure", settings.critical_infrastructure),
            ("central_organ", settings.central_organ),
        )
    }
    opening = incident.opening()
    if opening.cause:
        found["cause"] = Known("cause", opening.cause, "opening")
    found["client_data"] = _client_data(incident, opening)
    for event in incident.journal.events():
        if event.kind == FACT:
            name = str(event.facts["name"])
            why = str(event.facts.get("why", ""))
            found[name] = Known(name, event.facts["value"], event.actor, why)
            if event.facts["value"] == UNKNOWN:
                del found[name]
    return found


def _client_data(incident: Incident, opening: Opening) -> Known:
    """Clients' sets were named as hit, which holds until a comparison shows that none is."""
    compared = opening.kind in ("lost", "damaged", "tampered") and incident.has("scope")
    if compared and all(each.nothing for each in incident.value("scope", Scope).losses):
        return Known("client_data", False, "scope")
    return Known("client_data", True, "opening")


def state(incident: Incident, name: str, value: Fact, *, by: str, why: str = "") -> None:
    """Write a fact down, in the name of who states it.

    Raises:
        UsageError: no such fact, or a value that it cannot have.
    """
    if name not in FORMS or not _fits(FORMS[name], value):
        raise UsageError(
            "not a fact of an incident: {name}",
            hint="Write one of {known}, each as NAME=VALUE; `unknown` takes it back.",
            name=name[:40],
            known=", ".join(FORMS),
        )
    extra = {"why": why} if why else {}
    incident.journal.append(FACT, actor=by, name=name, value=value, **extra)


def _fits(form: Form, value: Fact) -> bool:
    if value == UNKNOWN:
        return True
    if form == "yes-no":
        return isinstance(value, bool)
    if form in ("count", "fen"):
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if form == "role":
        return value in get_args(LegalRole)
    if form == "grade":
        return value in (*get_args(Grade), "below")
    return isinstance(value, str) and bool(value.strip())


def facts_of(incident: Incident, found: Mapping[str, Known]) -> Facts:
    """Return the facts as the law register asks for them."""
    legal = {
        name: each.value
        for name, each in found.items()
        if FORMS.get(name, "text") != "text"  # texts are for letters alone
    }
    facts = Facts(discovered=incident.opening().discovered)
    return replace(facts, **legal, reported=_reported(incident), closed=_closed(incident))  # type: ignore[arg-type]


def _reported(incident: Incident) -> bool:
    return any(
        event.kind == RECEIPT and event.facts["notice"] in REPORTS
        for event in incident.journal.events()
    )


def _closed(incident: Incident) -> datetime | None:
    return next((e.at for e in incident.journal.events() if e.kind == CLOSED), None)


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer of one clock, and until when it must be given if it is not known yet."""

    duty: Duty
    limit: datetime | None  # the law's, else our own; None: there is neither

    @property
    def answer(self) -> Answer:
        """Yes, review, unknown, or no because a known fact rules it out."""
        return self.duty.answer


def answers(register: Register, facts: Facts) -> tuple[Answered, ...]:
    """Return the answer of each clock; one that is open has the deadline that it would have."""
    return tuple(_answered(register, duty, facts) for duty in duties(register, facts))


def _answered(register: Register, duty: Duty, facts: Facts) -> Answered:
    if duty.answer in ("review", "unknown"):
        wanted = {name: value for name, value in duty.clock.when.wanted() if name != "closed"}
        then = replace(facts, **wanted, reviewed_grade="gravest")  # type: ignore[arg-type]
        duty_then = next(e for e in duties(register, then) if e.clock.id == duty.clock.id)
        return Answered(duty, duty_then.by or duty_then.target)
    return Answered(duty, duty.by or duty.target)


def must_report(found: Iterable[Answered]) -> Answered:
    """Return the one answer to "must we report it to the authority?": the gravest of its clocks."""
    order: tuple[Answer, ...] = ("yes", "unknown", "review", "no")
    theirs = [each for each in found if each.duty.clock.id in REPORTS]
    return min(theirs, key=lambda each: order.index(each.answer))


@dataclass(frozen=True, slots=True)
class Wanted:
    """One notice that is to be given.

    Attributes:
        id: of the notice: a clock's, or one of `clients`, `insurer`, `vendor`.
        start: from when its time runs.
        by: until when; the law's, else our own.
        lawful: `by` is the law's.
    """

    id: str
    start: datetime
    by: datetime | None
    lawful: bool


def wanted(
    found: Iterable[Answered], facts: Facts, settings: Notices, discovered: datetime
) -> tuple[Wanted, ...]:
    """Return the notices that are to be given, in the register's order."""
    due = [each for each in found if each.answer == "yes" and each.duty.clock.id != OWN_PLAN]
    notices = [_wanted(each, facts) for each in due]
    if facts.client_data and CLIENTS not in {each.id for each in notices}:
        notices.append(Wanted(CLIENTS, discovered, discovered + settings.every, lawful=False))
    for party, name in ((settings.insurer, INSURER), (settings.vendor, VENDOR)):
        if party is not None:
            notices.append(Wanted(name, discovered, discovered + OWN_TARGET, lawful=False))
    return tuple(notices)


def _wanted(each: Answered, facts: Facts) -> Wanted:
    clock = each.duty.clock
    start = facts.closed if clock.start == "closed" and facts.closed else facts.discovered
    name = CLIENTS if clock.id == TELL_CLIENT else clock.id
    return Wanted(name, start, each.limit, lawful=each.duty.by is not None)


class Passed(Value):
    """A milestone of the recovery, and when it was reached."""

    name: Milestone
    at: datetime


class News(Value):
    """All that one letter may say.

    Attributes:
        client: id of whom it is about and for; "": it is about all, and names nobody.
        clients: how many clients are hit.
        scoped: what is lost was compared, and `losses` says it.
        losses, recovered, put: of that client, or of all.
        point: the oldest backup point that is restored from; None: no plan yet.
        deadline: the next filing day of those that are hit; None: not known.
        seconds: how long the plan takes; measured: how many restores that rests on.
        preserved: what is there now was stored as evidence first.
        stated: facts by name, as text, those that letters may tell.
        every: seconds between two notices of progress, as promised.
        follow_up: seconds after the recovery.
    """

    incident: Id
    notice: Id
    number: int
    stage: Stage
    at: datetime
    nature: Kind
    discovered: datetime
    opened: datetime
    drill: str
    client: str
    clients: int
    scoped: bool
    losses: tuple[Loss, ...]
    point: datetime | None
    deadline: date | None
    seconds: int
    measured: int
    recovered: tuple[Recovered, ...]
    put: tuple[CutOver, ...]
    passed: tuple[Passed, ...]
    preserved: bool
    stopped: bool
    stated: tuple[tuple[str, str], ...]
    every: int
    follow_up: int

    def fact(self, name: str) -> str:
        """Return a stated fact as text, "" where nobody stated it."""
        return dict(self.stated).get(name, "")

    def reached(self, name: Milestone) -> datetime | None:
        """Return when a milestone was reached; None: it was not."""
        return next((each.at for each in self.passed if each.name == name), None)

    @property
    def missing(self) -> tuple[Loss, ...]:
        """What was lost or damaged, or could not be compared, and was not put back into use."""
        put = {(each.client, each.set) for each in self.put}
        return tuple(e for e in self.losses if not e.nothing and (e.client, e.set) not in put)


class Draft(Value):
    """The letters of one notice, as they are approved.

    Attributes:
        number: from 1 within the notice; a newer draft makes an older one void.
        letters: one, or one per client.
        words: SHA-256 of each letter's words in all languages; what is approved is the words.
    """

    notice: Id
    number: int
    stage: Stage
    letters: tuple[News, ...]
    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """What it is kept as."""
        return f"notice-{self.notice}-{self.number}"


def matter(letters: Iterable[News]) -> tuple[News, ...]:
    """Return what letters say, without their number and the instant they were drafted at."""
    return tuple(
        each.model_copy(update={"number": 0, "at": each.opened, "passed": _told(each.passed)})
        for each in letters
    )


def significant(letters: Iterable[News]) -> tuple[News, ...]:
    """Return what is worth a supplement: facts and losses, not how far the recovery has come."""
    same = {"stage": "first", "seconds": 0, "measured": 0, "point": None, "deadline": None}
    less = {"passed": (), "recovered": (), "put": (), "stopped": False, "preserved": False}
    return tuple(each.model_copy(update=same | less) for each in matter(letters))


def _told(passed: Iterable[Passed]) -> tuple[Passed, ...]:
    """Without the closing: it is ours alone, and tells nobody outside anything."""
    return tuple(each for each in passed if each.name != "closed")


def drafts(incident: Incident, notice: str) -> tuple[Draft, ...]:
    """Return the drafts of a notice, oldest first."""
    found = list[Draft]()
    while incident.has(f"notice-{notice}-{len(found) + 1}"):
        found.append(incident.value(f"notice-{notice}-{len(found) + 1}", Draft))
    return tuple(found)


def newest_draft(incident: Incident, notice: str) -> Draft | None:
    """Return the newest draft of a notice; None: there is none."""
    head = f"notice-{notice}-"
    kept = [str(e.facts["name"]) for e in incident.journal.events() if e.kind == "kept"]
    numbers = [int(n.removeprefix(head)) for n in kept if n.startswith(head) and _tail(n, head)]
    return incident.value(f"{head}{max(numbers)}", Draft) if numbers else None


def _tail(name: str, head: str) -> bool:
    return name.removeprefix(head).isdigit()


@dataclass(frozen=True, slots=True)
class Handed:
    """How one letter of a draft has fared.

    Attributes:
        letter: its number among the letters of its kind; 0: it was told in another way.
        outbox: its name in the outbox; "": a person hands it over.
        receipt: when it is known to have arrived; None: not yet.
        means: how that is known: `smtp`, `telephone`, `portal`, `paper`, `drill`, ...
    """

    notice: str
    number: int
    client: str
    sent: datetime | None
    letter: int = 0
    outbox: str = ""
    receipt: datetime | None = None
    means: str = ""


def handed(incident: Incident) -> tuple[Handed, ...]:
    """Return every letter that was sent or handed over, in order."""
    found: dict[tuple[str, int, str], Handed] = {}
    for event in incident.journal.events():
        if event.kind in (SENT, RECEIPT):
            key = _key(event)
            found[key] = _handed(found.get(key) or Handed(*key, None), event)
    return tuple(found.values())


def _key(event: Event) -> tuple[str, int, str]:
    facts = event.facts
    return str(facts["notice"]), int(facts["number"]), str(facts["client"])


def _handed(before: Handed, event: Event) -> Handed:
    facts = event.facts
    if event.kind == SENT:
        letter, outbox = int(facts["letter"]), str(facts["outbox"])
        return replace(before, sent=event.at, letter=letter, outbox=outbox)
    at = datetime.fromisoformat(str(facts["at"]))
    if before.receipt is not None and before.receipt <= at:
        return before
    return replace(before, receipt=at, means=str(facts["means"]))


def news_of(incident: Incident, settings: Notices, now: datetime) -> News:
    """Return all that is known of an incident; `about` makes a letter's part of it."""
    opening, events = incident.opening(), incident.journal.events()
    losses = incident.value("scope", Scope).losses if incident.has("scope") else ()
    plan = incident.value("plan", Plan) if incident.has("plan") else None
    back = incident.value("recovered", RecoveredAll).sets if incident.has("recovered") else ()
    put = incident.value("cut-over", CutOverAll).sets if incident.has("cut-over") else ()
    return News(
        incident=incident.id,
        notice=CLIENTS,
        number=0,
        stage="first",
        at=now,
        nature=opening.kind,
        discovered=opening.discovered,
        opened=opening.opened,
        drill=opening.drill,
        client="",
        clients=len({client for client, _ in opening.sets}),
        scoped=incident.has("scope"),
        losses=losses,
        point=min((each.at for each in plan.restorations), default=None) if plan else None,
        deadline=_next(plan.restorations) if plan else None,
        seconds=plan.seconds if plan else 0,
        measured=plan.measured if plan else 0,
        recovered=back,
        put=put,
        passed=tuple(_passed(events)),
        preserved=incident.has("evidence"),
        stopped=any(event.kind == "stop.ordered" for event in events),
        stated=tuple(_stated(known(incident, settings))),
        every=settings.every // timedelta(seconds=1),
        follow_up=settings.follow_up // timedelta(seconds=1),
    )


def _next(restorations: Iterable[Restoration]) -> date | None:
    """Return the next filing day of the clients that are restored."""
    return min((each.deadline for each in restorations if each.deadline), default=None)


def _passed(events: Iterable[Event]) -> Iterator[Passed]:
    for event in events:
        if event.kind == MILESTONE and event.facts["name"] in get_args(Milestone):
            yield Passed.model_validate({"name": event.facts["name"], "at": event.at})


CLIENT_FACTS = frozenset({"cause", "personal_data", "kinds", "harm", "advice"})
"""What a client is told of what people stated; the rest is no business of its."""
_TOLD_FACTS = frozenset(FORMS) - {"critical_infrastructure", "central_organ", "client_data"}


def _stated(found: Mapping[str, Known]) -> Iterator[tuple[str, str]]:
    for name in sorted(_TOLD_FACTS & found.keys()):
        value = found[name].value
        yield name, ("yes" if value else "no") if isinstance(value, bool) else str(value)


def about(news: News, client: str, plan: Plan | None, others: Iterable[str]) -> News:
    """Return what may be told one client: its own sets, and no word that names another's.

    Args:
        news: all that is known.
        client: id of the client.
        plan: the plan that stands; None: there is none.
        others: ids of all other clients; where people wrote one down, it is covered.
    """
    mine = [r for r in plan.restorations if r.client == client] if plan else []
    named = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in others) or r"(?!)")
    return news.model_copy(
        update={
            "client": client,
            "clients": 1,
            "losses": tuple(each for each in news.losses if each.client == client),
            "recovered": tuple(each for each in news.recovered if each.client == client),
            "put": tuple(each for each in news.put if each.client == client),
            "point": min((each.at for each in mine), default=None),
            "deadline": _next(mine),
            "seconds": news.seconds if mine else 0,
            "stated": tuple(
                (name, named.sub("＊＊＊", text))
                for name, text in news.stated
                if name in CLIENT_FACTS
            ),
        }
    )


def told_clients(incident: Incident) -> tuple[str, ...]:
    """Return the clients that have heard of an incident: they are told its end as well."""
    found = (each.client for each in handed(incident) if each.notice == CLIENTS)
    return tuple(dict.fromkeys(found))


def clients_of(incident: Incident) -> tuple[str, ...]:
    """Return the clients that are hit, in the order in which they were named.

    A client whose sets were compared and lack nothing is none of them, where that can be told.
    """
    opening = incident.opening()
    named = tuple(dict.fromkeys(client for client, _ in opening.sets))
    if opening.kind not in ("lost", "damaged", "tampered") or not incident.has("scope"):
        return named
    losses = incident.value("scope", Scope).losses
    whole = {e.client for e in losses} - {e.client for e in losses if not e.nothing}
    return tuple(client for client in named if client not in whole)
