"""Budget, forecast, anomalies: the month's figures against plan and against the months before.

* **Forecast**: the least-squares line through the totals of up to twelve closed months, with the
  80 % prediction interval of that line (Student's t; any textbook of regression).  Fewer than four
  months give none.
* **Anomaly**: robust z by median and median absolute deviation, 0.6745 (x - median) / MAD, unusual
  beyond 3.5 (Iglewicz and Hoaglin, "How to Detect and Handle Outliers", 1993).  Where more than
  half of the values are equal, MAD is 0 and the mean absolute deviation takes its place, with
  1.2533.  Fewer than six earlier values tell nothing.

Statistics are floating-point; what they give is rounded to fen, and is never added to money.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from baozhang.costs.model import GROUPS, Group
from baozhang.costs.registers import BudgetGroup, BudgetRow
from baozhang.errors import UsageError

LEAST_TO_FORECAST, MOST_TO_FORECAST = 4, 12
LEAST_TO_COMPARE = 6
UNUSUAL = 3.5
AHEAD = 3  # months that are forecast
_T80 = (
    3.078, 1.886, 1.638, 1.533, 1.476, 1.440, 1.415, 1.397, 1.383, 1.372,
)  # fmt: skip
"""0.90 quantiles of Student's t for 1 to 10 degrees of freedom (NIST/SEMATECH e-Handbook of
Statistical Methods, 1.3.6.7.2): 80 % lie between them and their negatives."""


@dataclass(frozen=True, slots=True)
class Variance:
    """What was spent of a budget; fen.  `budget` None: none was set."""

    group: BudgetGroup
    budget: int | None
    actual: int

    @property
    def over(self) -> int | None:
        """What was spent beyond it; negative: less."""
        return None if self.budget is None else self.actual - self.budget


@dataclass(frozen=True, slots=True)
class Expected:
    """What a month is expected to cost; 80 % lie between low and high; fen."""

    ahead: int  # months after the last closed one
    fen: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Unusual:
    """A figure unlike those before it.

    Attributes:
        what: a group, `client:<id>`, or a measure of a day.
        usual: the median before.
        times: robust z, in tenths; positive: more than usual.
    """

    what: str
    value: int
    usual: int
    times: int


def variances(
    rows: Iterable[BudgetRow], year: int, month: int, actual: Mapping[Group, int]
) -> tuple[Variance, ...]:
    """Return what was spent against the budget, for all and for each group that has either.

    Raises:
        UsageError: two budgets for one group and month.
    """
    budgets: dict[str, int] = {}
    for row in rows:
        if (row.year, row.month) == (year, month):
            if row.group in budgets:
                raise UsageError(
                    "two budgets for {group} in {month}",
                    hint="End one of the rows: `baozhang register list budgets`.",
                    group=row.group,
                    month=f"{year:04d}-{month:02d}",
                )
            budgets[row.group] = row.fen
    found = [Variance("all", budgets.get("all"), sum(actual.values()))]
    found += (
        Variance(group, budgets.get(group), actual.get(group, 0))
        for group in GROUPS
        if group in budgets or actual.get(group)
    )
    return tuple(found)


def forecast(totals: Sequence[int], ahead: int = AHEAD) -> tuple[Expected, ...]:
    """Return what the next months are expected to cost; none from too few months.

    Args:
        totals: fen of closed months, one after another, the last one last.
        ahead: how many months.
    """
    past = totals[-MOST_TO_FORECAST:]
    count = len(past)
    if count < LEAST_TO_FORECAST:
        return ()
    middle, mean = (count - 1) / 2, fmean(past)
    spread = sum((x - middle) ** 2 for x in range(count))
    slope = sum((x - middle) * (y - mean) for x, y in enumerate(past)) / spread
    errors = sum((y - (mean + slope * (x - middle))) ** 2 for x, y in enumerate(past))
    scatter = math.sqrt(errors / (count - 2))
    found = []
    for step in range(1, ahead + 1):
        away = count - 1 + step - middle
        value = mean + slope * away
        margin = _T80[count - 3] * scatter * math.sqrt(1 + 1 / count + away**2 / spread)
        found.append(
            Expected(
                step,
                max(0, round(value)),
                max(0, math.floor(value - margin)),
                max(0, math.ceil(value + margin)),
            )
        )
    return tuple(found)


def unusual(what: str, value: int, before: Sequence[int]) -> Unusual | None:
    """Return how unlike the values before it a value is; None: it is not, or nobody can tell."""
    if len(before) < LEAST_TO_COMPARE:
        return None
    usual = median(before)
    off = [abs(each - usual) for each in before]
    scale = median(off) / 0.6745 or fmean(off) * 1.2533
    if not scale:  # always the same: any other value is unusual, and no number says how much
        return Unusual(what, value, round(usual), 0) if value != usual else None
    times = (value - usual) / scale
    if abs(times) <= UNUSUAL:
        return None
    return Unusual(what, value, round(usual), round(times * 10))
