"""What no saving may break: law, 3-2-1-1-0, what was promised, and holds.

3-2-1-1-0: three copies of the data with the books themselves, on two kinds of media, one of them at
another place, one offline or not to be changed, and no error found in what was read back.  What a
medium is stands in the register `media`, in its row for the place; a bucket counts as a cloud
elsewhere.  What nobody said does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from baozhang.policies.law.register import Term

COPIES, KINDS, OFFSITE, OFFLINE = 3, 2, 1, 1
MOST_BETWEEN_BACKUPS = timedelta(days=1)
MOST_BETWEEN_TESTS = timedelta(days=90)
"""Vouchers are backed up daily, and every client is restored once a quarter: what an agency's own
documents promise; a saving goes no further."""

Rule = Literal["law", "copies", "promise", "holds"]
Why = Literal[
    "kept", "copies", "kinds", "offsite", "offline", "errors", "law", "promise", "held", "no-hold",
    "within", "no-copy",
]  # fmt: skip

WHY_TEMPLATES: dict[Why, str] = {
    "kept": "3-2-1-1-0 stays kept: {copies} copies, {kinds} kinds of media",
    "copies": "only {copies} copies would be left, of 3",
    "kinds": "only {kinds} kinds of media are known, of 2",
    "offsite": "no copy would be known to stand at another place",
    "offline": "no copy would be known to be offline or safe from being changed",
    "errors": "{errors} stored objects are damaged: no copy is given up before they are mended",
    "law": "{article} asks for {years} years; backup points of {clients} clients are younger",
    "promise": "once in {now} days is less often than the once in {most} days that are promised",
    "held": "holds stand on {clients}",
    "no-hold": "no hold stands on what it would touch",
    "within": "once in {now} days stays within the {most} days that are promised",
    "no-copy": "no copy of any client lies on it",
}


@dataclass(frozen=True, slots=True)
class Check:
    """What one rule says to a proposal."""

    rule: Rule
    holds: bool
    why: Why
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """One vault, or one copy of it.

    Attributes:
        kind: of its medium; "" where nobody said.
        fen: what keeping cost in the month.
        raw: byte-minutes of the month.
    """

    name: str
    vault: str
    kind: str
    offsite: bool
    offline: bool
    fen: int
    raw: int

    @property
    def copy(self) -> bool:
        """Whether it is a copy, not the vault itself."""
        return self.name != self.vault


def copies(places: Sequence[Place], errors: int) -> Check:
    """Return whether 3-2-1-1-0 would be kept with these places of one vault, and what lacks."""
    count = 1 + len(places)
    kinds = len({each.kind for each in places if each.kind})
    facts = (("copies", str(count)), ("kinds", str(kinds)), ("errors", str(errors)))
    lacks: tuple[tuple[Why, bool], ...] = (
        ("copies", count < COPIES),
        ("kinds", kinds < KINDS),
        ("offsite", sum(each.offsite for each in places) < OFFSITE),
        ("offline", sum(each.offline for each in places) < OFFLINE),
        ("errors", errors > 0),
    )
    why: Why = next((name for name, lacking in lacks if lacking), "kept")
    return Check("copies", why == "kept", why, facts)


def law(terms: Sequence[Term], clients: int) -> Check:
    """Return that what is stored must stay, by the longest term in years of the law register.

    A backup point may hold what no newer one holds any more, so that none may go while a term runs;
    what is kept for ever is kept longer still.
    """
    longest = max(terms, key=lambda each: each.years or 0)
    facts = (
        ("article", longest.article),
        ("years", str(longest.years)),
        ("clients", str(clients)),
    )
    return Check("law", clients == 0, "law" if clients else "no-copy", facts)


def promise(now: timedelta, most: timedelta) -> Check:
    """Return whether a rhythm is no slower than promised."""
    facts = (("now", f"{now / timedelta(days=1):g}"), ("most", f"{most.days}"))
    return Check("promise", now <= most, "within" if now <= most else "promise", facts)


def holds(clients: Sequence[str]) -> Check:
    """Return whether no hold stands on any of the clients; these are the held ones."""
    if clients:
        return Check("holds", False, "held", (("clients", ", ".join(clients[:20])),))
    return Check("holds", True, "no-hold")
