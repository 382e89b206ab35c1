"""A dump loaded: into a scratch database that goes again, as the stock client would load it.

A scratch database is held by a lock of its name (GET_LOCK), which the server lets go of with the
connection.  Whoever comes next drops the ones that nobody holds: what a killed run left is a
client's ledger in plain text.
"""

import os
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import shown
from baozhang.sources.mysql_dump import COUNTERS, DATA, EVENTS, PROGRAMS, TABLES, file_names
from baozhang.sources.mysql_session import WAIT_SECONDS, Login, Session, quoted, session

PREFIX = "baozhang_scratch_"
_SCRATCH = re.compile(PREFIX + r"[0-9a-f]{32}")
_END = b"-- end, "


@contextmanager
def scratch_database(login: Login, *, wait: float = WAIT_SECONDS) -> Iterator[str]:
    """Make an empty database with a name of its own; it goes when the `with` ends."""
    with session(login, wait=wait) as holder:
        _sweep(holder)
        ((unique,),) = holder.execute("SELECT REPLACE(UUID(), '-', '')")
        name = f"{PREFIX}{unique}"
        _lock(holder, name)
        holder.execute(" ".join(["CREATE DATABASE", quoted(name)]))
        try:
            yield name
        finally:
            with suppress(SourceBusyError):  # the connection is lost: the next run sweeps
                holder.execute(" ".join(["DROP DATABASE IF EXISTS", quoted(name)]))


def load_dump(login: Login, folder: Path, database: str, *, wait: float = WAIT_SECONDS) -> None:
    """Load everything but the events into an empty database.

    Raises:
        SourceUnreadableError: a file is missing or cut short, or the server refuses what it says.
        SourceBusyError: the server does not answer.
    """
    with session(login, database, wait=wait, alone=True) as loading:
        load_file(loading, folder / TABLES)
        for name in file_names(_tables(loading)):
            load_file(loading, folder / DATA / name)
        load_file(loading, folder / COUNTERS)
        load_file(loading, folder / PROGRAMS)
        for _ in statements(folder / EVENTS):
            pass  # whole, and not carried out: an event acts as soon as it is there


def load_file(loading: Session, path: Path) -> None:
    """Carry out the statements of one file."""
    for statement in statements(path):
        loading.execute(statement)


def statements(path: Path) -> Iterator[bytes]:
    """Yield the statements of one file of a dump.

    Raises:
        SourceUnreadableError: it is missing, cannot be read, or is cut short.
    """
    try:
        with path.open("rb") as file:
            whole = yield from _parsed(file)
    except OSError as error:
        raise SourceUnreadableError(
            "{path} cannot be read: {reason}",
            hint="Restore the backup point again, whole, into an empty folder.",
            path=shown(os.fsencode(path)),
            reason=error.strerror or "",
        ) from error
    if not whole:
        raise SourceUnreadableError(
            "{path} is cut short",
            hint="Restore the backup point again, whole, into an empty folder.",
            path=shown(os.fsencode(path)),
        )


def _parsed(file: BinaryIO) -> Generator[bytes, None, bool]:
    """Yield statements, and return whether the file ends as it should."""
    delimiter, gathered, whole = b";\n", list[bytes](), False
    for line in file:
        if line == delimiter:
            yield b"".join(gathered)
            gathered.clear()
        elif not gathered and line.startswith(b"DELIMITER "):
            delimiter = line.removeprefix(b"DELIMITER ")
        elif not gathered and line.startswith(_END):
            whole = line.endswith(b"\n")
        else:
            gathered.append(line)
    return whole and not gathered


def _tables(loading: Session) -> Sequence[str]:
    rows = loading.execute(
        "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()"
        " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"
    )
    return [str(name) for (name,) in rows]


def _sweep(holder: Session) -> None:
    rows = holder.execute("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA")
    for (name,) in rows:
        if _SCRATCH.fullmatch(str(name)) and _lock(holder, str(name)):
            holder.execute(" ".join(["DROP DATABASE IF EXISTS", quoted(str(name))]))
            holder.execute("DO RELEASE_LOCK(%s)", str(name))


def _lock(holder: Session, name: str) -> bool:
    return holder.execute("SELECT GET_LOCK(%s, 0)", name) == [("1",)]
