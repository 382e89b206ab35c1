"""One page (一页纸) on a recovery, for whoever decides and has a minute.

It stays one page however many clients were hit: nothing in it grows with them but figures.
"""

from typing import Final

from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import recovery
from reports import recovery_value as words
from reports.page import Fact, Letter, Pairs, Section, Words
from reports.recovery_value import Envelope, Recovery, Said
from reports.writing import Pen, pen

KIND: Final = "one-page"
MOST_GAPS = 3
MOST_NAMED = 5  # sets
LONGEST_CAUSE = 60  # characters


def render_onepager(
    value: Recovery,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return one page on a recovery.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    said = Said(
        template="onepager",
        title=words.title_of(value, writer.gettext("One page on a recovery"), writer),
        reader=writer.gettext("management and the owner"),
        verdict=words.verdict(value, writer),
        sentence=words.sentence(value, writer),
        news=recovery.news(value, writer),
        sections=tuple(_sections(value, writer)),
        brief=True,
    )
    return words.letter(value, said, Envelope(KIND, number, audience, gate, pdf), writer)


def _sections(value: Recovery, pen: Pen) -> list[Section]:
    return [
        Pairs(pen.gettext("Promised and measured"), recovery.figures(value, pen, LONGEST_CAUSE)),
        Words(pen.gettext("What is not known, or was not done"), _gaps(value, pen)),
        *recovery.pictures(value, pen),
        Pairs(pen.gettext("To decide or to watch"), tuple(_to_do(value, pen))),
    ]


def _gaps(value: Recovery, pen: Pen) -> tuple[str, ...]:
    """Return the first gaps, without the names of their sets, which may be many."""
    told = words.gap_sentences(value, pen, named=False)
    left = len(told) - MOST_GAPS
    more = pen.ngettext(
        "and %(n)s more: see the report for managers",
        "and %(n)s more: see the report for managers",
        left,
    )
    return (*told[:MOST_GAPS], *([more] if left > 0 else []))


def _to_do(value: Recovery, pen: Pen) -> list[Fact]:
    line = value.timeline
    owing = len({each.client for each in line.sets if words.is_owed(each)})
    behind = tuple(f"{each.client}/{each.set}" for each in line.sets if not words.is_back(each))
    required = sum(each.answer == "yes" for each in value.duties)
    told = [
        Fact(
            pen.gettext("Not back"),
            words.listed(behind, pen, MOST_NAMED) if behind else pen.gettext("none"),
        ),
        Fact(
            pen.gettext("Keying in"),
            pen.ngettext(
                "%(n)s client has a re-key list", "%(n)s clients have a re-key list", owing
            )
            if owing
            else pen.gettext("none"),
        ),
        Fact(
            pen.gettext("Review"),
            pen.gettext(
                "root cause, lessons and actions: `baozhang review show %(incident)s`",
                incident=line.incident,
            ),
        ),
    ]
    if value.duties:
        told.append(
            Fact(
                pen.gettext("Duties of the law"),
                pen.gettext("%(n)s required; see the complete version", n=pen.number(required)),
            )
        )
    return told
