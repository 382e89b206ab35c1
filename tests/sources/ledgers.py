"""Tiny books for the tests of sources."""

import sqlite3
from contextlib import closing
from pathlib import Path

FEC_HEADER = [
    *("JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib"),
    *("CompAuxNum", "CompAuxLib", "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit"),
    *("EcritureLet", "DateLet", "ValidDate", "Montantdevise", "Idevise"),
]
_VOUCHER_LINE = """
    INSERT INTO GL_accvouch VALUES (2026, 3, 'J', ?, ?, '2026-03-31', 's', ?, '', '', ?, ?, 1, 0)
"""


def fec(vouchers: int) -> str:
    """Return a balanced ledger of two lines per voucher."""
    rows = ["\t".join(FEC_HEADER)]
    for number in range(1, vouchers + 1):
        for account, debit, credit in (("512000", "10,00", "0,00"), ("701000", "0,00", "10,00")):
            cells = ["VT", "Ventes", str(number), "20260331", account, "x", "", "", "p"]
            cells += ["20260331", "s", debit, credit, "", "", "20260331", "", ""]
            rows.append("\t".join(cells))
    return "\r\n".join(rows) + "\r\n"


def book(path: Path, vouchers: int, *, journal: str = "DELETE") -> Path:
    """Make a database with a book in the layout of the profile `yonyou_t3`."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
        connection.executescript(
            """
            CREATE TABLE code (ccode, ccode_name, cclass, bproperty, bend);
            INSERT INTO code VALUES ('1001', 'cash', 'asset', 1, 1);
            INSERT INTO code VALUES ('6001', 'sales', 'income', 0, 1);
            CREATE TABLE GL_accvouch (iyear, iperiod, csign, ino_id, inid, dbill_date, cdigest,
                ccode, ccus_id, csup_id, md, mc, ibook, iflag);
            CREATE INDEX by_voucher ON GL_accvouch (iperiod, ino_id);
            """
        )
        for number in range(1, vouchers + 1):
            add_voucher(connection, number)
        connection.commit()
    return path


def add_voucher(connection: sqlite3.Connection, number: int) -> None:
    """Add one balanced voucher of two lines; the caller commits."""
    connection.execute(_VOUCHER_LINE, (number, 1, "1001", number, 0))
    connection.execute(_VOUCHER_LINE, (number, 2, "6001", 0, number))
