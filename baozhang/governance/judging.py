"""How a control stands, by its evidence alone: the weaker part decides, and silence is no pass.

    tests        each: newest evidence ── fail, inconclusive, none ──► not evidenced
                                       ── pass, fresh ──► proven     ── pass, old ──► stale
    attestation  checked by a second person, in date ──► attested    ── out of date ──► stale
                 nothing, asked for, too late ──► overdue             ── nothing ──► not evidenced
    both         proven where the tests are proven and people have attested; else the weaker one

Evidence from before a site was real, signed by its own approver, not checked, or older than it
claims is left out, and named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from baozhang.governance.model import Control, Evidence, Fact, Item, Severity, Status, Test

RANK: Mapping[Status, int] = MappingProxyType(
    {"not evidenced": 0, "overdue": 1, "stale": 2, "attested": 3, "proven": 4}
)
"""Weakest first."""

Reason = Literal["sample", "later", "backdated", "unchecked", "own", "refused"]
"""Why evidence does not count: from before the site was real; from after the day that is judged;
said to be of a day after it came; not checked by a second person; checked by who made it; not
accepted by who checked it."""


@dataclass(frozen=True, slots=True)
class Nonconformity:
    """A test that failed (不符合项)."""

    control: str
    evidence: str  # its id
    severity: Severity
    says: str
    facts: Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Evidence that does not count, and why."""

    evidence: str  # its id
    reason: Reason


@dataclass(frozen=True, slots=True)
class Judged:
    """How a control stands.

    Attributes:
        counted: ids of the evidence that the status rests on.
        until: when the first of it runs out; None: nothing counts.
    """

    control: str
    status: Status
    auto: Status | None = None
    attested: Status | None = None
    counted: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    nonconformities: tuple[Nonconformity, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """How an item stands: as the weakest of the controls that serve it."""

    item: Item
    controls: tuple[Judged, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class _Part:
    status: Status
    counted: tuple[Evidence, ...] = ()
    failed: tuple[Evidence, ...] = ()


def judge(
    control: Control,
    evidence: Iterable[Evidence],
    *,
    at: datetime,
    due: datetime | None = None,
    genuine_since: datetime | None = None,
) -> Judged:
    """Tell how a control stands.

    Args:
        control: the control.
        evidence: what there is; that of other controls is passed over.
        at: the instant it is judged for, aware.
        due: by when people were to attest; None: they were not asked.
        genuine_since: when the site became a real one; None: it always was, or is a sample now.
    """
    ours = [each for each in evidence if each.control == control.id]
    reasons = {each.id: _reason(each, at, genuine_since) for each in ours}
    usable = sorted(
        (each for each in ours if reasons[each.id] is None),
        key=lambda each: (each.effective, each.received, each.id),
    )
    auto = None if control.source == "attested" else _tested(control, usable, at)
    attested = None if control.source == "auto" else _attested(control, usable, at, due)
    parts = [part for part in (auto, attested) if part is not None]
    counted = [each for part in parts for each in part.counted]
    ends = [_until(control, each) for each in counted]
    return Judged(
        control=control.id,
        status=_together([part.status for part in parts]),
        auto=auto.status if auto else None,
        attested=attested.status if attested else None,
        counted=tuple(each.id for each in counted),
        left_out=tuple(LeftOut(id_, reason) for id_, reason in reasons.items() if reason),
        nonconformities=tuple(
            Nonconformity(control.id, each.id, control.severity, each.says, each.facts)
            for part in parts
            for each in part.failed
        ),
        until=min(ends) if ends else None,
    )


def lines(items: Iterable[Item], judged: Iterable[tuple[Control, Judged]]) -> tuple[Line, ...]:
    """Return a line for each item; one that no control serves is not evidenced."""
    serving: dict[str, list[Judged]] = {}
    for control, found in judged:
        for item in control.items:
            serving.setdefault(item, []).append(found)
    return tuple(_line(item, serving.get(item.id, [])) for item in items)


def weakest(statuses: Sequence[Status]) -> Status:
    """Return the weakest status; `not evidenced` of none."""
    return min(statuses, key=RANK.__getitem__, default="not evidenced")


def _line(item: Item, found: list[Judged]) -> Line:
    return Line(item, tuple(found), weakest([each.status for each in found]))


def _together(parts: Sequence[Status]) -> Status:
    return "proven" if list(parts) == ["proven", "attested"] else weakest(parts)


def _tested(control: Control, usable: Sequence[Evidence], at: datetime) -> _Part:
    found = [_newest(test, usable) for test in control.tests]
    statuses = [_test_status(control, each, at) for each in found]
    there = [each for each in found if each is not None]
    return _Part(
        weakest(statuses),
        counted=tuple(each for each in there if each.result == "pass"),
        failed=tuple(each for each in there if each.result == "fail"),
    )


def _newest(test: Test, usable: Sequence[Evidence]) -> Evidence | None:
    ours = [each for each in usable if each.source == "auto" and each.test == test.name]
    return ours[-1] if ours else None


def _test_status(control: Control, found: Evidence | None, at: datetime) -> Status:
    if found is None or found.result != "pass":
        return "not evidenced"
    return "proven" if at <= _until(control, found) else "stale"


def _attested(
    control: Control, usable: Sequence[Evidence], at: datetime, due: datetime | None
) -> _Part:
    ours = [each for each in usable if each.source == "attested"]
    newest = max(ours, key=lambda each: _until(control, each), default=None)
    if newest is not None and at <= _until(control, newest):
        return _Part("attested", counted=(newest,))
    if due is not None and at > due:
        return _Part("overdue")
    return _Part("stale", counted=(newest,)) if newest is not None else _Part("not evidenced")


def _until(control: Control, evidence: Evidence) -> datetime:
    by_control = evidence.effective + timedelta(days=control.fresh)
    return min(by_control, evidence.expires) if evidence.expires else by_control


def _reason(evidence: Evidence, at: datetime, genuine_since: datetime | None) -> Reason | None:
    if genuine_since is not None and min(evidence.effective, evidence.received) < genuine_since:
        return "sample"
    if evidence.received > at or evidence.effective > at:
        return "later"
    return _people_reason(evidence) if evidence.source == "attested" else None


def _people_reason(evidence: Evidence) -> Reason | None:
    if evidence.effective > evidence.received:
        return "backdated"
    if not evidence.checked_by:
        return "unchecked"
    if evidence.checked_by in evidence.by:
        return "own"
    return "refused" if evidence.result != "pass" else None
