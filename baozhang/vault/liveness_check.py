"""Liveness, worked out a second time, by code that shares none of the first.

A mistake in `baozhang.vault.liveness` would delete what somebody needs.  So before anything is
deleted the same question is asked here again, of the raw objects as docs/format.md describes them:
listed anew, hashed anew, opened with nothing but the client's keys, followed row by row.  Where the
two answers differ, nothing is deleted.

Shared with the rest of the vault are only what the bytes themselves rest on: hash and seal.  Slower
and simpler than the first on purpose; do not bring them closer to each other.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from blake3 import blake3

from baozhang.errors import CorruptObjectError
from baozhang.vault.sealing import HEADER, Kind, Place, open_object
from baozhang.vault.stores.base import ObjectName, Store

U32 = struct.Struct("<I")
GIVEN_UP = 0xFFFFFFFF
DEEPEST = 100  # manifests that may build on each other
NO_TEXTS = ("texts", U32.pack(0))


@dataclass(slots=True)
class Raw:
    """One client's objects, as they lie in the store."""

    store: Store
    vault_id: str
    client: str  # pseudonym
    keys: dict[int, tuple[bytes, ...]] = field(repr=False)

    def names(self, kind: str) -> list[str]:
        """Return every name below one kind's folder whose last part ends in a hash."""
        found = [info.name for info in self.store.list(f"c/{self.client}/{kind}/")]
        return [name for name in found if _is_hash(name[-64:]) and name[-65] in "/-"]

    def open(self, kind: Kind, name: str) -> bytes:
        """Return an object's plaintext, its hash compared."""
        data = self.store.get(ObjectName(name))
        if blake3(data).hexdigest() != name[-64:] or len(data) < HEADER.size:
            raise CorruptObjectError("stored content is damaged: {object}", object=name)
        epoch = int.from_bytes(data[8:12], "little")
        place = Place(self.vault_id, self.client, epoch, kind)
        return open_object(data, self.keys.get(epoch, ()), place)


def _is_hash(text: str) -> bool:
    return len(text) == 64 and not text.strip("0123456789abcdef")


def needed(raw: Raw, *, ripe: frozenset[str]) -> set[str]:
    """Return the names of all manifests and packs that anything kept still needs.

    Args:
        raw: the client's objects.
        ripe: names of manifests without a commit that are known to be leftovers.

    Raises:
        CorruptObjectError: something cannot be read; then nothing is known.
    """
    gone = _forgotten(raw)
    manifests, named = [], set()
    for name in raw.names("commit"):
        commit = json.loads(raw.open(Kind.COMMIT, name))
        named.add(commit["manifest"])
        if name[-64:] not in gone:
            manifests.append(commit["manifest"])
    manifests += [n for n in raw.names("snap") if n not in named and n not in ripe]
    segments, objects = _moves(raw)
    found: set[str] = set()
    for name in manifests:
        _follow(raw, name, segments, objects, found)
    return found


def _forgotten(raw: Raw) -> set[str]:
    """Return what the marks forget, each commit by the last mark that speaks of it."""
    last: dict[str, tuple[int, bool]] = {}
    for name in raw.names("marks"):
        mark = json.loads(raw.open(Kind.MARK, name))
        rank = (int(mark["sequence"]), mark["action"] == "keep")
        for commit in mark["commits"]:
            last[commit] = max(last.get(commit, rank), rank)
    return {commit for commit, (_, keep) in last.items() if not keep}


def _follow(
    raw: Raw,
    name: str,
    segments: dict[tuple[bytes, int], list[tuple[bytes, int]]],
    objects: dict[str, str],
    found: set[str],
) -> None:
    """Add a manifest, those that it builds on, and the packs of all of them."""
    told: set[bytes] = set()  # paths of which something newer was said already
    depth = 0
    while name:
        depth += 1
        name = objects.get(name, name)
        if depth > DEEPEST:
            raise CorruptObjectError("manifests build on each other in a circle", object=name)
        head, columns = _columns(raw.open(Kind.MANIFEST, name))
        found.add(name)
        if head["kind"] != "same":
            for pack, segment in _pieces(columns, told):
                holder = _where(pack, segment, segments)
                found.add(f"c/{raw.client}/packs/{holder.hex()[:2]}/{holder.hex()}")
            told |= {*_texts(columns["path"][1]), *_texts(columns.get("gone", NO_TEXTS)[1])}
        name = head.get("base", "")


def _pieces(columns: dict[str, tuple[str, bytes]], told: set[bytes]) -> Iterator[tuple[bytes, int]]:
    """Yield pack and segment of every piece of the rows whose paths were not told of yet."""
    table = _texts(columns["pack"][1])
    packs, segments = _numbers(columns, "piece_pack"), _numbers(columns, "piece_segment")
    at = 0
    for path, count in zip(_texts(columns["path"][1]), _numbers(columns, "pieces"), strict=True):
        if path not in told:
            for piece in range(at, at + count):
                yield table[packs[piece]], segments[piece]
        at += count


def _where(
    pack: bytes, segment: int, moved: dict[tuple[bytes, int], list[tuple[bytes, int]]]
) -> bytes:
    steps = 0
    while places := moved.get((pack, segment)):
        pack, segment = places[0]
        steps += 1
        if steps > len(moved):
            raise CorruptObjectError("moves lead in a circle", object=pack.hex())
    return pack


def _moves(
    raw: Raw,
) -> tuple[dict[tuple[bytes, int], list[tuple[bytes, int]]], dict[str, str]]:
    """Return where each segment went, first told first, and which object took whose place."""
    segments: dict[tuple[bytes, int], list[tuple[bytes, int]]] = {}
    objects: dict[str, str] = {}
    for name in sorted(raw.names("moves")):
        _, columns = _columns(raw.open(Kind.MOVES, name))
        targets, at = _texts(columns["pack"][1]), 0
        to_pack, to_segment = _numbers(columns, "to_pack"), _numbers(columns, "to_segment")
        sources = _texts(columns["from"][1])
        for old, count in zip(sources, _numbers(columns, "segments"), strict=True):
            for number in range(count):
                if to_segment[at] != GIVEN_UP:
                    place = (targets[to_pack[at]], to_segment[at])
                    segments.setdefault((old, number), []).append(place)
                at += 1
        pairs = (_texts(columns[which][1]) for which in ("object_from", "object_to"))
        for old, new in zip(*pairs, strict=True):
            objects.setdefault(old.decode(), new.decode())
    return segments, objects


def _columns(plain: bytes) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Take columns apart as docs/format.md says: name to code and bytes."""
    (length,) = U32.unpack_from(plain)
    described = json.loads(plain[4 : 4 + length])
    found, at = {}, 4 + length
    for name, code, size in described["columns"]:
        found[name] = code, plain[at : at + size]
        at += size
    if at != len(plain):
        raise CorruptObjectError("columns do not fill their object")
    return described["head"], found


def _numbers(columns: dict[str, tuple[str, bytes]], name: str) -> list[int]:
    _, body = columns.get(name, ("I", b""))
    return [value for (value,) in U32.iter_unpack(body)]


def _texts(body: bytes) -> list[bytes]:
    (count,) = U32.unpack_from(body)
    lengths = [value for (value,) in U32.iter_unpack(body[4 : 4 + 4 * count])]
    texts, at = [], 4 + 4 * count
    for length in lengths:
        texts.append(body[at : at + length])
        at += length
    return texts
