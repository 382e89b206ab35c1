"""The month's bill: charges added up by group, by place, by client; clients against their fees."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from baozhang.costs.charges import AGENCY, Charge
from baozhang.costs.model import GROUPS, Days, Group
from baozhang.costs.registers import FeeRow
from baozhang.costs.shares import earned
from baozhang.errors import UsageError


@dataclass(frozen=True, slots=True)
class ClientCost:
    """One client in a month; fen.

    Attributes:
        own: what it used itself.
        divided: its share of what is for all.
        fee: what it pays; None: no fee is known.
    """

    client: str
    own: int
    divided: int
    fee: int | None
    tier: str

    @property
    def cost(self) -> int:
        """What it cost."""
        return self.own + self.divided

    @property
    def margin(self) -> int | None:
        """What is left of the fee; negative: it costs more than it pays."""
        return None if self.fee is None else self.fee - self.cost


@dataclass(frozen=True, slots=True)
class Tier:
    """All clients of one tier; fen."""

    tier: str
    clients: int
    fee: int
    cost: int
    losing: int

    @property
    def margin(self) -> int:
        """What is left of the fees."""
        return self.fee - self.cost


def by_group(charges: Iterable[Charge]) -> dict[Group, int]:
    """Return fen by group; every group is there."""
    found: dict[Group, int] = dict.fromkeys(GROUPS, 0)
    for each in charges:
        found[each.group] += each.fen
    return found


def by_sku(charges: Iterable[Charge]) -> dict[str, tuple[int, int]]:
    """Return raw usage and fen by SKU, without purchases."""
    found: dict[str, tuple[int, int]] = {}
    for each in charges:
        if each.category == "Usage":
            raw, fen = found.get(each.sku, (0, 0))
            found[each.sku] = (raw + each.raw, fen + each.fen)
    return found


def fee_of(rows: Iterable[FeeRow], month: Days) -> dict[str, tuple[str, int]]:
    """Return tier and fee of each client in a month; the tier is the one of its last day.

    A fee that holds for a part of the month counts for its days.

    Raises:
        UsageError: two fees of one client on one day.
    """
    found: dict[str, list[tuple[Days, FeeRow]]] = {}
    for row in rows:
        if common := month.within(row.valid_from, row.valid_to):
            found.setdefault(row.client, []).append((common, row))
    fees = {}
    for client, parts in found.items():
        parts.sort(key=lambda part: part[0])
        _require_apart(client, [days for days, _ in parts])
        fen = sum(earned(row.fen, month, days) for days, row in parts)
        fees[client] = (parts[-1][1].tier, fen)
    return fees


def _require_apart(client: str, parts: list[Days]) -> None:
    for earlier, later in pairwise(parts):
        if later.first <= earlier.last:
            raise UsageError(
                "client {client} has two fees on {day}",
                hint="End one of the rows: `baozhang register list fees`.",
                client=client[:40],
                day=later.first,
            )


def clients(
    charges: Iterable[Charge], fees: Mapping[str, tuple[str, int]]
) -> tuple[ClientCost, ...]:
    """Return each client that cost or pays something, by id; what is for nobody is left out."""
    own, divided = dict.fromkeys(fees, 0), dict.fromkeys(fees, 0)
    for each in charges:
        side = divided if each.divided else own
        side[each.client] = side.get(each.client, 0) + each.fen
    none: tuple[str, int | None] = ("", None)
    return tuple(
        ClientCost(client, own.get(client, 0), divided.get(client, 0), fee, tier)
        for client in sorted({*own, *divided} - {AGENCY})
        for tier, fee in [fees.get(client, none)]
    )


def tiers(found: Iterable[ClientCost]) -> tuple[Tier, ...]:
    """Return the tiers whose clients pay a fee, by name."""
    by_tier: dict[str, list[ClientCost]] = {}
    for each in found:
        if each.fee is not None:
            by_tier.setdefault(each.tier, []).append(each)
    return tuple(
        Tier(
            name,
            len(members),
            sum(each.fee or 0 for each in members),
            sum(each.cost for each in members),
            sum((each.margin or 0) < 0 for each in members),
        )
        for name, members in sorted(by_tier.items())
    )
