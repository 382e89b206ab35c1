"""Pages: as bytes and back, and put together where a seam goes through a run."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.books.blocks import LineBlock, Passage, blocks_of, joined, passages
from baozhang.books.canonical import LinePrinter, Printed
from baozhang.books.model import Line
from baozhang.books.pages import Page, decode_pages, encode_pages, stitched
from tests.books.test_blocks import AWKWARD, LINE, block
from tests.books.test_proof import lines as any_line
from tests.checks.memory import ledger


def pages(rows: list[Line], *sizes: int) -> list[Page]:
    """Return the pages of rows that several readers read, so many rows each."""
    printer, found, at = LinePrinter(), [], 0
    for size in (*sizes, len(rows)):
        part = rows[at : at + size]
        at += size
        own = passages(blocks_of(replace(ledger(), rows=tuple(part))))
        found += [Page(one, printer.printed(one)) for one in own]
    return found


def as_lists(lines: LineBlock) -> list[list[object]]:
    return [list(column) for column in (*lines[:-1], *lines.other)]


def told(page: Page) -> tuple[object, ...]:
    """Return all that a page says."""
    printed = page.printed
    texts = printed.text, list(printed.ends), printed.marks
    return as_lists(page.passage.lines), list(page.passage.starts), *texts


def there_and_back(given: list[Page]) -> list[Page]:
    return list(decode_pages(encode_pages(given)))


@given(st.lists(any_line, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_pages_come_back_as_they_were_sent(rows: list[Line]) -> None:
    alike = [row._replace(other=rows[0].other) for row in rows]
    sent = pages(alike)
    assert list(map(told, there_and_back(sent))) == list(map(told, sent))


def test_what_is_known_of_a_column_is_what_stands_in_it() -> None:
    (page,) = there_and_back(pages(AWKWARD[:3]))
    for column in (*page.passage.lines[:-1], *page.passage.lines.other):
        assert page.passage.distinct(column) == frozenset(column)


SIZES = (256, 257, 65_536, 65_537)


def test_a_column_of_more_values_than_a_byte_can_number_comes_back() -> None:
    rows = [LINE._replace(line=line, summary=f"{line}") for line in range(70_000)]
    sent = [
        Page(
            Passage(joined(list(blocks_of(replace(ledger(), rows=tuple(rows[:size]))))), [0]),
            Printed(b"", [0], b"mark"),
        )
        for size in SIZES
    ]
    assert list(map(told, there_and_back(sent))) == list(map(told, sent))


def test_amounts_beyond_64_bits_come_back() -> None:
    sent = pages([LINE._replace(debit=2**63), LINE._replace(debit=-(2**200))])
    assert told(there_and_back(sent)[0]) == told(sent[0])


NUMBERS = ["1", "1", "2", "3", "3", "3", "4", "1"]


@pytest.mark.parametrize("sizes", [(1,), (2,), (4,), (5,), (1, 1, 1, 1), (3, 1, 1), (8,)])
def test_pages_that_part_a_run_are_put_together(sizes: tuple[int, ...]) -> None:
    rows = [LINE._replace(number=n, line=at) for at, n in enumerate(NUMBERS)]
    printer = LinePrinter()
    found = list(stitched(there_and_back(pages(rows, *sizes))))
    runs = [
        [as_lists(page.passage.lines.cut(first, after)), page.printed.runs(run, run + 1)]
        for page in found
        for run, (first, after) in enumerate(page.passage.runs())
    ]
    whole = Passage(block(rows), [0, 2, 3, 6, 7])
    printed = printer.printed(whole)
    assert runs == [
        [as_lists(whole.lines.cut(first, after)), printed.runs(run, run + 1)]
        for run, (first, after) in enumerate(whole.runs())
    ]
    assert b"".join(page.printed.marks for page in found) == printed.marks
