"""The engine behind `vault probe` and `vault lock-extend`, loaded when one of them runs."""

from baozhang.vault.locks import LockReceipt, extend_locks
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.stores.probe import encode_report, probe, write_record
from baozhang.vault.vault import open_vault

__all__ = [
    "encode_report",
    "extend_locks",
    "lock_value",
    "open_vault",
    "probe",
    "store_at",
    "write_record",
]


def lock_value(receipt: LockReceipt) -> dict[str, object]:
    """Return what extending the locks did, for programs."""
    return {
        "objects": receipt.objects,
        "extended": receipt.extended,
        "until": receipt.until.isoformat(timespec="seconds"),
        "keys_until": receipt.keys_until.isoformat(timespec="seconds"),
        "clients": list(receipt.clients),
        "left_out": list(receipt.left_out),
        "dry_run": receipt.dry_run,
    }
