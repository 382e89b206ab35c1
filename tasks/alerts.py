"""Alerts from the day they are raised until somebody has acknowledged or mended them.

    trouble appears ──► raised ──► told, step 1 ──(nobody acknowledges)──► step 2 ──► … ──► hourly
                                        │                                              at the last
                                        ├─ a bot or the mail fails: the others carry it, and the
                                        │  failure is a trouble of its own
    trouble is gone ──► mended ──► told once more

Told first, written down afterwards: whoever dies in between tells twice, never not at all.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.model import AlertEvent, KnownAlert
from baozhang.errors import BaozhangError, UnreachableError, UsageError
from baozhang.notify.channel import Channel, Wait
from baozhang.settings import Role
from baozhang.site import Site
from reports.alert import Step
from tasks.alert_letters import write_alert
from tasks.alert_words import closing_lines, lines_of
from tasks.channels import channels
from tasks.gate import gate
from tasks.incident_troubles import ALERT, note_acknowledged
from tasks.troubles import MAIL, Look, is_carried, note_of

AT_THE_TOP = timedelta(hours=1)
"""How often the last step is told again: often enough to wake, seldom enough to be read."""
STAYING = frozenset({"clock", "heartbeat"})
"""Troubles that a look does not find any more though nobody has dealt with them, and those that
are mended where they were found."""


Said = Callable[[str], Sequence[str]]
"""Returns what a bot says, line by line, in a language."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a look changed; ids of alerts."""

    raised: tuple[str, ...]
    mended: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What was told; ids of alerts."""

    told: tuple[str, ...]
    closed: tuple[str, ...]
    failed: tuple[str, ...]  # channels, "@mail", that did not take something


def keep_troubles(site: Site, look: Look) -> Kept:
    """Raise an alert for each new trouble, and mend those whose trouble is gone."""
    book, now = AlertBook(site.catalog), site.clock()
    current = {(each.kind, each.subject) for each in look.troubles}
    with site.catalog.transaction():
        raised = [book.raised(trouble) for trouble in look.troubles]
        gone = [
            known.alert.id
            for known in book.unmended()
            if (known.alert.kind, known.alert.subject) not in current
            and known.alert.kind not in STAYING | look.unseen
        ]
        book.add(*(AlertEvent(alert, "mended", now) for alert in gone))
    return Kept(tuple(known.alert.id for known, new in raised if new), tuple(gone))


def mend(site: Site, kind: str) -> None:
    """Mend the alerts of a kind."""
    book = AlertBook(site.catalog)
    with site.catalog.transaction():
        mine = [known.alert.id for known in book.unmended() if known.alert.kind == kind]
        book.add(*(AlertEvent(alert, "mended", site.clock()) for alert in mine))


def tell(site: Site, *, wait: Wait = time.sleep) -> Told:
    """Tell whatever has not been told, goes a step up, or is over.

    Raises:
        UnreachableError: somebody should be told of something and nothing could carry it.
        UsageError: it lies in the outbox alone, and no letter leaves that.
    """
    book, voice = AlertBook(site.catalog), Voice(site, wait)
    steps, now = _steps(site), site.clock()
    told, unheard = list[str](), list[str]()
    for known in book.unmended():
        number = due_step(known, len(steps), site.agency.file.alerts.acknowledge_within, now)
        if number is not None:
            step = Step(number, len(steps), steps[number - 1]) if number else None
            heard = voice.tell(known, step, partial(lines_of, site, known, step))
            (told if heard else unheard).append(known.alert.id)
    closed = [known.alert.id for known in book.unclosed() if voice.close(known)]
    if unheard:
        raise unheard_of(unheard)
    if voice.unread:
        raise unread_of(voice.unread)
    return Told(tuple(told), tuple(closed), tuple(sorted(voice.failed)))


def unheard_of(alerts: Iterable[str]) -> UnreachableError:
    """Return the error of alerts that nothing could carry."""
    return UnreachableError(
        "nobody could be told of the alerts {alerts}",
        hint="Mend the bots (`baozhang alert test`) or the outbox; it is tried again.",
        alerts=", ".join(alerts),
    )


def unread_of(alerts: Iterable[str]) -> UsageError:
    """Return the error of alerts that are written, and that nobody will get to read."""
    return UsageError(
        "nobody reads the alerts {alerts}: no bot took them, and no letter leaves the outbox",
        hint="Name a mail server or a bot in agency.yaml; look at `baozhang mail list`.",
        alerts=", ".join(alerts),
    )


def _steps(site: Site) -> tuple[Role, ...]:
    return site.agency.file.alerts.steps


def due_step(known: KnownAlert, steps: int, within: timedelta, now: datetime) -> int | None:
    """Return the step at which an open alert must be told now, from 1; None: not yet.

    A notice is told once, as step 0.  An instant that lies in the future comes of a wrong clock: it
    holds nothing back.
    """
    last = known.last("told")
    if known.state != "open" or (last and known.alert.alert_class != "urgent"):
        return None
    if known.alert.alert_class != "urgent":
        return 0
    if last is None:
        return 1
    pause = within if last.step < steps else AT_THE_TOP
    if timedelta(0) <= now - last.at < pause:
        return None
    return min(last.step + 1, steps)


class Voice:
    """Tells alerts through every carrier there is, and writes down who carried them."""

    def __init__(self, site: Site, wait: Wait) -> None:
        self._site, self._wait = site, wait
        self._gate = gate(site)
        self.failed: set[str] = set()
        self.unread: list[str] = []  # alerts that lie in an outbox nothing leaves

    def tell(self, known: KnownAlert, step: Step | None, said: Said) -> bool:
        """Tell an alert through the bots of its class, and by mail; False: nothing carried it.

        A morning line goes by mail only where no bot took it.
        """
        number = step.number if step else 0
        events = self._by_bots(known, said, number)
        if known.alert.alert_class != "morning" or not _is_carried(events):
            events.append(self._by_mail(known, step, said))
        heard = _is_carried(events)
        if heard and not _is_read(self._site, events):
            self.unread.append(known.alert.id)
        if heard:
            role = step.role if step else ""
            events.append(AlertEvent(known.alert.id, "told", self._site.clock(), role, number))
        self._write(events)
        if heard and number > 1 and step:
            self._audit(known, step)
        return heard

    def close(self, known: KnownAlert) -> bool:
        """Say that an alert is over, to those who were told of it; False: nothing carried it."""
        last, events = known.last("told"), list[AlertEvent]()
        if last is not None:
            steps = _steps(self._site)
            at = min(last.step, len(steps))
            step = Step(at, len(steps), steps[at - 1]) if at else None
            said = partial(closing_lines, self._site, known)
            events = [*self._by_bots(known, said, at), self._by_mail(known, step, said)]
        over = last is None or _is_carried(events)
        if over:
            events.append(AlertEvent(known.alert.id, "closed", self._site.clock()))
        self._write(events)
        return over

    def _by_bots(self, known: KnownAlert, said: Said, step: int) -> list[AlertEvent]:
        events = []
        for channel in channels(self._site, known.alert.alert_class, wait=self._wait):
            if isinstance(channel, Channel):
                error = channel.send([self._gate.masked(line) for line in said(channel.language)])
            else:
                error = channel.error
            events.append(self._event(known, channel.name, step, error))
        return events

    def _by_mail(self, known: KnownAlert, step: Step | None, said: Said) -> AlertEvent:
        error = None
        try:
            write_alert(self._site, known, step, said)
        except BaozhangError as failed:
            error = failed
        return self._event(known, MAIL, step.number if step else 0, error)

    def _event(
        self, known: KnownAlert, who: str, step: int, error: BaozhangError | None
    ) -> AlertEvent:
        now = self._site.clock()
        if error is None:
            return AlertEvent(known.alert.id, "carried", now, who, step)
        self.failed.add(who)
        return AlertEvent(known.alert.id, "refused", now, who, step, note_of(error))

    def _write(self, events: Iterable[AlertEvent]) -> None:
        with self._site.catalog.transaction():
            AlertBook(self._site.catalog).add(*events)

    def _audit(self, known: KnownAlert, step: Step) -> None:
        self._site.audit.append(
            actor="watch",
            action="alert.escalated",
            subject=known.alert.id,
            step=step.number,
            role=step.role,
        )


def _is_carried(events: Iterable[AlertEvent]) -> bool:
    return any(event.what == "carried" for event in events)


def _is_read(site: Site, events: Iterable[AlertEvent]) -> bool:
    """Tell whether a bot took it, or the letter that was written leaves the outbox."""
    carriers = {event.who for event in events if event.what == "carried"}
    return carriers != {MAIL} or is_carried(site, site.clock())


def acknowledge(site: Site, alert: str, *, by: str) -> KnownAlert:
    """Record that a person is looking at an alert; it goes no further up.

    One that is acknowledged or mended already stays as it is.

    Args:
        site: the site.
        alert: its id.
        by: id of the person, one of the agency's people.

    Raises:
        UsageError: no such alert or person.
        BaozhangError: the audit log cannot be written; the alert stays open.
    """
    if by not in site.agency.people:
        raise UsageError(
            "{person} is nobody of this agency",
            hint="Use one of {known}.",
            person=by[:40],
            known=", ".join(site.agency.people),
        )
    book = AlertBook(site.catalog)
    with site.catalog.transaction():
        known = book.find(alert.strip())
        if known.state == "open":
            book.add(AlertEvent(known.alert.id, "acknowledged", site.clock(), who=by))
            site.audit.append(
                actor=by,
                action="alert.acknowledged",
                subject=known.alert.id,
                kind=known.alert.kind,
            )
            if known.alert.kind == ALERT:
                note_acknowledged(site, known.alert.subject, by)
        return book.find(known.alert.id)
