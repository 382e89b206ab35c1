"""Reads a QR code out of the picture that a letter carries, as a telephone would (ISO/IEC 18004).

Enough for links: one segment of bytes, and no error to correct.
"""

from io import BytesIO

from PIL import Image

from tests.keys.qr import LEVELS, MASKS, Matrix, data_of, reserved

QUIET, SCALE = 4, 6  # modules of white around it, pixels of a module


def link_in(png: bytes) -> str:
    """Return the link in a picture."""
    matrix = modules(png)
    size = len(matrix)
    version = (size - 17) // 4
    form = 0
    for row, column in [(8, at) for at in (0, 1, 2, 3, 4, 5, 7, 8)] + [
        (at, 8) for at in (7, 5, 4, 3, 2, 1, 0)
    ]:
        form = form << 1 | matrix[row][column]
    form ^= 0b101010000010010
    words = words_in(matrix, form >> 10 & 7, reserved(size, version))
    bits = "".join(f"{word:08b}" for word in data_of(words, version, LEVELS[form >> 13]))
    assert bits[:4] == "0100"  # bytes
    width = 8 if version < 10 else 16
    count = int(bits[4 : 4 + width], 2)
    found = bits[4 + width : 4 + width + 8 * count]
    return bytes(int(found[at : at + 8], 2) for at in range(0, len(found), 8)).decode("ascii")


def modules(png: bytes) -> Matrix:
    """Return the dark and light modules, without the border."""
    with Image.open(BytesIO(png)) as picture:
        grey = picture.convert("L")
        size = grey.width // SCALE - 2 * QUIET
        middles = [(QUIET + at) * SCALE + SCALE // 2 for at in range(size)]
        return [[int(_level(grey, x, y) < 128) for x in middles] for y in middles]


def _level(grey: Image.Image, x: int, y: int) -> int:
    level = grey.getpixel((x, y))
    assert isinstance(level, int)
    return level


def words_in(matrix: Matrix, mask: int, used: set[tuple[int, int]]) -> list[int]:
    """Return the words along the snake of columns, from the lower right."""
    bits, up, size = [], True, len(matrix)
    column = size - 1
    while column > 0:
        column -= column == 6
        for step in range(size):
            row = size - 1 - step if up else step
            for one in (column, column - 1):
                if (row, one) not in used:
                    bits.append(matrix[row][one] ^ int(MASKS[mask](row, one)))
        up, column = not up, column - 2
    return [int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits) - 7, 8)]
