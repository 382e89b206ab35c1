"""Durable files: whole, private, and the old one stays where the new one cannot be written."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from baozhang import durable

PROGRAM = (
    "import sys; from pathlib import Path; from baozhang import durable; "
    "durable.replace(Path(sys.argv[1]), b'new')"
)


def test_a_file_gets_its_content_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state" / "a.json"
    durable.replace(path, b"1")
    durable.replace(path, b"22")
    assert path.read_bytes() == b"22"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert os.listdir(path.parent) == ["a.json"]


@pytest.mark.slow
def test_on_a_full_disk_the_old_file_stands_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    durable.replace(path, b"old")
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync"]
    injected = [
        *command,
        "-e",
        "inject=fsync:error=ENOSPC:when=1",
        sys.executable,
        "-c",
        PROGRAM,
        str(path),
    ]
    ended = subprocess.run(injected, capture_output=True, text=True, check=False)
    assert os.strerror(errno.ENOSPC) in ended.stderr
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


@pytest.mark.slow
def test_killed_at_the_rename_the_old_file_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    durable.replace(path, b"old")
    command = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=/rename.*"]
    injected = [
        *command,
        "-e",
        "inject=/rename.*:signal=KILL:when=1",
        sys.executable,
        "-B",
        "-c",
        PROGRAM,
        str(path),
    ]
    ended = subprocess.run(injected, capture_output=True, check=False)
    assert ended.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
    assert path.read_bytes() in {b"old", b"new"}
