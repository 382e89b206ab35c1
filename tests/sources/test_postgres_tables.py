"""PostgreSQL's cells as text: every type as the canonical ledger wants it, in one order."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from baozhang.books.values import Cell
from baozhang.sources.postgres_instant import held
from baozhang.sources.postgres_session import login_of
from baozhang.sources.postgres_tables import PostgresTables
from tests.servers.postgres import PASSWORD, ledger, the_server

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def database() -> str:
    return ledger(the_server())


@pytest.fixture
def tables(database: str, tmp_path: Path) -> "Asking":
    return Asking(database, tmp_path)


class Asking:
    """Makes tables and reads them, each at an instant of its own."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database, self.folder = database, folder

    def rows(self, table: str, *order: str) -> list[Sequence[Cell]]:
        login = login_of(the_server().login(), lambda: PASSWORD, self.folder)
        with held(login, self.database, wait=5) as instant:
            return list(PostgresTables(instant, "public").rows(table, order))

    def columns(self, table: str) -> tuple[str, ...]:
        login = login_of(the_server().login(), lambda: PASSWORD, self.folder)
        with held(login, self.database, wait=5) as instant:
            return PostgresTables(instant, "public").columns(table)

    def cell(self, expression: str) -> Cell:
        make = f"DROP TABLE IF EXISTS one; CREATE TABLE one AS SELECT {expression} AS a"
        the_server().run(self.database, make)
        ((cell,),) = self.rows("one")
        return cell


CELLS = {
    "NULL::text": None,
    "''": "",
    "42::smallint": "42",
    "9007199254740993::bigint": "9007199254740993",
    "1.1000::numeric(20,4)": "1.1000",
    "12345678901234567890.01::numeric": "12345678901234567890.01",
    "-0.5::numeric": "-0.5",
    "1e20::float8": "100000000000000000000",
    "0.1::float8": "0.1",
    "1e-7::float8": "0.0000001",
    "123456789.12345679::float8": "123456789.12345679",
    "'1234.50'::money": "1234.50",
    "true": "1",
    "false": "0",
    "'2026-03-31'::date": "2026-03-31",
    "'2026-03-31 08:00:00'::timestamp": "2026-03-31 08:00:00",
    "'2026-03-31 08:00:00+08'::timestamptz": "2026-03-31 00:00:00+00",
    "'\\x00ff'::bytea": "00ff",
    "'ab'::char(4)": "ab  ",
    "' 摘要 '": " 摘要 ",
    r"E'a\tb\nc\\d\re\bf\fg\x0bh'": "a\tb\nc\\d\re\bf\fg\vh",
    r"E'\\N'": "\\N",
    r"E'\\\\'": "\\\\",
    r"E'\\n'": "\\n",
}


@pytest.mark.parametrize("expression", CELLS)
def test_a_cell_reads(expression: str, tables: Asking) -> None:
    assert tables.cell(expression) == CELLS[expression]


def test_rows_are_ordered_by_the_named_columns_and_then_by_the_rest(
    tables: Asking, database: str
) -> None:
    the_server().run(
        database,
        "DROP TABLE IF EXISTS many",
        "CREATE TABLE many (note text, json json, number int, word text)",
        """INSERT INTO many VALUES ('b', '{}', 10, '转'), ('a', '{}', 10, '转'),
            (NULL, '[]', 9, '转'), ('a', '[]', 10, '转'),
            ('B', '{}', 10, '转'), ('x', '{}', 2, '记')""",
    )
    notes = [(row[0], row[1]) for row in tables.rows("many", "word", "number")]
    assert notes == [
        *((("x", "{}")), (None, "[]"), ("B", "{}")),
        *(("a", "[]"), ("a", "{}"), ("b", "{}")),
    ]


def test_a_column_called_as_a_function_of_ours_is_no_ambiguity(
    tables: Asking, database: str
) -> None:
    the_server().run(
        database,
        "DROP TABLE IF EXISTS odd",
        "CREATE TABLE odd AS SELECT 'a' AS encode, '\\x01'::bytea AS \"bytes \"\"%s\"",
    )
    assert tables.rows("odd", "encode") == [["a", "01"]]


def test_more_rows_than_are_decoded_together_all_come(tables: Asking, database: str) -> None:
    the_server().run(
        database,
        "DROP TABLE IF EXISTS long",
        "CREATE TABLE long AS SELECT g AS n, CASE g % 1500 WHEN 0 THEN E'\\\\' END AS s"
        " FROM generate_series(1, 5000) g",
    )
    rows = tables.rows("long", "n")
    expected = [[str(n), None if n % 1500 else "\\"] for n in range(1, 5001)]
    assert rows == expected


@pytest.mark.parametrize("asked", ["GL_accvouch", "gl_accvouch", "GL_ACCVOUCH"])
def test_a_table_is_found_whatever_its_capitals(asked: str, tables: Asking) -> None:
    assert tables.columns(asked)[:3] == ("i_id", "iyear", "iperiod")


def test_a_table_is_not_guessed_among_two(tables: Asking, database: str) -> None:
    the_server().run(
        database,
        "CREATE TABLE IF NOT EXISTS twin (a int)",
        'CREATE TABLE IF NOT EXISTS "TWIN" (b int)',
    )
    found = [tables.columns(name) for name in ("twin", "TWIN", "Twin")]
    assert found == [("a",), ("b",), ()]


def test_a_view_is_read_like_a_table(tables: Asking) -> None:
    assert [row[0] for row in tables.rows("余额", "ccode")] == ["100201", "5001"]


def test_what_is_not_there_has_neither_columns_nor_rows(tables: Asking) -> None:
    assert (tables.columns("nowhere"), tables.rows("nowhere")) == ((), [])
