"""How often each fault strikes: the one place that decides.

`BAOZHANG_FAULTS=small` (the default) is what every `make test` runs; `full` is what `make faults`
runs; `full/10` is a tenth of it.  Sweeps have no size: they strike at every call there is.
"""

import os

SEED = int(os.environ.get("BAOZHANG_FAULTS_SEED", "20261122"))
"""Every choice at random comes from it; the results name it."""

SIZES = {  # suite: (small, full)
    "kill at random": (50, 5_000),
    "power cut": (20, 1_000),
    "full disk": (40, 1_000),
    "bit flip": (500, 20_000),
    "two at once": (20, 500),
    "terminated": (10, 300),
    "prune, backup, rotate": (100, 5_000),
}

SAMPLED = {*SIZES, "network", "disk taken away", "read-only disk"}
"""Suites that strike at random, so that their number bounds a rate."""


def size(suite: str, parts: int = 1) -> int:
    """Return how many faults of a suite this run asks for, or one of its equal parts of them."""
    small, full = SIZES[suite]
    wanted, _, divisor = os.environ.get("BAOZHANG_FAULTS", "small").partition("/")
    if wanted not in {"small", "full"}:
        raise ValueError(f"BAOZHANG_FAULTS is {wanted!r}; it is small, full, or full/N")
    number = small if wanted == "small" else max(small, full // int(divisor or 1))
    return -(-number // parts)


def is_small() -> bool:
    """Tell whether this run is a small one."""
    return os.environ.get("BAOZHANG_FAULTS", "small") == "small"


def bound(faults: int) -> float:
    """Return the rate of failures that this many faults without one exclude, at 95 %.

    Clopper and Pearson's upper limit for none of n: 1 - 0.05^(1/n).
    """
    return 1 - 0.05 ** (1 / faults)
