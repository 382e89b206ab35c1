"""What the letters of a recovery report, and the words that they share.

    Recovery ─┬─ recovery         for managers: what happened, what is lost, what is left to do
              ├─ recovery_legal   complete, with every hash, hand and gap
              ├─ onepager         one page for whoever decides
              ├─ public_statement a draft for the public, never more than is known
              └─ rekey_letter     one client's re-key list, for its accountants

Clients appear by id, and in the list of their own by name.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.clock import business_day
from baozhang.incidents.model import Kind
from baozhang.incidents.set_records import SetRecord
from baozhang.incidents.timeline import Timeline
from baozhang.masking import Gate
from reports import canonical
from reports.compose import file_name
from reports.notice_words import Voice, notice_word
from reports.owner import subject_line
from reports.page import Fact, Letter, Mark, Page, Pairs, Section
from reports.plaintext import clean
from reports.render import render
from reports.writing import Pen

Gap = Literal[
    "rekey-unknown",
    "rekey-in-part",
    "no-books",
    "counted-as-lost",
    "not-compared",
    "left-out",
    "not-back",
    "not-proven",
    "not-in-use",
    "not-read-again",
    "service",
    "guess",
    "copies",
    "paging",
    "unsent",
]
"""What nobody knows, or what was not done, each with its own sentence."""
LONGEST_CAUSE = 200


@dataclass(frozen=True, slots=True)
class Involved:
    """Somebody of the agency who did something in the incident; told by id."""

    person: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Custody:
    """One decrypted copy of the recovery, and how it ended; None: no proof of its end."""

    copy: str
    client: str
    set: str
    snapshot: str
    opener: str
    opened: datetime
    ended: datetime | None
    how: str
    files: int


@dataclass(frozen=True, slots=True)
class Duty:
    """One duty of the law register, as the facts of the incident answer it."""

    id: str
    to: tuple[str, str]  # Chinese, English
    do: tuple[str, str]
    article: str
    confidence: str
    answer: str  # yes, review, unknown, no
    by: datetime | None
    lawful: bool  # `by` is the law's; else it is our own measure
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """One notice to somebody, and its receipt where there is one.

    Attributes:
        notice: its id, e.g. `clients`; `client` where it is one client's.
        letter: its number among letters of its kind; 0: it was told in another way.
        means: how the receipt is known: `smtp`, `telephone`, …
    """

    notice: str
    client: str
    letter: int
    sent: datetime | None
    receipt: datetime | None
    means: str


@dataclass(frozen=True, slots=True)
class Recovery:
    """All that the letters of one recovery report.

    Attributes:
        at: up to when it is told.
        objective: the shortest recovery time that the sets' policies promise.
        cause: what is believed so far, in a person's words; "" where nobody said.
        uncompared: (client, set) where a book of what was there could not be read.
        events: how many events of the journal it rests on; `head`: the hash of the last.
    """

    timeline: Timeline
    at: datetime
    objective: timedelta
    cause: str
    events: int
    head: str
    agency: str
    people: tuple[Involved, ...] = ()
    copies: tuple[Custody, ...] = ()
    duties: tuple[Duty, ...] = ()
    notices: tuple[Sent, ...] = ()
    unsent: tuple[str, ...] = ()  # notices that were drafted, and none of whose letters went out
    evidence: tuple[tuple[str, str, str, str], ...] = ()  # client, set, point, reason
    uncompared: tuple[tuple[str, str], ...] = ()
    sample: bool = False

    @property
    def met(self) -> bool | None:
        """The recovery time objective was met; None: the service was not found well yet."""
        rto = self.timeline.rto
        return None if rto is None else rto <= self.objective

    @property
    def back(self) -> tuple[SetRecord, ...]:
        """The sets that came back whole and are in use."""
        return tuple(each for each in self.timeline.sets if is_back(each))


@dataclass(frozen=True, slots=True)
class Envelope:
    """What is asked of a letter beside what it reports."""

    kind: str
    number: int
    audience: str
    gate: Gate | None
    pdf: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What one of these letters says."""

    template: str
    title: str
    reader: str
    verdict: Mark
    sentence: str
    news: str  # the verdict in a few words, for the subject
    sections: tuple[Section, ...]
    more_evidence: tuple[Fact, ...] = ()
    subject_of: object = None  # what the hash is made over, where that is more than the recovery
    brief: bool = False  # with no more evidence than a page has room for


def is_back(each: SetRecord) -> bool:
    """Tell whether a set is in use again and no book of it is another than was backed up."""
    return each.in_use and not each.failed


def gaps(value: Recovery) -> tuple[tuple[Gap, tuple[str, ...]], ...]:
    """Return what is not known or was not done, each with the sets it is true of."""
    found: dict[Gap, list[str]] = {}
    for each in value.timeline.sets:
        for gap in gaps_of(each, value):
            found.setdefault(gap, []).append(f"{each.client}/{each.set}")
    line = value.timeline
    if line.at("service-checked") is None:
        found["service"] = []
    if line.estimate_rests_on == 0:
        found["guess"] = []
    if line.at("acknowledged") is None:
        found["paging"] = []
    if value.unsent:
        found["unsent"] = list(value.unsent)
    open_ = [each.copy for each in value.copies if each.ended is None]
    if open_:
        found["copies"] = open_
    return tuple((gap, tuple(sets)) for gap, sets in found.items())


def gaps_of(each: SetRecord, value: Recovery) -> list[Gap]:
    """Return what is not known of one set, or was not done with it."""
    if each.left_out:
        return ["left-out"]
    if not each.point:
        return ["not-back"]
    found: list[Gap] = []
    if not each.books:
        found.append("no-books")
    elif each.owed is not None and not each.owed.known:
        in_part = (each.client, each.set) in value.uncompared
        found.append("rekey-in-part" if in_part else "rekey-unknown")
    if each.lost is None:
        found.append("not-compared")
    elif not each.lost.readable:
        found.append("counted-as-lost")
    if each.failed:
        found.append("not-proven")
    if not each.in_use:
        found.append("not-in-use")
    elif not each.checked:
        found.append("not-read-again")
    return found


def fingerprint(kind: str, value: object) -> str:
    """Return the SHA-256 of what is reported."""
    return canonical.fingerprint(canonical.canonical(kind, value))


def letter(value: Recovery, said: Said, envelope: Envelope, pen: Pen) -> Letter:
    """Return one letter on a recovery.

    Raises:
        UsageError: a language without letters.
    """
    kind, number, incident = envelope.kind, envelope.number, value.timeline.incident
    hash_ = fingerprint(kind, value if said.subject_of is None else said.subject_of)
    subject = subject_line(said.verdict, said.title, incident, said.news, number, pen)
    page = Page(
        kind=kind,
        number=number,
        language=pen.language,
        audience=envelope.audience,
        reader=said.reader,
        title=said.title,
        period=incident,
        sample=value.sample,
        verdict=said.verdict,
        sentence=said.sentence,
        sections=said.sections,
        evidence=Pairs(pen.gettext("Evidence"), tuple(_evidence(value, said, number, hash_, pen))),
        fingerprint=hash_,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        as_of=value.at,
        file_name=file_name(said.title, number, incident, pen, sample=value.sample),
    )
    return render(
        page, template=said.template, language=pen.language, gate=envelope.gate, pdf=envelope.pdf
    )


def _evidence(value: Recovery, said: Said, number: int, hash_: str, pen: Pen) -> Iterator[Fact]:
    yield Fact(pen.gettext("Letter number"), f"{number:06d}")
    if not said.brief:
        yield Fact(pen.gettext("Written for"), said.reader)
        yield Fact(pen.gettext("Incident"), value.timeline.incident)
    yield Fact(pen.gettext("Told up to (Shanghai time)"), pen.instant(value.at))
    yield from said.more_evidence
    if not said.brief:
        yield Fact(pen.gettext("Software"), f"baozhang {__version__}")
    yield Fact(pen.gettext("SHA-256 of the figures"), hash_)
    if not said.brief:
        yield Fact(pen.gettext("Runbook"), pen.gettext("docs/runbooks/review.md"))


# --- words ----------------------------------------------------------------------------------------


def kind_word(kind: Kind, pen: Pen) -> str:
    """Return what happened, in a word."""
    words: dict[Kind, str] = {
        "lost": pen.gettext("Data lost"),
        "damaged": pen.gettext("Data damaged"),
        "tampered": pen.gettext("Data tampered with"),
        "ransomware": pen.gettext("Ransomware"),
        "leaked": pen.gettext("Data leaked"),
        "unavailable": pen.gettext("Data unavailable"),
    }
    return words[kind]


def title_of(value: Recovery, words: str, pen: Pen) -> str:
    """Return a letter's title; that of a drill says so."""
    if not value.timeline.drill:
        return words
    return pen.gettext("Drill: %(title)s", title=words)


def verdict(value: Recovery, pen: Pen) -> Mark:
    """Return how the recovery ended, in a word."""
    status = verdict_status(value)
    words: dict[Status, str] = {
        "ok": pen.gettext("Recovered"),
        "partial": pen.gettext("Recovered, something left to do"),
        "failed": pen.gettext("Not all of it recovered"),
        "inconclusive": pen.gettext("Nothing was brought back"),
    }
    return Mark(status, words[status])


def verdict_status(value: Recovery) -> Status:
    """Return how the recovery ended; `ok` only where nothing is left to do or to find out."""
    sets = value.timeline.sets
    if not sets:
        return "inconclusive"
    if len(value.back) < len(sets) or value.timeline.rto is None:
        return "failed"
    if value.met is False or gaps(value) or any(is_owed(each) for each in sets):
        return "partial"
    return "ok"


def is_owed(each: SetRecord) -> bool:
    """Tell whether something of a set is to be keyed in, as far as is known."""
    owed = each.owed
    return bool(owed and (owed.vouchers or owed.invoices))


def sentence(value: Recovery, pen: Pen) -> str:
    """Return the verdict in a few clauses: what came back, how long it took, what is owed."""
    return _came_back(value, pen) + _took(value, pen) + owed_sentence(value, pen)


def _came_back(value: Recovery, pen: Pen) -> str:
    sets, back = value.timeline.sets, value.back
    if not sets:
        return pen.gettext("No set was lost or damaged, as far as could be compared.")
    if len(back) == len(sets):
        return pen.ngettext(
            "The one set that was hit is in use again.",
            "All %(n)s sets that were hit are in use again.",
            len(sets),
        )
    return pen.gettext(
        "%(back)s of %(all)s sets that were hit are in use again.",
        back=pen.number(len(back)),
        all=pen.number(len(sets)),
    )


def _took(value: Recovery, pen: Pen) -> str:
    rto = value.timeline.rto
    if rto is None or not value.back:
        return pen.gettext(" That people can work again is not established.")
    if len(value.back) < len(value.timeline.sets):
        return pen.gettext(
            " From discovery until people could work with these: %(took)s (objective: "
            "%(objective)s); the others are not back.",
            took=pen.duration(rto),
            objective=pen.duration(value.objective),
        )
    words = {"took": pen.duration(rto), "objective": pen.duration(value.objective)}
    if value.met:
        return pen.gettext(
            " From discovery until people could work: %(took)s, within the objective of "
            "%(objective)s.",
            **words,
        )
    return pen.gettext(
        " From discovery until people could work: %(took)s, longer than the objective of "
        "%(objective)s.",
        **words,
    )


def owed_sentence(value: Recovery, pen: Pen) -> str:
    """Return what is to be keyed in, as far as it is known."""
    owed = [each.owed for each in value.timeline.sets if each.owed is not None]
    vouchers, invoices = (
        sum(getattr(each, name) for each in owed) for name in ("vouchers", "invoices")
    )
    known = owed and all(each.known for each in owed)
    if not owed:
        return ""
    if not vouchers and not invoices:
        if known:
            return pen.gettext(" Nothing has to be keyed in again.")
        return pen.gettext(" What has to be keyed in again is not known for all of it.")
    told = pen.gettext(
        " To be keyed in again: %(vouchers)s, %(amount)s, %(invoices)s.",
        vouchers=vouchers_words(vouchers, pen),
        amount=amounts(value, pen),
        invoices=invoices_words(invoices, pen),
    )
    return told if known else told + pen.gettext(" That is not all: some could not be compared.")


def vouchers_words(count: int, pen: Pen) -> str:
    """Return a number of vouchers in words."""
    return pen.ngettext("%(n)s voucher", "%(n)s vouchers", count)


def invoices_words(count: int, pen: Pen) -> str:
    """Return a number of invoices in words."""
    return pen.ngettext("%(n)s invoice", "%(n)s invoices", count)


def amounts(value: Recovery, pen: Pen) -> str:
    """Return the debit of what is to be keyed in, currency by currency."""
    found = value.timeline.amounts or (("CNY", 0),)
    return pen.gettext(", ").join(pen.money(amount, currency) for currency, amount in found)


def gap_sentences(value: Recovery, pen: Pen, *, named: bool = True) -> tuple[str, ...]:
    """Return what is not known or was not done, a sentence each; one sentence where there is none.

    Args:
        value: the recovery.
        pen: of the letter's language.
        named: with the sets that it is true of.

    A letter that leaves this out would let its readers believe that all is known.
    """
    words, voice = _gap_words(pen), Voice(pen)
    told = [
        words[gap] + (pen.gettext(" (%(sets)s)", sets=listed(sets, pen)) if sets and named else "")
        for gap, sets in _worded(gaps(value), voice)
    ]
    told += [duty for each in value.duties if (duty := _unknown_duty(each, pen))]
    return tuple(told) or (pen.gettext("Nothing that this report knows to ask for."),)


def _worded(
    found: tuple[tuple[Gap, tuple[str, ...]], ...], voice: Voice
) -> Iterator[tuple[Gap, tuple[str, ...]]]:
    """Yield the gaps with the notices among them by their names."""
    for gap, names in found:
        unsent = gap == "unsent"
        yield gap, tuple(notice_word(each, voice) for each in names) if unsent else names


MOST_LISTED = 12


def listed(names: tuple[str, ...], pen: Pen, most: int = MOST_LISTED) -> str:
    """Return ids in one line, the first of them where they are many."""
    shown = pen.gettext(", ").join(clean(name, 64) for name in names[:most])
    left = len(names) - most
    return shown if left <= 0 else shown + " " + pen.gettext("and %(n)s more", n=pen.number(left))


def _unknown_duty(each: Duty, pen: Pen) -> str:
    if each.answer != "unknown":
        return ""
    return pen.gettext(
        "Whether %(to)s must be told is not known: it depends on %(missing)s.",
        to=twin(each.to, pen),
        missing=pen.gettext(", ").join(fact_word(name, pen) for name in each.missing),
    )


def twin(words: tuple[str, str], pen: Pen) -> str:
    """Return the words in the letter's language."""
    return words[0] if pen.language.startswith("zh") else words[1]


def fact_word(name: str, pen: Pen) -> str:
    """Return a fact that the law asks for, in words."""
    words = {
        "role": pen.gettext("the agency's role"),
        "personal_data": pen.gettext("whether personal information is concerned"),
        "persons": pen.gettext("how many persons"),
        "loss_fen": pen.gettext("the direct loss"),
        "client_data": pen.gettext("whether clients' data is concerned"),
        "critical_infrastructure": pen.gettext("whether it is critical infrastructure"),
        "central_organ": pen.gettext("whether a central organ is concerned"),
        "harm_to_others": pen.gettext("whether others are harmed"),
        "harm_avoided": pen.gettext("whether harm was avoided"),
        "suspected_crime": pen.gettext("whether a crime is suspected"),
        "paper_invoices_lost": pen.gettext("whether paper invoices were lost"),
    }
    return words.get(name, clean(name, 40))


def _gap_words(pen: Pen) -> dict[Gap, str]:
    return {
        "rekey-unknown": pen.gettext(
            "What was there could not be read, so nobody knows what must be keyed in again since "
            "the backup point."
        ),
        "rekey-in-part": pen.gettext(
            "A book of what was there could not be read; what must be keyed in again is known in "
            "part."
        ),
        "no-books": pen.gettext(
            "Not proven at ledger level: files came back, no book of them was read."
        ),
        "counted-as-lost": pen.gettext(
            "What was there could not be compared; all of it was counted as lost."
        ),
        "not-compared": pen.gettext("How much was lost was not found out."),
        "left-out": pen.gettext("Not brought back: it is not in the plan."),
        "not-back": pen.gettext("Was planned and has not come back."),
        "not-proven": pen.gettext("A book is not the book that was backed up."),
        "not-in-use": pen.gettext("Came back and is not in use."),
        "not-read-again": pen.gettext(
            "Was put into use by people; it was not read again where it is used."
        ),
        "service": pen.gettext("That people can work again is not established."),
        "guess": pen.gettext("The plan's time was a guess: no restore had been measured before."),
        "copies": pen.gettext("The destruction of decrypted copies is not proven."),
        "unsent": pen.gettext("Notices that were drafted and not sent."),
        "paging": pen.gettext("Nobody acknowledged the call in the system."),
    }


def period_day(value: Recovery, pen: Pen) -> str:
    """Return the day of the discovery as people write it."""
    return pen.day(business_day(value.timeline.discovered))
