"""From a page of values to a letter: one design, in HTML, in plain text and on paper.

    run ── night | validation | … ──► Page ── gate ── charts ── templates ──► Letter

A `Page` is complete: every word in it is already in the letter's language and cleaned of what
could break a line.  The masking gate goes over every word before anything is laid out.  Templates
dispatch on what form a section has, add the few words of the design, and escape whatever they
show.  They run in a sandbox, and a name they misspell is an error instead of a blank.

What cannot be made does not cost the letter: where a chart or the PDF fails, a sentence says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from baozhang import __version__
from baozhang.errors import UsageError
from baozhang.masking import Gate
from baozhang.words import say
from reports import charts, plaintext
from reports.gated import gated
from reports.page import Chart, Fact, Inline, Letter, Mark, Page, Picture, Table, Tone
from reports.writing import Pen, pen

try:
    from reports.pdf import printed
except (ImportError, OSError):  # of WeasyPrint, or of the pango library that it loads
    NO_PRESS = True
else:
    NO_PRESS = False

_LONGEST_NAME = 200  # bytes of a file's name; 255 is the most of most file systems
TEMPLATES = Path(__file__).parent / "templates"


def render(
    page: Page,
    *,
    template: str,
    language: str,
    gate: Gate | None = None,
    pdf: bool = False,
    paper: Page | None = None,
) -> Letter:
    """Fill the templates of a letter, `<template>.html.j2` and `<template>.txt.j2`.

    `<template>.html.j2` serves the mail and the PDF: it begins with `{% extends layout %}`.

    Args:
        page: what the mail shows.
        template: stem of the templates' names.
        language: of the letter.
        gate: masks what must not leave.
        pdf: print it too.
        paper: what is printed where that is more than the mail shows.

    Raises:
        UsageError: letters are not written in this language.
    """
    environment, writer = _environment(language), pen(language)
    page, whole = gated(page, gate), gated(paper, gate) if paper and pdf else None
    drawings = _drawings([page, whole] if whole else [page], writer, vector=pdf)
    pressed, unprinted = b"", ""
    if pdf:
        pressed, unprinted = _paper(whole or page, template, environment, drawings)
    values = {"page": page, "drawings": drawings, "unprinted": unprinted}
    mail, plain = (environment.get_template(f"{template}.{form}.j2") for form in ("html", "txt"))
    return Letter(
        kind=page.kind,
        number=page.number,
        subject=page.subject,
        html=mail.render(values, layout="base.html.j2"),
        text=plain.render(values),
        language=language,
        audience=page.audience,
        fingerprint=page.fingerprint,
        pictures=tuple(drawn for each in _charts(page) if (drawn := drawings[each].inline)),
        pdf=pressed,
        pdf_name=f"{_file_name(page.file_name)}.pdf" if pressed else "",
    )


def fill(page: Page, *, template: str, **values: object) -> str:
    """Return a page as one file by a template of its own, `<template>.html.j2`.

    The page was made fit to leave (`reports.gated`) by the caller, who may have taken it apart.
    """
    layout = _environment(page.language).get_template(f"{template}.html.j2")
    return layout.render(page=page, **values)


def _file_name(words: str) -> str:
    """Return a name that every file system and mail program takes as it is."""
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in words)
    return plain.encode()[:_LONGEST_NAME].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart as it was drawn, or why it was not."""

    inline: Inline | None
    svg: bytes = b""
    why: str = ""

    @property
    def address(self) -> str:
        """What the printed page calls it."""
        return f"chart:{self.inline.cid}" if self.inline else ""


def _drawings(pages: Sequence[Page], writer: Pen, *, vector: bool) -> dict[Chart, Drawing]:
    shown = dict.fromkeys(chart for page in pages for chart in _charts(page))
    mark = f"{pages[0].fingerprint[:16]}@baozhang"
    return {
        chart: _drawing(chart, f"chart-{i}.{mark}", writer, vector=vector)
        for i, chart in enumerate(shown, 1)
    }


def _charts(page: Page) -> tuple[Chart, ...]:
    shown = (each.chart for each in page.sections if isinstance(each, Picture))
    return tuple(dict.fromkeys(shown))


def _drawing(chart: Chart, cid: str, writer: Pen, *, vector: bool) -> Drawing:
    try:
        drawn = charts.draw(chart, writer, vector=vector)
    except UsageError as error:
        return Drawing(None, why=_spoken(error, writer))
    return Drawing(Inline(cid, drawn.png, chart.alt), drawn.svg)


def _paper(
    page: Page, template: str, environment: Environment, drawings: Mapping[Chart, Drawing]
) -> tuple[bytes, str]:
    """Return the PDF and "", or nothing and why there is none."""
    html = environment.get_template(f"{template}.html.j2").render(
        page=page, layout="print.html.j2", drawings=drawings
    )
    css = environment.get_template("print.css.j2").render()
    identity = "\n".join((page.kind, str(page.number), page.language, page.fingerprint))
    try:
        if NO_PRESS:
            raise UsageError(
                "the library pango is not installed",
                hint="Install the Debian packages libpango-1.0-0, libpangoft2-1.0-0 and "
                "libharfbuzz-subset0.",
            )
        pictures = {each.address: each.svg for each in drawings.values()}
        return printed(html, css, pictures, identity=identity), ""
    except UsageError as error:
        return b"", _spoken(error, pen(page.language))


def _spoken(error: UsageError, writer: Pen) -> str:
    """Return what failed and what to do about it, in the letter's language."""
    words = say(error.template, spoken=writer.language, **error.facts)
    hint = say(error.hint, spoken=writer.language, **error.facts)
    return plaintext.clean(writer.gettext("%(what)s. %(hint)s", what=words, hint=hint))


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
        columns=lambda section: table(section, writer),
        rule=rule,
        chart_width=charts.WIDTH,
        chart_height=charts.HEIGHT,
        version=__version__,
        page_number=Markup('<span class="page"></span>'),
        page_count=Markup('<span class="pages"></span>'),
    )
    environment.filters.update(wrap=plaintext.wrap, number=writer.number)
    _install(environment, writer)
    return environment


_SIGNS: dict[Tone, str] = {
    "ok": "✓",
    "partial": "▲",
    "failed": "×",
    "inconclusive": "?",
    "proven": "✓",
    "attested": "◆",
    "stale": "▽",
    "overdue": "▲",
    "none": "–",
}
_PLAIN_SIGNS: dict[Tone, str] = {
    "ok": "+",
    "partial": "!",
    "failed": "x",
    "inconclusive": "?",
    "proven": "+",
    "attested": "o",
    "stale": "~",
    "overdue": "!",
    "none": "-",
}


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


def table(section: Table, writer: Pen) -> str:
    """Return a table as columns of plain text."""
    head = (section.first, writer.gettext("Status"), *section.heads)
    body = [(row.name, _status(row.mark), *row.cells) for row in section.rows]
    lines = plaintext.columns([head, *body], "ll" + "r" * len(section.heads))
    ruled = [lines[0], "-" * max(map(plaintext.display_width, lines))]
    for line, row in zip(lines[1:], section.rows, strict=True):
        ruled += [line, *_below(row.below)]
    return "\n".join(ruled)


def _status(mark: Mark) -> str:
    return f"[{_PLAIN_SIGNS[mark.status]}] {mark.word}"


def _below(words: Iterable[str]) -> list[str]:
    return [plaintext.wrap(line, first="    ", rest="    ") for line in words]
