"""The fixed assets of a sample company: cards, worn off in equal parts (年限平均法).

Which cards there are, and how far each is worn, follows from the company and the period alone.
Depreciation starts in the month after an asset came and stops at its residual value
(小企业会计准则 art. 31); the last month takes what rounding left.  Amounts are in fen.
"""

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from baozhang.books.model import Asset

SALVAGE_PERCENT = 5
OLD = ((60, 60, 20), (35, 48, 27), (25, 36, 34))
"""What a going concern has: share of all cost in percent, life and age in months."""
BOUGHT_EVERY = 5  # months
BOUGHT_LIFE = 36  # months; electronic equipment: 企业所得税法实施条例 art. 60
BUYING_DAY = 18


class Card(NamedTuple):
    """One fixed asset, as it was entered."""

    number: str
    acquired: date
    cost: int
    life: int  # months

    @property
    def salvage(self) -> int:
        """Its residual value."""
        return self.cost * SALVAGE_PERCENT // 100

    def used(self, year: int, month: int) -> int:
        """Return how many months it is depreciated for at the end of a period."""
        age = (year - self.acquired.year) * 12 + month - self.acquired.month
        return max(0, min(age, self.life))

    def worn(self, used: int) -> int:
        """Return what it is depreciated by after so many months."""
        whole = self.cost - self.salvage
        monthly = (2 * whole + self.life) // (2 * self.life)
        return whole if used >= self.life else monthly * used


def old_cards(serial: int, cost: int, first: date) -> tuple[Card, ...]:
    """Return the cards a company has before its first covered month; together they cost `cost`."""
    costs = [cost * share // 10_000 * 100 for share, _, _ in OLD]
    costs[0] += cost - sum(costs)
    return tuple(
        Card(f"ZC{number:03d}", _before(first, age + serial % 3, 6), own, life)
        for number, (own, (_, life, age)) in enumerate(zip(costs, OLD, strict=True), start=1)
    )


def bought_card(serial: int, first: date, year: int, month: int) -> Card | None:
    """Return the asset that is bought in a covered month, if it is one of those with any."""
    passed = (year - first.year) * 12 + month - first.month
    if passed < 0 or (passed + serial) % BOUGHT_EVERY:
        return None
    cost = 300_000 + (serial * 13 + passed * 7) % 60 * 10_000
    return Card(f"ZC{len(OLD) + passed + 1:03d}", date(year, month, BUYING_DAY), cost, BOUGHT_LIFE)


def cards(old: tuple[Card, ...], serial: int, first: date, year: int, month: int) -> list[Card]:
    """Return the cards at the end of a period, in the order they came."""
    passed = (year - first.year) * 12 + month - first.month
    bought = (bought_card(serial, first, *_months_on(first, n)) for n in range(passed + 1))
    return [*old, *(card for card in bought if card)]


def asset_rows(held: list[Card], year: int, month: int, account: str) -> Iterator[Asset]:
    """Yield the cards as they stand at the end of a period."""
    for card in held:
        used = card.used(year, month)
        before = card.used(*_months_on(date(year, month, 1), -1))
        yield Asset(
            period=f"{year}-{month:02d}",
            number=card.number,
            account=account,
            acquired=card.acquired.isoformat(),
            cost=card.cost,
            salvage=card.salvage,
            life=card.life,
            used=used,
            accumulated=card.worn(used),
            monthly=card.worn(used) - card.worn(before),
            other=(),
        )


def _months_on(day: date, months: int) -> tuple[int, int]:
    years, month = divmod(day.month - 1 + months, 12)
    return day.year + years, month + 1


def _before(first: date, months: int, day: int) -> date:
    return date(*_months_on(first, -months), day)
