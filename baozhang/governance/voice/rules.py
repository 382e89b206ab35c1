"""The rules of surveys and the questions, as data that a person can read (`*.yaml` beside this)."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, model_validator

from baozhang.errors import UsageError
from baozhang.governance.model import Words
from baozhang.governance.voice.records import IssueClass, Measure, WaveKind
from baozhang.settings.part import Part

_HERE = Path(__file__).parent


class Clock(Part):
    """Days until an issue is answered, and until it is resolved."""

    answer: Annotated[int, Field(ge=0)]
    resolve: Annotated[int, Field(ge=0)]


class Round(Part):
    """When a wave after an incident may open, in days after its end."""

    suffix: Annotated[str, Field(pattern=r"^(-\d+)?$")]
    first: int
    last: int


class Stretch(Part):
    """The days whose answers stand for one point of the curve.

    They are counted from an incident's end or, where they are negative, from its discovery.
    """

    name: str
    first: int
    last: int


class Rules(Part):
    """What is decided; the file says what each is for."""

    minimum: Annotated[int, Field(ge=2)]
    spacing: Annotated[int, Field(ge=0)]
    half_yearly: tuple[Annotated[str, Field(pattern=r"^\d\d-\d\d$")], ...]
    open_days: Annotated[int, Field(ge=1)]
    remind_after: Annotated[int, Field(ge=0)]
    comparison: Annotated[int, Field(ge=0)]
    callback_days: Annotated[int, Field(ge=0)]
    low: dict[Measure, int]
    issues: dict[IssueClass, Clock]
    after_incident: tuple[Round, ...]
    curve: tuple[Stretch, ...]


class Question(Part):
    """One question; without a measure it asks for words."""

    measure: Measure | None = None
    asks: Words
    scale: Words


class Questionnaire(Part):
    """One version of the questions, for one kind of wave."""

    kind: WaveKind
    questions: Annotated[tuple[Question, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _each_measure_once(self) -> "Questionnaire":
        asked = [each.measure for each in self.questions if each.measure]
        if len(asked) != len(set(asked)):
            raise ValueError("a measure is asked for twice")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of its canonical JSON, 64 hexadecimal digits."""
        value = self.model_dump(mode="json")
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@cache
def rules() -> Rules:
    """Return the rules."""
    return Rules.model_validate(_read("rules.yaml"))


@cache
def questionnaires() -> dict[str, Questionnaire]:
    """Return every version of the questions there ever was, the newest of a kind last."""
    content = _read("questions.yaml")
    return {name: Questionnaire.model_validate(each) for name, each in content.items()}


def newest(kind: WaveKind) -> str:
    """Return the version that a new wave of this kind asks."""
    return [name for name, each in questionnaires().items() if each.kind == kind][-1]


def asked_in(version: str, form: str) -> Questionnaire:
    """Return the questions of a wave.

    Raises:
        UsageError: there is no such version, or its wording is not what it was.
    """
    found = questionnaires().get(version)
    if found is None or found.digest != form:
        raise UsageError(
            "the questions {version} are not those that this wave began with",
            hint="Add a new version to questions.yaml and leave the old one as it was.",
            version=version[:40],
        )
    return found


def _read(name: str) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load((_HERE / name).read_text("utf-8"))
    return content
