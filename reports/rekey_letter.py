"""The re-key list (补录清单) of one client as a letter to its accountants.

Voucher by voucher: period, number, date, debit, and where its papers can be fetched.  It names its
own client and nobody else's, and it says when nobody knows what belongs on it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import canonical, telling
from reports.compose import file_name
from reports.owner import subject_line
from reports.page import Fact, Letter, Mark, Page, Pairs, Row, Section, Signatures, Table, Words
from reports.plaintext import clean
from reports.render import render
from reports.writing import Pen, pen

KIND: Final = "rekey-list"
State = Literal["missing", "differs", "extra"]
MOST_ROWS = 400  # of one set; a table for a spreadsheet has them all
COLOURS: dict[State, Status] = {"missing": "failed", "differs": "partial", "extra": "ok"}


@dataclass(frozen=True, slots=True)
class Keyed:
    """One voucher or invoice to be keyed in or looked at; its amounts in minor units.

    Attributes:
        amount: debit of a voucher, total of an invoice.
        name: of a voucher as it is shown, e.g. `记-12`; the number of an invoice.
        places: where its papers can be fetched, e.g. `tax_account`, `bank`.
    """

    kind: Literal["voucher", "invoice"]
    book: str
    state: State
    period: str
    name: str
    date: str
    lines: int
    amount: int
    credit: int
    invoices: tuple[str, ...]
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RekeyPart:
    """The list of one set; `known` False: what was there could not be compared whole."""

    set: str
    snapshot: str
    evidence: str
    known: bool
    currency: str
    amount: int
    rows: tuple[Keyed, ...]

    @property
    def due(self) -> tuple[Keyed, ...]:
        """What has to be keyed in or corrected, vouchers first; what came back has not."""
        found = (row for row in self.rows if row.state != "extra")
        return tuple(sorted(found, key=lambda row: row.kind != "voucher"))


@dataclass(frozen=True, slots=True)
class RekeyLetter:
    """What the letter reports; the client's name stands in no other place."""

    incident: str
    drill: str
    at: datetime
    client: str
    name: str
    credit_code: str
    lead: str  # id of the accountant in charge
    agency: str
    parts: tuple[RekeyPart, ...]
    sample: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """What the masking gate lets through."""
        return tuple(filter(None, (self.name, self.credit_code)))


def status(value: RekeyLetter) -> Status:
    """Return `ok` where nothing is to be done, and `inconclusive` where nobody knows that."""
    if any(part.due for part in value.parts):
        return "partial"
    return "ok" if all(part.known for part in value.parts) else "inconclusive"


def render_rekey_letter(
    value: RekeyLetter,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "accountant",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the re-key list of one client.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, audience, pen(language))
    return render(page, template="rekey_list", language=language, gate=gate, pdf=pdf)


def _page(value: RekeyLetter, number: int, audience: str, pen: Pen) -> Page:
    title = pen.gettext("Re-key list")
    if value.drill:
        title = pen.gettext("Drill: %(title)s", title=title)
    hash_ = canonical.fingerprint(canonical.canonical(KIND, value))
    mark, reader = _mark(value, pen), telling.audience_word(audience, pen)
    due = sum(len(part.due) for part in value.parts)
    news = pen.ngettext("%(n)s entry to key in", "%(n)s entries to key in", due)
    subject = subject_line(mark, title, value.incident, news, number, pen)
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=audience,
        reader=reader,
        title=title,
        period=value.incident,
        sample=value.sample,
        verdict=mark,
        sentence=_sentence(value, due, pen),
        sections=tuple(_sections(value, pen)),
        evidence=Pairs(
            pen.gettext("Evidence"),
            (
                Fact(pen.gettext("Letter number"), f"{number:06d}"),
                Fact(pen.gettext("Written for"), reader),
                Fact(pen.gettext("Incident"), value.incident),
                *_points(value, pen),
                Fact(pen.gettext("Software"), f"baozhang {__version__}"),
                Fact(pen.gettext("SHA-256 of the figures"), hash_),
                Fact(pen.gettext("Runbook"), pen.gettext("docs/runbooks/review.md")),
            ),
        ),
        fingerprint=hash_,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        as_of=value.at,
        file_name=file_name(
            title, number, f"{value.incident}-{value.client}", pen, sample=value.sample
        ),
        names=value.names,
    )


def _mark(value: RekeyLetter, pen: Pen) -> Mark:
    found = status(value)
    words: dict[Status, str] = {
        "ok": pen.gettext("Nothing to key in"),
        "partial": pen.gettext("To be keyed in"),
        "failed": pen.gettext("To be keyed in"),
        "inconclusive": pen.gettext("Not known"),
    }
    return Mark(found, words[found])


def _sentence(value: RekeyLetter, due: int, pen: Pen) -> str:
    known = all(part.known for part in value.parts)
    if not due and known:
        return pen.gettext(
            "The books are back as they were; compared with what was there, nothing is missing."
        )
    unknown = pen.gettext(
        "What was entered after the backup point could not be compared whole: ask whoever worked "
        "on these books, and look through papers and bank statements from that day on."
    )
    if not due:
        return unknown
    told = pen.ngettext(
        "%(n)s entry has to be keyed in again or looked at, %(amount)s of debit in all.",
        "%(n)s entries have to be keyed in again or looked at, %(amount)s of debit in all.",
        due,
        amount=_amounts(value, pen),
    )
    return told if known else f"{told} {unknown}"


def _amounts(value: RekeyLetter, pen: Pen) -> str:
    sums: dict[str, int] = {}
    for part in value.parts:
        sums[part.currency] = sums.get(part.currency, 0) + part.amount
    told = (pen.money(amount, currency) for currency, amount in sorted(sums.items()) if amount)
    return pen.gettext(", ").join(told) or pen.money(0, value.parts[0].currency)


def _points(value: RekeyLetter, pen: Pen) -> tuple[Fact, ...]:
    return tuple(
        Fact(
            pen.gettext("Compared: set %(set)s", set=clean(part.set, 64)),
            pen.gettext(
                "came back %(point)s, was there %(evidence)s",
                point=part.snapshot,
                evidence=part.evidence or pen.gettext("not readable"),
            ),
        )
        for part in value.parts
    )


def _sections(value: RekeyLetter, pen: Pen) -> list[Section]:
    whom = Pairs(
        pen.gettext("Whose books"),
        (
            Fact(pen.gettext("Client"), clean(value.name, 80)),
            Fact(pen.gettext("Client number"), clean(value.client, 64)),
            Fact(pen.gettext("Accountant in charge"), clean(value.lead, 64)),
        ),
    )
    tables = [_table(part, pen) for part in value.parts if part.due]
    back = sum(len(part.rows) - len(part.due) for part in value.parts)
    how = Words(
        pen.gettext("How to work it off"),
        (
            pen.gettext(
                "Missing: fetch the papers where the line says, and enter the voucher under its "
                "old number. Differs: hold the voucher against its papers and correct it."
            ),
            *([_came_back(back, pen)] if back else []),
            pen.gettext(
                "As a table for a spreadsheet: `baozhang review rekey %(incident)s --to FOLDER`.",
                incident=value.incident,
            ),
        ),
    )
    signed = Signatures(
        pen.gettext("Signatures and stamp"),
        (pen.gettext("Keyed in by"), pen.gettext("Reviewed by")),
        pen.gettext("Archive number:"),
    )
    return [whom, *tables, how, signed]


def _came_back(count: int, pen: Pen) -> str:
    """Return what is said of what came back and was not there any more."""
    return pen.ngettext(
        "%(n)s voucher or invoice came back that was not there any more: nothing is to be done, "
        "unless somebody had deleted it on purpose since the backup.",
        "%(n)s vouchers or invoices came back that were not there any more: nothing is to be done, "
        "unless somebody had deleted one on purpose since the backup.",
        count,
    )


def _table(part: RekeyPart, pen: Pen) -> Table:
    rows = part.due
    shown = rows[:MOST_ROWS]
    return Table(
        heading=pen.gettext("Set %(set)s", set=clean(part.set, 64)),
        first=pen.gettext("Voucher or invoice"),
        heads=(pen.gettext("Date"), pen.gettext("Debit or total")),
        rows=tuple(_row(row, part, pen) for row in shown),
        more=""
        if len(shown) == len(rows)
        else pen.gettext(
            "%(shown)s of %(all)s rows are shown; the table for a spreadsheet has them all.",
            shown=pen.number(len(shown)),
            all=pen.number(len(rows)),
        ),
    )


def _row(row: Keyed, part: RekeyPart, pen: Pen) -> Row:
    words: dict[State, str] = {
        "missing": pen.gettext("Missing"),
        "differs": pen.gettext("Differs"),
        "extra": pen.gettext("Came back"),
    }
    return Row(
        name=clean(row.name, 40),
        mark=Mark(COLOURS[row.state], words[row.state]),
        cells=(row.date or "–", pen.money(row.amount, part.currency)),
        below=(_papers(row, pen),),
    )


def _papers(row: Keyed, pen: Pen) -> str:
    """Return the period of a voucher or invoice, and where its papers are."""
    places = pen.gettext(", ").join(_place(place, pen) for place in row.places)
    told = pen.gettext(
        "period %(period)s; papers: %(places)s", period=row.period or "–", places=places or "–"
    )
    if not row.invoices:
        return told
    numbers = pen.gettext(", ").join(clean(number, 40) for number in row.invoices[:6])
    return pen.gettext("%(told)s; invoices %(numbers)s", told=told, numbers=numbers)


def _place(place: str, pen: Pen) -> str:
    words = {
        "tax_account": pen.gettext("digital tax account"),
        "bank": pen.gettext("bank"),
        "payroll": pen.gettext("payroll sheet"),
        "assets": pen.gettext("fixed-asset cards"),
        "ledger": pen.gettext("carried over in the ledger"),
        "client": pen.gettext("client"),
    }
    return words.get(place, clean(place, 20))
