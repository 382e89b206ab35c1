"""A write to a SQLite database, tried; and whether its file can be set read-only without harm."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from baozhang.errors import SourceUnreadableError
from baozhang.sources.writing import Tried

_WAIT_SECONDS = 10.0
_BESIDE = ("-wal", "-journal")


class SqliteWriting:
    """One SQLite database file; see `writing.Trial`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def try_write(self) -> Tried:
        """Write the number that a database keeps for its program over itself, and roll it back.

        It is in the header (sqlite.org/pragma.html, user_version), so no table is needed.

        Raises:
            SourceUnreadableError: it is not there, is damaged, or is locked for longer.
        """
        try:
            with closing(_connected(self._path)) as file:
                (number,) = file.execute("PRAGMA user_version").fetchone()
                file.execute("BEGIN IMMEDIATE")
                file.execute(f"PRAGMA user_version={int(number)}")
                file.execute("ROLLBACK")
        except sqlite3.Error as error:
            if _code(error) == sqlite3.SQLITE_READONLY:
                return "read-only"
            raise SourceUnreadableError(
                "nothing can be written to a database: {reason}",
                hint="Open it in its own program and see what that says.",
                reason=getattr(error, "sqlite_errorname", "SQLITE_ERROR"),
            ) from error
        return "written"


def may_be_read_only(path: Path) -> bool:
    """Tell whether a database can be read, and be written to again later, without permission now.

    Not in WAL mode: whoever reads it makes files beside it that have the permissions it has, and
    they stay (sqlite.org/wal.html, "Read-Only Databases").  Nor while an interrupted transaction
    lies beside it, which the next to read has to roll back.
    """
    if any(path.with_name(path.name + ending).exists() for ending in _BESIDE):
        return False
    try:
        with closing(_connected(path)) as file:
            (mode,) = file.execute("PRAGMA journal_mode").fetchone()
            return str(mode) != "wal"
    except sqlite3.Error:  # no database any more: a file like any other
        return True


def _connected(path: Path) -> sqlite3.Connection:
    uri = f"file:{quote(str(path.absolute()))}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
