"""A year's loss: what is drawn agrees with what can be reckoned, and is the same every time."""

import math
import random
import statistics
from decimal import Decimal

import pytest

from baozhang.governance.risk.loss import Pert, loss_of, poisson, years_of
from baozhang.governance.risk.model import Risk
from tests.reports.risks import risk

DRAWS = 20_000


def estimated(events: tuple[str, str, str], loss: tuple[int, int, int]) -> Risk:
    names = ("events_low", "events_likely", "events_high", "loss_low", "loss_likely", "loss_high")
    return risk("ransomware", **dict(zip(names, (*events, *loss), strict=True)))


def moments(each: Risk) -> tuple[float, float]:
    """Return mean and variance of a year by the closed form."""
    often = Pert(*(float(x or 0) for x in (each.events_low, each.events_likely, each.events_high)))
    bad = Pert(*(float(x or 0) for x in (each.loss_low, each.loss_likely, each.loss_high)))
    mean = often.mean * bad.mean
    return mean, often.mean * (bad.variance + bad.mean**2) + often.variance * bad.mean**2


@pytest.mark.parametrize(
    "each",
    [
        estimated(("0.1", "0.4", "1.2"), (8_000_000, 20_000_000, 95_000_000)),
        estimated(("2", "5", "20"), (10_000, 50_000, 400_000)),
        estimated(("80", "120", "300"), (10_000, 50_000, 400_000)),
        estimated(("3", "3", "3"), (70_000, 70_000, 70_000)),
    ],
    ids=["rare", "common", "many", "certain"],
)
def test_the_mean_of_the_drawn_years_is_the_closed_form(each: Risk) -> None:
    mean, variance = moments(each)
    drawn = statistics.fmean(years_of("r-001", each, 1, DRAWS))
    assert abs(drawn - mean) < 4 * math.sqrt(variance / DRAWS)


def test_the_spread_of_the_drawn_years_is_the_closed_form() -> None:
    each = estimated(("2", "5", "20"), (10_000, 50_000, 400_000))
    _, variance = moments(each)
    assert statistics.pvariance(years_of("r-001", each, 1, DRAWS)) == pytest.approx(
        variance, rel=0.05
    )


@pytest.mark.parametrize("mean", [0.0, 0.3, 4.0, 200.0])
def test_poisson_numbers_have_their_mean_as_their_variance(mean: float) -> None:
    rng = random.Random(7)
    drawn = [poisson(rng, mean) for _ in range(DRAWS)]
    assert statistics.fmean(drawn) == pytest.approx(mean, rel=0.03, abs=0.001)
    assert statistics.pvariance(drawn) == pytest.approx(mean, rel=0.06, abs=0.001)


def test_a_pert_estimate_stays_between_its_ends() -> None:
    rng, each = random.Random(7), Pert(2.0, 3.0, 10.0)
    drawn = [each.draw(rng) for _ in range(DRAWS)]
    assert min(drawn) >= 2.0
    assert max(drawn) <= 10.0
    assert statistics.fmean(drawn) == pytest.approx(4.0, rel=0.01)


RARE = estimated(("0.1", "0.4", "1.2"), (8_000_000, 20_000_000, 95_000_000))
OTHER = estimated(("2", "5", "20"), (10_000, 50_000, 400_000))


def test_the_same_seed_gives_the_same_range() -> None:
    assert loss_of({"r-001": RARE}, seed=5) == loss_of({"r-001": RARE}, seed=5)


def test_another_seed_gives_another_range_that_says_about_the_same() -> None:
    one, other = (loss_of({"r-001": OTHER}, seed=seed) for seed in (5, 6))
    assert one != other
    assert one.high == pytest.approx(other.high, rel=0.05)


def test_another_risk_does_not_change_what_is_drawn_for_this_one() -> None:
    alone = years_of("r-001", RARE, 5, 500)
    loss_of({"r-000": OTHER, "r-001": RARE}, seed=5, draws=500)
    assert years_of("r-001", RARE, 5, 500) == alone


def test_risks_add_up_year_by_year() -> None:
    both = loss_of({"r-001": RARE, "r-002": OTHER}, seed=5, draws=999)
    years = sorted(
        a + b
        for a, b in zip(
            years_of("r-001", RARE, 5, 999), years_of("r-002", OTHER, 5, 999), strict=True
        )
    )
    assert (both.low, both.middle, both.high) == (years[99], years[499], years[899])


def test_what_is_only_proposed_is_in_no_figure() -> None:
    proposed = RARE.model_copy(update={"state": "proposed"})
    assert loss_of({"r-001": proposed}, seed=5).estimated == 0


def test_an_open_risk_that_nobody_estimated_is_counted_and_not_guessed() -> None:
    found = loss_of({"r-001": RARE, "r-002": risk("usb-lost")}, seed=5)
    assert (found.estimated, found.unestimated) == (1, 1)
    assert found.high == loss_of({"r-001": RARE}, seed=5).high


def test_a_range_never_falls() -> None:
    found = loss_of({"r-001": RARE, "r-002": OTHER}, seed=5)
    assert 0 <= found.low <= found.middle <= found.high


def test_estimates_keep_their_decimals() -> None:
    assert RARE.events_low == Decimal("0.1")


def test_the_average_year_is_the_sum_of_the_closed_forms() -> None:
    rows = {
        "r-001": estimated(("0.01", "0.05", "0.2"), (10_000_000, 25_000_000, 60_000_000)),
        "r-002": estimated(("2", "2", "2"), (100, 100, 100)),
        "r-003": risk("mail-leak"),
    }
    assert loss_of(rows, seed=1).mean == 1_936_111 + 200
