"""Money: whole minor units with their currency, read and written exactly."""

from typing import NewType

from baozhang.errors import LedgerFormatError

Minor = NewType("Minor", int)
"""An amount in minor units (fen, cents); a sum of them is exact at any size."""

SCALES = {"CNY": 2, "EUR": 2, "USD": 2, "GBP": 2, "HKD": 2, "JPY": 0, "KRW": 0, "KWD": 3}
"""Decimal places per currency: ISO 4217, list one, column "minor unit"."""

FULL_WIDTH = str.maketrans("０１２３４５６７８９．，－＋", "0123456789.,-+")


def scale_of(currency: str) -> int:
    """Return the currency's decimal places; two where ISO 4217 has not been entered here."""
    return SCALES.get(currency, 2)


def parse_amount(text: str, *, scale: int = 2, decimal: str = ".", thousands: str = "") -> Minor:
    """Return the amount that `text` writes, exactly.

    Args:
        text: digits with an optional sign, thousands separators and decimals; blanks around
            it and full-width forms are accepted, an empty text is no amount.
        scale: decimal places of the currency; more digits than that must be zeros.
        decimal: the decimal separator, one character.
        thousands: the separator of groups, one character, or none.

    Raises:
        LedgerFormatError: not an amount, or finer than a minor unit.
    """
    plain = text.strip().translate(FULL_WIDTH)
    if thousands:
        plain = plain.replace(thousands, "")
    sign = -1 if plain[:1] == "-" else 1
    whole, _, fraction = plain.lstrip("+-").partition(decimal)
    kept, rest = fraction[:scale], fraction[scale:]
    digits = (whole or "0") + kept.ljust(scale, "0")
    signs = len(plain) - len(plain.lstrip("+-"))
    sound = digits.isascii() and digits.isdigit() and not rest.strip("0") and signs <= 1
    if not sound or not (whole or fraction):
        raise LedgerFormatError("not an amount: {text}", text=repr(text[:40]))
    return Minor(sign * int(digits))


def format_amount(amount: int, *, scale: int = 2) -> str:
    """Return the amount as a plain decimal string, for example `-8258083.73`."""
    digits = str(abs(amount)).rjust(scale + 1, "0")
    sign = "-" if amount < 0 else ""
    return f"{sign}{digits[:-scale]}.{digits[-scale:]}" if scale else f"{sign}{digits}"
