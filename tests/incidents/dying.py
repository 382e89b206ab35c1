"""Work done in a child process that is killed by SIGKILL in the middle of it."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from baozhang.incidents.journal import Event, Journal
from baozhang.sources import placing


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


def killed_before_rename(number: int, work: Callable[[], object]) -> bool:
    """Run `work` in a child that dies right before its n-th change of names of what is published.

    The exchange is one, and giving what was there its kept name is another.  Those of the journal,
    the register and other small files do not count.
    """
    child = os.fork()
    if child == 0:
        count = 0

        def counted(original: Callable[[Path, Path], object]) -> Callable[[Path, Path], object]:
            def change(one: Path, other: Path) -> object:
                nonlocal count
                count += 1
                if count == number:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(one, other)

            return change

        Path.rename = counted(Path.rename)  # type: ignore[method-assign,assignment]
        placing._exchange = counted(placing._exchange)  # type: ignore[assignment]
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
