"""Reading a large book's lines in processes of their own: what is to be done, and the one doing it.

    plan ──► tasks: stretches of files; a database is one ──► pages ──► frames on standard output

    python -m baozhang.books.apart    with an assignment as JSON on standard input

A frame is its kind, how many rows of a file were read, the length of its pages, and the pages.  A
helper judges nothing and explains nothing: where a row cannot be understood it says so
and ends, and whoever asked reads on from there and meets the same row.
"""

import gc
import json
import os
import struct
import sys
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from queue import Queue
from typing import BinaryIO

from baozhang.books.blocks import passages
from baozhang.books.canonical import LinePrinter
from baozhang.books.delimited import DelimitedReader
from baozhang.books.model import LedgerReader
from baozhang.books.pages import Page, encode_pages
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.sqlite import SqliteReader
from baozhang.books.tables import Decoder
from baozhang.books.textfiles import Stretch
from baozhang.errors import BaozhangError, UsageError

Apart = DelimitedReader | SqliteReader
"""The readers of books that may be read apart."""

FRAME = struct.Struct("<cQQ")  # kind, rows read, bytes of pages
MORE, LAST, FAILED = b"+", b".", b"!"  # of a task: pages to go on, its last ones, none
_PAGES = 16  # of a frame
_AHEAD = 8  # frames that a helper has ready beside the one it writes


@dataclass(frozen=True, slots=True)
class Task:
    """A stretch of one of the files, read by one helper at once."""

    file: int
    first: int = 0  # bytes
    after: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be read, in the order of the book's lines."""

    profile: str
    name: str
    files: tuple[tuple[str, str], ...]  # the name to show, and the path
    tasks: tuple[Task, ...]

    def assignment(self, first: int, step: int) -> bytes:
        """Return every `step`th task from `first` on as one helper's work."""
        own = replace(self, tasks=self.tasks[first::step])
        return json.dumps(asdict(own)).encode()


def plan_of(reader: LedgerReader, *, least: int, size: int) -> Plan | None:
    """Return how a book's lines are read apart; None where they had better be read in one go.

    Args:
        reader: the book.
        least: bytes that the files of the lines have together, at least.
        size: bytes of a stretch, about.
    """
    try:
        if isinstance(reader, DelimitedReader):
            return _plan_of_files(reader, least, size)
        if isinstance(reader, SqliteReader) and reader.path.stat().st_size >= least:
            files = ((reader.shown, os.fspath(reader.path)),)
            return _known(Plan(reader.profile.name, reader.name, files, (Task(0),)), reader.profile)
    except (OSError, BaozhangError):
        pass  # reading in one go says it better
    return None


def _plan_of_files(reader: DelimitedReader, least: int, size: int) -> Plan | None:
    files = reader.tables.get("lines", ())
    if sum(path.stat().st_size for _, path in files) < least or not _apart(reader.profile):
        return None
    headers = set()
    for number in range(len(files)):
        with reader.opened(number) as text:
            headers.add(text.origin.header)
    if len(headers) > 1:
        return None
    tasks = (Task(file, one.first, one.after) for file, one in reader.stretches(size))
    paths = tuple((shown, os.fspath(path)) for shown, path in files)
    return _known(Plan(reader.profile.name, reader.name, paths, tuple(tasks)), reader.profile)


def _apart(profile: Profile) -> bool:
    """Tell whether a row can be understood without those above it."""
    layout = profile.tables["lines"]
    columns = layout.columns
    counted = "line" in columns
    dated = "year" in columns or "period" in columns or profile.numbering == "month"
    return counted and dated and layout.shape.regular and not layout.shape.auto


def _known(plan: Plan, profile: Profile) -> Plan | None:
    """Return the plan if its profile is one that another process finds by its name."""
    try:
        return plan if load_profile(plan.profile) == profile else None
    except UsageError:
        return None


def main() -> None:
    """Do the assignment, and write its frames."""
    plan = _assigned(sys.stdin.buffer.read())
    frames: Queue[bytes | None] = Queue(_AHEAD)
    writer = threading.Thread(target=_write, args=(frames, sys.stdout.buffer))
    writer.start()
    gc.disable()  # a life is short, and rows have no cycles
    try:
        for frame in _frames(plan):
            frames.put(frame)
    finally:
        frames.put(None)
        writer.join()


def _assigned(text: bytes) -> Plan:
    value = json.loads(text)
    files = tuple((shown, path) for shown, path in value["files"])
    tasks = tuple(Task(**task) for task in value["tasks"])
    return Plan(value["profile"], value["name"], files, tasks)


def _write(frames: "Queue[bytes | None]", stream: BinaryIO) -> None:
    try:
        while (frame := frames.get()) is not None:
            stream.write(frame)
            stream.flush()
    except OSError:  # nobody reads any more
        os._exit(1)


def _frames(plan: Plan) -> Iterator[bytes]:
    profile, printer = load_profile(plan.profile), LinePrinter()
    work = _of_files if profile.format == "delimited" else _of_a_database
    try:
        yield from work(plan, profile, printer)
    except BaozhangError:
        yield FRAME.pack(FAILED, 0, 0)


def _of_files(plan: Plan, profile: Profile, printer: LinePrinter) -> Iterator[bytes]:
    files = tuple((shown, Path(path)) for shown, path in plan.files)
    reader, decoder = DelimitedReader(profile, plan.name, {"lines": files}), Decoder(profile)
    for task in plan.tasks:
        with reader.opened(task.file, Stretch(task.first, task.after)) as text:
            found = passages(reader.blocks_within(text, decoder))
            pages = [Page(one, printer.printed(one)) for one in found]
            yield _frame(LAST, text.read, pages)


def _of_a_database(plan: Plan, profile: Profile, printer: LinePrinter) -> Iterator[bytes]:
    shown, path = plan.files[0]
    found = passages(SqliteReader(profile, plan.name, Path(path), shown).line_blocks())
    while pages := [Page(one, printer.printed(one)) for one in islice(found, _PAGES)]:
        yield _frame(MORE, 0, pages)
    yield _frame(LAST, 0, [])


def _frame(kind: bytes, rows: int, pages: list[Page]) -> bytes:
    encoded = encode_pages(pages)
    return FRAME.pack(kind, rows, len(encoded)) + encoded


if __name__ == "__main__":
    main()
