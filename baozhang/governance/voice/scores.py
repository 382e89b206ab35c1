"""CSAT, NPS and CES from few answers: a figure only with its interval, and none from too few.

    CSAT   share of 4 and 5 of 1 to 5, in per cent          Wilson's score interval
    NPS    per cent of 9-10 less per cent of 0-6            adjusted Wald interval of a multinomial
    CES    mean of 1 to 7                                   Student's t interval
    two groups                                              Newcombe; Wald of both; Welch

Intervals are of 95 per cent.  Of all three measures, more is better.

No finite population correction is made, though an agency's clients can be counted.  The correction
would be right for a random sample.  Here everybody who may be asked is asked, and who answers
chooses so himself: correcting would make the interval of 9 answers out of 10 look nearly exact
while nobody knows the tenth.  Without it intervals are wider than they may be, never narrower; the
share of answers stands beside each figure.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist, fmean, variance
from typing import Literal

from baozhang.governance.voice.records import Measure

Z = NormalDist().inv_cdf(0.975)  # 1.959964
PROMOTER, PASSIVE = 9, 7
"""Reichheld, "The one number you need to grow", Harvard Business Review 81 (2003) 12: 9 and 10
promote, 7 and 8 are passive, 0 to 6 detract."""
SATISFIED = 4  # top-2-box: "satisfied" and "very satisfied" of five
_LARGE = 10_000  # degrees of freedom beyond which Student's t is the normal distribution

Interval = tuple[float, float]
Verdict = Literal["higher", "lower", "unclear", "too few"]
SCALE: dict[Measure, Interval] = {"csat": (0, 100), "nps": (-100, 100), "ces": (1, 7)}
_STEP: dict[Measure, Decimal] = {"csat": Decimal(1), "nps": Decimal(1), "ces": Decimal("0.1")}
"""What figures are rounded to: no more than few answers can tell."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measure of a group.

    Attributes:
        n: how many answered this question.
        of: how many were asked.
        value, low, high: per cent, points or 1 to 7; None: too few answers.
    """

    measure: Measure
    n: int
    of: int
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One group's measure less another's; `unclear`: the interval holds zero."""

    measure: Measure
    n: int
    other: int
    verdict: Verdict = "too few"
    value: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None


def estimate(measure: Measure, answers: Sequence[int], *, of: int, minimum: int) -> Estimate:
    """Return a group's measure; without a figure where fewer than `minimum` answered."""
    n = len(answers)
    if n < minimum:
        return Estimate(measure, n, of)
    value, (low, high) = _of(measure, answers)
    least, most = SCALE[measure]
    ends = (value, max(low, least), min(high, most))
    return Estimate(measure, n, of, *(_rounded(measure, each) for each in ends))


def difference(
    measure: Measure, answers: Sequence[int], others: Sequence[int], *, minimum: int
) -> Difference:
    """Return how much a group's measure lies above that of others; see `Difference`."""
    n, other = len(answers), len(others)
    if min(n, other) < minimum:
        return Difference(measure, n, other)
    value = _of(measure, answers)[0] - _of(measure, others)[0]
    ends = (value, *_DIFFERENCES[measure](answers, others))
    shown, low, high = (_rounded(measure, each) for each in ends)
    verdict: Verdict = "higher" if low > 0 else "lower" if high < 0 else "unclear"
    return Difference(measure, n, other, verdict, shown, low, high)


def wilson(hits: int, n: int) -> Interval:
    """Return the interval of a share, 0 to 1.

    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the
    American Statistical Association 22 (1927) 209-212; method 3 of Newcombe, Statistics in Medicine
    17 (1998) 857-872.  Of nobody every share is possible.
    """
    if not n:
        return 0.0, 1.0
    share, square = hits / n, Z * Z
    middle = share + square / (2 * n)
    reach = Z * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    below, above = (middle - reach) / (1 + square / n), (middle + reach) / (1 + square / n)
    return (0.0 if hits == 0 else below), (1.0 if hits == n else above)


def newcombe(hits: int, n: int, others: int, m: int) -> Interval:
    """Return the interval of the difference of two shares, hits/n less others/m, -1 to 1.

    Newcombe, "Interval estimation for the difference between independent proportions", Statistics
    in Medicine 17 (1998) 873-890, method 10.
    """
    one, two = hits / n, others / m
    (low, high), (lower, upper) = wilson(hits, n), wilson(others, m)
    below = math.hypot(one - low, upper - two)
    above = math.hypot(high - one, two - lower)
    return one - two - below, one - two + above


def adjusted_wald(promoters: int, detractors: int, n: int) -> Interval:
    """Return the interval of a net promoter score, -1 to 1.

    Rocks, "Interval estimation for the Net Promoter Score", The American Statistician 70 (2016)
    365-372: three answers are added, 3/4 promoters, 3/4 detractors, 3/2 passives; then the variance
    of a difference within a multinomial.
    """
    score, spread = _net(promoters, detractors, n)
    reach = Z * math.sqrt(spread)
    return score - reach, score + reach


def _net(promoters: int, detractors: int, n: int) -> tuple[float, float]:
    """Return a net promoter score, adjusted as in `adjusted_wald`, and its variance."""
    up, down, size = promoters + 0.75, detractors + 0.75, n + 3
    score = (up - down) / size
    return score, ((up + down) / size - score * score) / size


def t_interval(answers: Sequence[int]) -> Interval:
    """Return the interval of a mean (Student, Biometrika 6 (1908) 1-25)."""
    n, mean = len(answers), fmean(answers)
    reach = t_quantile(n - 1) * math.sqrt(_spread(answers) / n)
    return mean - reach, mean + reach


def welch(answers: Sequence[int], others: Sequence[int]) -> Interval:
    """Return the interval of the difference of two means of unequal variance.

    Welch, Biometrika 34 (1947) 28-35; degrees of freedom by Satterthwaite, rounded down.
    """
    parts = [(_spread(each) / len(each), len(each)) for each in (answers, others)]
    spread = sum(part for part, _ in parts)
    value = fmean(answers) - fmean(others)
    freedom = spread**2 / sum(part**2 / (n - 1) for part, n in parts)
    reach = t_quantile(max(1, int(freedom))) * math.sqrt(spread)
    return value - reach, value + reach


def _spread(answers: Sequence[int]) -> float:
    """Return the variance of answers; of equal ones, that with one more, a step away.

    Five equal answers do not show that a sixth is the same: an interval of no width would say so.
    """
    return variance(answers) or variance([*answers, answers[0] - 1])


def t_quantile(freedom: int) -> float:
    """Return the 97.5 % point of Student's t for whole degrees of freedom, by halving."""
    if freedom > _LARGE:
        return Z
    low, high = 0.0, 20.0  # of one degree of freedom it is 12.706
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < 0.95 else (low, middle)
    return high


def _within(t: float, freedom: int) -> float:
    """Return the chance that Student's t lies within -t and t.

    Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4.
    """
    angle = math.atan(t / math.sqrt(freedom))
    square, odd = math.cos(angle) ** 2, freedom % 2
    term, whole = (math.cos(angle), 0.0) if odd else (1.0, 0.0)
    for step in range(3 if odd else 2, freedom + 1, 2):
        whole += term
        term *= square * (step - 1) / step
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * whole)
    return math.sin(angle) * whole


def _of(measure: Measure, answers: Sequence[int]) -> tuple[float, Interval]:
    """Return a measure and its interval, in its own unit."""
    n = len(answers)
    if measure == "csat":
        hits = _satisfied(answers)
        return 100 * hits / n, _hundred(wilson(hits, n))
    if measure == "nps":
        up, down = _promoters(answers), _detractors(answers)
        return 100 * (up - down) / n, _hundred(adjusted_wald(up, down, n))
    return fmean(answers), t_interval(answers)


def _csat_difference(answers: Sequence[int], others: Sequence[int]) -> Interval:
    return _hundred(newcombe(_satisfied(answers), len(answers), _satisfied(others), len(others)))


def _nps_difference(answers: Sequence[int], others: Sequence[int]) -> Interval:
    """Return the interval of the difference of two scores: both adjusted, variances added."""
    parts = [_net(_promoters(each), _detractors(each), len(each)) for each in (answers, others)]
    value = parts[0][0] - parts[1][0]
    reach = Z * math.sqrt(parts[0][1] + parts[1][1])
    return _hundred((value - reach, value + reach))


_DIFFERENCES = {"csat": _csat_difference, "nps": _nps_difference, "ces": welch}


def _satisfied(answers: Sequence[int]) -> int:
    return sum(each >= SATISFIED for each in answers)


def _promoters(answers: Sequence[int]) -> int:
    return sum(each >= PROMOTER for each in answers)


def _detractors(answers: Sequence[int]) -> int:
    return sum(each < PASSIVE for each in answers)


def _hundred(interval: Interval) -> Interval:
    return 100 * interval[0], 100 * interval[1]


def _rounded(measure: Measure, value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_STEP[measure]) + 0  # + 0: no minus before a zero
