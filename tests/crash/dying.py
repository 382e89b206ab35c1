"""Children that die: by their own hand at the n-th call, or by strace's at the n-th system call."""

import os
import select
import shutil
import signal
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from baozhang.cli import exit_code
from baozhang.errors import BaozhangError
from baozhang.vault.model import BackupReceipt

Work = Callable[[], object]
PATIENCE = 120  # seconds after which a child counts as hanging; no clean end, so a test fails
RAW = 71  # of one that ended by an OSError in nobody's words; the command line makes 3 of it
BUG = 70  # exit status of a child that ended by an exception which is none of ours


def in_child(work: Work) -> int:
    """Run `work` in a child process; return its exit status, negative for a signal."""
    return ended(started(work))


def started(work: Work) -> int:
    """Start a child process that does `work`; return its id.

    It ends with the exit code that the command line would end with.
    """
    child = os.fork()
    if child == 0:
        status = BUG
        try:
            signal.alarm(PATIENCE)
            status = told(work)
        except BaseException:  # noqa: BLE001 - the child's last word
            traceback.print_exc()
        finally:
            os._exit(status)
    return child


def told(work: Work) -> int:
    """Do the work; return what its end tells: 0, 1 for a problem or a part, 2 usage, 3 outside."""
    try:
        receipt = work()
    except BaozhangError as error:
        return exit_code(error)
    except OSError:
        traceback.print_exc()
        return RAW
    return int(isinstance(receipt, BackupReceipt) and bool(receipt.troubles))


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


class Traced(NamedTuple):
    """How a traced child ended."""

    status: int  # negative for a signal
    log: str  # of the calls that were traced; one that was tampered with ends in "(INJECTED)"


def traced(work: Work, log: Path, *, trace: str, inject: str | None = None) -> Traced:
    """Run `work` in a child whose system calls strace tells, and tampers with.

    Args:
        work: begins only when strace is attached, so that only its own calls count.
        log: a file for the trace.
        trace: the calls to log, as strace's `-e trace=`.
        inject: what to do to them, as strace's `-e inject=`.
    """
    reader, writer = os.pipe()

    def waiting() -> object:
        os.close(writer)
        select.select([reader], [], [])  # until nobody holds the other end any more
        return work()

    child = started(waiting)
    os.close(reader)
    tampering = ["-e", f"inject={inject}"] if inject else []
    strace = ["strace", "-f", "-y", "-o", log, "-e", f"trace={trace}", *tampering, "-p", str(child)]
    with subprocess.Popen(strace, stderr=subprocess.PIPE) as tracer:
        assert tracer.stderr is not None
        attached = tracer.stderr.readline()
        os.close(writer)
        status = ended(child)
        tracer.stderr.read()
    assert b"attached" in attached, attached
    return Traced(status, log.read_text())


def strace_works() -> bool:
    """Tell whether this machine has strace and lets it inject."""
    if not shutil.which("strace"):
        return False
    inject = ["-e", "trace=mkdir", "-e", "inject=mkdir:signal=SIGKILL", "mkdir", "/tmp"]
    ran = subprocess.run(["strace", "-qq", *inject], capture_output=True, check=False)
    return ran.returncode == -signal.SIGKILL
