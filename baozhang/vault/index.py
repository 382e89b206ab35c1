"""Indexes: which extents a client's packs already hold, so that none is stored twice.

Each snapshot adds one index of the extents it brought.  An index only saves space and time: losing
one costs storing its extents again, never data, since manifests name packs and segments themselves.

Performs no I/O.  Normative: docs/format.md, "Indexes".
"""

from array import array
from collections.abc import Mapping
from typing import NamedTuple

from baozhang.errors import CorruptObjectError
from baozhang.vault.columns import Column, decode_columns, encode_columns

ID = 32  # bytes of an extent's id: BLAKE3-256 keyed with the client's id key


class Extent(NamedTuple):
    """Where an extent lies."""

    pack: bytes  # BLAKE3-256 of the pack
    segment: int
    offset: int
    length: int


def encode_index(extents: Mapping[bytes, Extent]) -> bytes:
    """Return an index's plaintext; rows in the order given."""
    packs = list(dict.fromkeys(extent.pack for extent in extents.values()))
    row_of = {pack: row for row, pack in enumerate(packs)}
    values = extents.values()
    columns: dict[str, Column] = {
        "pack": packs,
        "id": b"".join(extents),
        "extent_pack": array("I", (row_of[extent.pack] for extent in values)),
        "segment": array("I", (extent.segment for extent in values)),
        "offset": array("I", (extent.offset for extent in values)),
        "length": array("I", (extent.length for extent in values)),
    }
    return encode_columns({"format": 1}, columns)


def decode_index(plain: bytes) -> dict[bytes, Extent]:
    """Return extents by id.

    Raises:
        CorruptObjectError: the columns do not fit each other.
    """
    _, columns = decode_columns(plain)
    try:
        packs, ids = columns["pack"], columns["id"]
        places = [columns[name] for name in ("extent_pack", "segment", "offset", "length")]
        if not isinstance(packs, list) or not isinstance(ids, bytes):
            raise KeyError("pack")
        names = (ids[at : at + ID] for at in range(0, len(ids), ID))
        rows = zip(names, *places, strict=True)
        return {name: Extent(packs[pack], *place) for name, pack, *place in rows}
    except (KeyError, ValueError, IndexError) as error:
        raise CorruptObjectError("an index lacks columns") from error
