"""The halves of `baozhang vault` that read books or cut files: loaded when they are asked for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from baozhang.books.findings import difference_text, sentence
from baozhang.books.model import Standard, Violation
from baozhang.books.proving import compare_books, prove_books, recipe
from baozhang.errors import ProofFailedError
from baozhang.sources.base import Frozen, LedgerSpec
from baozhang.sources.ledger_tree import LedgerTreeSource
from baozhang.vault.client import ClientVault
from baozhang.vault.model import BackupReceipt, Report, Snapshot
from baozhang.vault.reader import restore
from baozhang.vault.writer import Proving

Store = Callable[[Frozen, Proving], BackupReceipt]


def with_proofs(
    path: Path,
    exclude: tuple[str, ...],
    profiles: Sequence[str],
    proof_of: Path | None,
    store: Store,
    *,
    standard: Standard = "other",
) -> BackupReceipt:
    """Back up a folder with the proofs of its books, or of those that lie elsewhere."""
    specs = tuple(LedgerSpec(name) for name in profiles)
    source = LedgerTreeSource(path, exclude=exclude, ledgers=specs)
    elsewhere = LedgerTreeSource(proof_of or path, ledgers=specs)
    with source.freeze() as frozen, elsewhere.freeze() as proven:
        books = proven if proof_of else frozen
        if proof_of:
            list(proven.items())  # a frozen source's ledgers are those that it listed
        proving = Proving(
            f"{recipe(profiles, standard)}{'+' if proof_of else ''}",
            lambda: prove_books(books.ledgers(), standard=standard),
        )
        return store(frozen, proving)


def prove_snapshot(
    side: ClientVault, snapshot: Snapshot, *, report: Report
) -> dict[str, tuple[Violation, ...]]:
    """Restore a snapshot to scratch; return how each book differs from its proof.

    Raises:
        ProofFailedError: the snapshot holds no proof.
    """
    proofs = side.proofs(snapshot)
    if not proofs:
        raise ProofFailedError(
            "snapshot {snapshot} holds no proof of any book",
            hint="Back the set up with --profile, or give its sources a profile.",
            snapshot=snapshot.id,
        )
    with TemporaryDirectory(prefix="baozhang-") as scratch:
        restored = Path(scratch) / "restored"
        restore(side, snapshot, restored, report=report)
        return compare_books(proofs, restored)


def violation_value(found: Violation) -> dict[str, object]:
    """Return a violation or difference, for programs."""
    return {
        "law": found.law,
        "severity": found.severity,
        "period": found.period,
        "voucher": found.voucher,
        "account": found.account,
        "difference": difference_text(found),
        "message": sentence(found),
    }


def any_differs(differences: Mapping[str, tuple[Violation, ...]]) -> bool:
    """Tell whether any book is not proven."""
    return any(one.severity == "critical" for found in differences.values() for one in found)


def proof_value(
    snapshot: str, differences: Mapping[str, tuple[Violation, ...]]
) -> dict[str, object]:
    """Return what proving found, for programs."""
    return {
        "snapshot": snapshot,
        "books": [
            {
                "book": name,
                "proven": not any(one.severity == "critical" for one in found),
                "differences": [violation_value(one) for one in found],
            }
            for name, found in differences.items()
        ],
    }
