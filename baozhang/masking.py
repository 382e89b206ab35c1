"""The masking gate: numbers and names of clients that must not leave in what the product writes.

    gate = Gate(names)                  every client's name, from the site's files
    gate.masked(text, allowed=...)      the same text with every secret covered
    gate.found(text)                    what kinds of secrets are in it

A number is judged by its form alone, wider than the standards draw it: an amount too many that is
covered costs a question, one bank account that leaves costs a client.  Twenty digits (numbers of
数电票, 国家税务总局公告 2024年第11号) are no secret; hashes, dates and amounts written with their
thousands or their decimals apart are not taken for one.

What is covered keeps its first two and last two characters, so that two people can tell on the
telephone whether they mean the same number; a name keeps its first character.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["credit code", "identity number", "bank account", "phone", "name"]

_PLAIN = {sign: sign - 0xFEE0 for sign in range(0xFF01, 0xFF5F)}  # full width, one for one
_ALONE = r"(?<![0-9])(?<![0-9][.,])", r"(?![0-9]|[.,][0-9])"
_HASH = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[a-f])[0-9a-f]{8,}(?![0-9A-Za-z])")

FORMS: tuple[tuple[Kind, str], ...] = (
    # GB 11643-1999: 17 digits and a digit or X
    ("identity number", r"[1-9][0-9]{16}[0-9Xx]"),
    # GB 32100-2015: 18 of its 31 characters, the region being digits; written in any case
    ("credit code", r"[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{2}[0-9]{6}[0-9A-Za-z]{10}"),
    # cards 16-19 digits (ISO/IEC 7812-1), 对公账号 and old 纳税人识别号 from 15; in groups too
    ("bank account", r"[0-9]{15,19}"),
    ("bank account", r"[0-9]{4}(?:[ _-][0-9]{4}){3}(?:[ _-]?[0-9]{1,3})?"),
    # mobile 11 digits from 13 to 19, with +86 or in groups; land lines with their area code
    ("phone", r"(?:\+?86[ -]?)?1[3-9][0-9](?:[ -]?[0-9]{4}){2}"),
    ("phone", r"0[0-9]{2,3}-[0-9]{7,8}"),
    ("phone", r"\(0[0-9]{2,3}\)[ -]?[0-9]{7,8}"),
)
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufffd]")
"""Characters that nobody sees, and the sign that stands where one was taken out."""
_LEGAL_FORMS = re.compile(r"(?:有限责任公司|股份有限公司|有限公司|合伙企业.*|个体工商户)$")
_SHORTEST_STEM = 4  # characters of a name without its legal form; a shorter one is a common word


@dataclass(frozen=True, slots=True)
class Secret:
    """One stretch of a text that must not leave."""

    kind: Kind
    start: int
    end: int


class Gate:
    """Covers what must not leave; made once for all letters of a site."""

    def __init__(self, names: Iterable[str], *, own: Iterable[str] = ()) -> None:
        """Know clients by name; `own` is what the agency says of itself, and may be seen."""
        known = {form.translate(_PLAIN) for name in names for form in _forms(name)}
        self._own = frozenset(map(_folded, own))
        self._forms = [(kind, re.compile(form.join(_ALONE))) for kind, form in FORMS]
        if known:
            longest_first = sorted(known, key=lambda name: (-len(name), name))
            told = re.compile("|".join(map(_spaced, longest_first)), re.IGNORECASE)
            self._forms.insert(0, ("name", told))

    def secrets(self, text: str, *, allowed: Iterable[str] = ()) -> tuple[Secret, ...]:
        """Return what must not leave, in the text's order, none overlapping another."""
        shown = self._own | {form for each in allowed for form in (_folded(each), *_forms(each))}
        free = frozenset(map(_folded, shown))
        told: list[Secret] = []
        upto = 0
        for each in sorted(self._all(text), key=lambda each: (each.start, -each.end)):
            if each.start >= upto:  # else a part of what was judged as a whole
                upto = each.end
                if _folded(text[each.start : each.end]) not in free:
                    told.append(each)
        return tuple(told)

    def found(self, text: str, *, allowed: Iterable[str] = ()) -> tuple[Kind, ...]:
        """Return the kinds of secrets in a text, each once; empty: it may leave."""
        return tuple(dict.fromkeys(each.kind for each in self.secrets(text, allowed=allowed)))

    def masked(self, text: str, *, allowed: Iterable[str] = ()) -> str:
        """Return the text with every secret covered; what is covered stays as long as it was."""
        parts, upto = [], 0
        for each in self.secrets(text, allowed=allowed):
            parts += [text[upto : each.start], _covered(text[each.start : each.end], each.kind)]
            upto = each.end
        return "".join([*parts, text[upto:]])

    def _all(self, text: str) -> Iterator[Secret]:
        seen = [place for place, sign in enumerate(text) if not _UNSEEN.match(sign)]
        plain = "".join(text[place] for place in seen).translate(_PLAIN)
        hashes = [match.span() for match in _HASH.finditer(plain)]
        for kind, form in self._forms:
            for match in form.finditer(plain):
                if not any(start <= match.start() < end for start, end in hashes):
                    yield Secret(kind, seen[match.start()], seen[match.end() - 1] + 1)


def _forms(name: str) -> Iterator[str]:
    """Yield how a name is written: whole, and without its legal form."""
    if name.strip():
        yield name.strip()
        stem = _LEGAL_FORMS.sub("", name.strip())
        if len(stem) >= _SHORTEST_STEM:
            yield stem


def _spaced(name: str) -> str:
    """Return the form of a name, with a blank or none wherever one may be typed."""
    return " ?".join(map(re.escape, "".join(name.split())))


def _folded(text: str) -> str:
    shown = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return "".join(shown.split()).replace("-", "").replace("_", "").upper()


def _covered(secret: str, kind: Kind) -> str:
    if kind == "name":
        return secret[0] + "＊" * (len(secret) - 1)
    return secret[:2] + "*" * (len(secret) - 4) + secret[-2:]
