"""P1, P3, and which periods count as closed."""

from dataclasses import replace

from baozhang.books.findings import sentence
from baozhang.books.model import PeriodState
from baozhang.books.proof import MOST_VIOLATIONS, Closed
from tests.books.closing import Firm, firm, laws


def states(*closed: bool, year: int = 2026) -> tuple[PeriodState, ...]:
    return tuple(PeriodState(f"{year}-{n:02}", one, ()) for n, one in enumerate(closed, 1))


def line_of(book: Firm, period: str) -> int:
    """The place of a period's first line in the book."""
    return next(at for at, line in enumerate(book.lines()) if line.period == period)


def silent(book: Firm) -> Firm:
    return replace(book, states=())


def test_the_periods_that_the_book_states_to_be_closed_are_in_the_proof() -> None:
    assert firm(closed=2).proof().closed == (Closed("2026-01", True), Closed("2026-02", True))


def test_a_book_with_periods_implies_nothing() -> None:
    assert firm(closed=0).proof().closed == ()


def test_two_later_periods_with_vouchers_imply_that_one_is_closed() -> None:
    assert silent(firm()).proof().closed == (Closed("2026-01", False), Closed("2026-02", False))


def test_unposted_vouchers_imply_nothing_about_the_periods_before_them() -> None:
    book = silent(firm(months=3))
    for at, line in enumerate(book.lines()):
        if line.period == "2026-03":
            book = book.changed(at, posted=False)
    assert book.proof().closed == ()


def test_the_period_zero_of_a_year_is_no_period() -> None:
    book = replace(firm(), states=(PeriodState("2026-00", False, ()), *states(True, True)))
    assert book.proof().violations == ()
    assert [one.period for one in book.proof().closed] == ["2026-01", "2026-02"]


def test_p1_names_the_unposted_voucher_of_a_closed_period() -> None:
    book = firm()
    (found,) = book.changed(line_of(book, "2026-02") + 1, posted=False).found("P1")
    assert (found.period, found.voucher, found.severity) == ("2026-02", "记-1", "critical")
    assert sentence(found, spoken="en") == "voucher 记-1 is not posted, though 2026-02 is closed"


def test_p1_lets_open_periods_hold_unposted_vouchers() -> None:
    book = firm(closed=3)
    assert book.changed(line_of(book, "2026-04"), posted=False).found("P1") == []


def test_p1_only_warns_where_the_period_is_not_stated_to_be_closed() -> None:
    book = silent(firm())
    assert laws(book.changed(line_of(book, "2026-01"), posted=False).found("P1")) == {
        ("P1", "warning")
    }


def test_p1_passes_over_voided_vouchers() -> None:
    book = firm()
    at = line_of(book, "2026-02")
    changed = book.changed(at, posted=False, voided=True).changed(at + 1, voided=True)
    assert changed.found("P1") == []


def test_p1_names_the_unreviewed_voucher_of_a_closed_period() -> None:
    book = firm()
    (found,) = book.changed(line_of(book, "2026-03"), other=("张", " ")).found("P1")
    assert (found.period, found.voucher, found.severity) == ("2026-03", "记-1", "critical")


def test_p1_says_once_that_a_book_is_never_reviewed() -> None:
    found = replace(firm(), reviewed=None).found("P1")
    assert [(one.severity, one.period) for one in found] == [("warning", None)]


def test_p1_warns_once_a_period_of_vouchers_reviewed_by_who_prepared_them() -> None:
    found = replace(firm(), reviewed="张").found("P1")
    assert laws(found) == {("P1", "warning")}
    assert [(one.period, dict(one.facts)["count"]) for one in found][1:] == [
        ("2026-02", 3),
        ("2026-03", 3),
        ("2026-04", 3),
    ]


def test_p1_asks_nothing_of_a_book_that_does_not_say_who() -> None:
    proof = replace(firm(), reviewed="张").proof()
    assert {one.law for one in proof.violations} == {"P1"}
    assert firm(closed=0).found("P1") == []


def test_p1_counts_what_it_does_not_name() -> None:
    book = replace(firm(months=1, closed=1), table=())
    many = [book.vouchers["2026-01"][1]] * (MOST_VIOLATIONS + 5)
    book = replace(book, vouchers={"2026-01": many})
    for at in range(len(many) * 2):
        book.lines_changed[at] = {"posted": False}
    counts = {(law, period): n for law, period, n in book.proof().violation_counts}
    assert counts["P1", "2026-01"] == MOST_VIOLATIONS + 1


def test_p3_names_the_period_closed_after_an_open_one() -> None:
    (found,) = replace(firm(), states=states(True, False, True, True)).found("P3")[:1]
    assert (found.period, found.severity) == ("2026-03", "critical")
    assert sentence(found, spoken="en") == (
        "the period 2026-03 is closed, but 2026-02 before it is open"
    )


def test_p3_lets_periods_before_the_first_voucher_be_open() -> None:
    before = states(*[False] * 12, year=2025)
    assert replace(firm(), states=(*before, *states(True, True))).found("P3") == []


def test_p3_misses_the_first_period_with_vouchers() -> None:
    assert [one.period for one in replace(firm(), states=states(False, True)).found("P3")] == [
        "2026-02"
    ]


def test_l6_holds_whether_the_balance_table_has_unposted_vouchers_or_not() -> None:
    book = firm(closed=3)
    at = line_of(book, "2026-04")
    unposted = book.changed(at, posted=False).changed(at + 1, posted=False)
    without = replace(book.without_voucher("2026-04", 0), vouchers=book.vouchers)
    assert unposted.found("L6") == []
    assert replace(without, lines_changed=unposted.lines_changed).found("L6") == []


def test_l6_misses_posted_vouchers_in_the_balance_table() -> None:
    book = firm(closed=3)
    without = replace(book.without_voucher("2026-04", 0), vouchers=book.vouchers)
    assert [one.account for one in without.found("L6")] == ["1122", "5001"]
