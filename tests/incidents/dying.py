"""Work done in a child process that is killed by SIGKILL in the middle of it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from baozhang.incidents.journal import Event, Journal


def killed_at(number: int, work: Callable[[], object], *, before: bool = False) -> bool:
    """Run `work` in a child that dies right after it wrote its n-th event, or right before.

    Returns:
        Whether it died; False: it came to its end with fewer events.
    """
    child = os.fork()
    if child == 0:
        _die_at(number, before=before)
        _run(work)
    return _died(child)


def killed_after_rename(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that dies right after its n-th rename of something that is published.

    Renames of the journal, the register and other small files do not count.
    """
    child = os.fork()
    if child == 0:
        original, count = Path.rename, 0

        def rename(self: Path, target: "Path | str") -> Path:
            nonlocal count
            done = original(self, target)
            count += 1
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        Path.rename = rename  # type: ignore[method-assign,assignment]
        _run(work)
    return _died(child)


def _die_at(number: int, *, before: bool) -> None:
    original, count = Journal.append, 0

    def append(self: Journal, kind: str, *, actor: str, **facts: str | int | bool) -> Event:
        nonlocal count
        count += 1
        if count == number and before:
            os.kill(os.getpid(), signal.SIGKILL)
        event = original(self, kind, actor=actor, **facts)
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return event

    Journal.append = append  # type: ignore[method-assign]


def _run(work: Callable[[], object]) -> None:
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _died(child: int) -> bool:
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return True
    assert os.waitstatus_to_exitcode(status) == 0
    return False
