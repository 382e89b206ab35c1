"""From usage to charges: priced once per SKU and span, then divided to the fen.

    usage of a SKU ── × price, rounded half to even ──► fen ── split by usage ──► charges
                                                         └─ what is for all: split again,
                                                            by bytes kept

Rounding happens once, where a store would round its invoice; from there on every division keeps the
sum.  Purchases (licences, media) are billed in the month in which they begin, and spread evenly
over the days they hold: FOCUS calls the one BilledCost, the other EffectiveCost.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from baozhang.costs.model import MINUTES_A_DAY, SHARED, Days, Group, Usage, divisor
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import LicenceRow, MediumRow
from baozhang.costs.shares import earned, rounded, split

AGENCY = "_agency"
"""Who bears what is for all, where there is no client to divide it among."""
FEN = 100  # in a yuan


@dataclass(frozen=True, slots=True)
class Charge:
    """What one client is charged for one SKU in some days.

    Attributes:
        raw: usage in the group's small unit; 0 of purchases.
        price: yuan for one unit; None of purchases.
        fen: what the use of it costs (FOCUS: EffectiveCost).
        billed: what is paid for it in this month (FOCUS: BilledCost).
        divided: it is for all, and this is the client's share by bytes kept.
        estimated: its quantity is an estimate.
        category: as FOCUS has it.
    """

    days: Days
    client: str
    set: str
    group: Group
    what: str
    raw: int
    price: Decimal | None
    vendor: str
    fen: int
    billed: int
    divided: bool
    estimated: bool
    category: Literal["Usage", "Purchase"] = "Usage"

    @property
    def sku(self) -> str:
        """Group and what exactly."""
        return f"{self.group}:{self.what}"


@dataclass(frozen=True, slots=True)
class Gap:
    """Usage that no price covers: in no sum."""

    sku: str
    days: Days
    raw: int
    clients: int


@dataclass(frozen=True, slots=True)
class Charged:
    """All charges of a month, and what has no price."""

    month: Days
    charges: tuple[Charge, ...]
    gaps: tuple[Gap, ...]

    @property
    def fen(self) -> int:
        """What the month cost."""
        return sum(each.fen for each in self.charges)

    @property
    def billed(self) -> int:
        """What is paid in the month."""
        return sum(each.billed for each in self.charges)

    def kept_fen(self, price: Decimal, size: int) -> int:
        """Return what it costs to keep so many bytes for the whole month."""
        minutes = self.month.count * MINUTES_A_DAY
        return cost_of(price, size * minutes, divisor("storage", self.month))


def charge(
    month: Days,
    usages: Iterable[Usage],
    book: PriceBook,
    kept: Sequence[tuple[str, int]],
    licences: Mapping[str, LicenceRow] | None = None,
    media: Mapping[str, MediumRow] | None = None,
    *,
    until: date | None = None,
) -> Charged:
    """Return what everything costs.

    Args:
        month: a GB-month is a GB for all of its days.
        usages: of spans in which no price changes (`PriceBook.parts`).
        book: a sound one.
        kept: clients with the bytes they keep, by which what is for all is divided.
        licences: by row id.
        media: by row id.
        until: of a month that is not over, the last day that counts.
    """
    over = Days(month.first, until or month.last)
    grouped: dict[tuple[Days, str], list[Usage]] = {}
    for each in usages:
        grouped.setdefault((each.days, each.sku), []).append(each)
    charges, gaps = list[Charge](), list[Gap]()
    for (days, sku), found in sorted(grouped.items()):
        row = book.price(sku, days.first)
        if row is not None:
            charges += _priced(month, found, row.price, row.vendor, kept)
        elif found[0].group != "restores" or book.wants("restores"):
            clients = len({each.client for each in found} - {SHARED})
            gaps.append(Gap(sku, days, sum(each.raw for each in found), clients))
    for id_, licence in sorted((licences or {}).items()):
        valid = Days(licence.valid_from, licence.valid_to)
        charges += _bought(over, "licences", id_, licence.fen, valid, licence.vendor, kept)
    for id_, medium in sorted((media or {}).items()):
        valid = Days(medium.valid_from, medium.valid_to)
        charges += _bought(over, "media", id_, medium.fen, valid, medium.vendor, kept)
    return Charged(month, tuple(charges), tuple(gaps))


def cost_of(price: Decimal, raw: int, by: int) -> int:
    """Return the fen of raw units at a price in yuan per `by` of them, rounded half to even."""
    numerator, denominator = price.as_integer_ratio()
    return rounded(raw * numerator * FEN, by * denominator)


def _priced(
    month: Days,
    found: Sequence[Usage],
    price: Decimal,
    vendor: str,
    kept: Sequence[tuple[str, int]],
) -> Iterator[Charge]:
    raws = [each.raw for each in found]
    whole = cost_of(price, sum(raws), divisor(found[0].group, month))
    for each, fen in zip(found, split(whole, raws), strict=True):
        own = Charge(
            each.days, each.client, each.set, each.group, each.what, each.raw, price, vendor,
            fen, fen, divided=False, estimated=each.estimated,
        )  # fmt: skip
        if each.client == SHARED:
            yield from _divided(own, kept)
        else:
            yield own


def _divided(whole: Charge, kept: Sequence[tuple[str, int]]) -> Iterator[Charge]:
    """Divide what is for all; who has no fen and no usage of it has no charge."""
    clients = kept or [(AGENCY, 1)]
    weights = [size for _, size in clients]
    parts = zip(
        clients, split(whole.raw, weights), split(whole.fen, weights), split(whole.billed, weights),
        strict=True,
    )  # fmt: skip
    for (client, _), raw, fen, billed in parts:
        if raw or fen or billed:
            yield Charge(
                whole.days, client, "", whole.group, whole.what, raw, whole.price, whole.vendor,
                fen, billed, divided=bool(kept), estimated=whole.estimated, category=whole.category,
            )  # fmt: skip


def _bought(
    month: Days,
    group: Literal["licences", "media"],
    id_: str,
    fen: int,
    valid: Days,
    vendor: str,
    kept: Sequence[tuple[str, int]],
) -> Iterator[Charge]:
    """Yield the purchase in the month in which it begins, and each client's part of its use."""
    if month.first <= valid.first <= month.last:
        yield Charge(
            Days(valid.first, valid.first), AGENCY, "", group, id_, 0, None, vendor,
            0, fen, divided=False, estimated=False, category="Purchase",
        )  # fmt: skip
    common = month.within(valid.first, valid.last)
    if common is not None:
        used = Charge(
            common, SHARED, "", group, id_, 0, None, vendor,
            earned(fen, valid, common), 0, divided=True, estimated=False,
        )  # fmt: skip
        yield from _divided(used, kept)
