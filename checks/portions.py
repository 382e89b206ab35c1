"""The restored lines, judged while their proof is taken: by different values, in whole periods.

    passages ──► different dates, accounts, amounts …, runs ──► a frame per portion ──► held?

What holds of every different value holds of every line, and a ledger has far fewer of them (of
amounts, every different form: digits are all alike to what is asked of them).  So a sound ledger
is read once, and little of it is laid before Great Expectations.  Where anything does not hold,
nothing is concluded from here: the lines are read again and judged one by one (`checks.evidence`),
so that each rule says what it found.

Memory: the different values of one portion.
"""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from baozhang.books.blocks import Passage
from checks import frames
from checks.context import Evaluation, evaluate
from checks.suites import values

PORTION = 50_000
"""Lines after which the next period begins a new frame: each costs some 50 ms by itself."""

RULES = {
    "S1": ("S1 columns", "S1 rows", "S1 well formed", "S3 known"),
    "S2": ("S2 once",),
    "S3": ("S3 known",),
    "S4": ("S1 well formed", "S3 known"),
}
"""Which expectations on the values answer for a rule of lines."""

_AMOUNTS = ("debit", "credit")
_LOOKED_AT = ("date", "account", "currency", *_AMOUNTS)
_NO_DIGITS = str.maketrans("123456789", "0" * 9)


class Portions:
    """Judges passages as they come.

    Args:
        accounts: the codes of the book's chart; none where the book has no chart to hold to.
        currency: the book's currency.
    """

    def __init__(self, accounts: Collection[str], currency: str) -> None:
        self.accounts, self.currency = accounts, currency
        self.held = True
        self._judged: list[Evaluation] = []
        self._past: set[str] = set()  # periods of the portions before
        self._begin()

    def _begin(self) -> None:
        self._size = 0
        self._periods: set[str] = set()
        self._values: dict[str, set[Hashable]] = {name: set() for name in _LOOKED_AT}
        self._runs: list[frames.Row] = []

    def see(self, passage: Passage) -> None:
        """Take in a passage; judge the portion before where a period begins a new one."""
        for period, first, after in passage.stretches():
            if self._size >= PORTION and period not in self._periods:
                self._judge()
            self.held = self.held and period not in self._past
            if not self.held:
                return
            self._periods.add(period)
            self._size += after - first
            self._collect(passage, first, after)

    def _collect(self, passage: Passage, first: int, after: int) -> None:
        lines = passage.lines
        whole = after - first == lines.size
        for name, found in self._values.items():
            column: Sequence[Hashable] = getattr(lines, name)
            found |= passage.distinct(column) if whole else frozenset(column[first:after])
        self._runs += _runs(passage, first, after)

    def results(self) -> list[Evaluation] | None:
        """Return what was judged, by rule, in lines; None where anything did not hold."""
        if self.held and self._size:
            self._judge()
        return self._judged if self.held else None

    def _judge(self) -> None:
        known = {"account": self.accounts, "currency": (self.currency,)}
        size, rows = self._size, [*_written(self._values, known), *self._runs]
        frame = frames.values_frame(rows)
        found = {one.check: one for one in evaluate(frame, values.build(rows=len(rows)))}
        self.held = all(one.state == "held" for one in found.values())
        self._judged += [
            replace(found[check], rule=rule, rows=size)
            for rule, checks in RULES.items()
            for check in checks
        ]
        self._past |= self._periods
        self._begin()


def _written(
    found: Mapping[str, Iterable[Hashable]], known: Mapping[str, Collection[str]]
) -> Iterator[frames.Row]:
    """Yield a row per different value, beside it what it must be one of, if it is one of them."""
    for name, several in found.items():
        among = known.get(name)
        for value in _forms(several) if name in _AMOUNTS else several:
            written = None if value is None else f"{name} {value}"
            yield name, written, written if not among or value in among else None, str(value)


def _forms(amounts: Iterable[Hashable]) -> set[str | None]:
    """Return the different forms of amounts: each digit written as 0, what is no digit as it is."""
    written = "\n".join("" if amount is None else str(amount) for amount in amounts)
    return {form or None for form in written.translate(_NO_DIGITS).split("\n")}


def _runs(passage: Passage, first: int, after: int) -> Iterator[frames.Row]:
    """Yield a row per run: its voucher, and the numbers of its lines if they have no gap."""
    lines = passage.lines
    for start, end in passage.runs():
        if first <= start < after:
            numbers = lines.line[start:end]
            plain = list(numbers) == [*range(numbers[0], numbers[0] + len(numbers))]
            year, period, word, number = (column[start] for column in lines[:4])
            told = f"line {numbers[0]}-{numbers[-1]}" if plain else "lines apart"
            yield "line", told, told, f"{year} {period} {word} {number}"
