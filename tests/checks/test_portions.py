"""Portions: restored lines judged by their different values."""

import pytest

from baozhang.books.taking import take_proof
from checks import portions
from checks.portions import Portions
from tests.checks.memory import CHART, MemoryLedger, ledger

CODES = {account.code for account in CHART}
CLEAN = ledger(periods=3, vouchers=4)


def seen(book: MemoryLedger, accounts: set[str] = CODES, currency: str = "CNY") -> Portions:
    found = Portions(accounts, currency)
    take_proof(book, watch=found.see)
    return found


def test_a_sound_ledger_holds_for_every_rule_over_all_of_its_lines() -> None:
    found = seen(CLEAN).results()
    assert found is not None
    assert {(one.rule, one.state, one.rows) for one in found} == {
        (rule, "held", len(CLEAN.rows)) for rule in ("S1", "S2", "S3", "S4")
    }


@pytest.mark.parametrize(
    "values",
    [
        {"date": "2026-13-01"},
        {"date": "2026-01-05 10:00:00"},
        {"account": "9999"},
        {"account": None},
        {"currency": "USD"},
        {"debit": None},
        {"credit": None},
        {"line": 9},
    ],
)
def test_one_line_that_does_not_hold_leaves_all_open(values: dict[str, object]) -> None:
    assert seen(CLEAN.changed(1, **values)).results() is None


def test_a_line_that_occurs_twice_leaves_all_open() -> None:
    assert seen(CLEAN.changed(1, line=1)).results() is None


def test_a_voucher_that_occurs_twice_leaves_all_open() -> None:
    twice = MemoryLedger(CLEAN.book, (*CLEAN.rows, *CLEAN.rows[:2]), CHART)
    assert seen(twice).results() is None


def test_without_a_chart_every_account_is_known() -> None:
    assert seen(CLEAN.changed(1, account="9999"), accounts=set()).results() is not None


def test_a_period_that_comes_back_after_its_portion_leaves_all_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(portions, "PORTION", 1)
    again = CLEAN.rows[0]._replace(number="99"), CLEAN.rows[1]._replace(number="99")
    mixed = MemoryLedger(CLEAN.book, (*CLEAN.rows, *again), CHART)
    assert seen(mixed).results() is None


def test_portions_are_whole_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portions, "PORTION", 1)
    found = seen(CLEAN).results()
    assert found is not None
    assert len([one for one in found if one.check == "S2 once"]) == 3


def test_a_ledger_without_lines_has_nothing_judged() -> None:
    assert seen(MemoryLedger(CLEAN.book, (), CHART)).results() == []
