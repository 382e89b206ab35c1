"""A law whose table is absent is not applicable, which is not the same as kept."""

from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.books.applicable import LAWS, laws_applied
from baozhang.books.model import Table
from tests.books.beside import Beside
from tests.books.making import sound_fec, the_book, write_fec


def test_a_book_with_everything_beside_it_is_held_to_every_law(tmp_path: Path) -> None:
    assert laws_applied(the_book("cn_csv", Beside().write(tmp_path)).book, "sbe") == LAWS


def test_a_bare_journal_is_held_to_the_laws_of_its_lines_alone(tmp_path: Path) -> None:
    book = the_book("fec", write_fec(tmp_path / "1FEC.txt", sound_fec())).book
    assert laws_applied(book, "other") == (
        "S0", "S1", "S2", "S3", "S4", "S5", "L1", "L2", "L3", "P1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("table", "lost"),
    [
        ("periods", {"P3"}),
        ("assets", {"P4"}),
        ("payroll", {"X5"}),
        ("bank", {"X4"}),
        ("filings", {"P6"}),
        ("attachments", {"F3"}),
        ("invoices", {"X1", "X2"}),
        ("balances", {"L6", "L7", "L9", "L10", "L12", "P2"}),
    ],
)
def test_laws_fall_away_with_their_table(tmp_path: Path, table: Table, lost: set[str]) -> None:
    book = the_book("cn_csv", Beside().write(tmp_path)).book
    columns = {name: names for name, names in book.columns.items() if name != table}
    assert set(LAWS) - set(laws_applied(replace(book, columns=columns), "sbe")) == lost


def test_without_a_standard_the_classes_of_accounts_are_unknown(tmp_path: Path) -> None:
    book = the_book("cn_csv", Beside().write(tmp_path)).book
    lost = set(LAWS) - set(laws_applied(book, "other"))
    assert lost == {"L10", "L12", "P2", "P5", "P6"}


def test_vouchers_without_a_series_have_no_gaps(tmp_path: Path) -> None:
    book = the_book("cn_csv", Beside().write(tmp_path)).book
    assert not {"L3", "L4"} & {*laws_applied(replace(book, numbering="none"), "sbe")}
