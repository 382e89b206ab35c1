"""Voucher lines laid down once, and read again in any order that account books need.

    passages, in the book's order ──► one private file ──► in that order (序时账)
                                                      └──► account by account (明细账)

A ledger of millions of lines does not fit into memory, and an account's lines lie scattered all
over it.  The file is SQLite's; its index is there before the first line is, since sorting
afterwards would leave parts of the ledger in the system's folder for temporary files.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal, NamedTuple

from baozhang.books.blocks import Passage
from baozhang.books.table_laws import Unposted
from baozhang.books.totals import Totals

State = Literal["", "voided", "unposted"]
"""已作废 counts for nothing; 未记账 counts, and is told."""

_TABLE = """
CREATE TABLE lines (seq INTEGER PRIMARY KEY, account TEXT, period TEXT, date TEXT, voucher TEXT,
  line INTEGER, summary TEXT, name TEXT, party TEXT, currency TEXT, debit INTEGER, credit INTEGER,
  state TEXT);
CREATE INDEX by_account ON lines (account, period, seq);
"""
_PUT = "INSERT INTO lines VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_GET = """SELECT account, period, date, voucher, line, summary, name, party, currency, debit,
  credit, state FROM lines """


class Kept(NamedTuple):
    """One voucher line; an account, a name or a text that is missing is ''."""

    account: str
    period: str
    date: str
    voucher: str
    line: int
    summary: str
    name: str
    party: str
    currency: str
    debit: int  # minor units; a missing amount is 0
    credit: int
    state: State


class Spool:
    """The lines of one book.

    Attributes:
        names: what the lines call an account, the first name that occurs.
        totals, unposted: what they sum to.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.names: dict[str, str] = {}
        self.totals, self.unposted = Totals(), Unposted()

    def add(self, passage: Passage) -> None:
        """Take in a passage; for `take_proof(..., watch=...)`.

        Raises:
            OSError: no room, or the file cannot be written.
        """
        lines = passage.lines
        self.totals.see(passage)
        self.unposted.see(passage)
        for code, name in set(zip(lines.account, lines.account_name, strict=True)):
            if name:
                self.names.setdefault(code or "", name)
        vouchers: list[str] = []
        for voucher, (first, after) in zip(passage.vouchers, passage.runs(), strict=True):
            vouchers += [voucher] * (after - first)
        rows = zip(
            (code or "" for code in lines.account),
            lines.period,
            lines.date,
            vouchers,
            lines.line,
            (text or "" for text in lines.summary),
            (name or "" for name in lines.account_name),
            (party or "" for party in lines.party),
            lines.currency,
            *passage.amounts,
            map(_state, lines.voided, lines.posted),
            strict=True,
        )
        try:
            self._connection.executemany(_PUT, rows)
        except sqlite3.OperationalError as error:
            full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
            number = errno.ENOSPC if full else errno.EIO
            raise OSError(number, os.strerror(number)) from error

    def lines(self) -> Iterator[Kept]:
        """Yield the lines in the book's order."""
        return map(Kept._make, self._connection.execute(_GET + "ORDER BY seq"))

    def lines_of(self, account: str) -> Iterator[Kept]:
        """Yield one account's lines, period by period in the book's order."""
        found = self._connection.execute(
            _GET + "WHERE account = ? ORDER BY period, seq", (account,)
        )
        return map(Kept._make, found)

    def accounts(self) -> tuple[str, ...]:
        """Return the accounts that have lines, sorted."""
        found = self._connection.execute("SELECT DISTINCT account FROM lines ORDER BY account")
        return tuple(code for (code,) in found)


def _state(voided: bool | None, posted: bool | None) -> State:  # noqa: FBT001 - two columns
    if voided:
        return "voided"
    return "unposted" if posted is False else ""


@contextmanager
def spool(path: Path) -> Iterator[Spool]:
    """Provide an empty spool in a new file, which is gone afterwards."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            path.chmod(0o600)
            connection.execute("PRAGMA journal_mode=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            connection.executescript(_TABLE)
            connection.execute("BEGIN")
            yield Spool(connection)
    finally:
        path.unlink(missing_ok=True)
