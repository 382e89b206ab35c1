"""Footprint: an estimate of energy and carbon dioxide of a month, with its range and its method.

    Wh  = (TB-hours of all copies x storage + hours of duties x compute) x overhead
    g   = Wh x grid                     (kg per kWh is g per Wh)

Low, central and high take all factors at that end.  Making and scrapping devices, networks and the
clients' own machines are left out.  Factors are dated data: `factors.yaml`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from baozhang.costs.model import GIGABYTE, Usage
from baozhang.policies.law.register import Twin

TERABYTE_HOUR = 1000 * GIGABYTE * 60  # byte-minutes
HOUR = 3600  # seconds
End = Literal["low", "central", "high"]
ENDS: tuple[End, ...] = ("low", "central", "high")


class Factor(BaseModel):
    """One factor: what it is per, where it comes from, how far it may be off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: Twin
    unit: Twin
    low: Annotated[Decimal, Field(ge=0)]
    central: Annotated[Decimal, Field(ge=0)]
    high: Annotated[Decimal, Field(ge=0)]
    source: Twin
    year: int
    confidence: Literal["assumption", "knowledge"]

    def at(self, end: End) -> Decimal:
        """Return its low, central or high value."""
        return {"low": self.low, "central": self.central, "high": self.high}[end]


class Factors(BaseModel):
    """All factors, as they were on a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    as_of: date
    factors: tuple[Factor, ...]

    def at(self, name: str, end: End) -> Decimal:
        """Return one factor's value."""
        return next(each for each in self.factors if each.id == name).at(end)


@cache
def factors() -> Factors:
    """Return the factors of this release."""
    text = Path(__file__).with_name("factors.yaml").read_text("utf-8")
    return Factors.model_validate(yaml.safe_load(text))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A low, a central and a high value."""

    low: int
    central: int
    high: int


@dataclass(frozen=True, slots=True)
class Footprint:
    """Energy in Wh and carbon dioxide in g of a month, and what they were reckoned from."""

    energy: Estimate
    carbon: Estimate
    byte_minutes: int
    seconds: int
    as_of: date


def footprint(usages: Iterable[Usage]) -> Footprint:
    """Return the footprint of what was used, priced or not."""
    byte_minutes = seconds = 0
    for each in usages:
        byte_minutes += each.raw if each.group == "storage" else 0
        seconds += each.raw if each.group == "compute" else 0
    known = factors()
    energy = {end: _energy(known, end, byte_minutes, seconds) for end in ENDS}
    carbon = {end: energy[end] * known.at("grid", end) for end in ENDS}
    return Footprint(_estimate(energy), _estimate(carbon), byte_minutes, seconds, known.as_of)


def _energy(known: Factors, end: End, byte_minutes: int, seconds: int) -> Decimal:
    stored = Decimal(byte_minutes) / TERABYTE_HOUR * known.at("storage", end)
    worked = Decimal(seconds) / HOUR * known.at("compute", end)
    return (stored + worked) * known.at("overhead", end)


def _estimate(values: dict[End, Decimal]) -> Estimate:
    low, central, high = (int(values[end].to_integral_value(ROUND_HALF_EVEN)) for end in ENDS)
    return Estimate(low, central, high)
