"""Cost: a month of many clients, metered from the catalog, priced, divided and written as rows.

    python -m benchmarks.cost [--small] [--clients N] [--months N] [--rounds N] [--out DIR]

Writes `cost.json` and `cost.md` in DIR.  The catalog holds a backup point and an outcome a night
for every client over all the months, a reading and a restore test each in the last; the vault has
one copy.  Filling it is not measured.  `--small` is fifty clients, two months and one round.
"""

import argparse
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from time import perf_counter

from sqlalchemy import insert

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.schema import OutcomeRow, SnapshotRow
from baozhang.costs import bills
from baozhang.costs.charges import Charged, charge
from baozhang.costs.metering import meter, places_of
from baozhang.costs.model import METERED, UNITS, Days, Group, month_days
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import HoursRow, LicenceRow, PriceRow
from baozhang.costs.rows import Account, write
from benchmarks.machine import libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import Spread
from benchmarks.running import BenchmarkError
from benchmarks.table import facts
from benchmarks.workplace import clear, workplace

SECONDS = 60  # at most, for a month of ten thousand clients
MIB = 2**20
AT_ONCE = 20_000  # rows of one statement while the catalog is filled
MONTH = month_days(2026, 11)
NIGHT = timedelta(hours=22)

Rows = Iterator[dict[str, object]]


def measure(
    out: Path,
    *,
    clients: int,
    months: int,
    rounds: int,
    tell: Callable[[str], None] = lambda _text: None,
) -> str:
    """Measure, write `cost.json` and `cost.md` in `out`, and return the latter.

    Raises:
        BenchmarkError: the rows do not add up to the bill; no file is written then.
    """
    clear(out, "cost.json", "cost.md")
    size = {"clients": clients, "months": months, "rounds": rounds}
    head = heading(out, size, libraries("sqlalchemy"))
    with workplace(out) as work:
        with Catalog.open(work / "catalog.db") as catalog:
            fill(catalog, clients, months)
            tell(f"filled: {(work / 'catalog.db').stat().st_size / MIB:.0f} MiB")
            took = [priced(catalog, work / "rows.csv") for _ in range(rounds)]
        lines = sum(1 for _ in (work / "rows.csv").open(encoding="utf-8")) - 1
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    value = head | {"seconds": took, "rows": lines, "bytes": held}
    return keep(out, "cost", value, rendered(head, took, lines, held))


def fill(catalog: Catalog, clients: int, months: int) -> None:
    """Fill a catalog with nights of clients."""
    nights = [MONTH.last - timedelta(days=n) for n in range(30 * months)]
    with catalog.writing() as session:
        for table, rows in (
            (SnapshotRow, _points(clients, nights)),
            (OutcomeRow, _outcomes(clients, nights)),
        ):
            while part := list(islice(rows, AT_ONCE)):
                session.execute(insert(table), part)


def _points(clients: int, nights: Sequence[date]) -> Rows:
    for sequence, night in enumerate(reversed(nights), start=1):
        for client in range(clients):
            yield {
                "client": f"c{client:05d}", "id": f"main-{sequence:06d}", "set": "main",
                "sequence": sequence, "at": _at(night), "files": 120, "size": 48_000_000,
                "added": 21_000_000 if sequence == 1 else 300_000 + client, "partial": False,
                "books": ["books"],
            }  # fmt: skip


def _outcomes(clients: int, nights: Sequence[date]) -> Rows:
    for night in nights:
        for client in range(clients):
            figures: list[list[str | int]] = [
                ["files", 120], ["bytes", 48_000_000], ["bytes_read", 400_000],
                ["bytes_added", 300_000 + client], ["books", 1], ["troubles", 0],
            ]  # fmt: skip
            yield _outcome(f"backup-{night}", "backup", client, night, figures)
    for client in range(clients):
        read: list[list[str | int]] = [["objects", 42], ["bytes", 30_000_000], ["damaged", 0]]
        yield _outcome("validation-1", "validation", client, nights[3], read)
        yield _outcome("restore-1", "restore_test", client, nights[2], [["bytes", 48_000_000]])


def _outcome(
    name: str, duty: str, client: int, night: date, figures: list[list[str | int]]
) -> dict[str, object]:
    began = _at(night)
    return {
        "run": name, "duty": duty, "client": f"c{client:05d}", "set": "main", "status": "ok",
        "started": began, "ended": began + timedelta(seconds=7), "snapshot": "",
        "figures": figures,
    }  # fmt: skip


def _at(night: date) -> datetime:
    return Days(night, night).begin + NIGHT


def priced(catalog: Catalog, path: Path) -> float:
    """Meter, price and divide a month, add it up and write its rows; return the seconds.

    Raises:
        BenchmarkError: the rows do not add up.
    """
    began = perf_counter()
    book = PriceBook(dict(_prices()))
    hours = [HoursRow(person="zhang", day=MONTH.first, minutes=600, what="backup")]
    vaults, sets = {"main": places_of("main", 1)}, {"main": "main"}
    used = meter(catalog, book.parts(MONTH), vaults, sets, hours)
    licence = LicenceRow(product="x", fen=1_200_000, valid_from=MONTH.first, valid_to=MONTH.last)
    found = charge(MONTH, used.usages, book, used.kept, {"l-1": licence})
    told = bills.clients(found.charges, {})
    with path.open("w", newline="", encoding="utf-8") as out:
        write(out, Account("agency", "agency"), MONTH, found.charges)
    took = perf_counter() - began
    _require_whole(found, sum(each.cost for each in told))
    return took


def _require_whole(found: Charged, told: int) -> None:
    if found.gaps or not found.fen or told != found.fen:
        raise BenchmarkError("what clients cost does not add up to what was priced")


def _prices() -> Iterator[tuple[str, PriceRow]]:
    middle = MONTH.first + timedelta(days=14)
    for group in METERED[1:]:  # all but storage
        yield group, _price(group, "0.5", date(2026, 1, 1), None)
    yield "storage-1", _price("storage", "0.12", date(2026, 1, 1), middle)
    yield "storage-2", _price("storage", "0.10", middle + timedelta(days=1), None)


def _price(group: Group, yuan: str, first: date, last: date | None) -> PriceRow:
    unit = UNITS[group]
    return PriceRow(sku=group, unit=unit, price=Decimal(yuan), valid_from=first, valid_to=last)


def rendered(head: Mapping[str, object], took: Sequence[float], lines: int, held: int) -> str:
    """Return the report as Markdown."""
    spread = Spread.of(list(took))
    rows = [
        ("metered, priced, divided and written, s",
         f"{spread.median:.1f} ({spread.least:.1f} – {spread.most:.1f})", f"{SECONDS}"),
        ("rows", f"{lines:,}", ""),
        ("memory of the process at most, filling included, MiB", f"{held / MIB:.0f}", ""),
    ]  # fmt: skip
    table = ["| figure | measured | at most |", "|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(["# Cost\n", facts(head), *table, ""])


def main() -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost")
    parser.add_argument("--small", action="store_true", help="fifty clients, one round")
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/bench-cost"))
    asked = parser.parse_args()
    if asked.small:
        asked.clients, asked.months, asked.rounds = 50, 2, 1
    run(
        lambda tell: measure(
            asked.out, clients=asked.clients, months=asked.months, rounds=asked.rounds, tell=tell
        )
    )


if __name__ == "__main__":
    main()
