"""Whose book an export says it is: where a profile says that its owner stands, or in a banner.

    编制单位：…    统一社会信用代码：91330106MA2CF1L35X    2026年3月     ◄ a banner
    科目编码  …

    owner: {table: 电子账簿, code: [统一社会信用代码, 组织机构代码], name: 会计核算单位}
    owner: {file: "[siren]FEC*"}

In a banner only a code with its label counts: codes without one may be a customer's.  An owner is
written as the 统一社会信用代码 itself, or as one of these:

    organisation:MA2CF1L35    组织机构代码 (GB 11714), signs 9 to 17 of a 统一社会信用代码
    siren:732829320           nine digits (France)
    text:…                    a digest of anything else, a company's name first of all

Names never leave this module: what is digested can be told from another, and not be read.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from baozhang.books.sections import Section

_CODE = "[0-9A-HJ-NPQRTUWXY]{18}"
"""18 signs without I, O, S, V and Z: GB 32100-2015."""

_BANNER = re.compile(
    rf"(?:统一社会信用代码|纳税人识别号)[\s:,]*({_CODE})(?![0-9A-Z])", re.IGNORECASE
)
_ORGANISATION = re.compile(r"([0-9A-Z]{8})-?([0-9X])")
_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "0123456789X"
"""Its check sign: 11 less the weighted sum modulo 11; 10 is X and 11 is 0 (GB 11714-1997)."""
_WITHIN = slice(8, 17)  # of a 统一社会信用代码: its 组织机构代码 (GB 32100-2015)
_KINDS = {"[code]": _CODE, "[siren]": "[0-9]{9}"}
_JOKERS = {"*": ".*", "?": "."}
_PARTS = re.compile(r"(\[\w+\]|[*?])")

Row = Mapping[str, str | None]
"""Cells by column."""


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """Where a profile's exports say whose they are; an empty one: in banners alone."""

    named: tuple[str, ...] = ()  # forms of a book's file or folder, with [code] or [siren]
    table: str = ""  # a database's table, or an element
    code: tuple[str, ...] = ()  # its columns, the best first
    name: tuple[str, ...] = ()  # where no column of `code` holds one

    def of(self, book: str, banners: Iterable[str] = (), rows: Iterable[Row] = ()) -> str | None:
        """Return a book's owner, from the first that says one: a banner, the table, its name.

        Args:
            book: the book's name, a path.
            banners: what stands above its tables.
            rows: those of `table`; where they say different owners none counts.
        """
        return owner_in(banners) or self._in_rows(rows) or self._in_name(book)

    def _in_rows(self, rows: Iterable[Row]) -> str | None:
        found = {owner for row in rows if (owner := self._in_row(row))}
        return found.pop() if len(found) == 1 else None

    def _in_row(self, row: Row) -> str | None:
        codes = [text for column in self.code if (text := plain_code(row.get(column) or ""))]
        for text in codes:
            if owner := _owner_of(text):
                return owner
        names = (plain_code(row.get(column) or "") for column in self.name)
        return next((_digest(text) for text in (*names, *codes) if text), None)

    def _in_name(self, book: str) -> str | None:
        name = PurePosixPath(book).name
        for form in self.named:
            if found := _form(form).fullmatch(name):
                ((kind, code),) = found.groupdict().items()
                return code.upper() if kind == "code" else f"{kind}:{code}"
        return None


def owner_rule(section: Section) -> OwnerRule:
    """Return the rule that a profile's `owner` states.

    Raises:
        UsageError: a form without a code, or a table without a column or the other way round.
    """
    rule = OwnerRule(
        named=section.texts("file", ()),
        table=section.text("table", ""),
        code=section.texts("code", ()),
        name=section.texts("name", ()),
    )
    if any(sum(form.count(kind) for kind in _KINDS) != 1 for form in rule.named):
        raise section.wrong(section.path("file"), "owner_file")
    if bool(rule.table) != bool(rule.code or rule.name):
        raise section.wrong(section.path("table"), "owner_table")
    return rule


OWNER_KEYS = ("file", "table", "code", "name")
"""What `owner` of a profile may say."""


def owner_in(banners: Iterable[str]) -> str | None:
    """Return the first credit code that a banner names as the book's own; None: none does."""
    found = (_BANNER.search(unicodedata.normalize("NFKC", banner)) for banner in banners)
    return next((match[1].upper() for match in found if match), None)


def plain_code(code: str) -> str:
    """Return a code as it is compared: no width, no blanks, no small letters."""
    return "".join(unicodedata.normalize("NFKC", code).split()).upper()


def is_another(owner: str, credit_code: str) -> bool:
    """Tell whether an owner is surely not the company of a credit code.

    Owners that cannot be held against one, a SIREN or a name, are never surely another.
    """
    kind, _, written = plain_code(owner).rpartition(":")
    code = plain_code(credit_code)
    if kind == "ORGANISATION":
        return written != code[_WITHIN]
    return not kind and written != code


def _owner_of(text: str) -> str | None:
    """Return the owner that a plain text is the code of; None: of another form, or a stopgap."""
    if len(set(text)) == 1:
        return None
    if re.fullmatch(_CODE, text):
        return text
    found = _ORGANISATION.fullmatch(text)
    if found is None or _check_sign(found[1]) != found[2]:
        return None
    return f"organisation:{found[1]}{found[2]}"


def _check_sign(first: str) -> str:
    total = sum(int(sign, 36) * weight for sign, weight in zip(first, _WEIGHTS, strict=True))
    return _CHECKS[-total % 11]


def _digest(text: str) -> str:
    return f"text:{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def _form(form: str) -> re.Pattern[str]:
    return re.compile("".join(_pattern(form)), re.IGNORECASE | re.DOTALL)


def _pattern(form: str) -> Iterator[str]:
    for part in _PARTS.split(form):
        if part in _KINDS:
            yield f"(?P<{part[1:-1]}>{_KINDS[part]})"
        else:
            yield _JOKERS.get(part, re.escape(part))
