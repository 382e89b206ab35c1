"""The planted faults: what each does to an export's files, and which laws must tell it, no others.

    fault ──apply──► files ──proof──► laws broken anew      == fault.breaks, as far as carried
                           └─compare─► what differs          == fault.differs

`breaks` is declared for a book that carries every table; a profile that lacks what a law needs
(`cells.WITNESS`) cannot break it.  `L11@payroll` is broken only beside a pay sheet, `P2@-balances`
only without a balance table, `L3@year` only where vouchers are numbered through the year.
`law` is the one that the fault is planted for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from baozhang.books.model import Table
from baozhang.samples.book import Wish
from tests.mutations.exporting import Export, Sheet

WISH = Wish(seed=6, months=3, trades=30, invoices=200)
"""The book that is spoiled: of all that is this small, one that has what every fault needs."""
Apply = Callable[[Export], None]
Laws = frozenset[str]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing gone wrong."""

    id: str
    says: str
    law: str
    apply: Apply
    breaks: Laws
    differs: Laws = frozenset({"F1"})
    table: Table = "lines"
    needs: frozenset[str] = field(default_factory=frozenset)
    past: bool = False  # done before the backup: held against an earlier proof, not the source's


FAULTS: list[Fault] = []


def fault(
    law: str,
    says: str,
    *,
    breaks: str = "",
    differs: str = "F1",
    table: Table = "lines",
    needs: str = "",
    past: bool = False,
) -> Callable[[Apply], Apply]:
    """Declare a fault; its function is named for it."""

    def declare(apply: Apply) -> Apply:
        name = apply.__name__.replace("_", "-")
        sets = (frozenset(text.split()) for text in (breaks, differs))
        FAULTS.append(Fault(name, says, law, apply, *sets, table, frozenset(needs.split()), past))
        return apply

    return declare


def edit(export: Export, table: Table, change: Callable[[Sheet], None]) -> None:
    """Open a table, change it and put it back."""
    sheet = export.sheet(table)
    change(sheet)
    sheet.save()
