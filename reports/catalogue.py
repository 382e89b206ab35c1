"""The letters' catalogues: what templates and modules say, and whether each language can say it.

    python -m reports.catalogue      bring locale/*/LC_MESSAGES/letters.po and .mo up to date

A message is its English; English needs a catalogue only for its plurals, which is filled here.
Chinese is written by a person, in the words of the trade.
"""

import io
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from baozhang.words import ENGLISH
from reports.writing import DOMAIN, LANGUAGES, LOCALE

_HERE = Path(__file__).parent
_METHODS = [("templates/**.j2", "jinja2"), ("*.py", "python")]
_OPTIONS = {"templates/**.j2": {"trimmed": "true", "silent": "false", "newstyle_gettext": "true"}}


def path(language: str, ending: str) -> Path:
    """Return the file of one language's catalogue, `po` or `mo`."""
    return LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.{ending}"


def used() -> Catalog:
    """Return every message that templates and modules use."""
    template = _empty(None)
    for found in extract_from_dir(_HERE, _METHODS, _OPTIONS):
        file, _, message, _, _ = found
        template.add(message, locations=[(f"reports/{file}", 0)])
    return template


class _Words(Catalog):
    """A catalogue whose head names no tool and no moment: equal words give equal files."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", self.locale_identifier or ""),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural_forms),
        ]


def _empty(language: str | None) -> Catalog:
    head = "# What letters say; described in docs/reports.md."
    return _Words(language, domain=DOMAIN, header_comment=head, charset="utf-8", fuzzy=False)


def updated(language: str) -> Catalog:
    """Return a language's catalogue with exactly the messages that are used."""
    file = path(language, "po")
    known = read_po(io.BytesIO(file.read_bytes())) if file.exists() else Catalog()
    fresh = _empty(language)
    for message in sorted((m for m in used() if m.id), key=lambda m: str(m.id)):
        said = known.get(message.id)
        fresh.add(message.id, said.string if said else None, message.locations)
        if language == ENGLISH:
            fresh[message.id].string = message.id
    return fresh


def untranslated(catalogue: Catalog) -> list[str]:
    """Return the messages that lack a translation, or one of its plural forms."""
    return [str(message.id) for message in catalogue if message.id and not _whole(message)]


def _whole(message: Message) -> bool:
    said = message.string if isinstance(message.string, list | tuple) else [message.string]
    return bool(said) and all(said)


def written(catalogue: Catalog) -> bytes:
    """Return the catalogue as a `.po` file."""
    out = io.BytesIO()
    write_po(out, catalogue, width=100, omit_header=False, include_lineno=False, sort_output=True)
    return out.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """Return the catalogue as gettext reads it, a `.mo` file."""
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def bring_up_to_date() -> None:
    """Write both files of every language."""
    for language in LANGUAGES:
        catalogue = updated(language)
        path(language, "po").parent.mkdir(parents=True, exist_ok=True)
        path(language, "po").write_bytes(written(catalogue))
        path(language, "mo").write_bytes(compiled(catalogue))


if __name__ == "__main__":
    bring_up_to_date()
