"""The post-incident review (复盘) as values: what people wrote, and the actions that follow.

    Review ─┬─ whys ─ root cause          every entry: who wrote it, on what evidence
            ├─ well, badly, lessons
            └─ proposals to plan, risk register and training
    Actions ── owner, due date ── open until somebody closes them
    Sheet   ── what is signed: both, and the journal that they are about

Texts are people's own and lie in the incident's folder alone; the journal knows their hashes.
Nothing is written for them: what nobody filled in stays empty.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Literal, get_args

from pydantic import Field

from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Id, Value

Part = Literal["why", "root", "well", "badly", "lesson", "plan", "risk", "training"]
"""五问, 根本原因, 做得好, 做得不好, 经验教训, 对预案、风险登记册、培训的修改建议."""
MOST_WHYS = 5
MOST_OF_A_PART = 30
LONGEST = 1000  # characters of one entry
REVIEW, ACTIONS, SHEET, GATE = "review", "actions", "review-sheet", "review"
LINK = re.compile(
    r"event:[1-9][0-9]{0,5}"
    r"|value:[a-z0-9][a-z0-9_.-]{0,80}"
    r"|letter:[a-z-]{1,30}/[0-9]{1,6}"
    r"|point:[a-z0-9][a-z0-9_-]{0,80}"
    r"|copy:c-[0-9]{8}-[0-9]{6}(-[0-9]+)?"
    r"|url:https?://[!-~]{1,200}"
)
"""Evidence of an entry: an event of the journal, a kept value, a letter, a backup point, a
decrypted copy, or a page elsewhere."""


class Entry(Value):
    """One thing that somebody wrote."""

    part: Part
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    by: Id
    at: datetime
    evidence: tuple[str, ...] = ()


class Review(Value):
    """What was written so far, in the order in which it was.

    Attributes:
        led_by: id of who led the recovery; "": whoever answered first.
    """

    led_by: str = ""
    entries: tuple[Entry, ...] = ()

    def of(self, part: Part) -> tuple[Entry, ...]:
        """Return the entries of one part."""
        return tuple(each for each in self.entries if each.part == part)


class Action(Value):
    """Something that is to be done, by whom and until when.

    Attributes:
        done: when somebody said that it is; None: it is open.
        proof: evidence of that.
    """

    number: int = Field(ge=1)
    text: Annotated[str, Field(min_length=1, max_length=LONGEST)]
    owner: Id
    due: date
    by: Id
    at: datetime
    done: datetime | None = None
    done_by: str = ""
    proof: tuple[str, ...] = ()


class Actions(Value):
    """The actions of one incident or drill, by number."""

    actions: tuple[Action, ...] = ()


class Planned(Value):
    """An action as it is signed: whether it is done changes nothing of that."""

    number: int
    text: str
    owner: Id
    due: date


class Sheet(Value):
    """What a signature under the review is bound to.

    Attributes:
        head: hash of the journal's event with which the recovery's letters were begun.
    """

    incident: Id
    review: Review
    actions: tuple[Planned, ...]
    head: str


@dataclass(frozen=True, slots=True)
class Aged:
    """An open action, and how late it is."""

    incident: str
    action: Action
    overdue: int  # days; 0 or less: there is time


def review_of(incident: Incident) -> Review:
    """Return what was written of an incident; nothing, where nobody has."""
    return incident.value(REVIEW, Review) if incident.has(REVIEW) else Review()


def actions_of(incident: Incident) -> tuple[Action, ...]:
    """Return an incident's actions, by number."""
    return incident.value(ACTIONS, Actions).actions if incident.has(ACTIONS) else ()


def sheet_of(incident: Incident, head: str) -> Sheet:
    """Return what a signature is bound to."""
    planned = tuple(
        Planned(number=each.number, text=each.text, owner=each.owner, due=each.due)
        for each in actions_of(incident)
    )
    return Sheet(incident=incident.id, review=review_of(incident), actions=planned, head=head)


def with_entry(review: Review, entry: Entry) -> Review:
    """Return a review with one entry more; another root cause replaces the one before.

    Raises:
        UsageError: there is no room for it, or its evidence is none.
    """
    require_links(entry.evidence)
    kept = tuple(e for e in review.entries if not e.part == entry.part == "root")
    most = MOST_WHYS if entry.part == "why" else MOST_OF_A_PART
    if sum(each.part == entry.part for each in kept) >= most:
        raise UsageError(
            "the review has {most} entries of the part {part} already",
            hint="Take one back first: `baozhang review unsay INCIDENT {part} NUMBER`.",
            most=most,
            part=entry.part,
        )
    return review.model_copy(update={"entries": (*kept, entry)})


def without_entry(review: Review, part: Part, number: int) -> Review:
    """Return a review without the n-th entry of a part, from 1.

    Raises:
        UsageError: there is none of this number.
    """
    found = review.of(part)
    if not 1 <= number <= len(found):
        raise UsageError(
            "the part {part} has no entry {number}",
            hint="Look at what it has: `baozhang review show INCIDENT`.",
            part=part,
            number=number,
        )
    gone = found[number - 1]
    return review.model_copy(
        update={"entries": tuple(each for each in review.entries if each is not gone)}
    )


def plain(text: str) -> str:
    """Return what a person wrote as one paragraph.

    Raises:
        UsageError: nothing was written, or too much.
    """
    words = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not words or len(words) > LONGEST:
        raise UsageError(
            "an entry has between 1 and {most} characters",
            hint="Write one thing in a few sentences; make two entries of two things.",
            most=LONGEST,
        )
    return words


def require_links(links: Iterable[str]) -> None:
    """Make sure that evidence is named in a way that it can be found.

    Raises:
        UsageError: a link names nothing that evidence can be.
    """
    for link in links:
        if not LINK.fullmatch(link):
            raise UsageError(
                "{link} names no evidence",
                hint="Write event:12, value:plan-1, letter:recovery/3, point:ID, copy:ID or "
                "url:https://…",
                link=repr(link[:60]),
            )


def require_part(part: str) -> Part:
    """Return a part of the review by its name.

    Raises:
        UsageError: there is no such part.
    """
    for known in get_args(Part):
        if part == known:
            return part  # type: ignore[return-value]
    raise UsageError(
        "a review has no part {part}",
        hint="Choose one of {known}.",
        part=repr(part[:40]),
        known=", ".join(get_args(Part)),
    )


def aged(incident: str, actions: Iterable[Action], today: date) -> tuple[Aged, ...]:
    """Return the open actions, the latest first."""
    found = (Aged(incident, each, (today - each.due).days) for each in actions if each.done is None)
    return tuple(sorted(found, key=lambda each: (-each.overdue, each.action.number)))
