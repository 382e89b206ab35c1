"""How every delivery of an inbox stands, in words that the letter of the night can use.

Names and stamps are looked at, and whether the newest drop fits its list; no file is read, so
that six hundred clients' inboxes are judged in the time that their folders take to list.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from baozhang.errors import SourceUnreadableError
from baozhang.policies.arrival import Arrival, Cause, State, judge
from baozhang.sources.drops import (
    LEFT_BY_WINDOWS,
    Attempt,
    Drop,
    Inbox,
    NotWhole,
    look_at,
    newest_first,
    read_inbox,
    require_past,
)
from baozhang.sources.globs import excluder

MOST = 20  # names in one list
SETTLES = timedelta(hours=2)
"""A drop that still has its working name after this long broke off: a .bak of 20 GB takes one."""

_PERIOD = re.compile(r"\d{4}-\d{2}")  # the label of a close
_left_by_windows = excluder(LEFT_BY_WINDOWS)

STATE_TEMPLATES: dict[State, str] = {
    "ok": "fine",
    "missing": "not arrived",
    "busy": "in use",
    "incomplete": "incomplete",
    "failed": "failed",
    "overdue": "overdue by {days} days",
}
CAUSE_TEMPLATES: dict[Cause, str] = {
    "missing": "not arrived",
    "busy": "in use",
    "incomplete": "incomplete",
    "failed": "failed",
}
FINDING_TEMPLATES: dict[State, str] = {
    "missing": "inbox set {label} has not arrived",
    "busy": "inbox set {label} could not be copied: its book is open",
    "incomplete": "inbox set {label} arrived incomplete",
    "failed": "the script that delivers inbox set {label} failed",
    "overdue": "inbox set {label} is overdue by {days} days: {reason}",
}
HINT_TEMPLATES: dict[Cause, str] = {
    "missing": "Switch the computer on that delivers it; where it is on, look at its Task "
    "Scheduler.",
    "busy": "Ask the accountant to close the book at lunch or at the end of the day.",
    "incomplete": "Look whether the network or the disk gave way, then run the script again.",
    "failed": "Look at the script's log on the delivering computer.",
}
SEVERITIES: dict[State, Literal["critical", "warning", "info"]] = {
    "ok": "info",
    "missing": "warning",
    "busy": "warning",
    "incomplete": "critical",
    "failed": "critical",
    "overdue": "critical",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """How one label's deliveries stand."""

    label: str
    arrival: Arrival
    newest: datetime | None  # when its newest whole drop was made


def standings(
    folder: Path, *, within: timedelta, now: datetime, expected: tuple[str, ...] = ()
) -> tuple[Standing, ...]:
    """Return how each label of one set's folder stands, by label.

    Where nothing was ever delivered the set itself stands for its label.

    Of labels that are periods (a set of closes) only the newest grows old.

    Args:
        folder: `<inbox>/<client>/<set>`.
        within: how old the newest whole drop may be.
        now: the present instant.
        expected: labels that must be there.

    Raises:
        SourceUnreadableError: the inbox itself cannot be read; a set's folder that is not there
            is a set that has not arrived.
    """
    inbox = _read(folder)
    drops = dict(newest_first(inbox.drops))
    labels = sorted({*drops, *inbox.attempts, *expected}) or [folder.name]
    last_close = max((label for label in labels if _PERIOD.fullmatch(label)), default="")
    found = []
    for label in labels:
        newest, hindrance = _seen(drops.get(label, []), inbox.attempts.get(label), now)
        old = bool(_PERIOD.fullmatch(label)) and label != last_close and newest is not None
        span = now - newest if old and newest else within
        found.append(Standing(label, judge(newest, hindrance, within=span, now=now), newest))
    return tuple(found)


def told(
    standing: Standing,
) -> tuple[str, tuple[tuple[str, str | int], ...], str, Literal["critical", "warning", "info"]]:
    """Return template, facts, hint and severity of a finding; not for a standing that is `ok`."""
    arrival = standing.arrival
    facts: dict[str, str | int] = {"label": standing.label}
    if arrival.state == "overdue":
        facts |= {"days": arrival.days, "reason": CAUSE_TEMPLATES[arrival.cause or "missing"]}
    hint = HINT_TEMPLATES[arrival.cause or "missing"]
    return FINDING_TEMPLATES[arrival.state], tuple(facts.items()), hint, SEVERITIES[arrival.state]


def strangers(inbox: Path, known: Iterable[tuple[str, str]]) -> tuple[int, tuple[str, ...]]:
    """Return what lies in an inbox that belongs to no (client, set): how many, and the first.

    Args:
        inbox: the inbox.
        known: what is taken from it; a client without a set's name takes everything of it.

    Raises:
        SourceUnreadableError: the inbox cannot be read.
    """
    claimed = {f"{client}/{name}".rstrip("/") for client, name in known}
    split = {place.partition("/")[0] for place in claimed} - claimed
    count = 0
    first: list[str] = []
    for place in _places(inbox, split):
        if place not in claimed:
            count += 1
            if len(first) < MOST:
                first.append(place)
    return count, tuple(first)


def _read(folder: Path) -> Inbox:
    try:
        return read_inbox(folder)
    except SourceUnreadableError:
        above = folder.parent.parent
        if folder.exists() or not above.is_dir():
            raise
        return Inbox((), {})


def _seen(
    drops: list[Drop], attempt: Attempt | None, now: datetime
) -> tuple[datetime | None, Cause | None]:
    """Return when the newest whole drop was made, and what kept anything newer."""
    newest: datetime | None = None
    hindrance: tuple[datetime, Cause] | None = None
    for drop in drops:
        try:
            require_past(drop, now)
            look_at(drop)
            newest = drop.at
            break
        except NotWhole as error:
            young = error.fault in {"arriving", "no_data", "unlisted"} and now - drop.at < SETTLES
            if hindrance is None and not young:
                hindrance = drop.at, "incomplete"
    if attempt and attempt.state != "ok" and (newest is None or attempt.at > newest):
        told_last = hindrance is None or attempt.at >= hindrance[0]
        if told_last:
            hindrance = attempt.at, attempt.state
    return newest, hindrance[1] if hindrance else None


def _places(inbox: Path, clients: set[str]) -> Iterator[str]:
    """Yield `client` or `client/set` of everything in an inbox, sorted."""
    try:
        for client in _names(inbox):
            if client not in clients or not (inbox / client).is_dir():
                yield client
                continue
            yield from (f"{client}/{name}" for name in _names(inbox / client))
    except OSError as error:
        raise SourceUnreadableError(
            "inbox folder {folder} cannot be read: {reason}",
            hint="Check that the inbox is mounted, and that its folders are named after client "
            "and set.",
            folder=inbox.name,
            reason=os.strerror(error.errno or 0),
        ) from error


def _names(folder: Path) -> list[str]:
    """Return what people and scripts laid into a folder, sorted."""
    names = sorted(os.listdir(folder))
    return [
        name for name in names if not (_left_by_windows and _left_by_windows(os.fsencode(name)))
    ]
