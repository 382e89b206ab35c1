"""A crew of helpers reads as one reader does, whatever a file holds, and leaves nothing behind."""

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.books import apart, crew
from baozhang.books.blocks import blocks_of
from baozhang.books.coding import encode_proof
from baozhang.books.delimited import DelimitedReader
from baozhang.books.model import LedgerReader
from baozhang.books.named import NamedReader
from baozhang.books.taking import take_proof
from baozhang.errors import BaozhangError, LedgerFormatError, SourceUnreadableError
from tests.books.making import (
    LINE_HEAD,
    Sample,
    line_cells,
    sound_fec,
    sound_rows,
    the_book,
    write_cn,
    write_csv,
    write_fec,
    write_t3,
)

SIZE = 200  # bytes of a stretch: a few lines


@pytest.fixture(autouse=True)
def _small_books_have_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "LEAST", 0)
    monkeypatch.setattr(crew, "STRETCH", SIZE)
    monkeypatch.setattr(crew, "_cores", lambda: 3)


def in_one_go(work: Callable[[], bytes]) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crew, "_cores", lambda: 1)
        return work()


def proof_or_error(book: LedgerReader) -> bytes:
    try:
        return encode_proof(take_proof(book))
    except BaozhangError as error:
        return f"{type(error)} {error}".encode()


def same_either_way(book: LedgerReader) -> bytes:
    """Return what is said of a book, which is the same with helpers and without."""
    plan = apart.plan_of(book, least=0, size=SIZE)
    assert plan is not None
    found = proof_or_error(book)
    assert found == in_one_go(lambda: proof_or_error(book))
    return found


def cells() -> list[list[str]]:
    return [LINE_HEAD, *map(line_cells, sound_rows())]


def written(folder: Path, rows: list[list[str]], name: str = "凭证2026.csv") -> LedgerReader:
    write_cn(folder)
    write_csv(folder / name, rows)
    return the_book("cn_csv", folder)


def children() -> set[int]:
    """Return the processes that this one started and that are there, ended or not."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.add(int(stat.parent.name))
    return found


@pytest.fixture
def before() -> set[int]:
    """What other tests left."""
    return children()


def test_a_book_of_files_is_cut_into_several_stretches(tmp_path: Path) -> None:
    plan = apart.plan_of(the_book("cn_csv", write_cn(tmp_path)), least=0, size=SIZE)
    assert plan is not None
    assert len(plan.tasks) > 2


def test_a_book_of_files_has_the_same_proof(tmp_path: Path) -> None:
    assert b'"root"' in same_either_way(the_book("cn_csv", write_cn(tmp_path)))


def test_a_database_has_the_same_proof(tmp_path: Path) -> None:
    book = the_book("yonyou_t3", write_t3(tmp_path / "ufdata.db"))
    assert b'"root"' in same_either_way(book)


def test_a_book_of_two_files_has_the_same_proof(tmp_path: Path) -> None:
    head, *rows = cells()
    write_cn(tmp_path)
    write_csv(tmp_path / "凭证2026.csv", [head, *rows[:5]])
    write_csv(tmp_path / "凭证2027.csv", [head, *rows[5:]])
    assert b'"root"' in same_either_way(the_book("cn_csv", tmp_path))


def test_stretches_shorter_than_a_voucher_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "STRETCH", 90)
    assert b'"root"' in same_either_way(the_book("cn_csv", write_cn(tmp_path)))


def test_a_cut_within_a_quotation_changes_nothing(tmp_path: Path) -> None:
    rows = cells()
    for row in rows[1:]:
        row[6] = "一\n二\n三\n" * 40
    assert b'"root"' in same_either_way(written(tmp_path, rows))


def test_rows_without_a_cell_change_nothing(tmp_path: Path) -> None:
    head, *rows = cells()
    spaced = [line for row in rows for line in (row, [""] * len(head))]
    assert same_either_way(written(tmp_path, [head, *spaced])) == proof_or_error(
        written(tmp_path, [head, *rows])
    )


@pytest.mark.parametrize("place", [1, 9, -1])
def test_a_cell_that_is_no_amount_is_named_by_the_same_row(tmp_path: Path, place: int) -> None:
    rows = cells()
    rows[place][10] = "many"
    found = same_either_way(written(tmp_path, rows)).decode()
    row = place + 1 if place > 0 else len(rows)
    assert f"row {row}," in found
    assert "not an amount" in found


def test_a_row_that_is_cut_short_is_named_by_the_same_row(tmp_path: Path) -> None:
    rows = cells()
    rows[-2] = rows[-2][:9]
    assert f"row {len(rows) - 1}:" in same_either_way(written(tmp_path, rows)).decode()


def test_a_quotation_without_an_end_is_named_as_ever(tmp_path: Path) -> None:
    book = written(tmp_path, cells())
    with (tmp_path / "凭证2026.csv").open("ab") as stream:
        stream.write(b'2026-03-01,"')
    assert "a quotation does not end" in same_either_way(book).decode()


def test_a_byte_that_is_none_of_the_encoding_is_named_as_ever(tmp_path: Path) -> None:
    rows = cells()
    for row in rows[1:]:
        row[6] = "长" * 2000
    book = written(tmp_path, rows)
    path = tmp_path / "凭证2026.csv"
    whole = path.read_bytes()
    path.write_bytes(whole[:-300] + b"\xff" + whole[-300:])
    assert "is not gb18030" in same_either_way(book).decode()


def test_a_database_that_cannot_be_read_to_its_end_is_named_as_ever(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "ufdata.db")
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("UPDATE GL_accvouch SET md = 'many' WHERE rowid = 9")
    found = same_either_way(the_book("yonyou_t3", path)).decode()
    assert "not an amount" in found


def test_reading_on_leaves_out_what_was_handed_over(tmp_path: Path) -> None:
    book = the_book("yonyou_t3", write_t3(tmp_path / "ufdata.db"))
    (whole,) = blocks_of(book)
    halves = whole.cut(0, 5), whole.cut(5, whole.size)
    for lines in range(whole.size + 1):
        left = [row for one in crew._behind(iter(halves), lines) for row in one.rows()]
        assert left == list(whole.rows())[lines:]


def test_a_book_whose_rows_need_those_above_is_read_in_one_go(tmp_path: Path) -> None:
    book = the_book("fec", write_fec(tmp_path / "1FEC.txt", sound_fec()))
    assert apart.plan_of(book, least=0, size=SIZE) is None


def test_a_book_of_a_profile_that_nobody_finds_is_read_in_one_go(tmp_path: Path) -> None:
    book = the_book("cn_csv", write_cn(tmp_path))
    assert isinstance(book, DelimitedReader)
    for profile in (replace(book.profile, name="none"), replace(book.profile, decimal=",")):
        assert apart.plan_of(replace(book, profile=profile), least=0, size=SIZE) is None


def test_files_with_other_columns_are_refused_as_ever(tmp_path: Path) -> None:
    rows = cells()
    write_cn(tmp_path)
    write_csv(tmp_path / "凭证2027.csv", [[*row, "more"] for row in rows])
    book = the_book("cn_csv", tmp_path)
    assert apart.plan_of(book, least=0, size=SIZE) is None
    with pytest.raises(LedgerFormatError, match="has other columns than"):
        take_proof(book)


def test_a_small_book_is_read_in_one_go(tmp_path: Path) -> None:
    book = the_book("cn_csv", write_cn(tmp_path))
    assert apart.plan_of(book, least=2**20, size=SIZE) is None


def test_a_helper_that_dies_is_an_error_and_no_short_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: set[int]
) -> None:
    book = the_book("cn_csv", write_cn(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(SourceUnreadableError, match="ended before its work was done"):
        take_proof(book)
    assert children() <= before


def test_no_helper_outlives_the_proof(tmp_path: Path, before: set[int]) -> None:
    take_proof(the_book("cn_csv", write_cn(tmp_path)))
    assert children() <= before


def test_no_helper_outlives_who_loses_interest(tmp_path: Path, before: set[int]) -> None:
    book = the_book("cn_csv", write_cn(tmp_path))
    with crew.pages_of(book) as pages:
        next(pages())
    assert children() <= before


def test_no_helper_outlives_an_error(tmp_path: Path, before: set[int]) -> None:
    rows = cells()
    rows[3][10] = "many"
    with pytest.raises(LedgerFormatError):
        take_proof(written(tmp_path, rows))
    assert children() <= before


def test_a_book_read_while_a_crew_is_at_work_is_read_in_one_go(tmp_path: Path) -> None:
    book = the_book("cn_csv", write_cn(tmp_path))
    with crew.pages_of(book) as pages, crew.pages_of(book) as others:
        first = [page.printed.text for page in pages()]
        assert b"".join(page.printed.text for page in others()) == b"".join(first)


def test_the_next_book_has_a_crew_again(tmp_path: Path) -> None:
    book = the_book("cn_csv", write_cn(tmp_path, Sample()))
    for _ in range(2):
        with crew.pages_of(book):
            assert crew._AT_WORK.locked()
    assert not crew._AT_WORK.locked()


def test_a_book_under_another_name_has_a_crew_too(tmp_path: Path) -> None:
    book = NamedReader(the_book("cn_csv", write_cn(tmp_path, Sample())), "files")
    with crew.pages_of(book):
        assert crew._AT_WORK.locked()
    proof = take_proof(book)
    assert proof.book.name.startswith("files/")
    assert proof.root == take_proof(book.within).root
