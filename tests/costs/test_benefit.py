"""What protection is worth, and what incidents and drills cost."""

from datetime import date

from baozhang.costs.benefit import Loss, Ran, benefit, event_costs
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import HoursRow
from tests.costs.values import NOVEMBER, price

BOOK = PriceBook({"p-1": price("hours", "60"), "p-2": price("compute", "3.6")})
HOURS = [
    HoursRow(person="zhang", day=date(2026, 11, 3), minutes=90, what="incident", ref="i-1"),
    HoursRow(person="wang", day=date(2026, 11, 4), minutes=30, what="incident", ref="i-1"),
    HoursRow(person="wang", day=date(2026, 11, 4), minutes=30, what="support"),
]


def test_a_year_s_cost_is_held_against_a_range() -> None:
    found = benefit(1_000, Loss(0, 20_000, 90_000))
    assert found
    assert (found.cost, found.left) == (12_000, Loss(-12_000, 8_000, 78_000))


def test_without_an_estimate_there_is_no_benefit() -> None:
    assert benefit(1_000, None) is None


def test_an_incident_costs_the_hours_entered_for_it_and_its_machine_time() -> None:
    (found,) = event_costs([Ran("i-1", "incident", 1000)], HOURS, BOOK, NOVEMBER)
    assert (found.minutes, found.people, found.machines, found.fen) == (120, 12_000, 100, 12_100)
    assert not found.unpriced


def test_an_incident_without_hours_costs_its_machine_time() -> None:
    (found,) = event_costs([Ran("d-1", "drill", 3600)], HOURS, BOOK, NOVEMBER)
    assert (found.minutes, found.fen) == (0, 360)


def test_what_has_no_price_is_said() -> None:
    (found,) = event_costs([Ran("i-1", "incident", 0)], HOURS, PriceBook({}), NOVEMBER)
    assert (found.fen, found.unpriced) == (0, True)
