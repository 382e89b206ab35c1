"""The laws of the books over a sample client's files, read without the product's readers.

`judge` returns the laws that do not hold, so that a test can also see that they can fail.
"""

import csv
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

ZERO = Decimal(0)
Period = tuple[int, int]


class Posting(NamedTuple):
    period: Period
    number: int
    position: int
    day: str
    account: str
    debit: Decimal
    credit: Decimal


class Row(NamedTuple):
    period: Period
    account: str
    opening: Decimal
    debit: Decimal
    credit: Decimal
    closing: Decimal


class Ledger(NamedTuple):
    postings: list[Posting]
    rows: list[Row]


def read(client: Path) -> Ledger:
    folder = client / "账套"
    databases = list(folder.glob("*.db"))
    return read_database(databases[0]) if databases else read_csv(folder)


def read_csv(folder: Path) -> Ledger:
    postings = [
        Posting(
            (int(r["会计年度"]), int(r["会计期间"])),
            int(r["凭证号"]),
            int(r["分录号"]),
            r["日期"],
            r["科目编码"],
            yuan(r["借方金额"]),
            yuan(r["贷方金额"]),
        )
        for r in table(folder, "凭证_*.csv", banner=0)
    ]
    rows = [
        Row(
            (int(r["会计年度"]), int(r["会计期间"])),
            r["科目编码"],
            yuan(r["期初借方"]) - yuan(r["期初贷方"]),
            yuan(r["本期借方"]),
            yuan(r["本期贷方"]),
            yuan(r["期末借方"]) - yuan(r["期末贷方"]),
        )
        for r in table(folder, "科目余额表_*.csv", banner=1)
    ]
    return Ledger(postings, rows)


def table(folder: Path, glob: str, *, banner: int) -> list[dict[str, str]]:
    rows = []
    for path in sorted(folder.glob(glob)):
        lines = path.read_bytes().decode("gb18030").split("\r\n")
        assert lines.pop() == ""
        rows += list(csv.DictReader(lines[banner:]))
    return rows


def yuan(text: str) -> Decimal:
    return Decimal(text.replace(",", "") or "0")


def read_database(path: Path) -> Ledger:
    with closing(sqlite3.connect(path)) as db:
        lines = "SELECT iyear, iperiod, ino_id, inid, dbill_date, ccode, md, mc FROM GL_accvouch"
        postings = [
            Posting((y, p), n, i, day, code, Decimal(md), Decimal(mc))
            for y, p, n, i, day, code, md, mc in db.execute(f"{lines} ORDER BY i_id")
        ]
        sign = {"借": 1, "贷": -1, "平": 0}
        sums = "SELECT iyear, iperiod, ccode, cbegind_c, mb, md, mc, cendd_c, me FROM GL_accsum"
        rows = [
            Row((y, p), c, sign[b] * Decimal(mb), Decimal(md), Decimal(mc), sign[e] * Decimal(me))
            for y, p, c, b, mb, md, mc, e, me in db.execute(
                f"{sums} ORDER BY iyear, iperiod, ccode"
            )
        ]
    return Ledger(postings, rows)


def judge(ledger: Ledger) -> set[str]:
    """Return the ids of the laws that the ledger breaks."""
    return voucher_laws(ledger) | movement_laws(ledger) | balance_laws(ledger)


def voucher_laws(ledger: Ledger) -> set[str]:
    broken = set()
    vouchers = defaultdict(list)
    for posting in ledger.postings:
        vouchers[posting.period, posting.number].append(posting)
    keys = Counter((p.period, p.number, p.position) for p in ledger.postings)
    if max(keys.values()) > 1:
        broken.add("S2")
    if any((p.debit != 0) == (p.credit != 0) for p in ledger.postings):
        broken.add("S4")
    for lines in vouchers.values():
        if len(lines) < 2 or sum((p.debit - p.credit for p in lines), ZERO):
            broken.add("L1")
    for period in {p.period for p in ledger.postings}:
        numbers = sorted(number for where, number in vouchers if where == period)
        if numbers != list(range(1, len(numbers) + 1)):
            broken.add("L3")
        days = [vouchers[period, number][0].day for number in numbers]
        if days != sorted(days) or {day[:7] for day in days} != {f"{period[0]}-{period[1]:02d}"}:
            broken.add("L4")
    return broken


def movement_laws(ledger: Ledger) -> set[str]:
    broken = set()
    accounts = {row.account for row in ledger.rows}
    parents = {code[:-2] for code in accounts if len(code) > 4}
    if any(p.account in parents or p.account not in accounts for p in ledger.postings):
        broken.add("S3")
    moved: dict[tuple[Period, str], list[Decimal]] = defaultdict(lambda: [ZERO, ZERO])
    for posting in ledger.postings:
        for account in {posting.account[:digits] for digits in (4, 6, 8)}:
            moved[posting.period, account][0] += posting.debit
            moved[posting.period, account][1] += posting.credit
    stated = {
        (r.period, r.account): [r.debit, r.credit] for r in ledger.rows if r.debit or r.credit
    }
    if stated != {key: sums for key, sums in moved.items() if any(sums)}:
        broken.add("L6")
    for period in {row.period for row in ledger.rows}:
        posted = [p for p in ledger.postings if p.period == period]
        if sum((p.debit - p.credit for p in posted), ZERO):
            broken.add("L2")
    return broken


def balance_laws(ledger: Ledger) -> set[str]:
    broken = set()
    by_period: dict[Period, dict[str, Row]] = defaultdict(dict)
    for row in ledger.rows:
        by_period[row.period][row.account] = row
        if row.closing != row.opening + row.debit - row.credit:
            broken.add("L5")
    for rows in by_period.values():
        for code, row in rows.items():
            children = [r for r in rows.values() if r.account[:-2] == code]
            if children and row[2:] != tuple(
                sum(c, ZERO) for c in zip(*[r[2:] for r in children], strict=True)
            ):
                broken.add("L7")
        first = [row for row in rows.values() if len(row.account) == 4]
        sides = [(r.opening, r.debit - r.credit, r.closing) for r in first]
        if any(sum(column, ZERO) for column in zip(*sides, strict=True)):
            broken.add("L9")
    periods = sorted(by_period)
    for before, after in pairwise(periods):
        if any(
            row.opening != by_period[before][code].closing for code, row in by_period[after].items()
        ):
            broken.add("L8")
    return broken
