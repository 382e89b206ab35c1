"""Write permission taken away and given back: of what is known, by inode, and of nothing else."""

import os
from pathlib import Path

import pytest

from baozhang.errors import SourceUnreadableError
from baozhang.sources.file_modes import Taken, give_back, look, take


@pytest.fixture
def books(tmp_path: Path) -> Path:
    folder = tmp_path / "books"
    (folder / "2026").mkdir(parents=True)
    (folder / "2026" / "july").write_text("7")
    (folder / "2026" / "july").chmod(0o664)
    for each in (folder, folder / "2026"):
        each.chmod(0o755)
    return folder


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def test_everything_below_loses_its_write_permission_and_keeps_the_rest(books: Path) -> None:
    (books / "2026").chmod(0o2775)
    assert take(books, look(books)) == Taken(3, 0)
    assert (mode(books / "2026"), mode(books / "2026" / "july")) == (0o2555, 0o444)


def test_what_could_not_be_written_to_before_cannot_be_written_to_afterwards(books: Path) -> None:
    (books / "2026" / "july").chmod(0o440)
    known = look(books)
    take(books, known)
    give_back(books, known)
    assert mode(books / "2026" / "july") == 0o440


def test_a_link_is_not_followed(books: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.touch(0o644)
    (books / "link").symlink_to(outside)
    take(books, look(books))
    assert mode(outside) == 0o644


def test_a_file_of_several_names_is_changed_once_and_given_back(books: Path) -> None:
    os.link(books / "2026" / "july", books / "again")
    known = look(books)
    assert take(books, known) == Taken(3, 0)
    assert give_back(books, known) == 3
    assert mode(books / "again") == 0o664


def test_what_is_new_since_is_left_and_told(books: Path) -> None:
    known = look(books)
    (books / "new").touch(0o644)
    assert take(books, known) == Taken(3, 1)
    assert mode(books / "new") == 0o644


def test_another_file_under_an_old_name_is_not_touched(books: Path) -> None:
    known = look(books)
    take(books, known)
    (books / "other").touch(0o444)
    (books / "other").rename(books / "2026" / "july")
    give_back(books, known)
    assert mode(books / "2026" / "july") == 0o444


def test_a_folder_that_was_moved_aside_is_found_beside(books: Path) -> None:
    known = look(books)
    take(books, known)
    books.rename(books.with_name("books.replaced-1"))
    books.mkdir(mode=0o555)
    assert give_back(books, known) == 3
    assert (mode(books), mode(books.with_name("books.replaced-1"))) == (0o555, 0o755)


def test_a_folder_that_is_gone_gets_nothing_back(books: Path) -> None:
    known = look(books)
    books.rename(books.with_name("elsewhere"))
    assert give_back(books, known) == 0


def test_one_file_alone_is_taken_and_its_neighbours_are_not(books: Path) -> None:
    (books / "2026" / "june").touch(0o644)
    known = look(books / "2026" / "july")
    assert take(books / "2026" / "july", known) == Taken(1, 0)
    assert (mode(books / "2026" / "june"), mode(books / "2026")) == (0o644, 0o755)
    assert give_back(books / "2026" / "july", known) == 1


def test_names_that_are_no_text_are_taken_too(books: Path) -> None:
    name = os.fsencode(books) + b"/\xff\n"
    os.close(os.open(name, os.O_CREAT, 0o644))
    take(books, look(books))
    assert os.stat(name).st_mode & 0o222 == 0


def test_where_nothing_is_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        look(tmp_path / "none")
