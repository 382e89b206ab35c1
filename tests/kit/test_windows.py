"""The kit where nothing of POSIX is there, and under Windows' rules for names.

Windows itself is not at hand: a child process takes away every function of `os` that Windows lacks,
and `ntpath`, which is Windows' own rules in plain Python, judges the names.
"""

import ast
import ntpath
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.kit.conftest import AT
from tests.kit.running import BLIND, KIT, VECTORS, kit, loaded, report_of

RESTORE_KIT = loaded()
HARD = {
    b"con": "_con",
    b"Nul.txt": "_Nul.txt",
    b"com1": "_com1",
    b"a:b": "a%3Ab",
    b"what?": "what%3F",
    b"back\\slash": "back%5Cslash",
    b"trailing.": "trailing%2E",
    b"blank ": "blank%20",
    b"line\nfeed": "line%0Afeed",
    b"\xff\xfe": "%FF%FE",
    "凭证 记-12.txt".encode(): "凭证 记-12.txt",
    b"console.txt": "console.txt",
}

# What os lacks on Windows (docs.python.org, "Availability: Unix"), gone before the kit begins.
LIKE_WINDOWS = """
import os
for name in ("chown", "chroot", "fchmod", "fchown", "fork", "getuid", "geteuid", "getgid", "lchown",
             "mkfifo", "mknod", "openpty", "posix_fadvise", "pread", "pwrite", "readv", "sync",
             "statvfs", "O_NOFOLLOW", "O_DIRECTORY", "O_CLOEXEC", "O_PATH", "uname"):
    if hasattr(os, name):
        delattr(os, name)
os.supports_dir_fd = os.supports_fd = os.supports_follow_symlinks = set()
real_utime = os.utime
def utime(path, times=None, *, ns=None, follow_symlinks=True):
    if not follow_symlinks:
        raise NotImplementedError("utime: follow_symlinks unavailable on this platform")
    real_utime(path, times, ns=ns) if ns is None or ns[0] >= 0 else unheard(path)
def unheard(path):
    raise OSError(22, "Invalid argument", path)
os.utime = utime
import sys
class NoPosix:
    def find_spec(self, name, path=None, target=None):
        if name in {"fcntl", "pwd", "grp", "termios", "resource"}:
            raise ImportError(name)
sys.meta_path.insert(0, NoPosix())
"""


def test_it_restores_where_os_has_nothing_of_posix(tmp_path: Path) -> None:
    golden = VECTORS / "format-v1"
    words = ("--vault", golden / "vault", "--key-file", golden / "key", "--to", tmp_path / "out")
    done = kit("restore", "c002", *words, program=LIKE_WINDOWS + BLIND)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "new.csv").read_bytes() == b"1,2\n"


def test_a_time_that_the_system_cannot_hold_is_noted(tmp_path: Path) -> None:
    golden = VECTORS / "format-v1"
    words = ("--vault", golden / "vault", "--key-file", golden / "key", "--to", tmp_path / "out")
    kit("restore", "c001", *words, program=LIKE_WINDOWS + BLIND)
    assert "time or mode not set: invoice.pdf" in report_of(tmp_path / "out")


def test_it_names_no_function_that_windows_lacks() -> None:
    tree = ast.parse((KIT / "restore_kit.py").read_text())
    asked = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
    }
    there = {"SEEK_END", "fsdecode", "fsencode", "listdir", "name", "path", "utime"}
    assert asked <= there


@pytest.mark.parametrize("name", HARD, ids=repr)
def test_a_name_that_windows_cannot_hold_gets_the_nearest(name: bytes) -> None:
    assert RESTORE_KIT.windows_name(name) == HARD[name]


def test_a_name_that_grows_too_long_is_cut_and_stays_its_own() -> None:
    one, other = (RESTORE_KIT.windows_name(b"?" * 200 + end) for end in (b"1", b"2"))
    assert len(one) <= 255
    assert one != other


@settings(max_examples=300)
@given(st.binary(min_size=1, max_size=255).filter(lambda name: not set(name) & {0, 47}))
def test_every_name_becomes_one_that_windows_takes(name: bytes) -> None:
    found = RESTORE_KIT.windows_name(name)
    assert not PureWindowsPath(found).is_reserved()
    assert not set(found) & set('<>:"/\\|?*')
    assert found[-1] not in ". "
    assert min(found) >= " "
    assert len(found.encode("utf-16-le")) <= 510
    assert ntpath.split("C:\\out\\" + found) == ("C:\\out", found)


@pytest.mark.parametrize(
    ("given_path", "long"),
    [
        ("C:\\out", "\\\\?\\C:\\out"),
        ("\\\\nas\\books", "\\\\nas\\books"),
        ("\\\\?\\C:\\out", "\\\\?\\C:\\out"),
    ],
)
def test_paths_on_windows_may_pass_260_characters(
    monkeypatch: pytest.MonkeyPatch, given_path: str, long: str
) -> None:
    monkeypatch.setattr(RESTORE_KIT, "WINDOWS", True)
    monkeypatch.setattr(RESTORE_KIT.os.path, "abspath", lambda path: path)
    assert RESTORE_KIT.long_path(given_path) == long


def test_hard_names_are_restored_under_windows_rules_and_told(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in HARD:
        with open(bytes(source) + b"/" + name, "wb") as file:
            file.write(name)
    (source / "a%3Ab").write_bytes(b"the name that another one is given")
    secret = new_secret("keyfile")
    (tmp_path / "key").write_bytes(encode_key_file(secret))
    side = create_vault(new_store_at(str(tmp_path / "vault")), [secret], at=AT)
    with TreeSource(source).freeze() as frozen:
        back_up(side.client("c001", create=True), frozen, set_name="main", at=AT)
    program = BLIND.replace('run_name="__main__")', 'run_name="kit")') + WITH_WINDOWS_NAMES
    words = ("--vault", tmp_path / "vault", "--key-file", tmp_path / "key")
    done = kit("restore", "c001", *words, "--to", tmp_path / "out", program=program)
    assert (done.returncode, done.stderr) == (0, "")
    for name, wanted in HARD.items():
        placed = "2~a%3Ab" if name == b"a:b" else wanted
        assert (tmp_path / "out" / placed).read_bytes() == name
    assert "renamed: con -> _con" in report_of(tmp_path / "out")


WITH_WINDOWS_NAMES = """
kit = runpy.run_path(sys.argv[0], run_name="kit")
kit["long_path"].__globals__["WINDOWS"] = True
kit["long_path"].__code__ = (lambda path: path).__code__
given, problems = kit["arguments"](), []
kit["run"](given, kit["Vault"](given.vault, *kit["secret_of"](given), problems))
sys.exit("; ".join(problems) or 0)
"""
