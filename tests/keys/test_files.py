"""Secret files: whole or not there, durable, and nobody else's."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.keys.files import read_private, write_private

LIMITED = """
import resource, signal, sys
from pathlib import Path
from baozhang.errors import UsageError
from baozhang.keys.files import write_private
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    write_private(Path(sys.argv[1]), b"a key that does not fit")
except UsageError:
    print("refused")
"""


def test_a_secret_file_comes_back_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "new" / "key", b"secret")
    assert read_private(tmp_path / "new" / "key") == b"secret"
    assert stat.S_IMODE((tmp_path / "new" / "key").stat().st_mode) == 0o600


def test_a_secret_file_is_never_written_over(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"first")
    with pytest.raises(UsageError):
        write_private(tmp_path / "key", b"second")
    assert read_private(tmp_path / "key") == b"first"


def test_a_secret_that_does_not_fit_leaves_no_half_a_file(tmp_path: Path) -> None:
    """A file-size limit fails as a full disk does."""
    command = [sys.executable, "-c", LIMITED, str(tmp_path / "key")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "refused\n"
    assert list(tmp_path.iterdir()) == []


def test_a_secret_file_s_name_is_made_durable_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced, sync = [], os.fsync

    def noted(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted)
    write_private(tmp_path / "key", b"secret")
    assert synced == [(tmp_path / "key").stat().st_ino, tmp_path.stat().st_ino]


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_private(tmp_path / "key", b"secret")
    (tmp_path / "key").chmod(0o640)
    with pytest.raises(UsageError) as caught:
        read_private(tmp_path / "key")
    assert "chmod 600" in caught.value.hint
