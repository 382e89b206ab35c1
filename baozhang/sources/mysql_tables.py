"""A MariaDB or MySQL database as the tables that `books.sql` reads."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager

from baozhang.books.values import Cell, cell_of
from baozhang.sources.mysql_cells import is_float, ordering, texts
from baozhang.sources.mysql_schema import read_columns, read_keys
from baozhang.sources.mysql_session import Session, quoted


class MysqlTables:
    """One database at one instant; see `books.sql.SqlTables`.

    What columns there are is read at once: later on, the rows' instant may no longer fit them.

    Args:
        asking: of the database, for what tables there are.
        reading: provides the session that streams one table: the same one where it holds an
            instant, which allows one table at a time; or a new one where nobody writes.
    """

    def __init__(
        self, asking: Session, reading: Callable[[], AbstractContextManager[Session]]
    ) -> None:
        self._columns = read_columns(asking)
        self._keys = read_keys(asking)
        self._reading = reading

    def columns(self, table: str) -> tuple[str, ...]:
        """Return a table's columns; none: there is no such table or view."""
        return tuple(column.name for column in self._columns.get(table, ()))

    def rows(self, table: str, order: Sequence[str]) -> Iterator[Sequence[Cell]]:
        """Yield every row as texts, ordered."""
        columns = self._columns[table]
        floats = [place for place, column in enumerate(columns) if is_float(column)]
        parts = ["SELECT", texts(columns), "FROM", quoted(table)]
        parts += [ordering(columns, order, self._keys.get(table, ()))]
        with self._reading() as session, session.passing():
            for row in session.stream(" ".join(parts)):
                if row is None:
                    raise session.too_large(table)
                yield _cells(row, floats)


def _cells(row: bytes, floats: Sequence[int]) -> Sequence[Cell]:
    cells: list[Cell] = json.loads(row)
    for place in floats:
        cell = cells[place]
        cells[place] = None if cell is None else cell_of(float(cell))
    return cells
