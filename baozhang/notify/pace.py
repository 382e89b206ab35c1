"""How fast a bot may be written to, remembered on disk: several processes share one bot.

A message takes a place among those of the last minute before it is sent, whether or not it then
arrives.  A bot that says it was written to too fast is left alone for as long as its messenger
shuts such bots out.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from baozhang.errors import UnreachableError

MINUTE = timedelta(
    seconds=65
)  # the messenger's minute is another: messages may be 5 s on their way


@dataclass(frozen=True, slots=True)
class Pace:
    """A bot's recent messages, in a file of its own."""

    file: Path
    messages: int  # in any minute

    def take(self, now: datetime) -> timedelta:
        """Take a place for one message now; else return how long to wait before asking again.

        Returns:
            Zero: the place is taken, send.

        Raises:
            UnreachableError: the file cannot be written.
        """
        with self._held() as known:
            wait = _until(known.shut, now)
            recent = [at for at in known.sent if now - MINUTE < at <= now]
            if not wait and len(recent) >= self.messages:
                wait = recent[-self.messages] + MINUTE - now
            known.sent = recent if wait else [*recent, now]
            return wait

    def shut(self, until: datetime) -> None:
        """Remember that the bot hears nothing before an instant.

        Raises:
            UnreachableError: the file cannot be written.
        """
        with self._held() as known:
            known.shut = until

    @contextmanager
    def _held(self) -> Iterator["_Known"]:
        """Yield what is known, held against other processes; write it down afterwards."""
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(
                os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600),
                "r+",
                encoding="utf-8",
                errors="replace",
            ) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                known = _read(file.read())
                yield known
                file.seek(0)
                file.truncate()
                file.write(_written(known))
        except OSError as error:
            raise UnreachableError(
                "the pace of a bot cannot be written down: {reason}",
                hint="Make room, and make the site's state folder writable.",
                reason=error.strerror or type(error).__name__,
            ) from error


@dataclass(slots=True)
class _Known:
    sent: list[datetime]
    shut: datetime | None = None


def _until(shut: datetime | None, now: datetime) -> timedelta:
    """Return how long a bot stays shut; a moment that is far off comes of a wrong clock."""
    left = (shut - now) if shut else timedelta(0)
    return left if timedelta(0) < left <= timedelta(hours=1) else timedelta(0)


def _read(text: str) -> _Known:
    """Return what a file says; one that a crash left half written says nothing."""
    try:
        value = json.loads(text)
        sent = [_instant(at) for at in value["sent"]]
        return _Known(sent, _instant(value["shut"]) if value["shut"] else None)
    except (ValueError, KeyError, TypeError):
        return _Known([])


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("an instant of no time zone")
    return found


def _written(known: _Known) -> str:
    shut = known.shut.isoformat() if known.shut else ""
    return json.dumps({"sent": [at.isoformat() for at in known.sent], "shut": shut})
