"""Dividing money without losing a fen.

An amount is divided by weights with the method of largest remainders (Hamilton): everybody gets the
whole fen of their exact share, and the fen that are left go to the largest remainders, at equal
remainders to whoever stands first.  The parts always add up to the amount.
"""

from collections.abc import Sequence

from baozhang.costs.model import Days


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """Return the parts of an amount by whole weights, in their order.

    Args:
        amount: to be divided; may be negative, its parts then are.
        weights: not negative; where all are zero, all count the same.

    Raises:
        ValueError: a negative weight, or nobody to divide among.
    """
    if not weights or min(weights) < 0:
        raise ValueError("an amount is divided among weights that are not negative")
    if amount < 0:
        return [-part for part in split(-amount, weights)]
    whole = sum(weights)
    if not whole:
        return split(amount, [1] * len(weights))
    parts = [amount * weight // whole for weight in weights]
    left = amount - sum(parts)
    if left:
        rest = [amount * weight % whole for weight in weights]
        for place in sorted(range(len(weights)), key=lambda each: -rest[each])[:left]:
            parts[place] += 1
    return parts


def rounded(amount: int, by: int) -> int:
    """Return the quotient of whole numbers, rounded half to even; `by` is positive."""
    whole, rest = divmod(amount, by)
    if rest * 2 > by or (rest * 2 == by and whole % 2):
        return whole + 1
    return whole


def earned(amount: int, valid: Days, days: Days) -> int:
    """Return the part of an amount, spread evenly over its valid days, that falls into some days.

    The parts of spans that follow each other add up to the amount, to the fen.
    """
    common = days.within(valid.first, valid.last)
    if common is None:
        return 0
    before = (common.first - valid.first).days
    return rounded(amount * (before + common.count), valid.count) - rounded(
        amount * before, valid.count
    )
