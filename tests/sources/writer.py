"""A foreign program that keeps books: `python -m tests.sources.writer DATABASE MODE`.

It shares nothing with the test but the database file.  Modes: `loop` posts one balanced voucher
per transaction until its input ends; `hold` opens a write transaction and keeps it, `read` a
reading one; `idle` only has the database open; `die` stops in the middle of a transaction that
has reached the file.
"""

import os
import select
import sqlite3
import sys

from tests.sources.ledgers import add_voucher


def post(connection: sqlite3.Connection, number: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    add_voucher(connection, number)
    connection.execute("UPDATE GL_accvouch SET cdigest = ? WHERE ino_id = 1", (number,))
    connection.execute("COMMIT")


def main(path: str, mode: str) -> None:
    connection = sqlite3.connect(path, timeout=30, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    last = connection.execute("SELECT max(ino_id) FROM GL_accvouch").fetchone()[0]
    if mode == "loop":
        post(connection, last := last + 1)
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], 0)[0]:
            post(connection, last := last + 1)
        print(last, flush=True)
        return
    if mode == "hold":
        connection.execute("BEGIN EXCLUSIVE")
    if mode == "read":
        connection.execute("BEGIN")
        connection.execute("SELECT * FROM code").fetchone()
    if mode == "die":
        connection.execute("PRAGMA cache_size=1")
        connection.execute("PRAGMA cache_spill=ON")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE GL_accvouch SET md = md + 1")
        for number in range(last + 1, last + 2000):
            add_voucher(connection, number)
        print("ready", flush=True)
        os._exit(1)
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
