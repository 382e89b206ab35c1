"""What the watch says of registers: actions that are late, and one that was changed by hand."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.catalog.model import Alert
from baozhang.clock import business_day
from baozhang.governance.corrective import CORRECTIVE, Corrective
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.troubles import look
from tests.flows.site import make_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(make_site(tmp_path / "site")) as opened:
        yield opened


def late(site: Site) -> Corrective:
    today = business_day(site.clock())
    return Corrective(
        control="backup.daily",
        test="rhythm",
        severity="high",
        evidence="e-1",
        found="a-1",
        last="a-1",
        times=1,
        judged=site.clock(),
        owner="owner",
        opened=today - timedelta(days=9),
        due=today - timedelta(days=2),
    )


def of_registers(site: Site) -> list[Alert]:
    kinds = ("corrective", "governance", "register")
    return [each for each in look(site, None).troubles if each.kind in kinds]


def change_by_hand(site: Site) -> None:
    """Make the row say that somebody else entered it."""
    with sqlite3.connect(site.catalog.path) as file:
        file.execute("DROP TRIGGER entries_no_update")
        done = file.execute("UPDATE entries SET by = 'boss'")
        assert done.rowcount == 1


def test_a_site_without_entries_has_no_trouble_of_registers(site: Site) -> None:
    assert of_registers(site) == []


def test_a_late_corrective_action_is_a_notice(site: Site) -> None:
    CORRECTIVE.put(site, {"ca-001": late(site)}, by="owner")
    (told,) = of_registers(site)
    assert (told.alert_class, told.kind) == ("notice", "corrective")
    assert dict(told.facts) == {"count": 1, "days": 2, "ids": "ca-001"}


def test_a_register_changed_by_hand_is_urgent_and_named(site: Site) -> None:
    CORRECTIVE.put(site, {"ca-001": late(site)}, by="owner")
    change_by_hand(site)
    (told,) = of_registers(site)
    assert (told.alert_class, told.kind, told.subject) == ("urgent", "register", "corrective")
