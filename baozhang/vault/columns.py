"""Columns: the shape of indexes and manifests, readable with ten lines of any language.

    ┌─────────────────┬───────────────────────────────────────┬──────────┬──────────┬───┐
    │ head length u32 │ head: JSON {"head": …, "columns": […]} │ column 1 │ column 2 │ … │
    └─────────────────┴───────────────────────────────────────┴──────────┴──────────┴───┘

A column is a little-endian array, or, for texts of any length, their lengths (u32) and the texts
one after another.  A million rows cost a dozen arrays, not a million objects.  Unknown columns are
kept apart by name, so that a later release may add one.  Normative: docs/format.md, "Columns".
"""

import json
import struct
import sys
from array import array
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any, TypeAlias

from baozhang.errors import CorruptObjectError

Column: TypeAlias = "array[int] | bytes | Sequence[bytes]"
"""An array of numbers, one opaque run of bytes, or one text per row."""

LENGTH = struct.Struct("<I")
NUMBERS = ("I", "Q", "q")  # codes of columns of numbers, as of Python's `array`


def encode_columns(head: Mapping[str, object], columns: Mapping[str, Column]) -> bytes:
    """Return head and columns as bytes; equal values give equal bytes."""
    described, bodies = [], []
    for name, column in columns.items():
        code, body = _encoded(column)
        described.append([name, code, len(body)])
        bodies.append(body)
    text = json.dumps({"head": head, "columns": described}, sort_keys=True, separators=(",", ":"))
    return b"".join((LENGTH.pack(len(text)), text.encode(), *bodies))


def _encoded(column: Column) -> tuple[str, bytes]:
    if isinstance(column, array):
        little = column if sys.byteorder == "little" else _swapped(column)
        return column.typecode, little.tobytes()
    if isinstance(column, bytes | bytearray):
        return "bytes", bytes(column)
    lengths = array("I", (len(text) for text in column))
    body = _encoded(lengths)[1] + b"".join(column)
    return "texts", LENGTH.pack(len(lengths)) + body


def decode_columns(data: bytes) -> tuple[dict[str, Any], dict[str, Column]]:
    """Return the head and the columns by name.

    Raises:
        CorruptObjectError: the parts do not fit.
    """
    try:
        (length,) = LENGTH.unpack_from(data)
        described = json.loads(data[4 : 4 + length])
        at, columns = 4 + length, {}
        for name, code, size in described["columns"]:
            columns[name] = _decoded(code, data[at : at + size], size)
            at += size
        head = described["head"]
    except (ValueError, KeyError, TypeError, struct.error) as error:
        raise CorruptObjectError("columns cannot be read") from error
    if at != len(data):
        raise CorruptObjectError("columns do not fill their object")
    return head, columns


def _decoded(code: str, body: bytes, size: int) -> Column:
    if len(body) != size:
        raise ValueError("cut short")
    if code == "bytes":
        return body
    if code == "texts":
        return _texts(body)
    if code not in NUMBERS:
        raise ValueError("no such column")
    column = array(code)
    column.frombytes(body)
    return column if sys.byteorder == "little" else _swapped(column)


def _texts(body: bytes) -> list[bytes]:
    (count,) = LENGTH.unpack_from(body)
    start = 4 + 4 * count
    lengths = _decoded("I", body[4:start], 4 * count)
    if start == len(body) and not any(lengths):  # of a column that few rows use
        return [b""] * count
    bounds = list(accumulate(map(int, lengths), initial=start))
    if bounds[-1] != len(body):
        raise ValueError("texts do not fill their column")
    return [body[at:end] for at, end in pairwise(bounds)]


def _swapped(column: "array[int]") -> "array[int]":
    copy = array(column.typecode, column)
    copy.byteswap()
    return copy
