"""What an earlier look at the catalog knew, kept outside the catalog.

A catalog that lost its newest rows is whole in itself, and a clock that was put back agrees with
itself: only somebody who remembers notices.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from baozhang import durable
from baozhang.errors import UnreachableError


@dataclass(frozen=True, slots=True)
class Seen:
    """What was known at an earlier look."""

    since: datetime  # the first look, UTC
    last: datetime  # the newest one
    letters: Mapping[str, int] = field(default_factory=dict)
    """The highest number of each kind of letter that was ever known."""


@dataclass(frozen=True, slots=True)
class Memory:
    """A file with what was seen; one look at a time holds it."""

    file: Path

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other looks away until the block ends: nobody is told twice.

        Raises:
            UnreachableError: the file cannot be made.
        """
        with _translated():
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = os.open(self.file.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
            yield
        finally:
            os.close(held)

    def read(self) -> Seen | None:
        """Return what was seen; None: nothing yet, or the file is damaged.

        Raises:
            UnreachableError: it cannot be read.
        """
        with _translated():
            try:
                value = json.loads(self.file.read_text("utf-8"))
                return Seen(
                    datetime.fromisoformat(value["since"]),
                    datetime.fromisoformat(value["last"]),
                    {str(kind): int(number) for kind, number in value["letters"].items()},
                )
            except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError):
                return None

    def keep(self, seen: Seen) -> None:
        """Write durably what was seen.

        Raises:
            UnreachableError: it cannot be written.
        """
        value = {
            "since": seen.since.isoformat(),
            "last": seen.last.isoformat(),
            "letters": dict(seen.letters),
        }
        with _translated():
            durable.replace(self.file, json.dumps(value, sort_keys=True).encode())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreachableError(
            "what the last look knew cannot be read or written: {reason}",
            hint="Make room, and make the folder of the memory writable.",
            reason=error.strerror or type(error).__name__,
        ) from error
