"""Whether a file's bytes are noise although its kind is not: what encryption leaves behind.

Compressed and encrypted bytes both look random; compressed files say so in their first bytes.
A file that looks random and says nothing is scrambled.

    bits per byte = -sum(p * log2(p)) over the 256 values (Shannon, 1948); of n random bytes it is
    about 8 - 255 / (2 * n * ln 2) (Miller, 1955), and a little less is still called random.

The first page is judged by itself too: it is enough to encrypt that to make a file unreadable.
"""

from collections import Counter
from math import log, log2

SAMPLE = 64 * 1024  # bytes at a file's beginning that are looked at
_PAGE = 4096
_LEAST = 512  # bytes; fewer say too little
_SLACK = 0.05, 64  # bits per byte below what random bytes would have: so much, and so much / n

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
    b"MSSQLBAK",  # the same, compressed
    b"\xd0\xcf\x11\xe0",  # OLE: an Office file with a password holds an encrypted stream
    b"ID3",  # MP3
    b"\xff\xfb",
    b"RIFF",  # WebP, WAV
    b"OggS",
)
_BOX = b"ftyp"  # after four bytes of length: MP4, HEIC and their like (ISO/IEC 14496-12)
"""First bytes of kinds that are compressed by nature; from their published formats."""


def is_scrambled(head: bytes) -> bool:
    """Tell whether the beginning of a file is noise that no known kind explains.

    Args:
        head: its first bytes, at most `SAMPLE`.
    """
    if head.startswith(DENSE) or head[4:8] == _BOX:
        return False
    return any(len(part) >= _LEAST and _bits(part) >= _random(len(part)) for part in _parts(head))


def _parts(head: bytes) -> tuple[bytes, ...]:
    return (head, head[:_PAGE]) if len(head) > _PAGE else (head,)


def _bits(data: bytes) -> float:
    total = len(data)
    return -sum(count / total * log2(count / total) for count in Counter(data).values())


def _random(size: int) -> float:
    return 8 - 255 / (2 * size * log(2)) - _SLACK[0] - _SLACK[1] / size
