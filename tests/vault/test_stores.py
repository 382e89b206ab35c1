"""The stores keep the contract; the local one survives what disks do."""

import errno
import os
import resource
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, StoreFullError, StoreUnreachableError, UsageError
from baozhang.vault.stores import local
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.stores.memory import MemoryStore
from tests.contracts.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def store(self) -> Store:
        return MemoryStore()


class TestLocalStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return new_store_at(str(tmp_path / "vault"))


def test_a_folder_that_is_not_there_is_unreachable_not_empty(tmp_path: Path) -> None:
    with pytest.raises(StoreUnreachableError):
        list(LocalStore(tmp_path / "unmounted").list())


def test_objects_and_folders_are_private(tmp_path: Path) -> None:
    store = new_store_at(str(tmp_path / "vault"))
    store.put(ObjectName("keys/a"), b"slot")
    modes = [path.stat().st_mode & 0o077 for path in (tmp_path / "vault").rglob("*")]
    assert modes
    assert not any(modes)


def test_nothing_temporary_is_left_or_listed(tmp_path: Path) -> None:
    store = new_store_at(str(tmp_path / "vault"))
    (tmp_path / "vault" / ".tmp").mkdir()
    (tmp_path / "vault" / ".tmp" / "crashed").write_bytes(b"half")
    store.put(ObjectName("config"), b"head")
    assert [info.name for info in store.list()] == ["config"]
    assert [p.name for p in (tmp_path / "vault" / ".tmp").iterdir()] == ["crashed"]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from baozhang.errors import StoreFullError
from baozhang.vault.stores.local import LocalStore
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_960, 40_960))
try:
    LocalStore(Path(sys.argv[1])).put("c/0a/packs/aa/aa", bytes(70_000))
except StoreFullError as error:
    print("full:", error.transient)
"""


def test_a_full_disk_is_an_error_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    """A file-size limit fails as a full disk does: first a short write, then an error."""
    assert resource.RLIMIT_FSIZE
    assert signal.SIGXFSZ
    store = new_store_at(str(tmp_path / "vault"))
    store.put(ObjectName("config"), b"head")
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path / "vault")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "full: False\n"
    assert [path.name for path in (tmp_path / "vault").rglob("*") if path.is_file()] == ["config"]


def test_a_disk_that_keeps_other_bytes_is_caught_by_reading_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store_at(str(tmp_path / "vault"))
    write = local._write_durably

    def lie(path: Path, data: bytes) -> None:
        write(path, bytes(data)[:-1] + b"\xff")

    monkeypatch.setattr(local, "_write_durably", lie)
    with pytest.raises(CorruptObjectError):
        store.put(ObjectName("config"), b"head")
    assert list(store.list()) == []


def test_a_file_url_is_its_path(tmp_path: Path) -> None:
    new_store_at(f"file://{tmp_path}/a%20b").put(ObjectName("config"), b"head")
    assert (tmp_path / "a b" / "config").read_bytes() == b"head"


def test_a_folder_that_is_gone_is_unreachable_and_nothing_in_it_missing(tmp_path: Path) -> None:
    store = new_store_at(str(tmp_path / "vault"))
    store.put(ObjectName("config"), b"head")
    (tmp_path / "vault").rename(tmp_path / "unplugged")
    for ask in (store.get, store.size):
        with pytest.raises(StoreUnreachableError):
            ask(ObjectName("config"))


def test_what_crashes_left_is_swept_by_a_later_writer_once_it_is_old(tmp_path: Path) -> None:
    store = new_store_at(str(tmp_path / "vault"))
    temporary = tmp_path / "vault" / ".tmp"
    temporary.mkdir()
    for name in ("old", "young"):
        (temporary / name).write_bytes(b"half an object")
    os.utime(temporary / "old", (1, 1))
    store.put(ObjectName("config"), b"head")
    assert [path.name for path in temporary.iterdir()] == ["young"]


def test_a_put_that_loses_its_temporary_file_may_be_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store_at(str(tmp_path / "vault"))
    write = local._write_durably

    def swept(path: Path, data: bytes) -> None:
        write(path, data)
        path.unlink()

    monkeypatch.setattr(local, "_write_durably", swept)
    with pytest.raises(StoreUnreachableError):
        store.put(ObjectName("config"), b"head")


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOTSUP])
def test_a_share_that_cannot_sync_folders_can_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    sync, refused = os.fsync, []

    def no_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            refused.append(handle)
            raise OSError(code, os.strerror(code))
        sync(handle)

    monkeypatch.setattr(os, "fsync", no_folders)
    store = new_store_at(str(tmp_path / "vault"))
    store.put(ObjectName("config"), b"head")
    assert refused
    assert store.get(ObjectName("config")) == b"head"


def test_one_folder_spelled_two_ways_is_one_place(tmp_path: Path) -> None:
    new_store_at(str(tmp_path / "vault"))
    (tmp_path / "link").symlink_to("vault")
    assert store_at(str(tmp_path / "link")).url == store_at(str(tmp_path / "x/../vault")).url


def test_an_unknown_scheme_is_refused_with_what_to_write() -> None:
    with pytest.raises(UsageError) as caught:
        store_at("ftp://host/vault")
    assert "file://" in caught.value.hint
    assert isinstance(caught.value, UsageError)
    assert not isinstance(caught.value, StoreFullError)
