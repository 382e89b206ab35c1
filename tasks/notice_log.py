"""The log of an incident's notices, as values, and as a letter when nobody is left to be told."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from baozhang.incidents.approvals import digest_of
from baozhang.incidents.incidents import CLOSED, Incident
from baozhang.incidents.journal import Begun, Event, Facts
from baozhang.incidents.notices import (
    CLIENTS,
    RECEIPT,
    Answered,
    Draft,
    Handed,
    Known,
    Wanted,
    drafts,
    handed,
    newest_draft,
)
from baozhang.mail.readers import readers
from baozhang.masking import Gate
from baozhang.site import Site
from reports.notice_log import KIND, Line, NoticeLog, Told, canonical, render_notice_log
from reports.page import Letter
from tasks import letters
from tasks.notice_words import GATE

AT_LAST = timedelta(days=31)
"""After the end of an incident the log is written, whatever is still missing: a day after the
final report was due."""


def log_of(
    site: Site,
    incident: Incident,
    known: dict[str, Known],
    answers: Sequence[Answered],
    wanted: Sequence[Wanted],
) -> NoticeLog:
    """Return who was to be told, who was, and what shows it."""
    opening = incident.opening()
    closed = [event.at for event in incident.journal.events() if event.kind == CLOSED]
    due = {each.id: each.by for each in wanted}
    told = (
        row
        for notice in dict.fromkeys([*due, *(each.notice for each in handed(incident))])
        for row in _told(incident, notice, due.get(notice))
    )
    return NoticeLog(
        incident=incident.id,
        at=site.clock(),
        discovered=opening.discovered,
        closed=closed[0] if closed else None,
        lines=tuple(_line(each, known) for each in answers),
        told=tuple(told),
        sample=site.agency.file.sample or bool(opening.drill),
    )


def _line(each: Answered, known: dict[str, Known]) -> Line:
    clock, decided = each.duty.clock, known.get("reviewed_grade")
    reviewed = decided if decided and clock.when.level else None
    return Line(
        clock=clock.id,
        answer=each.answer,
        by=each.limit if each.answer == "yes" else None,
        missing=each.duty.missing,
        reviewed=reviewed.source if reviewed else "",
        why=reviewed.why if reviewed else "",
    )


def _told(incident: Incident, notice: str, by: datetime | None) -> Iterator[Told]:
    """Yield every letter of a notice that went out or was told; only the first has a deadline.

    Whom nobody told at all follows, so that no log passes over a duty in silence.
    """
    events = incident.journal.events()
    fared = {(e.number, e.client): e for e in handed(incident) if e.notice == notice}
    first = set[str]()
    for draft in drafts(incident, notice):
        who = tuple(_approvers(events, draft))
        for news in draft.letters:
            each = fared.get((draft.number, news.client))
            if each is not None:
                due = by if news.client not in first else None
                first.add(news.client)
                yield _row(draft, each, due, who, _reference(events, each))
    newest = newest_draft(incident, notice)
    for client in [news.client for news in newest.letters] if newest else [""]:
        if client not in first:
            yield _never(notice, client, by)


def _never(notice: str, client: str, by: datetime | None) -> Told:
    """Return the row of somebody who was to be told, and was not."""
    return Told(notice, client, "first", 0, 0, by, (), None, None, "", "")


def _row(
    draft: Draft, each: Handed, by: datetime | None, who: tuple[str, ...], reference: str
) -> Told:
    return Told(
        notice=draft.notice,
        client=each.client,
        stage=draft.stage,
        number=draft.number,
        letter=each.letter,
        by=by,
        approved=who,
        sent=each.sent,
        receipt=each.receipt,
        means=each.means,
        reference=reference,
    )


def _approvers(events: Sequence[Event], draft: Draft) -> Iterator[str]:
    digest = digest_of(draft.model_dump(mode="json"))
    for event in events:
        ours = event.kind == "approval" and event.facts.get("gate") == GATE + draft.notice
        if ours and event.facts.get("digest") == digest:
            yield str(event.facts["person"])


def _reference(events: Sequence[Event], each: Handed) -> str:
    found = (
        str(event.facts["receipt"])
        for event in events
        if event.kind == RECEIPT
        and (event.facts["notice"], event.facts["number"], event.facts["client"])
        == (each.notice, each.number, each.client)
    )
    return next(found, "")


def is_over(log: NoticeLog, wanted: Sequence[Wanted], now: datetime) -> bool:
    """Tell whether nobody is left to be told: closed, every notice arrived, clients asked again."""
    if log.closed is None:
        return False
    if now >= log.closed + AT_LAST:
        return True
    arrived = {each.notice for each in log.told if each.receipt}
    if any(each.receipt is None for each in log.told):
        return False
    asked = any(each.stage == "follow-up" for each in log.told)
    return all(each.id in arrived and (each.id != CLIENTS or asked) for each in wanted)


def write_log(site: Site, incident: Incident, log: NoticeLog, *, actor: str) -> int:
    """Write the log's letter, once; return its number."""

    def work(_: Begun) -> Facts:
        return {"letter": letters.write(site, [_draft(site, log, actor)])[0].filed.number}

    return int(incident.journal.once("notice log", work, actor=actor)["letter"])


def _draft(site: Site, log: NoticeLog, actor: str) -> letters.Draft:
    def render(*, number: int, language: str, gate: Gate, pdf: bool) -> Letter:
        return render_notice_log(log, number=number, language=language, gate=gate, pdf=pdf)

    return letters.Draft(
        kind=KIND,
        period=f"{log.discovered:%Y}-{log.incident}-log",
        status="ok" if all(each.receipt for each in log.told) else "partial",
        value=canonical(log),
        render=render,
        copies=readers(site.agency, KIND),
        actor=actor,
    )
