"""How every command speaks: a value as JSON, or the same value for a person, and progress."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated

import typer

from baozhang.cli import load
from baozhang.cli.speaking import json_text
from baozhang.vault.model import Report, silent
from baozhang.words import say

JsonFlag = Annotated[bool, typer.Option("--json", help=say("Print one JSON object, for programs."))]


def show(value: Mapping[str, object], *, as_json: bool, human: Callable[..., None]) -> None:
    """Print a command's result: `value` as one JSON object, or what `human` draws on a page.

    The page is a `rich.console.Console`, loaded only where a person reads.
    """
    if as_json:
        typer.echo(json_text(value))
    else:
        human(load("screen").page())


@contextmanager
def progress(*, as_json: bool) -> Iterator[Report]:
    """Show progress on standard error while the block works; nothing where nobody watches."""
    if as_json or not sys.stderr.isatty():
        yield silent
        return
    with load("screen").bars() as report:
        yield report


@contextmanager
def row_count(*, as_json: bool) -> Iterator[Callable[[int], None]]:
    """Show on standard error how many rows were read, where somebody watches."""
    if as_json or not sys.stderr.isatty():
        yield lambda _rows: None
        return
    with load("screen").rows() as told:
        yield told
