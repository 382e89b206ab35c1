"""Typed registers of a real site: what a row may say, who wrote it, and what the audit log has."""

import sqlite3
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.registers import Mismatch, Register, Row, mismatches
from baozhang.site import Site
from baozhang.wiring import open_site
from tests.flows.site import make_site


class Price(Row):
    sku: str
    unit: Literal["GB-month", "hour"]
    price: Decimal
    valid_from: date
    free: bool = False
    tags: tuple[str, ...] = ()
    times: int = 1


PRICES = Register("prices-of-a-test", Price, "prices")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with open_site(make_site(tmp_path / "site")) as opened:
        yield opened


def price(**more: object) -> Price:
    value = {"sku": "s", "unit": "hour", "price": "0.10", "valid_from": "2026-01-01"}
    return Price.model_validate(value | more)


def test_what_is_entered_comes_back_the_same(site: Site) -> None:
    entered = price(free=True, tags=("甲", "b"), price="0.123456789", times=3)
    PRICES.put(site, {"p-001": entered}, by="wang")
    assert PRICES.rows(site) == {"p-001": entered}


def test_cells_are_texts_that_a_spreadsheet_can_hold() -> None:
    assert price(tags=("甲", "b")).cells() == {
        "sku": "s",
        "unit": "hour",
        "price": "0.10",
        "valid_from": "2026-01-01",
        "free": "no",
        "tags": "甲; b",
        "times": 1,
    }


def test_blank_cells_are_what_is_not_said() -> None:
    cells = {"sku": " s ", "unit": "hour", "price": "1", "valid_from": "2026-01-01", "tags": ""}
    assert PRICES.parsed("p-001", cells) == price(price="1")


@pytest.mark.parametrize(
    ("cell", "field"),
    [
        ({"unit": "day"}, "unit"),
        ({"price": "1,5"}, "price"),
        ({"valid_from": "2026-02-30"}, "valid_from"),
        ({"free": "perhaps"}, "free"),
        ({"colour": "red"}, "colour"),
        ({"sku": ""}, "sku"),
    ],
)
def test_a_cell_that_cannot_be_is_named_without_what_it_says(
    cell: dict[str, str], field: str
) -> None:
    with pytest.raises(UsageError) as caught:
        PRICES.parsed("p-001", price().cells() | cell)
    assert caught.value.facts["fields"] == field
    assert all(value not in str(caught.value) for value in cell.values() if value)


@pytest.mark.parametrize("row", ["", "P-1", "a b", "../x", "x" * 64])
def test_a_row_has_a_plain_id(site: Site, row: str) -> None:
    with pytest.raises(UsageError):
        PRICES.put(site, {row: price()}, by="wang")
    assert PRICES.rows(site) == {}


def test_one_wrong_id_and_nothing_is_entered(site: Site) -> None:
    with pytest.raises(UsageError):
        PRICES.put(site, {"p-001": price(), "P 2": price()}, by="wang")
    assert PRICES.history(site) == ()


def test_a_row_that_is_not_there_cannot_be_ended(site: Site) -> None:
    with pytest.raises(UsageError):
        PRICES.end(site, "p-001", by="wang")


def test_every_change_is_in_the_audit_log(site: Site) -> None:
    PRICES.put(site, {"p-001": price(), "p-002": price()}, by="wang")
    PRICES.put(site, {"p-001": price(price="2")}, by="zhang")
    PRICES.put(site, {"p-001": price(price="2")}, by="zhang")
    PRICES.end(site, "p-002", by="wang")
    log = (site.home / "state" / "audit" / "log.jsonl").read_text("utf-8")
    assert log.count('"register.changed"') == 4
    assert list(mismatches(site, [PRICES.name])) == []


def _by_hand(site: Site, *statements: str) -> None:
    with sqlite3.connect(site.catalog.path) as file:
        for statement in ("DROP TRIGGER entries_no_update", "DROP TRIGGER entries_no_delete"):
            file.execute(statement)
        for statement in statements:
            assert file.execute(statement).rowcount == 1


def test_the_newest_row_taken_out_by_hand_is_missed(site: Site) -> None:
    PRICES.put(site, {"p-001": price(), "p-002": price()}, by="wang")
    _by_hand(site, "DELETE FROM entries WHERE id = 'p-002'")
    found = list(mismatches(site, [PRICES.name]))
    assert found == [Mismatch(PRICES.name, "p-002", 1, "lost")]


def test_a_register_taken_out_whole_is_missed(site: Site) -> None:
    PRICES.put(site, {"p-001": price()}, by="wang")
    _by_hand(site, "DELETE FROM entries")
    assert [each.what for each in mismatches(site, [])] == ["lost"]


def test_a_row_put_in_behind_the_audit_logs_back_is_found(site: Site, tmp_path: Path) -> None:
    other = make_site(tmp_path / "other")
    with open_site(other, clock=site.clock) as stranger:
        PRICES.put(stranger, {"p-001": price()}, by="wang")
        with sqlite3.connect(stranger.catalog.path) as file:
            (row,) = file.execute("SELECT * FROM entries").fetchall()
    with sqlite3.connect(site.catalog.path) as file:
        marks = ", ".join("?" * len(row))
        file.execute(f"INSERT INTO entries VALUES ({marks})", row)
    found = list(mismatches(site, [PRICES.name]))
    assert found == [Mismatch(PRICES.name, "p-001", 1, "unlogged")]


def test_a_row_that_says_what_its_register_cannot_say_is_named(site: Site) -> None:
    Register(PRICES.name, Row, "prices").put(site, {"p-001": Row()}, by="wang")
    with pytest.raises(CorruptObjectError) as caught:
        PRICES.rows(site)
    assert caught.value.facts["row"] == "p-001"
