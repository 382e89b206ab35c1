"""The mutation matrix as people read it: faults down, profiles and sources across, the law in each.

    tests ──record_property──► reports (from any process) ──► Matrix ──► terminal

A cell is the law that told the fault, `-` where an export of that kind cannot carry it (the
reason stands below the table), or `MISSED`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pytest

PROPERTY = "mutation"
OUTCOMES = ("passed", "failed", "error")


@dataclass(slots=True)
class Matrix:
    """What was found out about the cells, by fault and column."""

    laws: dict[str, str] = field(default_factory=dict)  # fault to the law it is planted for
    cells: dict[tuple[str, str], str] = field(default_factory=dict)
    reasons: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, cell: Mapping[str, str], *, passed: bool) -> None:
        """Take in one cell."""
        place = cell["fault"], cell["column"]
        self.laws[cell["fault"]] = cell["law"]
        if cell["reason"]:
            self.reasons[place] = cell["reason"]
        self.cells[place] = "-" if cell["reason"] else cell["caught"] if passed else "MISSED"

    def lines(self) -> Iterable[str]:
        """Yield the table, then why cells are empty."""
        columns = sorted({column for _, column in self.cells})
        wide = max(map(len, self.laws)) + 2
        yield " " * (wide + 5) + " ".join(f"{column:>{_width(column)}}" for column in columns)
        for fault, law in sorted(self.laws.items(), key=lambda item: (_order(item[1]), item[0])):
            row = (f"{self.cells.get((fault, c), '?'):>{_width(c)}}" for c in columns)
            yield f"{law:<4} {fault:<{wide}}" + " ".join(row)
        yield "-: cannot be carried"
        for column in columns:
            own = {reason for (_, other), reason in self.reasons.items() if other == column}
            if own:
                yield f"   {column}: {'; '.join(sorted(own))}"


def _width(column: str) -> int:
    return max(len(column), 6)


def _order(law: str) -> tuple[str, int]:
    return law[0], int(law[1:])


def cell(
    fault: str, column: str, law: str, *, caught: str = "", reason: str = ""
) -> tuple[str, dict[str, str]]:
    """Return one cell as a property of a test's report."""
    found = {"fault": fault, "column": column, "law": law, "caught": caught, "reason": reason}
    return PROPERTY, found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix, if any of its cells was tested."""
    matrix = Matrix()
    for outcome in OUTCOMES:
        for report in terminalreporter.stats.get(outcome, ()):
            for name, found in getattr(report, "user_properties", ()):
                if name == PROPERTY and report.when == "call":
                    matrix.add(found, passed=outcome == "passed")
    if matrix.cells:
        terminalreporter.section("planted faults: which law tells them")
        for line in matrix.lines():
            terminalreporter.write_line(line)
