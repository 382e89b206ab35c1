"""A catalog of its own for every test."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.entries import RegisterBook
from baozhang.catalog.model import AlertEvent, AuditAnchor, Run
from tests.catalog.values import NIGHT, letter, outcome, trouble


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(tmp_path / "catalog.db") as opened:
        yield opened


@pytest.fixture
def full(catalog: Catalog) -> Catalog:
    """A catalog with something in every table of the journal."""
    catalog.begin(Run("backup-2026-07-31-8f3a", "backup", date(2026, 7, 31)))
    catalog.append(outcome("c001"))
    catalog.append(outcome("c002", status="partial"))
    with catalog.transaction():
        catalog.record_letter(letter(catalog.next_letter("night")))
    catalog.record_anchor(AuditAnchor(7, "e" * 64, NIGHT))
    alerts = AlertBook(catalog)
    alert, _ = alerts.raised(trouble())
    alerts.add(AlertEvent(alert.alert.id, "acknowledged", NIGHT, who="zhang"))
    RegisterBook(catalog).put("risks", "r-001", {"title": "b"}, by="wang", at=NIGHT)
    return catalog
