"""Incidents: how long until a plan waits for approval, and what the flow adds to a bare restore.

    python -m benchmarks.incident [--small] [--bytes N] [--clients N] [--rounds N] [--out DIR]

Writes `incident.json` and `incident.md` in DIR.

one    a client of N bytes, backed up twice, loses a third of its book and a tenth of its papers
       ──► opened, people paged, stopped, evidence, scope, plan ──► waiting for approval
back   that client brought back: by the vault alone, and by the incident into quarantine, in turns
many   N clients in one agency lose vouchers at once ──► one incident ──► waiting for approval

`--small` is 20 MB, eight clients and one round.
"""

import argparse
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random
from time import perf_counter, process_time

from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Plan, Restoration
from baozhang.incidents.quarantine import bring_back, destroy_all
from baozhang.site import Site
from baozhang.vault.model import Snapshot
from baozhang.vault.reader import restore
from baozhang.wiring import open_site
from benchmarks.machine import libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import Spread
from benchmarks.rounds import Tell
from benchmarks.running import BenchmarkError
from benchmarks.table import facts
from benchmarks.workplace import clear, workplace
from tasks.incident import IncidentForm, open_incident
from tasks.incident_recovery import recover
from tasks.incident_walk import Halt, walk
from tests.flows.site import COLUMNS, add_client, add_papers, make_site
from tests.flows.walking import night

ONE, OVERHEAD, MANY = 60, 1.10, 300
"""At most: seconds until one plan waits, the flow by the bare restore, seconds for many clients."""
BOOK, PAPER = 10, 200_000  # a tenth of the bytes is the book; bytes of one paper
VOUCHER = 177  # bytes of one in the ledger, about
SMALL_BOOK = 2_000  # vouchers of each of many clients
TURNS = 3  # bare and flow, one after the other, in each round
CLIENT = "c001"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step took."""

    wall: float  # seconds
    cpu: float


@dataclass(frozen=True, slots=True)
class Back:
    """One turn of bringing a client back."""

    bare: float  # seconds of the vault's own restore
    flow: float  # seconds into quarantine, with journal and custody
    proving: float  # seconds of proving and of the re-key list, after it


def measure(
    out: Path, *, size: int, clients: int, rounds: int, tell: Tell = lambda _text: None
) -> str:
    """Measure, write `incident.json` and `incident.md` in `out`, and return the latter.

    Raises:
        BenchmarkError: a plan does not restore what was lost; no file is written then.
    """
    clear(out, "incident.json", "incident.md")
    head = heading(
        out,
        {"bytes": size, "clients": clients, "rounds": rounds},
        libraries("zstandard", "blake3", "cryptography", "pydantic"),
    )
    with workplace(out, needed=8 * size) as work:
        one, back = _one(work, size, rounds, tell)
        many = _many(work, clients, rounds, tell)
    value = head | {
        "one": [asdict(each) for each in one],
        "back": [asdict(each) for each in back],
        "many": [asdict(each) for each in many],
    }
    return keep(out, "incident", value, rendered(head, clients, one, back, many))


# --- one client -----------------------------------------------------------------------------------


def _one(work: Path, size: int, rounds: int, tell: Tell) -> tuple[list[Step], list[Back]]:
    steps, back = [], []
    with _site(work / "one") as home:
        _fill(home, size)
        _backed_up(CLIENT)
        for number in range(1, rounds + 1):
            _lose(home)
            incident, step = _planned(home, (CLIENT,), restored=2)
            steps.append(step)
            tell(f"round {number}: a plan waits after {step.wall:.1f} s")
            for turn in _brought_back(home, incident, work):
                back.append(turn)
                tell(f"round {number}: bare {turn.bare:.2f} s, flow {turn.flow:.2f} s")
            _end(home, incident)
            _fill(home, size)
            _backed_up(CLIENT)
    return steps, back


def _fill(home: Path, size: int) -> None:
    """Give the client a book and papers that nothing can be compressed of; the same ones again."""
    book, papers = home / "books" / CLIENT, home / "papers" / CLIENT
    (book / "FEC2026.txt").write_text(_ledger(size // BOOK // VOUCHER), "utf-8")
    for number in range((size - size // BOOK) // PAPER):
        path = papers / f"{number % 100:02d}" / f"{number:06d}.pdf"
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            path.write_bytes(Random(number).randbytes(PAPER))


def _ledger(vouchers: int) -> str:
    """Return a book: a voucher of two lines after the other, through the months of two years."""
    chance, rows = Random(vouchers), [COLUMNS]
    for number in range(1, vouchers + 1):
        month = (number - 1) * 24 // vouchers
        day = f"{2025 + month // 12}{month % 12 + 1:02d}{number % 28 + 1:02d}"
        amount = f"{chance.randrange(1, 10**6)},{chance.randrange(100):02d}"
        head = ["VE", "Ventes", str(number), day]
        tail = ["", "", f"F{number}", day, "Vente"]
        rows.append([*head, "411000", "Clients", *tail, amount, "0,00", "", "", day, "", ""])
        rows.append([*head, "707000", "Ventes", *tail, "0,00", amount, "", "", day, "", ""])
    return "".join("\t".join(row) + "\r\n" for row in rows)


def _lose(home: Path) -> None:
    """Lose a third of the book's vouchers, and a tenth of the papers."""
    book = home / "books" / CLIENT / "FEC2026.txt"
    lines = book.read_bytes().splitlines(keepends=True)
    book.write_bytes(b"".join(lines[: 1 + (len(lines) // 3) * 2]))
    for folder in sorted((home / "papers" / CLIENT).iterdir())[:10]:
        if folder.is_dir():
            shutil.rmtree(folder)


def _brought_back(home: Path, incident: str, work: Path) -> list[Back]:
    """Bring the client back in turns; what is read lies in memory, and all was written before."""
    turns = []
    with open_site(home) as site:
        found = _incident(site, incident)
        restorations = found.value("plan", Plan).restorations
        points = [(each, _point(site, each)) for each in restorations]
        alone = partial(_bare, site, points, work / "bare")
        _settled(alone)
        shutil.rmtree(work / "bare")
        for _ in range(TURNS):
            bare = _settled(alone)
            shutil.rmtree(work / "bare")  # or its pages would be in the way of the other's
            flow = _settled(partial(_flow, site, found, points))
            proving = _timed(partial(_proven, site, found, restorations)).wall
            destroy_all(site, found, actor="benchmark")
            turns.append(Back(bare, flow, proving))
    return turns


def _settled(work: Callable[[], object]) -> float:
    os.sync()
    return _timed(work).wall


def _bare(site: Site, points: Sequence[tuple[Restoration, Snapshot]], target: Path) -> None:
    target.mkdir()
    for each, point in points:
        restore(site.vault(each.client, each.set).client(each.client), point, target / each.set)


def _flow(site: Site, incident: Incident, points: Sequence[tuple[Restoration, Snapshot]]) -> None:
    for _, point in points:
        bring_back(site, incident, point, actor="benchmark")


def _proven(site: Site, incident: Incident, restorations: Sequence[Restoration]) -> None:
    for each in restorations:
        found = recover(site, incident, each, evidence="", actor="benchmark")
        if found.failed or found.proven != each.books:
            raise BenchmarkError(f"{each.client}/{each.set} came back, and is not proven")


def _point(site: Site, each: Restoration) -> Snapshot:
    side = site.vault(each.client, each.set).client(each.client)
    return side.find(each.snapshot, set_name=each.set)


# --- many clients ---------------------------------------------------------------------------------


def _many(work: Path, clients: int, rounds: int, tell: Tell) -> list[Step]:
    names = [f"c{number:03d}" for number in range(1, clients + 1)]
    steps = []
    for number in range(1, rounds + 1):
        with _site(work / "many", *names[1:]) as home:
            _write_books(home, names, SMALL_BOOK)
            _backed_up(*names)
            _write_books(home, names, SMALL_BOOK // 2)
            steps.append(_planned(home, names, restored=clients)[1])
            tell(f"round {number}: a plan for {clients} clients waits after {steps[-1].wall:.1f} s")
    return steps


def _write_books(home: Path, names: Sequence[str], vouchers: int) -> None:
    text = _ledger(SMALL_BOOK).splitlines(keepends=True)
    for name in names:
        path = home / "books" / name / "FEC2026.txt"
        path.write_text("".join(text[: 1 + vouchers * 2]), "utf-8")


# --- both -----------------------------------------------------------------------------------------


@contextmanager
def _site(home: Path, *more: str) -> Iterator[Path]:
    """Give a site with one client of two sets, and others of one; it is removed afterwards."""
    before = os.environ.get("BAOZHANG_HOME")
    os.environ["BAOZHANG_HOME"] = str(home)
    make_site(home, CLIENT)
    add_papers(home, CLIENT)
    for name in more:
        add_client(home, name)
    try:
        yield home
    finally:
        os.environ.pop("BAOZHANG_HOME")
        if before is not None:
            os.environ["BAOZHANG_HOME"] = before
        shutil.rmtree(home)


def _backed_up(*clients: str) -> None:
    """Let two nights pass: the second finds everything as it was, and is normal."""
    for _ in range(2):
        lacking = [each for each in night(*clients).outcomes if each.status == "failed"]
        if lacking:
            raise BenchmarkError(f"{len(lacking)} sets could not be backed up")


def _planned(home: Path, clients: Sequence[str], *, restored: int) -> tuple[str, Step]:
    """Open an incident and go on with it until its plan waits for approval."""
    form = IncidentForm(noticed_by="zhang", clients=tuple(clients))

    def work() -> str:
        with open_site(home) as site:
            incident, _ = open_incident(site, form, actor="benchmark")
            halt = walk(site, incident, actor="benchmark")
            if halt != Halt("gate", "plan"):
                raise BenchmarkError(f"no plan waits for approval: {halt}")
            found = incident.value("plan", Plan)
            if len(found.restorations) != restored:
                raise BenchmarkError(f"the plan restores {len(found.restorations)} sets")
            return incident.id

    made: list[str] = []
    step = _timed(lambda: made.append(work()))
    return made[0], step


def _end(home: Path, incident: str) -> None:
    with open_site(home) as site:
        _incident(site, incident).journal.append("closed", actor="benchmark")


def _incident(site: Site, name: str) -> Incident:
    return open_incident(site, IncidentForm(noticed_by="zhang", incident=name), actor="b")[0]


def _timed(work: Callable[[], object]) -> Step:
    began, worked = perf_counter(), process_time()
    work()
    return Step(perf_counter() - began, process_time() - worked)


def rendered(
    head: Mapping[str, object],
    clients: int,
    one: Sequence[Step],
    back: Sequence[Back],
    many: Sequence[Step],
) -> str:
    """Return the report as Markdown."""
    rows = [
        ("one client: until a plan waits, s", _of([each.wall for each in one]), f"{ONE}"),
        ("the same, CPU s", _of([each.cpu for each in one]), ""),
        ("its restore by the vault alone, s", _of([each.bare for each in back]), ""),
        ("into quarantine by the incident, s", _of([each.flow for each in back]), ""),
        ("the same, times the bare restore", _of([b.flow / b.bare for b in back]), f"{OVERHEAD}"),
        ("proving what came back, s", _of([each.proving for each in back]), ""),
        (f"{clients} clients: until a plan waits, s", _of([m.wall for m in many]), f"{MANY}"),
        ("the same, CPU s", _of([each.cpu for each in many]), ""),
    ]
    table = ["| figure | measured | at most |", "|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(["# Incidents\n", facts(head), *table, ""])


def _of(values: Sequence[float]) -> str:
    found = Spread.of(values)
    return f"{found.median:.2f} ({found.least:.2f} – {found.most:.2f})"


def main() -> None:
    """Measure and print the report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.incident")
    parser.add_argument("--small", action="store_true", help="20 MB, eight clients, one round")
    parser.add_argument("--bytes", type=int, default=10**9)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=Path("out/bench-incident"))
    asked = parser.parse_args()
    size, clients, rounds = (
        (20_000_000, 8, 1) if asked.small else (asked.bytes, asked.clients, asked.rounds)
    )
    run(lambda tell: measure(asked.out, size=size, clients=clients, rounds=rounds, tell=tell))


if __name__ == "__main__":
    main()
