"""Taking a proof: what is fingerprinted, summed and marked, and that it is always the same."""

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.books.blocks import blocks_of, passages, voucher_name
from baozhang.books.canonical import LinePrinter, canonical, mark_of, root_of
from baozhang.books.coding import decode_proof, encode_proof
from baozhang.books.model import Book, Line, Violation
from baozhang.books.proof import Chunk, Proof, Total, VoucherMarks
from baozhang.books.taking import take_proof
from baozhang.errors import BaozhangError, CorruptObjectError, NewerFormatError
from tests.books.making import (
    Sample,
    proof_of,
    sound_fec,
    sound_rows,
    the_book,
    write_cn,
    write_fec,
    write_t3,
)
from tests.books.test_reading import FEC
from tests.checks.memory import HEAD, MemoryLedger

texts = st.none() | st.text(max_size=12)
lines = st.builds(
    Line,
    *[st.text(max_size=6)] * 4,
    st.integers(1, 10**6),
    st.text(max_size=10),
    *[texts] * 4,
    st.text(max_size=3),
    *[st.none() | st.integers()] * 2,
    *[st.none() | st.booleans()] * 2,
    st.lists(texts, max_size=4).map(tuple),
)


@given(lines)
@settings(max_examples=200)
def test_a_printed_line_is_its_canonical_json(line: Line) -> None:
    (passage,) = passages(blocks_of(MemoryLedger(HEAD, (line,))))
    text = LinePrinter().printed(passage).text
    assert text.decode("ascii") == f"{json.dumps(line, separators=(',', ':'))}\n"


@given(lines)
@settings(max_examples=100)
def test_canonical_text_is_ascii_in_one_line_and_reads_back(line: Line) -> None:
    text = canonical(line)
    assert text.isascii()
    assert "\n" not in text
    assert json.loads(text) == [*line[:-1], [*line.other]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([""], [None]),
        (["1"], [1]),
        (["a", ""], ["a"]),
        (["a "], ["a"]),
        ([["a"], "b"], [["a", "b"]]),
    ],
)
def test_rows_that_differ_have_canonical_texts_that_differ(
    one: list[object], other: list[object]
) -> None:
    assert canonical(one) != canonical(other)


def test_the_french_ledger_is_sound_and_sums_to_the_cent() -> None:
    proof = proof_of("fec", FEC)
    assert (proof.line_count, proof.voucher_count) == (10_756, 4_001)
    assert (proof.debit, proof.credit) == (825_808_373, 825_808_373)
    assert proof.violations == ()


def test_a_sound_book_of_every_profile_breaks_no_law(tmp_path: Path) -> None:
    roots = {
        "cn_csv": write_cn(tmp_path / "cn"),
        "yonyou_t3": write_t3(tmp_path / "t3.db"),
        "fec": write_fec(tmp_path / "1FEC.txt", sound_fec()),
    }
    assert {name: proof_of(name, root).violations for name, root in roots.items()} == dict.fromkeys(
        roots, ()
    )


def test_a_chunk_is_the_hash_of_its_rows_as_json_lines(tmp_path: Path) -> None:
    book = the_book("cn_csv", write_cn(tmp_path))
    rows = [json.dumps(line, separators=(",", ":")) for line in book.lines()]
    january = "".join(f"{row}\n" for row in rows if '"2026-01"' in row)
    chunks = {(chunk.table, chunk.period): chunk for chunk in take_proof(book).chunks}
    found = chunks["lines", "2026-01"]
    assert found.rows == 7
    assert found.sha256 == hashlib.sha256(january.encode()).hexdigest()


def test_every_table_and_the_columns_have_their_chunks(tmp_path: Path) -> None:
    chunks = proof_of("cn_csv", write_cn(tmp_path)).chunks
    assert [(chunk.table, chunk.period, chunk.rows) for chunk in chunks] == [
        ("accounts", "", 8),
        ("balances", "2026-01", 8),
        ("balances", "2026-02", 8),
        ("columns", "", 4),
        ("invoices", "2026-01", 3),
        ("lines", "2026-01", 7),
        ("lines", "2026-02", 5),
    ]


def test_the_root_covers_every_chunk_in_whatever_order() -> None:
    one, other = Chunk("lines", "2026-01", 1, "aa"), Chunk("lines", "2026-02", 1, "bb")
    assert root_of([one, other]) == root_of([other, one])
    assert root_of([one]) != root_of([one, other])
    assert root_of([one]) == hashlib.sha256(b"lines\t2026-01\t1\taa\n").hexdigest()


def test_a_mark_is_the_first_four_bytes_of_a_voucher_s_rows(tmp_path: Path) -> None:
    book = the_book("fec", write_fec(tmp_path / "1FEC.txt", sound_fec()))
    second = "".join(f"{canonical(line)}\n" for line in book.lines() if line.number == "VE002")
    marks = take_proof(book).vouchers[1]
    assert marks.vouchers == ("VE002",)
    assert marks.marks == (hashlib.sha256(second.encode()).hexdigest()[:8],)


def test_a_torn_voucher_has_one_mark_over_all_its_parts() -> None:
    assert mark_of(b"b\n", mark_of(b"a\n")) != mark_of(b"b\n")
    assert mark_of(b"b\n", mark_of(b"a\n")) != mark_of(b"b\n", mark_of(b"c\n"))


def test_a_torn_voucher_is_one_voucher_and_balances(tmp_path: Path) -> None:
    rows = sound_fec()
    torn = [rows[0], rows[3], rows[1], rows[4], rows[2]]
    proof = proof_of("fec", write_fec(tmp_path / "1FEC.txt", torn))
    assert proof.voucher_count == 2
    assert proof.violations == ()


def test_totals_are_kept_per_period_and_account(tmp_path: Path) -> None:
    totals = proof_of("fec", write_fec(tmp_path / "1FEC.txt", sound_fec())).totals
    assert totals == (
        Total("2022-04", "411000", 1, 12_000, 0),
        Total("2022-04", "445710", 1, 0, 2_000),
        Total("2022-04", "706000", 1, 0, 10_000),
        Total("2022-05", "411000", 1, 605, 0),
        Total("2022-05", "706000", 1, 0, 605),
    )


def test_sums_are_exact_beyond_what_a_float_holds(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[0][11] = rows[1][12] = "90071992547409,93"
    rows[2][12] = "0,00"
    assert proof_of("fec", write_fec(tmp_path / "1FEC.txt", rows)).debit == 9_007_199_254_741_598


@pytest.mark.parametrize(
    ("word", "number", "name"),
    [("记", "12", "记-12"), ("", "12", "12"), ("VE", "VE001", "VE001"), ("收", "0007", "收-0007")],
)
def test_a_voucher_is_called_as_people_call_it(word: str, number: str, name: str) -> None:
    assert voucher_name(word, number) == name


def test_progress_is_told_in_rows_read(tmp_path: Path) -> None:
    told: list[int] = []
    take_proof(the_book("cn_csv", write_cn(tmp_path)), tell=told.append)
    assert told == [12 + 8 + 16 + 3]


def test_taking_the_same_proof_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    root = write_cn(tmp_path)
    assert encode_proof(proof_of("cn_csv", root)) == encode_proof(proof_of("cn_csv", root))


def test_a_proof_with_violations_reads_back(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[0].debit = 10_000_001
    proof = proof_of("cn_csv", write_cn(tmp_path, Sample(rows, balances=Sample().balances)))
    assert proof.violations
    assert decode_proof(encode_proof(proof)) == proof


words = st.text(max_size=8)
whole = st.integers(-(10**18), 10**18)
proofs = st.builds(
    Proof,
    book=st.builds(
        Book,
        name=words,
        profile=words,
        currency=words,
        numbering=st.sampled_from(["month", "year", "none"]),
        columns=st.fixed_dictionaries(
            {}, optional={"lines": st.lists(words).map(tuple), "invoices": st.just(("a",))}
        ),
    ),
    root=words,
    chunks=st.lists(st.builds(Chunk, st.just("columns"), words, whole, words), max_size=3).map(
        tuple
    ),
    totals=st.lists(st.builds(Total, words, words, whole, whole, whole), max_size=3).map(tuple),
    vouchers=st.lists(
        st.lists(st.tuples(words, words), max_size=3).flatmap(
            lambda pairs: st.builds(
                VoucherMarks,
                words,
                st.just(tuple(name for name, _ in pairs)),
                st.just(tuple(mark for _, mark in pairs)),
            )
        ),
        max_size=2,
    ).map(tuple),
    violations=st.lists(
        st.builds(
            Violation,
            words,
            st.sampled_from(["critical", "warning", "info"]),
            words,
            *[st.none() | words] * 3,
            st.none() | whole,
            st.none() | words,
            st.lists(st.tuples(words, words | whole), max_size=2).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    violation_counts=st.lists(st.tuples(words, words, whole), max_size=3).map(tuple),
)


@given(proofs)
@settings(max_examples=100)
def test_any_proof_reads_back_as_it_was_written(proof: Proof) -> None:
    encoded = encode_proof(proof)
    assert decode_proof(encoded) == proof
    assert encode_proof(decode_proof(encoded)) == encoded


def damaged(tmp_path: Path, **fields: object) -> bytes:
    proof = proof_of("fec", write_fec(tmp_path / "1FEC.txt", sound_fec()))
    return json.dumps({**json.loads(encode_proof(proof)), **fields}).encode()


@pytest.mark.parametrize(
    "fields",
    [
        {"extra": 1},
        {"root": 5},
        {"chunks": [["lines", "2022-04", "3", "aa"]]},
        {"chunks": [["ledger", "2022-04", 3, "aa"]]},
        {"totals": [["2022-04", "411000", 1, 1.0, 0]]},
        {"totals": [["2022-04", "411000", True, 1, 0]]},
        {"vouchers": [["2022-04", ["a"], []]]},
        {"violations": [{}]},
        {"violation_counts": [["L1", 1]]},
        {"book": None},
        {"format": "1"},
    ],
)
def test_a_damaged_proof_is_refused(tmp_path: Path, fields: dict[str, object]) -> None:
    with pytest.raises(CorruptObjectError):
        decode_proof(damaged(tmp_path, **fields))


def test_a_proof_without_a_field_is_refused(tmp_path: Path) -> None:
    fields = json.loads(damaged(tmp_path))
    del fields["totals"]
    with pytest.raises(CorruptObjectError):
        decode_proof(json.dumps(fields).encode())


def test_a_proof_of_a_later_release_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(NewerFormatError):
        decode_proof(damaged(tmp_path, format=3))


@given(st.binary(max_size=40))
@settings(max_examples=100)
def test_bytes_that_are_no_proof_are_refused_as_such(noise: bytes) -> None:
    with pytest.raises(BaozhangError):
        decode_proof(noise)
