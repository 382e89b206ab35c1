"""Judging: a restored ledger is held against the proof of its source.

proof of the source ──┬──► books.compare ─────────────────────────────► findings ──┐
restored ──► its proof ┘──► identity, columns, chunks, totals, laws ───► rules ─────┼──► verdict
    └─────────────────────► its lines, by whole periods ───────────────► rules ─────┘
"""

from collections.abc import Mapping
from dataclasses import replace

from baozhang.books.compare import compare, unreadable
from baozhang.books.model import LedgerReader, Violation
from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from baozhang.errors import LedgerFormatError, SourceUnreadableError
from checks.evidence import judge_lines, judge_proofs
from checks.portions import Portions
from checks.rules import FINGERPRINT, IDENTITY
from checks.verdict import (
    MOST_FINDINGS,
    LedgerVerdict,
    Outcome,
    outcome_of,
    reconcile,
    results_of,
)

UNREAD = LedgerVerdict(
    book="",
    outcome="inconclusive",
    rules=(),
    findings=(),
    planned=0,
    evaluated=0,
    lines=0,
    vouchers=0,
    debit=0,
    credit=0,
    currency="",
)
"""The verdict on a book of which nothing was read."""


def judge_ledger(expected: Proof, restored: LedgerReader) -> LedgerVerdict:
    """Return whether the restored book is the book whose proof this is.

    Reads the restored book's lines once, and once more where they are not the source's or do not
    hold as a whole.  Safe to call from many threads at once; every call has its own frames, suites
    and results.

    Args:
        expected: the proof taken from the source at the instant of its backup.
        restored: the restored book; one that cannot be read as its profile says fails, one
            that cannot be opened at all is inconclusive.
    """
    try:
        accounts = {account.code for account in restored.accounts()}
        portions = Portions(accounts, restored.book.currency)
        found = take_proof(restored, like=expected, watch=portions.see)
        judged = (
            *judge_proofs(expected, found),
            *judge_lines(expected, found, restored, portions),
        )
    except LedgerFormatError as error:
        return _without_reading(expected, "fail", (unreadable(error),))
    except SourceUnreadableError:
        return _without_reading(expected, "inconclusive", (_unopened(),))
    differences = compare(expected, found)
    outcome, agreed = reconcile(outcome_of(judged), differences)
    doubts = () if agreed else (_disagreement(),)
    empty = _nothing_to_prove(expected, found)
    return LedgerVerdict(
        book=expected.book.name,
        outcome="inconclusive" if empty and outcome == "pass" else outcome,
        rules=results_of(judged),
        findings=(*doubts, *empty, *differences)[:MOST_FINDINGS],
        planned=len(judged),
        evaluated=sum(one.evaluation.state != "not run" for one in judged),
        lines=found.line_count,
        vouchers=found.voucher_count,
        debit=found.debit,
        credit=found.credit,
        currency=found.book.currency,
    )


def judge_snapshot(
    proofs: Mapping[str, Proof], readers: Mapping[str, LedgerReader]
) -> tuple[LedgerVerdict, ...]:
    """Return a verdict for every book of a snapshot, by name.

    Args:
        proofs: what the snapshot's manifest holds, by book name.
        readers: the books found in what was restored, by name.

    Returns:
        A proof without a book fails; a book without a proof is inconclusive, for nothing says what
        it must be.  No proofs and no books give no verdicts: nothing was proven.
    """
    return tuple(
        replace(_judge_one(proofs.get(name), readers.get(name)), book=name)
        for name in sorted({*proofs, *readers})
    )


def _judge_one(expected: Proof | None, restored: LedgerReader | None) -> LedgerVerdict:
    if expected is not None and restored is not None:
        return judge_ledger(expected, restored)
    if expected is not None:
        return _without_reading(expected, "fail", compare(expected, None))
    extra = Violation(
        law=IDENTITY, severity="warning", template="the backup holds no proof for this book"
    )
    return replace(UNREAD, findings=(extra,))


def _nothing_to_prove(expected: Proof, found: Proof) -> tuple[Violation, ...]:
    """Return a finding where neither side has a single row: equal, and worth nothing."""
    chunks = (*expected.chunks, *found.chunks)
    if any(chunk.rows for chunk in chunks if chunk.table != "columns"):
        return ()
    return (
        Violation(
            law=FINGERPRINT,
            severity="warning",
            template="the book has no rows at all, so nothing was proven",
        ),
    )


def _disagreement() -> Violation:
    return Violation(
        law=FINGERPRINT,
        severity="critical",
        template="the two ways of comparing the ledger disagree; treat it as damaged",
    )


def _unopened() -> Violation:
    return Violation(
        law=IDENTITY, severity="warning", template="the restored book could not be opened"
    )


def _without_reading(
    expected: Proof, outcome: Outcome, findings: tuple[Violation, ...]
) -> LedgerVerdict:
    """Return the verdict on a book that is not there, or cannot be read to its end."""
    book = expected.book
    return replace(
        UNREAD, book=book.name, outcome=outcome, findings=findings, currency=book.currency
    )
