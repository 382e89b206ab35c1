"""Files of one kind, copied out of the corpus, and following it."""

import os
from pathlib import Path

import pytest

from benchmarks.kinds import KINDS, follow, kinds_in


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "corpus"
    for name in ("c001/账套/a.csv", "c001/发票/b.pdf", "c001/合同/c.pdf", "c002/表格/d.xlsx"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def held(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("CSV books", {"a.csv"}),
        ("invoices", {"b.pdf"}),
        ("workbooks and contracts", {"c.pdf", "d.xlsx"}),
    ],
)
def test_a_copy_holds_the_files_of_its_kind(
    corpus: Path, tmp_path: Path, kind: str, names: set[str]
) -> None:
    follow(corpus, tmp_path / "copy", KINDS[kind])
    assert held(tmp_path / "copy") == names


def test_a_copy_follows_what_changed_came_and_went(corpus: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    (corpus / "c001/账套/gone.csv").write_text("gone")
    follow(corpus, copy, KINDS["CSV books"])
    (corpus / "c001/账套/gone.csv").unlink()
    (corpus / "c001/账套/a.csv").write_text("changed")
    (corpus / "c001/账套/new.csv").write_text("new")
    follow(corpus, copy, KINDS["CSV books"])
    assert held(copy) == {"a.csv", "new.csv"}
    assert (copy / "c001/账套/a.csv").read_text() == "changed"


def test_a_file_that_changed_in_place_is_written_again(corpus: Path, tmp_path: Path) -> None:
    book, copy = corpus / "c001/账套/a.csv", tmp_path / "copy"
    follow(corpus, copy, KINDS["CSV books"])
    book.write_text(book.read_text().upper())
    os.utime(book, (2_000_000_000, 2_000_000_000))
    follow(corpus, copy, KINDS["CSV books"])
    assert (copy / "c001/账套/a.csv").read_text() == "C001/账套/A.CSV"


def test_what_did_not_change_is_not_written_again(corpus: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    follow(corpus, copy, KINDS["CSV books"])
    before = (copy / "c001/账套/a.csv").stat()
    follow(corpus, copy, KINDS["CSV books"])
    assert (copy / "c001/账套/a.csv").stat() == before


def test_a_kind_without_files_is_left_out(corpus: Path) -> None:
    assert kinds_in(corpus) == ["CSV books", "invoices", "workbooks and contracts"]
