"""Judging: a restored ledger is held against the proof of its source.

restored ──► its own proof ──► books.compare ───────────────► findings ──┐
    │              └─────────► head, chunks, totals, laws ──► rules ─────┼──► verdict
    └────────► lines, a period at a time ───────────────────► rules ─────┘
"""

from collections.abc import Iterator, Mapping

from baozhang.books.compare import compare
from baozhang.books.taking import take_proof

from baozhang.books.model import LedgerReader, Violation
from baozhang.books.proof import Proof
from baozhang.errors import LedgerFormatError, SourceUnreadableError
from checks import frames
from checks.context import evaluate
from checks.rules import FINGERPRINT, LAWS, PRESENCE
from checks.suites import fingerprint, head, laws, lines, totals
from checks.verdict import (
    MOST_FINDINGS,
    Judged,
    LedgerVerdict,
    Outcome,
    outcome_of,
    reconcile,
    results_of,
)

PORTION = 20_000
"""Lines after which a frame is judged: an expectation's fixed cost is that of some 20,000 rows."""

UNREADABLE = {
    (): "the restored book cannot be read as its profile says",
    ("row",): "the restored book cannot be read as its profile says, at row {row}",
    ("column",): "the restored book lacks the column {column}, or has it twice",
    ("row", "column"): "row {row} of the restored book has an unreadable {column}",
}


def judge_ledger(expected: Proof, restored: LedgerReader) -> LedgerVerdict:
    """Return whether the restored book is the book whose proof this is.

    Reads the restored book twice: once for its proof, once row by row.  Safe to call from many
    threads at once; every call has its own frames, suites and results.

    Args:
        expected: the proof taken from the source at the instant of its backup.
        restored: the restored book; one that cannot be read as its profile says fails, one
            that cannot be opened at all is inconclusive.
    """
    try:
        found = take_proof(restored)
        judged = (*_judge_proofs(expected, found), *_judge_lines(expected, found, restored))
    except LedgerFormatError as error:
        return _without_reading(expected.book.name, "fail", _unreadable(error), expected)
    except SourceUnreadableError:
        return _without_reading(expected.book.name, "inconclusive", _unopened(), expected)
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
        _judge_named(name, proofs.get(name), readers.get(name))
        for name in sorted({*proofs, *readers})
    )


def _judge_named(name: str, expected: Proof | None, restored: LedgerReader | None) -> LedgerVerdict:
    if expected is not None and restored is not None:
        return judge_ledger(expected, restored)
    if expected is not None:
        missing = Violation(
            law=PRESENCE,
            severity="critical",
            template="the book is missing from what was restored",
        )
        return _without_reading(name, "fail", missing, expected)
    extra = Violation(
        law=PRESENCE, severity="warning", template="the backup holds no proof for this book"
    )
    return _without_reading(name, "inconclusive", extra, None)


def _judge_proofs(expected: Proof, found: Proof) -> Iterator[Judged]:
    """Judge the four frames in which two proofs stand beside each other."""
    pairs = frames.beside(
        frames.HEAD_KEYS, frames.HEAD_VALUES, frames.head_of(expected), frames.head_of(found)
    )
    yield from (Judged("L0", one) for one in evaluate(pairs, head.build(expected)))
    pairs = frames.beside(
        frames.CHUNK_KEYS,
        frames.CHUNK_VALUES,
        frames.chunks_of(expected),
        frames.chunks_of(found),
    )
    yield from (Judged("L0", one) for one in evaluate(pairs, fingerprint.build(expected)))
    pairs = frames.beside(
        frames.TOTAL_KEYS,
        frames.TOTAL_VALUES,
        frames.totals_of(expected),
        frames.totals_of(found),
    )
    yield from (Judged("L1", one) for one in evaluate(pairs, totals.build(expected)))
    yield from _judge_laws(expected, found)


def _judge_laws(expected: Proof, found: Proof) -> Iterator[Judged]:
    """Judge how often each law is broken, in every period either side knows."""
    both = (*expected.violation_counts, *found.violation_counts)
    chunks = (*expected.chunks, *found.chunks)
    known = tuple(sorted({*LAWS, *(law for law, _, _ in both)}))
    periods = sorted({"", *(chunk.period for chunk in chunks), *(period for _, period, _ in both)})
    source = frames.laws_of(expected, known, periods)
    restored = frames.laws_of(found, known, periods)
    pairs = frames.beside(frames.LAW_KEYS, known, source, restored)
    inherited = _shared_counts(expected, found)
    for one in evaluate(pairs, laws.build(known, periods)):
        shared = 0 if one.whole else inherited.get(one.rule, 0)
        yield Judged("L2", one, source_had=shared)


def _shared_counts(expected: Proof, found: Proof) -> dict[str, int]:
    """Return per law how many violations source and restored ledger have in common."""
    restored = {(law, period): count for law, period, count in found.violation_counts}
    shared: dict[str, int] = {}
    for law, period, count in expected.violation_counts:
        shared[law] = shared.get(law, 0) + min(count, restored.get((law, period), 0))
    return shared


def _judge_lines(expected: Proof, found: Proof, restored: LedgerReader) -> Iterator[Judged]:
    """Judge the restored rows, a period at a time.

    What a rule finds in a period whose fingerprint is the source's, the source had: same rows,
    same count.  In any other period the source's own count of the rule's violations is inherited.
    """
    accounts = {account.code for account in restored.accounts()}
    had = {(law, period): count for law, period, count in expected.violation_counts}
    for period, size, rows in _portions(expected, found, restored):
        suite = lines.build(rows=size, accounts=accounts, currency=found.book.currency)
        for one in evaluate(frames.lines_frame(rows), suite):
            ours = one.unexpected if period is None else had.get((one.rule, period), 0)
            yield Judged("rows", one, inherited=0 if one.whole else ours)


def _portions(
    expected: Proof, found: Proof, restored: LedgerReader
) -> Iterator[tuple[str | None, int, list[frames.Row]]]:
    """Yield the lines in portions of whole periods: period, how many there must be, and they.

    Periods whose fingerprints are the source's go together, named None, while they are small.
    """
    known = set(expected.chunks)
    chunks = [chunk for chunk in found.chunks if chunk.table == "lines"]
    same = {chunk.period for chunk in chunks if chunk in known}
    together: list[frames.Row] = []
    for period, size, rows in frames.lines_by_period(
        restored, {chunk.period: chunk.rows for chunk in chunks}
    ):
        if period not in same or len(rows) != size:
            yield period, size, rows
            continue
        together += rows
        if len(together) >= PORTION:
            yield None, len(together), together
            together = []
    if together:
        yield None, len(together), together


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
        law=PRESENCE, severity="warning", template="the restored book could not be opened"
    )


def _unreadable(error: LedgerFormatError) -> Violation:
    """Say that the book cannot be read, and where; the error's own text may quote a cell.

    Its row is a number, its column a name that the profile asked for: neither is the client's.
    """
    where = tuple(
        (name, fact)
        for name, kind in (("row", int), ("column", str))
        if isinstance(fact := error.facts.get(name), kind)
    )
    template = UNREADABLE[tuple(name for name, _ in where)]
    return Violation(law="S1", severity="critical", template=template, facts=where)


def _without_reading(
    name: str, outcome: Outcome, finding: Violation, expected: Proof | None
) -> LedgerVerdict:
    return LedgerVerdict(
        book=name,
        outcome=outcome,
        rules=(),
        findings=(finding,),
        planned=0,
        evaluated=0,
        lines=0,
        vouchers=0,
        debit=0,
        credit=0,
        currency=expected.book.currency if expected is not None else "",
    )
