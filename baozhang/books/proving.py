"""Proving: the books of a set against the proofs that were taken when it was backed up.

source  ─► prove_books ─► encoded proofs, by the book's name ─► manifest
restored folder + those proofs ─► compare_books ─► what differs
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from glob import escape
from pathlib import Path

from baozhang.books.coding import decode_proof, encode_proof
from baozhang.books.compare import compare, unreadable
from baozhang.books.model import LedgerReader, Standard, Violation
from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from baozhang.errors import LedgerFormatError

PROFILES = Path(__file__).parent / "profiles"
STANDARDS = Path(__file__).parent / "standards"
VERSION = 2  # of what a proof holds; a new one makes every set take its proofs anew


def nothing_told(_: int) -> None:
    """Tell nobody."""


def prove_books(
    readers: Iterable[LedgerReader],
    *,
    standard: Standard = "other",
    tell: Callable[[int], None] = nothing_told,
) -> dict[str, bytes]:
    """Return the encoded proof of every book, by its name, held by the client's standard.

    Raises:
        LedgerFormatError: a book is not what its profile says.
    """
    proofs = (take_proof(reader, standard=standard, tell=tell) for reader in readers)
    return {proof.book.name: encode_proof(proof) for proof in proofs}


def recipe(profiles: Iterable[str], standard: Standard = "other") -> str:
    """Return what proofs depend on besides the books, as a short text.

    While it is the same, an unchanged set may inherit its proofs.

    Raises:
        UsageError: a profile is not known.
    """
    digest = hashlib.sha256(f"{VERSION} {standard}".encode())
    digest.update((STANDARDS / f"{standard}.yaml").read_bytes())
    names = sorted(set(profiles))
    for name in names:
        load_profile(name)
        own = PROFILES / f"{name}.yaml"
        digest.update((own if own.is_file() else Path(name)).read_bytes())
    return digest.hexdigest()[:16] if names else ""


def restored_book(proof: Proof, root: Path) -> LedgerReader | None:
    """Return a reader of the restored book that a proof is of; None when it is not there.

    Args:
        proof: its `book.name` is the book's path below `root`.
        root: the folder that the set was restored to.

    Raises:
        UsageError: the profile that read the source is no longer known.
    """
    profile = load_profile(proof.book.profile)
    glob = None if proof.book.name == "." else escape(proof.book.name)
    found = open_books(profile, root, glob)
    return found[0] if found else None


def compare_books(proofs: Mapping[str, bytes], root: Path) -> dict[str, tuple[Violation, ...]]:
    """Return, for each proven book, how the restored one differs; empty where it does not.

    Raises:
        UsageError: a profile is no longer known.
        CorruptObjectError: a proof cannot be read.
    """
    return {name: _compared(decode_proof(proof), root) for name, proof in proofs.items()}


def _compared(proof: Proof, root: Path) -> tuple[Violation, ...]:
    reader = restored_book(proof, root)
    try:
        return compare(proof, take_proof(reader, like=proof) if reader else None)
    except LedgerFormatError as error:
        return (unreadable(error),)
