"""Notices that were approved go out, once each; and what shows that they arrived.

approved ──► library ─┬─► outbox ──► the server took it ──► receipt
                      └─► handed over by a person, who records it ──► receipt

A step per letter: whoever is killed between the outbox and the journal finds the letter by its
period, which no other letter has.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial

from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.notices import RECEIPT, SENT, Draft, Handed, News, handed
from baozhang.mail.message import letter_name
from baozhang.mail.readers import Copy, rule
from baozhang.masking import Gate
from baozhang.site import Site
from reports.notice import KIND, canonical, render_notice
from reports.page import Letter
from tasks import letters
from tasks.notice_deadlines import CLOSING_STAGES
from tasks.notice_words import addressed, arrives, copies

ON_PAPER = (Copy("zh_CN", ()), Copy("en", ()))
"""What a person hands over is there in both languages; the Chinese one is what counts."""


def send(site: Site, incident: Incident, draft: Draft, *, actor: str) -> Iterator[str]:
    """Send every letter of an approved draft that has not gone out; yield what was sent."""
    gone = {(e.notice, e.number, e.client) for e in handed(incident) if e.sent}
    for place, news in enumerate(draft.letters, 1):
        if (draft.notice, draft.number, news.client) not in gone:
            _send_one(site, incident, draft, place, actor)
            yield f"{draft.notice}-{draft.number}" + (f".{news.client}" if news.client else "")


def _send_one(site: Site, incident: Incident, draft: Draft, place: int, actor: str) -> None:
    news = draft.letters[place - 1]
    work = partial(_written, site, draft, place, actor)
    step = f"tell {draft.notice}-{draft.number}.{place}"
    figures = incident.journal.once(step, work, actor=actor)
    common: dict[str, str | int] = {
        "notice": draft.notice,
        "number": draft.number,
        "client": news.client,
    }
    incident.journal.append(SENT, actor=actor, **common, **figures)


def _written(site: Site, draft: Draft, place: int, actor: str, begun: Begun) -> Facts:
    """Write one letter; a drill's is told nobody."""
    news = draft.letters[place - 1]
    if news.drill:
        return {"letter": 0, "outbox": ""}
    to = copies(site, news)
    period = period_of(draft, place)
    number = _number(site, period) if begun.again and to else 0
    if not number:
        letter = _draft(site, news, period, to, actor)
        done = letters.write(site, [letter], send=bool(to), pdf=_on_paper(site, news))
        number = done[0].filed.number
    name = letter_name(number, KIND, to[0].language) if arrives(site, news) else ""
    return {"letter": number, "outbox": name}


def _on_paper(site: Site, news: News) -> bool | None:
    """Tell whether a letter gets a PDF: what a person hands over; else only if the site says so.

    Two hundred clients that are hit at once are not to wait for two hundred PDFs.
    """
    return bool(rule(site.agency, KIND).pdf) if arrives(site, news) else None


def period_of(draft: Draft, place: int) -> str:
    """Return what a letter is filed under: `2026-i-20261122-01-clients-1.3`."""
    news = draft.letters[place - 1]
    return f"{news.opened:%Y}-{news.incident}-{draft.notice}-{draft.number}.{place}"


def _number(site: Site, period: str) -> int:
    """Return the number of the letter that was written for a period; 0: none was."""
    found = (each.number for each in site.catalog.letters(KIND) if each.period == period)
    return max(found, default=0)


def _draft(site: Site, news: News, period: str, to: tuple[Copy, ...], actor: str) -> letters.Draft:
    def render(*, number: int, language: str, gate: Gate, pdf: bool) -> Letter:
        who = addressed(site, news, gate, language)
        return render_notice(news, who, number=number, language=language, gate=gate, pdf=pdf)

    client = [site.client(news.client)] if news.client else []
    names = [name for each in client for name in (each.name, each.credit_code) if name]
    return letters.Draft(
        kind=KIND,
        period=period,
        status="ok" if news.stage in CLOSING_STAGES and not news.missing else "partial",
        value=canonical(news),
        render=render,
        copies=to or ON_PAPER,
        client=news.client,
        names=tuple(names),
        actor=actor,
    )


def collect_receipts(site: Site, incident: Incident, *, actor: str) -> Iterator[str]:
    """Write down which letters the mail server took for all their readers; yield them.

    In a drill nobody outside is written to, and every letter counts as received.
    """
    drill = bool(incident.opening().drill)
    for each in handed(incident):
        answer = _taken(site, each.outbox) if each.outbox else ""
        if each.receipt is None and (answer or (drill and each.sent)):
            incident.journal.append(
                RECEIPT,
                actor=actor,
                **_common(each),
                at=site.clock().isoformat(),
                means="drill" if drill else "smtp",
                receipt=answer,
            )
            yield f"{each.notice}-{each.number}" + (f".{each.client}" if each.client else "")


def _common(each: Handed) -> Mapping[str, str | int]:
    return {"notice": each.notice, "number": each.number, "client": each.client}


def _taken(site: Site, name: str) -> str:
    """Return the server's answer to a letter that it took for everybody; "": it has not."""
    try:
        letter = site.outbox.letter(name)
    except UsageError:
        return ""  # taken out of the outbox by hand: nobody knows
    if letter.state != "sent" or not letter.recipients:
        return ""
    reply = letter.recipients[-1].reply
    return f"{reply.code} {reply.status}".strip()


def record(
    site: Site,
    incident: Incident,
    draft: Draft,
    *,
    by: str,
    means: str,
    receipt: str,
    at: datetime,
    client: str = "",
) -> None:
    """Write down that a person told somebody, by telephone, portal or paper.

    Raises:
        UsageError: an instant to come, or a client that the notice is not for.
    """
    if at > site.clock():
        raise UsageError(
            "nothing can have been handed over in the future",
            hint="Give the instant at which it was handed over, Asia/Shanghai.",
        )
    known = [news.client for news in draft.letters]
    for each in [client] if client else known:
        if each not in known:
            raise UsageError(
                "notice {notice} is not for {client}",
                hint="Name one of {known}, or nobody for all of them.",
                notice=draft.notice,
                client=each[:40],
                known=", ".join(known),
            )
        incident.journal.append(
            RECEIPT,
            actor=by,
            notice=draft.notice,
            number=draft.number,
            client=each,
            at=at.isoformat(),
            means=means,
            receipt=receipt,
        )
    site.audit.append(actor=by, action="notice.handed-over", subject=f"{incident.id} {draft.name}")
