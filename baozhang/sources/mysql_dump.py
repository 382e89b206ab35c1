r"""A database written as SQL text, so that what did not change is the same file the next night.

    tables.sql          the database's charset, sequences, tables
    data/<table>.sql    the rows, by primary key, one row a line
    counters.sql        the next number of each AUTO_INCREMENT column and sequence
    programs.sql        routines, views, triggers
    events.sql          events, on their own: they act as soon as they are there

In this order, each by the stock client, they make the database again: docs/guides/mariadb.md.  No
file says when it was written, or of what database or server.

A new row in the middle must not move what comes after it.  So statements end where a row's own
checksum says so, and not after so many rows.  A statement, and a change of the delimiter, ends with
a line of its own, which no row can be: line breaks within texts are written as `\n`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from zlib import crc32

from blake3 import blake3

from baozhang.sources.base import Item
from baozhang.sources.mysql_cells import literals
from baozhang.sources.mysql_schema import Programs, Schema, TableInfo
from baozhang.sources.mysql_session import TIME_ZONE, Session, quoted

TABLES, DATA, COUNTERS, PROGRAMS, EVENTS = (
    "tables.sql",
    "data",
    "counters.sql",
    "programs.sql",
    "events.sql",
)
_SETTINGS = (
    f"SET time_zone = '{TIME_ZONE}', sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES',"
    " foreign_key_checks = 0"
    " /*M! , check_constraint_checks = 0, innodb_strict_mode = 0 */"
)
_HEAD = ("SET NAMES utf8mb4", _SETTINGS)
_ENDING = 0x3FF  # a statement has 1,024 rows on average
_MOST_BYTES = 512 * 1024  # of a statement, before it ends anyway: half of the smallest packet size
_UNSAFE = set('%~.<>:"/\\|?*')


def write_dump(session: Session, schema: Schema, folder: Path) -> list[Item]:
    """Write a database into an empty folder, and return its items.

    Args:
        session: in a transaction that holds the instant.
        schema: of its database.
        folder: private; the dump is a client's ledger in plain text.

    Raises:
        OSError: it cannot be written.
        SourceUnreadableError, SourceBusyError: see `Session`.
    """
    (folder / DATA).mkdir(mode=0o700)
    items = [Item(b"", "dir", 0o700, 0), Item(DATA.encode(), "dir", 0o700, 0)]
    names = file_names([table.name for table in schema.tables])
    for table, name in zip(schema.tables, names, strict=True):
        items.append(_write(folder, f"{DATA}/{name}", _data(session, table)))
    items.append(_write(folder, TABLES, _statements(_tables(schema))))
    items.append(_write(folder, PROGRAMS, _statements(in_order(schema.programs))))
    items.append(_write(folder, EVENTS, _statements(_flat(schema.programs.events))))
    return items


def write_counters(counters: Iterable[str], folder: Path) -> Item:
    """Write the file of next numbers."""
    return _write(folder, COUNTERS, _statements(counters))


def in_order(programs: Programs) -> Iterator[str]:
    """Yield the statements that make everything but the events."""
    yield from _flat(programs.routines)
    yield from _flat(programs.views)
    yield from _flat(programs.triggers)


def file_names(tables: Sequence[str]) -> list[str]:
    """Return the file of each table: its own name, as far as every file system takes it.

    Other signs are written as in URLs (RFC 3986, section 2.1); names that differ in case alone
    get their checksum behind a `~`, which no other name has.
    """
    alike = Counter(name.casefold() for name in tables)
    return [
        "".join(map(_safe, name))
        + (f"~{crc32(name.encode()):08x}" if alike[name.casefold()] > 1 else "")
        + ".sql"
        for name in tables
    ]


def _safe(sign: str) -> str:
    if sign.isprintable() and sign not in _UNSAFE:
        return sign
    return "".join(f"%{byte:02X}" for byte in sign.encode())


def _tables(schema: Schema) -> Iterator[str]:
    yield f"ALTER DATABASE CHARACTER SET = {schema.charset} COLLATE = {schema.collation}"
    for _, create in schema.sequences:
        yield create
    for table in schema.tables:
        yield table.create


def _flat(programs: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for statements in programs:
        yield from statements


def _statements(statements: Iterable[str]) -> Iterator[bytes]:
    """Lay out statements; the delimiter is one that stands in none of them."""
    found = list(statements)
    delimiter = ";;"
    while any(delimiter in statement for statement in found):
        delimiter += ";"
    yield f"DELIMITER {delimiter}\n".encode()
    for statement in (*_HEAD, *found):
        yield f"{statement}\n{delimiter}\n".encode()
    yield _last(len(found))


def _data(session: Session, table: TableInfo) -> Iterator[bytes]:
    yield b"DELIMITER ;\n"
    yield b"".join(f"{statement}\n;\n".encode() for statement in (*_HEAD, "SET autocommit = 0"))
    columns = [column for column in table.columns if not column.generated]
    into = f"INSERT INTO {quoted(table.name)} ({', '.join(quoted(c.name) for c in columns)}) VALUES"
    parts = ["SELECT", literals(columns), "FROM", quoted(table.name)]
    if table.key:
        parts += ["ORDER BY", ", ".join(map(quoted, table.key))]
    begin, count, size = f"{into}\n(".encode(), 0, 0
    with session.passing():
        for row in session.stream(" ".join(parts)):
            if row is None:
                raise session.too_large(table.name)
            line = row.replace(b"\n", b"\\n").replace(b"\r", b"\\r")
            yield (b",(" if size else begin) + line + b")\n"
            count += 1
            size += len(line)
            if size >= _MOST_BYTES or crc32(line) & _ENDING == 0:
                yield b";\n"
                size = 0
    if size:
        yield b";\n"
    yield b"COMMIT\n;\nSET autocommit = 1\n;\n"
    yield _last(count)


def _last(count: int) -> bytes:
    """Return the line that tells a whole file from one cut short."""
    return f"-- end, {count}\n".encode()


def _write(folder: Path, name: str, pieces: Iterable[bytes]) -> Item:
    """Write one file, and return its item: told from another state by its digest alone."""
    hasher, size = blake3(), 0
    with _private_file(folder / name) as file:
        for piece in pieces:
            size += file.write(piece)
            hasher.update(piece)
    digest = hasher.digest()
    change = int.from_bytes(digest[:8], "big") >> 1, int.from_bytes(digest[8:16], "big") >> 1
    return Item(name.encode(), "file", 0o600, 0, size=size, change=change)


def _private_file(path: Path) -> BinaryIO:
    path.touch(mode=0o600, exist_ok=False)
    return path.open("wb", buffering=1024 * 1024)
