"""A PostgreSQL ledger backed up: against `pg_dump -Fc`, and what a day's changes add.

    python -m benchmarks.databases [--small] [--lines N] [--rounds N] [--out DIR]

Writes `databases.json` and `databases.md` in DIR.  A throw-away server is started and filled;
every round is a first night in a new vault, beside `pg_dump -Fc` to the same disk, then one night
per kind of change, each of one line in a hundred.  `--small` is 20,000 lines and one round.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

from benchmarks.machine import libraries
from benchmarks.reporting import heading, keep, run
from benchmarks.results import Spread
from benchmarks.running import BenchmarkError
from benchmarks.table import facts
from benchmarks.workplace import clear, workplace
from tests.servers.postgres import PASSWORD, PROGRAMS, Cluster, ledger, the_server

ROOT = Path(__file__).parent.parent
LINE = 800  # bytes, about: the table, its indexes and log, dumps and vaults, per voucher line
SLOWER = 1.3  # times `pg_dump -Fc`, at most, without the proof
SECOND = 0.05  # of the first night's bytes, at most, that a change of 1 % adds
PROOF = 6.0  # seconds per million lines, at most

FILL = """
    INSERT INTO "GL_accvouch" (iyear, iperiod, csign, ino_id, inid, dbill_date, cdigest, ccode,
        ccus_id, md, mc)
    SELECT 2021 + month / 12, 1 + month %% 12, '记', 1 + (g - first) / 2, 1 + g %% 2,
        make_date((2021 + month / 12)::int, (1 + month %% 12)::int,
            (1 + 27 * (g - first) / size)::int),
        (ARRAY['收到货款', '支付办公费', '计提工资', '结转成本', '报销差旅费', '缴纳增值税'])
            [1 + abs(hashint8(g / 2)) %% 6] || ' ' || left(md5((g / 2)::text), 8),
        CASE g %% 2 WHEN 0 THEN '100201' ELSE '5001' END,
        CASE WHEN g %% 4 = 0 THEN 'K' || abs(hashint8(g)) %% 500 END,
        CASE g %% 2 WHEN 0 THEN abs(hashint8(g / 2)) %% 1000000 * 0.01 ELSE 0 END,
        CASE g %% 2 WHEN 1 THEN abs(hashint8(g / 2)) %% 1000000 * 0.01 ELSE 0 END
    FROM (SELECT n / %(size)s AS month, n AS g, n / %(size)s * %(size)s AS first, %(size)s AS size
          FROM generate_series(0::bigint, %(lines)s - 1) n) made
"""
CHANGES = {
    "the open month posted": """
        UPDATE "GL_accvouch" SET cbill = '王五' WHERE i_id > %(most)s - %(few)s
    """,
    "new vouchers": """
        INSERT INTO "GL_accvouch" (iyear, iperiod, csign, ino_id, inid, dbill_date, cdigest, ccode,
            md, mc)
        SELECT 2026, 1, '记', 1 + n / 2, 1 + n %% 2, '2026-01-05',
            '收到货款 ' || left(md5((n / 2)::text), 8), '1001',
            CASE n %% 2 WHEN 0 THEN n / 2 ELSE 0 END, CASE n %% 2 WHEN 1 THEN n / 2 ELSE 0 END
        FROM generate_series(0::bigint, %(few)s - 1) n
    """,
    "an old month corrected": """
        UPDATE "GL_accvouch" SET cbill = '王五'
        WHERE i_id BETWEEN %(most)s / 2 AND %(most)s / 2 + %(few)s
    """,
    "every hundredth line, all years": """
        UPDATE "GL_accvouch" SET cbill = '赵六' WHERE i_id / 2 %% 100 = 7
    """,
}
"""What a day may do to a ledger; the last is no day of an accountant's, but the worst there is."""
STREWN = "every hundredth line, all years"


@dataclass(frozen=True, slots=True)
class Night:
    """One backup."""

    change: str  # "" on the first night
    wall: float  # seconds, imports not counted
    proof: float  # seconds of those
    read: int  # bytes
    added: int  # bytes
    peak: int  # bytes of the process, imports counted


@dataclass(frozen=True, slots=True)
class Round:
    """A first night, `pg_dump -Fc` beside it, and the nights after."""

    dump: float  # seconds
    dumped: int  # bytes
    nights: tuple[Night, ...]


def benchmark(
    out: Path,
    *,
    lines: int,
    rounds: int,
    changes: Mapping[str, str] = CHANGES,
    tell: Callable[[str], None] = lambda _text: None,
) -> str:
    """Measure, write `databases.json` and `databases.md` in `out`, and return the latter.

    Args:
        out: gets the two files, and a folder to work in while it lasts.
        lines: voucher lines of the ledger, 60 months of them.
        rounds: how often each figure is taken.
        changes: of the nights after the first, as statements by name.
        tell: is told of every figure.

    Raises:
        BenchmarkError: something failed; no result file is written then.
    """
    clear(out, "databases.json", "databases.md")
    head = heading(out, {"lines": lines, "rounds": rounds}, libraries("psycopg"))
    found = []
    with workplace(out, needed=lines * LINE) as work:
        for number in range(rounds):
            (work / str(number)).mkdir()
            found.append(_round(work / str(number), lines, changes, tell))
    text = rendered(head, lines, found)
    value = head | {"rounds": [asdict(each) for each in found]}
    return keep(out, "databases", value, text)


def _round(
    work: Path, lines: int, changes: Mapping[str, str], tell: Callable[[str], None]
) -> Round:
    server = the_server()
    server.run("postgres", "DROP DATABASE IF EXISTS bench")
    database = ledger(server, "bench")
    size = max(1, lines // 60)
    _change(server, database, 'TRUNCATE "GL_accsum"; TRUNCATE "GL_accvouch" RESTART IDENTITY')
    _change(server, database, FILL, size=size, lines=size * 60)
    _change(server, database, "VACUUM ANALYZE")
    _stored(server, database, _made(work / "warm-up"), 0, "")  # whoever is first pays for caches
    dump, dumped = _dumped(server, database, work / "dump")
    tell(f"pg_dump -Fc: {dump:.2f} s, {dumped / 1e6:.1f} MB")
    nights = []
    for number, change in enumerate(["", *changes]):
        if change:
            _change(server, database, changes[change], most=size * 60, few=size * 60 // 100)
        nights.append(_stored(server, database, work, number, change))
        tell(f"{change or 'first night'}: {nights[-1].wall:.2f} s, {nights[-1].added / 1e6:.2f} MB")
    return Round(dump, dumped, tuple(nights))


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _change(server: Cluster, database: str, query: str, **values: int) -> None:
    with server.connected(database) as connection:
        connection.execute(query.encode(), values or None)


def _dumped(server: Cluster, database: str, path: Path) -> tuple[float, int]:
    """Return seconds and bytes of the tool that everybody would take."""
    told = ["--host", str(server.folder), "--port", str(server.port), "--username", "postgres"]
    env = {"PATH": os.defpath, "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"}
    words = [str(PROGRAMS / "pg_dump"), "-Fc", *told, "--file", str(path), database]
    began = perf_counter()
    ran = subprocess.run(words, env=env, check=False, capture_output=True)
    if ran.returncode:
        raise BenchmarkError(ran.stderr.decode(errors="replace"))
    return perf_counter() - began, path.stat().st_size


def _stored(server: Cluster, database: str, work: Path, night: int, change: str) -> Night:
    words = [str(server.folder), str(server.port), database, str(work), str(night)]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.storing", *words],
        cwd=ROOT,
        input=PASSWORD,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise BenchmarkError(f"night {night}: {ran.stderr}")
    return Night(change, **json.loads(ran.stdout.splitlines()[-1]))


def rendered(head: Mapping[str, object], lines: int, found: Sequence[Round]) -> str:
    """Return the report as Markdown."""
    millions = lines / 1e6
    firsts = [each.nights[0] for each in found]
    slower = [(one.wall - one.proof) / each.dump for one, each in zip(firsts, found, strict=True)]
    figures = [
        ("`pg_dump -Fc`, seconds", [each.dump for each in found], ""),
        ("`pg_dump -Fc`, MB", [each.dumped / 1e6 for each in found], ""),
        ("first night without its proof, seconds", [n.wall - n.proof for n in firsts], ""),
        ("times `pg_dump -Fc`", slower, f"{SLOWER:.2f}"),
        ("proof, seconds", [night.proof for night in firsts], f"{PROOF * millions:.2f}"),
        ("first night, MB added", [night.added / 1e6 for night in firsts], ""),
        ("peak, MiB", [night.peak / 2**20 for night in firsts], ""),
    ]
    for place in range(1, len(found[0].nights)):
        change = found[0].nights[place].change
        share = [100 * each.nights[place].added / each.nights[0].added for each in found]
        limit = "" if change == STREWN else f"{100 * SECOND:.2f}"
        figures.append((f"1 % changed: {change}; % of the first night added", share, limit))
    table = ["# A PostgreSQL ledger\n", facts(head), "| | | target: at most |", "|---|---:|---:|"]
    table += [f"| {name} | {_spread(values)} | {limit} |" for name, values, limit in figures]
    return "\n".join([*table, "\nMedian [least–most]; targets are for a million lines or more.\n"])


def _spread(values: Sequence[float]) -> str:
    spread = Spread.of(values)
    return f"{spread.median:,.2f} [{spread.least:,.2f}–{spread.most:,.2f}]"


def main() -> None:
    """Measure what the command line asks for; exit 1 when anything failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.databases", description=__doc__)
    parser.add_argument("--small", action="store_true", help="20,000 lines, one round")
    parser.add_argument("--lines", type=int, metavar="N")
    parser.add_argument("--rounds", type=int, metavar="N")
    parser.add_argument("--out", type=Path, default=Path("out/bench-databases"), metavar="DIR")
    asked = parser.parse_args()
    usual = (20_000, 1) if asked.small else (1_000_000, 5)
    lines = usual[0] if asked.lines is None else asked.lines
    rounds = usual[1] if asked.rounds is None else asked.rounds
    if lines < 6000 or rounds < 1:
        parser.error("--lines is a number from 6000, --rounds one from 1")
    run(lambda tell: benchmark(asked.out, lines=lines, rounds=rounds, tell=tell))


if __name__ == "__main__":
    main()
