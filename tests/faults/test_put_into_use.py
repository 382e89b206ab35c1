"""What is put into use is at every instant wholly the old or wholly the new, wherever it is killed.

strace kills the child at its n-th system call that changes names, for n = 1, 2, 3 …, on file
systems that exchange two names and, by its answer, on one that does not.
"""

import os
import shutil
import signal
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from baozhang.sources.placing import exchanges, identity, place_tree, settle
from baozhang.sources.sqlite import SqliteSource
from tests.crash.dying import strace_works, traced
from tests.faults.publishing import Publish, not_run

CHANGING = "rename,renameat,renameat2,link,linkat,mkdir,rmdir,unlink,unlinkat,fsync"
OLD, NEW = "old", "new"


@pytest.fixture(autouse=True)
def strace() -> None:
    if not strace_works():
        not_run("strace is not here, or may not trace; `make setup` as root installs it")


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


def tree(folder: Path, word: str) -> Path:
    (folder / "d").mkdir(parents=True)
    for name in ("one", "d/two"):
        (folder / name).write_text(word)
    return folder


def word_of(folder: Path) -> str | None:
    """Return what a folder holds; None: it is not there."""
    if not folder.exists():
        return None
    words = {(folder / name).read_text() for name in ("one", "d/two")}
    assert len(words) == 1, "it is neither"
    return words.pop()


def database(path: Path, word: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE t (word TEXT)")
        made.executemany("INSERT INTO t VALUES (?)", [(word,)] * 500)
    return path


def word_in(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as opened:
        found: list[tuple[str, int]] = opened.execute(
            "SELECT word, count(*) FROM t GROUP BY word"
        ).fetchall()
    assert [count for _, count in found] == [500], "it is neither"
    return found[0][0]


def swept(prepare: Callable[[int], Path], work: Callable[[Path], object], log: Path) -> int:
    """Kill the work at every call there is, in a place of its own; return how often."""
    number = 0
    while True:
        number += 1
        place = prepare(number)
        inject = f"{CHANGING}:signal=SIGKILL:when={number}"
        ran = traced(partial(work, place), log, trace=CHANGING, inject=inject)
        if "killed by SIGKILL" not in ran.log:
            assert ran.status == 0
            return number - 1
        assert ran.status == -signal.SIGKILL


@pytest.mark.parametrize("other_file_system", [False, True])
def test_a_folder_is_old_or_new_wherever_the_run_is_killed(
    tmp_path: Path, elsewhere: Path, publish: Publish, other_file_system: bool
) -> None:
    base = elsewhere if other_file_system else tmp_path
    seen: list[str | None] = []
    before: list[tuple[Path, Path, int]] = []

    def prepare(number: int) -> Path:
        if before:
            check(before[-1][0], *before[-1][1:])
        place, restored = base / str(number), tmp_path / f"r-{number}"
        target = tree(place / "target", OLD)
        before.append((place, tree(restored, NEW), identity(target)))
        return place

    def check(place: Path, restored: Path, there: int) -> None:
        word = word_of(place / "target")
        assert word in (OLD, NEW)
        settle(restored, place / "target", there)
        if word == NEW:
            assert word_of(place / "target.replaced-1") == OLD
        else:
            assert word_of(restored) == NEW  # nothing happened: it is done again from here
        seen.append(word)

    fired = swept(prepare, lambda place: replaced(before[-1][1], place), tmp_path / "log")
    check(*before[-1])
    assert (seen[0], seen[-1], set(seen)) == (OLD, NEW, {OLD, NEW})
    publish("put into use: killed", fired, what="folder")


def replaced(restored: Path, place: Path) -> None:
    place_tree(restored, place / "target", replace=True)


@pytest.mark.parametrize("hard_links", [True, False])
def test_a_database_is_old_or_new_wherever_the_run_is_killed(
    tmp_path: Path, publish: Publish, hard_links: bool
) -> None:
    database(tmp_path / "restored" / "book.db", NEW)
    seen: list[str | None] = []

    def prepare(number: int) -> Path:
        if number > 1:
            seen.append(word_in(tmp_path / str(number - 1) / "book.db"))
        return database(tmp_path / str(number) / "book.db", OLD).parent

    def work(place: Path) -> None:
        if not hard_links:
            os.link = no_links
        source = SqliteSource(place / "book.db", scratch=tmp_path / "scratch")
        source.publish(tmp_path / "restored", place / "book.db", replace=True)

    fired = swept(prepare, work, tmp_path / "log")
    last = tmp_path / str(fired + 1)
    assert (word_in(last / "book.db"), word_in(last / "book.db.replaced-1")) == (NEW, OLD)
    assert set(seen) == {OLD, NEW}
    publish("put into use: killed", fired, what="database", hard_links=hard_links)


def no_links(*_: object, **__: object) -> None:
    """Answer as a FAT file system does."""
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize("answer", ["EINVAL", "ENOSYS"])
def test_a_file_system_without_an_exchange_gets_two_renames_and_says_so(
    tmp_path: Path, publish: Publish, answer: str
) -> None:
    restored, target = tree(tmp_path / "restored", NEW), tree(tmp_path / "target", OLD)

    def work() -> None:
        assert not exchanges(target)
        place_tree(restored, target, replace=True)

    ran = traced(work, tmp_path / "log", trace="renameat2", inject=f"renameat2:error={answer}")
    assert ran.status == 0
    assert (word_of(target), word_of(tmp_path / "target.replaced-1")) == (NEW, OLD)
    publish("put into use: no exchange", ran.log.count("(INJECTED)"), answer=answer)


def test_another_trouble_of_the_exchange_changes_nothing(tmp_path: Path, publish: Publish) -> None:
    restored, target = tree(tmp_path / "restored", NEW), tree(tmp_path / "target", OLD)
    work = partial(place_tree, restored, target, replace=True)
    ran = traced(work, tmp_path / "log", trace="renameat2", inject="renameat2:error=EIO")
    assert ran.status == 2
    assert (word_of(target), word_of(restored)) == (OLD, NEW)
    publish("put into use: broken exchange", ran.log.count("(INJECTED)"))
