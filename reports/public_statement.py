"""A statement to the public (对外声明), as a draft (草稿): what is proven, and nothing else.

No client is named or counted, no cause is believed, no harm denied that nobody has ruled out.  What
a person has to find out or to decide stands as a blank.
"""

from typing import Final

from baozhang.incidents.model import Kind
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import recovery_value as words
from reports.page import Letter, Mark, Pairs, Section, Words
from reports.plaintext import clean
from reports.recovery_value import Envelope, Recovery, Said
from reports.writing import Pen, pen

KIND: Final = "public-statement"


def render_public_statement(
    value: Recovery,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the draft of a statement.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    said = Said(
        template="public_statement",
        title=words.title_of(value, writer.gettext("Public statement (draft)"), writer),
        reader=writer.gettext("management, for review"),
        verdict=Mark("inconclusive", writer.gettext("Draft")),
        sentence=writer.gettext(
            "Draft for review: it may be published only after it was completed and approved."
        ),
        news=writer.gettext("not approved, not for publication"),
        sections=tuple(_sections(value, writer)),
    )
    return words.letter(value, said, Envelope(KIND, number, audience, gate, pdf), writer)


def _sections(value: Recovery, pen: Pen) -> list[Section]:
    return [
        Words(pen.gettext("Wording (draft)"), tuple(_paragraphs(value, pen))),
        Words(pen.gettext("To be settled before it is published"), _open(value, pen)),
        Pairs(pen.gettext("What the wording rests on"), (), _rests(value, pen)),
    ]


def _paragraphs(value: Recovery, pen: Pen) -> list[str]:
    line = value.timeline
    return [
        pen.gettext(
            "On %(day)s %(agency)s found that %(what)s.",
            day=words.period_day(value, pen),
            agency=clean(value.agency, 80),
            what=_what(line.kind, pen),
        )
        + _done(value, pen),
        _recovered(value, pen),
        *([_proven(pen)] if _all_proven(value) else []),
        pen.gettext("For questions: (name and telephone number, to be filled in)."),
    ]


def _done(value: Recovery, pen: Pen) -> str:
    """Return what was done at once, as far as the journal has it."""
    stopped = value.timeline.at("stopped") is not None
    kept = any(point for _, _, point, _ in value.evidence)
    told = pen.gettext(" We stopped work on the data concerned.") if stopped else ""
    return told + (pen.gettext(" What was there was kept as evidence.") if kept else "")


def _what(kind: Kind, pen: Pen) -> str:
    found: dict[Kind, str] = {
        "lost": pen.gettext("part of the bookkeeping data it keeps was lost"),
        "damaged": pen.gettext("part of the bookkeeping data it keeps was damaged"),
        "tampered": pen.gettext("part of the bookkeeping data it keeps had been altered"),
        "ransomware": pen.gettext(
            "part of the bookkeeping data it keeps had been encrypted by malware"
        ),
        "leaked": pen.gettext(
            "part of the bookkeeping data it keeps may have become known to others"
        ),
        "unavailable": pen.gettext("part of the bookkeeping data it keeps could not be used"),
    }
    return found[kind]


def _recovered(value: Recovery, pen: Pen) -> str:
    behind = [each for each in value.timeline.sets if not words.is_back(each)]
    if any(each.left_out for each in behind) or not value.timeline.sets:
        return pen.gettext("How far the data is back: (to be found out and filled in).")
    if value.timeline.rto is not None and len(value.back) == len(value.timeline.sets):
        told = pen.gettext(
            "By %(at)s the data concerned had been brought back from encrypted backups and was in "
            "use again.",
            at=pen.instant(value.timeline.at("service-checked") or value.at),
        )
        if not any(words.is_owed(each) for each in value.timeline.sets):
            return told
        return told + pen.gettext(" Work entered after the last backup has to be entered again.")
    return pen.gettext(
        "The data is being brought back from encrypted backups; we will say when that is done."
    )


def _all_proven(value: Recovery) -> bool:
    sets = value.timeline.sets
    return bool(sets) and all(each.books and each.proven == each.books for each in sets)


def _proven(pen: Pen) -> str:
    return pen.gettext(
        "Each set of books that came back was held against the figures taken when it was backed "
        "up, and equals them."
    )


def _open(value: Recovery, pen: Pen) -> tuple[str, ...]:
    asked = [
        pen.gettext("Whether personal information is concerned: (to be found out and filled in)."),
        pen.gettext("The cause: (to be filled in after the review; say nothing before)."),
        pen.gettext(
            "Whether clients and authorities were told, and whether the authorities agree to "
            "publication: (to be filled in)."
        ),
        pen.gettext("Who approved this statement, and when: (to be filled in)."),
    ]
    if words.gaps(value):
        asked.insert(
            0,
            pen.gettext(
                "The recovery report names what is not known or was not done; nothing here may say "
                "otherwise."
            ),
        )
    return tuple(asked)


def _rests(value: Recovery, pen: Pen) -> str:
    return pen.gettext(
        "On the events of incident %(incident)s up to %(at)s, and on nothing that was said "
        "elsewhere.",
        incident=value.timeline.incident,
        at=pen.instant(value.at),
    )
