"""Which fields each canonical table has, and how a profile may say where they are.

plain    one column, or several of which the first filled one counts
amounts  debit and credit, in any of the ways of `AmountRule`
sides, flags, choices   a column and which of its texts mean what
roles    a column that stays in `other`, and what it means to a law
"""

from baozhang.books.model import Role, Table

PLAIN: dict[Table, frozenset[str]] = {
    "lines": frozenset(
        [
            "year",
            "period",
            "word",
            "number",
            "line",
            "date",
            "summary",
            "account",
            "account_name",
            "party",
        ]
    ),
    "accounts": frozenset(("code", "name", "category")),
    "balances": frozenset(("year", "period", "account")),
    "invoices": frozenset(["number", "date", "kind", "seller", "buyer", "amount", "tax", "total"]),
    "periods": frozenset(("year", "period")),
    "parties": frozenset(("year", "period", "account", "party")),
    "assets": frozenset(
        [
            "year",
            "period",
            "number",
            "account",
            "acquired",
            "cost",
            "salvage",
            "life",
            "used",
            "accumulated",
            "monthly",
        ]
    ),
    "payroll": frozenset(["year", "period", "employee", "gross", "deductions", "tax", "net"]),
    "bank": frozenset(["date", "account", "reference", "received", "paid", "balance"]),
    "filings": frozenset(("year", "period", "item", "amount")),
    "attachments": frozenset(("year", "period", "voucher", "name", "size", "sha256")),
}
AMOUNTS: dict[Table, frozenset[str]] = {
    "lines": frozenset(("amount",)),
    "balances": frozenset(("opening", "movement", "closing")),
    "parties": frozenset(("opening", "movement", "closing")),
}
FLAGS: dict[Table, frozenset[str]] = {
    "lines": frozenset(("posted", "voided")),
    "accounts": frozenset(("leaf",)),
    "periods": frozenset(("closed",)),
}
SIDES: dict[Table, frozenset[str]] = {"accounts": frozenset(("side",))}
CHOICES: dict[Table, dict[str, tuple[str, ...]]] = {
    "filings": {"form": ("balance_sheet", "income", "vat")}
}
ROLES: dict[Table, tuple[Role, ...]] = {
    "lines": ("prepared", "reviewed", "attachments", "invoice"),
    "invoices": ("rate", "blue", "booked"),
}
REQUIRED: dict[Table, tuple[str, ...]] = {
    "lines": ("number", "date", "account", "amount"),
    "accounts": ("code",),
    "balances": ("period", "account", "opening", "movement", "closing"),
    "invoices": ("number", "date", "amount", "tax", "total"),
    "periods": ("period", "closed"),
    "parties": ("period", "account", "party", "opening", "movement", "closing"),
    "assets": tuple(sorted(PLAIN["assets"] - {"year", "account"})),
    "payroll": tuple(sorted(PLAIN["payroll"] - {"year"})),
    "bank": ("date", "account", "received", "paid", "balance"),
    "filings": ("period", "form", "item", "amount"),
    "attachments": ("period", "voucher", "name", "size", "sha256"),
}
