"""One measured command."""

import resource
import sys
from pathlib import Path

import pytest

from benchmarks.running import BenchmarkError, Command, run

MIB = 2**20


def python(folder: Path, code: str) -> Command:
    return Command((sys.executable, "-c", code), folder)


def test_the_peak_is_that_of_the_process(tmp_path: Path) -> None:
    cost = run(python(tmp_path, f"bytearray({300 * MIB})"), {}, tmp_path / "log")
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # a child begins as its parent
    assert 300 * MIB < cost.peak < max(400 * MIB, mine + MIB)


def test_the_children_a_process_waited_for_count(tmp_path: Path) -> None:
    work = "import time\nwhile time.process_time() < 0.2: pass"
    code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {work!r}])"
    assert run(python(tmp_path, code), {}, tmp_path / "log").cpu >= 0.2


def test_a_failed_command_tells_its_code_and_what_it_said(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match=r"code 7(.|\n)*it broke"):
        run(python(tmp_path, "print('it broke'); exit(7)"), {}, tmp_path / "log")


def test_a_command_that_is_not_there_fails(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be started"):
        run(Command((str(tmp_path / "nothing"),), tmp_path), {}, tmp_path / "log")


def test_a_command_sees_only_the_environment_it_is_given(tmp_path: Path) -> None:
    run(python(tmp_path, "import os; print(sorted(os.environ))"), {"A": "1"}, tmp_path / "log")
    assert "HOME" not in (tmp_path / "log").read_text()
