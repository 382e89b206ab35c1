"""A year's loss as a range: three-point estimates, drawn at random many times.

    events per year   λ ~ PERT(low, likely, high)      N ~ Poisson(λ)
    loss per event    S ~ PERT(low, likely, high)      loss of a year = S₁ + … + S_N

PERT(a, m, b) is a + (b - a)·Beta(1 + 4(m - a)/(b - a), 1 + 4(b - m)/(b - a)); its mean is
(a + 4m + b)/6 and its variance (mean - a)(b - mean)/7 (Malcolm, Roseboom, Clark and Fazar,
"Application of a Technique for Research and Development Program Evaluation", Operations Research
7(5), 1959; Vose, "Risk Analysis", 3rd ed., 2008).  A Poisson number of independent losses is the
compound Poisson model that the Open FAIR standard O-RT takes for frequency and magnitude.  The mean
of a year is mean(λ)·mean(S), its variance mean(λ)·(var(S) + mean(S)²) + var(λ)·mean(S)².

Each risk has random numbers of its own, made of the seed and its id: another risk in the register
does not change what is drawn for this one.  Figures are whole fen.
"""

import hashlib
import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from baozhang.clock import business_day
from baozhang.governance.risk.model import RISKS, Risk
from baozhang.settings.part import Part
from baozhang.site import Site

DRAWS = 10_000
"""Years that are drawn; the 90 per cent point then moves by one or two per cent between seeds."""
MANY = 60
"""Events of one year from which on their sum is drawn as a normal: the error of that is below what
three-point estimates know."""


class Range(Part):
    """A year's loss: one year in ten stays below `low`, half below `middle`, nine below `high`.

    Attributes:
        low, middle, high: fen, at 10, 50 and 90 per cent of the drawn years.
        mean: fen of an average year, by the formula above; what is rare shows in it alone.
        draws: how many years were drawn.
        seed: of the random numbers; the same seed and estimates give the same range.
        estimated: how many open risks are in it.
        unestimated: how many open risks nobody has estimated; they are not in it.
    """

    low: int
    middle: int
    high: int
    mean: int
    draws: int
    seed: int
    estimated: int
    unestimated: int


@dataclass(frozen=True, slots=True)
class Pert:
    """A three-point estimate as a distribution."""

    low: float
    likely: float
    high: float

    @property
    def mean(self) -> float:
        """Its mean."""
        return (self.low + 4 * self.likely + self.high) / 6

    @property
    def variance(self) -> float:
        """Its variance."""
        return (self.mean - self.low) * (self.high - self.mean) / 7

    def draw(self, rng: random.Random) -> float:
        """Return one value."""
        width = self.high - self.low
        if width <= 0:
            return self.low
        first = 1 + 4 * (self.likely - self.low) / width
        second = 1 + 4 * (self.high - self.likely) / width
        return self.low + width * rng.betavariate(first, second)


def annual_loss(site: Site, *, seed: int | None = None) -> Range:
    """Return the year's loss by all open risks of the register that were estimated, in fen.

    Args:
        site: the site.
        seed: of the random numbers; None: year and month of today, `202611`.
    """
    return loss_of(RISKS.rows(site), seed=month_seed(site) if seed is None else seed)


def month_seed(site: Site) -> int:
    """Return the seed of this month."""
    today = business_day(site.clock())
    return today.year * 100 + today.month


def loss_of(risks: Mapping[str, Risk], *, seed: int, draws: int = DRAWS) -> Range:
    """Return the year's loss of open risks by id; what is not estimated is counted, not guessed."""
    counted = {id_: each for id_, each in risks.items() if each.state == "open"}
    known = {id_: each for id_, each in counted.items() if each.estimated}
    years = [0] * draws
    for id_, each in sorted(known.items()):
        years = [a + b for a, b in zip(years, years_of(id_, each, seed, draws), strict=True)]
    years.sort()
    low, middle, high = (_at(years, share) for share in (10, 50, 90))
    return Range(
        low=low,
        middle=middle,
        high=high,
        mean=sum(mean_of(each) for each in known.values()),
        draws=draws,
        seed=seed,
        estimated=len(known),
        unestimated=len(counted) - len(known),
    )


def years_of(id_: str, risk: Risk, seed: int, draws: int = DRAWS) -> list[int]:
    """Return the loss of each drawn year by one risk, in fen, in the order of drawing."""
    rng = random.Random(_seed(seed, id_))  # noqa: S311 - statistics, no secret
    often = _pert(risk.events_low, risk.events_likely, risk.events_high)
    bad = _pert(risk.loss_low, risk.loss_likely, risk.loss_high)
    return [round(_year(rng, often, bad)) for _ in range(draws)]


def mean_of(risk: Risk) -> int:
    """Return the loss of an average year by one estimated risk, in fen."""
    often = _pert(risk.events_low, risk.events_likely, risk.events_high)
    bad = _pert(risk.loss_low, risk.loss_likely, risk.loss_high)
    return round(often.mean * bad.mean)


def _pert(*points: Decimal | int | None) -> Pert:
    low, likely, high = (float(each or 0) for each in points)
    return Pert(low, likely, high)


def _seed(seed: int, id_: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}:{id_}".encode()).digest()[:8], "big")


def _year(rng: random.Random, often: Pert, bad: Pert) -> float:
    events = poisson(rng, often.draw(rng))
    if events > MANY:
        spread = math.sqrt(events * bad.variance)
        return max(0.0, rng.gauss(events * bad.mean, spread))
    return sum((bad.draw(rng) for _ in range(events)), 0.0)


def poisson(rng: random.Random, mean: float) -> int:
    """Return a Poisson number (Knuth, "Seminumerical Algorithms", 3.4.1): products of uniforms."""
    floor, product, events = math.exp(-mean), rng.random(), 0
    while product > floor:
        product *= rng.random()
        events += 1
    return events


def _at(years: list[int], share: int) -> int:
    """Return the value that so many per cent of sorted years do not exceed (nearest rank)."""
    return years[max(0, math.ceil(len(years) * share / 100) - 1)] if years else 0
