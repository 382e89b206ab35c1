"""The client statement (客户服务报告): what was kept, proven and restored for one client.

For the owner of a company, who knows nothing of vaults: whole sentences, days, and what was not
checked.  It is about this client alone, and no other client can appear in it.
"""

from collections.abc import Iterable
from typing import Final

from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, causes, telling
from reports.causes import day_words, month_words
from reports.owner import ClientLetter, Envelope, Said, letter
from reports.page import Fact, Letter, Pairs, Row, Section, Table, Words
from reports.plaintext import clean
from reports.standing import ClientMonth, SetMonth, Tried
from reports.writing import Pen, pen

KIND: Final = "client-statement"


def render_statement(
    value: ClientLetter,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "client",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the statement of one client.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    fingerprint = canonical.fingerprint(canonical.canonical(KIND, value))
    envelope = Envelope(number, audience, fingerprint, gate, pdf)
    return letter(value, _said(value, writer), envelope, writer)


def _said(value: ClientLetter, pen: Pen) -> Said:
    status = value.client.status if value.client.seen else "inconclusive"
    return Said(
        kind=KIND,
        template="statement",
        title=pen.gettext("Client service report"),
        verdict=telling.mark(status, pen),
        sentence=_sentence(value, pen),
        news=_news(value.client, pen),
        sections=tuple(_sections(value, pen)),
    )


def _news(client: ClientMonth, pen: Pen) -> str:
    if not client.seen:
        return pen.gettext("nothing is known")
    if client.status != "ok":
        return pen.gettext("not everything as promised")
    return pen.ngettext("%(n)s backup point kept", "%(n)s backup points kept", client.points)


def _sentence(value: ClientLetter, pen: Pen) -> str:
    client, month = value.client, month_words(value.month, pen)
    if not client.seen:
        return pen.gettext("Nothing is known of your data in %(month)s.", month=month)
    if client.status != "ok":
        return pen.gettext(
            "In %(month)s not everything was as we promise it; what was not is told below.",
            month=month,
        )
    kept = pen.gettext("In %(month)s your data was kept as promised.", month=month)
    return kept + _assurance(client, pen)


def _assurance(client: ClientMonth, pen: Pen) -> str:
    """Return what is known beyond "kept": proven, restored as bytes only, or not tried yet."""
    if client.proven is None:
        return pen.gettext(" Whether it can be restored has not been tried for all of it yet.")
    if client.bytes_only:
        return pen.gettext(
            " It was restored as a test, every file equal; part of it was not proven at ledger "
            "level."
        )
    return pen.gettext(" It was restored as a test, and every book came back equal to the cent.")


def _sections(value: ClientLetter, pen: Pen) -> Iterable[Section]:
    client = value.client
    alone = len(client.sets) == 1
    if client.every_trouble:
        told = tuple(causes.sentence(each, pen, alone=alone) for each in client.every_trouble)
        yield Words(pen.gettext("Not as promised"), told)
    yield Words(pen.gettext("What was kept"), tuple(_kept(client, pen)))
    yield Words(pen.gettext("What was proven"), tuple(_proven(client, pen)))
    yield Words(pen.gettext("What was restored for you"), tuple(_restored(client, pen)))
    yield _table(client, pen)
    yield Pairs(pen.gettext("Whom to ask"), _people(value, pen))


def _kept(client: ClientMonth, pen: Pen) -> Iterable[str]:
    if not client.sets:
        yield pen.gettext("Nothing of yours is set up to be backed up.")
        return
    yield pen.ngettext(
        "%(n)s complete backup point was made this month. Backups are encrypted under a key of "
        "your own, apart from every other client's.",
        "%(n)s complete backup points were made this month. Backups are encrypted under a key of "
        "your own, apart from every other client's.",
        client.points,
    )
    if client.longest is not None:
        yield pen.gettext(
            "The longest time without a newer backup point was %(span)s: so much work, at most, "
            "would have had to be entered again.",
            span=pen.duration(client.longest),
        )
    damaged = any(each.cause == "damaged" for each in client.troubles)
    if client.read is not None and not damaged:
        yield pen.gettext(
            "All stored bytes were read back and found whole on %(day)s.",
            day=day_words(client.read, pen),
        )


def _proven(client: ClientMonth, pen: Pen) -> Iterable[str]:
    alone = len(client.sets) == 1
    for each in client.sets:
        head = "" if alone else pen.gettext("%(set)s: ", set=clean(each.set, 64))
        if each.proven is None:
            yield head + pen.gettext("A restore has not been proven yet.")
        else:
            proven = restored_sentence(each.proven, pen) + scope(each.proven, pen)
            yield head + _refuted(each, pen) + proven
        for source in each.unaccepted:
            yield head + unaccepted(source, pen)


def _refuted(each: SetMonth, pen: Pen) -> str:
    """Return what must be said before an older proof; "": the newest test did not refute it."""
    if each.tried is None or not each.refuted:
        return ""
    return pen.gettext(
        "The newest restore test, of %(day)s, did not pass; what follows is of the last one that "
        "did. ",
        day=day_words(each.tried.at, pen),
    )


def restored_sentence(proven: Tried, pen: Pen) -> str:
    """Return when a restore was proven and how long it took."""
    return pen.gettext(
        "On %(day)s a backup point was really restored, in %(time)s.",
        day=day_words(proven.at, pen),
        time=pen.duration(proven.took),
    )


def unaccepted(source: str, pen: Pen) -> str:
    """Return what is said of a source that was never tried where it runs (未经真机验证)."""
    return pen.gettext(
        "Not proven on a real machine: source %(source)s has not passed its acceptance.",
        source=clean(source, 64),
    )


def scope(proven: Tried, pen: Pen) -> str:
    """Return what a restore proved, and what it did not."""
    if not proven.books:
        return pen.gettext(
            " Every file came back as it was backed up. Not proven at ledger level: no book was "
            "read."
        )
    return pen.ngettext(
        " Every file came back as it was backed up, and %(n)s book equals its source in every "
        "voucher and every total.",
        " Every file came back as it was backed up, and %(n)s books equal their sources in every "
        "voucher and every total.",
        proven.books,
    )


def _restored(client: ClientMonth, pen: Pen) -> Iterable[str]:
    if not client.restored:
        yield pen.gettext("Nobody had to bring back data of yours this month.")
        return
    days = pen.gettext(", ").join(day_words(each, pen) for each in client.restored)
    yield pen.ngettext(
        "%(n)s time data of yours was brought back on request: %(days)s.",
        "%(n)s times data of yours was brought back on request: %(days)s.",
        len(client.restored),
        days=days,
    )


def _table(client: ClientMonth, pen: Pen) -> Table:
    return Table(
        heading=pen.gettext("In figures"),
        first=pen.gettext("Set"),
        heads=(
            pen.gettext("Backup points"),
            pen.gettext("Files"),
            pen.gettext("Size"),
            pen.gettext("Newest"),
        ),
        rows=tuple(_row(each, pen) for each in client.sets),
    )


def _row(each: SetMonth, pen: Pen) -> Row:
    return Row(
        name=clean(each.set, 64),
        mark=telling.mark(each.status, pen),
        cells=(
            pen.number(each.points),
            pen.number(each.files) if each.newest else "–",
            pen.size(each.bytes) if each.newest else "–",
            pen.instant(each.newest)[:10] if each.newest else "–",
        ),
    )


def _people(value: ClientLetter, pen: Pen) -> tuple[Fact, ...]:
    return (
        Fact(pen.gettext("Agency"), clean(value.owner.agency, 80)),
        Fact(pen.gettext("Accountant in charge"), clean(value.owner.lead, 40)),
        Fact(pen.gettext("Your number with us"), clean(value.owner.client, 64)),
    )
