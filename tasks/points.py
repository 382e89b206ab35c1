"""Backup points as people see them: clean, suspicious, accepted; and how one is accepted."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from baozhang.catalog.clean import evidence_among, state_of
from baozhang.catalog.model import Finding, Outcome
from baozhang.errors import UsageError
from baozhang.policies.sudden import State
from baozhang.site import Site
from tasks.batches import Pair
from tasks.sudden import ALARM_TEMPLATES, standing


def accept_point(site: Site, pair: Pair, point: str, *, by: str, reason: str) -> Outcome:
    """Write down that a person vouches for a backup point: it is the last clean one from now on.

    Args:
        site: the site.
        pair: the client's set.
        point: a snapshot's id.
        by: id of the person, one of the agency's people.
        reason: why the change was meant; kept in the catalog's journal.

    Raises:
        UsageError: no such person or point, no reason, or the point needs no acceptance.
    """
    _require_acceptable(site, pair, point, by=by, reason=reason)
    at = site.clock()
    outcome = Outcome(
        run=f"acceptance-{pair.client}-{point}",
        duty="acceptance",
        client=pair.client,
        set=pair.set,
        status="ok",
        started=at,
        ended=at,
        snapshot=point,
        findings=(
            Finding(
                "accepted by {person}: {reason}",
                (("person", by), ("reason", reason)),
                severity="info",
            ),
        ),
    )
    site.catalog.append(outcome)
    site.audit.append(actor=by, action="point.accepted", subject=str(pair), snapshot=point)
    return outcome


def _require_acceptable(site: Site, pair: Pair, point: str, *, by: str, reason: str) -> None:
    site.client_set(pair.client, pair.set)
    if by not in site.agency.people:
        raise UsageError(
            "{person} is nobody of this agency",
            hint="Use one of {known}.",
            person=by,
            known=", ".join(site.agency.people),
        )
    if not reason.strip():
        raise UsageError("an acceptance needs a reason", hint="Say why the change was meant.")
    judged = {each.id: each for each in points(site, pair)}
    if point not in judged:
        raise UsageError(
            "{client}/{set} has no backup point {point}",
            hint="Choose one from `baozhang point list {client}`.",
            client=pair.client,
            set=pair.set,
            point=point,
        )
    if judged[point].state in {"normal", "accepted"}:
        raise UsageError(
            "the backup point {point} is clean already",
            hint="Accept only a point that `baozhang point list` calls suspicious or unknown.",
            point=point,
        )


def evidence_of(site: Site, client: str) -> frozenset[str]:
    """Return the backup points of a client that incidents kept as evidence; they prove nothing."""
    words = (
        *site.catalog.outcomes(client=client, duty="evidence"),
        *site.catalog.outcomes(client=client, duty="acceptance"),
    )
    return evidence_among(words)


@dataclass(frozen=True, slots=True)
class Point:
    """One backup point and what is thought of it."""

    id: str
    at: datetime
    files: int
    state: State | Literal["accepted"]
    alarms: tuple[Finding, ...]
    clean: bool  # it is the last clean point


def points(site: Site, pair: Pair) -> tuple[Point, ...]:
    """Return the backup points of a set that the catalog knows, oldest first."""
    accepted, judged = set(), {}
    for outcome in site.catalog.outcomes(client=pair.client):
        if outcome.set == pair.set and outcome.duty == "acceptance":
            accepted.add(outcome.snapshot)
        elif outcome.set == pair.set and state_of(outcome):
            judged[outcome.snapshot] = outcome
    clean = standing(site, pair).point
    return tuple(
        Point(
            known.id,
            known.at,
            known.files,
            "accepted" if known.id in accepted else _state(judged.get(known.id)),
            _alarms_of(judged.get(known.id)),
            known.id == clean,
        )
        for known in site.catalog.snapshots(pair.client, pair.set)
    )


def _state(outcome: Outcome | None) -> State:
    return (state_of(outcome) if outcome else None) or "unknown"


def _alarms_of(outcome: Outcome | None) -> tuple[Finding, ...]:
    known = frozenset(ALARM_TEMPLATES.values())
    return tuple(each for each in outcome.findings if each.template in known) if outcome else ()
