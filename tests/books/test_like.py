"""A restored book is judged as its source was, by whatever release took the proof."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.books.coding import decode_proof, encode_proof
from baozhang.books.compare import compare
from baozhang.books.model import Balance, PartyBalance
from baozhang.books.proof import LAWS, Closed, Proof
from baozhang.books.proving import compare_books
from baozhang.books.taking import take_proof
from tests.books.closing import firm
from tests.books.making import the_book

VECTORS = Path(__file__).parents[1] / "vectors" / "proofs-format-1"
PROFILES = ("cn_csv", "fec", "yonyou_t3")


def first_format(profile: str) -> Proof:
    return decode_proof((VECTORS / f"{profile}.proof.json").read_bytes())


def critical(expected: Proof, found: Proof) -> list[str]:
    return [one.law for one in compare(expected, found) if one.severity == "critical"]


@pytest.mark.parametrize("profile", PROFILES)
def test_a_proof_of_the_first_format_is_read(profile: str) -> None:
    proof = first_format(profile)
    assert (proof.laws, proof.standard, proof.closed, proof.book.owner) == (1, "other", (), None)
    assert proof.line_count in {5, 12}


@pytest.mark.parametrize("profile", PROFILES)
def test_a_book_passes_against_its_proof_of_the_first_format(profile: str) -> None:
    expected = first_format(profile)
    restored = take_proof(the_book(profile, VECTORS / profile), like=expected)
    assert restored.root == expected.root
    found = compare(expected, restored)
    assert [one.severity for one in found] == ["info"] * len(expected.violations)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_command_proves_a_book_against_its_proof_of_the_first_format(profile: str) -> None:
    proof = (VECTORS / f"{profile}.proof.json").read_bytes()
    (found,) = compare_books({"book": proof}, VECTORS / profile).values()
    assert {one.severity for one in found} <= {"info"}


def test_a_table_that_the_first_format_did_not_know_is_passed_over(tmp_path: Path) -> None:
    shutil.copytree(VECTORS / "cn_csv", tmp_path / "cn")
    (tmp_path / "cn/book/期间2026.csv").write_text(
        "会计年度,会计期间,结账\r\n2026,1,是\r\n", encoding="gb18030", newline=""
    )
    book = the_book("cn_csv", tmp_path / "cn")
    assert "periods" in take_proof(book).book.columns
    expected = first_format("cn_csv")
    assert critical(expected, take_proof(book, like=expected)) == []


def test_a_proof_of_the_first_format_still_finds_what_changed(tmp_path: Path) -> None:
    shutil.copytree(VECTORS / "fec", tmp_path / "fec")
    (file,) = (tmp_path / "fec").glob("*.txt")
    file.write_bytes(file.read_bytes().replace(b"120,00", b"120,01"))
    expected = first_format("fec")
    found = take_proof(the_book("fec", tmp_path / "fec"), like=expected)
    assert {"F1", "C1", "N1"} <= {*critical(expected, found)}


def test_a_decoded_proof_of_the_first_format_is_written_in_the_present_one() -> None:
    proof = first_format("cn_csv")
    assert decode_proof(encode_proof(proof)) == proof


def test_a_proof_says_which_laws_and_which_standard_it_was_held_to() -> None:
    proof = decode_proof(encode_proof(firm("asbe", closed=1).proof()))
    assert (proof.laws, proof.standard) == (LAWS, "asbe")
    assert proof.closed == (Closed("2026-01", True),)
    assert proof.book.roles == {"prepared": 0, "reviewed": 1}


def test_a_restored_book_is_judged_by_the_standard_of_its_proof() -> None:
    book = firm("sbe")
    expected = book.proof("sbe")
    assert take_proof(book, standard="asbe", like=expected).standard == "sbe"


def test_a_side_table_that_the_source_was_not_read_with_is_passed_over() -> None:
    expected = firm().proof()
    part = PartyBalance("2026-01", "1122", "甲", 0, 1, 0, 2, ())
    restored = take_proof(replace(firm(), parties=(part,)), like=expected)
    assert compare(expected, restored) == ()


def test_a_side_table_that_is_gone_is_missed() -> None:
    expected = firm().proof()
    restored = take_proof(replace(firm(), states=()), like=expected)
    assert "the table {table} is missing" in {one.template for one in compare(expected, restored)}


def test_roles_and_owner_that_the_source_was_not_read_with_are_passed_over() -> None:
    source = firm().proof()
    expected = replace(source, book=replace(source.book, roles={}, owner=None))
    restored = replace(firm(), reviewed="张", owner="91330106MA2CF1L35X")
    found = take_proof(restored, like=expected)
    assert (found.book.roles, found.book.owner, found.violations) == ({}, None, ())


def test_laws_that_the_first_release_did_not_hold_are_not_held_now() -> None:
    book = firm().changed(0, posted=False)
    source = replace(book.proof("other"), laws=1, violations=(), violation_counts=())
    assert [one.law for one in book.proof("other").violations] == ["P1"]
    assert take_proof(book, like=source).violations == ()


def test_the_first_release_did_not_look_at_the_days_beside_the_lines() -> None:
    table = (*firm().table, Balance("2026-99", "1002", 0, 0, 0, 0, ()))
    book = replace(firm(), table=table)
    source = replace(book.proof("other"), laws=1, violations=(), violation_counts=())
    assert "S1" in {one.law for one in book.proof("other").violations}
    assert "S1" not in {one.law for one in take_proof(book, like=source).violations}
