"""The price book: one price per SKU and day, or none, and then that is said.

    book = PriceBook.of(site)
    book.require_sound()              # overlaps, foreign currencies and wrong units are refused
    book.price("storage:main", day)   # the SKU's own, else the group's; None: a gap
    book.parts(month)                 # the month, cut where any price changes

A gap is never a price of nothing: what has no price is left out of every sum and named.  Where the
agency pays nothing, it enters a price of 0.

The register `prices` decides.  Only while it is empty, `prices` of agency.yaml stands in: its
`per_gb_month` as the SKU `storage`, its `per_restore` as the SKU `restores`, without an end.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Literal, cast

from baozhang.costs.model import METERED, UNITS, Days, Group
from baozhang.costs.registers import PRICES, PriceRow
from baozhang.errors import UsageError
from baozhang.site import Site

CURRENCY = "CNY"
FROM_SETTINGS = "agency"
"""Row ids of what agency.yaml says begin so."""
Kind = Literal["overlap", "currency", "unit", "sku"]

FAULT_TEMPLATES: dict[Kind, str] = {
    "overlap": "rows {row} and {other} both price {sku} on {day}",
    "currency": "row {row} prices {sku} in {currency}: only CNY is reckoned with",
    "unit": "row {row} prices {sku} per {unit}: it is measured in {wanted}",
    "sku": "row {row} prices {sku}, which nobody measures",
}
_MOST = 20  # faults named in one message


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a price cannot be used; `facts` fill the template of its kind."""

    kind: Kind
    facts: tuple[tuple[str, str], ...]

    @property
    def row(self) -> str:
        """Id of the row."""
        return dict(self.facts)["row"]


class PriceBook:
    """All prices, by SKU and day."""

    def __init__(self, rows: Mapping[str, PriceRow]) -> None:
        self.rows = dict(rows)
        self._by_sku: dict[str, list[PriceRow]] = {}
        for row in sorted(self.rows.values(), key=lambda each: each.valid_from):
            self._by_sku.setdefault(row.sku, []).append(row)

    @classmethod
    def of(cls, site: Site) -> "PriceBook":
        """Return the site's book: the register, or what agency.yaml says while that is empty."""
        return cls(PRICES.rows(site) or dict(_from_settings(site)))

    @property
    def from_settings(self) -> bool:
        """Whether the register is empty and agency.yaml stands in."""
        return any(row.startswith(f"{FROM_SETTINGS}-") for row in self.rows)

    def faults(self) -> tuple[Fault, ...]:
        """Return every reason why the book cannot be used, by row."""
        return (*self._odd(), *self._overlaps())

    def require_sound(self) -> None:
        """Refuse a book that prices something twice, in another currency or unit.

        Raises:
            UsageError: it has faults; the message names the rows.
        """
        if found := self.faults():
            raise UsageError(
                "the price book cannot be used: {count} faults, in rows {rows}",
                hint="Look at `baozhang cost prices check`, then mend the register `prices`.",
                count=len(found),
                rows=", ".join(sorted({each.row for each in found})[:_MOST]),
            )

    def price(self, sku: str, day: date) -> PriceRow | None:
        """Return the price of a SKU on a day, its own before its group's; None: a gap."""
        return self._on(sku, day) or self._on(sku.partition(":")[0], day)

    def wants(self, group: Group) -> bool:
        """Tell whether anything of a group is priced at all."""
        return any(sku.partition(":")[0] == group for sku in self._by_sku)

    def parts(self, days: Days) -> tuple[Days, ...]:
        """Return the days in parts in which no price changes."""
        starts = {days.first}
        for row in self.rows.values():
            after = row.valid_to + timedelta(days=1) if row.valid_to else row.valid_from
            starts |= {each for each in (row.valid_from, after) if days.first < each <= days.last}
        ends = [*sorted(starts), days.last + timedelta(days=1)]
        return tuple(Days(first, after - timedelta(days=1)) for first, after in pairwise(ends))

    def _on(self, sku: str, day: date) -> PriceRow | None:
        rows = self._by_sku.get(sku, [])
        place = bisect_right(rows, day, key=lambda each: each.valid_from)
        found = rows[place - 1] if place else None
        return found if found and (found.valid_to is None or day <= found.valid_to) else None

    def _odd(self) -> Iterator[Fault]:
        for id_, row in self.rows.items():
            group = row.sku.partition(":")[0]
            base = (("row", id_), ("sku", row.sku))
            if group not in METERED:
                yield Fault("sku", base)
                continue
            if row.currency != CURRENCY:
                yield Fault("currency", (*base, ("currency", row.currency)))
            wanted = UNITS[group]
            if row.unit != wanted:
                yield Fault("unit", (*base, ("unit", row.unit[:40]), ("wanted", wanted)))

    def _overlaps(self) -> Iterator[Fault]:
        ids = {id(row): id_ for id_, row in self.rows.items()}
        for sku, rows in sorted(self._by_sku.items()):
            for earlier, later in pairwise(rows):
                if earlier.valid_to is None or later.valid_from <= earlier.valid_to:
                    facts = (
                        ("row", ids[id(earlier)]),
                        ("other", ids[id(later)]),
                        ("sku", sku),
                        ("day", later.valid_from.isoformat()),
                    )
                    yield Fault("overlap", facts)


def _from_settings(site: Site) -> Iterable[tuple[str, PriceRow]]:
    prices = site.agency.file.prices
    for group, price in (("storage", prices.per_gb_month), ("restores", prices.per_restore)):
        if price or group == "storage":
            yield f"{FROM_SETTINGS}-{group}", _row(cast("Group", group), price, prices.currency)


def _row(group: Group, price: Decimal, currency: str) -> PriceRow:
    return PriceRow(
        sku=group,
        unit=UNITS[group],
        price=price,
        currency=currency,
        valid_from=date.min,
        vendor="agency.yaml",
    )
