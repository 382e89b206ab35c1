"""Lines by columns: blocks, passages of whole runs, and the questions a passage answers."""

import gc
from dataclasses import replace
from itertools import islice

import pytest

from baozhang.books import blocks
from baozhang.books.blocks import LineBlock, Passage, blocks_of, collecting_rarely, passages
from baozhang.books.canonical import LinePrinter, canonical
from baozhang.books.model import Line
from baozhang.books.taking import take_proof
from baozhang.books.totals import Totals
from baozhang.books.values import Memory, amounts
from baozhang.books.vouchers import Vouchers
from tests.checks.memory import MemoryLedger, ledger

LINE = Line(
    year="2026",
    period="2026-01",
    word="记",
    number="1",
    line=1,
    date="2026-01-05",
    summary="工资",
    account="1002",
    account_name=None,
    party="",
    currency="CNY",
    debit=100,
    credit=0,
    posted=None,
    voided=None,
    other=("甲", None),
)


def lines(*numbers: str, **values: object) -> list[Line]:
    return [LINE._replace(number=number, **values) for number in numbers]  # type: ignore[arg-type]


def block(rows: list[Line]) -> LineBlock:
    (only,) = blocks_of(replace(ledger(), rows=tuple(rows)))
    return only


def cut(rows: list[Line], *sizes: int) -> list[Passage]:
    """Return the passages of these rows, read in blocks of these sizes."""
    left = iter(rows)
    return list(passages(block(list(islice(left, size))) for size in sizes))


def voucher_numbers(passage: Passage) -> list[list[str]]:
    return [list(passage.lines.number[first:after]) for first, after in passage.runs()]


def test_a_block_holds_the_same_lines_as_its_rows() -> None:
    rows = [LINE, LINE._replace(line=2, debit=None, other=("", "乙"))]
    assert list(block(rows).rows()) == rows


def test_lines_without_other_columns_come_back_as_they_were() -> None:
    rows = [LINE._replace(other=())]
    assert list(block(rows).rows()) == rows


def test_a_run_that_goes_on_in_the_next_block_stays_whole() -> None:
    found = cut(lines("1", "1", "2", "2", "2", "3"), 3, 1, 2)
    assert [run for one in found for run in voucher_numbers(one)] == [
        ["1", "1"],
        ["2", "2", "2"],
        ["3"],
    ]


def test_a_run_that_ends_with_its_block_is_not_joined_to_the_next() -> None:
    found = cut(lines("1", "1", "2"), 2, 1)
    assert [run for one in found for run in voucher_numbers(one)] == [["1", "1"], ["2"]]


def test_one_run_over_many_blocks_is_one_passage() -> None:
    (passage,) = cut(lines(*"11111"), 1, 1, 1, 1, 1)
    assert voucher_numbers(passage) == [["1"] * 5]


@pytest.mark.parametrize(
    "other", [{"word": "收"}, {"period": "2026-02"}, {"year": "2027"}, {"number": "2"}]
)
def test_a_run_ends_where_any_part_of_the_vouchers_key_changes(other: dict[str, str]) -> None:
    (passage,) = cut([LINE, LINE._replace(**other), LINE._replace(**other)], 3)
    assert passage.starts == [0, 1]


def test_voided_lines_and_missing_amounts_count_nothing_in_a_runs_net() -> None:
    rows = [*lines("1", debit=None), *lines("1", debit=7), *lines("2", debit=9, voided=True)]
    assert Passage(block(rows), [0, 2]).nets == [7, 0]


def test_a_period_that_comes_back_is_another_stretch() -> None:
    rows = [LINE, LINE._replace(period="2026-02"), LINE]
    assert list(Passage(block(rows), [0, 1, 2]).stretches()) == [
        ("2026-01", 0, 1),
        ("2026-02", 1, 2),
        ("2026-01", 2, 3),
    ]


AWKWARD = [
    LINE,
    LINE._replace(line=2, summary='a"b\\c\n,","', party=None, debit=None, credit=-5),
    LINE._replace(number="2", summary='x",', account=None, posted=True, voided=False),
    LINE._replace(number="3", summary="\u2028\ud800𠮷", other=('"', "]]\n[")),
]


@pytest.mark.parametrize("rows", [AWKWARD, AWKWARD[:1], [r._replace(other=()) for r in AWKWARD]])
def test_the_columns_print_what_the_rows_print(rows: list[Line]) -> None:
    printed = LinePrinter()
    found = b"".join(printed.printed(one).text for one in cut(rows, len(rows)))
    assert found == "".join(f"{canonical(row)}\n" for row in rows).encode()


def test_a_voucher_whose_lines_lie_apart_is_told_with_what_was_met_before() -> None:
    vouchers, printer = Vouchers("month"), LinePrinter()
    passage = Passage(block(lines("1", "1", "2", "1")), [0, 2, 3])
    assert vouchers.add(passage, printer.printed(passage)) == {2: 2}
    assert vouchers.series["2026", "2026-01", "记"].lines == [3, 1]


def test_a_voucher_in_two_passages_is_one_voucher() -> None:
    vouchers, printer = Vouchers("month"), LinePrinter()
    for passage in (Passage(block(lines("1", "1")), [0]), Passage(block(lines("1")), [0])):
        vouchers.add(passage, printer.printed(passage))
    found = vouchers.series["2026", "2026-01", "记"]
    assert (found.numbers, found.lines, found.nets) == (["1"], [3], [300])


def test_totals_are_by_period_and_account_with_voided_lines_told_apart() -> None:
    rows = [
        *lines("1", debit=5),
        *lines("2", account=None, debit=None, credit=3),
        *lines("3", debit=11, voided=True),
        *lines("4", period="2026-02", debit=-2),
    ]
    totals = Totals()
    totals.see(Passage(block(rows), [0, 1, 2, 3]))
    assert [(t.period, t.account, t.lines, t.debit, t.credit) for t in totals.totals()] == [
        ("2026-01", "", 1, 0, 3),
        ("2026-01", "1002", 2, 16, 0),
        ("2026-02", "1002", 1, -2, 0),
    ]
    assert totals.movements()["2026-01", "1002"] == (5, 0)


class Blocks(MemoryLedger):
    """A ledger that offers its lines by columns, one line per block."""

    def line_blocks(self) -> "object":
        return (block([row]) for row in self.rows)


def test_a_reader_by_columns_gives_the_proof_of_a_reader_by_rows() -> None:
    by_rows = ledger()
    by_columns = Blocks(by_rows.book, by_rows.rows, by_rows.chart)
    assert take_proof(by_columns) == take_proof(by_rows)


@pytest.mark.parametrize(
    ("cells", "meant"),
    [
        (["1.00", "-2.50", "1,234.56"], [100, -250, 123456]),
        (["1.00", "", "3"], [100, 0, 300]),
        (["1.00", "(2)", "x"], None),
        (["0.01", "-0.00", "99999999999999999999999.99"], [1, 0, 9999999999999999999999999]),
    ],
)
def test_a_column_of_amounts_means_what_each_cell_means(
    cells: list[str], meant: list[int] | None
) -> None:
    memory = amounts(scale=2, decimal=".", thousands=",", empty="zero")
    if meant is None:
        with pytest.raises(ValueError, match="amount"):
            memory.of(cells)
    else:
        assert memory.of(cells) == meant


def test_a_memory_that_is_full_is_emptied_and_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("baozhang.books.values._MOST_REMEMBERED", 3)
    memory = Memory(lambda cell: f"<{cell}>")
    for start in range(5):
        cells = [str(start), str(start + 1)]
        assert memory.of(cells) == [f"<{cell}>" for cell in cells]
    assert len(memory) <= 5


def test_cycles_are_looked_for_as_usual_after_a_proof() -> None:
    usual = gc.get_threshold()
    with collecting_rarely(), collecting_rarely():
        assert gc.get_threshold()[0] == blocks._COLLECT_AT
    assert gc.get_threshold() == usual
