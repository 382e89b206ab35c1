"""F2: what was changed in a closed period before the backup is found, and innocence is let be."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from baozhang.books.findings import sentence
from baozhang.books.generations import MOST_NAMED, Generation, tampered
from baozhang.books.model import Book, Line, PeriodState, Violation
from baozhang.books.proof import Proof
from tests.books.closing import Firm, firm, laws

BOOK = firm(closed=2)
THEN = BOOK.proof()


def held(now: Firm | Proof, *earlier: Firm | Proof) -> tuple[Violation, ...]:
    proofs = [one if isinstance(one, Proof) else one.proof() for one in (now, *earlier)]
    names = (f"main-{n}" for n in range(len(earlier), 0, -1))
    return tampered(proofs[0], [Generation(*pair) for pair in zip(names, proofs[1:], strict=True)])


def first_line(period: str) -> int:
    return next(at for at, line in enumerate(BOOK.lines()) if line.period == period)


def said(found: Iterable[Violation]) -> list[str]:
    return [sentence(one, spoken="en") for one in found]


def test_an_unchanged_book_is_as_it_was() -> None:
    assert held(BOOK, THEN) == ()


def test_a_book_that_grew_in_its_open_periods_is_as_it_was() -> None:
    grown = firm(months=5, closed=4)
    assert held(grown, THEN) == ()


def test_an_amount_changed_after_closing_is_named_by_voucher_account_and_difference() -> None:
    now = BOOK.changed(first_line("2026-02"), debit=50_001)
    found = held(now, THEN)
    assert laws(found) == {("F2", "critical")}
    assert said(found) == [
        "voucher 记-1 of 2026-02 was changed, though the period was closed at main-1",
        "account 1122 in 2026-02: debits differ from main-1 by 0.01 CNY",
    ]
    assert [(one.voucher, one.account, one.difference) for one in found] == [
        ("记-1", None, None),
        ("记-1", "1122", 1),
    ]


def test_a_text_changed_after_closing_is_found_though_every_sum_agrees() -> None:
    found = held(BOOK.changed(first_line("2026-01"), summary="另一摘要"), THEN)
    assert [(one.voucher, one.severity) for one in found] == [("记-1", "critical")]


def test_a_voucher_added_to_and_one_taken_from_a_closed_period_are_named() -> None:
    more = BOOK.vouchers["2026-02"]
    added = replace(BOOK, vouchers={**BOOK.vouchers, "2026-02": [*more, more[0]]})
    assert said(held(added, THEN))[0] == (
        "voucher 记-4 of 2026-02 was added, though the period was closed at main-1"
    )
    assert said(held(THEN, added))[0] == (
        "voucher 记-4 of 2026-02 is gone, though the period was closed at main-1"
    )


def test_what_is_open_may_change() -> None:
    assert held(BOOK.changed(first_line("2026-03"), debit=7), THEN) == ()


def test_a_period_is_told_against_the_newest_generation_that_it_differs_from() -> None:
    now = BOOK.changed(first_line("2026-01"), summary="乙")
    before = BOOK.changed(first_line("2026-01"), summary="甲")
    assert [dict(one.facts)["since"] for one in held(now, now, before, THEN)] == ["main-2"]


def test_a_change_that_the_last_backup_had_already_is_still_found() -> None:
    now = BOOK.changed(first_line("2026-01"), summary="乙")
    assert [one.voucher for one in held(now, now, THEN)] == ["记-1"]


def test_a_period_closed_at_one_generation_and_open_at_another_is_held_to_the_first() -> None:
    now = BOOK.changed(first_line("2026-02"), summary="乙")
    assert held(now, firm(closed=1)) == ()
    assert [one.period for one in held(now, firm(closed=1), THEN)] == ["2026-02"]


def test_a_reopened_period_is_a_warning() -> None:
    found = held(firm(closed=1), THEN)
    assert said(found) == ["the period 2026-02 was closed at main-1 and is open again"]
    assert laws(found) == {("F2", "warning")}


def test_a_book_that_no_longer_brings_its_periods_is_not_said_to_be_reopened() -> None:
    assert held(replace(BOOK, states=()), THEN) == ()


def test_where_closing_is_only_implied_the_sentence_says_so() -> None:
    then = replace(BOOK, states=())
    found = held(then.changed(first_line("2026-01"), debit=1), then)
    assert "when two later periods had vouchers already" in said(found)[0]
    assert laws(found) == {("F2", "critical")}


def test_where_closing_is_only_implied_a_text_is_a_warning() -> None:
    then = replace(BOOK, states=())
    found = held(then.changed(first_line("2026-01"), summary="乙"), then)
    assert laws(found) == {("F2", "warning")}


def test_a_proof_of_the_first_format_implies_closing_by_its_vouchers() -> None:
    first = replace(THEN, laws=1, closed=())
    assert [one.period for one in held(BOOK.changed(0, summary="乙"), first)] == ["2026-01"]


def test_a_closed_period_that_is_gone_whole_is_one_finding() -> None:
    rest = {period: found for period, found in BOOK.vouchers.items() if period > "2026-01"}
    found = held(replace(BOOK, vouchers=rest), THEN)
    assert said(found) == ["all 4 vouchers of 2026-01 are gone since main-1"]


def test_a_balance_table_that_changed_alone_is_a_warning() -> None:
    table = tuple(
        row._replace(opening=1) if (row.period, row.account) == ("2026-02", "1002") else row
        for row in BOOK.table
    )
    found = held(replace(BOOK, table=table), THEN)
    assert [(one.period, one.severity) for one in found] == [("2026-02", "warning")]


class Wider(Firm):
    """The same book, whose export has one more column."""

    @property
    def book(self) -> Book:
        head = super().book
        return replace(head, columns={**head.columns, "lines": ("制单人", "审核人", "备注")})

    def lines(self) -> Iterator[Line]:
        return (line._replace(other=(*line.other, "")) for line in super().lines())


def read_with_another_column(book: Firm) -> Proof:
    return Wider(**{name: getattr(book, name) for name in book.__dataclass_fields__}).proof()


def test_another_column_is_no_tampering_and_is_said() -> None:
    found = held(read_with_another_column(BOOK), THEN)
    assert [(one.template[:30], one.severity) for one in found] == [
        ("the book was read in another w", "warning")
    ]


def test_an_amount_is_found_though_the_columns_are_others() -> None:
    now = BOOK.changed(first_line("2026-02"), debit=50_001)
    found = held(read_with_another_column(now), THEN)
    assert [(one.account, one.difference) for one in found] == [(None, None), ("1122", 1)]


def test_a_corrected_profile_is_no_tampering() -> None:
    now = BOOK
    for at, line in enumerate(BOOK.lines()):
        now = now.changed(at, summary=f"{line.summary} ")
    assert [one.severity for one in held(now, THEN)] == ["warning"]


class Yearly(Firm):
    """The same book, whose profile says by now that numbers run through the year."""

    @property
    def book(self) -> Book:
        return replace(super().book, numbering="year")


def numbered_by_year(book: Firm) -> Proof:
    return Yearly(**{name: getattr(book, name) for name in book.__dataclass_fields__}).proof()


def test_the_same_rows_are_as_they_were_however_they_are_numbered() -> None:
    assert held(numbered_by_year(BOOK), THEN) == ()
    assert held(THEN, numbered_by_year(BOOK)) == ()


def test_an_amount_changed_under_another_numbering_is_found() -> None:
    now = BOOK.changed(first_line("2026-02"), debit=50_001)
    found = held(numbered_by_year(now), THEN)
    assert laws(found) == {("F2", "critical")}
    assert [(one.period, one.account, one.difference) for one in found] == [
        ("2026-02", None, None),
        ("2026-02", "1122", 1),
    ]


def test_a_text_changed_under_another_numbering_is_found() -> None:
    found = held(numbered_by_year(BOOK.changed(first_line("2026-01"), summary="乙")), THEN)
    (sentence_of,) = said(found)
    assert sentence_of.startswith(
        "vouchers of 2026-01 were changed since main-1; which ones cannot"
    )
    assert laws(found) == {("F2", "critical")}


def test_where_every_row_reads_otherwise_too_it_cannot_be_told() -> None:
    now = BOOK
    for at, line in enumerate(BOOK.lines()):
        now = now.changed(at, summary=f"{line.summary} ")
    (sentence_of,) = said(held(numbered_by_year(now), THEN))
    assert sentence_of.startswith("the book numbers its vouchers by year, and by month at main-1:")


def test_a_book_kept_in_another_currency_cannot_be_told() -> None:
    now = replace(THEN, book=replace(THEN.book, currency="EUR"))
    assert [(one.severity, one.template[:20]) for one in held(now, THEN)] == [
        ("warning", "the book is kept in ")
    ]
    assert held(now, replace(THEN, closed=())) == ()


def test_another_book_is_no_generation_of_this_one() -> None:
    other = replace(BOOK, name="other").changed(0, debit=1)
    assert held(other, THEN) == ()


def test_no_more_than_fifty_vouchers_of_a_period_are_named() -> None:
    entries = [[("1122", 5, 0), ("5001", 0, 5)] for _ in range(MOST_NAMED + 4)]
    then = replace(BOOK, vouchers={"2026-01": entries, "2026-02": entries}, table=())
    now = then
    for at in range(0, 2 * len(entries), 2):
        now = now.changed(at, debit=6)
    found = held(now, then)
    assert len([one for one in found if one.voucher]) == MOST_NAMED
    assert "4 more vouchers of 2026-01 differ from main-1" in said(found)


def test_an_order_that_changed_is_a_warning() -> None:
    marks = THEN.vouchers
    chunks = tuple(
        replace(one, sha256="0" * 64) if (one.table, one.period) == ("lines", "2026-01") else one
        for one in THEN.chunks
    )
    found = held(replace(THEN, chunks=chunks, vouchers=marks), THEN)
    assert [(one.period, one.severity) for one in found] == [("2026-01", "warning")]


@pytest.mark.parametrize("state", [True, False])
def test_vouchers_in_a_closed_period_that_had_none_are_added(state: bool) -> None:
    then = replace(BOOK, states=(*BOOK.states, PeriodState("2026-05", state, ())))
    more = {**BOOK.vouchers, "2026-05": BOOK.vouchers["2026-04"]}
    found = held(replace(then, vouchers=more), then)
    assert bool(found) == state
