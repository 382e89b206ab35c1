"""F3 between a source and its restored book: whose attachments differ, named by voucher."""

from collections.abc import Iterator

from baozhang.books.differences import marks_of, voucher_changes
from baozhang.books.findings import broken
from baozhang.books.model import Violation
from baozhang.books.proof import Proof

MOST_NAMED = 50  # vouchers; a person reads no more, and beyond it a count is given

TEMPLATES = {
    "lost": "the attachments of voucher {voucher} of {period} are missing",
    "added": "voucher {voucher} of {period} has attachments that the source had not",
    "changed": "the attachments of voucher {voucher} of {period} are not those of the source",
    "more": "the attachments of {count} more vouchers differ from the source",
}
"""The sentence of each finding; placeholders are a violation's fields and facts."""


def attachment_changes(expected: Proof, restored: Proof) -> Iterator[Violation]:
    """Yield the vouchers whose attached files differ in name, size or SHA-256."""
    before, now = marks_of(expected.attachments), marks_of(restored.attachments)
    if "attachments" not in expected.book.columns or before == now:
        return
    changes = list(voucher_changes(before, now))
    for change, period, voucher in changes[:MOST_NAMED]:
        yield broken("F3", TEMPLATES[change], period=period, voucher=voucher)
    if len(changes) > MOST_NAMED:
        facts = (("count", len(changes) - MOST_NAMED),)
        yield broken("F3", TEMPLATES["more"], facts=facts)
