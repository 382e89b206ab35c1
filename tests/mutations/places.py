"""Where a book lives: the same export put into a folder, a database file, a database server.

Putting one there replaces what is there, as the product would have written it; a source is then
frozen, poured out and read back as a restore does.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from baozhang.sources.base import LedgerSpec, Source
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.sources.mysql import MysqlSource
from baozhang.sources.sqlite import SqliteSource
from tests.contracts.source_contract import pour
from tests.mutations.codecs import Grid, read_table
from tests.mutations.exporting import Export
from tests.servers.mariadb import Mariadb
from tests.servers.postgres import Cluster, source_of


class Place(Protocol):
    """Somewhere a book can be put, and the source over it."""

    @property
    def profile(self) -> str:
        """What the book is read with."""
        ...

    def put(self, export: Export) -> None:
        """Make the place hold what the export holds."""
        ...

    def source(self) -> Source:
        """Return the source."""
        ...


@dataclass(frozen=True)
class Folder:
    """A folder of export files."""

    root: Path
    profile: str = "cn_csv"

    def put(self, export: Export) -> None:
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.copytree(export.root, self.root)

    def source(self) -> Source:
        return LedgerTreeSource(self.root, ledgers=(LedgerSpec(self.profile),))


@dataclass(frozen=True)
class DatabaseFile:
    """A SQLite file."""

    root: Path
    profile: str = "yonyou_t3"

    def put(self, export: Export) -> None:
        self.root.mkdir(exist_ok=True)
        shutil.copyfile(_database(export), self.root / "book.db")

    def source(self) -> Source:
        return SqliteSource(
            self.root / "book.db", profile=self.profile, scratch=self.root / "scratch"
        )


@dataclass(frozen=True)
class PostgresDatabase:
    """A database on a PostgreSQL server."""

    cluster: Cluster
    name: str
    scratch: Path
    profile: str = "yonyou_t3"

    def put(self, export: Export) -> None:
        with self.cluster.connected(self.name) as connection:
            for layout in export.profile.tables.values():  # an export may lack one
                gone = sql.SQL("DROP TABLE IF EXISTS {}").format(sql.Identifier(layout.table))
                connection.execute(gone)
            for table, grid in _tables(export):
                _put_postgres(connection, table, grid)

    def source(self) -> Source:
        return source_of(self.cluster, self.name, self.scratch, profile=self.profile)


@dataclass(frozen=True)
class MariadbDatabase:
    """A database on a MariaDB server."""

    server: Mariadb
    name: str
    scratch: Path
    profile: str = "yonyou_t3"

    def put(self, export: Export) -> None:
        script = [
            f"DROP DATABASE IF EXISTS `{self.name}`;",
            f"CREATE DATABASE `{self.name}` CHARACTER SET utf8mb4; USE `{self.name}`;",
        ]
        for table, grid in _tables(export):
            columns = ", ".join(f"`{name}` TEXT" for name in grid.header)
            rows = ",\n".join(f"({', '.join(map(_literal, row))})" for row in grid.rows)
            script.append(f"CREATE TABLE `{table}` ({columns});")
            script += [f"INSERT INTO `{table}` VALUES {rows};"] if rows else []
        self.server.sql("\n".join(script))

    def source(self) -> Source:
        return MysqlSource(
            self.server.server(), self.name, profile=self.profile, scratch=self.scratch, wait=30
        )


def _literal(cell: str | None) -> str:
    """Return a cell as SQL; hexadecimal, so that nothing in it needs escaping."""
    if cell is None:
        return "NULL"
    return f"CONVERT(X'{cell.encode().hex()}' USING utf8mb4)" if cell else "''"


def _put_postgres(
    connection: "psycopg.Connection[tuple[object, ...]]", table: str, grid: Grid
) -> None:
    name = sql.Identifier(table)
    columns = sql.SQL(", ").join(
        sql.SQL("{} text").format(sql.Identifier(column)) for column in grid.header
    )
    connection.execute(sql.SQL("CREATE TABLE {} ({})").format(name, columns))
    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(name)) as copy:
        for row in grid.rows:
            copy.write_row(row)


def _database(export: Export) -> Path:
    [file] = export.root.glob("*.db")
    return file


def _tables(export: Export) -> Iterator[tuple[str, Grid]]:
    with closing(sqlite3.connect(_database(export))) as database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
    for layout in export.profile.tables.values():
        if layout.table in there:
            yield layout.table, read_table(_database(export), layout)


def source_proof(place: Place) -> Proof:
    """Return the proof that a backup of the place takes."""
    with place.source().freeze() as frozen:
        [proof] = [take_proof(reader, standard="sbe") for reader in frozen.ledgers()]
        frozen.confirm()
    return proof


def restored_proof(place: Place, folder: Path) -> Proof:
    """Back the place up, restore it to the folder, and return the proof of what came back."""
    source = place.source()
    with source.freeze() as frozen:
        pour(frozen, folder)
    with source.restored_books(folder) as books:
        [proof] = [take_proof(reader, standard="sbe") for reader in books]
    return proof
