"""Children that die: by their own hand at the n-th call, or by strace's at the n-th system call."""

import os
import shutil
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
Work = Callable[[], object]


def in_child(work: Work) -> int:
    """Run `work` in a child process; return its exit status, negative for a signal."""
    return ended(started(work))


def started(work: Work) -> int:
    """Start a child process that does `work`; return its id."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - the child's last word
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def ended(child: int) -> int:
    """Wait for a child process; return its exit status, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def killed_at(call: str, number: int, *, after: bool, work: Work) -> bool:
    """Run `work` in a child that is killed at its `number`-th call; tell whether it was.

    The call is one of `os`; `after` lets it be done first.
    """

    def doomed() -> None:
        real, left = getattr(os, call), [number]

        def counted(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0 and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return real(*args, **options)
            finally:
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        setattr(os, call, counted)
        work()

    status = in_child(doomed)
    assert status in (0, -signal.SIGKILL)
    return status != 0


def strace_works() -> bool:
    """Tell whether this machine has strace and lets it inject."""
    if not shutil.which("strace"):
        return False
    inject = ["-e", "trace=mkdir", "-e", "inject=mkdir:signal=SIGKILL", "mkdir", "/tmp"]
    ran = subprocess.run(["strace", "-qq", *inject], capture_output=True, check=False)
    return ran.returncode == -signal.SIGKILL


def killed_by_strace(call: str, number: int, *, job: str, place: Path) -> bool:
    """Run a job of `tests.crash.job`, killed where any of its threads enters its n-th call."""
    log = place / "strace.log"
    options = ["-f", "-qq", "-o", str(log), "-e", f"trace={call}"]
    inject = ["-e", f"inject={call}:signal=SIGKILL:when={number}"]
    ran = subprocess.run(
        ["strace", *options, *inject, sys.executable, "-m", "tests.crash.job", job, str(place)],
        cwd=ROOT,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=False,
    )
    fired = "killed by SIGKILL" in log.read_text()
    assert ran.returncode == (-signal.SIGKILL if fired else 0), ran.stderr.decode()
    log.unlink()
    return fired
