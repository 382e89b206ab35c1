"""Drawing for people: the page, and progress bars.  Loaded only where somebody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as Bars

from baozhang.vault.model import Progress, Report
from baozhang.words import say

WIDE = 200  # columns of a page for a pipe or file: no table is cut


def page() -> Console:
    """Return the terminal, or a wide page where the output goes elsewhere."""
    wide = None if sys.stdout.isatty() else WIDE
    return Console(soft_wrap=True, highlight=False, width=wide)


@contextmanager
def bars() -> Iterator[Report]:
    """Draw a bar of bytes with speed and remaining time."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    timing = (TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, *timing, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("", total=None)

        def report(now: Progress) -> None:
            step = say(now.step)
            drawn.update(task, description=step, completed=now.done, total=now.total or None)

        yield report


@contextmanager
def rows() -> Iterator[Callable[[int], None]]:
    """Count rows that were read."""
    text = TextColumn("{task.description}")
    with Bars(text, console=Console(stderr=True), transient=True) as drawn:
        task = drawn.add_task("")
        yield lambda count: drawn.update(
            task, description=say("{rows} rows read", rows=f"{count:,}")
        )
