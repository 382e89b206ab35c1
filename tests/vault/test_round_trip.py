"""What is backed up comes back: bytes, names, modes, times, links."""

import os
import random
import stat
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.keys.slots import new_secret
from baozhang.sources.base import UNTRUSTED, Frozen, Item
from baozhang.sources.tree import TreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Progress
from baozhang.vault.reader import listing, restore
from baozhang.vault.stores.memory import MemoryStore
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import Proving, back_up
from tests.vault.conftest import AT, BackUp


def facts(root: Path) -> dict[bytes, tuple[object, ...]]:
    """Everything a restore must bring back, by path."""
    found = {}
    base = os.fsencode(root)
    for folder, folders, files in os.walk(base):
        for name in (b".", *folders, *files):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            content: bytes = b""
            if stat.S_ISLNK(status.st_mode):
                content = os.readlink(path)
            elif stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, base)] = (status.st_mode, status.st_mtime_ns, content)
    return found


def test_a_restored_tree_equals_its_source(
    back: BackUp, side: ClientVault, tree: Path, tmp_path: Path
) -> None:
    receipt = back()
    restore(side, receipt.snapshot, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)
    assert subprocess.run(["diff", "-r", tree, tmp_path / "out"], check=False).returncode == 0


def test_an_unchanged_set_reads_nothing_and_adds_next_to_nothing(back: BackUp) -> None:
    back()
    again = back()
    assert again.unchanged
    assert again.bytes_read == 0
    assert again.bytes_added < 2_000


def test_a_repeating_snapshot_restores_what_it_repeats(
    back: BackUp, side: ClientVault, tree: Path, tmp_path: Path
) -> None:
    back()
    back()
    third = back()
    restore(side, third.snapshot, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tree)


def test_a_change_stores_only_what_changed(back: BackUp, tree: Path) -> None:
    first = back()
    with (tree / "books" / "journal.csv").open("ab") as file:
        file.write(b"one more line\n")
    second = back()
    assert not second.unchanged
    assert second.bytes_added < first.bytes_added / 5


def test_an_earlier_snapshot_still_restores_after_changes(
    back: BackUp, side: ClientVault, tree: Path, tmp_path: Path
) -> None:
    before = facts(tree)
    first = back()
    (tree / "books" / "small.csv").unlink()
    (tree / "0.pdf").write_bytes(b"other")
    back()
    restore(side, first.snapshot, tmp_path / "out")
    assert facts(tmp_path / "out") == before


def test_a_file_written_within_the_freeze_s_second_is_read_again(
    side: ClientVault, tree: Path
) -> None:
    """Its time stamp could not tell a second change of the same instant."""
    now = datetime.fromtimestamp(time.time(), UTC)
    for _ in range(2):
        with TreeSource(tree).freeze() as frozen:
            receipt = back_up(side, frozen, set_name="main", at=now)
    assert receipt.bytes_read == sum(
        f.stat().st_size for f in tree.rglob("*") if f.is_file() and not f.is_symlink()
    )
    assert receipt.unchanged


class _OnAShare:
    """A real tree as a network mount shows it: times are all there is to tell a change by."""

    def __init__(self, inner: Frozen) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def items(self) -> Iterator[Item]:
        return (item._replace(change=UNTRUSTED) for item in self._inner.items())

    def unchanged(self, item: Item) -> bool:
        return True


@pytest.mark.parametrize(("hours", "read"), [(1, 6), (30, 0)])
def test_a_share_s_clock_may_be_hours_behind(
    side: ClientVault, tree: Path, hours: int, read: int
) -> None:
    """A file that looks an hour old may have been written in the freeze's own second."""
    old = int(AT.timestamp() - 90 * 86_400)
    for path in tree.rglob("*"):
        os.utime(path, (old, old), follow_symlinks=False)
    looks = int(AT.timestamp() - hours * 3600)
    os.utime(tree / "books" / "small.csv", (looks, looks))
    for _ in range(2):
        with TreeSource(tree).freeze() as frozen:
            source = _OnAShare(frozen)
            receipt = back_up(side, source, set_name="main", at=AT)  # type: ignore[arg-type]
    assert receipt.bytes_read == read


def test_a_forced_reread_trusts_no_time_stamp(back: BackUp, tree: Path) -> None:
    back()
    again = back(reread=True)
    assert again.bytes_read > 900_000
    assert again.unchanged


NAMES = [
    b"a\nb",
    b"\xff\xfe",
    b"n" * 255,
    "账套 记-12".encode(),
    b" trailing ",
    b"-rf",
    b"C:",
    b"a\\b",
    b"\x01",
]


def test_strange_names_come_back_byte_for_byte(
    back: BackUp, side: ClientVault, tmp_path: Path
) -> None:
    root = os.fsencode(tmp_path / "names")
    os.mkdir(root)
    for name in NAMES:
        with open(os.path.join(root, name), "wb") as file:
            file.write(name)
    receipt = back(tmp_path / "names")
    restore(side, receipt.snapshot, tmp_path / "out")
    assert facts(tmp_path / "out") == facts(tmp_path / "names")


def test_a_path_longer_than_the_system_s_limit_comes_back(
    back: BackUp, side: ClientVault, tmp_path: Path
) -> None:
    (tmp_path / "deep").mkdir()
    handle = os.open(tmp_path / "deep", os.O_RDONLY)
    for _ in range(30):
        os.mkdir("d" * 200, dir_fd=handle)
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    os.close(os.open("leaf", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
    os.close(handle)
    receipt = back(tmp_path / "deep")
    restore(side, receipt.snapshot, tmp_path / "out")
    paths = {item.path for item in listing(side, receipt.snapshot)}
    assert b"/".join([b"d" * 200] * 30) + b"/leaf" in paths
    handle = os.open(tmp_path / "out", os.O_RDONLY)
    for _ in range(30):
        below = os.open("d" * 200, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    assert os.listdir(handle) == ["leaf"]
    os.close(handle)


def test_one_path_is_restored_with_its_folders_and_nothing_else(
    back: BackUp, side: ClientVault, tree: Path, tmp_path: Path
) -> None:
    receipt = back()
    done = restore(side, receipt.snapshot, tmp_path / "out", path=b"books/small.csv")
    found = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*"))
    assert found == ["books", "books/small.csv"]
    assert (done.files, done.bytes) == (1, 6)


def test_a_dry_run_writes_nothing(back: BackUp, side: ClientVault, tmp_path: Path) -> None:
    receipt = back()
    done = restore(side, receipt.snapshot, tmp_path / "out", dry_run=True)
    assert done.dry_run
    assert done.files == receipt.snapshot.files
    assert not (tmp_path / "out").exists()


def test_a_path_that_is_not_there_is_said(back: BackUp, side: ClientVault, tmp_path: Path) -> None:
    receipt = back()
    with pytest.raises(UsageError):
        restore(side, receipt.snapshot, tmp_path / "out", path=b"no/such")


def test_a_target_in_use_is_left_alone(back: BackUp, side: ClientVault, tmp_path: Path) -> None:
    receipt = back()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("precious")
    with pytest.raises(UsageError):
        restore(side, receipt.snapshot, tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_a_failed_restore_leaves_no_target(
    back: BackUp, side: ClientVault, store: MemoryStore, tmp_path: Path
) -> None:
    receipt = back()
    for name in store.objects:
        if "/packs/" in name:
            store.objects[name] = store.objects[name][:-200] + bytes(200)
    with pytest.raises(CorruptObjectError):
        restore(side, receipt.snapshot, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tree"]


def test_a_file_never_comes_back_setuid(back: BackUp, side: ClientVault, tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / "tool").write_bytes(b"x")
    (tmp_path / "s" / "tool").chmod(0o4755)
    receipt = back(tmp_path / "s")
    restore(side, receipt.snapshot, tmp_path / "out")
    assert stat.S_IMODE((tmp_path / "out" / "tool").stat().st_mode) == 0o755


def test_an_unchanged_set_inherits_its_proofs(back: BackUp, side: ClientVault) -> None:
    calls = []

    def take() -> dict[str, bytes]:
        calls.append(1)
        return {"book": b"{}"}

    back(proving=Proving("v1", take))
    second = back(proving=Proving("v1", take))
    assert second.unchanged
    assert side.proofs(second.snapshot) == {"book": b"{}"}
    assert len(calls) == 1


def test_another_recipe_takes_the_proofs_anew(back: BackUp, side: ClientVault) -> None:
    back(proving=Proving("v1", lambda: {"book": b"old"}))
    second = back(proving=Proving("v2", lambda: {"book": b"new"}))
    assert side.proofs(second.snapshot) == {"book": b"new"}


def test_progress_ends_at_the_total(back: BackUp, side: ClientVault, tmp_path: Path) -> None:
    seen: list[Progress] = []
    receipt = back(report=seen.append)
    assert seen[-1].done == seen[-1].total == receipt.snapshot.size
    seen.clear()
    restore(side, receipt.snapshot, tmp_path / "out", report=seen.append)
    assert seen[-1].done == seen[-1].total == receipt.snapshot.size


class _Growing:
    """A real tree in which one file grows each time it has been read."""

    def __init__(self, inner: Frozen, path: Path) -> None:
        self._inner, self._path = inner, path
        self.grown = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def unchanged(self, item: object) -> bool:
        if getattr(item, "path", b"") == os.fsencode(self._path.name):
            with self._path.open("ab") as file:
                file.write(b"more")
            self.grown += 1
        return self._inner.unchanged(item)  # type: ignore[arg-type]


def test_a_file_that_keeps_changing_is_told_and_makes_the_snapshot_partial(
    side: ClientVault, tree: Path
) -> None:
    with TreeSource(tree).freeze() as frozen:
        growing = _Growing(frozen, tree / "0.pdf")
        receipt = back_up(side, growing, set_name="main", at=AT)  # type: ignore[arg-type]
    assert growing.grown == 3
    assert [(t.path, t.reason) for t in receipt.troubles] == [(b"0.pdf", "changing")]
    assert receipt.snapshot.partial


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    sizes=st.lists(st.integers(0, 2_000_000), min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
)
def test_files_of_any_size_come_back(
    sizes: list[int], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.mktemp("any")
    rng = random.Random(seed)
    (root / "in").mkdir()
    for number, size in enumerate(sizes):
        block = rng.randbytes(max(1, size // rng.choice([1, 3, 50])))
        (root / "in" / str(number)).write_bytes((block * (size // len(block) + 1))[:size])
    side = create_vault(MemoryStore(), [new_secret("keyfile")], at=AT).client("c1", create=True)
    with TreeSource(root / "in").freeze() as frozen:
        receipt = back_up(side, frozen, set_name="main", at=AT)
    restore(side, receipt.snapshot, root / "out")
    assert facts(root / "out") == facts(root / "in")
