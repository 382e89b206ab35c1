"""What is lost: a set as it is now beside its last clean point, in files, vouchers and money.

What is there now is stored as a backup point of its own first: it is the evidence, the way back if
the recovery was the mistake, and what this module compares.  So a loss is what differs between two
backup points; nothing is measured twice, and a source that changes meanwhile changes no answer.

    clean point ─┬─ manifests ──► files lost, changed
    now ─────────┴─ proofs ─────► vouchers lost, changed; lines; debit, by control totals
"""

from collections.abc import Mapping
from dataclasses import dataclass

from baozhang.books.coding import decode_proof
from baozhang.books.differences import marks_of, total_changes, voucher_changes
from baozhang.books.losses import lines_lost
from baozhang.books.proof import Proof
from baozhang.incidents.model import Loss, Value
from baozhang.vault.changes import changes_between
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Snapshot

UNKNOWN_CURRENCY = ""


class Scope(Value):
    """The losses of every set of an incident."""

    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class _BookLoss:
    """What books lack, in vouchers, lines and minor units."""

    lost: int
    changed: int
    lines: int
    amount: int
    currency: str
    periods: tuple[str, ...]


def loss_between(
    side: ClientVault, client: str, set_name: str, clean: Snapshot | None, now: Snapshot | None
) -> Loss:
    """Return what a set lacks.

    Args:
        side: the client's part of the vault.
        client: its id.
        set_name: the set's id.
        clean: its last clean point; None: there is none, and nothing to compare with.
        now: the backup point of what is there now; None: the source cannot be read, and
            everything counts as lost.

    Raises:
        CorruptObjectError, ObjectMissingError: one of the points cannot be read.
    """
    files = _files(side, clean, now)
    books = _books(_proofs(side, clean), _proofs(side, now))
    return Loss(
        client=client,
        set=set_name,
        newest=now.id if now else clean.id if clean else "",
        clean=clean.id if clean else "",
        files_lost=files[0],
        files_changed=files[1],
        bytes_lost=files[2],
        vouchers_lost=books.lost,
        vouchers_changed=books.changed,
        lines_lost=books.lines,
        amount=books.amount,
        currency=books.currency,
        periods=books.periods,
        readable=now is not None,
    )


def _files(side: ClientVault, clean: Snapshot | None, now: Snapshot | None) -> tuple[int, int, int]:
    """Return how many files are lost and changed, and the bytes of what is lost."""
    if clean is None:
        return 0, 0, 0
    if now is None:
        return clean.files, 0, clean.size
    before, after = side.manifest(clean), side.manifest(now)
    found = changes_between(before, after)
    changed = sum(row is not None for _, row in found.written)
    return found.removed + found.retyped, changed, max(0, clean.size - now.size)


def _proofs(side: ClientVault, point: Snapshot | None) -> Mapping[str, Proof]:
    if point is None:
        return {}
    return {name: decode_proof(proof) for name, proof in side.proofs(point).items()}


def _books(before: Mapping[str, Proof], now: Mapping[str, Proof]) -> _BookLoss:
    """Return what the books lack; a book that is gone lacks everything."""
    changes = [
        change
        for name, proof in before.items()
        for change in voucher_changes(
            marks_of(proof.vouchers), marks_of(now[name].vouchers) if name in now else {}
        )
        if change.change != "added"
    ]
    gone = [proof for name, proof in before.items() if name not in now]
    return _BookLoss(
        lost=sum(change.change == "lost" for change in changes),
        changed=sum(change.change == "changed" for change in changes),
        lines=lines_lost(before, now) + sum(proof.line_count for proof in gone),
        amount=_debit_lost(before, now) + sum(proof.debit for proof in gone),
        currency=_currency(before),
        periods=tuple(sorted({change.period for change in changes})),
    )


def _debit_lost(before: Mapping[str, Proof], now: Mapping[str, Proof]) -> int:
    """Return the debit that control totals lack: of each account in each period, what became less.

    What another account has more of makes up for nothing: it was booked there, not here.
    """
    return sum(
        max(0, -change.debit)
        for name, proof in before.items()
        if name in now
        for change in total_changes(proof, now[name])
    )


def _currency(proofs: Mapping[str, Proof]) -> str:
    """Return the books' one currency; "" where they have several, whose sums say nothing."""
    found = {proof.book.currency for proof in proofs.values()}
    return found.pop() if len(found) == 1 else UNKNOWN_CURRENCY
