"""Samples: which records an audit looks at one by one, drawn so that nobody chooses them.

    population (how many) ──► size (table) ──► random.Random(seed) ──► places ──► records

The seed is recorded, so that anybody draws the same places again.  Where nobody asks for one it
follows from the evidence, which nobody can choose.  The records themselves are looked at by
`tasks.audit_samples`; this module draws.
"""

import hashlib
import random
from collections.abc import Iterable

from pydantic import Field

from baozhang.governance.model import Fact
from baozhang.settings.part import Part

SIZES: tuple[tuple[int, int], ...] = ((1, 1), (4, 2), (12, 5), (52, 15), (250, 40))
"""Up to so many records, so many are drawn; of fewer, all.

Tests of controls by how often they run, as auditors take them from the AICPA guide *Audit
Sampling*: once, quarterly, monthly, weekly, daily; the upper end of the usual ranges, for records
cost nothing to look at."""
MOST = 60
"""Of any larger population: no deviation in 60 leaves less than 5 % of deviations likely at 95 %
confidence (0.95 ** 60 = 0.046)."""


class Drawn(Part):
    """One record that was looked at.

    Attributes:
        id: what it is: `backup-2026-11-02-8f3a c001/main`, `letter night/000003`.
        facts: ids and figures of the record.
        deviations: English templates of what it should show and does not.
    """

    id: str
    facts: dict[str, Fact] = Field({})
    deviations: tuple[str, ...] = ()


class Sample(Part):
    """What was drawn of one population.

    Attributes:
        name: which population: `backup`, `letters`; part of what the draw depends on.
        of: what it is, an English template.
        population: how many records there were.
        places: which ones were drawn, from 0, in the order of time.
    """

    name: str
    of: str
    population: int
    places: tuple[int, ...]
    drawn: tuple[Drawn, ...]

    @property
    def deviating(self) -> tuple[Drawn, ...]:
        """The records that did not show what they must."""
        return tuple(each for each in self.drawn if each.deviations)


def size(population: int) -> int:
    """Return how many records are drawn of so many."""
    for most, drawn in SIZES:
        if population <= most:
            return min(population, drawn)
    return MOST


def places(population: int, seed: str, name: str) -> tuple[int, ...]:
    """Return which records are drawn, from 0, ascending: the same for the same seed and name."""
    drawing = random.Random(f"{seed}/{name}")  # noqa: S311 - has to be repeatable, not secret
    return tuple(sorted(drawing.sample(range(population), size(population))))


def seed_of(audit: str, evidence: Iterable[str]) -> str:
    """Return the seed that follows from an audit's id and the ids of its evidence, 32 digits."""
    text = "\n".join([audit, *sorted(evidence)])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
