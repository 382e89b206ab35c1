"""Account books of a proven ledger: every figure is the book's own, or the sum of its vouchers."""

from pathlib import Path
from typing import NamedTuple

import pytest

from baozhang.books.account_books import (
    ControlRow,
    DetailRow,
    GeneralRow,
    TrialRow,
    account_books,
)
from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from baozhang.errors import ProofFailedError
from tests.books.making import Sample, voucher, write_cn, write_t3

PROFILES = {"cn_csv": write_cn, "yonyou_t3": write_t3}


def read(path: Path, profile: str = "cn_csv") -> LedgerReader:
    (reader,) = open_books(load_profile(profile), path)
    return reader


def taken(path: Path, profile: str = "cn_csv") -> Proof:
    return take_proof(read(path, profile), standard="sbe")


class Shown(NamedTuple):
    """All that the account books of a book show."""

    trial: list[TrialRow]
    general: list[GeneralRow]
    details: list[DetailRow]
    control: list[ControlRow]
    computed: tuple[str, ...]
    has_table: bool


def shown(tmp_path: Path, sample: Sample | None = None, *, table: bool = True) -> Shown:
    folder = write_cn(tmp_path / "book", sample)
    if not table:
        (folder / "科目余额表2026.csv").unlink()
    with account_books(read(folder), taken(folder), tmp_path) as books:
        return Shown(
            list(books.trial()),
            list(books.general()),
            list(books.details()),
            list(books.control()),
            books.computed,
            books.has_table,
        )


@pytest.mark.parametrize("profile", PROFILES)
def test_the_balance_rows_are_those_of_the_book_s_own_table(tmp_path: Path, profile: str) -> None:
    path = PROFILES[profile](tmp_path / "book")
    with account_books(read(path, profile), taken(path, profile), tmp_path) as books:
        rows = {(row.period, row.account): row for row in books.trial()}
    row = rows["2026-02", "100201"]
    assert row[4:8] == (10_000_000, -500, 120_055, 9_879_445)
    assert (row.leaf, rows["2026-02", "1002"].leaf) == (True, False)
    assert {each.origin for each in rows.values()} == {"table"}


def test_without_a_table_balances_begin_at_nothing_and_say_so(tmp_path: Path) -> None:
    books = shown(tmp_path, table=False)
    rows = {(row.period, row.account): row for row in books.trial}
    assert rows["2026-01", "100201"][4:] == (0, 10_000_000, 0, 10_000_000, "vouchers")
    assert rows["2026-02", "100201"][4:8] == (10_000_000, -500, 120_055, 9_879_445)
    assert (books.has_table, books.computed) == (False, ("2026-01", "2026-02"))


def test_without_a_table_an_account_is_the_sum_of_those_below_it(tmp_path: Path) -> None:
    rows = {(r.period, r.account): r for r in shown(tmp_path, table=False).trial}
    assert rows["2026-01", "1002"][4:8] == (0, 10_050_000, 0, 10_050_000)


def test_a_period_that_the_table_lacks_goes_on_from_the_one_before(tmp_path: Path) -> None:
    sample = Sample()
    sample.balances = [row for row in sample.balances if row[1] == "1"]
    rows = {(r.period, r.account): r for r in shown(tmp_path, sample).trial}
    assert rows["2026-02", "100201"][4:] == (10_000_000, -500, 120_055, 9_879_445, "vouchers")
    assert rows["2026-01", "100201"].origin == "table"


def test_the_general_ledger_shows_the_first_level_month_by_month(tmp_path: Path) -> None:
    rows = [row for row in shown(tmp_path).general if row.account == "1002"]
    assert [(row.kind, row.period, *row[4:]) for row in rows] == [
        ("opening", "2026-01", 0, 0, 0),
        ("month", "2026-01", 10_050_000, 0, 10_050_000),
        ("year", "2026-01", 10_050_000, 0, 10_050_000),
        ("month", "2026-02", -500, 120_055, 9_929_445),
        ("year", "2026-02", 10_049_500, 120_055, 9_929_445),
    ]
    assert not [row for row in shown(tmp_path).general if row.account == "100201"]


def test_a_detail_ledger_runs_from_opening_to_closing(tmp_path: Path) -> None:
    rows = [row for row in shown(tmp_path).details if row.account == "2202"]
    assert [(row.kind, row.voucher, row.debit, row.credit, row.balance) for row in rows] == [
        ("opening", "", 0, 0, 0),
        ("line", "记-3", 0, 120_055, -120_055),
        ("month", "", 0, 120_055, -120_055),
        ("year", "", 0, 120_055, -120_055),
        ("line", "记-1", 120_055, 0, 0),
        ("month", "", 120_055, 0, 0),
        ("year", "", 120_055, 120_055, 0),
    ]


def test_every_line_is_in_the_detail_ledger_and_in_the_journal_once(tmp_path: Path) -> None:
    folder = write_cn(tmp_path / "book")
    with account_books(read(folder), taken(folder), tmp_path) as books:
        details = [row for row in books.details() if row.kind == "line"]
        journal = list(books.journal())
    key = sorted((row.period, row.voucher, row.account, row.debit, row.credit) for row in details)
    assert key == sorted((r.period, r.voucher, r.account, r.debit, r.credit) for r in journal)
    assert len(journal) == len(Sample().rows)


def test_a_line_on_an_account_that_the_table_does_not_have_is_shown(tmp_path: Path) -> None:
    """The source broke L6 and L3 then, and does now: what it has is shown."""
    sample = Sample()
    sample.rows += voucher(1, 4, 31, ("1122", 700, 0), ("9999", 0, 700))
    sample.rows.sort(key=lambda row: (row.month, row.number))
    rows = [row for row in shown(tmp_path, sample).details if row.account == "9999"]
    assert [(row.kind, row.balance) for row in rows][1] == ("line", -700)


def test_control_totals_are_those_of_the_proof(tmp_path: Path) -> None:
    books = shown(tmp_path)
    rows = books.control
    assert [(row.period, row.vouchers, row.lines) for row in rows] == [
        ("2026-01", 3, 7),
        ("2026-02", 2, 5),
    ]
    assert sum(row.debit for row in rows) == taken(tmp_path / "book").debit
    assert [row.trial_debit for row in rows] == [row.debit for row in rows]


def test_a_voided_voucher_is_shown_and_counts_for_nothing(tmp_path: Path) -> None:
    sample = Sample()
    for row in sample.rows:
        row.void = (row.month, row.number) == (1, 3)
    sample.balances = Sample(rows=sample.rows).balances
    path = write_t3(tmp_path / "book.db", sample)
    with account_books(read(path, "yonyou_t3"), taken(path, "yonyou_t3"), tmp_path) as books:
        lines = [row for row in books.details() if row.account == "5602" and row.kind == "line"]
        (january, _) = books.control()
    assert (lines[0].state, lines[0].balance) == ("voided", 0)
    assert (january.voided_debit, january.voided_credit) == (120_055, 120_055)
    assert january.debit - january.voided_debit == january.trial_debit


def test_a_changed_cent_shows_nothing(tmp_path: Path) -> None:
    expected = taken(write_cn(tmp_path / "then"))
    sample = Sample()
    sample.rows[0].debit, sample.rows[1].credit = 10_000_001, 10_000_001
    changed = write_cn(tmp_path / "now", sample)
    with (
        pytest.raises(ProofFailedError),
        account_books(read(changed), expected, tmp_path),
    ):
        pytest.fail("it was shown")
    assert not (tmp_path / "lines.db").exists()


def test_an_edited_balance_alone_shows_nothing(tmp_path: Path) -> None:
    expected = taken(write_cn(tmp_path / "then"))
    sample = Sample()
    sample.balances[1][7] = "100,001.00"
    changed = write_cn(tmp_path / "now", sample)
    with (
        pytest.raises(ProofFailedError),
        account_books(read(changed), expected, tmp_path),
    ):
        pytest.fail("it was shown")


def test_a_table_that_disagreed_in_the_source_is_shown_beside_its_totals(tmp_path: Path) -> None:
    sample = Sample()
    sample.balances[1][7] = "100,001.00"
    (january, _) = shown(tmp_path, sample).control
    assert january.trial_debit - january.debit == 100


def test_nothing_of_the_lines_remains(tmp_path: Path) -> None:
    shown(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["book"]
