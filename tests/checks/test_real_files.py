"""The same on real files: a generated client's CSV and SQLite books, and the French ledger."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from baozhang.samples.agency import make_agency
from checks import LedgerVerdict, judge_ledger, judge_snapshot

FEC = Path(__file__).parents[2] / "baozhang/samples/data/fec_fr"
MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def agency(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two generated clients: c001 in CSV, c002 in SQLite."""
    folder = tmp_path_factory.mktemp("agency") / "books"
    make_agency(folder, clients=2, months=2, seed=7)
    return folder


def only_book(root: Path, profile: str) -> LedgerReader:
    [found] = open_books(load_profile(profile), root)
    return found


def judge_copy(
    root: Path, copy: Path, profile: str, damage: Callable[[Path], None] = lambda _: None
) -> LedgerVerdict:
    """Prove the book below `root`, damage a copy of it, and judge the copy."""
    shutil.copytree(root, copy)
    damage(copy)
    return judge_ledger(take_proof(only_book(root, profile)), only_book(copy, profile))


def broken(verdict: LedgerVerdict) -> set[tuple[str, str]]:
    return {(one.layer, one.rule) for one in verdict.rules if one.unexpected}


def sql(statement: str) -> Callable[[Path], None]:
    """Return a damage: one statement on the database below a folder."""

    def run(folder: Path) -> None:
        [file] = folder.rglob("*.db")
        with closing(sqlite3.connect(file)) as database, database:
            database.execute(statement)

    return run


def rewrite(old: str, new: str) -> Callable[[Path], None]:
    """Return a damage: the first `old` of the vouchers' CSV becomes `new`."""

    def run(folder: Path) -> None:
        [file] = folder.rglob("凭证*.csv")
        text = file.read_bytes().decode("gb18030")
        assert old in text
        file.write_bytes(text.replace(old, new, 1).encode("gb18030"))

    return run


def test_the_generated_csv_book_passes(agency: Path, tmp_path: Path) -> None:
    verdict = judge_copy(agency / "c001", tmp_path / "copy", "cn_csv")
    assert (verdict.outcome, broken(verdict)) == ("pass", set())


def test_the_generated_sqlite_book_passes(agency: Path, tmp_path: Path) -> None:
    verdict = judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3")
    assert (verdict.outcome, broken(verdict)) == ("pass", set())


def test_the_french_ledger_passes_with_its_known_totals() -> None:
    reader = only_book(FEC, "fec")
    verdict = judge_ledger(take_proof(reader), reader)
    assert (verdict.outcome, broken(verdict)) == ("pass", set())
    assert (verdict.lines, verdict.debit, verdict.credit) == (10_756, 825_808_373, 825_808_373)


def test_one_cent_in_the_french_ledger_fails(tmp_path: Path) -> None:
    def add_a_cent(folder: Path) -> None:
        [file] = folder.glob("*.txt")
        file.write_bytes(file.read_bytes().replace(b"\t1888,31\t", b"\t1888,32\t", 1))

    verdict = judge_copy(FEC, tmp_path / "copy", "fec", add_a_cent)
    assert verdict.outcome == "fail"
    assert broken(verdict) >= {("L0", "F1"), ("L1", "C1"), ("L2", "L1")}


def test_a_null_debit_in_sqlite_is_caught_by_law_and_row(agency: Path, tmp_path: Path) -> None:
    damage = sql("UPDATE GL_accvouch SET md = NULL WHERE i_id = 1")
    verdict = judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3", damage)
    assert verdict.outcome == "fail"
    assert broken(verdict) >= {("L0", "F1"), ("L2", "S4"), ("rows", "S4")}


def test_an_empty_text_for_null_in_sqlite_fails(agency: Path, tmp_path: Path) -> None:
    damage = sql("UPDATE GL_accvouch SET csup_id = '' WHERE csup_id IS NULL")
    verdict = judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3", damage)
    assert (verdict.outcome, broken(verdict)) == ("fail", {("L0", "F1")})


def test_a_dropped_column_that_nothing_needs_is_caught(agency: Path, tmp_path: Path) -> None:
    damage = sql("ALTER TABLE GL_accvouch DROP COLUMN cbook")
    verdict = judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3", damage)
    assert (verdict.outcome, ("L0", "F1") in broken(verdict)) == ("fail", True)


def test_a_dropped_column_that_is_needed_fails_and_is_named(agency: Path, tmp_path: Path) -> None:
    damage = sql("ALTER TABLE GL_accvouch DROP COLUMN md")
    verdict = judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3", damage)
    [finding] = verdict.findings
    assert (verdict.outcome, finding.law, finding.facts) == ("fail", "S1", (("column", "md"),))


def test_an_emptied_table_in_sqlite_fails(agency: Path, tmp_path: Path) -> None:
    damage = sql("DELETE FROM GL_accvouch")
    assert judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3", damage).outcome == "fail"


def test_markup_as_a_column_name_fails_and_is_only_ever_a_fact(
    agency: Path, tmp_path: Path
) -> None:
    damage = sql(f'ALTER TABLE GL_accvouch ADD COLUMN "{MARKUP}" TEXT')
    verdict = judge_copy(agency / "c002", tmp_path / "copy", "yonyou_t3", damage)
    assert (verdict.outcome, broken(verdict)) == ("fail", {("L0", "F1")})
    facts = [fact for one in verdict.findings for fact in one.facts if MARKUP in fact]
    assert facts == [("column", MARKUP)]
    assert "onerror" not in repr(replace(verdict, findings=()))


def test_a_trailing_space_in_a_csv_summary_fails(agency: Path, tmp_path: Path) -> None:
    damage = rewrite(",2026,1,记,1,1,", ",2026,1,记,1,1, ")
    verdict = judge_copy(agency / "c001", tmp_path / "copy", "cn_csv", damage)
    assert verdict.outcome == "fail"
    assert ("L0", "F1") in broken(verdict)


def test_an_unreadable_cell_fails_and_is_never_shown(agency: Path, tmp_path: Path) -> None:
    damage = rewrite(",2026,1,记,1,1,", f",2026,{MARKUP},记,1,1,")
    verdict = judge_copy(agency / "c001", tmp_path / "copy", "cn_csv", damage)
    assert (verdict.outcome, verdict.findings[0].law) == ("fail", "S1")
    assert "onerror" not in repr(verdict)


def test_a_file_that_is_gone_is_inconclusive(agency: Path, tmp_path: Path) -> None:
    shutil.copytree(agency / "c001", tmp_path / "copy")
    reader = only_book(tmp_path / "copy", "cn_csv")
    shutil.rmtree(tmp_path / "copy")
    proof = take_proof(only_book(agency / "c001", "cn_csv"))
    assert judge_ledger(proof, reader).outcome == "inconclusive"


def test_a_snapshot_is_judged_book_by_book(agency: Path) -> None:
    books = {"one": only_book(agency / "c001", "cn_csv"), "extra": only_book(FEC, "fec")}
    proof = take_proof(books["one"])
    found = judge_snapshot({"one": proof, "lost": proof}, books)
    told = {one.book: one.outcome for one in found}
    assert list(told.values()) == ["inconclusive", "fail", "pass"]
