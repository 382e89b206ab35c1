"""A minimal .xls: one sheet of texts and numbers, written byte by byte.

Formats: [MS-CFB] (the compound file: header, FAT, directory, one stream) and [MS-XLS] (BIFF8
records BOF, BOUNDSHEET, LABEL, NUMBER, EOF).
"""

import struct
from collections.abc import Sequence
from pathlib import Path

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


def write_xls(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    stream = _workbook(rows).ljust(8 * SECTOR, b"\0")  # not smaller, or it is no stream of its own
    stream += b"\0" * (-len(stream) % SECTOR)
    sectors = len(stream) // SECTOR
    chain = [*range(1, sectors), END]
    table = [*chain, END, FAT]  # the stream, then the directory, then the table itself
    assert len(table) <= SECTOR // 4
    entries = [("Root Entry", 5, 1, END, 0), ("Workbook", 2, FREE, 0, len(stream))]
    directory = b"".join(_entry(*entry) for entry in entries).ljust(SECTOR, b"\0")
    fat = struct.pack(f"<{SECTOR // 4}I", *table, *[FREE] * (SECTOR // 4 - len(table)))
    path.write_bytes(_header(directory_at=sectors, table_at=sectors + 1) + stream + directory + fat)
    return path


def _header(*, directory_at: int, table_at: int) -> bytes:
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
    head += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<IIIIIIIII", 0, 1, directory_at, 0, 4096, END, 0, END, 0)
    return head + struct.pack("<109I", table_at, *[FREE] * 108)


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    head = text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, FREE, FREE, child)
    return head + b"\0" * 36 + struct.pack("<IQ", start, size)


def _workbook(rows: Sequence[Sequence[object]]) -> bytes:
    sheet = _bof(0x10)
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            sheet += _cell(row, column, cell)
    sheet += _record(0x0A, b"")
    name = b"\x05\0Page1"
    top = _bof(0x05)
    offset = len(top) + 4 + 6 + len(name) + 4
    return top + _record(0x85, struct.pack("<IH", offset, 0) + name) + _record(0x0A, b"") + sheet


def _bof(kind: int) -> bytes:
    return _record(0x809, struct.pack("<HHHHII", 0x600, kind, 0, 1997, 0, 0))


def _cell(row: int, column: int, cell: object) -> bytes:
    if isinstance(cell, int | float):
        return _record(0x203, struct.pack("<HHHd", row, column, 0, cell))
    if not cell:
        return b""
    text = str(cell)
    head = struct.pack("<HHHHB", row, column, 0, len(text), 1)
    return _record(0x204, head + text.encode("utf-16-le"))


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data
