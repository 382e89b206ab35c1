"""Profiles: what an accounting product's export looks like, as data and never as code.

    profiles/fec.yaml ──► Profile ──► readers that know no product by name

A profile names the columns that become fields of the canonical ledger (`books.model`), and the
conventions they are written in: encoding, delimiter, decimal sign, date forms, which amount is a
debit.  Every column it does not name is kept too, in `other`.  Loading is strict: an unknown key
is refused with its file, itself and the keys that exist, since a misspelt key would otherwise be
a silently different ledger.  How to write one: docs/guides/add-a-profile.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, cast, get_args

import yaml

from baozhang.books.fields import AMOUNTS, CHOICES, FLAGS, PLAIN, REQUIRED, ROLES, SIDES
from baozhang.books.model import TABLES, Numbering, Role, Table
from baozhang.books.owners import OWNER_KEYS, OwnerRule, owner_rule
from baozhang.books.sections import Section
from baozhang.books.shapes import KEYS, TOLD, Shape, shape_of
from baozhang.errors import UsageError

Empty = Literal["zero", "null", "refuse"]
Format = Literal["delimited", "sqlite", "workbook", "xml"]
CONTAINERS: frozenset[Format] = frozenset(("workbook", "xml"))  # a file may hold several tables
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
class ChoiceRule:
    """Which texts of a column mean which word of ours; any other text stays what it is."""

    column: str
    means: Mapping[str, str]  # text to word


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
    folder: str = ""  # the files themselves lie below it, period by period (attachments)
    within: Table | None = None  # drawn from the rows of another table (`from`)
    optional: bool = False
    banner_rows: int = 0
    shape: Shape = field(default_factory=Shape)
    columns: dict[str, str] = field(default_factory=dict)
    first: dict[str, tuple[str, ...]] = field(default_factory=dict)  # first filled column wins
    amounts: dict[str, AmountRule] = field(default_factory=dict)
    sides: dict[str, SideRule] = field(default_factory=dict)
    flags: dict[str, FlagRule] = field(default_factory=dict)
    choices: dict[str, ChoiceRule] = field(default_factory=dict)
    roles: dict[Role, str] = field(default_factory=dict)  # columns of `other`; none is needed

    @property
    def kept_whole(self) -> frozenset[str]:
        """Columns that a canonical field holds completely; every other one goes to `other`."""
        whole = {*self.columns.values(), *self.shape.made}
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
        names += [choice.column for choice in self.choices.values()]
        names += self.shape.reads
        made = {"", *self.shape.made}
        return tuple(dict.fromkeys(name for name in names if name not in made))


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
    files: tuple[str, ...]  # name patterns: the database, or whatever holds several tables
    tables: dict[Table, TableMap]
    owner: OwnerRule = field(default_factory=OwnerRule)

    def title(self, spoken: str) -> str:
        """Return the product's name in the language spoken."""
        return self.title_zh if spoken.startswith("zh") else self.title_en


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
    "owner",
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
    return profile_of(_read(path), name, file=path.name)


def profile_text(name_or_path: str | Path) -> str:
    """Return the YAML of a profile as it was written, comments and all.

    Raises:
        UsageError: as `load_profile`.
    """
    load_profile(name_or_path)
    known = f"{name_or_path}" in profile_names()
    return _read(_FOLDER / f"{name_or_path}.yaml" if known else Path(name_or_path)).decode()


def profile_of(content: bytes, name: str, *, file: str) -> Profile:
    """Return the profile that some YAML describes; errors call it `file`.

    Raises:
        UsageError: something in it cannot be understood.
    """
    return _profile(Section(file, "", _parsed(content, file), _TOP), name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(
            "cannot read the profile {file}: {reason}",
            hint="Check the path.",
            file=str(path),
            reason=error.strerror or "",
        ) from error


def _parsed(content: bytes, file: str) -> object:
    try:
        return yaml.load(content, _LOADER)  # noqa: S506 - safe: see _LOADER
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise UsageError(
            "the profile {file} is not YAML (line {line})",
            hint="Correct the file at that line.",
            file=file,
            line=mark.line + 1 if mark else 1,
        ) from error


def _profile(top: Section, name: str) -> Profile:
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
        owner=owner_rule(top.optional("owner", OWNER_KEYS)),
    )
    _hold_together(top, profile)
    return profile


def _hold_together(top: Section, profile: Profile) -> None:
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


def _hold_places(top: Section, profile: Profile) -> None:
    """Refuse tables that are not said where to find."""
    if profile.format == "sqlite" and (not profile.files or profile.book != "file"):
        raise top.wrong("files", "database")
    if profile.owner.table and profile.format not in {"sqlite", "xml"}:
        raise top.wrong("owner.table", "owner_place")
    for table, layout in profile.tables.items():
        named = profile.format in {"sqlite", "xml"} and not layout.within
        if named and not layout.table:
            raise top.wrong(f"tables.{table}.table", "table")
        if profile.format in CONTAINERS and not (profile.files or layout.files or layout.within):
            raise top.wrong("files", "container")
        if layout.folder and (profile.book != "folder" or profile.format != "delimited"):
            raise top.wrong(f"tables.{table}.folder", "folder")
        placed = layout.files or layout.folder
        if profile.format == "delimited" and bool(placed) == bool(layout.within):
            raise top.wrong(f"tables.{table}.files", "files")


def _tables(top: Section) -> dict[Table, TableMap]:
    section = top.section("tables", TABLES)
    found = {table: _table(section, table) for table in TABLES if section.has(table)}
    for table, layout in found.items():
        if layout.within in found:  # its rows are the other's, and so is their shape
            found[table] = replace(layout, shape=found[layout.within].shape)
    return found


def _table(tables: Section, table: Table) -> TableMap:
    keys = ["files", "table", "from", "optional", "banner_rows", "columns", "roles", *KEYS]
    here = tables.section(table, [*keys, "folder"] if table == "attachments" else keys)
    kinds = (PLAIN, AMOUNTS, SIDES, FLAGS, CHOICES)
    allowed = sorted(frozenset().union(*(kind.get(table, ()) for kind in kinds)))
    whole_files = here.has("folder") and not here.has("columns")
    columns = here.optional("columns", allowed) if whole_files else here.section("columns", allowed)
    for name in () if whole_files else REQUIRED[table]:
        if not columns.has(name):
            raise columns.wrong(columns.path(name), "column")
    shape = shape_of(here, columns)
    plain = sorted(name for name in PLAIN[table] if columns.has(name))
    told = {name: TOLD[name] for name in shape.outside}
    single = [name for name in plain if isinstance(columns.values[name], str) or name in told]
    within = here.choice("from", ("balances",)) if here.has("from") else None
    if within and table != "accounts":
        raise here.wrong(here.path("from"), "from")
    return TableMap(
        files=here.texts("files", ()),
        table=here.text("table", ""),
        folder=here.text("folder", ""),
        within=cast("Table | None", within),
        optional=here.flag("optional"),
        banner_rows=0 if shape.auto else here.whole("banner_rows", 0),
        shape=shape,
        columns={name: told.get(name) or columns.text(name) for name in single},
        first={name: columns.texts(name) for name in plain if name not in single},
        amounts={
            name: _amount(columns, name)
            for name in sorted(AMOUNTS.get(table, ()))
            if columns.has(name)
        },
        sides={name: _side(columns, name) for name in SIDES.get(table, ()) if columns.has(name)},
        flags={
            name: _flag(columns, name) for name in sorted(FLAGS.get(table, ())) if columns.has(name)
        },
        choices={
            name: _choice(columns, name, words)
            for name, words in CHOICES.get(table, {}).items()
            if columns.has(name)
        },
        roles=_roles(here, ROLES.get(table, ())),
    )


def _amount(columns: Section, name: str) -> AmountRule:
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


def _side(columns: Section, name: str) -> SideRule:
    here = columns.section(name, ("column", "debit", "credit", "flat"))
    return SideRule(
        column=here.text("column"),
        debit=frozenset(here.texts("debit")),
        credit=frozenset(here.texts("credit")),
        flat=frozenset(here.texts("flat", ())),
    )


def _flag(columns: Section, name: str) -> FlagRule:
    here = columns.section(name, ("column", "yes"))
    return FlagRule(column=here.text("column"), yes=frozenset(here.texts("yes", ())))


def _choice(columns: Section, name: str, words: Sequence[str]) -> ChoiceRule:
    here = columns.section(name, ("column", *words))
    means = {text: word for word in words for text in here.texts(word, ())}
    return ChoiceRule(column=here.text("column"), means=means)


def _roles(table: Section, known: Sequence[Role]) -> dict[Role, str]:
    here = table.optional("roles", known)
    return {role: here.text(role) for role in known if here.has(role)}
