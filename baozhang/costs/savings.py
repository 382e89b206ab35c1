"""Savings: what the records say could cost less, each held against what may not be broken.

| proposal | from | may not break |
|---|---|---|
| give up a medium that is said to hold nothing | register `media` | 3-2-1-1-0 |
| give up one copy of a vault | places, what they cost | 3-2-1-1-0, holds |
| move a copy to a cheaper place | price book: a place nobody uses yet | 3-2-1-1-0 |
| back up less often | policies | what is promised |
| test restores less often | policies | what is promised |
| keep backup points for a year only | byte-minutes of older points | law, holds |

Refused proposals are kept with the rule that refused them: whoever asks next year finds the answer.
Nothing here changes anything; a proposal is carried out by people, in agency.yaml.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from baozhang.costs import guards
from baozhang.costs.charges import cost_of
from baozhang.costs.guards import Check, Place
from baozhang.costs.model import Days, divisor
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import MediumRow
from baozhang.costs.shares import earned, rounded
from baozhang.policies.law.register import Term

Kind = Literal[
    "unused-medium", "drop-copy", "cheaper-place", "rarer-backup", "rarer-test", "keep-a-year"
]
PROPOSAL_TEMPLATES: dict[Kind, str] = {
    "unused-medium": "give up medium {subject}, on which nothing lies",
    "drop-copy": "give up the copy {subject}",
    "cheaper-place": "move the copy {subject} to {to}",
    "rarer-backup": "back up the sets of policy {subject} half as often",
    "rarer-test": "test restores of policy {subject} half as often",
    "keep-a-year": "keep backup points of vault {subject} for one year only",
}
_CLOUD = "cloud"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What could be saved a month, and what the rules say to it.

    Attributes:
        fen: saved a month, at the month's usage and prices; an estimate.
        checks: every rule that was asked; all must hold.
    """

    kind: Kind
    subject: str
    fen: int
    checks: tuple[Check, ...]
    to: str = ""

    @property
    def allowed(self) -> bool:
        """Whether no rule refuses it."""
        return all(each.holds for each in self.checks)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the sets of one policy are backed up and tried out, and what that cost; fen."""

    policy: str
    backup_every: timedelta
    test_every: timedelta
    backup_fen: int
    test_fen: int


@dataclass(frozen=True, slots=True)
class Known:
    """What proposals are drawn from.

    Attributes:
        old: by vault, byte-minutes of what was there a year before, and of how many clients.
        errors: damaged objects that the newest readings found.
        held: returns the clients of a vault on which holds stand; asked only where it decides.
    """

    month: Days
    book: PriceBook
    media: Mapping[str, MediumRow]
    places: Sequence[Place]
    rhythms: Sequence[Rhythm]
    old: Mapping[str, tuple[int, int]]
    terms: Sequence[Term]
    errors: int
    held: Callable[[str], Sequence[str]]


def proposals(known: Known) -> tuple[Proposal, ...]:
    """Return every proposal that would save a fen, allowed ones first, the largest first."""
    found = [
        *_media(known),
        *_copies(known),
        *_cheaper(known),
        *_rhythms(known.rhythms),
        *_retention(known),
    ]
    worth = (each for each in found if each.fen > 0)
    return tuple(sorted(worth, key=lambda each: (not each.allowed, -each.fen, each.subject)))


def _media(known: Known) -> Iterator[Proposal]:
    for id_, row in sorted(known.media.items()):
        if row.place or row.disposed:
            continue
        fen = earned(row.fen, Days(row.valid_from, row.valid_to), known.month)
        yield Proposal("unused-medium", id_, fen, (Check("copies", True, "no-copy"),))


def _copies(known: Known) -> Iterator[Proposal]:
    for place in known.places:
        if place.copy:
            left = [each for each in _with(known, place.vault) if each != place]
            checks = _removing(known, place.vault, guards.copies(left, known.errors))
            yield Proposal("drop-copy", place.name, place.fen, checks)


def _removing(known: Known, vault: str, first: Check) -> tuple[Check, ...]:
    """Return a check, and, where it alone would let data go, what holds say."""
    return (first, guards.holds(known.held(vault))) if first.holds else (first,)


def _with(known: Known, vault: str) -> list[Place]:
    return [each for each in known.places if each.vault == vault]


def _cheaper(known: Known) -> Iterator[Proposal]:
    offers = sorted(_offers(known, known.month.last))
    for place in known.places:
        if not place.copy or not offers:
            continue
        fen, to = offers_for(known, place, offers)
        if fen >= place.fen:
            continue
        what = nature(known.media.values(), to)
        moved = replace(place, name=to, kind=what.kind, offsite=what.offsite, offline=what.offline)
        after = [moved if each == place else each for each in _with(known, place.vault)]
        checks = (guards.copies(after, known.errors),)
        yield Proposal("cheaper-place", place.name, place.fen - fen, checks, to)


def offers_for(known: Known, place: Place, offers: Sequence[str]) -> tuple[int, str]:
    """Return what a copy would cost at the cheapest offer, and its name."""
    by, day = divisor("storage", known.month), known.month.last
    priced = [(known.book.price(f"storage:{name}", day), name) for name in offers]
    return min((cost_of(row.price, place.raw, by), name) for row, name in priced if row)


def _offers(known: Known, day: date) -> Iterator[str]:
    """Yield places that have a price and that nobody uses yet."""
    used = {each.name for each in known.places}
    for sku in {row.sku for row in known.book.rows.values()}:
        group, _, name = sku.partition(":")
        if group == "storage" and name and name not in used and known.book.price(sku, day):
            yield name


@dataclass(frozen=True, slots=True)
class Nature:
    """What is known of a place."""

    kind: str
    offsite: bool
    offline: bool


def nature(media: Iterable[MediumRow], place: str, *, remote: bool = False) -> Nature:
    """Return what is known of a place: by its row of the register, else by its address."""
    for row in media:
        if row.place == place and not row.disposed:
            return Nature(row.kind, row.offsite, row.offline)
    return Nature(_CLOUD if remote else "", offsite=remote, offline=False)


def _rhythms(rhythms: Iterable[Rhythm]) -> Iterator[Proposal]:
    for each in rhythms:
        backup = guards.promise(each.backup_every * 2, guards.MOST_BETWEEN_BACKUPS)
        yield Proposal("rarer-backup", each.policy, each.backup_fen // 2, (backup,))
        test = guards.promise(each.test_every * 2, guards.MOST_BETWEEN_TESTS)
        yield Proposal("rarer-test", each.policy, each.test_fen // 2, (test,))


def _retention(known: Known) -> Iterator[Proposal]:
    for vault, (raw, clients) in sorted(known.old.items()):
        whole = sum(each.raw for each in _with(known, vault) if not each.copy)
        cost = sum(each.fen for each in _with(known, vault))
        fen = rounded(cost * raw, whole) if whole else 0
        checks = _removing(known, vault, guards.law(known.terms, clients))
        yield Proposal("keep-a-year", vault, fen, checks)
