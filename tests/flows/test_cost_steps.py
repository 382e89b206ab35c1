"""Cost on a real site: metered, measured, priced, kept, told; killed and gone on with."""

import csv
import hashlib
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.audit.letters import records_of
from baozhang.catalog.model import Outcome
from baozhang.clock import business_day
from baozhang.costs.registers import BUDGETS, FEES, HOURS, LICENCES, MEDIA, PRICES, PriceRow
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.governance.risk.model import RISKS
from baozhang.site import Site
from baozhang.wiring import STATE, open_site
from reports.months import Month, month_of
from tasks.backup import copy_to_mirrors
from tasks.cost import draft, keep_rows, report, unusual_day
from tasks.cost_closing import close
from tasks.cost_metering import closes_of, count, counted_days, measure
from tests.flows.site import without_pdf
from tests.flows.walking import night
from tests.reports.risks import risk

AFTER = timedelta(days=35)  # the month of the backup is over then
UNITS = {
    "storage": "GB-Months", "requests": "10000 Requests", "egress": "GB", "compute": "Hours",
    "hours": "Hours",
}  # fmt: skip


class Hand:
    """A clock that stands."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Hand:
    return Hand(datetime.now(UTC) + AFTER)


@pytest.fixture
def month() -> Month:
    return month_of(business_day(datetime.now(UTC)))


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    without_pdf(home)
    copy_to_mirrors.fn(night())
    with open_site(home, clock=clock) as opened:
        yield opened


def price(sku: str, yuan: str, currency: str = "CNY") -> PriceRow:
    return PriceRow(sku=sku, unit=UNITS[sku], price=Decimal(yuan), currency=currency,
                    valid_from=date(2020, 1, 1))  # fmt: skip


def put_prices(site: Site) -> None:
    PRICES.put(site, {f"p-{sku}": price(sku, "100000") for sku in UNITS}, by="zhang")


def test_a_month_is_priced_and_its_rows_add_up_to_the_report(site: Site, month: Month) -> None:
    put_prices(site)
    value = close(site, month)
    with keep_rows(site, month).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert value.fen > 0
    assert sum(Decimal(each["EffectiveCost"]) for each in rows) * 100 == value.fen
    assert sum(each.cost for each in value.clients) == value.fen
    assert sum(fen for _, fen in value.groups) == value.fen


def test_the_rows_are_their_owner_s_alone_and_in_the_audit_log(site: Site, month: Month) -> None:
    put_prices(site)
    path = keep_rows(site, month)
    assert path.stat().st_mode & 0o777 == 0o600
    (record,) = records_of(site.home / STATE / "audit", "cost.rows")
    assert dict(record.entry.facts)["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


def test_books_and_stores_are_held_against_each_other(site: Site, month: Month) -> None:
    measure(site, month)
    vault, mirror = close(site, month).places
    assert vault.held
    assert vault.booked
    assert vault.held > vault.booked  # keys, manifests and commits
    assert (mirror.place, mirror.held) == ("main-mirror-1", vault.held)


def test_a_store_that_is_away_is_not_measured_and_costs_no_report(
    site: Site, month: Month, home: Path
) -> None:
    (home / "mirror").rename(home / "away")
    measure(site, month)
    vault, mirror = close(site, month).places
    assert vault.held
    assert not mirror.held


def test_what_was_asked_after_the_month_stays(site: Site, month: Month, clock: Hand) -> None:
    first = measure(site, month)
    clock.now += timedelta(days=3)
    assert measure(site, month).at == first.at


def test_what_was_asked_within_the_month_is_asked_again(
    site: Site, month: Month, clock: Hand
) -> None:
    later = clock.now
    clock.now = month.end - timedelta(hours=1)
    measure(site, month)
    clock.now = later
    assert measure(site, month).at == later


def test_without_a_price_book_usage_is_named_and_not_priced(site: Site, month: Month) -> None:
    value = close(site, month)
    assert value.from_settings
    assert value.fen == 0
    assert [gap.sku for gap in value.gaps if gap.sku.startswith("requests")] == ["requests:backup"]


def test_a_foreign_currency_stops_everything(site: Site, month: Month) -> None:
    PRICES.put(site, {"p-1": price("storage", "1", "USD")}, by="zhang")
    with pytest.raises(UsageError):
        close(site, month)


def test_a_register_changed_by_hand_is_not_used(site: Site, month: Month) -> None:
    put_prices(site)
    site.catalog.close()
    _tamper(site.catalog.path)
    with pytest.raises(CorruptObjectError):
        close(site, month)


def _tamper(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in triggers.fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.execute("UPDATE entries SET \"values\" = replace(\"values\", '100000', '1')")


def test_a_month_that_is_not_over_counts_until_yesterday(site: Site) -> None:
    days = counted_days(Month(2026, 11), date(2026, 11, 22))
    assert (days.first, days.last) == (date(2026, 11, 1), date(2026, 11, 21))


def test_a_month_of_which_no_day_is_over_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        counted_days(Month(2026, 11), date(2026, 11, 1))
    assert str(caught.value.facts["newest"]) == "2026-10"


def test_a_month_is_closed_and_the_next_one_knows_it(site: Site, month: Month) -> None:
    put_prices(site)
    value = close(site, month)
    closes_of(site).keep(value)
    (kept,) = closes_of(site).before(str(month.next))
    assert (kept.month, kept.fen) == (str(month), value.fen)
    assert dict(kept.clients) == {each.client: each.cost for each in value.clients}


def test_a_close_changed_by_hand_is_named(site: Site, month: Month) -> None:
    closes = closes_of(site)
    closes.keep(close(site, month))
    (closes.folder / f"{month}.json").write_text("{}", "utf-8")
    with pytest.raises(CorruptObjectError) as caught:
        closes.before(str(month.next))
    assert caught.value.facts["month"] == str(month)


def test_a_report_is_written_once(site: Site, month: Month) -> None:
    put_prices(site)
    measure(site, month)
    assert len(report(site, close(site, month))) == 1
    assert report(site, close(site, month)) == ()
    assert [each.number for each in site.catalog.letters("cost")] == [1]


def test_a_run_killed_after_any_step_is_gone_on_with(site: Site, month: Month, home: Path) -> None:
    put_prices(site)
    measure(site, month)
    path = keep_rows(site, month)
    first, rows = draft(site, close(site, month)).value, path.read_bytes()
    (path.parent / f".{path.name}.1.tmp").write_bytes(rows[: len(rows) // 2])  # killed in between
    measure(site, month)
    assert keep_rows(site, month).read_bytes() == rows
    closes_of(site).keep(close(site, month))
    assert draft(site, close(site, month)).value == first


def test_another_price_is_another_report(site: Site, month: Month) -> None:
    put_prices(site)
    report(site, close(site, month))
    PRICES.put(site, {"p-storage": price("storage", "7")}, by="zhang")
    assert len(report(site, close(site, month))) == 1


def test_all_registers_come_into_the_report(site: Site, month: Month) -> None:
    put_prices(site)
    first, last = str(month.first), str(month.days[-1])
    valid = {"valid_from": first, "valid_to": last}
    hours = {"person": "zhang", "day": first, "minutes": 60, "what": "backup"}
    budget = {"year": month.year, "month": month.number, "group": "all", "fen": 1}
    fee = {"client": "c001", "tier": "gold", "fen": 1, "valid_from": first}
    HOURS.put(site, {"h-001": HOURS.parsed("h-001", hours)}, by="zhang")
    BUDGETS.put(site, {"b-001": BUDGETS.parsed("b-001", budget)}, by="zhang")
    FEES.put(site, {"f-001": FEES.parsed("f-001", fee)}, by="zhang")
    licence, medium = {"product": "x", "fen": 5000, **valid}, {"kind": "usb", "fen": 3000, **valid}
    LICENCES.put(site, {"l-001": LICENCES.parsed("l-001", licence)}, by="zhang")
    MEDIA.put(site, {"m-001": MEDIA.parsed("m-001", medium)}, by="zhang")
    value = close(site, month)
    groups = dict(value.groups)
    assert (groups["hours"], groups["licences"], groups["media"]) == (10_000_000, 5000, 3000)
    assert [each.client for each in value.losing] == ["c001"]
    assert [each.group for each in value.over] == ["all"]
    assert [each.subject for each in value.proposals if each.allowed] == ["m-001"]


def test_rows_that_name_nobody_known_are_named(site: Site, month: Month) -> None:
    put_prices(site)
    first, last = str(month.first), str(month.days[-1])
    hours = {"person": "zhagn", "client": "c999", "day": first, "minutes": 60, "what": "backup"}
    fee = {"client": "c998", "tier": "gold", "fen": 1, "valid_from": first}
    medium = {"kind": "usb", "place": "mian", "fen": 1, "valid_from": first, "valid_to": last}
    HOURS.put(site, {"h-001": HOURS.parsed("h-001", hours)}, by="zhang")
    FEES.put(site, {"f-001": FEES.parsed("f-001", fee)}, by="zhang")
    MEDIA.put(site, {"m-001": MEDIA.parsed("m-001", medium)}, by="zhang")
    value = close(site, month)
    assert dict(value.unseen)["strangers"] == (("names", "c998, c999, mian, zhagn"),)
    assert [each.subject for each in value.proposals if each.allowed] == []


def test_a_month_that_is_closed_again_later_tells_the_same_loss(
    site: Site, month: Month, clock: Hand
) -> None:
    estimate = {"events_low": "0.1", "events_likely": "0.5", "events_high": "3",
                "loss_low": 100, "loss_likely": 200_000, "loss_high": 900_000}  # fmt: skip
    RISKS.put(site, {"r-001": risk("ransomware", **estimate)}, by="zhang")
    first = close(site, month).benefit
    assert first is not None
    clock.now += timedelta(days=40)
    assert close(site, month).benefit == first


def test_the_last_copy_is_not_given_up(site: Site, month: Month) -> None:
    PRICES.put(site, {"p-1": price("storage", "100000000")}, by="zhang")
    refused = {each.subject: each for each in close(site, month).proposals if not each.allowed}
    assert refused["main-mirror-1"].checks[0].why == "copies"


def test_an_empty_site_has_nothing_to_tell(home: Path, clock: Hand, month: Month) -> None:
    with open_site(home, clock=clock) as site:
        value = close(site, month)
        assert not value.seen
        assert not count(site, month).charged.charges


def test_a_day_unlike_the_others_is_found(home: Path) -> None:
    with open_site(home) as site:
        begin = datetime(2026, 11, 1, 14, tzinfo=UTC)
        for n in range(20):
            added = 10**9 if n == 19 else 1000 + n % 3
            at = begin + timedelta(days=n)
            site.catalog.append(
                Outcome(f"r{n}", "backup", "c001", "main", "ok", at, at + timedelta(seconds=60),
                        figures=(("bytes_added", added),))
            )  # fmt: skip
        assert [each.what for each in unusual_day(site, date(2026, 11, 20))] == ["bytes-added"]
        assert unusual_day(site, date(2026, 11, 19)) == ()
        assert unusual_day(site, date(2026, 11, 25)) == ()  # no run: the watch looks for silence
