"""Frames hold strings, whole periods, and nothing that need not be there."""

from checks.frames import LINE_COLUMNS, beside, line_row, lines_by_period, lines_frame
from tests.checks.memory import ledger


def test_a_side_that_lacks_a_key_shows_none_and_not_a_number() -> None:
    frame = beside(("key",), ("value",), {("a",): ("1",)}, {("b",): ("2",)})
    assert frame.to_numpy().tolist() == [["a", "1", None], ["b", None, "2"]]


def test_every_column_is_of_objects() -> None:
    frame = lines_frame([line_row(line) for line in ledger().rows])
    assert {str(kind) for kind in frame.dtypes} == {"object"}


def test_an_empty_frame_still_has_its_columns() -> None:
    assert list(lines_frame([]).columns) == list(LINE_COLUMNS)


def test_no_summary_reaches_a_frame() -> None:
    book = ledger().changed(0, summary="<img onerror=alert(1)>", party="secret", other=("x",))
    frame = lines_frame([line_row(line) for line in book.rows])
    assert not frame.isin(["<img onerror=alert(1)>", "secret", "x"]).any(axis=None)


def test_a_period_is_handed_over_as_soon_as_it_is_complete() -> None:
    book = ledger(periods=2, vouchers=1)
    periods = lines_by_period(book, {"2026-01": 2, "2026-02": 2})
    assert next(periods) == ("2026-01", 2, [line_row(line) for line in book.rows[:2]])


def test_periods_that_come_mixed_are_put_together() -> None:
    book = ledger(periods=2, vouchers=2)
    mixed = type(book)(book.book, book.rows[::2] + book.rows[1::2])
    found = {
        period: len(rows)
        for period, _, rows in lines_by_period(mixed, {"2026-01": 4, "2026-02": 4})
    }
    assert found == {"2026-01": 4, "2026-02": 4}


def test_a_period_that_never_comes_is_handed_over_empty() -> None:
    found = list(lines_by_period(ledger(periods=1, vouchers=1), {"2026-01": 2, "2026-02": 2}))
    assert found[-1] == ("2026-02", 2, [])


def test_lines_beyond_what_was_counted_are_handed_over_too() -> None:
    found = lines_by_period(ledger(periods=1, vouchers=2), {"2026-01": 2})
    assert [(size, len(rows)) for _, size, rows in found] == [(2, 2), (0, 2)]
