"""Holding a restored book against the proof of its source: what differs, as closely as can be said.

    I1  identity   another book, another client's, or none at all
    F1  L0         a chunk differs; its vouchers are named by their marks
    C1  L1         a control total differs: which account, by how much
    F3  L0         a voucher's attachments differ
    P3  L2         a closed period is open again
    N1  L2         a law is broken that the source kept

A law that the source already broke is inherited: it is told, as information, and fails nothing.
Where one voucher alone changed in a period, the differences of that period are its own, so
voucher, account and amount stand in one finding.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from baozhang.books.attached import attachment_changes
from baozhang.books.differences import marks_of, total_changes, voucher_changes
from baozhang.books.findings import Facts, broken
from baozhang.books.model import TABLES, Book, Violation
from baozhang.books.owners import is_another, plain_code
from baozhang.books.proof import MOST_VIOLATIONS, Chunk, Proof
from baozhang.errors import LedgerFormatError

MOST_NAMED = 50  # vouchers; a person reads no more, and beyond it a count is given

TEMPLATES = {
    "I1.missing": "the book was not restored",
    "I1.name": "this is the book {found}, not {expected}",
    "I1.profile": "the book was read with the profile {found}, not {expected}",
    "I1.currency": "the book is kept in {found}, not in {expected}",
    "I1.numbering": "the book numbers its vouchers by {found}, not by {expected}",
    "I1.owner": "the book is another client's: it names another owner than the source",
    "I1.no_owner": "the book does not say any more whose it is",
    "I1.client": "the book is another client's: its credit code is not the client's",
    "P3.reopened": "the period {period} was closed in the source and is open",
    "F1.lost": "voucher {voucher} of {period} is missing",
    "F1.added": "voucher {voucher} of {period} was not in the source",
    "F1.changed": "voucher {voucher} of {period} differs from the source",
    "F1.amount": "voucher {voucher} of {period} differs from the source: account {account} "
    "by {difference} {currency}",
    "F1.more": "{count} more vouchers differ from the source",
    "F1.order": "the vouchers of {period} stand in another order than in the source",
    "F1.empty": "the table {table} is empty ({expected} rows expected)",
    "F1.root": "the fingerprint differs from the source",
    "F1.table": "the table {table} differs from the source ({rows} rows, {expected} expected)",
    "F1.rows": "the table {table} differs from the source in {period} "
    "({rows} rows, {expected} expected)",
    "F1.dropped": "the table {table} has lost its column {column}",
    "F1.new": "the table {table} has a column {column} that the source had not",
    "F1.columns": "the columns of the table {table} stand in another order than in the source",
    "F1.no_table": "the table {table} is missing",
    "F1.new_table": "the source had no table {table}",
    "C1.debit": "account {account} in {period}: debits differ from the source by "
    "{difference} {currency}",
    "C1.credit": "account {account} in {period}: credits differ from the source by "
    "{difference} {currency}",
    "C1.lines": "account {account} in {period}: {lines} lines, {expected} expected",
    "N1.more": "the law {law} is broken in more places than in the source: {count} more",
}
"""The sentence of each finding; placeholders are a violation's fields and facts."""


UNREADABLE_TEMPLATES = {
    (): "the restored book cannot be read as its profile says",
    ("row",): "the restored book cannot be read as its profile says, at row {row}",
    ("column",): "the restored book lacks the column {column}, or has it twice",
    ("row", "column"): "row {row} of the restored book has an unreadable {column}",
}


def compare(expected: Proof, restored: Proof | None) -> tuple[Violation, ...]:
    """Return how a restored book differs from its source; no critical one: it is proven equal.

    Args:
        expected: the proof taken of the source when it was backed up.
        restored: the proof taken of the restored book; None: it was not restored.

    Returns:
        Identity, fingerprint, totals, laws, in this order.  Every difference of a root yields at
        least one critical finding.
    """
    if restored is None:
        return (_found("I1.missing"),)
    named = tuple(_named(expected, restored))
    totals = tuple(_totals(expected, restored))
    found = (
        *_identity(expected, restored),
        *_columns(expected, restored),
        *_with_amounts(named, totals),
        *_with_vouchers(totals, named),
        *attachment_changes(expected, restored),
    )
    if not found and expected.root != restored.root:
        found = (_found("F1.root"),)
    return (*found, *_reopened(expected, restored), *_laws(expected, restored))


def strange_owner(book: Book, credit_code: str | None) -> Violation | None:
    """Return what is wrong where a book names another owner than the client it is kept for.

    Args:
        book: a book that may name its owner.
        credit_code: the client's 统一社会信用代码 (GB 32100-2015); None: not known.

    Returns:
        None where either is not known, or the two cannot be held against each other (a name, a
        SIREN); the codes themselves are never in the violation.
    """
    if not book.owner or not credit_code or not is_another(book.owner, credit_code):
        return None
    return _found("I1.client")


def unreadable(error: LedgerFormatError) -> Violation:
    """Say that a restored book cannot be read, and where; the error's own text may quote a cell.

    Its row is a number, its column a name that the profile asked for: neither is the client's.
    """
    where = tuple(
        (name, fact)
        for name, kind in (("row", int), ("column", str))
        if isinstance(fact := error.facts.get(name), kind)
    )
    template = UNREADABLE_TEMPLATES[tuple(name for name, _ in where)]
    return Violation(law="S1", severity="critical", template=template, facts=where)


def _identity(expected: Proof, restored: Proof) -> Iterator[Violation]:
    pairs = {
        "I1.name": (expected.book.name, restored.book.name),
        "I1.profile": (expected.book.profile, restored.book.profile),
        "I1.currency": (expected.book.currency, restored.book.currency),
        "I1.numbering": (expected.book.numbering, restored.book.numbering),
    }
    for template, (wanted, found) in pairs.items():
        if wanted != found:
            yield _found(template, facts=(("expected", wanted), ("found", found)))
    if owner := expected.book.owner:
        if not restored.book.owner:
            yield _found("I1.no_owner")
        elif plain_code(restored.book.owner) != plain_code(owner):
            yield _found("I1.owner")


def _reopened(expected: Proof, restored: Proof) -> Iterator[Violation]:
    """P3: a restored book is locked at least as its source was."""
    if "periods" in restored.book.columns:
        still = {period for period, stated in restored.closed if stated}
        for period, stated in expected.closed:
            if stated and period not in still:
                yield _found("P3.reopened", period=period)


def _columns(expected: Proof, restored: Proof) -> Iterator[Violation]:
    """F1 over the columns: which one is gone, which one is new."""
    for table in TABLES:
        before = expected.book.columns.get(table, ())
        after = restored.book.columns.get(table, ())
        where: Facts = (("table", table),)
        if before == after:
            continue
        if not before or not after:
            yield _found("F1.no_table" if before else "F1.new_table", facts=where)
            continue
        dropped, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
        for column in dropped:
            yield _found("F1.dropped", facts=(*where, ("column", column)))
        for column in new:
            yield _found("F1.new", facts=(*where, ("column", column)))
        if not dropped and not new:
            yield _found("F1.columns", facts=where)


def _named(expected: Proof, restored: Proof) -> Iterator[Violation]:
    """F1 over the rows: vouchers that differ, then chunks that no voucher explains."""
    before, after = _by_chunk(expected), _by_chunk(restored)
    yield from _emptied(before, after)
    unlike = {marks.period for marks in {*expected.vouchers} ^ {*restored.vouchers}}
    changes = voucher_changes(
        marks_of(expected.vouchers, unlike), marks_of(restored.vouchers, unlike)
    )
    vouchers = [_found(f"F1.{one}", period=at, voucher=name) for one, at, name in changes]
    yield from vouchers[:MOST_NAMED]
    if len(vouchers) > MOST_NAMED:
        yield _found("F1.more", facts=(("count", len(vouchers) - MOST_NAMED),))
    explained = {voucher.period for voucher in vouchers}
    differing = [key for key in {*before, *after} if before.get(key) != after.get(key)]
    # A voucher stands under the period of its first line; another line may lie in another one.
    elsewhere = any(("lines", period) not in differing for period in explained)
    for table, period in sorted(differing):
        if table == "columns" or (table == "lines" and period in explained):
            continue
        rows = _rows(before, table, period), _rows(after, table, period)
        if table == "lines" and rows[0] == rows[1] and not elsewhere:
            yield _found("F1.order", period=period)
        else:
            yield _chunk_differs(table, period, *rows)


Chunks = Mapping[tuple[str, str], Chunk]


def _rows(chunks: Chunks, table: str, period: str) -> int:
    chunk = chunks.get((table, period))
    return chunk.rows if chunk else 0


def _emptied(before: Chunks, after: Chunks) -> Iterator[Violation]:
    kept = {table for table, _ in after}
    for table in TABLES:
        rows = sum(chunk.rows for (name, _), chunk in before.items() if name == table)
        if rows and table not in kept:
            yield _found("F1.empty", facts=(("table", table), ("expected", rows)))


def _chunk_differs(table: str, period: str, expected: int, rows: int) -> Violation:
    facts: Facts = (("table", table), ("rows", rows), ("expected", expected))
    return _found("F1.rows" if period else "F1.table", period=period or None, facts=facts)


def _totals(expected: Proof, restored: Proof) -> Iterator[Violation]:
    """C1: which account of which period differs, by how much (restored less expected)."""
    currency = expected.book.currency
    for period, account, debit, credit, lines in total_changes(expected, restored):
        for side, off in (("C1.debit", debit), ("C1.credit", credit)):
            if off:
                yield _found(
                    side, period=period, account=account, difference=off, currency=currency
                )
        if not debit and not credit:
            facts: Facts = (("lines", lines[1]), ("expected", lines[0]))
            yield _found("C1.lines", period=period, account=account, facts=facts)


def _alone(named: Iterable[Violation]) -> dict[str, str]:
    """Return, by period, the one voucher that differs in it; nothing where not all are named."""
    found: dict[str, list[str]] = {}
    for violation in named:
        if violation.template == TEMPLATES["F1.more"]:
            return {}
        if violation.voucher is not None:
            found.setdefault(violation.period or "", []).append(violation.voucher)
    return {period: names[0] for period, names in found.items() if len(names) == 1}


def _with_amounts(
    named: tuple[Violation, ...], totals: tuple[Violation, ...]
) -> Iterator[Violation]:
    """Give a changed voucher its account and difference, where they can only be its own."""
    alone = _alone(named)
    for violation in named:
        own = [total for total in totals if total.period == violation.period]
        sole = violation.period in alone and len(own) == 1 and own[0].difference is not None
        if sole and violation.template == TEMPLATES["F1.changed"]:
            amount = own[0]
            yield _found(
                "F1.amount",
                period=violation.period,
                voucher=violation.voucher,
                account=amount.account,
                difference=amount.difference,
                currency=amount.currency,
            )
        else:
            yield violation


def _with_vouchers(
    totals: tuple[Violation, ...], named: tuple[Violation, ...]
) -> Iterator[Violation]:
    alone = _alone(named)
    for total in totals:
        cause = alone.get(total.period or "")
        yield replace(total, voucher=cause) if cause else total


def _laws(expected: Proof, restored: Proof) -> Iterator[Violation]:
    """N1: laws broken anew, critical whatever they are; inherited ones as information.

    Only the first violations of a law are kept in a proof.  Beyond them a violation that the
    restored book shows counts as inherited while the number of them has not grown.
    """
    known = Counter(violation.key for violation in expected.violations)
    before = {(law, period): count for law, period, count in expected.violation_counts}
    after = {(law, period): count for law, period, count in restored.violation_counts}
    kept = Counter[str]()
    for (law, _), count in before.items():
        kept[law] += count
    told: set[tuple[str, str]] = set()
    for violation in restored.violations:
        place = violation.law, violation.period or ""
        cut = kept[violation.law] > MOST_VIOLATIONS
        inherited = known[violation.key] > 0 or (cut and after[place] <= before.get(place, 0))
        known[violation.key] -= 1
        if inherited:
            yield replace(violation, severity="info")
        else:
            told.add(place)
            facts = (*violation.facts, ("law", violation.law))
            yield replace(violation, law="N1", severity="critical", facts=facts)
    for (law, period), count in after.items():
        more = count - before.get((law, period), 0)
        if more > 0 and (law, period) not in told:
            yield _found("N1.more", period=period or None, facts=(("law", law), ("count", more)))


def _by_chunk(proof: Proof) -> dict[tuple[str, str], Chunk]:
    return {(chunk.table, chunk.period): chunk for chunk in proof.chunks}


def _found(
    template: str,
    *,
    period: str | None = None,
    voucher: str | None = None,
    account: str | None = None,
    difference: int | None = None,
    currency: str | None = None,
    facts: Facts = (),
) -> Violation:
    return broken(
        template.partition(".")[0],
        TEMPLATES[template],
        period=period,
        voucher=voucher,
        account=account,
        difference=difference,
        currency=currency,
        facts=facts,
    )
