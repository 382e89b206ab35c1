"""What comments are about, by words that anybody can read (`themes.yaml`), and by nothing else.

A comment may have several themes, or none; the share without one is told, so that a dictionary
that misses what clients speak of is noticed.  Nothing is guessed: no mood, no negation.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field

from baozhang.governance.model import Words
from baozhang.settings.part import Part, Text

_FILE = Path(__file__).parent / "themes.yaml"


class Theme(Part):
    """One theme and its words.

    Attributes:
        aside: where one of its words means something else: read over before words are looked for.
    """

    title: Words
    words: Annotated[tuple[Text, ...], Field(min_length=1)]
    aside: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Count:
    """How many comments are about a theme, and by which of its words, most frequent first."""

    theme: str
    comments: int
    words: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """Themes that came up, most frequent first; `unmatched` comments are about none."""

    comments: int
    unmatched: int
    counts: tuple[Count, ...]


@cache
def dictionary() -> dict[str, Theme]:
    """Return the themes by id."""
    content = yaml.safe_load(_FILE.read_text("utf-8"))
    return {name: Theme.model_validate(each) for name, each in content.items()}


def found_in(comment: str) -> dict[str, tuple[str, ...]]:
    """Return the themes of one comment, each with the words that tell so."""
    text = _folded(comment)
    found = {name: tuple(_words(name, text)) for name in dictionary()}
    return {name: words for name, words in found.items() if words}


def tally(comments: Iterable[str]) -> Tally:
    """Count what comments are about; blank ones are no comments."""
    found = [found_in(each) for each in comments if each.strip()]
    numbers = Counter(name for themes in found for name in themes)
    counts = (
        Count(
            name, number, _by_frequency(word for themes in found for word in themes.get(name, ()))
        )
        for name, number in sorted(numbers.items(), key=lambda each: (-each[1], each[0]))
    )
    return Tally(len(found), sum(not themes for themes in found), tuple(counts))


def _by_frequency(words: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(words).items(), key=lambda each: (-each[1], each[0])))


def _words(theme: str, text: str) -> Iterable[str]:
    for each in dictionary()[theme].aside:
        text = text.replace(_folded(each), " ")
    return (word for word, form in _forms()[theme] if form.search(text))


@cache
def _forms() -> dict[str, tuple[tuple[str, re.Pattern[str]], ...]]:
    return {
        name: tuple((word, _form(_folded(word))) for word in theme.words)
        for name, theme in dictionary().items()
    }


def _form(word: str) -> re.Pattern[str]:
    return re.compile((r"\b" if word.isascii() else "") + re.escape(word))


def _folded(text: str) -> str:
    """Return a text in which full width, case and odd blanks make no difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
