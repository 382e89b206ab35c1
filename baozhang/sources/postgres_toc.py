"""The table of contents of a `pg_dump` directory, freed of what changes by itself.

`pg_dump` names a table's file by a number that every new object shifts, and writes down when it
ran.  Here the files get the names of their tables, entries are numbered as they stand, and the
time and the server's own numbers of objects (oids) go.  So an untouched database gives the same
bytes twice, and so does one that was restored.  What comes out is as good to `pg_restore` as what
went in: it takes its files by the names written here, and needs of the dependencies only those
between entries.

    archive format (pg_backup_archiver.c, WriteHead, WriteToc): 1.14 of PostgreSQL 12 to 15,
    1.15 of 16, 1.16 of 17 and 18.  Any other is left as it is: right, though not small.

This module parses and lays out bytes; it performs no I/O.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

MAGIC = b"PGDMP"
_KNOWN = {(1, 14), (1, 15), (1, 16)}
_EPOCH = (0, 0, 0, 1, 0, 100, 0)  # struct tm of 2000-01-01
_LONGEST = 200  # bytes of a file's name, of the 255 that file systems take
_UNSAFE = frozenset('<>:"/\\|?*%')  # what Windows takes in no name, and our own mark

_MORE = ("definition", "drop", "copy", "schema", "tablespace", "access_method")


@dataclass(frozen=True, slots=True)
class Toc:
    """A table of contents, and how the files beside it are to be called."""

    content: bytes
    renamed: dict[str, str]  # name that pg_dump gave to stable name


def stable(content: bytes) -> Toc:
    """Return a table of contents that tells of the database alone, and its files' new names."""
    reader = _Reader(content)
    if content[:5] != MAGIC or (content[5], content[6]) not in _KNOWN:
        return Toc(content, {})
    minor = content[6]
    out = bytearray(reader.take(11))  # magic, version, sizes of numbers, format
    reader.width = content[8]
    out += reader.take(1) if minor >= 15 else reader.raw_number()  # compression
    for part in _EPOCH:
        reader.raw_number()
        out += reader.written(part)
    for _ in range(3):  # database, server, pg_dump
        out += reader.raw_text()
    count = reader.number()
    out += reader.written(count)
    entries = [_Entry.read(reader, minor) for _ in range(count)]
    if reader.at != len(content):
        return Toc(content, {})
    renamed = _names(entries)
    numbers = {entry.number: place for place, entry in enumerate(entries, start=1)}
    for entry in entries:
        out += entry.laid_out(reader, numbers, renamed)
    return Toc(bytes(out), renamed)


def file_name(schema: str, table: str) -> str:
    """Return the name of a table's file, safe on every file system, readable where it can be."""
    name = f"{_safe(schema).replace('.', '%2E')}.{_safe(table)}"
    raw = name.encode()
    if len(raw) > _LONGEST:
        digest = hashlib.sha256(raw).hexdigest()[:16]
        name = raw[: _LONGEST - 20].decode(errors="ignore") + f"~{digest}"
    return f"{name}.dat"


def _safe(name: str) -> str:
    return "".join(
        f"%{ord(sign):02X}" if sign in _UNSAFE or not sign.isprintable() else sign for sign in name
    )


def _names(entries: Iterable["_Entry"]) -> dict[str, str]:
    """Return the stable name of every file; two that differ by capitals alone differ by more."""
    renamed: dict[str, str] = {}
    taken: set[str] = set()
    lists = 0
    for entry in sorted(entries, key=lambda each: (each.schema, each.tag)):
        if not entry.file:
            continue
        if entry.kind == "TABLE DATA":
            name = file_name(entry.schema, entry.tag)
        elif entry.kind == "BLOBS" and entry.file != "blobs.toc":
            lists += 1
            name = f"blobs-{lists}.toc"
        else:
            continue
        while name.lower() in taken:
            name = name.removesuffix(".dat") + "~.dat"
        taken.add(name.lower())
        renamed[entry.file] = name
    return renamed


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: the parts that matter here, and the rest as it stands."""

    number: int
    has_data: bytes
    oids: bytes
    body: bytes  # from the tag up to the dependencies
    needs: tuple[int, ...]  # numbers of what must be there before
    tag: str
    kind: str
    schema: str
    file: str

    @classmethod
    def read(cls, reader: "_Reader", minor: int) -> "_Entry":
        number = reader.number()
        has_data = reader.raw_number()
        oids = reader.raw_text() + reader.raw_text()
        start = reader.at
        tag, kind = reader.text(), reader.text()
        reader.raw_number()  # section
        texts = {name: reader.text() for name in _MORE}
        if minor >= 16:
            reader.raw_number()  # kind of relation
        reader.text()  # owner
        reader.text()  # with oids
        body = reader.content[start : reader.at]
        needs = tuple(int(need) for need in iter(reader.text, None))
        schema, file = texts["schema"] or "", reader.text() or ""
        return cls(number, has_data, oids, body, needs, tag or "", kind or "", schema, file)

    def laid_out(
        self, reader: "_Reader", numbers: dict[int, int], renamed: dict[str, str]
    ) -> bytes:
        """Return it under its new number and with its file's new name."""
        keeps = self.kind.startswith("BLOB")  # a large object's oid is its name
        needs = sorted({numbers[need] for need in self.needs if need in numbers})
        parts = [
            reader.written(numbers[self.number]),
            self.has_data,
            self.oids if keeps else reader.written_text("0") * 2,
            self.body,
            *(reader.written_text(str(need)) for need in needs),
            reader.written(-1),
            reader.written_text(renamed.get(self.file, self.file)),
        ]
        return b"".join(parts)


class _Reader:
    """Reads and writes the numbers and texts of an archive."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0
        self.width = 4  # bytes of a number, after its sign

    def take(self, count: int) -> bytes:
        self.at += count
        return self.content[self.at - count : self.at]

    def raw_number(self) -> bytes:
        return self.take(1 + self.width)

    def number(self) -> int:
        sign, *digits = self.raw_number()
        number = int.from_bytes(bytes(digits), "little")
        return -number if sign else number

    def raw_text(self) -> bytes:
        start = self.at
        self.text()
        return self.content[start : self.at]

    def text(self) -> str | None:
        length = self.number()
        return None if length < 0 else self.take(length).decode(errors="surrogateescape")

    def written(self, number: int) -> bytes:
        return bytes([number < 0]) + abs(number).to_bytes(self.width, "little")

    def written_text(self, text: str) -> bytes:
        raw = text.encode(errors="surrogateescape")
        return self.written(len(raw)) + raw
