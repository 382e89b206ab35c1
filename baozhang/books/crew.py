"""A crew of helpers: other processes that read a large book's lines while this one judges them.

    helper 0 ──► pages of task 0, 2, 4 … ──┐
    helper 1 ──► pages of task 1, 3, 5 … ──┴──► in order, runs put together ──► fingerprint, laws

Nothing is different from reading in one go, only sooner.  Where a helper meets a row that it does
not understand, this process reads on by itself and says what is wrong.  Helpers end with whoever
asked: their standard output is nobody's then.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Protocol

import baozhang
from baozhang.books import apart
from baozhang.books.apart import FAILED, FRAME, LAST, Apart, Plan, Task, plan_of
from baozhang.books.blocks import LineBlock, blocks_of, passages
from baozhang.books.canonical import LinePrinter
from baozhang.books.delimited import DelimitedReader
from baozhang.books.model import LedgerReader
from baozhang.books.named import own_reader
from baozhang.books.pages import Page, decode_pages, stitched
from baozhang.books.tables import Decoder
from baozhang.books.textfiles import WHOLE, Stretch
from baozhang.errors import SourceUnreadableError

LEAST = 24 * 2**20  # bytes; below this, starting helpers takes longer than they save
STRETCH = 2**20  # bytes; some ten thousand lines, which a helper holds at once
_MOST = 4  # helpers; one process does not judge faster than they read
_ROOM = 2**20  # bytes of a pipe
_AT_WORK = threading.Lock()  # one crew at a time: others read in one go meanwhile


class Pages(Protocol):
    """A book's lines, to be asked for once."""

    def __call__(self) -> Iterator[Page]:
        """Yield the lines in the book's order, whole runs."""
        ...


@contextmanager
def pages_of(reader: LedgerReader) -> Iterator[Pages]:
    """Yield what yields a book's lines; helpers, if it is large, begin at once and end with this.

    Raises:
        SourceUnreadableError: while pages are asked for: a helper ended before its work was done.
        LedgerFormatError: likewise: the export is not what its profile says.
    """
    reader, helpers = own_reader(reader), min(_cores(), _MOST)
    plan = plan_of(reader, least=LEAST, size=STRETCH) if helpers > 1 else None
    if plan is None or not _AT_WORK.acquire(blocking=False):
        yield lambda: _printed(blocks_of(reader))
        return
    assert isinstance(reader, Apart)
    try:
        with ExitStack() as stack:
            count = min(helpers, len(plan.tasks))
            crew = [stack.enter_context(_helper(plan, one, count)) for one in range(count)]
            yield lambda: stitched(_in_order(reader, plan, crew))
    finally:
        _AT_WORK.release()


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _printed(blocks: Iterator[LineBlock]) -> Iterator[Page]:
    printer = LinePrinter()
    for passage in passages(blocks):
        yield Page(passage, printer.printed(passage))


@contextmanager
def _helper(plan: Plan, first: int, step: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Start a helper, which is ended with the context."""
    words = [sys.executable, "-P", "-m", apart.__name__]
    root = os.fspath(Path(baozhang.__file__).parent.parent)
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    process = subprocess.Popen(  # noqa: S603 - this program itself, and no shell
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # nothing of a ledger, whatever happens
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
        pipesize=_ROOM,
    )
    with process:
        try:
            assert process.stdin is not None
            with suppress(BrokenPipeError), process.stdin as stdin:
                stdin.write(plan.assignment(first, step))
            yield process
        finally:
            process.kill()


def _in_order(
    reader: Apart, plan: Plan, crew: Sequence["subprocess.Popen[bytes]"]
) -> Iterator[Page]:
    """Yield the pages of task after task; from one that failed on, read by oneself."""
    below_header = reader.profile.tables["lines"].banner_rows + 2
    row = below_header
    for number, task in enumerate(plan.tasks):
        lines, row = 0, row if task.first else below_header
        for kind, rows, encoded in _frames(crew[number % len(crew)], plan, task):
            if kind == FAILED:
                yield from _printed(_rest(reader, task, row, lines))
                return
            row += rows
            for page in decode_pages(encoded):
                lines += page.passage.lines.size
                yield page


def _frames(
    helper: "subprocess.Popen[bytes]", plan: Plan, task: Task
) -> Iterator[tuple[bytes, int, bytes]]:
    """Yield the frames of one task: kind, rows read, pages.

    Raises:
        SourceUnreadableError: the helper ended before its work was done.
    """
    assert helper.stdout is not None
    kind = b""
    while kind not in {LAST, FAILED}:
        head = helper.stdout.read(FRAME.size)
        kind, rows, size = FRAME.unpack(head) if len(head) == FRAME.size else (b"", 0, 0)
        encoded = helper.stdout.read(size)
        if not kind or len(encoded) < size:
            raise SourceUnreadableError(
                "a process that read {file} ended before its work was done",
                hint="Run it again; where it happens again, see whether the machine has enough "
                "memory.",
                file=plan.files[task.file][0],
            )
        yield kind, rows, encoded


def _rest(reader: Apart, task: Task, row: int, lines: int) -> Iterator[LineBlock]:
    """Read on from where a task failed, whose first lines have been handed over."""
    if not isinstance(reader, DelimitedReader):
        yield from _behind(blocks_of(reader), lines)
        return
    decoder = Decoder(reader.profile)
    for file in range(task.file, len(reader.tables["lines"])):
        again = task.first and file == task.file
        stretch = Stretch(task.first, None, row) if again else WHOLE
        with reader.opened(file, stretch) as text:
            yield from reader.blocks_within(text, decoder)


def _behind(blocks: Iterator[LineBlock], lines: int) -> Iterator[LineBlock]:
    """Leave out the first lines."""
    for block in blocks:
        if lines < block.size:
            yield block.cut(lines, block.size) if lines else block
        lines = max(lines - block.size, 0)
