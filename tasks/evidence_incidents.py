"""What incidents show: each of the period, drills aside; where there was none, what was drilled.

An incident that has ended without what is asked for speaks against it; one that goes on still does
not speak yet.  A journal that cannot be read is named, and costs no other its word.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from baozhang.catalog.entries import RegisterBook
from baozhang.catalog.model import Entry
from baozhang.clock import business_day
from baozhang.errors import BaozhangError
from baozhang.governance.model import Period
from baozhang.governance.voice.records import WAVES
from baozhang.incidents.approvals import Request, Standing, Verdict, Word, standing
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import FILE, Journal
from baozhang.incidents.notices import handed, newest_draft
from baozhang.incidents.review import Action, actions_of
from tasks.drill_troubles import FOLDER
from tasks.evidence_asking import Args, Asking, Facts, Found, Rows, named, number, refs, word
from tasks.evidence_drills import played_event, played_gate, played_notices
from tasks.evidence_journals import Trace, day_of
from tasks.evidence_log import unclear, unsound
from tasks.evidence_words import CODE_TEMPLATES, EVENT_TEMPLATES, GATE_TEMPLATES
from tasks.notices import picture

LETTER = "letter:"
INCIDENT_TEMPLATES = {
    "event": "{good} of {all} incidents of the period have {event} on record; {open} go on",
    "signed": "at {good} of {all} incidents of the period people opened the gate {gate} with their "
    "codes; {open} go on",
    "notices": "{good} of {all} notices that fell due went out in time, of {incidents} incidents of"
    " the period",
    "reviews": "{good} of {all} incidents have a review that was signed within {within} days of "
    "their end",
    "asked_after": "of {good} of {all} incidents clients were surveyed within {within} days of "
    "their end",
    "actions": "{overdue} of {all} actions of incidents and drills are past their day on {day}; "
    "{done} are done",
    "open": "{count} incidents of the period go on and do not speak yet: {incidents}",
    "damaged": "the journals of {count} incidents could not be read: {incidents}",
    "missing": "whether {incidents} had to be told of hangs on facts that nobody has stated",
}


@dataclass(frozen=True, slots=True)
class _Word:
    """What one incident says to a question."""

    trace: Trace
    good: bool
    at: datetime  # of what says so
    refs: tuple[str, ...] = ()


Ask = Callable[[Trace], _Word | None]
"""None: it goes on, and does not speak yet."""


def incident(asking: Asking, args: Args) -> Found | None:
    """Tell whether every incident of the period has an event, a step or a letter (`letter:…`)."""
    event = word(args, "event")
    kind = event.removeprefix(LETTER) if event.startswith(LETTER) else ""
    written = {each.period: each for each in asking.site.catalog.letters(kind)} if kind else {}

    def ask(trace: Trace) -> _Word | None:
        letter = written.get(trace.id)
        if letter is not None and letter.at < asking.until:
            return _Word(trace, True, letter.at, (f"{LETTER}{kind}/{letter.number:06d}",))
        found = trace.first(event)
        if found is not None:
            return _Word(trace, True, found.at)
        return _Word(trace, False, trace.closed) if trace.closed else None

    says = EVENT_TEMPLATES.get(event, INCIDENT_TEMPLATES["event"])
    return _asked(asking, ask, says, {"event": event}) or played_event(asking, event)


def signed(asking: Asking, args: Args) -> Found | None:
    """Tell whether people opened a gate of every incident, each with a code that counted."""
    gate = word(args, "gate")
    if not asking.log.sound:
        return unsound(asking)

    def ask(trace: Trace) -> _Word | None:
        found = approved(trace, gate)
        if found is None or not found.by:
            return _Word(trace, False, trace.closed) if trace.closed else None
        counted = [asking.log.counted.get((each, found.what)) for each in found.by]
        seen = tuple(f"audit:{each.seq}" for each in counted if each)
        return _Word(trace, all(counted), found.at, seen)

    says = GATE_TEMPLATES.get(gate, INCIDENT_TEMPLATES["signed"])
    return _asked(asking, ask, says, {"gate": gate}) or played_gate(asking, gate)


def _asked(asking: Asking, ask: Ask, says: str, facts: dict[str, str | int]) -> Found | None:
    """Ask every incident of the period; None: there was none."""
    ours = [each for each in asking.incidents.traces if asking.within(each.opening.opened)]
    words = [found for each in ours if (found := ask(each)) is not None]
    bad = [each for each in words if not each.good]
    damaged = _damaged(asking)
    if damaged and not bad:
        return _unreadable(asking, damaged)
    if not ours:
        return None
    if not words:
        here = named(each.id for each in ours)
        return unclear(asking, INCIDENT_TEMPLATES["open"], {"count": len(ours), "incidents": here})
    return Found(
        result="fail" if bad else "pass",
        effective=max(each.at for each in words),
        says=says,
        facts=facts
        | {
            "good": len(words) - len(bad),
            "all": len(words),
            "open": len(ours) - len(words),
            "incidents": named(each.trace.id for each in bad),
        },
        refs=_refs(words, bad),
        digest=_digest(words),
    )


def _refs(words: Sequence[_Word], bad: Iterable[_Word]) -> tuple[str, ...]:
    newest = sorted(words, key=lambda each: each.at, reverse=True)
    shown = [ref for each in newest for ref in (f"incident:{each.trace.id}", *each.refs)]
    return refs((f"incident:{each.trace.id}" for each in bad), shown)


def _digest(words: Iterable[_Word]) -> str:
    rows = Rows()
    for each in words:
        good = "good" if each.good else "bad"
        rows.add(each.trace.id, each.trace.head, good, each.at.isoformat(), *each.refs)
    return rows.digest


def _damaged(asking: Asking) -> tuple[str, ...]:
    """Return the incidents of the period that cannot be read; one of no known day is of it."""
    period = asking.period
    return tuple(
        each
        for each in asking.incidents.damaged
        if not each.startswith("d-")
        and ((day := day_of(each)) is None or period.first <= day <= period.last)
    )


def _unreadable(asking: Asking, damaged: Sequence[str]) -> Found:
    facts: Facts = {"count": len(damaged), "incidents": named(damaged)}
    return unclear(asking, INCIDENT_TEMPLATES["damaged"], facts)


# --- gates ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approved:
    """Who opened a gate.

    Attributes:
        asked: id of the person or run that asked.
        by: their ids; none where it was not opened.
        at: when the last of them did.
        what: what their codes were counted for.
    """

    asked: str
    by: tuple[str, ...]
    at: datetime
    what: str


@dataclass(frozen=True, slots=True)
class ByCode:
    """What people did with their codes, as evidence: who asked, and somebody else who agreed."""

    found: Found
    asked: str
    agreed: str


def approved(trace: Trace, gate: str) -> Approved | None:
    """Return who opened a gate as it was last asked for; None: it was never asked for."""
    asked = [e for e in trace.events if e.kind == "gate.asked" and e.facts["gate"] == gate]
    if not asked:
        return None
    facts = asked[-1].facts
    request = Request(
        incident=trace.id,
        gate=gate,
        digest=str(facts["digest"]),
        asked_by=asked[-1].actor,
        roles=(),
        people=int(facts["people"]),
        at=asked[-1].at,
        expires=datetime.fromisoformat(str(facts["expires"])),
    )
    verdicts = tuple(_verdicts(trace, gate))
    found: Standing = standing(request, verdicts, trace.events[-1].at)
    ours = [each.at for each in verdicts if each.digest == request.digest]
    by = found.by if found.state == "approved" else ()
    what = f"{trace.id} {gate} {request.digest[:12]}"
    return Approved(request.asked_by, by, max(ours, default=request.at), what)


def by_code(asking: Asking, gate: str) -> ByCode | None:
    """Return who opened a gate of the newest incident that came to it, each with their code.

    None: nobody but who asked; or that incident or the log cannot be read, so nothing is known.
    """
    asked = [(each, approved(each, gate)) for each in asking.incidents.traces]
    came = [(trace, found) for trace, found in asked if found is not None]
    if not came or not asking.log.sound:
        return None
    trace, found = came[-1]
    counted = [asking.log.counted.get((each, found.what)) for each in found.by]
    others = [each for each in found.by if each != found.asked]
    newer = any(not each.startswith("d-") and each > trace.id for each in asking.incidents.damaged)
    if newer or not others or not all(counted):
        return None
    rows = Rows()
    rows.add(trace.id, gate, found.what, found.at.isoformat(), *found.by)
    seen = (f"audit:{each.seq}" for each in counted if each)
    made = Found(
        result="pass",
        effective=found.at,
        says=CODE_TEMPLATES[gate],
        facts={"incident": trace.id, "people": named(found.by)},
        refs=refs((f"incident:{trace.id}", *seen)),
        digest=rows.digest,
    )
    return ByCode(made, found.asked, others[-1])


def _verdicts(trace: Trace, gate: str) -> Iterable[Verdict]:
    words: dict[str, Word] = {"approval": "approve", "refusal": "refuse"}
    for event in trace.events:
        if event.kind in words and event.facts["gate"] == gate:
            digest, person = str(event.facts["digest"]), str(event.facts["person"])
            yield Verdict(gate, digest, person, words[event.kind], event.at)


# --- notices --------------------------------------------------------------------------------------


def notices(asking: Asking, _args: Args) -> Found | None:
    """Tell whether every notice of the period's incidents that fell due had gone out in time."""
    ours = [each for each in asking.incidents.traces if asking.within(each.opening.opened)]
    damaged, words, unknown = list(_damaged(asking)), list[tuple[str, _Word]](), list[str]()
    for trace in ours:
        try:
            words += _notices(asking, trace)
            unknown += [trace.id] if _hangs(asking, trace) else []
        except BaozhangError:
            damaged.append(trace.id)
    bad = [(notice, each) for notice, each in words if not each.good]
    if not bad and damaged:
        return _unreadable(asking, damaged)
    if not bad and unknown:
        return unclear(asking, INCIDENT_TEMPLATES["missing"], {"incidents": named(unknown)})
    if not words:
        return None if ours else played_notices(asking)
    rows = Rows()
    for notice, each in words:
        rows.add(each.trace.id, notice, each.at.isoformat(), int(each.good))
    return Found(
        result="fail" if bad else "pass",
        effective=max(each.at for _, each in words),
        says=INCIDENT_TEMPLATES["notices"],
        facts={
            "good": len(words) - len(bad),
            "all": len(words),
            "incidents": len({each.trace.id for _, each in words}),
            "late": named(f"{each.trace.id}/{notice}" for notice, each in bad),
        },
        refs=_refs([each for _, each in words], [each for _, each in bad]),
        digest=rows.digest,
    )


def _notices(asking: Asking, trace: Trace) -> list[tuple[str, _Word]]:
    """Return each notice that has a deadline: given in time, or late; those to come are left out.

    Nothing is said of one without a deadline.
    """
    found = []
    for each in picture(asking.site, trace.incident).wanted:
        if each.by is None:
            continue
        at = _given(trace, each.id, asking.until)
        if at is not None:
            found.append((each.id, _Word(trace, at <= each.by, at)))
        elif each.by < asking.until:
            found.append((each.id, _Word(trace, False, each.by)))
    return found


def _given(trace: Trace, notice: str, until: datetime) -> datetime | None:
    """Return when the last of those whom a notice is for had it; None: somebody has not.

    Only a receipt counts: a letter that lies in an outbox has told nobody.
    """
    draft, first = newest_draft(trace.incident, notice), dict[str, datetime]()
    for each in handed(trace.incident):
        if each.notice == notice and each.receipt and each.receipt < until:
            first[each.client] = min(each.receipt, first.get(each.client, each.receipt))
    if draft is None or any(news.client not in first for news in draft.letters):
        return None
    return max((first[news.client] for news in draft.letters), default=None)


def _hangs(asking: Asking, trace: Trace) -> bool:
    """Tell whether a deadline that is over hangs on a fact that nobody has stated."""
    return any(
        each.answer in ("unknown", "review")
        and each.limit is not None
        and each.limit < asking.until
        for each in picture(asking.site, trace.incident).answers
    )


# --- reviews and actions --------------------------------------------------------------------------


def reviews(asking: Asking, args: Args) -> Found | None:
    """Tell whether incidents that ended have a signed review in so many days.

    Asked of those whose days ran out in the period, and of those that were signed in it.
    """
    days = number(args, "within")
    within = timedelta(days=days)
    words = [
        found
        for trace in asking.incidents.traces
        if trace.closed and (found := _reviewed(asking, trace, trace.closed + within)) is not None
    ]
    return _since_their_end(asking, words, "reviews", days)


def asked_after(asking: Asking, args: Args) -> Found | None:
    """Tell whether clients were surveyed within so many days of the end of each incident.

    Asked of those whose days ran out in the period, and of those surveyed in it.
    """
    days = number(args, "within")
    waves = {
        str(values["incident"]): entry
        for entry in reversed(RegisterBook(asking.site.catalog).history(WAVES.name))
        if (values := dict(entry.values)).get("incident") and entry.at < asking.until
    }
    words = []
    for trace in asking.incidents.traces:
        if trace.closed:
            last = business_day(trace.closed) + timedelta(days=days)
            found = _surveyed(asking, trace, waves.get(trace.id), Period(last, last).end)
            words += [found] if found else []
    return _since_their_end(asking, words, "asked_after", days)


def _surveyed(asking: Asking, trace: Trace, wave: Entry | None, due: datetime) -> _Word | None:
    over = asking.begin < due <= asking.until
    if wave is None:
        return _Word(trace, False, min(due, asking.last)) if over else None
    if not over and not asking.within(wave.at):
        return None
    return _Word(trace, wave.at < due, wave.at, (f"entry:{wave.register}/{wave.id}/1",))


def _since_their_end(
    asking: Asking, words: Sequence[_Word], template: str, days: int
) -> Found | None:
    """Return what incidents say that had so many days from their end on."""
    bad = [each for each in words if not each.good]
    damaged = _damaged(asking)
    if damaged and not bad:
        return _unreadable(asking, damaged)
    if not words:
        return None
    return Found(
        result="fail" if bad else "pass",
        effective=max(each.at for each in words),
        says=INCIDENT_TEMPLATES[template],
        facts={
            "good": len(words) - len(bad),
            "all": len(words),
            "within": days,
            "incidents": named(each.trace.id for each in bad),
        },
        refs=_refs(words, bad),
        digest=_digest(words),
    )


def _reviewed(asking: Asking, trace: Trace, due: datetime) -> _Word | None:
    found = approved(trace, "review")
    if found is not None and found.by and (asking.within(found.at) or asking.within(due)):
        return _Word(trace, found.at <= due, found.at)
    if (found is None or not found.by) and asking.begin <= due and due < asking.until:
        return _Word(trace, False, due)
    return None


@dataclass(frozen=True, slots=True)
class _Held:
    """An action, and what it follows from."""

    holder: str  # `incident:…`, `drill:…`
    action: Action
    done: datetime | None  # when; None: it was open at the period's end

    @property
    def at(self) -> datetime:
        """When it was last changed."""
        return self.done or self.action.at


def actions(asking: Asking, _args: Args) -> Found | None:
    """Tell whether no action that follows from an incident or a drill is past its day."""
    today = business_day(asking.last)
    held, damaged = _held(asking)
    overdue = [each for each in held if each.done is None and each.action.due < today]
    if damaged and not overdue:
        return _unreadable(asking, damaged)
    if not held:
        return None
    rows = Rows()
    for each in held:
        action = each.action
        rows.add(each.holder, action.number, action.due.isoformat(), each.at.isoformat())
    newest = sorted(held, key=lambda each: each.at, reverse=True)
    return Found(
        result="fail" if overdue else "pass",
        effective=newest[0].at,
        says=INCIDENT_TEMPLATES["actions"],
        facts={
            "overdue": len(overdue),
            "all": len(held),
            "done": sum(each.done is not None for each in held),
            "day": asking.day,
            "late": named(f"{each.holder}/{each.action.number}" for each in overdue),
        },
        refs=refs((each.holder for each in overdue), (each.holder for each in newest)),
        digest=rows.digest,
    )


def _held(asking: Asking) -> tuple[list[_Held], list[str]]:
    """Return every action that stood at the period's end, and what could not be read."""
    found, damaged = list[_Held](), list(asking.incidents.damaged)
    for name, holder in _holders(asking):
        try:
            known = actions_of(holder)
        except BaozhangError:
            damaged.append(holder.id)
            continue
        for each in known:
            if each.at < asking.until:
                ended = each.done is not None and each.done < asking.until
                found.append(_Held(name, each, each.done if ended else None))
    return found, damaged


def _holders(asking: Asking) -> Iterator[tuple[str, Incident]]:
    for trace in asking.incidents.traces:
        yield f"incident:{trace.id}", trace.incident
    site = asking.site
    for file in sorted((site.home / "state" / FOLDER).glob(f"*/{FILE}")):
        folder = file.parent
        yield f"drill:{folder.name}", Incident(folder, Journal.open(folder, site.clock))
