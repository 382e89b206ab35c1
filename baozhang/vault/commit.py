"""Commits: the one point at which a snapshot comes to be, and the chain that they form.

A commit is written last, after everything it names is durable and read back.  It names its
predecessor by hash, so the chain of a set shows what was removed or put in between.  Two commits of
one sequence are a fork: both are kept, and the next commit names both.

Performs no I/O.  Normative: docs/format.md, "Commits".
"""

import json
from dataclasses import asdict, dataclass, fields
from datetime import datetime

from baozhang.errors import CorruptObjectError, NewerFormatError
from baozhang.vault.model import DamageKind, Snapshot


@dataclass(frozen=True, slots=True)
class Commit:
    """One snapshot's record; field for field what is stored, as canonical JSON."""

    client: str
    set: str
    sequence: int  # from 1
    previous: tuple[str, ...]  # hashes of the commits of sequence - 1; more than one heals a fork
    manifest: str  # object name
    same: bool  # the manifest repeats an earlier one
    indexes: tuple[str, ...]  # object names this snapshot added
    packs: tuple[tuple[str, int], ...]  # hash and size of each pack it added
    at: str  # ISO instant of the freeze, UTC
    files: int
    size: int
    added: int
    partial: bool
    books: tuple[str, ...]
    writer: str  # "baozhang 0.1.0"
    format: int = 1


def encode_commit(commit: Commit) -> bytes:
    """Return a commit's plaintext."""
    return json.dumps(asdict(commit), sort_keys=True, separators=(",", ":")).encode()


def decode_commit(plain: bytes) -> Commit:
    """Return the commit; what a later release may have added to it is passed over.

    Raises:
        CorruptObjectError: not a commit.
        NewerFormatError: written by a newer release.
    """
    try:
        found = json.loads(plain)
        if found.get("format") != 1:
            raise NewerFormatError(
                "a snapshot was written by a newer release",
                hint="Install the release that wrote this vault, or a newer one.",
            )
        for name in ("previous", "indexes", "books"):
            found[name] = tuple(found[name])
        found["packs"] = tuple((str(digest), int(size)) for digest, size in found["packs"])
        return Commit(**{field.name: found[field.name] for field in fields(Commit)})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptObjectError("a commit cannot be read") from error


def snapshot_id(set_name: str, sequence: int, digest: str) -> str:
    """Return the id by which people call the snapshot of a commit with this hash."""
    return f"{set_name}-{sequence:06d}-{digest[:8]}"


def snapshot_of(commit: Commit, digest: str) -> Snapshot:
    """Return what a commit, stored under `digest`, says to users."""
    return Snapshot(
        id=snapshot_id(commit.set, commit.sequence, digest),
        client=commit.client,
        set=commit.set,
        sequence=commit.sequence,
        at=datetime.fromisoformat(commit.at),
        files=commit.files,
        size=commit.size,
        added=commit.added,
        partial=commit.partial,
        books=commit.books,
    )


def breaks(chain: list[tuple[str, Commit]]) -> list[tuple[str, int, DamageKind]]:
    """Return (hash, sequence, what) for every commit at which one set's chain is broken.

    `missing`: a later commit names it, and it is not there.  `forked`: it shares its sequence with
    another and no later commit names both.  The chain must be sorted by sequence.
    """
    there = {digest for digest, _ in chain}
    found: list[tuple[str, int, DamageKind]] = [
        (digest, commit.sequence - 1, "missing")
        for _, commit in chain
        for digest in commit.previous
        if digest not in there
    ]
    by_sequence: dict[int, set[str]] = {}
    for digest, commit in chain:
        by_sequence.setdefault(commit.sequence, set()).add(digest)
    healed = {digest for _, c in chain if len(c.previous) > 1 for digest in c.previous}
    for sequence, digests in by_sequence.items():
        if len(digests) > 1 and not digests <= healed:
            found += [(digest, sequence, "forked") for digest in sorted(digests)]
    return found
