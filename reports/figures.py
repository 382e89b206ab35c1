"""Figures of a run: counted from its outcomes, exact, and the same on every machine.

Pure functions over `baozhang.catalog.model`.  A client fares as badly as the worst of its sets;
a run without clients is inconclusive, never well.  A figure nobody reported is `None`, not zero.
Ids that begin with `_` are the agency's own data (its journal, its mirrors): they are told, they
weigh on the verdict, and they are not counted as clients.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from baozhang.catalog.model import Finding, Outcome, Run, Status

WORST_FIRST: tuple[Status, ...] = ("failed", "inconclusive", "partial", "ok")
"""Nothing known is worse than something missing, and better than a known failure."""

_DEBIT, _CREDIT = "debit_minor", "credit_minor"


@dataclass(frozen=True, slots=True)
class Money:
    """Debit and credit totals of one currency, in minor units."""

    currency: str  # ISO 4217; "" where the figures do not say
    debit: int
    credit: int

    @property
    def balanced(self) -> bool:
        """Debits equal credits."""
        return self.debit == self.credit


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs from the run before: `client/set` names, sorted; bytes as a signed sum."""

    broke: tuple[str, ...]  # well then, not now
    mended: tuple[str, ...]  # not well then, well now
    still: tuple[str, ...]  # not well then, nor now
    appeared: tuple[str, ...]  # not in the run before
    absent: tuple[str, ...]  # in the run before, not in this one
    bytes: int | None  # None where one of the runs has no such figure

    @property
    def none(self) -> bool:
        """Both runs say the same of every set."""
        return not (self.broke or self.mended or self.still or self.appeared or self.absent)


def money_names(currency: str) -> tuple[str, str]:
    """Return the names under which an outcome's figures hold one currency's debit and credit."""
    return f"{_DEBIT}:{currency}", f"{_CREDIT}:{currency}"


def name(outcome: Outcome) -> str:
    """Return what a letter calls an outcome's subject: `c001/main`."""
    return f"{outcome.client}/{outcome.set}"


def worst(statuses: Iterable[Status]) -> Status:
    """Return the worst status; `inconclusive` where there is none."""
    return min(statuses, key=WORST_FIRST.index, default="inconclusive")


def own(outcome: Outcome) -> bool:
    """Tell whether an outcome is about the agency's own data and not about a client."""
    return outcome.client.startswith("_")


def client_outcomes(run: Run) -> tuple[Outcome, ...]:
    """Return the outcomes that are about clients."""
    return tuple(outcome for outcome in run.outcomes if not own(outcome))


def clients(run: Run) -> dict[str, Status]:
    """Return each client's status: the worst of its sets."""
    statuses: dict[str, list[Status]] = {}
    for outcome in client_outcomes(run):
        statuses.setdefault(outcome.client, []).append(outcome.status)
    return {client: worst(found) for client, found in statuses.items()}


def counts(run: Run) -> dict[Status, int]:
    """Return how many clients have each status, worst first, zeros included."""
    found = Counter(clients(run).values())
    return {status: found[status] for status in WORST_FIRST}


def verdict(run: Run) -> Status:
    """Return the run's status: its worst outcome, never above `inconclusive` without clients."""
    found: list[Status] = [outcome.status for outcome in run.outcomes]
    return worst(found if client_outcomes(run) else [*found, "inconclusive"])


def worst_first(outcomes: Iterable[Outcome]) -> list[Outcome]:
    """Return the outcomes, the worst first, then by client and set."""
    return sorted(outcomes, key=lambda o: (WORST_FIRST.index(o.status), o.client, o.set))


def figure(outcome: Outcome, named: str) -> int | None:
    """Return one figure of an outcome, `None` where it was not reported."""
    return dict(outcome.figures).get(named)


def total(run: Run, named: str) -> int | None:
    """Return a figure's sum over all outcomes that report it; `None` where none does."""
    known = [value for o in run.outcomes if (value := figure(o, named)) is not None]
    return sum(known) if known else None


def money(outcomes: Iterable[Outcome]) -> tuple[Money, ...]:
    """Return debit and credit totals per currency, sorted by currency.

    Figures are named `debit_minor:EUR` and `credit_minor:EUR`; a bare `debit_minor` has a
    currency nobody stated, and is kept apart from all others.
    """
    sums: dict[str, list[int]] = {}
    for outcome in outcomes:
        for named, value in outcome.figures:
            kind, _, currency = named.partition(":")
            if kind in (_DEBIT, _CREDIT):
                sums.setdefault(currency, [0, 0])[kind == _CREDIT] += value
    return tuple(Money(currency, *both) for currency, both in sorted(sums.items()))


def books(outcome: Outcome) -> int:
    """Return how many books the outcome speaks for; zero: it knows bytes only."""
    return figure(outcome, "books") or 0


def bytes_only(run: Run) -> int:
    """Return how many clients came out well with no book proven in at least one set."""
    well = {client for client, status in clients(run).items() if status == "ok"}
    return len({o.client for o in client_outcomes(run) if o.client in well and not books(o)})


def unproven(run: Run) -> int:
    """Return how many sets came out of the run without a book that speaks for them."""
    return sum(o.status in ("ok", "partial") and not books(o) for o in client_outcomes(run))


def slowest(run: Run) -> Outcome | None:
    """Return the outcome that took longest."""
    return max(run.outcomes, key=lambda o: (duration(o), o.client, o.set), default=None)


def span(run: Run) -> tuple[datetime, datetime] | None:
    """Return the instants between which the run worked; `None` for an empty run."""
    if not run.outcomes:
        return None
    return min(o.started for o in run.outcomes), max(o.ended for o in run.outcomes)


def duration(outcome: Outcome) -> timedelta:
    """Return how long the work took: the measured `seconds_ms` where there is one."""
    measured = figure(outcome, "seconds_ms")
    return outcome.ended - outcome.started if measured is None else timedelta(milliseconds=measured)


def changes(run: Run, previous: Run) -> Changes:
    """Return what differs between two runs of one duty."""
    now, then = _by_name(run), _by_name(previous)
    both = sorted(now.keys() & then.keys())
    size, before = total(run, "bytes"), total(previous, "bytes")
    return Changes(
        broke=tuple(n for n in both if then[n] == "ok" != now[n]),
        mended=tuple(n for n in both if now[n] == "ok" != then[n]),
        still=tuple(n for n in both if now[n] != "ok" and then[n] != "ok"),
        appeared=tuple(sorted(now.keys() - then.keys())),
        absent=tuple(sorted(then.keys() - now.keys())),
        bytes=None if size is None or before is None else size - before,
    )


def _by_name(run: Run) -> dict[str, Status]:
    statuses: dict[str, list[Status]] = {}
    for outcome in run.outcomes:
        statuses.setdefault(name(outcome), []).append(outcome.status)
    return {named: worst(found) for named, found in statuses.items()}


def fingerprint(run: Run) -> str:
    """Return the SHA-256 of everything a letter on this run could say, as hex.

    Over canonical JSON (sorted keys, no blanks, ASCII, instants as ISO 8601 in UTC), so it
    depends on no machine, language or version, nor on the order of outcomes.
    Normative: docs/reports.md, "The hash".
    """
    return hashlib.sha256(canonical(run).encode("ascii")).hexdigest()


def canonical(run: Run) -> str:
    """Return the canonical JSON that the hash of a run is made over."""
    content = {
        "run": run.id,
        "duty": run.duty,
        "day": run.day.isoformat(),
        "outcomes": sorted((_plain(o) for o in run.outcomes), key=_canonical),
    }
    return _canonical(content)


def _canonical(content: object) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _plain(outcome: Outcome) -> dict[str, object]:
    return {
        "run": outcome.run,
        "duty": outcome.duty,
        "client": outcome.client,
        "set": outcome.set,
        "status": outcome.status,
        "started": outcome.started.astimezone(UTC).isoformat(),
        "ended": outcome.ended.astimezone(UTC).isoformat(),
        "snapshot": outcome.snapshot,
        "figures": sorted(outcome.figures),
        "findings": [_finding(f) for f in outcome.findings],
    }


def _finding(finding: Finding) -> list[object]:
    return [finding.severity, finding.template, finding.hint, sorted(finding.facts, key=str)]
