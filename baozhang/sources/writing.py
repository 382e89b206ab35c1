"""Whether a database may be written to: tried for others, and taken away where that can be undone.

A server that can refuse writes to one database of it, and to that one alone, has a `Switch`; of the
others only a `Trial` is made: whether a row can be written, in a transaction that is rolled back.
"""

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

Tried = Literal["written", "read-only", "forbidden", "empty"]
"""A row was written and rolled back; writes are refused to everybody; this login may not; no table
was found in which it could be tried without a trace."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a database said of writing, by an id that its renaming does not change.

    Attributes:
        database: the server's id of it (PostgreSQL: its oid).
        value: what was set for it; None: nothing was.
    """

    database: int
    value: str | None


@dataclass(frozen=True, slots=True)
class Sessions:
    """What became of the sessions that were there when writes were switched off."""

    ended: int
    left: int  # could not be ended, and may go on writing


class Trial(Protocol):
    """A database in which a write can be tried.

    Raises (every method here and below):
        SourceBusyError: the server does not answer; transient.
        SourceUnreadableError: it refuses.
    """

    def try_write(self) -> Tried:
        """Write a row over itself in a transaction that is rolled back."""
        ...


@runtime_checkable
class Switch(Trial, Protocol):
    """A database to which new sessions write nothing while it is switched off."""

    def look(self) -> Setting:
        """Return what is set now."""
        ...

    def switch_off(self) -> Sessions:
        """Let sessions that begin from now on read alone, and end those that are there."""
        ...

    def put_back(self, before: Setting) -> bool:
        """Set what was set before, wherever that database is now; tell whether anything changed.

        A database that is not switched off any more is left as it is, for somebody else changed it;
        so is one that is gone.
        """
        ...
