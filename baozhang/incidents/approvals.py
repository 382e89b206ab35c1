"""Gates: what is to be approved, by whom, until when; and whether it is.

    Request (hash of what is approved, roles, how many people, expiry)
        │
        └── verdicts of people, each with a one-time code that counted once ──► Standing

A verdict is bound to the request's hash: whoever approved an older plan has not approved this one.
One person counts once, whatever their roles; who asked may not approve their own asking where two
people are wanted.  A refusal by anybody who may approve closes the gate.

Pure: codes are counted by `keys.codes`, events are kept by `journal`.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from baozhang.errors import UsageError
from baozhang.settings import Role

State = Literal["waiting", "approved", "refused", "expired"]
Word = Literal["approve", "refuse"]


@dataclass(frozen=True, slots=True)
class Request:
    """One gate of one incident.

    Attributes:
        incident: id.
        gate: which one, e.g. `plan`, `cut-over`.
        digest: SHA-256 of what is approved (`digest_of`), 64 hexadecimal digits.
        asked_by: id of the person or run that asks.
        roles: who of the agency may approve.
        people: how many different people must.
        at, expires: aware instants.
    """

    incident: str
    gate: str
    digest: str
    asked_by: str
    roles: tuple[Role, ...]
    people: int
    at: datetime
    expires: datetime


@dataclass(frozen=True, slots=True)
class Verdict:
    """One person's word on a request; their one-time code has been counted for it."""

    gate: str
    digest: str
    person: str  # id
    word: Word
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """How a gate stands.

    Attributes:
        state: `approved` only when everybody wanted has approved this very request in time.
        by: who has approved it, in order.
        wanting: how many people more.
    """

    state: State
    by: tuple[str, ...]
    wanting: int


def digest_of(value: Mapping[str, object]) -> str:
    """Return the SHA-256 of a value as canonical JSON: keys sorted, no blanks, ASCII.

    Raises:
        TypeError: something in it has no JSON form.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def standing(request: Request, verdicts: Iterable[Verdict], now: datetime) -> Standing:
    """Tell how a gate stands; verdicts on anything else do not count."""
    ours = [each for each in verdicts if _counts(request, each)]
    by = tuple(dict.fromkeys(each.person for each in ours if each.word == "approve"))
    wanting = max(0, request.people - len(by))
    if any(each.word == "refuse" for each in ours):
        return Standing("refused", by, wanting)
    if not wanting:
        return Standing("approved", by, 0)
    return Standing("expired" if now >= request.expires else "waiting", by, wanting)


def require_allowed(
    request: Request,
    verdicts: Iterable[Verdict],
    *,
    person: str,
    roles: Collection[Role],
    digest: str,
    now: datetime,
) -> None:
    """Make sure that a person's word on a request would count, before their code is used up.

    Args:
        request: the gate.
        verdicts: what was said so far.
        person: id of who wants to say something.
        roles: theirs.
        digest: of what they were shown.
        now: an aware instant.

    Raises:
        UsageError: they may not, they have already, it is too late, or they saw something older.
    """
    found = standing(request, verdicts, now)
    if found.state != "waiting":
        raise _closed(request, found.state)
    if digest != request.digest:
        raise UsageError(
            "what {person} was shown is not what is to be approved now",
            hint="Look at what incident {incident} asks for now, and approve that.",
            person=person,
            incident=request.incident,
        )
    if not set(roles) & set(request.roles):
        raise UsageError(
            "{person} may not approve this",
            hint="Ask somebody with one of these roles: {roles}.",
            person=person,
            roles=", ".join(request.roles),
        )
    if person == request.asked_by and request.people > 1:
        raise UsageError(
            "{person} asked for this and cannot approve it",
            hint="Ask two others; four eyes are two people.",
            person=person,
        )
    if person in found.by:
        raise UsageError(
            "{person} has approved this already",
            hint="Ask somebody else: {wanting} more must approve.",
            person=person,
            wanting=found.wanting,
        )


def _counts(request: Request, verdict: Verdict) -> bool:
    return (
        verdict.gate == request.gate
        and verdict.digest == request.digest
        and request.at <= verdict.at < request.expires
        and not (verdict.person == request.asked_by and request.people > 1)
    )


CLOSED_TEMPLATES: dict[State, str] = {
    "approved": "the gate {gate} of {incident} is open already",
    "refused": "the gate {gate} of {incident} was refused",
    "expired": "the time to approve the gate {gate} of {incident} is over",
}


def _closed(request: Request, state: State) -> UsageError:
    return UsageError(
        CLOSED_TEMPLATES[state],
        hint="Look at how the incident stands before going on.",
        gate=request.gate,
        incident=request.incident,
    )
