"""The outbox: a folder of letters, each one durable before anybody is told it was written.

    outbox/          waiting: written, not yet with all its recipients
    outbox/sent/     the server has taken it for everyone, or a digest stands for it
    outbox/parked/   somebody's was refused, and nothing more is tried

    temporary file ── fsync ── rename ── fsync of the folder

A letter is written under its own name, which says number, kind and language and nothing of any
client.  Putting the same letter again is putting it once, wherever it lies by then.  Where its
name holds another letter (a run died between writing its letter and taking the number) both are
kept, like forked commits of a vault: a number that occurs twice is seen, a letter that was never
written is not.

How far a letter has come is written beside it before the letter is moved, so that what a crash
left behind is put in order by the next run.  Other files in the folder are left alone.
"""

import errno
import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email import message_from_binary_file
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path

from baozhang import durable
from baozhang.errors import StoreFullError, UnreachableError, UsageError
from baozhang.mail.files import read_instant, read_values, write_values
from baozhang.mail.message import POLICY
from baozhang.mail.queued import Queued, State, read_letter
from baozhang.mail.trouble import ServerTrouble, read_trouble, write_trouble

LOCK = ".lock"
ROUND = ".post.json"
_NAME = re.compile(r"[0-9]{6,}(-[A-Za-z_]+)+")
_FILE_NAME = re.compile(r"[0-9]{6,}(-[A-Za-z_]+)+(-[0-9a-f]{8})?")
_FULL = {errno.ENOSPC, errno.EDQUOT}
_UNDONE: tuple[State, ...] = ("waiting", "parked")


class Outbox:
    """A folder of `.eml` files, made on first use; readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._homes: dict[State, Path] = {
            "waiting": folder,
            "sent": folder / "sent",
            "parked": folder / "parked",
        }

    def put(self, message: EmailMessage) -> Path:
        """Write the message durably and return its file; a letter already there stays as it is.

        Raises:
            UsageError: the message has no letter name.
            StoreFullError: no room left.
            UnreachableError: the folder cannot be written.
        """
        name = str(message["X-Baozhang-Letter"] or "")
        if not _NAME.fullmatch(name):
            raise UsageError("not a letter: {letter}", letter=repr(name[:80]))
        try:
            path = self._place(name, message)
            if path.exists():
                durable.settle(path.parent)  # who wrote it may have died just before it could
            else:
                durable.replace(path, message.as_bytes(policy=POLICY))
        except OSError as error:
            full = error.errno in _FULL
            raise (StoreFullError if full else UnreachableError)(
                "letter {letter} cannot be written to the outbox: {reason}",
                hint="Make room and check the rights of the outbox folder, then run again.",
                letter=name,
                reason=error.strerror or type(error).__name__,
            ) from error
        return path

    def letters(self, state: State, *, since: datetime | None = None) -> tuple[Queued, ...]:
        """Return the letters of one folder: what reports trouble first, then the oldest first.

        A letter that waits for some of its recipients and is parked for others still waits.  With
        `since`, older files are not even opened: in years, many letters are sent.
        """
        earliest = since.timestamp() if since else 0.0
        files = (_read(path, earliest) for path in self._files(state))
        letters = [each for each in files if each]
        return tuple(sorted(letters, key=lambda e: (e.urgency != "incident", e.at, e.name)))

    def letter(self, name: str) -> Queued:
        """Return one letter by its name, wherever it lies.

        Raises:
            UsageError: there is none of that name.
        """
        for home in self._homes.values():
            path = home / f"{name}.eml"
            if _FILE_NAME.fullmatch(name) and path.is_file() and (found := read_letter(path)):
                return found
        raise UsageError(
            "there is no letter {letter} in the outbox",
            hint="Run `baozhang mail list --sent` and choose a name from it.",
            letter=repr(name[:80]),
        )

    def parked(self) -> tuple[str, ...]:
        """Return the names of the letters that somebody did not get and will not, sorted."""
        # waiting first: a letter that is parked meanwhile is then found in the next folder
        waiting = {each.name for each in self.letters("waiting") if _partly_parked(each)}
        return tuple(sorted(waiting | {each.name for each in self.letters("parked")}))

    def damaged(self) -> tuple[str, ...]:
        """Return the names of files that wait or are parked and are no letters any more."""
        files = (path for state in _UNDONE for path in self._files(state))
        return tuple(sorted(path.stem for path in files if _is_damaged(path)))

    def last_round(self) -> datetime | None:
        """Return when somebody last came to carry letters; None: nobody ever did."""
        return read_instant(read_values(self.folder / ROUND).get("at"))

    def keep_round(self, now: datetime) -> None:
        """Keep that somebody came, whether or not the server then took anything."""
        write_values(self.folder / ROUND, {"at": now.isoformat()})

    def trouble(self) -> ServerTrouble | None:
        """Return why the server takes no letters; None: it does, or nobody tried."""
        return read_trouble(self.folder)

    def keep_trouble(self, trouble: ServerTrouble | None) -> None:
        """Keep what is wrong with the server for the next run; None: nothing is."""
        write_trouble(self.folder, trouble)

    def keep(self, letter: Queued) -> None:
        """Write durably how far a letter has come, then lay it where it belongs.

        At every instant the note lies beside the letter, be it here or there.
        """
        home = self._homes[letter.state]
        old, new = letter.path, home / letter.path.name
        write_values(old.with_suffix(".json"), letter.values())
        if old != new:
            write_values(new.with_suffix(".json"), letter.values())
            old.replace(new)
            durable.settle(home)
            durable.settle(old.parent)
            old.with_suffix(".json").unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one who delivers; the lock goes with the process.

        Raises:
            UnreachableError: another process delivers, or the folder cannot be used.
            StoreFullError: no room left.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with (self.folder / LOCK).open("ab") as file:
                _lock(file.fileno())
                yield
        except OSError as error:
            full = error.errno in _FULL
            raise (StoreFullError if full else UnreachableError)(
                "the outbox cannot be used: {reason}",
                hint="Make room and check the rights of the outbox folder, then run again.",
                reason=error.strerror or type(error).__name__,
            ) from error

    def _place(self, name: str, message: EmailMessage) -> Path:
        """Return where the letter lies, or where it is to be laid."""
        plain, beside = f"{name}.eml", f"{name}-{_mark(message)}.eml"
        # waiting first: a letter that is moved meanwhile is then found in the next folder
        known = [home / each for each in (plain, beside) for home in self._homes.values()]
        for path in known:
            if _holds(path, message):
                return path
        taken = any((home / plain).exists() for home in self._homes.values())
        return self.folder / (beside if taken else plain)

    def _files(self, state: State) -> list[Path]:
        files = self._homes[state].glob("[0-9]*.eml")
        return sorted(path for path in files if _FILE_NAME.fullmatch(path.stem))


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UnreachableError(
            "another process is delivering the letters",
            hint="Wait until it has ended; letters lost nothing.",
        ) from error


def _read(path: Path, earliest: float) -> Queued | None:
    """Return the letter of a file; None: none, an older one, or it is being moved just now."""
    try:
        return read_letter(path) if path.stat().st_mtime >= earliest else None
    except FileNotFoundError:
        return None


def _is_damaged(path: Path) -> bool:
    return _read(path, 0.0) is None and path.exists()


def _partly_parked(letter: Queued) -> bool:
    return any(each.state == "parked" for each in letter.recipients)


def _holds(path: Path, message: Message) -> bool:
    try:
        with path.open("rb") as file:
            return _identity(message_from_binary_file(file, policy=default)) == _identity(message)
    except FileNotFoundError:
        return False


def _mark(message: Message) -> str:
    return hashlib.sha256(_identity(message).encode()).hexdigest()[:8]


def _identity(message: Message) -> str:
    return str(message["Message-ID"]).strip()  # a long one is folded behind its colon
