"""A closed month: everything that is told of it, as plain values; and the closes that are kept.

    state/cost/2026-11.json          the totals of a month that is over, for those after it
    state/cost/held-2026-11.json     what the stores held when they were asked
    state/cost/rows-2026-11.csv      its FOCUS-shaped rows

A kept close is what was reported.  A price that is corrected afterwards changes the month when it
is closed again, and then the file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from baozhang import durable
from baozhang.costs.benefit import Benefit, EventCost
from baozhang.costs.bills import ClientCost, Tier
from baozhang.costs.charges import Gap
from baozhang.costs.footprint import Footprint
from baozhang.costs.metering import Unseen
from baozhang.costs.model import Days, Group
from baozhang.costs.savings import Proposal
from baozhang.costs.trends import Expected, Unusual, Variance
from baozhang.errors import CorruptObjectError, UnreachableError


@dataclass(frozen=True, slots=True)
class SkuCost:
    """One SKU in a month: usage in priced units, as text, and fen."""

    sku: str
    group: Group
    quantity: str
    fen: int


@dataclass(frozen=True, slots=True)
class PlaceHeld:
    """One place: bytes that the books say, and that the store really held.

    Attributes:
        held: None: it was not asked, or did not answer.
        worst: clients whose bytes differ most, with the difference.
        fen: what the difference would cost a month at the place's price; None: no price.
    """

    place: str
    booked: int
    held: int | None
    worst: tuple[tuple[str, int], ...] = ()
    fen: int | None = None


@dataclass(frozen=True, slots=True)
class Close:
    """All that is told of a month; money in fen."""

    month: str
    days: Days  # that are counted: the whole month, or what is over of it
    whole: bool
    at: datetime
    sample: bool
    from_settings: bool  # prices come from agency.yaml, for the register is empty
    fen: int
    billed: int
    groups: tuple[tuple[Group, int], ...]
    skus: tuple[SkuCost, ...]
    gaps: tuple[Gap, ...]
    unseen: tuple[tuple[Unseen, tuple[tuple[str, str], ...]], ...]
    clients: tuple[ClientCost, ...]
    tiers: tuple[Tier, ...]
    asked: datetime | None  # when the stores were asked
    places: tuple[PlaceHeld, ...]
    variances: tuple[Variance, ...]
    past: tuple[tuple[str, int], ...]
    expected: tuple[Expected, ...]
    unusual: tuple[Unusual, ...]
    proposals: tuple[Proposal, ...]
    benefit: Benefit | None
    events: tuple[EventCost, ...]
    footprint: Footprint

    @property
    def seen(self) -> bool:
        """Whether anything was used or bought."""
        return bool(self.skus or self.gaps or self.billed)

    @property
    def losing(self) -> tuple[ClientCost, ...]:
        """Clients that cost more than they pay, the worst first."""
        found = [each for each in self.clients if (each.margin or 0) < 0]
        return tuple(sorted(found, key=lambda each: (each.margin or 0, each.client)))

    @property
    def over(self) -> tuple[Variance, ...]:
        """Budgets that are overspent."""
        return tuple(each for each in self.variances if (each.over or 0) > 0)


@dataclass(frozen=True, slots=True)
class Held:
    """What the stores held when they were asked: bytes by place and client.

    Places that did not answer are not there; names of no client are added up under `""`.
    """

    at: datetime
    places: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a month that is over; fen."""

    month: str
    fen: int
    groups: tuple[tuple[str, int], ...]
    clients: tuple[tuple[str, int], ...]


class Closes:
    """The folder of closes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def rows(self, month: str) -> Path:
        """Return where the rows of a month are kept."""
        return self.folder / f"rows-{month}.csv"

    def keep(self, close: Close) -> None:
        """Keep a month's totals; one that is not over is not kept.

        Raises:
            UnreachableError: it cannot be written.
        """
        if not close.whole:
            return
        clients = {each.client: each.cost for each in close.clients}
        value = {"fen": close.fen, "groups": dict(close.groups), "clients": clients}
        self._write(f"{close.month}.json", value)

    def before(self, month: str) -> tuple[Kept, ...]:
        """Return the months before one, oldest first, as they were closed.

        Raises:
            CorruptObjectError: a file is not what was written.
        """
        files = sorted(self.folder.glob("[0-9][0-9][0-9][0-9]-[0-9][0-9].json"))
        return tuple(self._kept(each) for each in files if each.stem < month)

    def keep_held(self, month: str, held: Held) -> None:
        """Keep what the stores held; raises as `keep`."""
        self._write(f"held-{month}.json", {"at": held.at.isoformat(), "places": held.places})

    def held(self, month: str) -> Held | None:
        """Return what the stores held when they were asked; None: nobody asked them.

        Raises:
            CorruptObjectError: the file is not what was written.
        """
        path = self.folder / f"held-{month}.json"
        if not path.exists():
            return None
        value = _object(path)
        at, places = value.get("at"), value.get("places")
        if not isinstance(at, str) or not isinstance(places, dict):
            raise _broken(path)
        try:
            asked = datetime.fromisoformat(at)
        except ValueError as error:
            raise _broken(path) from error
        return Held(asked, {place: _numbers(path, of) for place, of in places.items()})

    def _kept(self, path: Path) -> Kept:
        value = _object(path)
        groups, clients = (_numbers(path, value.get(name)) for name in ("groups", "clients"))
        fen = value.get("fen")
        if not isinstance(fen, int):
            raise _broken(path)
        return Kept(path.stem, fen, tuple(groups.items()), tuple(clients.items()))

    def _write(self, name: str, value: Mapping[str, object]) -> None:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        try:
            durable.replace(self.folder / name, text.encode("ascii"))
        except OSError as error:
            raise UnreachableError(
                "{name} cannot be kept: {reason}",
                hint="Make room and check the rights of the site's state folder.",
                name=name,
                reason=error.strerror or type(error).__name__,
            ) from error


def _object(path: Path) -> dict[str, object]:
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise _broken(path) from error
    if not isinstance(value, dict):
        raise _broken(path)
    return value


def _numbers(path: Path, value: object) -> dict[str, int]:
    if not isinstance(value, dict) or not all(isinstance(each, int) for each in value.values()):
        raise _broken(path)
    return value


def _broken(path: Path) -> CorruptObjectError:
    return CorruptObjectError(
        "{name} is not what was kept of that month",
        hint="Close the month again: `baozhang cost report --period {month}`.",
        name=path.name,
        month=path.stem.removeprefix("held-"),
    )
