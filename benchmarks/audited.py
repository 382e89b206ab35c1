"""An agency of any size over a year of nights, put straight into its records; and its audit.

    python -m benchmarks.audited make HOME CLIENTS NIGHTS
    python -m benchmarks.audited judge HOME NIGHTS

Every client is backed up every night, read back every thirty nights, restored and proven every
ninety, and gets a statement every month; each leaves the rows and the records of the audit log that
the duties leave.  One outcome in a thousand is bad.  Nothing is stored in a vault: an audit opens
none.  `judge` prints what it took as JSON.  Each is a process of its own, so that the memory of
making never counts as that of judging.
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time

from sqlalchemy import insert

from baozhang.audit.letters import WRITTEN
from baozhang.audit.records import Entry, Fact
from baozhang.catalog.model import AuditAnchor, Duty, Letter
from baozhang.catalog.schema import OutcomeRow, RunRow
from baozhang.clock import business_day
from baozhang.governance.controls import controls
from baozhang.governance.judging import judge
from baozhang.governance.model import Control, Period, Test, Words
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.evidence import gather
from tests.flows.site import CLIENT, make_site

Facts = tuple[tuple[str, Fact], ...]
FIRST = datetime(2025, 11, 1, 14, tzinfo=UTC)
"""The first night, ten in the evening in Shanghai."""
READ_EVERY, TEST_EVERY, MONTH = 30, 90, 30  # nights
BAD = 997  # one outcome in so many; a prime, so that no client is always hit
FIGURES = [["files", 42], ["bytes", 1_234_567], ["bytes_added", 12_345], ["seconds_ms", 900]]
BOOKS = [["books", 2], ["vouchers", 180], ["lines", 520], ["debit_minor:CNY", 123_456_789]]
DUTIES: tuple[Duty, ...] = ("backup", "validation", "restore_test")
KINDS: tuple[Test, ...] = (
    *(Test(kind="rhythm", args={"duty": duty}) for duty in DUTIES),
    *(Test(kind="outcomes", args={"duty": duty, "share": 99}) for duty in DUTIES),
    *(Test(kind=kind) for kind in ("restore-time", "proofs", "log", "custody", "alerts")),
    Test(kind="letters", args={"kind": "night", "within": 3}),
    Test(kind="letters", args={"kind": "client-statement", "within": 40}),
)
"""What is asked beside the tests of all controls, so that no kind goes unmeasured."""


@dataclass(slots=True)
class Hand:
    """A clock that is moved from night to night."""

    now: datetime = FIRST

    def __call__(self) -> datetime:
        """Return the instant of the night that is made."""
        return self.now


def make(home: Path, clients: int, nights: int) -> None:
    """Make the site and its year."""
    make_site(home)
    names = [f"c{number:05d}" for number in range(1, clients + 1)]
    for name in names:
        (home / "clients" / f"{name}.yaml").write_text(CLIENT.format(client=name), "utf-8")
    clock = Hand()
    with open_site(home, clock=clock) as site:
        for night in range(nights):
            clock.now = FIRST + timedelta(days=night)
            _night(site, names, night, clock.now)


def _night(site: Site, names: list[str], night: int, at: datetime) -> None:
    read = [name for place, name in enumerate(names) if (place + night) % READ_EVERY == 0]
    tried = [name for place, name in enumerate(names) if (place + night) % TEST_EVERY == 0]
    rows = [
        *_rows("backup", names, night, at, FIGURES),
        *_rows("validation", read, night, at + timedelta(hours=4), FIGURES),
        *_rows("restore_test", tried, night, at + timedelta(hours=6), FIGURES + BOOKS),
    ]
    runs = {row["run"]: row["duty"] for row in rows}
    day = business_day(at)
    with site.catalog.writing() as session:
        table = [{"run": run, "duty": duty, "day": day} for run, duty in runs.items()]
        session.execute(insert(RunRow), table)
        session.execute(insert(OutcomeRow), rows)
        number = site.catalog.next_letter("night")
        letter = Letter("night", number, day.isoformat(), ("manager",), "<a@b>", "a" * 64, at)
        site.catalog.record_letter(letter)
    head = site.audit.append_many(_entries(names, read, tried, night))
    site.catalog.record_anchor(AuditAnchor(head.seq, head.hash, at))


def _rows(
    duty: Duty, names: list[str], night: int, at: datetime, figures: list[list[object]]
) -> Iterator[dict[str, object]]:
    for place, name in enumerate(names):
        began = at + timedelta(seconds=place)
        yield {
            "run": f"{duty}-{at:%Y-%m-%d}-8f3a",
            "duty": duty,
            "client": name,
            "set": "*" if duty == "validation" else "main",
            "status": "ok" if (place * 31 + night * 7 + 1) % BAD else "failed",
            "started": began,
            "ended": began + timedelta(seconds=1),
            "snapshot": f"{night:06d}-{place:012x}",
            "figures": figures,
        }


def _entries(names: list[str], read: list[str], tried: list[str], night: int) -> Iterator[Entry]:
    stored: Facts = (("bytes", 1_234_567), ("files", 42), ("snapshot", f"{night:06d}"))
    for name in names:
        yield Entry(f"backup-{night}", "backup.stored", f"{name}/main", stored)
    for name in read:
        yield Entry(f"validation-{night}", "vault.verified", name, (("damaged", 0),))
    for name in tried:
        yield Entry(f"restore_test-{night}", "restore.tested", f"{name}/main", (("books", 2),))
    if night % MONTH == 0:
        for number, name in enumerate(names, start=1):
            facts: Facts = (("client", name), ("kind", "client-statement"), ("number", number))
            yield Entry("system", WRITTEN, f"client-statement/{number:06d}", facts)


def audit(home: Path, nights: int) -> dict[str, object]:
    """Gather the evidence of all controls over the year, judge each, and say what it took."""
    words = Words(zh="基准", en="Benchmark")
    beside = Control(
        id="benchmark.all",
        title=words,
        items=("A1.1",),
        flows=("audit",),
        owner="backup_owner",
        cadence="monthly",
        source="auto",
        tests=KINDS,
        fresh=31,
        severity="low",
        remedy=words,
    )
    period = Period(business_day(FIRST), business_day(FIRST + timedelta(days=nights - 1)))
    asked = (*controls(), beside)
    with open_site(home, clock=lambda: period.end + timedelta(days=2)) as site:
        began, worked = perf_counter(), process_time()
        found = gather(site, period, asked)
        gathered, busy = perf_counter() - began, process_time() - worked
        judged = [judge(each, found, at=period.end) for each in asked]
        wall, cpu = perf_counter() - began, process_time() - worked
    own = {each.test: each.result for each in found if each.control == beside.id}
    outcomes = next(each for each in found if each.test == "outcomes duty=backup share=99")
    return {
        "controls": len(judged),
        "tests": len({each.test for each in found}),
        "evidence": len(found),
        "outcomes": outcomes.facts["all"],
        "gather_wall": gathered,
        "gather_cpu": busy,
        "wall": wall,
        "cpu": cpu,
        "results": own,
    }


def main() -> None:
    """Make an agency, or judge one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.audited")
    parser.add_argument("do", choices=("make", "judge"))
    parser.add_argument("home", type=Path)
    parser.add_argument("sizes", type=int, nargs="+")
    asked = parser.parse_args()
    if asked.do == "make":
        make(asked.home, *asked.sizes)
    else:
        print(json.dumps(audit(asked.home, *asked.sizes)))


if __name__ == "__main__":
    main()
