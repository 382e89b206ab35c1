"""What the product brings along as data: the scale, the library of risks, the indicators.

scale.yaml       grades in words, events per year and fen, and the matrix of levels
library.yaml     risks of a bookkeeping agency, proposed to whoever begins a register
indicators.yaml  what of our own records warns, and from which value on
"""

from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import Field, TypeAdapter

from baozhang.governance.model import Words
from baozhang.governance.risk.model import Asset, Band, Cause, Kind, Risk
from baozhang.settings import Owner
from baozhang.settings.part import Part, Text

Level = Literal["low", "medium", "high", "extreme"]
Unit = Literal["count", "percent", "people", "minutes"]


class Step(Part):
    """One grade of a scale: from how many events per year, or fen per event, on."""

    grade: Annotated[int, Field(ge=1, le=5)]
    begins: Annotated[Decimal, Field(ge=0, alias="from")]
    zh: Text
    en: Text
    says: Words


Row = Annotated[tuple[Level, ...], Field(min_length=5, max_length=5)]


class Scale(Part):
    """The five grades of both scales, and the level of each pair of grades.

    Attributes:
        source: what practice it follows.
        levels: from the lowest to the highest.
        matrix: a row per likelihood, a column per impact, both from 1.
        treat_from: the level from which on a treatment must be decided.
    """

    source: Words
    likelihood: Annotated[tuple[Step, ...], Field(min_length=5, max_length=5)]
    impact: Annotated[tuple[Step, ...], Field(min_length=5, max_length=5)]
    levels: tuple[Level, ...]
    matrix: Annotated[tuple[Row, ...], Field(min_length=5, max_length=5)]
    treat_from: Level

    def level(self, likelihood: int, impact: int) -> Level:
        """Return the level of a pair of grades."""
        return self.matrix[likelihood - 1][impact - 1]

    def rank(self, level: Level) -> int:
        """Return the place of a level, from 0."""
        return self.levels.index(level)

    def often(self, events: Decimal) -> int:
        """Return the grade of so many events per year."""
        return _grade(self.likelihood, events)

    def bad(self, fen: int) -> int:
        """Return the grade of a loss of so many fen."""
        return _grade(self.impact, Decimal(fen))


def _grade(steps: tuple[Step, ...], value: Decimal) -> int:
    return max(each.grade for each in steps if value >= each.begins)


class Known(Part):
    """A risk of the standard library.

    Attributes:
        controls: those that are commonly done about it, to choose from.
        incidents: kinds of incident that are this risk come true.
    """

    id: Text
    title: Words
    cause: Cause
    asset: Asset
    owner: Owner
    drill: str = ""
    controls: tuple[str, ...] = ()
    incidents: tuple[Kind, ...] = ()

    def proposed(self, source: str) -> Risk:
        """Return it as a row that counts for nothing yet."""
        return Risk(
            title=self.title.zh,
            title_en=self.title.en,
            library=self.id,
            cause=self.cause,
            asset=self.asset,
            owner=self.owner,
            source=source,
            drill=self.drill,
            controls=self.controls,
        )


class Indicator(Part):
    """A key risk indicator.

    Attributes:
        unit: of its value.
        days: how far back it looks; None: it is about the present state.
        worse: which way is worse.
        amber, red: the first values of these colours.
        risks: ids of the library that it warns of.
    """

    id: Text
    title: Words
    unit: Unit
    days: int | None = Field(None, ge=1)
    worse: Literal["more", "fewer"]
    amber: Decimal
    red: Decimal
    risks: tuple[str, ...]

    def band(self, value: Decimal | None) -> Band:
        """Return the colour of a value; nothing has none, and is never green."""
        if value is None:
            return "unmeasured"
        if self.is_over(value, self.red):
            return "red"
        return "amber" if self.is_over(value, self.amber) else "green"

    def is_over(self, value: Decimal, threshold: Decimal) -> bool:
        """Tell whether a value is at a threshold or beyond it."""
        return value >= threshold if self.worse == "more" else value <= threshold


@cache
def scale() -> Scale:
    """Return the scale."""
    return Scale.model_validate(_read("scale.yaml"))


@cache
def library() -> dict[str, Known]:
    """Return the standard library by id, in its file's order."""
    found = TypeAdapter(list[Known]).validate_python(_read("library.yaml"))
    return {each.id: each for each in found}


@cache
def indicators() -> dict[str, Indicator]:
    """Return the indicators by id, in their file's order."""
    found = TypeAdapter(list[Indicator]).validate_python(_read("indicators.yaml"))
    return {each.id: each for each in found}


def _read(name: str) -> object:
    return yaml.safe_load((resources.files(__package__) / name).read_text("utf-8"))
