"""The words and figures of the satisfaction report, and of whoever shows the same on a screen."""

from decimal import Decimal

from baozhang.catalog.model import Status
from baozhang.governance.voice.records import IssueClass, Measure, Outcome, State, Through
from baozhang.governance.voice.scores import Difference, Estimate, Verdict
from baozhang.governance.voice.themes import dictionary
from baozhang.words import CHINESE, say
from reports.page import Mark
from reports.satisfaction_value import ImprovementTold
from reports.writing import Pen

MEASURE_TEMPLATES: dict[Measure, str] = {
    "csat": "satisfied (CSAT)",
    "nps": "would recommend us (NPS)",
    "ces": "easy to deal with (CES)",
}
UNIT_TEMPLATES: dict[Measure, str] = {
    "csat": "{value} % ({low} to {high} %)",
    "nps": "{value} ({low} to {high})",
    "ces": "{value} of 7 ({low} to {high})",
}
CHANGE_TEMPLATES: dict[Verdict, str] = {
    "higher": "higher",
    "lower": "lower",
    "unclear": "no difference shown",
    "too few": "too few answers",
}
BESIDE_TEMPLATES: dict[Verdict, str] = {
    **CHANGE_TEMPLATES,
    "higher": "higher than the others",
    "lower": "lower than the others",
}
"""Of one group beside another, at one time."""
CHANGE_MARKS: dict[Verdict, Status] = {
    "higher": "ok",
    "lower": "failed",
    "unclear": "inconclusive",
    "too few": "inconclusive",
}
MOVED_TEMPLATES: dict[Verdict, str] = {
    "higher": "moved",
    "lower": "moved the wrong way",
    "unclear": "not shown to have moved",
    "too few": "too few answers",
}
THROUGH_TEMPLATES: dict[Through, str] = {
    "page": "on the page",
    "import": "by mail or file",
    "phone": "by telephone",
}
CLASS_TEMPLATES: dict[IssueClass, str] = {
    "complaint": "complaint",
    "question": "question",
    "request": "wish",
}
STATE_TEMPLATES: dict[State, str] = {
    "open": "not answered yet",
    "answered": "answered, not resolved",
    "resolved": "resolved",
}
HEAD_TEMPLATES = {
    "score": "low scores",
    "owner": "owner",
    "due": "to be done by",
    "client": "client",
    "days": "days since",
    "measure": "measure",
    "change": "change",
}
OUTCOME_TEMPLATES: dict[Outcome, str] = {
    "": "not called yet",
    "settled": "settled",
    "promised": "something was promised",
    "not-reached": "nobody was reached",
}


POINT_TEMPLATES = {
    "before": "before the incident",
    "30": "30 days",
    "90": "90 days",
    "180": "180 days",
}


def figure(estimate: Estimate, pen: Pen) -> str:
    """Return a measure with its interval, or that too few answered."""
    if estimate.value is None:
        return say(
            "too few answers ({n} of {all})",
            spoken=pen.language,
            n=pen.number(estimate.n),
            all=pen.number(estimate.of),
        )
    return say(
        UNIT_TEMPLATES[estimate.measure],
        spoken=pen.language,
        value=estimate.value,
        low=estimate.low,
        high=estimate.high,
    )


def change(difference: Difference | None, pen: Pen) -> str:
    """Return a difference with its interval; a dash where there is nothing to compare with."""
    if difference is None:
        return "–"
    if difference.value is None:
        return say(CHANGE_TEMPLATES["too few"], spoken=pen.language)
    return say(
        "{value} ({low} to {high})",
        spoken=pen.language,
        value=f"{difference.value:+}",
        low=f"{difference.low:+}",
        high=f"{difference.high:+}",
    )


def moved_mark(told: ImprovementTold, language: str) -> Mark:
    """Return how far an improvement is: in place or not, and whether it moved its measure."""
    if told.overdue:
        return Mark("failed", say("overdue", spoken=language))
    if told.done is None:
        return Mark("partial", say("not in place yet", spoken=language))
    if told.difference is None:
        return Mark("inconclusive", say("no later round yet", spoken=language))
    verdict = told.difference.verdict
    return Mark(CHANGE_MARKS[verdict], say(MOVED_TEMPLATES[verdict], spoken=language))


def heads(words: tuple[str, ...], language: str) -> tuple[str, ...]:
    """Return the heads of columns."""
    return tuple(say(HEAD_TEMPLATES[word], spoken=language) for word in words)


def percent(value: Decimal | int, language: str) -> str:
    """Return a share as people write it."""
    return say("{value} %", spoken=language, value=value)


def title_of(theme: str, language: str) -> str:
    """Return what a theme is called; one that the dictionary has lost is called by its id."""
    found = dictionary().get(theme)
    if found is None:
        return theme
    return found.title.zh if language == CHINESE else found.title.en


def point_name(name: str, language: str) -> str:
    """Return what a point of a curve is called."""
    return say(POINT_TEMPLATES.get(name, name), spoken=language)
