"""What is lost, on a real tiny site: files, vouchers and money beside the last clean point."""

from pathlib import Path

import pytest

from baozhang.incidents.model import Loss
from baozhang.incidents.scope import loss_between
from baozhang.wiring import open_site
from tests.flows.site import ledger, make_site
from tests.flows.walking import night

TEN = ["100,00"] * 10


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return make_site(tmp_path / "site", "c001")


def write(home: Path, amounts: list[str], *, notes: tuple[str, ...] = ()) -> None:
    folder = home / "books" / "c001"
    (folder / "FEC2026.txt").write_text(ledger(*amounts), "utf-8")
    for name in notes:
        (folder / name).write_text(name)


def lost(*, readable: bool = True) -> Loss:
    """Return what the newest backup point lacks beside the first."""
    with open_site() as site:
        side = site.vault("c001", "main").client("c001")
        points = side.snapshots("main")
        now = points[-1] if readable else None
        return loss_between(side, "c001", "main", points[0], now)


def test_where_nothing_changed_nothing_is_lost(home: Path) -> None:
    write(home, TEN)
    night("c001")
    night("c001")
    assert lost().nothing


def test_vouchers_that_are_gone_are_counted_in_rows_and_money(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, TEN[:7])
    night("c001")
    found = lost()
    assert (found.vouchers_lost, found.vouchers_changed) == (3, 0)
    assert (found.lines_lost, found.amount, found.currency) == (6, 300_00, "EUR")
    assert found.periods == ("2026-07",)


def test_a_voucher_with_another_amount_is_changed(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, [*TEN[:9], "60,00"])
    night("c001")
    found = lost()
    assert (found.vouchers_lost, found.vouchers_changed, found.amount) == (0, 1, 40_00)


def test_what_came_later_is_no_loss(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, [*TEN, "5,00"])
    night("c001")
    assert lost().vouchers_lost == 0
    assert lost().amount == 0


def test_files_that_are_gone_and_changed_are_counted(home: Path) -> None:
    write(home, TEN, notes=("a.txt", "b.txt"))
    night("c001")
    (home / "books" / "c001" / "a.txt").unlink()
    (home / "books" / "c001" / "b.txt").write_text("other")
    night("c001")
    assert (lost().files_lost, lost().files_changed) == (1, 1)


def test_a_book_that_is_gone_lacks_everything(home: Path) -> None:
    write(home, TEN, notes=("a.txt",))
    night("c001")
    (home / "books" / "c001" / "FEC2026.txt").unlink()
    night("c001")
    found = lost()
    assert (found.vouchers_lost, found.lines_lost, found.amount) == (10, 20, 1000_00)


def test_a_source_that_cannot_be_read_has_lost_everything(home: Path) -> None:
    write(home, TEN, notes=("a.txt",))
    night("c001")
    found = lost(readable=False)
    assert (found.readable, found.files_lost, found.vouchers_lost) == (False, 2, 10)
    assert found.bytes_lost > 0


def test_without_a_clean_point_it_is_not_said_that_nothing_is_lost(home: Path) -> None:
    write(home, TEN)
    night("c001")
    with open_site() as site:
        side = site.vault("c001", "main").client("c001")
        found = loss_between(side, "c001", "main", None, side.snapshots("main")[-1])
    assert (found.clean, found.nothing) == ("", False)
