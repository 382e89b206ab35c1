"""Reads a QR code out of the SVG that a page shows, module by module (ISO/IEC 18004).

Enough for what the pages hold: one segment of the small alphabet, and no error to correct.
"""

import re

from segno import consts

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
MASKS = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, j: i % 2 == 0,
    lambda i, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)
LEVELS = {1: "L", 0: "M", 3: "Q", 2: "H"}
Matrix = list[list[int]]


def modules(svg: str) -> Matrix:
    """Return the dark and light modules that the SVG's path draws, without the border."""
    path = re.search(r' d="([^"]+)"', svg)
    assert path
    dark, row, column = set(), 0.0, 0.0
    for step, numbers in re.findall(r"([Mmh])([-\d. ]+)", path[1]):
        found = [float(number) for number in re.findall(r"-?\d*\.?\d+", numbers)]
        if step == "M":
            column, row = found
        elif step == "m":
            column, row = column + found[0], row + found[1]
        else:
            dark |= {(int(row), int(column) + at) for at in range(int(found[0]))}
            column += found[0]
    least = min(row for row, _ in dark)
    size = max(row for row, _ in dark) - least + 1
    return [[int((r + least, c + least) in dark) for c in range(size)] for r in range(size)]


def text_in(svg: str) -> str:
    """Return the text of a QR code."""
    matrix = modules(svg)
    size = len(matrix)
    version = (size - 17) // 4
    form = 0
    for column in (0, 1, 2, 3, 4, 5, 7, 8):
        form = form << 1 | matrix[8][column]
    for row in (7, 5, 4, 3, 2, 1, 0):
        form = form << 1 | matrix[row][8]
    form ^= 0b101010000010010
    mask, level = MASKS[form >> 10 & 7], LEVELS[form >> 13]
    used = reserved(size, version)
    bits, up, column = [], True, size - 1
    while column > 0:
        column -= column == 6
        for step in range(size):
            row = size - 1 - step if up else step
            for one in (column, column - 1):
                if (row, one) not in used:
                    bits.append(matrix[row][one] ^ int(mask(row, one)))
        up, column = not up, column - 2
    words = [int("".join(map(str, bits[at : at + 8])), 2) for at in range(0, len(bits) - 7, 8)]
    return read(data_of(words, version, level), version)


def reserved(size: int, version: int) -> set[tuple[int, int]]:
    """Return the modules that hold no data."""
    used = {(6, at) for at in range(size)} | {(at, 6) for at in range(size)}
    for top, left in ((0, 0), (0, size - 8), (size - 8, 0)):
        height, width = 9 if top == 0 else 8, 9 if left == 0 else 8
        used |= {(top + r, left + c) for r in range(height) for c in range(width)}
    centres = consts.ALIGNMENT_POS[version - 2] if version > 1 else ()
    for r in centres:
        for c in centres:
            if (r, c) not in {(6, 6), (6, size - 7), (size - 7, 6)}:
                used |= {(r + dr, c + dc) for dr in range(-2, 3) for dc in range(-2, 3)}
    if version >= 7:
        used |= {(r, size - 11 + c) for r in range(6) for c in range(3)}
        used |= {(size - 11 + c, r) for r in range(6) for c in range(3)}
    return used


def data_of(words: list[int], version: int, level: str) -> list[int]:
    """Take the interleaved blocks apart."""
    error = {"L": consts.ERROR_LEVEL_L, "M": consts.ERROR_LEVEL_M}
    error |= {"Q": consts.ERROR_LEVEL_Q, "H": consts.ERROR_LEVEL_H}
    sizes = [
        info.num_data for info in consts.ECC[version][error[level]] for _ in range(info.num_blocks)
    ]
    blocks: list[list[int]] = [[] for _ in sizes]
    at = 0
    for step in range(max(sizes)):
        for block, size in zip(blocks, sizes, strict=True):
            if step < size:
                block.append(words[at])
                at += 1
    return [word for block in blocks for word in block]


def read(data: list[int], version: int) -> str:
    """Read one segment of the small alphabet."""
    bits = "".join(f"{word:08b}" for word in data)
    assert bits[:4] == "0010"
    width = 9 if version < 10 else 11
    count, at, text = int(bits[4 : 4 + width], 2), 4 + width, ""
    while count > 1:
        pair = int(bits[at : at + 11], 2)
        text += ALPHABET[pair // 45] + ALPHABET[pair % 45]
        count, at = count - 2, at + 11
    return text + (ALPHABET[int(bits[at : at + 6], 2)] if count else "")
