"""From a page of values to a letter: one design, in HTML and in plain text.

    run ── night | validation | restore_test ──► Page ── templates ──► Letter

A `Page` is complete: every word in it is already in the letter's language and cleaned of what
could break a line.  Templates lay it out, add their headings, and escape whatever they show.
They run in a sandbox, and a name they misspell is an error instead of a blank.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from baozhang.catalog.model import Status
from reports import plaintext
from reports.writing import Pen, pen

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Letter:
    """A report in one language for one kind of reader, ready to be mailed."""

    kind: str  # "night", "validation", "restore-test"
    number: int  # place in the agency's sequence of letters, from 1; both languages share it
    subject: str
    html: str
    text: str
    language: str
    audience: str
    fingerprint: str  # SHA-256 of the run it reports (reports.figures.fingerprint)


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A status as a reader sees it: a word, a sign, and a status the design has a colour for."""

    status: Status
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
    """One line of the table of clients; `below` is said under it in full width."""

    name: str
    mark: Mark
    cells: tuple[str, ...]
    below: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """All a letter says, in the order it says it."""

    kind: str
    number: int
    audience: str  # a key, e.g. "manager"
    title: str
    day: str
    sample: bool
    verdict: Mark
    sentence: str
    advice: str  # what to do when there is nobody to list, or ""
    changes: tuple[Fact, ...]
    changes_note: str  # said instead of changes, or ""
    tally: tuple[tuple[Mark, int], ...]
    figures: tuple[Fact, ...]
    troubled: tuple[Card, ...]
    troubled_more: str
    notes: tuple[Card, ...]
    notes_more: str
    heads: tuple[str, ...]  # the numeric columns' heads
    rows: tuple[Row, ...]
    rows_more: str
    evidence: tuple[Fact, ...]
    fingerprint: str
    subject: str


def render(page: Page, *, template: str, language: str) -> Letter:
    """Fill both templates of a letter, `<template>.html.j2` and `<template>.txt.j2`.

    Raises:
        UsageError: letters are not written in this language.
    """
    environment = _environment(language)
    html, text = (
        environment.get_template(f"{template}.{form}.j2").render(page=page)
        for form in ("html", "txt")
    )
    return Letter(
        kind=page.kind,
        number=page.number,
        subject=page.subject,
        html=html,
        text=text,
        language=language,
        audience=page.audience,
        fingerprint=page.fingerprint,
    )


@cache
def _environment(language: str) -> ImmutableSandboxedEnvironment:
    writer = pen(language)
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=_is_markup,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals.update(
        lang=language.replace("_", "-"),
        sign=_SIGNS.__getitem__,
        plain_sign=_PLAIN_SIGNS.__getitem__,
        wrap=plaintext.wrap,
        facts=facts,
        table=lambda page: table(page, writer),
        rule=rule,
    )
    environment.filters["wrap"] = plaintext.wrap
    _install(environment, writer)
    return environment


_SIGNS: dict[Status, str] = {"ok": "✓", "partial": "▲", "failed": "✕", "inconclusive": "?"}
_PLAIN_SIGNS: dict[Status, str] = {"ok": "+", "partial": "!", "failed": "x", "inconclusive": "?"}


def _install(environment: ImmutableSandboxedEnvironment, writer: Pen) -> None:
    """Give templates `_()`; "newstyle" escapes the values it fills into a message."""
    environment.install_gettext_translations(  # type: ignore[attr-defined]
        writer.catalogue, newstyle=True
    )


def _is_markup(template: str | None) -> bool:
    """Escape everything but what is known to be plain text."""
    return not (template or "").endswith(".txt.j2")


def rule(words: str, stroke: str) -> str:
    """Return words underlined over their display width."""
    return f"{words}\n{stroke * plaintext.display_width(words)}"


def facts(pairs: Sequence[Fact]) -> str:
    """Return labels and values in two columns, values wrapped beside their label."""
    left = max((plaintext.display_width(fact.label) for fact in pairs), default=0) + 2
    return "\n".join(
        plaintext.wrap(fact.value, first=plaintext.pad(fact.label, left), rest=" " * left)
        for fact in pairs
    )


def table(page: Page, writer: Pen) -> str:
    """Return the table of clients as columns of plain text."""
    head = (writer.gettext("Client"), writer.gettext("Status"), *page.heads)
    body = [(row.name, _status(row.mark), *row.cells) for row in page.rows]
    lines = plaintext.columns([head, *body], "ll" + "r" * len(page.heads))
    ruled = [lines[0], "-" * max(map(plaintext.display_width, lines))]
    for line, row in zip(lines[1:], page.rows, strict=True):
        ruled += [line, *_below(row.below)]
    return "\n".join(ruled)


def _status(mark: Mark) -> str:
    return f"[{_PLAIN_SIGNS[mark.status]}] {mark.word}"


def _below(words: Iterable[str]) -> list[str]:
    return [plaintext.wrap(line, first="    ", rest="    ") for line in words]
