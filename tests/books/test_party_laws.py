"""L5 and L8 over subsidiary balances."""

from dataclasses import replace

from baozhang.books.findings import sentence
from baozhang.books.model import PartyBalance, Violation
from tests.books.closing import firm


def part(period: str, party: str, opening: int, debit: int, closing: int) -> PartyBalance:
    return PartyBalance(period, "1122", party, opening, debit, 0, closing, ())


SOUND = (
    part("2026-01", "甲", 0, 30, 30),
    part("2026-01", "乙", 0, 0, 0),
    part("2026-02", "甲", 30, 5, 35),
    part("2026-02", "丙", 0, 7, 7),
)


def broken(*rows: PartyBalance) -> list[Violation]:
    proof = replace(firm(), parties=rows).proof()
    return [one for one in proof.violations if one.template.find("subsidiary in row") >= 0]


def test_sound_parts_break_nothing_and_are_fingerprinted_by_period() -> None:
    proof = replace(firm(), parties=SOUND).proof()
    assert broken(*SOUND) == []
    assert [(one.period, one.rows) for one in proof.chunks if one.table == "parties"] == [
        ("2026-01", 2),
        ("2026-02", 2),
    ]


def test_l5_names_the_row_whose_closing_does_not_follow() -> None:
    (found,) = broken(*SOUND[:3], part("2026-02", "丙", 0, 7, 8))
    assert (found.law, found.account, found.difference) == ("L5", "1122", 1)
    assert "in row 4 is off by 0.01 CNY" in sentence(found, spoken="en")


def test_l8_names_the_row_that_opens_otherwise_than_it_closed() -> None:
    (found,) = broken(*SOUND[:2], part("2026-02", "甲", 31, 5, 36), SOUND[3])
    assert (found.law, found.period, found.difference) == ("L8", "2026-02", 1)
    assert "row 3 opens 2026-02" in sentence(found, spoken="en")


def test_l8_misses_a_part_that_is_gone_with_its_balance() -> None:
    (found,) = broken(*SOUND[:2], SOUND[3])
    assert (found.law, found.difference, found.severity) == ("L8", -30, "critical")


def test_l8_lets_a_part_without_a_balance_go() -> None:
    assert broken(SOUND[0], SOUND[1], SOUND[2]) == []


def test_l8_does_not_compare_periods_that_are_no_neighbours() -> None:
    assert broken(SOUND[0], part("2026-03", "甲", 99, 0, 99)) == []


def test_no_party_is_ever_named() -> None:
    assert "甲" not in repr(broken(*SOUND[:2], part("2026-02", "甲", 31, 5, 37)))


def test_rows_split_by_currency_are_one_part() -> None:
    rows = (part("2026-01", "甲", 0, 30, 30), part("2026-01", "甲", 0, 4, 4))
    assert broken(*rows, part("2026-02", "甲", 34, 0, 34)) == []
