"""What a letter says, as values: complete, in one language, and not yet laid out.

    Page ─┬─ head: number, title, period, reader, verdict in one sentence
          ├─ sections, in their order: words, pairs, tallies, cards, tables, grids, lines, …
          └─ evidence

Every word is already in the letter's language and cleaned of what could break a line.  The same
page becomes HTML, plain text and PDF (`reports.render`), so that none of them can say something
else than the others.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal

from baozhang.catalog.model import Status


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str


Tone = Status | Literal["proven", "attested", "stale", "overdue", "none"]
"""What the design has a colour and a sign for: how a run ended, or how a control stands; `none` is
grey and says that there is no evidence."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A status as a reader sees it: a word, a sign, and a tone the design has a colour for."""

    status: Tone
    word: str


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding in words, and what to do about it ("" where nobody said)."""

    sentence: str
    hint: str
    weight: str  # "" for what is critical, else a word such as "warning"


@dataclass(frozen=True, slots=True)
class Card:
    """One client's set that a person should look at."""

    name: str
    mark: Mark
    snapshot: str
    remarks: tuple[Remark, ...]
    more: str  # says how many remarks are left out, or ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `below` is said under it in full width."""

    name: str
    mark: Mark
    cells: tuple[str, ...]
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """Paragraphs."""

    form: ClassVar[str] = "words"
    heading: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels and values, one below the other; `note` is said instead where there are none."""

    form: ClassVar[str] = "pairs"
    heading: str
    facts: tuple[Fact, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many there are of each status, from well to failed, and the totals below."""

    form: ClassVar[str] = "tally"
    heading: str
    counts: tuple[tuple[Mark, int], ...]
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Cards:
    """What a person should look at, one by one."""

    form: ClassVar[str] = "cards"
    heading: str
    cards: tuple[Card, ...]
    more: str = ""  # says how many are left out, or ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a name, a status and numeric columns."""

    form: ClassVar[str] = "table"
    heading: str
    first: str  # what the rows are, e.g. "Client"
    heads: tuple[str, ...]  # of the numeric columns
    rows: tuple[Row, ...]
    more: str = ""


@dataclass(frozen=True, slots=True)
class Square:
    """One thing in a grid, and where it is told."""

    anchor: str
    name: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class GridRow:
    """Things that belong together, side by side; `note` counts them."""

    label: str
    squares: tuple[Square, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Grid:
    """Many things at one glance, a square each, in columns of rows; `key` explains the marks."""

    form: ClassVar[str] = "grid"
    heading: str
    columns: tuple[tuple[str, tuple[GridRow, ...]], ...]  # (what it is, rows)
    key: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to another place of the same page."""

    anchor: str
    word: str


@dataclass(frozen=True, slots=True)
class Part:
    """One of the things that an entry rests on; `name` is "" where there is but one."""

    name: str
    mark: Mark | None
    facts: tuple[Fact, ...]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One line that is told at length.

    Attributes:
        anchor: its place in the page, unique.
        marks: how it stands; the first decides.
        note: short words beside it.
        keys: what it can be filtered by, name and value; never shown.
    """

    anchor: str
    name: str
    marks: tuple[Mark, ...]
    note: str
    parts: tuple[Part, ...]
    keys: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """Entries under one heading; `note` is said below it."""

    form: ClassVar[str] = "lines"
    heading: str
    anchor: str
    note: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Series:
    """One line or one colour of a chart; None: nobody measured it, and nothing is drawn there."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of figures; for the eye, the exact figures stand in the letter.

    Attributes:
        form: `lines` over time, `bars` per thing, `stacked` bars whose parts add up; `spans`: lying
            bars per thing, from the first series' value to the second's; `heat`: a matrix, a
            series per row from below, a value from 0 to 3 per shade.
        ticks: what stands below (of `spans` at the side), one per value of each series.
        unit: of the values, as it is written at the axis.
        target: a line that the values are held against, and its label.
        alt: the picture in words, complete enough for somebody who cannot see it.
        cells: of `heat`, what stands in each cell: lines of words, in the shape of the series; of
            `spans`, in one row, what stands beside each bar instead of its length.
    """

    form: Literal["lines", "bars", "stacked", "spans", "heat"]
    title: str
    unit: str
    ticks: tuple[str, ...]
    series: tuple[Series, ...]
    alt: str
    target: tuple[float, str] | None = None
    cells: tuple[tuple[tuple[str, ...], ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart in its place; where it cannot be drawn, its words stand there and say so."""

    form: ClassVar[str] = "picture"
    heading: str
    chart: Chart


@dataclass(frozen=True, slots=True)
class Signatures:
    """Where people sign and stamp the printed pages (签字盖章)."""

    form: ClassVar[str] = "signatures"
    heading: str
    signers: tuple[str, ...]  # in what capacity, e.g. "复核人"
    archive: str  # label and blank of the archive number (档案号)


Section = Words | Pairs | Tally | Cards | Table | Grid | Lines | Picture | Signatures


@dataclass(frozen=True, slots=True)
class Page:
    """All a letter says, in the order it says it."""

    kind: str  # "night", "client-statement", ...
    number: int  # place in the agency's sequence of letters of this kind, from 1
    language: str
    audience: str  # a key, e.g. "manager"
    reader: str  # the same in words
    title: str
    period: str  # the day or month it reports on, as people write it
    sample: bool
    verdict: Mark
    sentence: str  # the verdict in one sentence
    sections: tuple[Section, ...]
    evidence: Pairs
    fingerprint: str  # SHA-256 of the figures it reports
    subject: str
    file_name: str  # of the PDF, without its ending; ids and periods, never a client's name
    advice: str = ""  # what to do when there is nobody to list
    as_of: datetime | None = None  # the aware instant its figures stand at; the date of its PDF
    names: tuple[str, ...] = ()
    """The names and numbers this letter may show, those of the client it is for; the masking gate
    (`baozhang.masking`) lets these through and nothing else."""


@dataclass(frozen=True, slots=True)
class Inline:
    """A picture inside a letter; its HTML shows `cid:<cid>` (RFC 2392)."""

    cid: str
    png: bytes
    alt: str


@dataclass(frozen=True, slots=True)
class Letter:
    """A report in one language for one kind of reader, ready to be mailed and filed."""

    kind: str
    number: int
    subject: str
    html: str
    text: str
    language: str
    audience: str
    fingerprint: str
    pictures: tuple[Inline, ...] = ()
    pdf: bytes = b""  # empty where it was not asked for or could not be made
    pdf_name: str = ""  # e.g. "夜间备份报告_000017_2026-07-31.pdf"
