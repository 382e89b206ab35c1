"""What is lost, on a real tiny site: files, vouchers and money beside the last clean point."""

from pathlib import Path

import pytest

from baozhang.incidents.model import Loss
from baozhang.incidents.scope import Holding, loss_between
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


BOOKS = Holding(books=(b"books",))


def lost(*, readable: bool = True, strict: bool = False, holding: Holding = BOOKS) -> Loss:
    """Return what the newest backup point lacks beside the first."""
    with open_site() as site:
        side = site.vault("c001", "main").client("c001")
        points = side.snapshots("main")
        now = points[-1] if readable else None
        return loss_between(side, "c001", "main", points[0], now, holding=holding, strict=strict)


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


def test_a_book_that_only_grew_has_lost_nothing(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, [*TEN, "5,00"])
    night("c001")
    assert lost().nothing
    assert lost().vouchers_since == 1


def test_where_somebody_may_have_put_vouchers_in_it_counts_as_changed(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, [*TEN, "5,00"])
    night("c001")
    assert lost(strict=True).files_changed == 1


def test_a_database_that_only_grew_has_lost_nothing_whatever_its_files_are_called(
    home: Path,
) -> None:
    write(home, TEN, notes=("dump",))
    night("c001")
    write(home, [*TEN, "5,00"])
    (home / "books" / "c001" / "dump").write_text("another dump")
    night("c001")
    assert lost().files_changed == 1
    assert lost(holding=Holding(books=(b"books",), whole=(b"books",))).nothing


def test_a_database_with_a_changed_voucher_is_changed(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, [*TEN[:9], "60,00"])
    night("c001")
    found = lost(holding=Holding(books=(b"books",), whole=(b"books",)))
    assert (found.files_changed, found.kinds) == (1, ("books",))


def test_what_differs_now_is_to_be_keyed_in_after_a_restore(home: Path) -> None:
    write(home, TEN)
    night("c001")
    write(home, [*TEN[:8], "60,00", "100,00", "5,00", "6,00"])
    night("c001")
    assert lost().vouchers_since == 1 + 2


def test_of_a_source_that_cannot_be_read_nobody_knows_what_is_to_be_keyed_in(home: Path) -> None:
    write(home, TEN)
    night("c001")
    assert lost(readable=False).vouchers_since is None


def test_kinds_say_where_something_is_missing(home: Path) -> None:
    write(home, TEN, notes=("a.txt",))
    night("c001")
    (home / "books" / "c001" / "a.txt").unlink()
    night("c001")
    assert lost().kinds == ("books",)
    assert lost(holding=Holding()).kinds == ("papers",)


def test_where_nothing_is_lost_no_kind_is_hit(home: Path) -> None:
    write(home, TEN)
    night("c001")
    night("c001")
    assert lost().kinds == ()
