"""A SQL Server as far as its documentation goes: what it answers to the statements that we send.

No real one runs here.  This one keeps databases in memory, writes and reads backup files in a real
folder, and refuses with the numbers of Microsoft's documentation: who lacks a right, what is in
use, what state does not allow.  It stands below the driver's interface (PEP 249), so all of ours
runs as it is.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path, PureWindowsPath
from typing import Any

import pymssql

from baozhang.sources.mssql_session import Login

Row = tuple[Any, ...]


@dataclass
class Table:
    columns: list[tuple[str, str]]  # name, type
    rows: list[Row]
    locked: bool = False  # somebody else changes it and does not come to an end


@dataclass
class Database:
    tables: dict[str, Table] = field(default_factory=dict)
    state: str = "ONLINE"
    damaged: bool = False
    single: bool = False  # SINGLE_USER


@dataclass(eq=False)
class Instance:
    """One server; `before` is called with every statement and may change or refuse it."""

    folder: Path
    databases: dict[str, Database] = field(default_factory=dict)
    said: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _statement: None
    operators: frozenset[str] = frozenset({"baozhang_read"})  # db_backupoperator
    creators: frozenset[str] = frozenset({"baozhang_restore"})  # dbcreator
    locks: dict[str, "Connection"] = field(default_factory=dict)  # sp_getapplock, in master
    open: int = 0  # connections
    sent: list[tuple[str, str, str]] = field(default_factory=list)  # login, database, text

    def connect(self, login: Login, database: str) -> "Connection":
        if login.password is None or login.password() != "right":
            raise refused(18456)
        if database != "master" and database not in self.databases:
            raise refused(4060)
        self.open += 1
        return Connection(self, database, login.server.user)

    def file(self, there: str) -> Path:
        return self.folder / PureWindowsPath(there).name


def refused(number: int) -> pymssql.OperationalError:
    """What the driver raises; its text quotes what no log may show."""
    return pymssql.OperationalError(number, b"secret cell 91110000000000001H")


class Connection:
    def __init__(self, instance: Instance, database: str, user: str) -> None:
        self.instance, self.database, self.user = instance, database, user
        self.lock_timeout = -1  # as the server's default: for ever

    def cursor(self) -> "Cursor":
        return Cursor(self)

    def close(self) -> None:
        self.instance.open -= 1
        held = [name for name, holder in self.instance.locks.items() if holder is self]
        for name in held:
            del self.instance.locks[name]


class Cursor:
    def __init__(self, connection: Connection) -> None:
        self.connection, self.instance = connection, connection.instance
        self.answer: list[Row] = []
        self.description: list[Row] | None = None

    def execute(self, statement: str, values: Sequence[Any] | None = None) -> None:
        if values:  # the driver fills every one, wherever it stands, and knows no escape
            assert len(re.findall(r"%[sd]", statement)) == len(values)
        acting = re.sub("^.*(?=BACKUP DATABASE @)", "", statement)
        by = self.connection.user, self.connection.database, acting
        self.instance.sent.append(by)
        self.instance.said.append((acting, tuple(values or ())))
        self.instance.before(acting)
        self.require_right(acting)
        for pattern, answer in ANSWERS:
            if found := re.match(pattern, statement):
                rows = answer(self, found, *(values or ()))
                self.description = None if rows is None else [("column",)]
                self.answer = rows or []
                return
        raise AssertionError(statement)

    def require_right(self, statement: str) -> None:
        """BACKUP: db_backupoperator; RESTORE of every kind: CREATE DATABASE, since 2008."""
        user, instance = self.connection.user, self.instance
        if statement.startswith("BACKUP") and user not in instance.operators:
            raise refused(262)
        owners = ("RESTORE", "DBCC", "ALTER DATABASE", "DROP DATABASE")
        if statement.startswith(owners) and user not in instance.creators:
            raise refused(262)

    def fetchmany(self, size: int) -> list[Row]:
        rows, self.answer = self.answer[:size], self.answer[size:]
        return rows

    def nextset(self) -> bool | None:
        return None

    def close(self) -> None:
        pass


def backup(cursor: Cursor, _: re.Match[str], name: str, there: str) -> None:
    database = cursor.instance.databases[name]
    tables = {
        title: {"columns": table.columns, "rows": [list(map(str, row)) for row in table.rows]}
        for title, table in database.tables.items()
    }
    text = json.dumps({"name": name, "damaged": database.damaged, "tables": tables})
    cursor.instance.file(there).write_text(f"TAPE{text}", "utf-8")


def verify(cursor: Cursor, _: re.Match[str], there: str) -> None:
    loaded(cursor.instance, there)


def files(cursor: Cursor, _: re.Match[str], there: str) -> list[Row]:
    name = loaded(cursor.instance, there)["name"]
    return [(name, rf"D:\Data\{name}.mdf", "D"), (f"{name}_log", rf"D:\Data\{name}.ldf", "L")]


def restore(cursor: Cursor, found: re.Match[str], there: str, *moves: str) -> None:
    name = found["name"]
    assert len(moves) == 4
    kept = loaded(cursor.instance, there)
    if name in cursor.instance.databases:
        raise refused(1801)
    tables = {
        title: Table(
            [tuple(column) for column in table["columns"]],
            [typed(table["columns"], row) for row in table["rows"]],
        )
        for title, table in kept["tables"].items()
    }
    cursor.instance.databases[name] = Database(tables, damaged=kept["damaged"])


def loaded(instance: Instance, there: str) -> dict[str, Any]:
    file = instance.file(there)
    if not file.is_file():
        raise refused(3201)
    text = file.read_bytes()
    if not text.startswith(b"TAPE"):
        raise refused(3241)
    value: dict[str, Any] = json.loads(text[4:])
    return value


def typed(columns: Sequence[Sequence[str]], row: Sequence[str]) -> Row:
    kinds: dict[str, Callable[[str], Any]] = {"int": int, "money": Decimal, "nvarchar": str}
    return tuple(
        None if cell == "None" else kinds[kind](cell)
        for (_, kind), cell in zip(columns, row, strict=True)
    )


def check(cursor: Cursor, found: re.Match[str]) -> None:
    if cursor.instance.databases[found["name"]].damaged:
        raise refused(8928)


def state(cursor: Cursor, _: re.Match[str], name: str) -> list[Row]:
    found = cursor.instance.databases.get(name)
    return [(name, found.state)] if found else []


def home(cursor: Cursor, _: re.Match[str]) -> list[Row]:
    """The view shows nothing to whoever may not create databases."""
    seen = cursor.connection.user in cursor.instance.creators
    return [(r"D:\Data\master.mdf",)] if seen else []


def hold(cursor: Cursor, _: re.Match[str], name: str) -> list[Row]:
    assert cursor.connection.database == "master"  # a lock belongs to its session's database
    holder = cursor.instance.locks.setdefault(name, cursor.connection)
    return [(0 if holder is cursor.connection else -1,)]


def release(cursor: Cursor, _: re.Match[str], name: str) -> None:
    assert cursor.instance.locks.pop(name) is cursor.connection


def lock_timeout(cursor: Cursor, found: re.Match[str]) -> None:
    cursor.connection.lock_timeout = int(found["milliseconds"])


def listed(cursor: Cursor, _: re.Match[str], pattern: str) -> list[Row]:
    start = pattern.replace("[_]", "_").rstrip("%")
    return [(name,) for name in cursor.instance.databases if name.startswith(start)]


def columns(cursor: Cursor, _: re.Match[str]) -> list[Row]:
    tables = cursor.instance.databases[cursor.connection.database].tables
    return [(title, *column) for title, table in tables.items() for column in table.columns]


def selected(cursor: Cursor, found: re.Match[str]) -> list[Row]:
    table = cursor.instance.databases[cursor.connection.database].tables.get(found["table"])
    if table is None:
        raise refused(208)
    if table.locked:
        assert cursor.connection.lock_timeout >= 0, "waits for ever"
        raise refused(1222)
    names = [name for name, _ in table.columns]
    wanted = re.findall(r"\[([^\]]+)\]", found["order"])
    assert sorted(wanted) == sorted(names)
    return sorted(table.rows, key=lambda row: [str(row[names.index(name)]) for name in wanted])


def drop(cursor: Cursor, found: re.Match[str]) -> None:
    del cursor.instance.databases[found["name"]]


def access(cursor: Cursor, found: re.Match[str]) -> None:
    database = cursor.instance.databases[found["name"]]
    if database.state == "RESTORING":
        raise refused(5052)
    database.single = found["access"] == "SINGLE_USER"


def rename(cursor: Cursor, found: re.Match[str]) -> None:
    databases = cursor.instance.databases
    if not databases[found["before"]].single:  # somebody always has it open
        raise refused(5030)
    if found["after"] in databases:
        raise refused(1801)
    databases[found["after"]] = databases.pop(found["before"])


NAME = r"\[(?P<name>[^\]]+)\]"
ANSWERS: list[tuple[str, Callable[..., list[Row] | None]]] = [
    (
        (
            r"DECLARE @name sysname; SET @name = %s; "
            r"BACKUP DATABASE @name TO DISK = %s WITH COPY_ONLY, CHECKSUM, "
        ),
        backup,
    ),
    (r"RESTORE VERIFYONLY FROM DISK = %s WITH CHECKSUM$", verify),
    (r"RESTORE FILELISTONLY FROM DISK = %s$", files),
    (
        rf"RESTORE DATABASE {NAME} FROM DISK = %s WITH CHECKSUM, STATS = 10(, MOVE %s TO %s){{2}}$",
        restore,
    ),
    (rf"DBCC CHECKDB \({NAME}\) WITH NO_INFOMSGS, ALL_ERRORMSGS$", check),
    (r"SELECT name, state_desc FROM sys.databases WHERE name = %s$", state),
    (r"SELECT name FROM sys.databases WHERE name LIKE %s$", listed),
    (r"SELECT physical_name FROM sys.master_files", home),
    (
        r"DECLARE @got int; EXEC @got = sp_getapplock @Resource = %s, @LockMode = 'Exclusive', ",
        hold,
    ),
    (r"EXEC sp_releaseapplock @Resource = %s, @LockOwner = 'Session'$", release),
    (r"SET LOCK_TIMEOUT (?P<milliseconds>\d+)$", lock_timeout),
    (r"SELECT c.TABLE_NAME, c.COLUMN_NAME, c.DATA_TYPE FROM INFORMATION_SCHEMA", columns),
    (r"SELECT .* FROM \[(?P<table>[^\]]+)\] ORDER BY (?P<order>.+)", selected),
    (
        rf"ALTER DATABASE {NAME} SET (?P<access>(SINGLE|MULTI)_USER) WITH ROLLBACK IMMEDIATE$",
        access,
    ),
    (rf"DROP DATABASE {NAME}$", drop),
    (r"ALTER DATABASE \[(?P<before>[^\]]+)\] MODIFY NAME = \[(?P<after>[^\]]+)\]$", rename),
]
"""Statement to answer, in the order in which they are tried."""
