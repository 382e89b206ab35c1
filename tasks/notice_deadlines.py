"""Deadlines of notices as alerts: before one is missed, and when it is; and promises to clients.

    half of the time is gone, or 30 minutes are left ──► due (urgent) ──► missed (urgent)
    a fact is missing that a deadline hangs on        ──► facts (urgent), from the same instant
    letters wait for approval, or to be handed over   ──► waiting (a notice)

Only a receipt ends it: a letter that lies in an outbox has told nobody.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from baozhang.catalog.model import Alert, AlertClass
from baozhang.clock import SHANGHAI
from baozhang.incidents.incidents import Incident
from baozhang.incidents.notices import (
    CLIENTS,
    Answered,
    Draft,
    Handed,
    Wanted,
    handed,
    newest_draft,
)

DUE, MISSED, FACTS, WAITING = "notice-due", "notice-missed", "notice-facts", "notice-waiting"
LEAST = timedelta(minutes=30)
"""How long before a deadline people hear of it at the latest."""
CLOSING_STAGES = frozenset({"recovered", "follow-up"})

NOTICE_TEMPLATES = {
    DUE: "notice {notice} of incident {incident} must be given by {by}, and nothing shows that it "
    "was",
    MISSED: "notice {notice} of incident {incident} should have been given by {by}; it is late",
    FACTS: "incident {incident}: whether it must be reported hangs on facts nobody has stated "
    "({facts}); the first deadline would be {by}",
    WAITING: "incident {incident}: these notices wait for a person: {notices}",
    "hint": "Run `baozhang notice list {incident}`: approve, hand over, record; follow "
    "docs/runbooks/notices.md.",
    "facts_hint": "State each with `baozhang notice fact {incident} NAME=VALUE --by PERSON`; follow"
    " docs/runbooks/notices.md.",
}


def warned_from(start: datetime, by: datetime) -> datetime:
    """Return from when a deadline is warned of: half of its time, 30 minutes before at the latest.

    A span too short for that is warned of from its start.
    """
    return max(start, min(start + (by - start) / 2, by - LEAST))


def notice_alerts(
    incident: Incident, wanted: Iterable[Wanted], every: timedelta, now: datetime
) -> Iterator[Alert]:
    """Yield an alert for each notice that runs late, and for each promise to clients that does."""
    for each in wanted:
        start, by = _running(incident, each, every)
        if by is not None and now >= warned_from(start, by):
            yield _alert(incident, DUE, each.id, by, now)
            if now >= by:
                yield _alert(incident, MISSED, each.id, by, now)


def _running(
    incident: Incident, each: Wanted, every: timedelta
) -> tuple[datetime, datetime | None]:
    """Return from when and until when the next word on a notice is due; None: none is."""
    draft = newest_draft(incident, each.id)
    told = [e for e in handed(incident) if e.notice == each.id and e.receipt]
    if not _everybody(draft, told):
        return each.start, each.by
    if each.id != CLIENTS or _ended(draft, told):
        return each.start, None
    last = _last_told(told)
    return last, last + every


def _everybody(draft: Draft | None, told: Sequence[Handed]) -> bool:
    """Tell whether everybody whom the notice is for has had a word of it."""
    reached = {each.client for each in told}
    return draft is not None and all(news.client in reached for news in draft.letters)


def _ended(draft: Draft | None, told: Sequence[Handed]) -> bool:
    """Tell whether clients were told that their data is back: the promise of progress ends."""
    if draft is None or draft.stage not in CLOSING_STAGES:
        return False
    if draft.stage == "follow-up":
        return True
    reached = {each.client for each in told if each.number == draft.number}
    return all(news.client in reached for news in draft.letters)


def _last_told(told: Sequence[Handed]) -> datetime:
    """Return when the client that was told longest ago was last told."""
    newest: dict[str, datetime] = {}
    for each in told:
        if each.receipt:
            newest[each.client] = max(each.receipt, newest.get(each.client, each.receipt))
    return min(newest.values())


def fact_alerts(
    incident: Incident, found: Iterable[Answered], start: datetime, now: datetime
) -> Iterator[Alert]:
    """Yield one alert for all facts that deadlines hang on, and for a review nobody has made."""
    open_ones = [e for e in found if e.answer in ("unknown", "review") and e.limit is not None]
    limits = [each.limit for each in open_ones if each.limit is not None]
    if not limits or now < warned_from(start, min(limits)):
        return
    missing = dict.fromkeys(name for each in open_ones for name in each.duty.missing)
    if any(each.answer == "review" for each in open_ones):
        missing["reviewed_grade"] = None
    facts = (
        ("incident", incident.id),
        ("facts", ", ".join(missing)),
        ("by", _moment(min(limits))),
    )
    yield _made(incident, "urgent", FACTS, incident.id, facts, "facts_hint", now)


def waiting_alerts(incident: Incident, waiting: Sequence[str], now: datetime) -> Iterator[Alert]:
    """Yield a calm word on notices that wait for approval, or to be handed over."""
    if waiting:
        facts = (("incident", incident.id), ("notices", ", ".join(waiting)))
        yield _made(incident, "notice", WAITING, incident.id, facts, "hint", now)


def _alert(incident: Incident, kind: str, notice: str, by: datetime, now: datetime) -> Alert:
    facts = (("incident", incident.id), ("notice", notice), ("by", _moment(by)))
    return _made(incident, "urgent", kind, f"{incident.id}/{notice}", facts, "hint", now)


def _made(
    incident: Incident,
    alert_class: AlertClass,
    kind: str,
    subject: str,
    facts: tuple[tuple[str, str | int], ...],
    hint: str,
    now: datetime,
) -> Alert:
    template, to_do = NOTICE_TEMPLATES[kind], NOTICE_TEMPLATES[hint]
    return Alert("", alert_class, kind, subject, incident.id, template, facts, to_do, now)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
