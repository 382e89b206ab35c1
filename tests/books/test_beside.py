"""Tables beside the voucher lines: batches say what single rows say, in the order of the rows."""

from collections.abc import Sequence

import pytest

from baozhang.books.beside import Beside, Row, batches, canonical_rows, rows_on, runs_with
from baozhang.books.blocks import Passage
from baozhang.books.canonical import Fingerprint, canonical
from baozhang.books.day_laws import RealDays
from baozhang.books.findings import broken
from baozhang.books.model import Balance, BankLine, Book, Invoice, Line, Violation
from tests.books.test_blocks import LINE, block

BOOK = Book("book", "test", "CNY", "month", {"bank": ("日期",)})
NASTY = (']]\n[["', "]],[[", "\r", "\\", '"', "", None, "甲")


def bank_line(date: str, amount: int = 1, *other: str | None) -> BankLine:
    return BankLine(date, "1002", None, amount, 0, amount, other)


def balance(period: str) -> Balance:
    return Balance(period, "1002", 0, 0, 0, 0, ())


def chunks_of(rows: Sequence[Row]) -> dict[str, tuple[int, str]]:
    fingerprint = Fingerprint(BOOK)
    Beside(fingerprint, None, lambda _: None).read("bank", rows, [])
    return {one.period: (one.rows, one.sha256) for one in fingerprint.chunks() if one.period}


@pytest.mark.parametrize("other", [NASTY, (), ("",), (None,)])
def test_rows_written_at_once_are_rows_written_one_by_one(other: tuple[str | None, ...]) -> None:
    rows = [bank_line(f"2026-01-{day:02d}", day, *other) for day in range(1, 4)]
    assert canonical_rows(rows) == "".join(f"{canonical(row)}\n" for row in rows).encode()


def test_rows_are_fingerprinted_by_period_whatever_their_order() -> None:
    days = ["2026-01-31", "2026-02-01", "2026-01-31", "2026-02-28"] * 600
    rows = [bank_line(day, number) for number, day in enumerate(days)]
    mixed, sorted_ = chunks_of(rows), chunks_of(sorted(rows, key=lambda row: row.date[:7]))
    assert mixed == sorted_
    assert {period: count for period, (count, _) in mixed.items()} == {
        "2026-01": 1200,
        "2026-02": 1200,
    }


def test_an_invoice_is_fingerprinted_in_the_month_of_its_day() -> None:
    invoice = Invoice("1", "2026-03-31", None, None, None, 1, 0, 1, ())
    assert [*chunks_of([invoice])] == ["2026-03"]


def test_every_row_is_in_one_batch_and_none_is_empty() -> None:
    found = list(batches(range(2500)))
    assert [one for batch in found for one in batch] == list(range(2500))
    assert [len(batch) for batch in found] == [1024, 1024, 452]


def test_findings_stand_in_the_order_of_the_rows() -> None:
    told: list[Violation] = []

    def law(rows: Sequence[Balance]) -> None:
        for row in rows:
            told.append(broken("L5", "", period=row.period))

    days = RealDays(told.append)
    rows = [balance("2026-01"), balance("2026-99"), balance("2026-02")]
    Beside(Fingerprint(BOOK), days, lambda _: None).read("balances", rows, [law])
    assert [(one.law, one.period) for one in told] == [
        ("L5", "2026-01"),
        ("S1", None),
        ("L5", "2026-99"),
        ("L5", "2026-02"),
    ]
    assert {("table", "balances"), ("row", 2)} < {*told[1].facts}


def test_a_row_is_counted_in_its_table_over_batches() -> None:
    told: list[Violation] = []
    days = RealDays(told.append)
    rows = [balance("2026-01")] * 1500 + [balance("2026-77")]
    Beside(Fingerprint(BOOK), days, lambda _: None).read("balances", rows, [])
    assert ("row", 1501) in told[0].facts


def test_sound_rows_are_shown_to_a_law_in_batches() -> None:
    sizes: list[int] = []
    days = RealDays(lambda _: None)
    rows = [balance("2026-01")] * 1500
    beside = Beside(Fingerprint(BOOK), days, lambda _: None)
    beside.read("balances", rows, [lambda batch: sizes.append(len(batch))])
    assert sizes == [1024, 476]


def test_progress_counts_every_row() -> None:
    counted: list[int] = []
    Beside(Fingerprint(BOOK), None, counted.append).read(
        "bank", [bank_line("2026-01-01")] * 2000, []
    )
    assert sum(counted) == 2000


def passage(*lines: Line, starts: Sequence[int] = (0,)) -> Passage:
    return Passage(block(list(lines)), starts)


def test_lines_are_found_by_account_and_period() -> None:
    own, later = LINE._replace(account="1002"), LINE._replace(account="1002", period="2026-02")
    found = passage(own, LINE._replace(account="1001"), later, LINE._replace(account=None))
    assert list(rows_on(found, {"1002", "2202"})) == [
        ("1002", LINE.period, [0]),
        ("1002", "2026-02", [2]),
    ]


def test_a_voided_line_stands_on_no_account() -> None:
    own = LINE._replace(account="1002", voided=False)
    found = passage(own, own._replace(voided=True), own)
    assert [rows for _, _, rows in rows_on(found, {"1002"})] == [[0, 2]]


def test_a_run_with_several_lines_on_accounts_is_found_once() -> None:
    other, own = LINE._replace(account="1001"), LINE._replace(account="1002")
    found = passage(own, own, other, other, own, starts=(0, 2, 3))
    assert list(runs_with(found, {"1002"})) == [(0, 2), (3, 5)]
