"""Digests: one letter a day in place of those that nobody must read at once.

Letters of the class `digest` wait in the outbox until half past seven in the morning; then one
letter per language and readers names them all, and they count as sent.  It refers to them by
their Message-IDs, so that a process that died between writing the digest and moving the letters
does not tell them twice.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import partial
from itertools import groupby

from baozhang.clock import SHANGHAI, business_day
from baozhang.mail.outbox import Outbox
from baozhang.mail.queued import Queued
from baozhang.mail.readers import Copy
from baozhang.site import Site
from reports.canonical import canonical
from reports.digest import KIND, Digest, Entry, render_digest
from tasks.letters import Draft, write

AT = time(7, 30)  # Asia/Shanghai: on the desk when the office opens
LOOK_BACK = timedelta(days=7)  # a digest that was written has not waited longer for this


def write_digests(site: Site) -> tuple[str, ...]:
    """Write the digests that are due, and return their names.

    Raises:
        UnreachableError: another process delivers, or the outbox cannot be used.
    """
    if site.postman is None:
        return ()
    now = site.clock()
    moment = last_moment(now)
    with site.outbox.locked():
        _settle_told(site.outbox, since=moment - LOOK_BACK)
        due = [
            each
            for each in site.outbox.letters("waiting")
            if each.urgency == "digest"
            and each.state == "waiting"
            and not moment <= each.at <= now  # later: the clock was wrong when it was written
        ]
        return tuple(_write(site, group) for group in _groups(due))


def last_moment(now: datetime) -> datetime:
    """Return the last instant at which digests were due."""
    today = datetime.combine(business_day(now), AT, SHANGHAI)
    return today if today <= now else today - timedelta(days=1)


def _groups(letters: list[Queued]) -> Iterator[tuple[Queued, ...]]:
    """Yield the letters that the same people read in the same language."""

    def readers(letter: Queued) -> tuple[str, tuple[str, ...]]:
        return letter.language, tuple(sorted(each.address for each in letter.recipients))

    for _, group in groupby(sorted(letters, key=readers), key=readers):
        yield tuple(sorted(group, key=lambda each: (each.at, each.name)))


def _write(site: Site, letters: tuple[Queued, ...]) -> str:
    """Write one digest; then the letters it stands for are done."""
    entries = tuple(Entry(each.name, each.subject, each.at) for each in letters)
    day, file = business_day(site.clock()), site.agency.file
    value = Digest(day, entries, file.reports, file.sample)
    draft = Draft(
        kind="digest",
        period=day.isoformat(),
        status="ok",
        value=canonical(KIND, value),
        render=partial(render_digest, value),
        copies=(Copy(letters[0].language, letters[0].to),),
        contains=tuple(each.message_id for each in letters),
    )
    (written,) = write(site, [draft])
    name = written.messages[0].stem
    for each in letters:
        site.outbox.keep(replace(each, told_in=name))
    return name


def _settle_told(outbox: Outbox, *, since: datetime) -> None:
    """Put away the letters that a digest stands for, whose writer died before it could."""
    waiting = outbox.letters("waiting")
    if not any(each.urgency == "digest" for each in waiting):
        return
    told = {
        identity: digest.name
        for digest in (*waiting, *outbox.letters("sent", since=since))
        if digest.kind == "digest"
        for identity in digest.contains
    }
    for each in waiting:
        if each.message_id in told:
            outbox.keep(replace(each, told_in=told[each.message_id]))
