"""The law register: instruments, least terms, the grades and clocks of incidents, as frozen values.

The data is `register.yaml`.  Its source is named row by row (instrument and article) with how sure
the row is; a row that nobody has seen in print is shown as to be confirmed by counsel.
"""

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

Confidence = Literal["text", "page", "fragment", "knowledge"]
"""Read in full, seen quoted, seen in pieces, not seen."""
Grade = Literal["gravest", "grave", "large"]
"""特别重大, 重大, 较大 of 国家网络安全事件分级指南; below them 一般."""
Role = Literal["processor", "entrusted"]
"""个人信息处理者, 受托人 (PIPL arts. 21, 57, 73)."""

_FILE = Path(__file__).with_name("register.yaml")


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Twin(_Row):
    """The same words in both languages."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    def said(self, language: str) -> str:
        """Return the words in `zh_CN` or `en`."""
        return self.zh if language.startswith("zh") else self.en


class Cited(_Row):
    """A row that stands on an article, e.g. `PIPL 第57条`; several are apart by a `；`."""

    article: str
    confidence: Confidence


class Instrument(Twin):
    """One law, regulation or measure."""

    number: str
    effective: date
    confidence: Confidence


class Term(Cited, Twin):
    """How long one kind of accounting archive is kept at least; `years` None: for ever."""

    id: str
    years: int | None = Field(ge=1)


class Level(Twin):
    """One grade of incidents, reached by either number."""

    id: Grade
    persons: int = Field(gt=0)  # whose personal information was leaked
    loss_fen: int = Field(gt=0)  # direct loss
    confidence: Confidence


class Severity(_Row):
    """The grades, the gravest first."""

    article: str
    levels: tuple[Level, ...]

    def from_level(self, grade: Grade) -> tuple[Level, ...]:
        """Return a grade and those above it, the gravest first."""
        names = [level.id for level in self.levels]
        return self.levels[: names.index(grade) + 1]


class When(_Row):
    """The facts under which a clock runs; None: that fact does not matter."""

    level: Grade | None = None  # from this grade upwards
    role: Role | None = None
    personal_data: bool | None = None
    client_data: bool | None = None
    critical_infrastructure: bool | None = None
    central_organ: bool | None = None
    harm_to_others: bool | None = None
    harm_avoided: bool | None = None
    suspected_crime: bool | None = None
    paper_invoices_lost: bool | None = None
    reported: bool | None = None
    closed: bool | None = None

    def wanted(self) -> tuple[tuple[str, object], ...]:
        """Return the facts that matter, without the grade, and what each must be."""
        named = ((name, getattr(self, name)) for name in type(self).model_fields)
        return tuple(
            (name, value) for name, value in named if name != "level" and value is not None
        )


class Clock(Cited):
    """One duty after an incident, and how long there is for it."""

    id: str
    to: Twin
    do: Twin
    deadline_minutes: int | None = Field(None, ge=0)
    deadline: Literal["same_day"] | None = None
    target_minutes: int | None = Field(None, gt=0)  # our own, where the law has no number
    start: Literal["discovered", "closed"] = Field("discovered", alias="from")
    when: When


class Contents(Cited):
    """What a report must say, item by item."""

    zh: tuple[str, ...]
    en: tuple[str, ...]

    @model_validator(mode="after")
    def _twins(self) -> "Contents":
        if len(self.zh) != len(self.en):
            raise ValueError("the two languages have different numbers of items")
        return self


class Review(_Row):
    """Who last checked the register, and when."""

    by: str
    on: date


class Register(_Row):
    """All of it."""

    version: Literal[1]
    as_of: date
    reviewed: Review | None
    review_every_days: int = Field(gt=0)
    instruments: dict[str, Instrument]
    retention: tuple[Term, ...]
    severity: Severity
    clocks: tuple[Clock, ...]
    contents: dict[Literal["cyberspace", "privacy", "interested"], Contents]

    @property
    def review_due(self) -> date:
        """The day from which the register is too old to lean on."""
        last = self.reviewed.on if self.reviewed else self.as_of
        return last + timedelta(days=self.review_every_days)

    @model_validator(mode="after")
    def _known(self) -> "Register":
        rows: tuple[Cited, ...] = (*self.retention, *self.clocks, *self.contents.values())
        for article in (self.severity.article, *(row.article for row in rows)):
            for part in article.split("；"):
                name = part.split()[0]
                if name not in self.instruments and name != "委托合同":
                    raise ValueError(f"{name} is no instrument of the register")
        return self

    def clock(self, name: str) -> Clock:
        """Return a clock by its id."""
        return next(each for each in self.clocks if each.id == name)

    def cited(self, article: str, language: str) -> str:
        """Return an article with the full name of its instrument, e.g. 《网络安全法》第27条."""
        return "；".join(self._cited(part, language) for part in article.split("；"))

    def _cited(self, part: str, language: str) -> str:
        name, _, rest = part.partition(" ")
        if name not in self.instruments:
            return part
        full = self.instruments[name].said(language)
        return f"《{full}》{rest}" if language.startswith("zh") else f"{full} {rest}".strip()


@cache
def load_register() -> Register:
    """Return the register that this version of the product holds."""
    return Register.model_validate(yaml.safe_load(_FILE.read_text("utf-8")))
