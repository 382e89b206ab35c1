"""Files by the million and files by the gigabyte, from a seed.

    python -m benchmarks.bulk many FOLDER COUNT
    python -m benchmarks.bulk pages|text FILE BYTES
    python -m benchmarks.bulk change FILE

Rows of text as a journal has them; `pages` lays them in pages below the header of an SQLite
database, as much of that format as tells a program that the file changes page by page.  A change
rewrites every hundredth page, or appends a hundredth of the text.  Nothing is sparse and nothing
comes twice.  A process of its own, so that the memory this takes never counts as a measured
program's.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from random import Random

SEED = 7
PAGE = 4096  # bytes
SQLITE = b"SQLite format 3\0" + PAGE.to_bytes(2, "big") + bytes([1, 1, 0, 64, 32, 32])
HEADER = 100  # bytes of a database's header (sqlite.org/fileformat2.html, section 1.3)
LEAF = 0x0D  # first byte of a page that holds rows
PER_FOLDER = 1000  # small files
PER_FILE = (2, 16)  # rows of a small file: 106 to 848 bytes
ROWS = 75  # of a page, which they nearly fill
BATCH = 20_000  # rows made at once
ROW = b"2025-06,\xe8\xae\xb0-%b,%b.01,\xe5\xba\x93\xe5\xad\x98\xe5\x95\x86\xe5\x93\x81,%b,%b.%b\n"
DIGITS = bytes.maketrans(b"abcdef", b"012345")


def many(folder: Path, count: int) -> None:
    """Write so many small text files, a thousand to a folder."""
    lengths, text = Random(SEED + 1), rows(SEED)
    for number in range(count):
        below = folder / f"{number // PER_FOLDER:05d}"
        if number % PER_FOLDER == 0:
            below.mkdir(parents=True)
        wanted = lengths.randint(*PER_FILE)
        (below / f"{number:08d}.csv").write_bytes(b"".join(next(text) for _ in range(wanted)))


def big_text(file: Path, size: int) -> None:
    """Write one file of rows."""
    text, written = rows(SEED), 0
    with file.open("wb") as out:
        while written < size:
            written += out.write(next(text))


def big_pages(file: Path, size: int) -> None:
    """Write one file of pages."""
    text = rows(SEED)
    with file.open("wb") as out:
        out.write(SQLITE.ljust(HEADER, b"\0").ljust(PAGE, b"\0"))
        for number in range(1, size // PAGE):
            out.write(_page(number, text))


def change(file: Path) -> None:
    """Change a hundredth of a big file, in the way of its kind."""
    text, size = rows(SEED + 2), file.stat().st_size
    with file.open("r+b") as out:
        if out.read(len(SQLITE)) == SQLITE:
            for number in range(50, size // PAGE, 100):
                out.seek(number * PAGE)
                out.write(_page(number, text))
        else:
            out.seek(size)
            while out.tell() < size + size // 100:
                out.write(next(text))


def rows(seed: int) -> Iterator[bytes]:
    """Yield rows of a journal without end, 53 bytes each."""
    rng = Random(seed)
    while True:
        digits = rng.randbytes(10 * BATCH).hex().encode().translate(DIGITS)
        for at in range(0, len(digits), 20):
            few = digits[at : at + 20]
            yield ROW % (few[:5], few[5:9], few[9:14], few[14:18], few[18:])


def _page(number: int, text: Iterator[bytes]) -> bytes:
    held = b"".join(next(text) for _ in range(ROWS))
    head = bytes([LEAF, 0, 0, 0, ROWS, 0, 0, 0]) + number.to_bytes(4, "big")
    return (head + held).ljust(PAGE, b"\0")[:PAGE]


def main() -> None:
    """Make what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("many", "text", "pages", "change"):
        making = verbs.add_parser(verb)
        making.add_argument("path", type=Path)
        if verb != "change":
            making.add_argument("amount", type=int)
    asked = parser.parse_args()
    if asked.verb == "change":
        change(asked.path)
    else:
        {"many": many, "text": big_text, "pages": big_pages}[asked.verb](asked.path, asked.amount)


if __name__ == "__main__":
    main()
