"""What an agency promises for a set, as plain values: how often, and how often it is proven."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Policy:
    """One rhythm: a backup point at least so often, read back and restored at least so often."""

    every: timedelta  # between two backup points
    every_byte_within: timedelta  # every stored byte is read once in this span
    restore_test_every: timedelta  # every client is restored and proven once in this span


@dataclass(frozen=True, slots=True)
class Standing:
    """How one thing in a rotation stands: a client's set, with its weight."""

    name: str
    last: datetime | None  # when it last passed; None: never
    size: int = 1  # bytes, or any weight of its work
