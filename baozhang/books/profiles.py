"""Profiles: what an accounting product's export looks like, as data and never as code.

    profiles/fec.yaml ──► Profile ──► readers that know no product by name

A profile names the columns that become fields of the canonical ledger (`books.model`), and the
conventions they are written in: encoding, delimiter, decimal sign, date forms, which amount is a
debit.  Every column it does not name is kept too, in `other`.  Loading is strict: an unknown key
is refused with its file, itself and the keys that exist, since a misspelt key would otherwise be
a silently different ledger.  How to write one: docs/guides/add-a-profile.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from baozhang.books.model import TABLES, Numbering, Table
from baozhang.errors import UsageError

Empty = Literal["zero", "null", "refuse"]
Format = Literal["delimited", "sqlite"]
Encoding = Literal["utf-8", "utf-8-sig", "gb18030", "cp1252"]
ENCODINGS: tuple[str, ...] = get_args(Encoding)

_FOLDER = Path(__file__).parent / "profiles"
# The loader that makes nothing but texts, lists and mappings: safer than the safe one, and it
# leaves a column called No or 01 what it is, where YAML 1.1 sees false and a number.
_LOADER: type[yaml.BaseLoader] | type[yaml.CBaseLoader] = getattr(
    yaml, "CBaseLoader", yaml.BaseLoader
)


@dataclass(frozen=True, slots=True)
class SideRule:
    """Which texts of a column mean debit, credit, or neither (平)."""

    column: str
    debit: frozenset[str]
    credit: frozenset[str]
    flat: frozenset[str]


@dataclass(frozen=True, slots=True)
class FlagRule:
    """Which texts of a column mean yes; none listed: any text at all."""

    column: str
    yes: frozenset[str]


@dataclass(frozen=True, slots=True)
class AmountRule:
    """How a debit and a credit are written.

    Two columns (`debit`, `credit`); one column and its side (`amount`, `side`); or one column
    whose sign is the side, debit positive (`amount` alone).
    """

    debit: str = ""
    credit: str = ""
    amount: str = ""
    side: SideRule | None = None


@dataclass(frozen=True, slots=True)
class TableMap:
    """Where one canonical table is found and which column becomes which field."""

    files: tuple[str, ...] = ()  # name patterns (delimited)
    table: str = ""  # table name (sqlite)
    within: Table | None = None  # drawn from the rows of another table (`from`)
    optional: bool = False
    banner_rows: int = 0
    columns: dict[str, str] = field(default_factory=dict)
    first: dict[str, tuple[str, ...]] = field(default_factory=dict)  # first filled column wins
    amounts: dict[str, AmountRule] = field(default_factory=dict)
    sides: dict[str, SideRule] = field(default_factory=dict)
    flags: dict[str, FlagRule] = field(default_factory=dict)

    @property
    def kept_whole(self) -> frozenset[str]:
        """Columns that a canonical field holds completely; every other one goes to `other`."""
        whole = {*self.columns.values()}
        for name in ("amount", "movement"):
            if (rule := self.amounts.get(name)) is not None:
                whole |= {rule.debit, rule.credit, rule.amount}
        return frozenset(whole - {""})

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column the export must have, each once, in the profile's order."""
        names = [*self.columns.values()]
        for several in self.first.values():
            names += several
        for rule in self.amounts.values():
            names += [rule.debit, rule.credit, rule.amount, rule.side.column if rule.side else ""]
        names += [side.column for side in self.sides.values()]
        names += [flag.column for flag in self.flags.values()]
        return tuple(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that is special about one product's export."""

    name: str
    title_en: str
    title_zh: str
    format: Format
    book: Literal["file", "folder"]  # what one book is
    currency: str
    numbering: Numbering
    line: Literal["column", "ordinal"]
    chart: Literal["file", "derived"]
    dates: tuple[str, ...]  # forms of YYYY MM DD (or M D) and an optional hh:mm:ss
    empty_amount: Empty
    decimal: str
    thousands: str
    encoding: Encoding
    delimiter: str
    quote: str
    line_end: str
    files: tuple[str, ...]  # name patterns of the database (sqlite)
    tables: dict[Table, TableMap]

    def title(self, spoken: str) -> str:
        """Return the product's name in the language spoken."""
        return self.title_zh if spoken.startswith("zh") else self.title_en


_PLAIN: dict[Table, frozenset[str]] = {
    "lines": frozenset(
        [
            "year",
            "period",
            "word",
            "number",
            "line",
            "date",
            "summary",
            "account",
            "account_name",
            "party",
        ]
    ),
    "accounts": frozenset(("code", "name", "category")),
    "balances": frozenset(("year", "period", "account")),
    "invoices": frozenset(["number", "date", "kind", "seller", "buyer", "amount", "tax", "total"]),
}
_AMOUNTS: dict[Table, frozenset[str]] = {
    "lines": frozenset(("amount",)),
    "balances": frozenset(("opening", "movement", "closing")),
}
_FLAGS: dict[Table, frozenset[str]] = {
    "lines": frozenset(("posted", "voided")),
    "accounts": frozenset(("leaf",)),
}
_SIDES: dict[Table, frozenset[str]] = {"accounts": frozenset(("side",))}
_REQUIRED: dict[Table, tuple[str, ...]] = {
    "lines": ("number", "date", "account", "amount"),
    "accounts": ("code",),
    "balances": ("period", "account", "opening", "movement", "closing"),
    "invoices": ("number", "date", "amount", "tax", "total"),
}
_TOP = [
    "title",
    "format",
    "book",
    "currency",
    "numbering",
    "line",
    "chart",
    "dates",
    "empty_amount",
    "decimal",
    "thousands",
    "encoding",
    "delimiter",
    "quote",
    "line_end",
    "files",
    "tables",
]


def profile_names() -> tuple[str, ...]:
    """Return the names of the profiles that come with the product, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def load_profile(name_or_path: str | Path) -> Profile:
    """Return the profile of this name, or the one a YAML file holds; its name is what was given.

    Raises:
        UsageError: no such profile or file, or something in it that cannot be understood.
    """
    known = profile_names()
    name = str(name_or_path)
    path = _FOLDER / f"{name}.yaml" if name in known else Path(name_or_path)
    if name not in known and path.suffix not in {".yaml", ".yml"}:
        raise UsageError(
            "there is no profile {profile}",
            hint="Use one of {known}, or give the path of a YAML file.",
            profile=name,
            known=", ".join(known),
        )
    return _profile(_Section(path.name, "", _parsed(path), _TOP), name)


def _parsed(path: Path) -> object:
    try:
        with path.open("rb") as stream:
            return yaml.load(stream, _LOADER)  # noqa: S506 - safe: see _LOADER
    except OSError as error:
        raise UsageError(
            "cannot read the profile {file}: {reason}",
            hint="Check the path.",
            file=str(path),
            reason=error.strerror or "",
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UsageError(
            "the profile {file} is not YAML (line {line})",
            hint="Correct the file at that line.",
            file=path.name,
            line=mark.line + 1 if mark else 1,
        ) from error


WRONG_TEMPLATES = {
    "mapping": "{file}: {key} must be a mapping",
    "text": "{file}: {key} must be a text",
    "texts": "{file}: {key} must be a list of texts",
    "choice": "{file}: {key} must be one of {choices}",
    "whole": "{file}: {key} must be a whole number",
    "currency": "{file}: {key} must be the three letters of ISO 4217",
    "column": "{file}: {key} must name a column",
    "amount": "{file}: {key} must have debit and credit, or amount with or without side",
    "from": "{file}: {key} is possible for accounts only",
    "lines": "{file}: {key} must have the table lines",
    "delimiter": "{file}: {key} must be one character, another than quote",
    "quote": "{file}: {key} must be one character, or empty",
    "thousands": "{file}: {key} must be one character other than decimal, or empty",
    "line": "{file}: {key} must be column where tables.lines.columns names line, else ordinal",
    "chart": "{file}: {key} must be file where tables has accounts, else derived",
    "dates": "{file}: {key} must be forms like YYYY-MM-DD, YYYYMMDD or YYYY/M/D",
    "files": "{file}: {key} must be a list of file name patterns",
    "database": "{file}: {key} must be a list of file name patterns, and book must be file",
    "table": "{file}: {key} must be the table's name in the database",
}
"""What is wrong with a value, by what was wanted of it."""


class _Section:
    """One mapping of a profile: hands out typed values, and refuses what it does not know."""

    def __init__(self, file: str, where: str, values: object, allowed: Sequence[str]) -> None:
        self.file, self.where = file, where
        if not isinstance(values, Mapping):
            raise self.wrong(where or "{}", "mapping")
        self.values: Mapping[object, object] = values
        for key in self.values:
            if key not in allowed:
                raise UsageError(
                    "{file}: unknown key {key}",
                    hint="Use one of {allowed}.",
                    file=file,
                    key=self.path(str(key)),
                    allowed=", ".join(allowed),
                )

    def path(self, key: str) -> str:
        return f"{self.where}.{key}" if self.where else key

    def wrong(self, key: str, wanted: str, **facts: str) -> UsageError:
        return UsageError(
            WRONG_TEMPLATES[wanted],
            hint="Correct it; docs/guides/add-a-profile.md explains every key.",
            file=self.file,
            key=key,
            **facts,
        )

    def has(self, key: str) -> bool:
        return key in self.values

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(self.path(key), "text")
        return value

    def choice(self, key: str, choices: Sequence[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in choices:
            raise self.wrong(self.path(key), "choice", choices=", ".join(map(repr, choices)))
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        value = self.values.get(key, default)
        if isinstance(value, str):
            return (value,)
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise self.wrong(self.path(key), "texts")
        return tuple(value)

    def whole(self, key: str, default: int) -> int:
        value = self.values.get(key, str(default))
        if not isinstance(value, str) or not value.isdecimal():
            raise self.wrong(self.path(key), "whole")
        return int(value)

    def flag(self, key: str) -> bool:
        return self.choice(key, ("true", "false"), "false") == "true"

    def section(self, key: str, allowed: Sequence[str]) -> "_Section":
        return _Section(self.file, self.path(key), self.values.get(key), allowed)


def _profile(top: _Section, name: str) -> Profile:
    title = top.section("title", ("en", "zh"))
    tables = _tables(top)
    profile = Profile(
        name=name,
        title_en=title.text("en"),
        title_zh=title.text("zh"),
        format=cast("Format", top.choice("format", get_args(Format))),
        book=cast("Literal['file', 'folder']", top.choice("book", ("file", "folder"), "file")),
        currency=top.text("currency"),
        numbering=cast("Numbering", top.choice("numbering", get_args(Numbering))),
        line=cast("Literal['column', 'ordinal']", top.choice("line", ("column", "ordinal"))),
        chart=cast("Literal['file', 'derived']", top.choice("chart", ("file", "derived"))),
        dates=top.texts("dates"),
        empty_amount=cast("Empty", top.choice("empty_amount", get_args(Empty), "refuse")),
        decimal=top.choice("decimal", (".", ","), "."),
        thousands=top.text("thousands", ""),
        encoding=cast("Encoding", top.choice("encoding", ENCODINGS, "utf-8")),
        delimiter=top.text("delimiter", ","),
        quote=top.text("quote", ""),
        line_end=top.choice("line_end", ("\n", "\r\n", "\r\r\n"), "\n"),
        files=top.texts("files", ()),
        tables=tables,
    )
    _hold_together(top, profile)
    return profile


def _hold_together(top: _Section, profile: Profile) -> None:
    """Refuse what each key allows and all together do not mean anything."""
    lines = profile.tables.get("lines")
    if lines is None:
        raise top.wrong("tables", "lines")
    if len(profile.currency) != 3 or not profile.currency.isupper():
        raise top.wrong("currency", "currency")
    if len(profile.delimiter) != 1 or profile.delimiter == profile.quote:
        raise top.wrong("delimiter", "delimiter")
    if len(profile.quote) > 1:
        raise top.wrong("quote", "quote")
    if len(profile.thousands) > 1 or profile.thousands == profile.decimal:
        raise top.wrong("thousands", "thousands")
    if (profile.line == "column") != ("line" in lines.columns):
        raise top.wrong("line", "line")
    if (profile.chart == "file") != ("accounts" in profile.tables):
        raise top.wrong("chart", "chart")
    if not all("YYYY" in form and "M" in form and "D" in form for form in profile.dates):
        raise top.wrong("dates", "dates")
    _hold_places(top, profile)


def _hold_places(top: _Section, profile: Profile) -> None:
    """Refuse tables that are not said where to find."""
    if profile.format == "sqlite" and (not profile.files or profile.book != "file"):
        raise top.wrong("files", "database")
    for table, layout in profile.tables.items():
        if profile.format == "sqlite" and not layout.table:
            raise top.wrong(f"tables.{table}.table", "table")
        if profile.format == "delimited" and bool(layout.files) == bool(layout.within):
            raise top.wrong(f"tables.{table}.files", "files")


def _tables(top: _Section) -> dict[Table, TableMap]:
    section = top.section("tables", TABLES)
    return {table: _table(section, table) for table in TABLES if section.has(table)}


def _table(tables: _Section, table: Table) -> TableMap:
    here = tables.section(table, ("files", "table", "from", "optional", "banner_rows", "columns"))
    kinds = (_PLAIN, _AMOUNTS, _SIDES, _FLAGS)
    allowed = sorted(frozenset().union(*(kind.get(table, frozenset()) for kind in kinds)))
    columns = here.section("columns", allowed)
    for name in _REQUIRED[table]:
        if not columns.has(name):
            raise columns.wrong(columns.path(name), "column")
    plain = sorted(name for name in _PLAIN[table] if columns.has(name))
    single = [name for name in plain if isinstance(columns.values[name], str)]
    within = here.choice("from", ("balances",)) if here.has("from") else None
    if within and table != "accounts":
        raise here.wrong(here.path("from"), "from")
    return TableMap(
        files=here.texts("files", ()),
        table=here.text("table", ""),
        within=cast("Table | None", within),
        optional=here.flag("optional"),
        banner_rows=here.whole("banner_rows", 0),
        columns={name: columns.text(name) for name in single},
        first={name: columns.texts(name) for name in plain if name not in single},
        amounts={
            name: _amount(columns, name)
            for name in sorted(_AMOUNTS.get(table, ()))
            if columns.has(name)
        },
        sides={name: _side(columns, name) for name in _SIDES.get(table, ()) if columns.has(name)},
        flags={
            name: _flag(columns, name)
            for name in sorted(_FLAGS.get(table, ()))
            if columns.has(name)
        },
    )


def _amount(columns: _Section, name: str) -> AmountRule:
    here = columns.section(name, ("debit", "credit", "amount", "side"))
    rule = AmountRule(
        debit=here.text("debit", ""),
        credit=here.text("credit", ""),
        amount=here.text("amount", ""),
        side=_side(here, "side") if here.has("side") else None,
    )
    two = bool(rule.debit and rule.credit and not rule.amount and not rule.side)
    one = bool(rule.amount and not rule.debit and not rule.credit)
    if not two and not one:
        raise columns.wrong(here.where, "amount")
    return rule


def _side(columns: _Section, name: str) -> SideRule:
    here = columns.section(name, ("column", "debit", "credit", "flat"))
    return SideRule(
        column=here.text("column"),
        debit=frozenset(here.texts("debit")),
        credit=frozenset(here.texts("credit")),
        flat=frozenset(here.texts("flat", ())),
    )


def _flag(columns: _Section, name: str) -> FlagRule:
    here = columns.section(name, ("column", "yes"))
    return FlagRule(column=here.text("column"), yes=frozenset(here.texts("yes", ())))
