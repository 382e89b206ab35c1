"""`baozhang cost`, as it is typed."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from baozhang.catalog.model import Outcome
from baozhang.costs.registers import FEES, PRICES, FeeRow, PriceRow
from baozhang.wiring import open_site
from tests.end_to_end.running import Ran, run
from tests.flows.site import make_site, without_pdf

AT = datetime(2026, 7, 10, 14, tzinfo=UTC)
START = date(2026, 1, 1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A site with an hour of work in July, at 50 yuan, and a client that pays 30."""
    made = make_site(tmp_path / "site", "c001")
    without_pdf(made)
    with open_site(made) as site:
        ended = AT + timedelta(hours=1)
        site.catalog.append(Outcome("r1", "backup", "c001", "main", "ok", AT, ended))
        rows = {
            "p-001": PriceRow(sku="compute", unit="Hours", price=Decimal(50), valid_from=START),
            "p-002": PriceRow(
                sku="requests", unit="10000 Requests", price=Decimal(0), valid_from=START
            ),
        }
        PRICES.put(site, rows, by="zhang")
        fee = FeeRow(client="c001", tier="basic", fen=3000, valid_from=START)
        FEES.put(site, {"f-001": fee}, by="zhang")
    return made


def typed(home: Path, *words: str) -> Ran:
    return run("cost", *words, "--period", "2026-07", home=home)


def value(ran: Ran) -> dict[str, object]:
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


def test_usage_is_shown(home: Path) -> None:
    assert "compute:backup" in typed(home, "meter").out


def test_rows_add_up(home: Path, tmp_path: Path) -> None:
    found = value(typed(home, "rows", "--to", str(tmp_path / "rows.csv"), "--json"))
    assert (found["effective_fen"], found["gaps"]) == (5000, [])
    assert "ChargePeriodStart" in (tmp_path / "rows.csv").read_text("utf-8")


def test_a_gap_ends_with_one(home: Path) -> None:
    with open_site(home) as site:
        PRICES.end(site, "p-002", by="zhang")
    checked = typed(home, "prices", "check", "--json")
    assert checked.code == 1
    assert value(checked)["gaps"] == [
        {"sku": "requests:backup", "from": "2026-07-01", "to": "2026-07-31"}
    ]


def test_a_sound_book_ends_with_zero(home: Path) -> None:
    assert typed(home, "prices", "check").code == 0


def test_a_losing_client_is_named(home: Path) -> None:
    assert value(typed(home, "fees", "--json"))["losing"] == ["c001"]


def test_a_dry_run_takes_no_number(home: Path) -> None:
    ran = typed(home, "report", "--dry-run")
    assert "50.00" in ran.out
    with open_site(home) as site:
        assert site.catalog.letters("cost") == ()


def test_a_report_is_numbered_and_filed(home: Path) -> None:
    assert value(typed(home, "report", "--json"))["pages"]
    with open_site(home) as site:
        assert [each.number for each in site.catalog.letters("cost")] == [1]


@pytest.mark.parametrize("command", ["budget", "hours", "savings"])
def test_every_table_is_written_as_a_workbook(home: Path, tmp_path: Path, command: str) -> None:
    file = tmp_path / "table.xlsx"
    assert typed(home, command, "--to", str(file)).code == 0
    assert file.read_bytes().startswith(b"PK")


def test_a_quiet_day_is_said(home: Path) -> None:
    ran = run("cost", "anomalies", "--day", "2026-07-10", home=home)
    assert (ran.code, "nothing is unlike" in ran.out) == (0, True)
