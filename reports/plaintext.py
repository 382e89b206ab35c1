"""Plain text for people whose letters are wide: columns, wrapping and cleaning.

A Chinese character takes two columns of a fixed-width screen, so every width here is a display
width (Unicode Annex #11: wide and full-width are two, combining marks none, all else one).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache

WIDTH = 76  # columns; RFC 5322 section 2.1.1 recommends lines below 78


def display_width(words: str) -> int:
    """Return how many columns the words take."""
    return len(words) if words.isascii() else sum(map(_columns, words))


@cache
def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def clean(words: str, most: int = 600) -> str:
    """Return the words as one safe line.

    Blanks of any kind become one blank; control characters, direction overrides and lone
    surrogates, which could forge or break a letter, become U+FFFD; what is longer than `most`
    characters ends in an ellipsis.
    """
    safe = ("\ufffd" if unicodedata.category(c) in _UNSAFE else c for c in " ".join(words.split()))
    line = "".join(safe)
    return line if len(line) <= most else line[: most - 1] + "…"


_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def pad(words: str, width: int, *, right: bool = False) -> str:
    """Return the words filled with blanks to a display width; `right` puts the blanks first."""
    blanks = " " * (width - display_width(words))
    return blanks + words if right else words + blanks


def columns(rows: Sequence[Sequence[str]], align: str) -> list[str]:
    """Return rows set in columns two blanks apart; `align` has an `l` or an `r` per column."""
    widths = [max((display_width(row[i]) for row in rows), default=0) for i in range(len(align))]
    return [
        "  ".join(
            pad(cell, width, right=side == "r")
            for cell, width, side in zip(row, widths, align, strict=True)
        ).rstrip()
        for row in rows
    ]


def wrap(words: str, *, first: str = "", rest: str = "", width: int = WIDTH) -> str:
    """Return the words broken into lines of a display width, behind `first` and then `rest`."""
    lines, line, empty = [], first, True
    for piece in _PIECE.findall(words):
        if not empty and display_width(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line, empty = rest, True
        line, empty = line + piece, False
    return "\n".join([*lines, line.rstrip()])


_WIDE = "\u2e80-\u9fff\uf900-\uffef"
_PIECE = re.compile(
    rf"[（《“]*(?:[{_WIDE}]|[^\s{_WIDE}]+)[，。、；：！？）》”’]*\s*"  # a line begins with no comma
)
"""What stays on one line: a wide character or a Latin word, with the punctuation it carries."""
