"""Which account stands above which, read from the codes themselves.

Chinese charts grow by levels of fixed widths (4-2-2 in most books, 4-3-3 in some), and an export
rarely says which.  The lengths that occur say it: the parent of a code is its beginning of the
next shorter length that occurs in the chart.  A separator (1002.01) makes the parent plain.
"""

from collections.abc import Iterable

_SEPARATORS = ".-_/"


def parents_of(codes: Iterable[str]) -> dict[str, str | None]:
    """Return each code's parent, whether the chart has that account or not; None at the top."""
    every = list(codes)
    lengths = sorted({len(code) for code in every})
    shorter = dict(zip(lengths[1:], lengths, strict=False))
    return {code: _parent(code, shorter) for code in every}


def _parent(code: str, shorter: dict[int, int]) -> str | None:
    cut = max(code.rfind(separator) for separator in _SEPARATORS)
    if cut > 0:
        return code[:cut]
    length = shorter.get(len(code))
    return code[:length] if length else None
