"""What the vault's commands say to programs: plain values, ready for JSON."""

import os

from baozhang.sources.base import Item, shown
from baozhang.vault.model import BackupReceipt, Snapshot, VerifyReport


def size_text(count: int) -> str:
    """Return a number of bytes for people, in binary units (IEC 80000-13)."""
    size, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"


def path_bytes(text: str) -> bytes:
    """Return a path as the vault spells it, from what was typed."""
    return os.fsencode(text).strip(b"/")


def snapshot_value(snapshot: Snapshot) -> dict[str, object]:
    """Return a snapshot for programs."""
    return {
        "snapshot": snapshot.id,
        "client": snapshot.client,
        "set": snapshot.set,
        "sequence": snapshot.sequence,
        "at": snapshot.at.isoformat(),
        "files": snapshot.files,
        "bytes": snapshot.size,
        "bytes_added": snapshot.added,
        "partial": snapshot.partial,
        "books": list(snapshot.books),
    }


def receipt_value(receipt: BackupReceipt, *, seconds: float) -> dict[str, object]:
    """Return what a backup did, for programs."""
    return {
        "snapshot": receipt.snapshot.id,
        "files": receipt.snapshot.files,
        "bytes": receipt.snapshot.size,
        "bytes_read": receipt.bytes_read,
        "bytes_added": receipt.bytes_added,
        "seconds": round(seconds, 3),
        "partial": receipt.snapshot.partial,
        "unchanged": receipt.unchanged,
        "books": list(receipt.snapshot.books),
        "troubles": [
            {"path": shown(trouble.path), "reason": trouble.reason} for trouble in receipt.troubles
        ],
    }


def item_value(item: Item) -> dict[str, object]:
    """Return an item for programs; a path that is not UTF-8 is shown escaped."""
    return {
        "path": shown(item.path),
        "kind": item.kind,
        "mode": f"{item.mode:04o}",
        "size": item.size,
        "mtime_ns": item.mtime_ns,
    }


def verify_value(found: VerifyReport) -> dict[str, object]:
    """Return what a verification found, for programs."""
    return {
        "objects": found.objects,
        "bytes": found.bytes,
        "every_byte": found.every_byte,
        "unreferenced": found.unreferenced,
        "damaged": [
            {
                "object": one.object,
                "kind": one.kind,
                "client": one.client,
                "snapshots": list(one.snapshots),
                "files": [shown(path) for path in one.files],
            }
            for one in found.damaged
        ],
    }
