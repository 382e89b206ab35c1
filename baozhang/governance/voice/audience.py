"""Who may be asked: agreed to it, can be reached, is not in the middle of an incident, not tired.

Each client that is not asked is left out for exactly one reason, the first that applies; reasons
are counted and reported with every wave.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from baozhang.governance.voice.records import Audience, Invitation

Reason = Literal["unknown", "refused", "no-channel", "no-address", "open-incident", "asked-lately"]
REASON_TEMPLATES: dict[Reason, str] = {
    "unknown": "nobody asked whether it agrees",
    "refused": "does not agree to be asked",
    "no-channel": "wants to be reached in no way",
    "no-address": "is to get mail, and has no contact",
    "open-incident": "is hit by an incident that is open",
    "asked-lately": "was asked lately",
}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known on a day.

    Attributes:
        spacing: days that lie at least between two rounds that reach one client.
        reachable: clients that have a contact with an address.
        hit: clients that an open incident hits.
        asked: the last day on which each client was asked.
    """

    day: date
    spacing: int
    reachable: Collection[str]
    hit: Collection[str]
    asked: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is asked, and who is not, and why."""

    asked: tuple[str, ...]
    left_out: Mapping[str, Reason]

    @property
    def counts(self) -> tuple[tuple[Reason, int], ...]:
        """How many are left out for each reason that occurs."""
        numbers = Counter(self.left_out.values())
        return tuple((reason, numbers[reason]) for reason in REASON_TEMPLATES if numbers[reason])


def choose(
    clients: Iterable[str], audience: Mapping[str, Audience], known: Circumstances
) -> Choice:
    """Return who of these clients may be asked on a day."""
    reasons = {each: _reason(each, audience.get(each), known) for each in clients}
    return Choice(
        tuple(each for each, reason in reasons.items() if reason is None),
        {each: reason for each, reason in reasons.items() if reason is not None},
    )


def beside(hit: Collection[str], others: Iterable[str], *, least: int, wave: str) -> list[str]:
    """Return clients that are asked beside those that an incident hit, to compare with.

    As many as were hit, and at least `least`; in an order that nobody chooses: by SHA-256 of wave
    and client.
    """
    able = [each for each in others if each not in hit]
    able.sort(key=lambda each: hashlib.sha256(f"{wave}/{each}".encode()).digest())
    return sorted(able[: max(least, len(hit))])


def last_asked(invitations: Iterable[Invitation]) -> dict[str, date]:
    """Return the last day on which each client was asked."""
    days: dict[str, date] = {}
    for each in invitations:
        days[each.client] = max(each.asked, days.get(each.client, each.asked))
    return days


def _reason(client: str, said: Audience | None, known: Circumstances) -> Reason | None:
    if said is None:
        return "unknown"
    before = known.asked.get(client, date.min)
    reasons: dict[Reason, bool] = {
        "refused": not said.consent,
        "no-channel": said.channel == "none",
        "no-address": said.channel == "mail" and client not in known.reachable,
        "open-incident": client in known.hit,
        "asked-lately": known.day - before < timedelta(days=known.spacing),
    }
    return next((reason for reason, applies in reasons.items() if applies), None)
