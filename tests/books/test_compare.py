"""Holding a restored book against its proof: every damage is found and named closely."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.books.compare import MOST_NAMED, TEMPLATES, compare
from baozhang.books.findings import sentence
from baozhang.books.model import Violation
from baozhang.books.proof import Proof
from tests.books.making import (
    Row,
    Sample,
    balances_of,
    fec_line,
    proof_of,
    sound_fec,
    sound_rows,
    voucher,
    write_cn,
    write_fec,
    write_t3,
)
from tests.books.test_reading import FEC

Cells = list[list[str]]


def t3_pair(tmp_path: Path, change: Callable[[list[Row]], object]) -> tuple[Violation, ...]:
    """Compare a sound database with one whose lines were changed behind its balance table."""
    rows = sound_rows()
    balances = balances_of(rows, Sample().chart)
    change(rows)
    for name in ("source", "restored"):
        (tmp_path / name).mkdir()
    source = write_t3(tmp_path / "source" / "t3.db", Sample(balances=balances))
    restored = write_t3(tmp_path / "restored" / "t3.db", Sample(rows, balances=balances))
    return compare(proof_of("yonyou_t3", source), proof_of("yonyou_t3", restored))


def fec_pair(tmp_path: Path, change: Callable[[Cells], object]) -> tuple[Violation, ...]:
    rows = sound_fec()
    change(rows)
    return compare(
        fec_proof(tmp_path, "source", sound_fec()), fec_proof(tmp_path, "restored", rows)
    )


def fec_proof(tmp_path: Path, folder: str, rows: Cells) -> Proof:
    (tmp_path / folder).mkdir()
    return proof_of("fec", write_fec(tmp_path / folder / "1FEC.txt", rows))


def said(found: tuple[Violation, ...], law: str) -> list[str]:
    return [sentence(one, spoken="en") for one in found if one.law == law]


def critical(found: tuple[Violation, ...]) -> set[str]:
    return {one.law for one in found if one.severity == "critical"}


def test_a_book_equals_itself(tmp_path: Path) -> None:
    assert fec_pair(tmp_path, lambda _: None) == ()


def test_one_cent_of_the_french_ledger_is_named_with_voucher_account_and_amount(
    tmp_path: Path,
) -> None:
    text = next(FEC.glob("*.txt")).read_bytes()
    rows = text.split(b"\r\r\n")
    cells = rows[5_000].split(b"\t")
    side = 11 if cells[11] != b"0,00" else 12
    cells[side] = cells[side][:-1] + (b"1" if cells[side][-1:] == b"0" else b"0")
    rows[5_000] = b"\t".join(cells)
    (tmp_path / next(FEC.glob("*.txt")).name).write_bytes(b"\r\r\n".join(rows))

    found = compare(proof_of("fec", FEC), proof_of("fec", tmp_path))

    named = next(one for one in found if one.law == "F1")
    assert (named.voucher, named.account) == (cells[2].decode(), cells[4].decode())
    assert named.difference is not None
    assert {one.law for one in found} == {"F1", "C1", "N1"}
    assert {one.voucher for one in found if one.law == "C1"} == {named.voucher}


def test_one_minor_unit_is_said_in_words(tmp_path: Path) -> None:
    def damage(rows: Cells) -> None:
        rows[4][12] = "6,06"

    found = fec_pair(tmp_path, damage)
    assert said(found, "F1") == [
        "voucher VE002 of 2022-05 differs from the source: account 706000 by 0.01 EUR"
    ]
    assert said(found, "C1") == [
        "account 706000 in 2022-05: credits differ from the source by 0.01 EUR"
    ]
    assert "voucher VE002 of 2022-05 is out of balance by -0.01 EUR" in said(found, "N1")


def test_one_up_and_one_down_leaves_every_law_whole_and_is_found(tmp_path: Path) -> None:
    def damage(rows: Cells) -> None:
        rows[3][11], rows[4][12] = "6,06", "6,06"

    found = fec_pair(tmp_path, damage)
    assert critical(found) == {"F1", "C1"}
    assert {(one.voucher, one.account, one.difference) for one in found if one.law == "C1"} == {
        ("VE002", "411000", 1),
        ("VE002", "706000", 1),
    }


def test_one_up_and_one_down_on_one_account_is_found_by_the_fingerprint(tmp_path: Path) -> None:
    def damage(rows: Cells) -> None:
        rows[1:2] = [fec_line(Credit="60,00"), fec_line(Credit="40,00")]

    def and_shift(rows: Cells) -> None:
        damage(rows)
        rows[1][12], rows[2][12] = "60,01", "39,99"

    source, restored = sound_fec(), sound_fec()
    damage(source)
    and_shift(restored)
    found = compare(
        fec_proof(tmp_path, "source", source), fec_proof(tmp_path, "restored", restored)
    )
    assert [(one.law, one.voucher) for one in found] == [("F1", "VE001")]


def test_a_swapped_account_shows_on_both_accounts(tmp_path: Path) -> None:
    def damage(rows: Cells) -> None:
        rows[4][4] = "707000"

    found = fec_pair(tmp_path, damage)
    assert said(found, "F1") == ["voucher VE002 of 2022-05 differs from the source"]
    assert {(one.account, one.difference) for one in found if one.law == "C1"} == {
        ("706000", -605),
        ("707000", 605),
    }


@pytest.mark.parametrize("text", ["une autre", "facture ", "", "Facture"])
def test_a_changed_summary_names_its_voucher(tmp_path: Path, text: str) -> None:
    def damage(rows: Cells) -> None:
        rows[3][10] = text

    found = fec_pair(tmp_path, damage)
    assert [(one.law, one.voucher) for one in found] == [("F1", "VE002")]


def test_a_change_in_a_column_without_a_field_of_its_own_is_found(tmp_path: Path) -> None:
    def damage(rows: Cells) -> None:
        rows[3][15] = "20220531"

    assert [(one.law, one.voucher) for one in fec_pair(tmp_path, damage)] == [("F1", "VE002")]


def test_an_empty_text_in_the_place_of_null_is_found(tmp_path: Path) -> None:
    source = write_t3(tmp_path / "t3.db")
    expected = proof_of("yonyou_t3", source)
    with closing(sqlite3.connect(source)) as db, db:
        db.execute("UPDATE GL_accvouch SET csup_id = '' WHERE ino_id = 2 AND iperiod = 1")
    found = compare(expected, proof_of("yonyou_t3", source))
    assert [(one.law, one.voucher) for one in found] == [("F1", "记-2")]


def test_null_in_the_place_of_zero_is_found(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows[0].credit = None

    found = t3_pair(tmp_path, damage)
    assert [(one.law, one.voucher) for one in found] == [("F1", "记-1"), ("N1", "记-1")]
    assert dict(found[1].facts)["law"] == "S4"


def test_a_lost_voucher_is_named_though_everything_still_balances(tmp_path: Path) -> None:
    found = t3_pair(tmp_path, lambda rows: rows.__delitem__(slice(2, 5)))
    assert said(found, "F1") == ["voucher 记-2 of 2026-01 is missing"]
    assert {dict(one.facts)["law"] for one in found if one.law == "N1"} == {"L3", "L6"}
    assert {one.voucher for one in found if one.law == "C1"} == {"记-2"}


def test_the_last_voucher_lost_is_named_though_no_number_is_skipped(tmp_path: Path) -> None:
    found = fec_pair(tmp_path, lambda rows: rows.__delitem__(slice(3, 5)))
    assert said(found, "F1") == ["voucher VE002 of 2022-05 is missing"]
    assert critical(found) == {"F1", "C1"}


def test_a_voucher_that_the_source_had_not_is_named(tmp_path: Path) -> None:
    def damage(rows: list[Row]) -> None:
        rows += voucher(2, 3, 6, ("1122", 1, 0), ("2202", 0, 1))

    assert said(t3_pair(tmp_path, damage), "F1") == [
        "voucher 记-3 of 2026-02 was not in the source"
    ]


def test_a_lost_line_names_voucher_account_and_amount(tmp_path: Path) -> None:
    found = fec_pair(tmp_path, lambda rows: rows.pop(2))
    assert said(found, "F1") == [
        "voucher VE001 of 2022-04 differs from the source: account 445710 by -20.00 EUR"
    ]


def test_a_duplicated_line_is_named_even_without_line_numbers(tmp_path: Path) -> None:
    found = fec_pair(tmp_path, lambda rows: rows.insert(1, rows[0]))
    assert said(found, "F1") == [
        "voucher VE001 of 2022-04 differs from the source: account 411000 by 120.00 EUR"
    ]


def test_a_duplicated_line_of_nothing_is_found_by_its_count(tmp_path: Path) -> None:
    found = fec_pair(tmp_path, lambda rows: rows.insert(2, fec_line(CompteNum="445710")))
    assert said(found, "C1") == ["account 445710 in 2022-04: 2 lines, 1 expected"]


def test_an_empty_table_is_said_to_be_empty(tmp_path: Path) -> None:
    found = fec_pair(tmp_path, lambda rows: rows.clear())
    assert said(found, "F1")[0] == "the table lines is empty (5 rows expected)"
    assert {one.voucher for one in found if one.voucher} == {"VE001", "VE002"}


def test_vouchers_in_another_order_are_found(tmp_path: Path) -> None:
    same_month = (
        fec_line(EcritureNum="VE002", Debit="1,00"),
        fec_line(EcritureNum="VE002", Credit="1,00"),
    )
    source = [*sound_fec()[:3], *same_month]
    restored = [*same_month, *sound_fec()[:3]]
    found = compare(
        fec_proof(tmp_path, "source", source), fec_proof(tmp_path, "restored", restored)
    )
    assert said(found, "F1") == [
        "the vouchers of 2022-04 stand in another order than in the source"
    ]


@pytest.mark.parametrize("place", [0, 2, 4])
def test_a_change_in_any_part_of_a_torn_voucher_names_it(tmp_path: Path, place: int) -> None:
    def torn() -> Cells:
        rows = sound_fec()
        return [rows[0], rows[3], rows[1], rows[4], rows[2]]

    restored = torn()
    restored[place][10] = "une autre"
    found = compare(
        fec_proof(tmp_path, "source", torn()), fec_proof(tmp_path, "restored", restored)
    )
    assert [(one.law, one.voucher) for one in found] == [("F1", "VE001")]


def test_a_change_in_a_voucher_of_two_periods_is_not_taken_for_another_order(
    tmp_path: Path,
) -> None:
    def over_two_months(text: str) -> Cells:
        rows = sound_fec()
        rows[2][3], rows[2][10] = "20220502", text
        return rows

    found = compare(
        fec_proof(tmp_path, "source", over_two_months("a")),
        fec_proof(tmp_path, "restored", over_two_months("b")),
    )
    assert said(found, "F1") == [
        "voucher VE001 of 2022-04 differs from the source",
        "the table lines differs from the source in 2022-05 (3 rows, 3 expected)",
    ]


def test_a_dropped_column_is_named(tmp_path: Path) -> None:
    expected = fec_proof(tmp_path, "source", sound_fec())
    (tmp_path / "restored").mkdir()
    path = write_fec(tmp_path / "restored" / "1FEC.txt", sound_fec())
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines() if line]
    path.write_text("\n".join("\t".join(row[:17]) for row in rows), encoding="utf-8")
    found = compare(expected, proof_of("fec", path))
    assert said(found, "F1")[0] == "the table lines has lost its column Idevise"


def test_a_renamed_column_is_named_twice(tmp_path: Path) -> None:
    expected = fec_proof(tmp_path, "source", sound_fec())
    (tmp_path / "restored").mkdir()
    path = write_fec(tmp_path / "restored" / "1FEC.txt", sound_fec())
    path.write_bytes(path.read_bytes().replace(b"PieceRef", b"Piece", 1))
    assert said(compare(expected, proof_of("fec", path)), "F1") == [
        "the table lines has lost its column PieceRef",
        "the table lines has a column Piece that the source had not",
    ]


@pytest.mark.parametrize(
    ("name", "table"),
    [("科目余额表2026.csv", "balances"), ("发票2026.csv", "invoices")],
)
def test_a_table_that_is_missing_is_named(tmp_path: Path, name: str, table: str) -> None:
    root = write_cn(tmp_path)
    expected = proof_of("cn_csv", root)
    (root / name).unlink()
    found = said(compare(expected, proof_of("cn_csv", root)), "F1")
    assert f"the table {table} is missing" in found


@pytest.mark.parametrize(
    ("name", "old", "new", "words"),
    [
        ("科目余额表2026.csv", "100,500.00", "100,500.01", "the table balances differs"),
        ("科目余额表2026.csv", "工商银行", "工商银行 ", "the table accounts differs"),
        ("发票2026.csv", "正常", "作废", "the table invoices differs"),
    ],
)
def test_a_change_in_another_table_is_named_by_table_and_period(
    tmp_path: Path, name: str, old: str, new: str, words: str
) -> None:
    root = write_cn(tmp_path)
    expected = proof_of("cn_csv", root)
    text = (root / name).read_bytes()
    (root / name).write_bytes(text.replace(old.encode("gb18030"), new.encode("gb18030"), 1))
    found = compare(expected, proof_of("cn_csv", root))
    assert [one for one in said(found, "F1") if words in one]


def test_differing_vouchers_beyond_what_a_person_reads_are_counted(tmp_path: Path) -> None:
    def many(amount: str) -> Cells:
        pairs = (
            (
                fec_line(EcritureNum=f"VE{n:03d}", Debit=amount),
                fec_line(EcritureNum=f"VE{n:03d}", Credit=amount),
            )
            for n in range(1, 61)
        )
        return [line for pair in pairs for line in pair]

    found = compare(
        fec_proof(tmp_path, "source", many("1,00")), fec_proof(tmp_path, "restored", many("2,00"))
    )
    assert len([one for one in found if one.law == "F1" and one.voucher]) == MOST_NAMED
    assert "10 more vouchers differ from the source" in said(found, "F1")
    assert not [one for one in found if one.law == "C1" and one.voucher]


def test_what_the_source_already_broke_is_information_only(tmp_path: Path) -> None:
    def unbalanced(rows: Cells) -> Cells:
        rows[0][11] = "121,00"
        return rows

    source = fec_proof(tmp_path, "source", unbalanced(sound_fec()))
    restored = fec_proof(tmp_path, "restored", unbalanced(sound_fec()))
    found = compare(source, restored)
    assert {one.law for one in found} == {"L1", "L2"}
    assert {one.severity for one in found} == {"info"}


def test_a_law_broken_anew_beside_an_inherited_one_is_critical(tmp_path: Path) -> None:
    source, restored = sound_fec(), sound_fec()
    source[0][11] = restored[0][11] = "121,00"
    restored[4][12] = "6,00"
    found = compare(
        fec_proof(tmp_path, "source", source), fec_proof(tmp_path, "restored", restored)
    )
    assert {one.voucher for one in found if one.law == "L1"} == {"VE001"}
    assert {one.voucher for one in found if one.law == "N1" and one.voucher} == {"VE002"}


def test_more_of_a_law_than_a_proof_keeps_are_not_lost(tmp_path: Path) -> None:
    rows = [fec_line(EcritureNum=f"VE{n:03d}") for n in range(1, 251)]
    source = fec_proof(tmp_path, "source", rows)
    restored = fec_proof(tmp_path, "restored", [*rows, fec_line(EcritureNum="VE251")])
    assert source.violation_counts[0] == ("L1", "2022-04", 250)
    more = [one for one in compare(source, restored) if one.template == TEMPLATES["N1.more"]]
    assert {dict(one.facts)["law"] for one in more} == {"L1", "S4"}


@pytest.mark.parametrize("field", ["name", "profile", "currency", "numbering"])
def test_another_book_is_told_from_this_one(tmp_path: Path, field: str) -> None:
    proof = fec_proof(tmp_path, "source", sound_fec())
    other = replace(proof, book=replace(proof.book, **{field: "none"}))
    (found,) = compare(proof, other)
    assert (found.law, found.severity) == ("I1", "critical")
    assert "none" in sentence(found, spoken="en")


def test_a_book_that_was_not_restored_is_said_to_be_missing(tmp_path: Path) -> None:
    (found,) = compare(fec_proof(tmp_path, "source", sound_fec()), None)
    assert (found.law, found.severity) == ("I1", "critical")


def test_a_root_that_nothing_explains_is_still_critical(tmp_path: Path) -> None:
    proof = fec_proof(tmp_path, "source", sound_fec())
    (found,) = compare(proof, replace(proof, root="00"))
    assert (found.law, found.severity) == ("F1", "critical")
