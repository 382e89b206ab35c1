"""Which waves open when: every half-year, and some days after an incident has ended."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from baozhang.governance.voice.records import WaveKind
from baozhang.governance.voice.rules import Rules

_HALF = 6  # months


@dataclass(frozen=True, slots=True)
class Hit:
    """An incident as surveys see it: whom it hit, when it was discovered, when it ended."""

    id: str
    clients: frozenset[str]
    discovered: date
    ended: date | None  # None: it is open


@dataclass(frozen=True, slots=True)
class Planned:
    """A wave that may open now.

    Attributes:
        id: `w-2026h2`, `w-i-20261122-01`, `w-i-20261122-01-90`.
        clients: whom the incident hit; empty: everybody is asked.
    """

    id: str
    kind: WaveKind
    opens: date
    closes: date
    incident: str = ""
    clients: frozenset[str] = frozenset()


def due(day: date, hits: Iterable[Hit], known: Collection[str], rules: Rules) -> list[Planned]:
    """Return the waves that should open on a day and are not known yet."""
    planned = [*_half_yearly(day, rules), *_after(day, hits, rules)]
    return [each for each in planned if each.id not in known]


def half_of(day: date) -> str:
    """Return the half-year of a day: `2026h2`."""
    return f"{day.year}h{1 if day.month <= _HALF else 2}"


def last_day(opens: date, rules: Rules) -> date:
    """Return the last day of a wave that opens on a day."""
    return opens + timedelta(days=rules.open_days - 1)


def _half_yearly(day: date, rules: Rules) -> Iterator[Planned]:
    """Yield the half-year's wave as long as it would still be open: a late start loses no wave."""
    for each in rules.half_yearly:
        begin = date.fromisoformat(f"{day.year}-{each}")
        if begin <= day <= last_day(begin, rules):
            yield Planned(f"w-{half_of(begin)}", "half-yearly", day, last_day(day, rules))


def _after(day: date, hits: Iterable[Hit], rules: Rules) -> Iterator[Planned]:
    for hit in hits:
        for each in rules.after_incident:
            if hit.ended and each.first <= (day - hit.ended).days <= each.last:
                yield Planned(
                    id=f"w-{hit.id}{each.suffix}",
                    kind="after-incident",
                    opens=day,
                    closes=last_day(day, rules),
                    incident=hit.id,
                    clients=hit.clients,
                )
