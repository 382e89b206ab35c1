"""How every command speaks: a value as JSON, or the same value for a person, and progress."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import (
    Progress as Bars,
)

from baozhang.cli.speaking import json_text
from baozhang.vault.model import Progress, Report, silent
from baozhang.words import say

JsonFlag = Annotated[bool, typer.Option("--json", help=say("Print one JSON object, for programs."))]


def show(value: Mapping[str, object], *, as_json: bool, human: Callable[[Console], None]) -> None:
    """Print a command's result: `value` as one JSON object, or what `human` draws."""
    if as_json:
        typer.echo(json_text(value))
    else:
        human(_screen())


def _screen() -> Console:
    """Return the terminal, or for a pipe or file a page wide enough that no table is cut."""
    wide = None if sys.stdout.isatty() else 200
    return Console(soft_wrap=True, highlight=False, width=wide)


@contextmanager
def progress(*, as_json: bool) -> Iterator[Report]:
    """Show progress on standard error while the block works; nothing where nobody watches."""
    if as_json or not sys.stderr.isatty():
        yield silent
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    timing = (TransferSpeedColumn(), TimeRemainingColumn())
    with Bars(*columns, *timing, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task("", total=None)

        def report(now: Progress) -> None:
            bars.update(
                task, description=say(now.step), completed=now.done, total=now.total or None
            )

        yield report
