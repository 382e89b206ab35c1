"""From records to usage."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty, KnownSnapshot, Outcome
from baozhang.costs.metering import Metered, meter, places_of
from baozhang.costs.model import Group
from baozhang.costs.registers import HoursRow
from tests.costs.values import NOVEMBER, days

BEGIN = datetime(2026, 10, 31, 16, tzinfo=UTC)
MINUTES = 30 * 1440


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog.open(tmp_path / "catalog.db")


def put(catalog: Catalog, client: str, added: int, set_name: str = "main") -> None:
    catalog.record_snapshot(
        KnownSnapshot("s1", client, set_name, 1, BEGIN, 1, added, added, False, ())
    )


def ran(
    catalog: Catalog, duty: Duty, client: str = "c001", set_name: str = "main", **figures: int
) -> None:
    end = BEGIN + timedelta(seconds=60)
    catalog.append(Outcome(f"{duty}-1", duty, client, set_name, "ok", BEGIN, end,
                           figures=tuple(figures.items())))  # fmt: skip


def metered(catalog: Catalog, *hours: HoursRow) -> Metered:
    return meter(catalog, [NOVEMBER], {"main": places_of("main", 2)}, {"main": "main"}, hours)


def raw(found: Metered, group: Group) -> dict[tuple[str, str], int]:
    return {(each.client, each.what): each.raw for each in found.usages if each.group == group}


def test_every_copy_holds_what_the_vault_holds(catalog: Catalog) -> None:
    put(catalog, "c001", 10)
    assert raw(metered(catalog), "storage") == {
        ("c001", place): 10 * MINUTES for place in ("main", "main-mirror-1", "main-mirror-2")
    }


def test_what_is_for_all_is_weighed_by_the_vault_alone(catalog: Catalog) -> None:
    put(catalog, "c001", 10)
    put(catalog, "c002", 30)
    assert metered(catalog).kept == (("c001", 10 * MINUTES), ("c002", 30 * MINUTES))


def test_sets_without_a_vault_are_said_and_not_priced(catalog: Catalog) -> None:
    put(catalog, "c001", 10, "gone")
    found = metered(catalog)
    assert not found.usages
    assert ("vaultless", (("count", "1"), ("sets", "c001/gone"))) in found.unseen


def test_the_agency_s_own_work_is_for_all(catalog: Catalog) -> None:
    ran(catalog, "backup", "_agency", "main-mirror-1", mirror_objects=12, mirror_bytes=400)
    found = metered(catalog)
    assert raw(found, "compute") == {("", "backup"): 60}
    assert raw(found, "requests") == {("", "backup"): 12}


def test_requests_of_a_backup_follow_from_what_it_wrote(catalog: Catalog) -> None:
    ran(catalog, "backup", bytes_added=33 * 2**20, bytes=5)
    found = metered(catalog)
    assert raw(found, "requests") == {("c001", "backup"): 5}
    assert {each.estimated for each in found.usages if each.group == "requests"} == {True}


def test_readings_and_restore_tests_read_bytes_and_backups_do_not(catalog: Catalog) -> None:
    ran(catalog, "backup", bytes=7)
    ran(catalog, "validation", set_name="*", bytes=11, objects=3)
    ran(catalog, "restore_test", bytes=13)
    found = metered(catalog)
    assert raw(found, "egress") == {("c001", "validation"): 11, ("c001", "restore_test"): 13}
    assert raw(found, "restores") == {("c001", "restore_test"): 1}
    assert raw(found, "requests")["c001", "validation"] == 3


def test_hours_count_for_their_client_or_for_all(catalog: Catalog) -> None:
    entered = [
        HoursRow(person="zhang", day=date(2026, 11, 3), minutes=20, client="c001", what="support"),
        HoursRow(person="zhang", day=date(2026, 11, 30), minutes=25, client="c001", what="backup"),
        HoursRow(person="wang", day=date(2026, 11, 3), minutes=5, what="backup"),
        HoursRow(person="wang", day=date(2026, 12, 1), minutes=99, what="backup"),
    ]
    assert raw(metered(catalog, *entered), "hours") == {("c001", "zhang"): 45, ("", "wang"): 5}


def test_parts_of_a_month_hold_what_the_month_holds(catalog: Catalog) -> None:
    put(catalog, "c001", 10)
    parts = [days(1, 9), days(10, 30)]
    found = meter(catalog, parts, {"main": ("main",)}, {"main": "main"}, ())
    assert sum(each.raw for each in found.usages) == 10 * MINUTES
    assert found.kept == (("c001", 10 * MINUTES),)
    assert found.after == (("c001", "main", 10),)


def test_an_empty_catalog_used_nothing(catalog: Catalog) -> None:
    found = metered(catalog)
    assert (found.usages, found.kept, found.after) == ((), (), ())
