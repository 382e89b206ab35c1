"""Which laws a book can be held to at all: one whose table is absent says nothing, passes nothing.

An export without a payroll cannot break X5; that is no proof that the payroll adds up.  Whoever
shows results shows the other laws as not applicable.
"""

from collections.abc import Mapping

from baozhang.books.model import Book, Standard

_STANDARD = "standard"  # the books follow one whose codes say an account's class

_NEEDS: Mapping[str, tuple[frozenset[str], ...]] = {
    "L5": (frozenset(("balances",)), frozenset(("parties",))),
    "L6": (frozenset(("balances",)),),
    "L7": (frozenset(("balances",)),),
    "L8": (frozenset(("balances",)), frozenset(("parties",))),
    "L9": (frozenset(("balances",)),),
    "L10": (frozenset(("balances", _STANDARD)),),
    "L11": (
        frozenset(("parties", "balances")),
        frozenset(("assets", "balances", _STANDARD)),
        frozenset(("payroll", _STANDARD)),
    ),
    "L12": (frozenset(("balances", _STANDARD)),),
    "P2": (frozenset(("balances", _STANDARD)),),
    "P3": (frozenset(("periods",)),),
    "P4": (frozenset(("assets",)),),
    "P5": (frozenset(("accounts", _STANDARD)),),
    "P6": (frozenset(("filings", _STANDARD)),),
    "X1": (frozenset(("invoices",)),),
    "X2": (frozenset(("invoices",)),),
    "X3": (frozenset(("role invoice", "invoices")), frozenset(("attachments",))),
    "X4": (frozenset(("bank",)),),
    "X5": (frozenset(("payroll",)),),
    "F3": (frozenset(("attachments",)),),
}
"""What a law needs besides voucher lines, one way or another: tables, roles, a standard."""

LAWS = (
    *("S0", "S1", "S2", "S3", "S4", "S5"),
    *("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10", "L11", "L12"),
    *("P1", "P2", "P3", "P4", "P5", "P6", "X1", "X2", "X3", "X4", "X5", "F3"),
)
"""The laws that one book by itself is held to, in the order of docs/checks.md."""


def laws_applied(book: Book, standard: Standard) -> tuple[str, ...]:
    """Return the laws that a book was held to, in their order; the rest are not applicable.

    Args:
        book: its head; the tables and roles that the export has.
        standard: 会计制度 that it was held by, as its proof says.
    """
    has = {*book.columns, *(f"role {role}" for role in book.roles)}
    has |= set() if standard == "other" else {_STANDARD}
    return tuple(law for law in LAWS if _applies(law, has, book))


def _applies(law: str, has: set[str], book: Book) -> bool:
    if law in {"L3", "L4"}:
        return book.numbering == "month" or (law == "L3" and book.numbering == "year")
    return any(needed <= has for needed in _NEEDS.get(law, (frozenset(),)))
