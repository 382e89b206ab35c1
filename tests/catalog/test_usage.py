"""What a span of time used, added up from backup points and outcomes."""

from datetime import UTC, date, datetime, timedelta

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty, KnownSnapshot, Outcome
from baozhang.catalog.usage import Day, days, stored, work

BEGIN = datetime(2026, 10, 31, 16, tzinfo=UTC)  # 1 November in Shanghai
END = datetime(2026, 11, 30, 16, tzinfo=UTC)
MINUTES = 30 * 1440
HOUR = timedelta(hours=1)


def point(number: int, at: datetime, added: int, client: str = "c001") -> KnownSnapshot:
    return KnownSnapshot(f"s{number}", client, "main", number, at, 1, added, added, False, ())


def outcome(
    run: str, duty: Duty, at: datetime, seconds: int, client: str = "c001", **figures: int
) -> Outcome:
    return Outcome(run, duty, client, "main", "ok", at, at + timedelta(seconds=seconds),
                   figures=tuple(figures.items()))  # fmt: skip


def test_what_was_there_counts_for_all_of_it_and_what_came_from_then_on(catalog: Catalog) -> None:
    catalog.record_snapshot(point(1, BEGIN - HOUR, 1000))
    catalog.record_snapshot(point(2, END - HOUR, 50))
    (found,) = stored(catalog, BEGIN, END)
    assert (found.before, found.added, found.after, found.points) == (1000, 50, 1050, 1)
    assert found.byte_minutes == 1000 * MINUTES + 50 * 60


def test_what_came_at_the_end_or_later_does_not_count(catalog: Catalog) -> None:
    catalog.record_snapshot(point(1, END, 1000))
    assert stored(catalog, BEGIN, END) == ()


def test_what_came_at_the_first_instant_counts_for_all_of_it(catalog: Catalog) -> None:
    catalog.record_snapshot(point(1, BEGIN, 10))
    (found,) = stored(catalog, BEGIN, END)
    assert (found.before, found.byte_minutes) == (0, 10 * MINUTES)


def test_spans_that_follow_each_other_add_up(catalog: Catalog) -> None:
    for number in range(20):
        catalog.record_snapshot(point(number, BEGIN + number * 31 * HOUR, 977 * number + 1))
    middle = BEGIN + timedelta(days=9)
    parts = [*stored(catalog, BEGIN, middle), *stored(catalog, middle, END)]
    (whole,) = stored(catalog, BEGIN, END)
    assert sum(each.byte_minutes for each in parts) == whole.byte_minutes


def test_large_stores_are_counted_exactly(catalog: Catalog) -> None:
    catalog.record_snapshot(point(1, BEGIN, 10**14))
    (found,) = stored(catalog, BEGIN, END)
    assert found.byte_minutes == 10**14 * MINUTES


def test_work_is_added_up_by_client_set_and_duty(catalog: Catalog) -> None:
    catalog.append(outcome("r1", "backup", BEGIN, 90, bytes=500, bytes_added=7, files=3))
    catalog.append(outcome("r2", "backup", BEGIN + HOUR, 30, bytes=600, bytes_added=8))
    catalog.append(outcome("r3", "validation", BEGIN, 5, objects=4, bytes=40))
    catalog.append(outcome("r4", "backup", END, 999, bytes_added=1))
    found = {each.duty: each for each in work(catalog, BEGIN, END)}
    assert (found["backup"].count, found["backup"].seconds) == (2, 120)
    assert (found["backup"].figure("bytes_added"), found["backup"].figure("objects")) == (15, 0)
    assert found["validation"].figures == (("bytes", 40), ("objects", 4))


def test_an_outcome_without_figures_took_its_time(catalog: Catalog) -> None:
    catalog.append(outcome("r1", "backup", BEGIN, 90))
    assert [(each.seconds, each.figures) for each in work(catalog, BEGIN, END)] == [(90, ())]


def test_days_are_those_of_the_office(catalog: Catalog) -> None:
    catalog.append(outcome("r1", "backup", BEGIN - HOUR, 10, bytes=9, bytes_added=5))
    catalog.append(outcome("r2", "restore_test", BEGIN, 20, bytes=70))
    found = days(catalog, BEGIN - timedelta(days=2), END)
    assert found == (Day(date(2026, 10, 31), 5, 10, 0), Day(date(2026, 11, 1), 0, 20, 70))


def test_nothing_known_is_nothing_used(catalog: Catalog) -> None:
    assert (stored(catalog, BEGIN, END), work(catalog, BEGIN, END), days(catalog, BEGIN, END)) == (
        (), (), (),
    )  # fmt: skip
