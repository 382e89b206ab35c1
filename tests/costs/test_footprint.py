"""The footprint: reckoned as its method says, with sources and a range."""

from baozhang.costs.footprint import Estimate, factors, footprint
from tests.costs.values import used

TB_HOUR = 10**12 * 60


def test_a_terabyte_for_a_thousand_hours() -> None:
    found = footprint([used("c001", "storage", "main", TB_HOUR * 1000)])
    assert found.energy == Estimate(440, 975, 2400)  # 0.4·1.1, 0.65·1.5, 1.2·2 Wh per hour
    assert found.carbon == Estimate(189, 523, 1560)


def test_an_hour_of_work() -> None:
    found = footprint([used("c001", "compute", "backup", 3600)])
    assert found.energy == Estimate(11, 60, 240)


def test_nothing_used_is_nothing_emitted() -> None:
    assert footprint([]).carbon == Estimate(0, 0, 0)


def test_every_factor_has_a_source_a_year_and_a_range() -> None:
    for each in factors().factors:
        assert each.low <= each.central <= each.high
        assert each.source.zh
        assert each.source.en
        assert each.year > 2015
