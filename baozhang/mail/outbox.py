"""The outbox: a folder of letters, each one durable before anybody is told it was written.

    temporary file ── fsync ── rename ── fsync of the folder

A letter is written under its own name, which says number, kind and language and nothing of any
client.  Putting the same letter again is putting it once.  Where its name holds another letter (a
run died between writing its letter and taking the number) both are kept, like forked commits of a
vault: a number that occurs twice is seen, a letter that was never written is not.
"""

import errno
import hashlib
import os
import re
from email import message_from_binary_file
from email.message import EmailMessage, Message
from email.policy import default
from pathlib import Path

from baozhang.errors import StoreFullError, UnreachableError, UsageError
from baozhang.mail.message import POLICY

_NAME = re.compile(r"[0-9]{6,}(-[A-Za-z_]+)+")
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Outbox:
    """A folder of `.eml` files, made on first use; readable by its owner alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

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
        path = self.folder / f"{name}.eml"
        try:
            if path.exists() and not _holds(path, message):
                path = path.with_stem(f"{name}-{_mark(message)}")
            if not path.exists():
                self._write(path, message.as_bytes(policy=POLICY))
            self._settle()
        except OSError as error:
            full = error.errno in _FULL
            raise (StoreFullError if full else UnreachableError)(
                "letter {letter} cannot be written to the outbox: {reason}",
                hint="Make room and check the rights of the outbox folder, then run again.",
                letter=name,
                reason=error.strerror or type(error).__name__,
            ) from error
        return path

    def _write(self, path: Path, content: bytes) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        with open(unfinished, "wb", opener=_private) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)

    def _settle(self) -> None:
        """Make the folder's names durable, those too whose writer died just before it could."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _holds(path: Path, message: Message) -> bool:
    with path.open("rb") as file:
        return _identity(message_from_binary_file(file, policy=default)) == _identity(message)


def _mark(message: Message) -> str:
    return hashlib.sha256(_identity(message).encode()).hexdigest()[:8]


def _identity(message: Message) -> str:
    return str(message["Message-ID"]).strip()  # a long one is folded behind its colon


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
