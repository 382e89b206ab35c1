"""Yonyou's tables, in files and in servers: totals are asked of the database itself."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.books.profiles import load_profile
from baozhang.books.sql import SqlReader
from baozhang.books.taking import take_proof
from baozhang.errors import LedgerFormatError
from tests.books.exports import Totals
from tests.books.making import Sample, proof_of, the_book, write_t3
from tests.books.test_products import totals_of

YEARLY = ("GL_accvouch", "GL_accsum")


def asked(path: Path, where: str = "1 = 1") -> Totals:
    """Let the database add up; hundredths are exact after rounding."""
    query = (
        "SELECT printf('2026-%02d', iperiod), COUNT(*), printf('%.2f', SUM(md)),"
        f" printf('%.2f', SUM(mc)) FROM GL_accvouch WHERE {where} GROUP BY iperiod"
    )
    with closing(sqlite3.connect(path)) as db:
        return {
            period: (lines, Decimal(debit), Decimal(credit))
            for period, lines, debit, credit in db.execute(query)
        }


def changed(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as db, db:
        for statement in statements:
            db.execute(statement)
    return path


def write_yearly(path: Path) -> Path:
    write_t3(path)
    return changed(path, *(f"ALTER TABLE {table} DROP COLUMN iyear" for table in YEARLY))


def test_the_tables_of_t3_reproduce_the_totals_of_the_database(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    assert totals_of(proof_of("yonyou_t3", path)) == asked(path)


def test_a_database_a_year_tells_its_year_by_its_name(tmp_path: Path) -> None:
    path = write_yearly(tmp_path / "UFDATA_006_2026.db")
    proof = proof_of("yonyou_yearly", path)
    assert totals_of(proof) == asked(path)
    assert proof.violations == ()


def test_a_database_a_year_with_another_name_is_refused(tmp_path: Path) -> None:
    path = write_yearly(tmp_path / "账套.db")
    with pytest.raises(LedgerFormatError, match="names no year"):
        proof_of("yonyou_yearly", path)


def test_openings_among_the_vouchers_are_no_vouchers(tmp_path: Path) -> None:
    path = changed(
        write_t3(tmp_path / "u8.db"),
        "INSERT INTO GL_accvouch (iyear, iperiod, ccode, md, mc) VALUES (2026, 0, '1122', 7, 0)",
        "ALTER TABLE code ADD COLUMN iyear INTEGER",
        "INSERT INTO code SELECT ccode, ccode_name, cclass, bproperty, igrade, bend, 2027"
        " FROM code",
    )
    proof = proof_of("yonyou_u8", path)
    assert totals_of(proof) == asked(path, "iperiod > 0")
    assert proof.violations == ()


@dataclass
class Tables:
    """A server's tables, played by SQLite."""

    path: Path

    def columns(self, table: str) -> tuple[str, ...]:
        with closing(sqlite3.connect(self.path)) as db:
            listed = db.execute("SELECT name FROM pragma_table_info(?)", (table,))
            return tuple(name for (name,) in listed)

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[str | None]]:
        columns = self.columns(table)
        assert set(order) <= set(columns)
        with closing(sqlite3.connect(self.path)) as db:
            for row in db.execute(f"SELECT * FROM {table} ORDER BY {', '.join(order)}, rowid"):
                yield [None if cell is None else _text(cell) for cell in row]


def _text(cell: object) -> str:
    return f"{cell:.2f}" if isinstance(cell, float) else str(cell)


@pytest.mark.parametrize(
    ("profile", "write"), [("yonyou_t3", write_t3), ("yonyou_yearly", write_yearly)]
)
def test_a_server_reproduces_the_totals_as_well(profile: str, write: type, tmp_path: Path) -> None:
    path = write(tmp_path / "UFDATA_006_2026")
    reader = SqlReader(load_profile(profile), "UFDATA_006_2026", Tables(path), "server")
    assert totals_of(take_proof(reader)) == asked(path)
    assert reader.files == ()


def test_a_file_is_read_with_the_log_beside_it(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db", Sample())
    assert [one.name for one in the_book("yonyou_t3", path).files] == ["t3.db", "t3.db-wal"]
