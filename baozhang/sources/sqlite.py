"""A live SQLite database as a source: copied by SQLite itself, then read from the copy.

    database (+ -wal), in use ──online backup, one step──► scratch image ──► item, ledger readers

The copy is made inside one read transaction, in one step: a writer elsewhere goes on (WAL mode)
or waits for a moment, and neither tears the image.  Page positions are kept, so a small change of
the books is a small change of the image.  SQLite's backup writes fresh counters into the copy's
header; those of the original are put back, so that a database at rest and its image are equal byte
for byte, and so is what is restored.

What tells a change is a digest of the image.  The counters of the original would not do: the
change counter stands still in WAL mode.

This process never opens the database as a plain file: closing such a file would drop the locks
that SQLite holds on it (POSIX, fcntl(2)), and a writer would then write into our copy
(sqlite.org/howtocorrupt.html, section 2.2).  Another process reads the header.

An idle connection in rollback mode holds no lock, hence `publish` cannot see it; close the
program before data is put back.
"""

import os
import sqlite3
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from blake3 import blake3

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.errors import SourceBusyError, SourceGoneError, SourceUnreadableError, UsageError
from baozhang.sources.base import Item, shown
from baozhang.sources.copied import FrozenCopy
from baozhang.sources.placing import (
    free_name,
    in_the_way,
    require_folder,
    staged_copy,
    swap,
    sync_folder,
)
from baozhang.sources.scratch import private_folder

_HEADER = 100  # bytes of a database's header (sqlite.org/fileformat2.html, section 1.3)
_HEAD = "/usr/bin/head"  # GNU coreutils, part of every Debian
_COUNTERS = (slice(24, 28), slice(40, 44), slice(92, 100))
"""Change counter, schema cookie, and which change and release the header is valid for."""
_WAIT_SECONDS = 10.0  # for a writer to let go; a commit takes milliseconds
_LEFTOVERS = ("-wal", "-shm", "-journal")
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class SqliteSource:
    """One SQLite database file, in whatever journal mode, in use or not.

    Args:
        path: the database.
        name: what the file is called in the backup; None: as it is called now.
        profile: how its books are read; None: it is protected as bytes alone.
        scratch: a folder for the copy, with room for it; made if missing.
        wait: seconds to wait for a writer.

    Raises:
        UsageError: the name is not a plain file name.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str | None = None,
        profile: str | None = None,
        scratch: Path,
        wait: float = _WAIT_SECONDS,
    ) -> None:
        self._path = path
        self._name = path.name if name is None else name
        if "/" in self._name or self._name in {"", ".", ".."}:
            raise UsageError(
                "{name} cannot be the name of a database file",
                hint="Write a name without a slash.",
                name=shown(os.fsencode(self._name)),
            )
        self._profile = profile
        self._scratch = scratch
        self._wait = wait

    @contextmanager
    def freeze(self) -> Iterator[FrozenCopy]:
        """Copy the database; the copy goes when the `with` ends.  See `base.Source.freeze`."""
        with ExitStack() as stack:
            with _errors_about(self._scratch):
                folder = stack.enter_context(private_folder(self._scratch))
            with _errors_about(self._path):
                image = folder / self._name
                item = self._copied(image)
            yield FrozenCopy([(item, image)], lambda: self._books(image))

    @contextmanager
    def restored_books(self, restored: Path) -> Iterator[Iterable[LedgerReader]]:
        """Open the books in the image; see `base.Source.restored_books`."""
        yield self._books(restored / self._name)

    def publish(self, restored: Path, target: Path, *, replace: bool = False) -> Path | None:
        """Put the restored image at `target` in one step; see `base.Source.publish`.

        `restored` is the folder that holds the image under this source's name; `target` is the
        database file, or a folder that it goes into under that name.  The image is checked
        first.  Whoever has the database open keeps it from being replaced.
        """
        require_folder(restored)
        image = restored / self._name
        with _errors_about(image):
            _require_file(image)
            _require_sound(image)
        target = (target / self._name if target.is_dir() else target).resolve()
        there = os.path.lexists(target)
        if there and not replace:
            raise in_the_way(target)
        with staged_copy(image, target) as ready:
            aside = free_name(target)
            if there:
                self._replace(ready, target, aside)
            else:
                _set_leftovers_aside(target, aside)
                ready.rename(target)
        sync_folder(target.parent)
        return aside if there else None

    def _books(self, image: Path) -> Iterable[LedgerReader]:
        return open_books(load_profile(self._profile), image) if self._profile else ()

    def _copied(self, image: Path) -> Item:
        """Copy one instant to a new file, and say what the copy is."""
        os.close(os.open(image, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        path = self._path.resolve()  # SQLite keeps the -wal where the file is, not the link
        _require_file(path)
        with (
            closing(_connect(path, _mode_for(path), self._wait)) as original,
            closing(_connect(image, "rw", 0)) as copy,
        ):
            original.execute("PRAGMA query_only=ON")
            original.execute("BEGIN")
            original.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            header = _header_of(path)
            status = path.stat()
            mtime_ns = max(status.st_mtime_ns, _wal_mtime_ns(path))
            copy.execute("PRAGMA journal_mode=OFF")
            copy.execute("PRAGMA synchronous=OFF")
            original.backup(copy, pages=-1, progress=_never_wait)
            original.execute("ROLLBACK")
        _put_back_counters(image, header)
        _require_sound(image)
        return Item(
            os.fsencode(self._name),
            "file",
            status.st_mode & 0o7777,
            mtime_ns,
            status.st_uid,
            status.st_gid,
            image.stat().st_size,
            change=_digest(image),
        )

    def _replace(self, ready: Path, target: Path, aside: Path) -> None:
        """Swap in the image while the old database is held exclusively, if it can be opened."""
        with _errors_about(target), closing(_connect(target, "rw", self._wait)) as old:
            try:
                # In WAL mode this alone notices idle connections; and it empties and removes the
                # -wal, which a new database must never find beside it.
                old.execute("PRAGMA journal_mode=DELETE")
                old.execute("BEGIN EXCLUSIVE")
            except sqlite3.DatabaseError as error:
                if _code(error) not in _DAMAGED:
                    raise
            _set_leftovers_aside(target, aside)
            _swap_in(ready, target, aside)


def _header_of(path: Path) -> bytes:
    """Return a database's header as it lies on the disk, read by a process that holds no lock."""
    command = (_HEAD, "-c", str(_HEADER), "--", os.fsencode(path))
    return subprocess.run(command, capture_output=True, check=False).stdout  # noqa: S603 - no shell


def _put_back_counters(image: Path, header: bytes) -> None:
    """Give the copy the counters of its original, where the rest of both headers is equal.

    It is not where the -wal holds a newer header than the file: then the copy keeps its own.
    """
    with image.open("r+b", buffering=0) as file:
        fresh = bytearray(os.pread(file.fileno(), _HEADER, 0))
        if len(fresh) == len(header):
            for place in _COUNTERS:
                fresh[place] = header[place]
        if fresh == header:
            os.pwrite(file.fileno(), fresh, 0)


def _connect(path: Path, mode: str, wait: float) -> sqlite3.Connection:
    uri = f"file:{quote(os.fsencode(path.absolute()))}?mode={mode}"
    return _opened(uri, wait)


def _opened(uri: str, wait: float) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, timeout=wait, isolation_level=None)
    connection.execute("PRAGMA trusted_schema=OFF")
    return connection


def _mode_for(path: Path) -> str:
    """Return how to open a database so that as little as possible of it is touched.

    With a filled -wal, reading alone: a writing connection that is the last to close would move
    the -wal into the database.  Without one, writing is allowed although nothing is written: only
    such a connection rolls an interrupted transaction back, and tidies up the empty -wal and
    -shm it makes.
    """
    return "ro" if _wal_mtime_ns(path) else "rw"


def _wal_mtime_ns(path: Path) -> int:
    """Return when the -wal was last written; 0: there is none, or nothing is in it."""
    try:
        status = path.with_name(path.name + "-wal").stat()
    except FileNotFoundError:
        return 0
    return status.st_mtime_ns if status.st_size else 0


def _never_wait(code: int, _remaining: int, _pages: int) -> None:
    """Stop a backup that would have to wait; left alone, `Connection.backup` tries for ever."""
    if code in _BUSY:
        error = sqlite3.OperationalError()
        error.sqlite_errorcode = code
        raise error


def _require_file(path: Path) -> None:
    """Raise unless there is a regular file; SQLite says "unable to open" for all that is not."""
    if not path.is_file():
        path.stat()
        raise SourceUnreadableError(
            "{path} is not a file",
            hint="Name the database file itself.",
            path=shown(os.fsencode(path)),
        )


def _require_sound(image: Path) -> None:
    """Raise sqlite3.DatabaseError unless the image passes SQLite's quick check.

    Opened as immutable, so that nothing is put beside it.  Constraints are not checked: a row
    that breaks one is its program's business, and no damage.  Where the check cannot run without
    that program (an order of its own), what SQLite saw while copying has to do.
    """
    uri = f"file:{quote(os.fsencode(image.absolute()))}?mode=ro&immutable=1"
    with closing(_opened(uri, 0)) as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")  # newer libraries look
        try:
            answer = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_ERROR:
                raise
            return
    if answer != ("ok",):
        damaged = sqlite3.DatabaseError()
        damaged.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damaged


def _digest(image: Path) -> tuple[int, int]:
    """Return 126 bits of the image's BLAKE3 as two numbers below 2**63."""
    hasher = blake3()
    hasher.update_mmap(image)
    digest = hasher.digest()
    return int.from_bytes(digest[:8], "big") >> 1, int.from_bytes(digest[8:16], "big") >> 1


def _swap_in(ready: Path, target: Path, aside: Path) -> None:
    """Keep the old database under another name, and put the image under its own, in one step."""
    try:
        os.link(target, aside)
    except OSError:  # a file system without hard links
        swap(ready, target, aside)
    else:
        ready.replace(target)


def _set_leftovers_aside(target: Path, aside: Path) -> None:
    """Move away what SQLite would take for unfinished business of the new database.

    Only a damaged or a missing database has any: a sound one was just made to tidy up.
    """
    for ending in _LEFTOVERS:
        leftover = target.with_name(target.name + ending)
        if os.path.lexists(leftover):
            leftover.rename(aside.with_name(aside.name + ending))


def _code(error: sqlite3.Error) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


@contextmanager
def _errors_about(path: Path) -> Iterator[None]:
    """Translate what SQLite and the system say about one database."""
    named = shown(os.fsencode(path))
    try:
        yield
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        raise (SourceGoneError if gone else SourceUnreadableError)(
            "{path} cannot be used: {reason}",
            hint="Check that it is there and that this account may use it.",
            path=named,
            reason=os.strerror(error.errno or 0),
        ) from error
    except sqlite3.Error as error:
        if _code(error) in _BUSY:
            raise SourceBusyError(
                "database {path} is in use",
                hint="Wait until the program that works on it is done, or close it.",
                path=named,
            ) from error
        if _code(error) in _DAMAGED:
            raise SourceUnreadableError(
                "{path} is damaged, or not an SQLite database",
                hint="Open it in its own program; if that fails, restore the last backup point.",
                path=named,
            ) from error
        raise SourceUnreadableError(
            "database {path} cannot be copied: {reason}",
            hint="Check that this account may read it and its -wal, and that the disk has room.",
            path=named,
            reason=getattr(error, "sqlite_errorname", "SQLITE_ERROR"),
        ) from error
