"""Each law: a ledger that keeps it, one that breaks it, and nothing else is said about it."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.books.chart import parents_of
from baozhang.books.findings import Findings, sentence
from baozhang.books.laws import TEMPLATES, violation
from baozhang.books.model import Violation
from baozhang.books.proof import MOST_VIOLATIONS
from tests.books.making import (
    Row,
    Sample,
    balances_of,
    broken_laws,
    fec_line,
    proof_of,
    sound_fec,
    sound_rows,
    voucher,
    write_cn,
    write_fec,
    write_t3,
)


def found_in(tmp_path: Path, sample: Sample, *, profile: str = "cn_csv") -> tuple[Violation, ...]:
    if profile == "cn_csv":
        return proof_of(profile, write_cn(tmp_path / "cn", sample)).violations
    return proof_of(profile, write_t3(tmp_path / "t3.db", sample)).violations


def with_rows(change: Callable[[list[Row]], object]) -> Sample:
    """A book whose lines are changed and whose balance table follows them."""
    rows = sound_rows()
    change(rows)
    return Sample(rows)


def only(found: tuple[Violation, ...], law: str) -> Violation:
    (one,) = [violation for violation in found if violation.law == law]
    return one


def test_l1_names_the_voucher_and_by_how_much_it_is_off(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[2].debit = 250_001

    found = only(found_in(tmp_path, with_rows(damage)), "L1")
    assert (found.period, found.voucher, found.difference) == ("2026-01", "记-2", 1)
    assert sentence(found, spoken="en") == ("voucher 记-2 of 2026-01 is out of balance by 0.01 CNY")


def test_l1_asks_for_two_lines(tmp_path: Path) -> None:
    rows = [fec_line(Debit="0,00")]
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert "single line" in only(found, "L1").template


def test_l1_leaves_a_voided_voucher_alone(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[5].debit, rows[5].void, rows[6].void = 1, True, True

    found = found_in(tmp_path, with_rows(damage), profile="yonyou_t3")
    assert not broken_laws(found) & {"L1", "L2", "L6"}


def test_l2_names_the_period(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[0].debit = 10_000_007

    found = only(found_in(tmp_path, with_rows(damage)), "L2")
    assert (found.period, found.difference) == ("2026-01", 7)


def test_s1_knows_the_days_of_a_month(tmp_path: Path) -> None:
    rows = [fec_line(EcritureDate="20220230", Debit="1,00"), fec_line(EcritureDate="20220230")]
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert "no calendar" in next(one for one in found if one.law == "S1").template


def test_s1_wants_a_date_inside_its_period(tmp_path: Path) -> None:
    root = write_cn(tmp_path)
    path = root / "凭证2026.csv"
    path.write_bytes(path.read_bytes().replace(b"2026-01-03", b"2026-02-03", 1))
    found = only(proof_of("cn_csv", root).violations, "S1")
    assert (found.voucher, found.period) == ("记-1", "2026-01")


@pytest.mark.parametrize(("date", "sound"), [("2026-12-31", True), ("2026-11-30", False)])
def test_s1_puts_closing_periods_in_december(tmp_path: Path, date: str, sound: bool) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE GL_accvouch SET iperiod = 13, dbill_date = ? WHERE iperiod = 2", (date,))
    assert ("S1" not in broken_laws(proof_of("yonyou_t3", path).violations)) is sound


def test_s2_finds_a_line_that_occurs_twice(tmp_path: Path) -> None:
    found = only(found_in(tmp_path, with_rows(lambda rows: rows.insert(1, rows[0]))), "S2")
    assert (found.voucher, dict(found.facts)["line"]) == ("记-1", 1)


def test_s2_finds_large_line_numbers_too(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[0].line = rows[1].line = 5_000

    assert "S2" in broken_laws(found_in(tmp_path, with_rows(damage)))


def test_s3_finds_an_account_that_the_chart_has_not(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[0].account = "9999"

    found = only(found_in(tmp_path, with_rows(damage)), "S3")
    assert (found.voucher, found.account) == ("记-1", "9999")


def test_s3_refuses_lines_on_an_account_with_others_below(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[0].account = "1002"

    assert "below it" in only(found_in(tmp_path, with_rows(damage)), "S3").template


def test_s3_finds_an_account_whose_parent_is_missing(tmp_path: Path) -> None:
    sample = Sample()
    del sample.chart["1002"]
    found = found_in(tmp_path, sample, profile="yonyou_t3")
    assert {one.account for one in found if one.law == "S3"} == {"100201", "100202"}


def test_s3_wants_an_account_even_without_a_chart(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[0][4] = ""
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert broken_laws(found) == {"S3"}


@pytest.mark.parametrize(
    ("debit", "credit", "words"),
    [(None, 0, "NULL"), (5, 5, "both"), (0, 0, "neither"), (None, 5, "NULL")],
)
def test_s4_wants_exactly_one_side(
    tmp_path: Path, debit: int | None, credit: int, words: str
) -> None:
    def damage(rows: list[Row]) -> None:
        rows[0].debit, rows[0].credit = debit, credit

    found = found_in(tmp_path, with_rows(damage), profile="yonyou_t3")
    assert words in only(found, "S4").template


@pytest.mark.parametrize("damage", ["\ufffd", "锟斤拷", "烫烫烫"])
def test_s5_finds_the_marks_of_a_wrong_decoding(tmp_path: Path, damage: str) -> None:
    rows = sound_fec()
    rows[1][10] = f"facture {damage}"
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert broken_laws(found) == {"S5"}
    assert damage not in sentence(found[0], spoken="en")


def test_s5_finds_damage_in_columns_without_a_field_of_their_own(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[1][1] = "VENTES\ufffd"
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert broken_laws(found) == {"S5"}


def test_s5_finds_codes_in_scientific_notation(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[1][8] = "2.4112E+19"
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert broken_laws(found) == {"S5"}


@pytest.mark.parametrize("text", ["E+ 2026", r"\ufffd", "类E+1", "1E10"])
def test_s5_leaves_sound_texts_alone(tmp_path: Path, text: str) -> None:
    rows = sound_fec()
    rows[1][10] = rows[1][8] = text
    assert proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations == ()


def test_l3_names_a_voucher_that_is_missing(tmp_path: Path) -> None:
    found = only(found_in(tmp_path, with_rows(lambda rows: rows.__delitem__(slice(2, 5)))), "L3")
    assert (found.period, found.voucher) == ("2026-01", "记-2")


def test_l3_tells_several_missing_vouchers_in_one_sentence(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows += voucher(2, 9, 6, ("1122", 1, 0), ("2202", 0, 1))

    found = only(found_in(tmp_path, with_rows(damage)), "L3")
    assert (found.voucher, dict(found.facts)["last"], dict(found.facts)["count"]) == (
        "记-3",
        "记-8",
        6,
    )


def test_l3_wants_numbers_from_one(tmp_path: Path) -> None:
    found = found_in(tmp_path, with_rows(lambda rows: rows.__delitem__(slice(0, 2))))
    assert only(found, "L3").voucher == "记-1"


def test_l3_counts_through_the_year_where_the_profile_says_so(tmp_path: Path) -> None:
    rows = sound_fec()
    for row in rows[3:]:
        row[2] = "VE004"
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).violations
    assert (found[0].law, found[0].period, found[0].voucher) == ("L3", "2022", "VE002")
    assert dict(found[0].facts)["last"] == "VE003"


def test_l3_counts_a_voided_voucher_as_there(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        for row in rows[2:5]:
            row.void = True

    found = found_in(tmp_path, with_rows(damage), profile="yonyou_t3")
    assert "L3" not in broken_laws(found)


def test_l3_counts_each_word_by_itself(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        for row in rows[2:5]:
            row.word, row.number = "收", 1
        for row in rows[5:7]:
            row.number = 2

    assert found_in(tmp_path, with_rows(damage)) == ()


def test_l4_warns_of_a_date_before_the_one_of_a_lower_number(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[5].day = rows[6].day = 9

    found = only(found_in(tmp_path, with_rows(damage)), "L4")
    assert (found.severity, found.voucher) == ("warning", "记-3")
    assert dict(found.facts)["before"] == "记-2"


def test_l4_sorts_vouchers_by_number_not_by_text(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        for number in range(3, 12):
            rows += voucher(2, number, 5 + number, ("1122", 1, 0), ("2202", 0, 1))

    assert found_in(tmp_path, with_rows(damage)) == ()


def test_l4_does_not_mind_the_order_of_the_file(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[7:] = [*rows[9:], *rows[7:9]]
    for row in rows[7:10]:
        row.day = 6
    assert found_in(tmp_path, Sample(rows)) == ()


def test_s0_warns_of_a_book_without_lines(tmp_path: Path) -> None:
    found = proof_of("fec", write_fec(tmp_path / "1FEC.txt", [])).violations
    assert [(one.law, one.severity) for one in found] == [("S0", "warning")]


def with_balances(change: Callable[[list[list[str]]], object]) -> Sample:
    sample = Sample()
    change(sample.balances)
    return sample


JANUARY_1122, FEBRUARY_1122, JANUARY_1002 = 3, 11, 0


def test_l5_recomputes_the_closing_balance(tmp_path: Path) -> None:
    def damage(balances: list[list[str]]) -> None:
        assert balances[FEBRUARY_1122][2] == "1122"
        balances[FEBRUARY_1122][9] = "2,500.00"

    found = only(found_in(tmp_path, with_balances(damage)), "L5")
    assert (found.account, found.period, found.difference) == ("1122", "2026-02", 200)


def test_l6_holds_vouchers_against_the_movements(tmp_path: Path) -> None:
    rows = sound_rows()
    balances = balances_of(rows, Sample().chart)
    rows[2].debit, rows[3].credit = 250_100, 0
    rows[4].credit = 300_100 + 50_000
    rows[3].debit = 100_000
    found = found_in(tmp_path, Sample(rows, balances=balances))
    assert {(one.account, one.difference) for one in found if one.law == "L6"} == {
        ("1122", 100),
        ("100202", 50_000),
        ("5001", 50_100),
    }


def test_l6_finds_an_account_that_the_balance_table_lacks(tmp_path: Path) -> None:
    def damage(balances: list[list[str]]) -> None:
        balances[:] = [row for row in balances if row[2] != "5602"]

    found = found_in(tmp_path, with_balances(damage), profile="yonyou_t3")
    assert ("5602", 120_055) in {(one.account, one.difference) for one in found if one.law == "L6"}


def test_l6_leaves_voided_vouchers_out(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        for row in rows[2:5]:
            row.void = True

    assert found_in(tmp_path, with_rows(damage), profile="yonyou_t3") == ()


def test_l7_holds_an_account_against_those_below_it(tmp_path: Path) -> None:
    def damage(balances: list[list[str]]) -> None:
        assert balances[JANUARY_1002][2] == "1002"
        balances[JANUARY_1002][7] = "100,600.00"
        balances[JANUARY_1002][9] = "100,600.00"

    found = [one for one in found_in(tmp_path, with_balances(damage)) if one.law == "L7"]
    assert {(one.account, one.period, one.difference) for one in found} == {
        ("1002", "2026-01", 10_000)
    }


def test_l8_wants_a_period_to_open_as_the_last_one_closed(tmp_path: Path) -> None:
    def damage(balances: list[list[str]]) -> None:
        balances[FEBRUARY_1122][5] = "2,501.00"
        balances[FEBRUARY_1122][9] = "2,499.00"

    found = only(found_in(tmp_path, with_balances(damage)), "L8")
    assert (found.account, found.period, found.difference) == ("1122", "2026-02", 100)
    assert found.severity == "critical"


def test_l8_only_warns_across_years(tmp_path: Path) -> None:
    rows = voucher(12, 1, 3, ("1122", 100, 0), ("2202", 0, 100))
    sample = Sample(rows)
    opened = [["2027", "1", code, *rest] for _, _, code, *rest in sample.balances]
    for row in opened:
        row[5], row[6] = "", ""
        row[9], row[10] = row[7], row[8]
    sample.balances += opened
    found = [one for one in found_in(tmp_path, sample) if one.law == "L8"]
    assert {one.severity for one in found} == {"warning"}


def test_l9_wants_the_table_to_balance(tmp_path: Path) -> None:
    def damage(balances: list[list[str]]) -> None:
        balances[JANUARY_1122][5] = balances[JANUARY_1122][5] or "1.00"
        balances[JANUARY_1122][9] = "2,501.00"
        balances[FEBRUARY_1122][5], balances[FEBRUARY_1122][9] = "2,501.00", "2,499.00"

    found = [one for one in found_in(tmp_path, with_balances(damage)) if one.law == "L9"]
    assert {(one.period, one.difference) for one in found} == {("2026-01", 100), ("2026-02", 100)}


def test_x1_recomputes_an_invoice_total(tmp_path: Path) -> None:
    sample = Sample()
    sample.invoices[1][7] = "1,030.01"
    found = found_in(tmp_path, sample)
    assert broken_laws(found) == {"X1"}
    assert (found[0].difference, dict(found[0].facts)["row"]) == (-1, 2)


@pytest.mark.parametrize(
    ("number", "laws"),
    [
        ("2.6110E+19", {"X2", "S5"}),
        ("12345678", {"X2"}),
        ("26110000000000000000", {"X2"}),
        ("２6110000000000000009", {"X2"}),
    ],
)
def test_x2_wants_twenty_digits_once(tmp_path: Path, number: str, laws: set[str]) -> None:
    sample = Sample()
    sample.invoices[1][0] = number
    found = found_in(tmp_path, sample)
    assert broken_laws(found) == laws
    assert not [one for one in found if number in sentence(one, spoken="en")]


def test_the_first_violations_of_a_law_are_kept_and_all_are_counted() -> None:
    findings = Findings()
    for number in range(MOST_VIOLATIONS + 5):
        findings.report(violation("L1.single", period="2026-01", voucher=str(number)))
    findings.report(violation("S0"))
    assert len(findings.violations) == MOST_VIOLATIONS + 1
    assert findings.counts == (("L1", "2026-01", MOST_VIOLATIONS + 5), ("S0", "", 1))


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_every_sentence_can_be_said_from_the_facts_alone(key: str) -> None:
    facts = dict.fromkeys(("date", "line", "parent", "last", "count", "before"), "x")
    one = violation(
        key,
        period="2026-01",
        voucher="记-1",
        account="1002",
        difference=-1,
        currency="CNY",
        facts=tuple(facts.items()),
    )
    assert "{" not in sentence(one, spoken="en")


@pytest.mark.parametrize(
    ("codes", "parents"),
    [
        (["1002", "100201", "10020101"], [None, "1002", "100201"]),
        (["1002", "1002001"], [None, "1002"]),
        (["1002", "1002.01", "1002.01.02"], [None, "1002", "1002.01"]),
        (["1002", "1002.1", "1002.10"], [None, "1002", "1002"]),
        (["1001", "2001"], [None, None]),
    ],
)
def test_levels_of_a_chart_are_read_from_its_codes(
    codes: list[str], parents: list[str | None]
) -> None:
    assert list(parents_of(codes).values()) == parents
