"""What is lost: a set as it is now beside its last clean point, in files, vouchers and money.

What is there now is stored as a backup point of its own first: it is the evidence, the way back if
the recovery was the mistake, and what this module compares.  So a loss is what differs between two
backup points; nothing is measured twice, and a source that changes meanwhile changes no answer.

    clean point ─┬─ manifests ──► files lost, changed
    now ─────────┴─ proofs ─────► vouchers lost, changed; lines; debit, by control totals
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from baozhang.books.coding import decode_proof
from baozhang.books.differences import VoucherChange, marks_of, total_changes, voucher_changes
from baozhang.books.losses import lines_lost
from baozhang.books.proof import Proof
from baozhang.incidents.model import Checked, DataKind, Loss, PassedOver, Value
from baozhang.vault.changes import changes_between
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Snapshot
from baozhang.vault.snapshot import KINDS, Manifest

UNKNOWN_CURRENCY = ""
_FILE = KINDS.index("file")


class Choice(Value):
    """Which backup point a set comes back from, and what is known of it.

    Attributes:
        snapshot: the last clean point that could be read; "" where there is none.
        checked: how it was looked at.
        unjudged: nobody knows whether it is clean.
        instead_of: the newest point of before the incident, where that one was passed over.
        why: why it was.
        away: the set's vault does not answer, and nothing is known.
        at, bytes, books: of the point.
        beside: bytes of the evidence that it will be compared with.
    """

    client: str
    set: str
    snapshot: str
    checked: Checked = ""
    unjudged: bool = False
    instead_of: str = ""
    why: PassedOver = ""
    away: bool = False
    at: datetime | None = None
    bytes: int = 0
    books: int = 0
    beside: int = 0


class Scope(Value):
    """The losses of every set of an incident, and which point each is measured from.

    Both are in one order; a set whose vault does not answer is among the choices alone.
    """

    losses: tuple[Loss, ...]
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Holding:
    """Which sources of a set hold books; by the name that begins their paths.

    Attributes:
        books: sources with a profile.
        whole: those of them that are one book as a whole: a database, whatever files it makes.
    """

    books: Collection[bytes] = ()
    whole: Collection[bytes] = ()

    def kind(self, path: bytes) -> DataKind:
        """Return what kind of data a file is."""
        return "books" if path.partition(b"/")[0] in self.books else "papers"


NOTHING_KNOWN = Holding()


@dataclass(frozen=True, slots=True)
class _FileLoss:
    """What files lack; `hit` are the paths of what is lost or changed."""

    hit: Collection[bytes] = ()
    lost: int = 0
    changed: int = 0
    size: int = 0  # bytes of what is lost


@dataclass(frozen=True, slots=True)
class _BookLoss:
    """What books lack, in vouchers, lines and minor units."""

    lost: int
    changed: int
    added: int
    lines: int
    amount: int
    currency: str
    periods: tuple[str, ...]
    whole: Collection[str]  # names of books in which nothing is lost or changed


def loss_between(
    side: ClientVault,
    client: str,
    set_name: str,
    clean: Snapshot | None,
    now: Snapshot | None,
    *,
    holding: Holding = NOTHING_KNOWN,
    strict: bool = False,
) -> Loss:
    """Return what a set lacks.

    Args:
        side: the client's part of the vault.
        client: its id.
        set_name: the set's id.
        clean: its last clean point; None: there is none, and nothing to compare with.
        now: the backup point of what is there now; None: the source cannot be read, and
            everything counts as lost.
        holding: which of its sources hold books.
        strict: a book's file that changed counts even where the book only grew: somebody may have
            put vouchers in.

    Raises:
        CorruptObjectError, ObjectMissingError: one of the points cannot be read.
    """
    books = _books(_proofs(side, clean), _proofs(side, now))
    files = _files(side, clean, now, holding, () if strict else books.whole)
    kinds = {holding.kind(path) for path in files.hit}
    return Loss(
        client=client,
        set=set_name,
        newest=now.id if now else clean.id if clean else "",
        clean=clean.id if clean else "",
        files_lost=files.lost,
        files_changed=files.changed,
        bytes_lost=files.size,
        vouchers_lost=books.lost,
        vouchers_changed=books.changed,
        lines_lost=books.lines,
        amount=books.amount,
        currency=books.currency,
        periods=books.periods,
        readable=now is not None,
        kinds=tuple(sorted(kinds | ({"books"} if books.lost or books.changed else set()))),
        vouchers_since=books.added + books.changed if _known_since(clean, now) else None,
    )


def _known_since(clean: Snapshot | None, now: Snapshot | None) -> bool:
    """Tell whether it is known what was booked since: a set without books has no vouchers."""
    return clean is not None and (now is not None or not clean.books)


def _files(
    side: ClientVault,
    clean: Snapshot | None,
    now: Snapshot | None,
    holding: Holding,
    whole: Collection[str],
) -> _FileLoss:
    if clean is None:
        return _FileLoss()
    before = side.manifest(clean)
    if now is None:
        return _FileLoss(frozenset(_paths(before)), clean.files, 0, clean.size)
    after = side.manifest(now)
    found = changes_between(before, after)
    written = [after.paths[row] for row, old in found.written if old is not None]
    changed = [path for path in written if not _everyday(path, holding, whole)]
    lost = found.removed + found.retyped
    gone = set(_paths(before)) - set(_paths(after)) if lost else set()
    return _FileLoss(
        hit=frozenset(gone.union(changed)),
        lost=lost,
        changed=len(changed),
        size=max(0, clean.size - now.size),
    )


def _everyday(path: bytes, holding: Holding, whole: Collection[str]) -> bool:
    """Tell whether a changed file is one of a book that only grew: people booked, nothing more."""
    source = path.partition(b"/")[0]
    if source in holding.whole:
        return any(name.encode().startswith(source + b"/") for name in whole)
    names = (name.encode() for name in whole)
    return any(path == name or path.startswith(name + b"/") for name in names)


def _paths(manifest: Manifest) -> Iterator[bytes]:
    for path, kind in zip(manifest.paths, manifest.kinds, strict=True):
        if kind == _FILE:
            yield path


def _proofs(side: ClientVault, point: Snapshot | None) -> Mapping[str, Proof]:
    if point is None:
        return {}
    return {name: decode_proof(proof) for name, proof in side.proofs(point).items()}


def _books(before: Mapping[str, Proof], now: Mapping[str, Proof]) -> _BookLoss:
    """Return what the books lack; a book that is gone lacks everything."""
    changes = {name: list(_changes(proof, now.get(name))) for name, proof in before.items()}
    every = [change for found in changes.values() for change in found]
    hit = [change for change in every if change.change != "added"]
    gone = [proof for name, proof in before.items() if name not in now]
    return _BookLoss(
        lost=sum(change.change == "lost" for change in hit),
        changed=sum(change.change == "changed" for change in hit),
        added=len(every) - len(hit),
        lines=lines_lost(before, now) + sum(proof.line_count for proof in gone),
        amount=_debit_lost(before, now) + sum(proof.debit for proof in gone),
        currency=_currency(before),
        periods=tuple(sorted({change.period for change in hit})),
        whole=frozenset(
            name
            for name, found in changes.items()
            if name in now
            and all(change.change == "added" for change in found)
            and _has_all(before[name], now[name])
        ),
    )


def _has_all(before: Proof, now: Proof) -> bool:
    """Tell whether no table has fewer rows than it had."""
    rows = {(chunk.table, chunk.period): chunk.rows for chunk in now.chunks}
    return all(rows.get((each.table, each.period), 0) >= each.rows for each in before.chunks)


def _changes(before: Proof, now: Proof | None) -> Iterator[VoucherChange]:
    found = marks_of(now.vouchers) if now else {}
    return voucher_changes(marks_of(before.vouchers), found)


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
