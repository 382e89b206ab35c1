"""Every word of a page made fit to leave, once, before anything is laid out.

Each becomes one line without control characters, direction overrides or broken encodings, and
goes through the masking gate.  The walk goes over the values themselves, so that a section
somebody adds is covered without a thought.  What a machine reads (a status, a language, a hash)
is no word and stays as it is.
"""

from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from baozhang.masking import Gate
from reports.page import Page
from reports.plaintext import clean

_KEYS = frozenset(
    {"kind", "language", "audience", "fingerprint", "status", "form", "names", "anchor", "keys"}
)
_LONGEST = 4000  # characters of one paragraph; more is no letter

Value = TypeVar("Value")


def gated(page: Page, gate: Gate | None) -> Page:
    """Return the page as it may leave: with a gate, nobody's names and numbers but its own."""
    return _Walk(gate, page.names).over(page)


class _Walk:
    """Remembers what it has seen: status words and dashes stand in every row."""

    def __init__(self, gate: Gate | None, allowed: tuple[str, ...]) -> None:
        self._gate, self._allowed = gate, allowed
        self._seen: dict[str, str] = {}

    def over(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._word(value)  # type: ignore[return-value]
        if isinstance(value, tuple):
            return tuple(map(self.over, value))  # type: ignore[return-value]
        if is_dataclass(value) and not isinstance(value, type):
            words = {f.name for f in fields(value)} - _KEYS
            return replace(value, **{name: self.over(getattr(value, name)) for name in words})
        return value

    def _word(self, word: str) -> str:
        if word not in self._seen:
            safe = clean(word, _LONGEST)
            masked = self._gate.masked(safe, allowed=self._allowed) if self._gate else safe
            self._seen[word] = masked
        return self._seen[word]
