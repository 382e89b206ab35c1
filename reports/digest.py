"""The digest: one letter a day in place of those that nobody must read at once.

It repeats their verdicts, which are their subjects, and says where they lie in full.  Letters that
report trouble never wait for it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from baozhang import __version__
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, telling
from reports.compose import file_name
from reports.page import Fact, Letter, Page, Pairs, Row, Table
from reports.render import render
from reports.writing import Pen, pen

KIND = "digest"
MOST_ROWS = 200  # the library holds them all


@dataclass(frozen=True, slots=True)
class Entry:
    """One letter that the digest stands for."""

    name: str
    subject: str
    at: datetime  # when it was written


@dataclass(frozen=True, slots=True)
class Digest:
    """What one digest reports."""

    day: date
    letters: tuple[Entry, ...]
    library: str  # the folder where they lie in full
    sample: bool = False


def render_digest(
    value: Digest,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the digest of a day.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    page = _page(value, number, audience, writer)
    return render(page, template=KIND, language=writer.language, gate=gate, pdf=pdf)


def _page(value: Digest, number: int, audience: str, pen: Pen) -> Page:
    title, reader = pen.gettext("Digest"), telling.audience_word(audience, pen)
    fingerprint = canonical.fingerprint(canonical.canonical(KIND, value))
    verdict, letters, day = telling.mark("ok", pen), value.letters, value.day
    subject = pen.gettext(
        "[%(verdict)s] %(title)s %(day)s: %(news)s (Baozhang no. %(number)s)",
        verdict=verdict.word,
        title=title,
        day=day.isoformat(),
        news=pen.ngettext("%(n)s letter", "%(n)s letters", len(letters)),
        number=f"{number:06d}",
    )
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=audience,
        reader=reader,
        title=title,
        period=pen.day(day),
        sample=value.sample,
        verdict=verdict,
        sentence=pen.ngettext(
            "%(n)s letter was written that reports no trouble.",
            "%(n)s letters were written that report no trouble.",
            len(letters),
        ),
        sections=(_table(letters, pen),),
        evidence=Pairs(
            pen.gettext("Evidence"),
            (
                Fact(pen.gettext("Letter number"), f"{number:06d}"),
                Fact(pen.gettext("Written for"), reader),
                Fact(pen.gettext("Library"), f"{value.library}/index.html"),
                Fact(pen.gettext("Software"), f"baozhang {__version__}"),
                Fact(pen.gettext("SHA-256 of the figures"), fingerprint),
            ),
        ),
        fingerprint=fingerprint,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        file_name=file_name(title, number, day.isoformat(), pen, sample=value.sample),
        as_of=letters[-1].at,
    )


def _table(letters: tuple[Entry, ...], pen: Pen) -> Table:
    mark = telling.mark("ok", pen)
    shown = letters[:MOST_ROWS]
    more = pen.gettext(
        "%(shown)s of %(all)s rows are shown; the library holds them all.",
        shown=pen.number(len(shown)),
        all=pen.number(len(letters)),
    )
    return Table(
        heading=pen.gettext("Letters"),
        first=pen.gettext("Letter"),
        heads=(pen.gettext("Written"),),
        rows=tuple(
            Row(each.name, mark, (pen.instant(each.at),), (each.subject,)) for each in shown
        ),
        more=more if len(letters) > len(shown) else "",
    )
