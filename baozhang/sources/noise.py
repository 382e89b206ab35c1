"""Whether a file's bytes are noise although its kind is not: what encryption leaves behind.

Compressed and encrypted bytes both look random; compressed files say so in their first bytes.
A file that looks random and says nothing is scrambled.

    bits per byte = -sum(p * log2(p)) over the 256 values (Shannon, 1948); of n random bytes it is
    about 8 - 255 / (2 * n * ln 2) (Miller, 1955), and a little less is still called random.
"""

from collections import Counter
from math import log, log2

SAMPLE = 64 * 1024  # bytes at a file's beginning that are looked at
_LEAST = 2048  # bytes; fewer say too little
_SLACK = 0.05  # bits per byte below what random bytes would have

DENSE = (
    b"PK\x03\x04",  # zip, and with it xlsx, docx, ofd
    b"%PDF",
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG",
    b"GIF8",
    b"II*\x00",  # TIFF
    b"MM\x00*",
    b"\x1f\x8b",  # gzip
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",  # Zstandard
    b"MSCF",  # cabinet
    b"TAPE",  # SQL Server backup, Microsoft Tape Format
)
"""First bytes of kinds that are compressed by nature; from their published formats."""


def is_scrambled(head: bytes) -> bool:
    """Tell whether the beginning of a file is noise that no known kind explains.

    Args:
        head: its first bytes, at most `SAMPLE`.
    """
    return len(head) >= _LEAST and not head.startswith(DENSE) and _bits(head) >= _random(len(head))


def _bits(data: bytes) -> float:
    total = len(data)
    return -sum(count / total * log2(count / total) for count in Counter(data).values())


def _random(size: int) -> float:
    return 8 - 255 / (2 * size * log(2)) - _SLACK
