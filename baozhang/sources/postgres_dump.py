"""A dump of one instant: `pg_dump` writes it, and nothing in it changes by itself.

    toc.dat                 structure, as pg_restore reads it
    schema.sql              structure, as people read it
    public.GL_accvouch.dat  one table's rows as COPY text, in the order they lie on the disk
    blobs.toc, blob_….dat   large objects
    database.json, roles.sql  what a dump of one database leaves out: locale, settings, roles

It is not compressed: the vault compresses, and finds rows that did not change where they were.
The folder is a `pg_dump` directory archive; `pg_restore` takes it as it is.
"""

import os
import re
from pathlib import Path

from blake3 import blake3

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import Item, shown
from baozhang.sources.postgres_about import described, encode, roles_sql
from baozhang.sources.postgres_instant import Instant
from baozhang.sources.postgres_session import errors_about
from baozhang.sources.postgres_toc import stable

TOC, SCHEMA, DATABASE, ROLES = "toc.dat", "schema.sql", "database.json", "roles.sql"
_ROOM = 2**20  # bytes free on a disk that is as good as full
_MOST_SAID = 200  # characters of a program's own words
_KEY = re.compile(r"^\\restrict (\w+)$", re.MULTILINE)  # psql's, random; since the releases of 2025

_FAILED_TEMPLATES = {
    "full": "the disk of {folder} is full; the dump of database {database} on {server} needs room",
    "dump": "pg_dump failed on database {database} on {server}: {reason}",
    "waited": "pg_dump had to wait for a table of database {database} on {server}",
}


def take_dump(instant: Instant, folder: Path, *, wait: float) -> None:
    """Write the dump of an instant to a new folder.

    Args:
        instant: is held meanwhile.
        folder: to be made; its parent is private.
        wait: seconds to wait for a lock.

    Raises:
        SourceBusyError: the server went, or a table is about to be changed; transient.
        SourceUnreadableError: it cannot be read whole, or the disk of `folder` is full.
    """
    ran = instant.programs.run(
        "pg_dump",
        *("--format=directory", "--compress=0", "--no-sync", "--no-password"),
        f"--snapshot={instant.snapshot}",
        f"--lock-wait-timeout={int(wait * 1000)}",
        f"--file={folder}",
        f"--dbname={instant.login.words(instant.database)}",
    )
    if ran.returncode:
        raise _why(instant, folder, ran.stderr)
    try:
        _settle(folder)
        (folder / DATABASE).write_text(encode(described(instant)), "utf-8")
        (folder / ROLES).write_text(roles_sql(instant), "utf-8")
    except OSError as error:
        raise _no_room(instant, folder) from error
    ran = instant.programs.run(
        "pg_restore", "--schema-only", f"--file={folder / SCHEMA}", str(folder)
    )
    if ran.returncode:
        raise _why(instant, folder, ran.stderr)
    _settle_schema(folder / SCHEMA)


def items_of(folder: Path) -> tuple[Item, ...]:
    """Return the folder and every file in it, each with a digest of what it holds.

    Rows have no time of their own, so all files are of 1970.
    """
    owner, group = os.getuid(), os.getgid()
    items = [Item(b"", "dir", 0o700, 0, owner, group)]
    for name in sorted(os.fsencode(path.name) for path in folder.iterdir()):
        path = folder / os.fsdecode(name)
        size, change = path.stat().st_size, _digest(path)
        items.append(Item(name, "file", 0o600, 0, owner, group, size, change=change))
    return tuple(items)


def _settle(folder: Path) -> None:
    toc = stable((folder / TOC).read_bytes())
    (folder / TOC).write_bytes(toc.content)
    for old, new in toc.renamed.items():
        (folder / old).rename(folder / new)


def _settle_schema(path: Path) -> None:
    """Give psql's guard, which is random, a constant name; a guard it need not be here."""
    text = path.read_bytes()
    if found := _KEY.search(text[:4096].decode(errors="replace")):
        path.write_bytes(text.replace(found[1].encode(), b"baozhang"))


def _digest(path: Path) -> tuple[int, int]:
    hasher = blake3()
    if path.stat().st_size:
        hasher.update_mmap(path)
    digest = hasher.digest()
    return int.from_bytes(digest[:8], "big") >> 1, int.from_bytes(digest[8:16], "big") >> 1


# --- why it failed ------------------------------------------------------------------------------


def _why(instant: Instant, folder: Path, said: str) -> SourceBusyError | SourceUnreadableError:
    """Say why `pg_dump` failed: it has one code for everything, so disk and server are asked."""
    if _is_full(folder):
        return _no_room(instant, folder)
    with errors_about(instant.login, instant.database):
        asked = instant.connection.execute(_WAITING).fetchall()
    facts = instant.login.facts(instant.database)
    if asked != [(0,)]:
        return SourceBusyError(
            _FAILED_TEMPLATES["waited"],
            hint="Try again when no program changes the tables' structure.",
            **facts,
        )
    return SourceUnreadableError(
        _FAILED_TEMPLATES["dump"],
        hint="Check the grants of docs/guides/postgresql.md, large objects among them.",
        **facts,
        reason=_first_words(said),
    )


_WAITING = """
    SELECT count(*) FROM pg_locks
    WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""


def _is_full(folder: Path) -> bool:
    disk = os.statvfs(folder.parent)
    return disk.f_bavail * disk.f_frsize < _ROOM


def _no_room(instant: Instant, folder: Path) -> SourceUnreadableError:
    return SourceUnreadableError(
        _FAILED_TEMPLATES["full"],
        hint="Make room there, as much as the database's tables take, or move the scratch folder.",
        **instant.login.facts(instant.database),
        folder=shown(os.fsencode(folder.parent.parent)),
    )


def _first_words(said: str) -> str:
    """Return the first line in which the program says what failed; no detail, no query."""
    lines = [line for line in said.splitlines() if "error: " in line] or [""]
    return shown(lines[0].partition("error: ")[2][:_MOST_SAID].encode())
