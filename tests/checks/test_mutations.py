"""Damage done on purpose: each kind is caught, and by the layer and law that should catch it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from baozhang.books.model import Line
from baozhang.books.taking import take_proof
from checks import LedgerVerdict, judge_ledger
from tests.checks.memory import CHART, MemoryLedger, ledger, line

CLEAN = ledger()
MARKUP = "<img src=x onerror=alert(1)>"


def judge(source: MemoryLedger, restored: MemoryLedger) -> LedgerVerdict:
    verdict = judge_ledger(take_proof(source), restored)
    assert not any("disagree" in finding.template for finding in verdict.findings)
    return verdict


def broken(verdict: LedgerVerdict) -> set[tuple[str, str]]:
    """Return the layers and rules that something broke anew."""
    return {(one.layer, one.rule) for one in verdict.rules if one.unexpected}


def lose(source: MemoryLedger, lost: Callable[[Line], bool]) -> LedgerVerdict:
    return judge(source, source.without(lost))


def of_voucher(number: str, at: int | None = None) -> Callable[[Line], bool]:
    """Tell lines of voucher 记-`number` of February, or one of them."""
    return lambda one: one.period == "2026-02" and one.number == number and at in {None, one.line}


def test_the_clean_ledger_passes_with_everything_evaluated() -> None:
    verdict = judge(CLEAN, CLEAN)
    assert (verdict.outcome, broken(verdict), verdict.findings) == ("pass", set(), ())
    assert verdict.evaluated == verdict.planned > 50


def test_the_verdict_carries_the_restored_figures() -> None:
    verdict = judge(CLEAN, CLEAN)
    total = sum(one.debit or 0 for one in CLEAN.rows)
    assert (verdict.lines, verdict.vouchers) == (36, 18)
    assert (verdict.debit, verdict.credit, verdict.currency) == (total, total, "CNY")


def test_one_minor_unit_is_caught_by_fingerprint_totals_and_the_balance_of_its_voucher() -> None:
    verdict = judge(CLEAN, CLEAN.changed(0, debit=104_902))
    assert verdict.outcome == "fail"
    assert broken(verdict) == {("L0", "F1"), ("L1", "C1"), ("L2", "L1"), ("L2", "L2")}


def test_one_minor_unit_is_named_by_voucher_account_and_difference() -> None:
    findings = judge(CLEAN, CLEAN.changed(0, debit=104_902)).findings
    assert {one.voucher for one in findings} >= {"记-1"}
    assert {(one.account, one.difference) for one in findings} >= {("1002", 1)}


def test_a_pair_that_keeps_every_sum_is_caught_by_the_fingerprint_alone() -> None:
    up = CLEAN.changed(0, debit=104_902).changed(1, credit=104_902)
    verdict = judge(CLEAN, up.changed(4, debit=104_902).changed(5, credit=104_902))
    assert verdict.outcome == "fail"
    assert broken(verdict) == {("L0", "F1")}


def test_a_lost_line_is_caught_by_the_totals_and_by_its_voucher() -> None:
    verdict = lose(CLEAN, of_voucher("3", at=2))
    assert verdict.outcome == "fail"
    assert broken(verdict) >= {("L0", "F1"), ("L1", "C1"), ("L2", "L1")}


def test_a_lost_voucher_is_caught_by_the_gap_it_leaves() -> None:
    verdict = lose(CLEAN, of_voucher("3"))
    assert verdict.outcome == "fail"
    assert broken(verdict) == {("L0", "F1"), ("L1", "C1"), ("L2", "L3")}


def test_a_lost_last_voucher_leaves_no_gap_and_is_caught_by_the_totals() -> None:
    verdict = lose(CLEAN, of_voucher("6"))
    assert verdict.outcome == "fail"
    assert broken(verdict) == {("L0", "F1"), ("L1", "C1")}


def test_a_duplicated_line_is_caught_by_both_laws_of_uniqueness() -> None:
    rows = (*CLEAN.rows[:3], *CLEAN.rows[2:])
    verdict = judge(CLEAN, replace(CLEAN, rows=rows))
    assert verdict.outcome == "fail"
    assert broken(verdict) >= {("L0", "F1"), ("L1", "C1"), ("L2", "S2"), ("rows", "S2")}


def test_a_swapped_account_is_caught_by_the_totals_while_every_voucher_balances() -> None:
    verdict = judge(CLEAN, CLEAN.changed(0, account="1122"))
    assert verdict.outcome == "fail"
    assert broken(verdict) == {("L0", "F1"), ("L1", "C1")}


def test_an_account_outside_the_chart_is_caught_row_by_row() -> None:
    verdict = judge(CLEAN, CLEAN.changed(0, account="9999"))
    assert broken(verdict) >= {("L2", "S3"), ("rows", "S3")}


def test_an_account_lost_from_the_chart_is_caught_by_the_lines_that_use_it() -> None:
    verdict = judge(CLEAN, replace(CLEAN, chart=CHART[1:]))
    assert verdict.outcome == "fail"
    assert broken(verdict) == {("L0", "F1"), ("L2", "S3"), ("rows", "S3")}


def test_a_null_debit_is_caught_by_law_and_row() -> None:
    verdict = judge(CLEAN, CLEAN.changed(1, debit=None))
    assert verdict.outcome == "fail"
    assert broken(verdict) >= {("L0", "F1"), ("L2", "S4"), ("rows", "S4")}


def test_an_empty_text_for_null_is_caught_by_the_fingerprint_alone() -> None:
    verdict = judge(CLEAN, CLEAN.changed(0, party=""))
    assert (verdict.outcome, broken(verdict)) == ("fail", {("L0", "F1")})


def test_a_trailing_space_is_caught_by_the_fingerprint_alone() -> None:
    verdict = judge(CLEAN, CLEAN.changed(0, summary="收到货款 1 "))
    assert (verdict.outcome, broken(verdict)) == ("fail", {("L0", "F1")})


def test_an_empty_table_fails() -> None:
    verdict = judge(CLEAN, replace(CLEAN, rows=()))
    assert (verdict.outcome, verdict.lines) == ("fail", 0)
    assert broken(verdict) >= {("L0", "F1"), ("L1", "C1"), ("L2", "S0")}


def test_a_chart_that_came_back_empty_fails() -> None:
    verdict = judge(CLEAN, replace(CLEAN, chart=()))
    assert (verdict.outcome, ("L0", "F1") in broken(verdict)) == ("fail", True)


def test_rows_where_the_source_had_none_fail() -> None:
    assert judge(replace(CLEAN, rows=()), CLEAN).outcome == "fail"


def test_a_dropped_column_is_caught_by_the_fingerprint() -> None:
    columns = {**CLEAN.book.columns, "lines": CLEAN.book.columns["lines"][:-1]}
    verdict = judge(CLEAN, replace(CLEAN, book=replace(CLEAN.book, columns=columns)))
    assert (verdict.outcome, ("L0", "F1") in broken(verdict)) == ("fail", True)


def test_a_dropped_table_is_caught_by_the_fingerprint() -> None:
    columns = {"lines": CLEAN.book.columns["lines"]}
    restored = replace(CLEAN, book=replace(CLEAN.book, columns=columns), chart=())
    verdict = judge(CLEAN, restored)
    assert (verdict.outcome, ("L0", "F1") in broken(verdict)) == ("fail", True)


def test_another_currency_is_caught_by_the_identity() -> None:
    restored = replace(CLEAN, book=replace(CLEAN.book, currency="HKD"))
    assert ("L0", "I1") in broken(judge(CLEAN, restored))


@pytest.fixture(scope="module")
def wide() -> MemoryLedger:
    """A book of 300 accounts, each with a voucher of its own."""
    chart = tuple(CHART[0]._replace(code=str(1000 + n)) for n in range(300))
    rows = tuple(
        line("2026-01", n + 1, at, str(1000 + n), debit, credit)
        for n in range(300)
        for at, debit, credit in ((1, 500 + n, 0), (2, 0, 500 + n))
    )
    return MemoryLedger(CLEAN.book, rows, chart)


@pytest.fixture(scope="module")
def riddled(wide: MemoryLedger) -> LedgerVerdict:
    """The verdict when each of the 300 accounts is off by one."""
    rows = tuple(one._replace(debit=one.debit + 1) if one.debit else one for one in wide.rows)
    return judge(wide, replace(wide, rows=rows))


def test_of_three_hundred_damaged_totals_every_one_is_counted(riddled: LedgerVerdict) -> None:
    counted = {one.rule: one.unexpected for one in riddled.rules if one.layer == "L1"}
    assert counted == {"C1": 300}


def test_more_than_two_hundred_damages_fail_and_are_named_up_to_the_limit(
    riddled: LedgerVerdict,
) -> None:
    assert (riddled.outcome, len(riddled.findings)) == ("fail", 200)


@pytest.mark.parametrize(
    "amount", [9_007_199_254_740_993, 90_000_000_000_000_01, 2**62, 10**25], ids=str
)
def test_one_minor_unit_is_seen_at_any_size(amount: int) -> None:
    huge = ledger(periods=1, vouchers=4, amount=amount)
    verdict = judge(huge, huge.changed(0, debit=huge.rows[0].debit + 1))  # type: ignore[operator]
    assert broken(verdict) >= {("L0", "F1"), ("L1", "C1"), ("L2", "L1")}


def test_a_clean_ledger_beyond_64_bits_passes() -> None:
    huge = ledger(periods=1, vouchers=4, amount=2**62)
    verdict = judge(huge, huge)
    assert (verdict.outcome, verdict.debit > 2**63) == ("pass", True)


def test_markup_in_a_summary_and_a_column_name_is_no_alarm_and_never_shown() -> None:
    columns = {**CLEAN.book.columns, "lines": (*CLEAN.book.columns["lines"], MARKUP)}
    source = replace(CLEAN, book=replace(CLEAN.book, columns=columns)).changed(0, summary=MARKUP)
    verdict = judge(source, source)
    assert (verdict.outcome, "onerror" in repr(verdict)) == ("pass", False)


def test_markup_that_came_into_a_summary_fails_and_is_never_shown() -> None:
    verdict = judge(CLEAN, CLEAN.changed(0, summary=MARKUP))
    assert (verdict.outcome, "onerror" in repr(verdict)) == ("fail", False)


def test_what_the_source_broke_already_is_inherited() -> None:
    source = CLEAN.changed(0, debit=104_902).changed(3, debit=None)
    verdict = judge(source, source)
    assert verdict.outcome == "pass"
    inherited = {(one.layer, one.rule): one.inherited for one in verdict.rules if one.inherited}
    assert inherited == {("L2", "L1"): 1, ("L2", "L2"): 1, ("L2", "S4"): 1, ("rows", "S4"): 1}


def test_one_violation_more_than_the_source_had_fails() -> None:
    source = CLEAN.changed(0, debit=104_902)
    verdict = judge(source, source.changed(4, debit=7))
    assert (verdict.outcome, ("L2", "L1") in broken(verdict)) == ("fail", True)


def test_a_law_the_proof_had_not_counted_fails_though_the_rows_are_the_same() -> None:
    source = CLEAN.changed(0, debit=104_902)
    silent = replace(take_proof(source), violations=(), violation_counts=())
    verdict = judge_ledger(silent, source)
    assert (verdict.outcome, broken(verdict)) == ("fail", {("L2", "L1"), ("L2", "L2")})


def test_a_law_that_is_broken_less_than_in_the_proof_is_no_alarm() -> None:
    proof = take_proof(CLEAN)
    verdict = judge_ledger(replace(proof, violation_counts=(("L1", "2026-01", 3),)), CLEAN)
    assert (verdict.outcome, broken(verdict)) == ("pass", set())


def test_a_root_that_is_not_the_proofs_fails() -> None:
    verdict = judge_ledger(replace(take_proof(CLEAN), root="0" * 64), CLEAN)
    assert (verdict.outcome, broken(verdict)) == ("fail", {("L0", "F1")})


def test_a_book_without_any_row_is_not_called_proven() -> None:
    nothing = MemoryLedger(CLEAN.book, (), ())
    assert judge(nothing, nothing).outcome == "inconclusive"


class Unsteady(MemoryLedger):
    """A ledger that loses its last line between two readings."""

    def lines(self) -> Iterator[Line]:
        yield from super().lines()
        object.__setattr__(self, "rows", self.rows[:-1])


def test_eight_threads_with_good_and_damaged_ledgers_get_their_own_verdicts() -> None:
    proof, damaged = take_proof(CLEAN), CLEAN.changed(0, debit=104_902)

    def outcome(turn: int) -> str:
        return judge_ledger(proof, damaged if turn % 2 else CLEAN).outcome

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(outcome, range(8)))
    assert found == ["pass", "fail"] * 4


def test_a_ledger_that_changes_between_two_readings_fails() -> None:
    source = CLEAN.changed(0, debit=None)  # an inherited fault: its lines are read once more
    verdict = judge_ledger(take_proof(source), Unsteady(source.book, source.rows, source.chart))
    assert (verdict.outcome, broken(verdict)) == ("fail", {("rows", "S1")})
    assert "disagree" in verdict.findings[0].template


def test_the_lines_of_a_sound_ledger_are_read_once() -> None:
    restored = Unsteady(CLEAN.book, CLEAN.rows, CLEAN.chart)
    assert judge_ledger(take_proof(CLEAN), restored).outcome == "pass"
    assert len(restored.rows) == len(CLEAN.rows) - 1
