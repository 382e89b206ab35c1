"""Proofs at a backup: taken of every book, held against the book's past and against its owner.

frozen set ──► proof of each book ──► whose book is it? (I1)
└──► do its closed periods equal every earlier generation? (F2)
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial

from baozhang.books.coding import decode_proof, encode_proof
from baozhang.books.compare import strange_owner
from baozhang.books.generations import Generation, tampered
from baozhang.books.model import Standard, Violation
from baozhang.books.proof import Proof
from baozhang.books.proving import recipe
from baozhang.books.taking import take_proof
from baozhang.catalog.model import Finding
from baozhang.errors import CorruptObjectError, LedgerFormatError, SourceBusyError
from baozhang.money import format_amount, scale_of
from baozhang.settings import ClientSet
from baozhang.settings.references import PROFILE_SUFFIXES
from baozhang.site import Site
from baozhang.sources.base import Frozen
from baozhang.vault.client import ClientVault
from baozhang.vault.model import BackupReceipt, Snapshot
from baozhang.vault.writer import Proving

MOST_SEARCHED = 30  # backup points, newest first, for a book that was gone for a while


class Proofs:
    """Proofs of the books of one frozen set, taken by a reader of their own.

    A book that is not what its profile says is stored all the same, and told about: bytes without
    a proof are worth more than neither.
    """

    def __init__(
        self, frozen: Frozen, recipe_text: str, standard: Standard, profiled: Sequence[str] = ()
    ) -> None:
        self._frozen = frozen
        self._standard = standard
        self._profiled = profiled  # sources that are said to hold books
        self.taken: dict[str, Proof] = {}
        """Proofs taken now, by book; none where a set is unchanged and inherits them."""
        self._failed: list[Finding] = []
        self.proving = Proving(recipe_text, self._take)

    @property
    def figures(self) -> tuple[tuple[str, int], ...]:
        """Vouchers and lines proven now; nothing where proofs were inherited."""
        if not self.taken:
            return ()
        proofs = self.taken.values()
        return (
            ("vouchers", sum(proof.voucher_count for proof in proofs)),
            ("lines", sum(proof.line_count for proof in proofs)),
        )

    def unproven(self, receipt: BackupReceipt) -> tuple[Finding, ...]:
        """Return a finding for each book that the snapshot holds without a proof.

        An unchanged set inherits its proofs, and with them what could not be proven.
        """
        if receipt.unchanged:
            with suppress(SourceBusyError):  # it changes again only now: tomorrow's matter
                self._failed += [
                    Finding(
                        "the book {book} is stored, but still without a proof",
                        (("book", name),),
                        hint="Run `baozhang check` on it; the message names file and row.",
                    )
                    for name, _ in self._readers()
                    if name not in receipt.snapshot.books
                ]
        empty = [
            name
            for name in self._profiled
            if not any(book.startswith(f"{name}/") for book in receipt.snapshot.books)
        ]
        return (*self._failed, *map(_without_books, empty[len(self._failed) :]))

    def held(self, side: ClientVault, receipt: BackupReceipt) -> Mapping[str, Proof]:
        """Return the proofs of a backup point: those just taken, or those that it inherits."""
        if not receipt.unchanged:
            return self.taken
        inherited = side.proofs(receipt.snapshot)
        return {name: decode_proof(proof) for name, proof in inherited.items()}

    def _take(self) -> Mapping[str, bytes]:
        for name, take in self._readers():
            try:
                self.taken[name] = take()
            except LedgerFormatError as error:
                self._failed.append(unproven(error))
        return {name: encode_proof(proof) for name, proof in self.taken.items()}

    def _readers(self) -> Iterator[tuple[str, Callable[[], Proof]]]:
        try:
            for reader in self._frozen.ledgers():
                yield reader.book.name, partial(take_proof, reader, standard=self._standard)
        except LedgerFormatError as error:
            self._failed.append(unproven(error))


def _without_books(source: str) -> Finding:
    return Finding(
        "no book was found in the source {source}, where the client's file says there are books",
        (("source", source),),
        hint="Look whether the export arrived, and whether path and globs still fit.",
    )


def unproven(error: LedgerFormatError) -> Finding:
    """Return a finding about a book that cannot be read; a cell's text stays out of it."""
    facts = tuple(
        (name, value if isinstance(value, int) else str(value))
        for name, value in error.facts.items()
        if name not in {"value", "text"}
    )
    return Finding(error.template, facts, error.hint)


def recipe_of(site: Site, client_set: ClientSet, standard: Standard) -> str:
    """Name all that the proofs depend on besides the books, so that they are retaken with it."""
    written = [each.profile for each in client_set.sources if each.profile]
    own = [str(site.home / p) if p.endswith(PROFILE_SUFFIXES) else p for p in written]
    places = ["|".join((each.name, *each.globs)) for each in client_set.sources if each.profile]
    return " ".join((recipe(own, standard), *places)) if own else ""


def owners(taken: Mapping[str, Proof], credit_code: str | None) -> Iterator[Finding]:
    """Yield a finding for each book that names another owner than its client."""
    for name, proof in taken.items():
        if found := strange_owner(proof.book, credit_code):
            yield finding_of_book(name, found)


def closed_changes(
    side: ClientVault, taken: Mapping[str, Proof], points: Sequence[Snapshot]
) -> dict[str, tuple[Violation, ...]]:
    """Return, by book, what changed in periods that were closed at an earlier backup point.

    One generation a book is enough: the last clean point was held against the one before it, and
    so on to the first, or somebody vouched for it.

    Args:
        side: the client's part of the vault.
        taken: the proofs taken now.
        points: the set's backup points up to the last clean one, oldest first.
    """
    found: dict[str, tuple[Violation, ...]] = {}
    for point in points[: -MOST_SEARCHED - 1 : -1]:
        if len(found) == len(taken):
            break
        for name, proof in _proofs_of(side, point).items():
            if name in taken and name not in found:
                found[name] = tampered(taken[name], [Generation(point.id, decode_proof(proof))])
    return found


def _proofs_of(side: ClientVault, point: Snapshot) -> Mapping[str, bytes]:
    try:
        return side.proofs(point)
    except CorruptObjectError:  # the validation's business, and its alarm
        return {}


def finding_of_book(book: str, violation: Violation) -> Finding:
    """Return what the laws or a proof say of a book, as a finding of its outcome."""
    places = {
        "book": book,
        "period": violation.period,
        "voucher": violation.voucher,
        "account": violation.account,
        "difference": _amount(violation),
        "currency": violation.currency,
    }
    known = {name: value for name, value in places.items() if value is not None}
    facts = known | dict(violation.facts)
    return Finding(violation.template, tuple(facts.items()), severity=violation.severity)


def _amount(violation: Violation) -> str | None:
    if violation.difference is None:
        return None
    return format_amount(violation.difference, scale=scale_of(violation.currency or ""))
