"""A request for attestations (证明材料提交通知): what is due, why, what to hand in, and how.

One letter per owner lists everything that is due or late; the one-time files of those that came a
stage further go with it.  To managers and approvers it lists what is late, and brings no files.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.governance.model import Severity, Words
from baozhang.masking import Gate
from baozhang.settings import LetterKind, Role
from baozhang.words import CHINESE, say
from reports.canonical import canonical, fingerprint
from reports.compose import file_name
from reports.page import Card, Cards, Fact, Letter, Mark, Page, Pairs, Remark, Section
from reports.page import Words as Paragraphs
from reports.render import render
from reports.writing import Pen, pen

KIND: Final[LetterKind] = "attestation"
MOST_CARDS = 60  # of one letter; `baozhang attest list` shows the rest

SEVERITY_TEMPLATES: dict[Severity, str] = {
    "high": "high importance",
    "medium": "medium importance",
    "low": "low importance",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing that is due.

    Attributes:
        why: ids of the items of the two documents that it serves; none: the agency's own.
        late: days that it is late.
        file: name of the request file that comes with this letter; "": it came before, or there is
            none.
        remedy: what to do where it cannot be shown.
    """

    id: str
    title: Words
    why: tuple[str, ...]
    proof: Words
    owner: str
    due: date
    late: int
    severity: Severity
    file: str = ""
    remedy: Words | None = None


@dataclass(frozen=True, slots=True)
class Requested:
    """What one letter asks for.

    Attributes:
        person: id of who is asked; "": it goes to those above.
        role: of those above; "": it goes to the owner.
    """

    day: date
    person: str
    role: Role | Literal[""]
    items: tuple[Asked, ...]
    sample: bool = False

    @property
    def late(self) -> tuple[Asked, ...]:
        """Those whose day has passed."""
        return tuple(each for each in self.items if each.late)


def status(value: Requested) -> Status:
    """Return how a letter stands; what is only asked for is never drawn as well."""
    return "failed" if value.late else "partial"


def render_attestation(
    value: Requested,
    *,
    number: int,
    language: str = CHINESE,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the letter.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, pen(language))
    return render(page, template="attestation", language=language, gate=gate, pdf=pdf)


def _page(value: Requested, number: int, pen: Pen) -> Page:
    spoken, period = pen.language, value.day.isoformat()
    title = say("Proof to hand in", spoken=spoken)
    late = say("overdue", spoken=spoken)
    word = late if value.late else say("asked for", spoken=spoken)
    subject = say(
        "[{word}] {title} {day}: {count} due, {late} of them late (Baozhang no. {number})",
        spoken=spoken,
        word=word,
        title=title,
        day=period,
        count=len(value.items),
        late=len(value.late),
        number=f"{number:06d}",
    )
    return Page(
        kind=KIND,
        number=number,
        language=spoken,
        audience=value.role or "owner",
        reader=_reader(value, spoken),
        title=title,
        period=pen.day(value.day),
        sample=value.sample,
        verdict=Mark(status(value), word),
        sentence=_sentence(value, spoken),
        sections=tuple(_sections(value, pen)),
        evidence=_evidence(value, number, pen),
        fingerprint=fingerprint(canonical(KIND, value)),
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        file_name=file_name(title, number, period, pen, sample=value.sample),
    )


READER_TEMPLATES: dict[str, str] = {
    "manager": "managers, above those who answer for it",
    "approver": "approvers, above those who answer for it",
}


def _reader(value: Requested, spoken: str) -> str:
    return say(READER_TEMPLATES[value.role], spoken=spoken) if value.role else value.person


def _sentence(value: Requested, spoken: str) -> str:
    if value.role:
        return say(
            "{late} obligations are overdue, and those who answer for them were asked three times.",
            spoken=spoken,
            late=len(value.late),
        )
    return say(
        "{count} obligations want proof from you; {late} of them are overdue.",
        spoken=spoken,
        count=len(value.items),
        late=len(value.late),
    )


def _sections(value: Requested, pen: Pen) -> Iterator[Section]:
    spoken = pen.language
    shown = value.items[:MOST_CARDS]
    left = len(value.items) - len(shown)
    more = say("{left} more: `baozhang attest list`", spoken=spoken, left=left) if left else ""
    yield Cards(
        say("What is due", spoken=spoken), tuple(_card(value, each, pen) for each in shown), more
    )
    if value.role:
        yield Paragraphs(
            say("What to do", spoken=spoken),
            (
                say(
                    "Talk to who answers for it. Somebody else may hand it in: `baozhang attest "
                    "submit --control ID --person YOUR-ID --proof FILE`.",
                    spoken=spoken,
                ),
            ),
        )
    else:
        yield Paragraphs(say("How to hand it in", spoken=spoken), tuple(_how(spoken)))


def _how(spoken: str) -> Iterator[str]:
    yield say(
        "With the file that comes with this letter, once: `baozhang attest submit REQUEST-FILE "
        "--proof FILE`; or give file and proof to the operator for the drop folder. Who has the "
        "file can hand in for you: do not forward this letter.",
        spoken=spoken,
    )
    yield say(
        "Without it, with a one-time code: `baozhang attest submit --control ID --person YOUR-ID "
        "--effective DAY --proof FILE`.",
        spoken=spoken,
    )
    yield say(
        "PDF, PNG, JPG, DOCX, XLSX, OFD, EML or TXT, at most 50 MB, without a password. A second "
        "person looks at it; until then it counts for nothing.",
        spoken=spoken,
    )


def _card(value: Requested, each: Asked, pen: Pen) -> Card:
    spoken = pen.language
    word = (
        say("{days} days late", spoken=spoken, days=each.late)
        if each.late
        else say("due {day}", spoken=spoken, day=each.due)
    )
    remarks = [Remark(_what(each, spoken), _hand_in(each, spoken), "")]
    if value.role and each.remedy:
        remarks.append(Remark(said(each.remedy, spoken), "", ""))
    return Card(
        name=f"{said(each.title, spoken)} ({each.id})",
        mark=Mark("failed" if each.late else "partial", word),
        snapshot="",
        remarks=tuple(remarks),
        more="",
    )


def _what(each: Asked, spoken: str) -> str:
    why = ", ".join(each.why) or say("an obligation of the agency's own", spoken=spoken)
    return say(
        "Why: {why}; {severity}. Due {day}, answered for by {owner}.",
        spoken=spoken,
        why=why,
        severity=say(SEVERITY_TEMPLATES[each.severity], spoken=spoken),
        day=each.due,
        owner=each.owner or "-",
    )


def _hand_in(each: Asked, spoken: str) -> str:
    proof = said(each.proof, spoken)
    if not each.file:
        return say("hand in: {proof}", spoken=spoken, proof=proof)
    return say("hand in: {proof}; file: {file}", spoken=spoken, proof=proof, file=each.file)


def _evidence(value: Requested, number: int, pen: Pen) -> Pairs:
    facts = (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(pen.gettext("Written for"), _reader(value, pen.language)),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), fingerprint(canonical(KIND, value))),
        Fact(pen.gettext("Runbook"), say("docs/runbooks/governance.md", spoken=pen.language)),
    )
    return Pairs(pen.gettext("Evidence"), facts)


def said(words: Words, spoken: str) -> str:
    """Return words of data in one language."""
    return words.zh if spoken == CHINESE else words.en
