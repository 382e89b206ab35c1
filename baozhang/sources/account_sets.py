"""Account sets (账套) that a product knows of and no client protects: 无人备份的账套.

A product keeps a list of its own account sets; an office adds one in a minute and tells nobody.

    用友 T3, U8         UFSystem, table UA_Account: cAcc_Id, cUnitTaxNo; database UFDATA_006_2026
    金蝶 K/3, KIS 专业版  KDAcctDB or AcctCtl, table t_ad_kdAccount_gl: FAcctNumber, FDBName
    folders            ZT001 of 用友, *.AIS of 金蝶 KIS 标准版

Names of account sets are names of clients; they are read past, and only numbers, databases and
folders are told.  用友 keeps years in databases of their own: UFDATA_006_2025 says nothing of the
one that January brings.  How far an account set reaches is said by UA_AccountDatabase.iBeginYear
(U8 with databases of several years), else by UA_Period.iYear, else by UA_Account.iYear, the year
in which it began; of a folder, by its newest year.

Source of the names: the data dictionary of 用友 U8 ("UFSystem, UA_Account Table") and published
code of integrators that list the account sets of 用友 and 金蝶.
"""

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from baozhang.books.sql import SqlTables
from baozhang.books.values import Cell, cell_of
from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import shown

UNPROTECTED_TEMPLATES = {
    "sets": "account sets that nobody protects: {count}; the first: {sets}",
    "hint": "Add each to its client's file, or close it in its product.",
}
"""What the letter of the night says of them."""

_ZT = re.compile(r"ZT(\d{3})", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d{2}")
_AIS = ".ais"


@dataclass(frozen=True, slots=True)
class AccountSet:
    """One account set as its product knows it."""

    product: str  # "yonyou", "kingdee", "kis"
    number: str  # as the product counts them; of a file, its path below the folder searched
    aliases: tuple[str, ...]  # how a source may be named that protects it
    path: Path | None = None  # where it lies, if that is known
    client: str | None = None  # whose it is, where the product knows the credit code
    year: int | None = None  # in which its newest database begins, if that is known

    @property
    def shown(self) -> str:
        """Its number, and the year that is to be protected."""
        return f"{self.number} ({self.year})" if self.year else self.number


@dataclass(frozen=True, slots=True)
class _List:
    """A product's own list of its account sets."""

    product: str
    table: str
    number: str
    database: str = ""
    code: str = ""
    years: tuple[tuple[str, str], ...] = ()  # tables and their columns; the first that is there


_LISTS = (
    _List(
        "yonyou",
        "UA_Account",
        "cAcc_Id",
        code="cUnitTaxNo",
        years=(
            ("UA_AccountDatabase", "iBeginYear"),
            ("UA_Period", "iYear"),
            ("UA_Account", "iYear"),
        ),
    ),
    _List("kingdee", "t_ad_kdAccount_gl", "FAcctNumber", database="FDBName"),
)


def sets_in_tables(
    tables: SqlTables, codes: Mapping[str, str] | None = None
) -> tuple[AccountSet, ...]:
    """Return the account sets that a product's own database lists, sorted.

    Args:
        tables: UFSystem, KDAcctDB or AcctCtl.
        codes: the client of each credit code.

    Raises:
        SourceUnreadableError: the database lists no account sets, or does not answer.
        SourceBusyError: as `SqlTables` says.
    """
    for known in _LISTS:
        if columns := tables.columns(known.table):
            return _sorted(_listed(tables, known, columns, codes or {}))
    raise SourceUnreadableError(
        "the database holds no list of account sets",
        hint="Name the product's own database: UFSystem of 用友, KDAcctDB or AcctCtl of 金蝶.",
    )


def sets_in_sqlite(
    database: Path, codes: Mapping[str, str] | None = None
) -> tuple[AccountSet, ...]:
    """Return the same from a copy of such a database in SQLite.

    Raises:
        SourceUnreadableError: it cannot be read, or lists no account sets.
    """
    with _tables_of(database) as tables:
        return sets_in_tables(tables, codes)


def sets_in_folder(root: Path) -> Iterator[AccountSet]:
    """Yield the account sets that lie below a folder: ZT001 and the like, and *.AIS; in no order.

    Raises:
        SourceUnreadableError: it, or a folder in it, is not there or may not be listed.
    """
    for above, folders, files in os.walk(root, onerror=_refuse):
        for name in folders:
            if found := _ZT.fullmatch(name):
                path = Path(above, name)
                year = _newest_year(path)
                yield AccountSet("yonyou", found[1], _yonyou(found[1]), path, year=year)
        folders[:] = [name for name in folders if not _ZT.fullmatch(name)]
        for name in files:
            if name.lower().endswith(_AIS):
                path = Path(above, name)
                yield AccountSet("kis", path.relative_to(root).as_posix(), (), path)


def _newest_year(folder: Path) -> int | None:
    try:
        names = os.listdir(folder)
    except OSError as error:
        _refuse(error)
    return max((int(name) for name in names if _YEAR.fullmatch(name)), default=None)


def _refuse(error: OSError) -> NoReturn:
    """Stop at a folder that cannot be listed: what was not looked at is not "nothing there"."""
    raise SourceUnreadableError(
        "{path} cannot be read: {reason}",
        hint="Check that it exists, is mounted and may be read by this account.",
        path=shown(os.fsencode(error.filename)),
        reason=os.strerror(error.errno or 0),
    ) from error


def unprotected(found: Iterable[AccountSet], names: Iterable[str]) -> tuple[AccountSet, ...]:
    """Return the account sets that no source protects, sorted.

    Args:
        found: what the products know of.
        names: what the clients' sources are known by: databases (`UFDATA_006_2026`), labels of an
            inbox (`t3-006`), absolute paths (which protect all below them).  A name with a year
            (`UFDATA_006_2025`, `ZT006/2025`) protects a set that has reached no later year.
    """
    texts = list(names)
    paths = {Path(name) for name in texts if name.startswith("/")}
    return _sorted(each for each in found if not _is_named(each, texts, paths))


def _sorted(sets: Iterable[AccountSet]) -> tuple[AccountSet, ...]:
    return tuple(sorted(sets, key=lambda each: (each.product, each.number)))


def _is_named(each: AccountSet, texts: Sequence[str], paths: set[Path]) -> bool:
    if each.path is not None and not paths.isdisjoint({each.path, *each.path.parents}):
        return True
    if not each.aliases:
        return False
    alias = "|".join(map(re.escape, each.aliases))
    wanted = re.compile(
        rf"(?<![0-9a-z])(?:{alias})(?:[_/\\]({_YEAR.pattern}))?(?![0-9a-z])", re.IGNORECASE
    )
    found = (match for text in texts for match in wanted.finditer(text))
    return any(_reaches(match[1], each.year) for match in found)


def _reaches(named: str | None, year: int | None) -> bool:
    """Tell whether a name protects a year; one without a year protects all."""
    return named is None or year is None or int(named) >= year


def _listed(
    tables: SqlTables, known: _List, columns: tuple[str, ...], codes: Mapping[str, str]
) -> Iterator[AccountSet]:
    places = {name.lower(): place for place, name in enumerate(columns)}
    if known.number.lower() not in places:
        raise SourceUnreadableError(
            "table {table} has no column {column}",
            hint="Name the product's own database: UFSystem of 用友, KDAcctDB or AcctCtl of 金蝶.",
            table=known.table,
            column=known.number,
        )
    order = [columns[places[known.number.lower()]]]
    years = _years(tables, known)
    for row in tables.rows(known.table, order):
        number = _cell(row, places, known.number)
        database = _cell(row, places, known.database)
        aliases = (database,) if database else _yonyou(number)
        owner = codes.get(_cell(row, places, known.code).upper())
        yield AccountSet(known.product, number, aliases, client=owner, year=years.get(number))


def _years(tables: SqlTables, known: _List) -> dict[str, int]:
    """Return the newest year of each account set, as far as a product says."""
    for table, column in known.years:
        columns = tables.columns(table)
        places = {name.lower(): place for place, name in enumerate(columns)}
        if not {known.number.lower(), column.lower()} <= places.keys():
            continue
        newest: dict[str, int] = {}
        for row in tables.rows(table, [columns[places[known.number.lower()]]]):
            number, year = _cell(row, places, known.number), _cell(row, places, column)
            if _YEAR.fullmatch(year):
                newest[number] = max(newest.get(number, 0), int(year))
        return newest
    return {}


def _cell(row: Sequence[Cell], places: Mapping[str, int], column: str) -> str:
    place = places.get(column.lower())
    return (row[place] or "").strip() if place is not None else ""


def _yonyou(number: str) -> tuple[str, ...]:
    return f"UFDATA_{number}", f"ZT{number}", f"t3-{number}", f"u8-{number}"


@contextmanager
def _tables_of(database: Path) -> Iterator[SqlTables]:
    try:
        uri = f"{database.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            yield _SqliteTables(connection)
    except sqlite3.Error as error:
        raise SourceUnreadableError(
            "database {path} cannot be read: {reason}",
            hint="Check that it is an SQLite copy of the product's own database.",
            path=shown(os.fsencode(database)),
            reason=getattr(error, "sqlite_errorname", "SQLITE_ERROR"),
        ) from error


class _SqliteTables:
    """An SQLite database as `SqlTables`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def columns(self, table: str) -> tuple[str, ...]:
        listed = self._connection.execute("SELECT name FROM pragma_table_info(?)", (table,))
        return tuple(name for (name,) in listed)

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[Cell]]:
        names = ", ".join(map(_quoted, [*order, *self.columns(table)]))
        query = " ".join(("SELECT * FROM", _quoted(table), "ORDER BY", names))
        for row in self._connection.execute(query):
            yield tuple(map(cell_of, row))


def _quoted(name: str) -> str:
    """Return an identifier for SQL; callers take names from the database's own list."""
    return '"' + name.replace('"', '""') + '"'
