"""The matrix: which profile can carry which fault, and which laws must tell it there.

A law can only be broken where its witnesses are: L6 needs a balance table beside the vouchers, L3
a product that numbers them.  What no law can tell there, comparing with the source's proof must.
"""

from collections.abc import Callable

from baozhang.books.model import Table
from baozhang.books.profiles import Profile
from tests.mutations.faults import FAULTS, Fault, Laws

LAWS = (
    *(f"S{number}" for number in range(1, 6)),
    *(f"L{number}" for number in range(1, 13)),
    *(f"P{number}" for number in range(1, 7)),
    *(f"X{number}" for number in range(1, 6)),
    *(f"F{number}" for number in range(1, 4)),
)
"""Every invariant that the books know; S0, C1, I1 and N1 are how a proof says it."""

WITNESS: dict[str, frozenset[Table]] = {
    "S3": frozenset(["accounts"]),
    "L5": frozenset(["balances"]),
    "L6": frozenset(["balances"]),
    "L7": frozenset(["balances"]),
    "L8": frozenset(["balances"]),
    "L9": frozenset(["balances"]),
    "L10": frozenset(["balances"]),
    "L11": frozenset(["parties"]),
    "L12": frozenset(["balances"]),
    "P3": frozenset(["periods"]),
    "P4": frozenset(["assets"]),
    "P5": frozenset(["filings"]),
    "P6": frozenset(["filings"]),
    "X1": frozenset(["invoices"]),
    "X2": frozenset(["invoices"]),
    "X3": frozenset(["invoices"]),
    "X4": frozenset(["bank"]),
    "X5": frozenset(["payroll"]),
    "F3": frozenset(["attachments"]),
}
"""The tables without which a law has nothing to say; the others need voucher lines alone."""

TITLES: dict[Table, str] = {
    "lines": "vouchers",
    "accounts": "chart of accounts",
    "balances": "balance table",
    "invoices": "invoices",
    "periods": "states of periods",
    "parties": "partners' balances",
    "assets": "fixed-asset cards",
    "payroll": "pay sheet",
    "bank": "bank statement",
    "filings": "filings",
    "attachments": "attachments",
}


def is_text(profile: Profile) -> bool:
    """Tell whether an export of the profile is a text file here."""
    files = profile.tables["lines"].files or profile.files
    return profile.format == "delimited" or files[0].endswith(".csv")


_NEEDS: dict[str, tuple[str, Callable[[Profile], bool]]] = {
    "line": ("no line numbers", lambda profile: "line" in profile.tables["lines"].columns),
    "null": ("a text cannot be NULL", lambda profile: profile.format == "sqlite"),
    "apart": ("the chart goes with it", lambda profile: profile.format == "sqlite"),
    "text": ("no text file", is_text),
    "posted": ("no mark of posting", lambda profile: "posted" in profile.tables["lines"].flags),
    "reviewed": ("no reviewer", lambda profile: "reviewed" in profile.tables["lines"].roles),
    "invoice": (
        "vouchers name no invoice",
        lambda profile: "invoice" in profile.tables["lines"].roles,
    ),
    "blue": ("red ones name no blue", lambda profile: "blue" in profile.tables["invoices"].roles),
}


def why_not(fault: Fault, profile: Profile) -> str:
    """Return why a profile cannot carry a fault; nothing where it can."""
    if fault.table not in profile.tables:
        return f"no {TITLES[fault.table]}"
    return next((_NEEDS[need][0] for need in fault.needs if not _NEEDS[need][1](profile)), "")


def applies(law: str, profile: Profile) -> bool:
    """Tell whether a law can be broken in an export of the profile."""
    if not WITNESS.get(law, frozenset()) <= profile.tables.keys():
        return False
    if law == "S2":
        return profile.line == "column"
    if law == "L3":
        return profile.numbering != "none"
    return law != "L4" or profile.numbering == "month"


def breaks(fault: Fault, profile: Profile) -> Laws:
    """Return the laws that a fault breaks in an export of the profile."""
    if fault.id == "empty-the-vouchers" and profile.format == "xml":
        return frozenset(["S1"])  # a table without rows has no columns there
    told = (law.partition("@") for law in fault.breaks)
    return frozenset(
        law for law, _, where in told if applies(law, profile) and _there(where, profile)
    )


def _there(where: str, profile: Profile) -> bool:
    """Tell whether a condition of a fault's law holds for a profile."""
    if where == "year":
        return profile.numbering == where
    if where.startswith("-"):
        return where[1:] not in profile.tables
    return not where or where in profile.tables


def differs(fault: Fault, profile: Profile) -> Laws:
    """Return what holding a spoiled export against the source's proof finds."""
    unreadable = breaks(fault, profile) == {"S1"} and fault.id != "date-on-no-day"
    if unreadable:
        return frozenset(["S1"])
    told = (law.partition("@") for law in fault.differs)
    return frozenset(law for law, _, where in told if _there(where, profile))


def catcher(fault: Fault, profile: Profile) -> str:
    """Return the law that must catch a fault: its own, or the comparison where that is blind."""
    broken, compared = breaks(fault, profile), differs(fault, profile)
    if fault.law in broken | compared:
        return fault.law
    return "F1" if "F1" in compared else max(compared)


assert len({fault.id for fault in FAULTS}) == len(FAULTS)
