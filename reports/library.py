"""The library: every report that was written, as files people can open, and one page to find them.

    reports/index.html                                     search by client, kind, period, verdict
    reports/reports.jsonl                                  one line per report, only appended to
    reports/night/2026/000017-night-2026-07-31.json        what it reports: canonical JSON
    reports/night/2026/000017-night-2026-07-31-zh_CN.html  as it was written; .txt and .pdf too

Names are made of kind, number, period and client id, never of anybody's name.  The index is one
file without a network: it opens from a disk, a stick or a share, and holds nothing but what file
names say, the verdict, and which numbers are missing.  Files are private to their owner, and each
is there whole or not at all.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import BinaryIO

from jinja2 import FileSystemLoader, StrictUndefined, Template
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from baozhang.catalog.model import Status
from baozhang.errors import CorruptObjectError, UnreachableError
from reports import telling
from reports.figures import WORST_FIRST
from reports.page import Letter
from reports.render import TEMPLATES
from reports.writing import LANGUAGES, Pen, pen

INDEX, LINES = "index.html", "reports.jsonl"


@dataclass(frozen=True, slots=True)
class Filed:
    """One report in the library."""

    kind: str
    number: int
    period: str  # "2026-07-31" or "2026-07"
    client: str  # id; "": it is about all
    status: Status
    at: str  # when it was written, Shanghai time: "2026-08-01 07:00"
    sample: bool
    languages: tuple[str, ...]
    pdfs: tuple[str, ...]  # languages in which there is a PDF
    fingerprint: str

    @property
    def stem(self) -> str:
        """The beginning of its files' names."""
        return "-".join(filter(None, (f"{self.number:06d}", self.kind, self.period, self.client)))

    @property
    def folder(self) -> str:
        """The folder of its files below the library."""
        return f"{self.kind}/{self.period[:4]}"


class Library:
    """A folder of reports, made on first use.  Processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def index(self) -> Path:
        """The page to begin with."""
        return self.folder / INDEX

    def page(self, filed: Filed, language: str) -> Path:
        """Return where the HTML of a report lies."""
        return self.folder / filed.folder / f"{filed.stem}-{language}.html"

    def put(self, filed: Filed, letters: Sequence[Letter], value: str) -> tuple[Path, ...]:
        """Write a report's files and its line; return the pages, one per language.

        The index is not written anew: see `refresh`.

        Raises:
            UnreachableError: the folder cannot be written.
        """
        with self._writing():
            for letter in letters:
                for ending, content in _forms(letter):
                    _write(self.page(filed, letter.language).with_suffix(ending), content)
            place = self.folder / filed.folder / f"{filed.stem}.json"
            _write(place, value.encode("ascii"))
            with self._lines() as lines:
                lines.seek(0, os.SEEK_END)
                lines.write(_line(filed))
                lines.flush()
                os.fsync(lines.fileno())
        return tuple(self.page(filed, letter.language) for letter in letters)

    def refresh(self) -> Path:
        """Write the index anew and return it.

        Raises:
            UnreachableError: the folder cannot be written.
            CorruptObjectError: a line of the list is not one.
        """
        with self._writing(), self._lines() as lines:
            _write(self.index, index_page(_read(lines)).encode())
        return self.index

    def reports(self) -> tuple[Filed, ...]:
        """Return what is in the library, the newest last; of one number, what was filed last.

        Raises:
            CorruptObjectError: a line of the list is not one.
        """
        try:
            with (self.folder / LINES).open("rb") as lines:
                return _read(lines)
        except FileNotFoundError:
            return ()

    def find(self, kind: str, period: str, client: str, fingerprint: str) -> Filed | None:
        """Return the report that says exactly this already, None if there is none."""
        wanted = (kind, period, client, fingerprint)
        return next(
            (
                each
                for each in reversed(self.reports())
                if (each.kind, each.period, each.client, each.fingerprint) == wanted
            ),
            None,
        )

    @contextmanager
    def _lines(self) -> Iterator[BinaryIO]:
        """Yield the list while nobody else has it."""
        handle = os.open(self.folder / LINES, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        with open(handle, "r+b") as lines:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield lines

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield
        except OSError as error:
            raise UnreachableError(
                "the library of reports {folder} cannot be written: {reason}",
                hint="Make the folder writable for the user that runs baozhang, with room on its "
                "disk.",
                folder=self.folder,
                reason=error.strerror or type(error).__name__,
            ) from error


def _forms(letter: Letter) -> Iterator[tuple[str, bytes]]:
    yield ".html", standalone(letter).encode("utf-8", "replace")
    yield ".txt", letter.text.encode("utf-8", "replace")
    if letter.pdf:
        yield ".pdf", letter.pdf


def standalone(letter: Letter) -> str:
    """Return a letter's HTML with its pictures inside it, as a browser can show it."""
    html = letter.html
    for picture in letter.pictures:
        shown = base64.b64encode(picture.png).decode("ascii")
        html = html.replace(f"cid:{picture.cid}", f"data:image/png;base64,{shown}")
    return html


def _write(path: Path, content: bytes) -> None:
    """Make a private file hold these bytes, all at once and durably."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    half = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _line(filed: Filed) -> bytes:
    return (json.dumps(asdict(filed), separators=(",", ":")) + "\n").encode("ascii")


def _read(lines: Iterable[bytes]) -> tuple[Filed, ...]:
    """Return the list; a last line that a crash cut off is no report."""
    found: dict[tuple[str, int], Filed] = {}
    for line in lines:
        if line.endswith(b"\n"):
            filed = _filed(line)
            found.pop((filed.kind, filed.number), None)
            found[filed.kind, filed.number] = filed
    return tuple(found.values())


def _filed(line: bytes) -> Filed:
    try:
        parts = json.loads(line)
        languages, pdfs = tuple(parts.pop("languages")), tuple(parts.pop("pdfs"))
        return Filed(**parts, languages=languages, pdfs=pdfs)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise CorruptObjectError(
            "the list of reports holds a line that is none",
            hint="Take the line out of reports.jsonl, or bring the file back from a copy.",
        ) from error


# --- the index ---------------------------------------------------------------------------------


def gaps(reports: Iterable[Filed]) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return, per kind, the runs of numbers below the highest that no report bears."""
    numbers: dict[str, set[int]] = {}
    for each in reports:
        numbers.setdefault(each.kind, set()).add(each.number)
    return {kind: tuple(_runs(found)) for kind, found in numbers.items() if len(found) < max(found)}


def _runs(found: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the first and last of each run of missing numbers, from 1 to the highest found."""
    expected = 1
    for number in sorted(found):
        if number > expected:
            yield expected, number - 1
        expected = number + 1


def index_page(reports: Sequence[Filed]) -> str:
    """Return the index as one HTML file, the newest report first."""
    kinds = sorted({each.kind for each in reports})
    newest = sorted(reports, key=_when)  # the last one; of one minute, the one filed last
    value = {
        "kinds": kinds,
        "statuses": WORST_FIRST,
        "languages": LANGUAGES,
        "words": {language: _words(pen(language)) for language in LANGUAGES},
        "reports": [_row(each, kinds) for each in newest[::-1]],
        "gaps": gaps(reports),
    }
    return _template().render(data=_embedded(value))


def _when(filed: Filed) -> str:
    return filed.at


def _row(filed: Filed, kinds: Sequence[str]) -> list[object]:
    """Return a report as a few short values; ten thousand of them are half a megabyte."""
    return [
        kinds.index(filed.kind),
        filed.number,
        filed.period,
        filed.client,
        WORST_FIRST.index(filed.status),
        filed.at,
        int(filed.sample),
        _bits(filed.languages),
        _bits(filed.pdfs),
    ]


def _bits(languages: Iterable[str]) -> int:
    return sum(1 << LANGUAGES.index(each) for each in languages)


def _embedded(value: Mapping[str, object]) -> Markup:
    """Return JSON that can stand inside a script element: nothing in it can end the element."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Markup(text.replace("<", "\\u003c").replace("\u2028", "").replace("\u2029", ""))  # noqa: S704


@cache
def _template() -> Template:
    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("library.html.j2")


def kind_words(writer: Pen) -> dict[str, str]:
    """Return what each kind of letter is called."""
    return {
        "night": writer.gettext("Nightly backup"),
        "validation": writer.gettext("Integrity verification"),
        "restore-test": writer.gettext("Restore test"),
        "monthly": writer.gettext("Monthly summary"),
        "client-statement": writer.gettext("Client service report"),
        "certificate": writer.gettext("Recoverability certificate"),
        "alert": writer.gettext("Alert"),
        "digest": writer.gettext("Digest of letters"),
        "stop-order": writer.gettext("Order to stop"),
        "notice": writer.gettext("Notice of an incident"),
    }


def _words(writer: Pen) -> dict[str, object]:
    statuses: dict[str, str] = {each: telling.mark(each, writer).word for each in WORST_FIRST}
    return {
        "kinds": kind_words(writer),
        "statuses": statuses,
        "name": writer.gettext("Library of reports"),
        "language": "中文" if writer.language == "zh_CN" else "English",
        "sample": writer.gettext("SAMPLE"),
        "kind": writer.gettext("Kind"),
        "number": writer.gettext("No."),
        "period": writer.gettext("Period"),
        "client": writer.gettext("Client"),
        "verdict": writer.gettext("Verdict"),
        "written": writer.gettext("Written"),
        "files": writer.gettext("Files to open"),
        "all": writer.gettext("all"),
        "everybody": writer.gettext("all clients"),
        "search": writer.gettext("Search: client, period, number"),
        "found": writer.gettext("reports found"),
        "more": writer.gettext("Show more"),
        "nothing": writer.gettext("No report fits."),
        "missing": writer.gettext("Missing numbers: these reports are not in this library"),
        "complete": writer.gettext("No number is missing."),
        "colon": writer.gettext(": "),
        "semicolon": writer.gettext("; "),
        "text": writer.gettext("text"),
        "value": writer.gettext("values"),
    }
