"""A write to a MariaDB or MySQL database, tried.

There is no switch of one database: `read_only` holds for the whole server and so for everybody
else's books, a lock lasts as long as the session that holds it, and taking rights away could not be
undone exactly.  So people have to stop, and what is left for us is to look whether they can work
again.
"""

from pathlib import Path

from baozhang.errors import SourceUnreadableError
from baozhang.sources.mysql_session import Login, Session, quoted, session
from baozhang.sources.servers import Password, Server
from baozhang.sources.writing import Tried

_MOST_TRIED = 20  # tables; most have rows


class MysqlWriting:
    """One database of a MariaDB or MySQL server; see `writing.Trial`.

    Args:
        server: where it runs, and a login of it.
        database: its name.
        password: of the login; None: the server asks for none.
        _scratch: not needed; databases of all kinds are made alike.
    """

    def __init__(
        self, server: Server, database: str, password: Password | None, _scratch: Path
    ) -> None:
        self._login, self._database = Login(server, password), database

    def try_write(self) -> Tried:
        """Set a cell of one row to what it is, in a table that can be rolled back."""
        with session(self._login, self._database) as asking:
            tables = asking.execute(_TABLES, self._database, _MOST_TRIED)
            for table, column in tables:
                if column is None:
                    continue
                tried = _tried(asking, str(table), str(column))
                if tried != "empty":
                    return tried
        return "empty"


def _tried(asking: Session, table: str, column: str) -> Tried:
    place, cell = quoted(table), quoted(column)
    update = ["UPDATE", place, "SET", cell, "=", cell, "LIMIT 1"]
    count = ["SELECT COUNT(*) FROM (SELECT 1 FROM", place, "LIMIT 1) any_row"]
    asking.execute("START TRANSACTION")
    try:
        asking.execute(" ".join(update))
        found = asking.execute(" ".join(count))
    except SourceUnreadableError as error:
        return "read-only" if error.facts.get("code") in _READ_ONLY else "forbidden"
    finally:
        asking.execute("ROLLBACK")
    return "written" if found == [("1",)] else "empty"


_READ_ONLY = {1290, 1792, 1836}
"""ER_OPTION_PREVENTS_STATEMENT, ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ER_READ_ONLY_MODE
(mariadb.com/kb/en/mariadb-error-code-reference/)."""
_TABLES = """
    SELECT t.TABLE_NAME, (
        SELECT c.COLUMN_NAME FROM information_schema.COLUMNS c
        WHERE c.TABLE_SCHEMA = t.TABLE_SCHEMA AND c.TABLE_NAME = t.TABLE_NAME
            AND c.EXTRA NOT LIKE '%%GENERATED%%' AND c.EXTRA NOT LIKE '%%on update%%'
        ORDER BY c.ORDINAL_POSITION DESC LIMIT 1)
    FROM information_schema.TABLES t
    WHERE t.TABLE_SCHEMA = %s AND t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE = 'InnoDB'
        AND NOT EXISTS (
            SELECT 1 FROM information_schema.TRIGGERS g
            WHERE g.EVENT_OBJECT_SCHEMA = t.TABLE_SCHEMA AND g.EVENT_OBJECT_TABLE = t.TABLE_NAME)
    ORDER BY t.TABLE_NAME LIMIT %s
"""
