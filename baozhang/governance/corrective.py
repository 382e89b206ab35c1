"""Corrective actions: what follows from a non-conformity, until evidence says it is mended.

    found ──► open ──► found again: the same action, its count one higher, its due day stays
                │
                └──► a later audit in which that very test passes, and is fresh ──► closed

Nobody closes an action by saying so.  One that was closed and is found again is open again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from baozhang.governance.judging import Judged
from baozhang.governance.model import Control, Evidence, Severity
from baozhang.registers import Register, Row

DUE_DAYS: Mapping[Severity, int] = MappingProxyType({"high": 14, "medium": 30, "low": 90})
"""Days to mend: before the next regular audit, by the one after it, within a quarter."""


class Corrective(Row):
    """One corrective action.

    Attributes:
        control: which control is not in order.
        test: which test of it failed.
        severity: the control's.
        evidence: id of the newest piece that says so.
        found: the audit that found it first; `last`: the newest that found it.
        times: how many audits have found it since it was opened first.
        judged: the instant that the newest audit of it judged for.
        owner: id of who answers for it.
        due: by which day.
        closed: the day it was mended; `closed_in`: the audit that saw it; `closed_by`: the id of
            the evidence that shows it.
    """

    control: str
    test: str
    severity: Severity
    evidence: str
    found: str
    last: str
    times: int
    judged: datetime
    owner: str
    opened: date
    due: date
    state: Literal["open", "closed"] = "open"
    closed: date | None = None
    closed_in: str = ""
    closed_by: str = ""


CORRECTIVE = Register("corrective", Corrective, "corrective actions of audits")
REGISTERS = (CORRECTIVE,)


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit says of controls: all that opens and closes actions.

    Attributes:
        audit: its id.
        at: the instant it judged for.
        today: the business day on which actions are opened.
        owners: person id by control.
    """

    audit: str
    at: datetime
    today: date
    controls: Mapping[str, Control]
    judged: tuple[Judged, ...]
    evidence: Mapping[str, Evidence]
    owners: Mapping[str, str]


def after(known: Mapping[str, Corrective], audited: Audited) -> dict[str, Corrective]:
    """Return the actions that an audit opens, counts up or closes, by id.

    An audit about earlier days than an action's newest changes nothing of it; the same audit
    neither, so that a step may be repeated.
    """
    changed: dict[str, Corrective] = {}
    by_key = {(row.control, row.test): id_ for id_, row in known.items()}
    failed = dict(_failed(audited))
    for key, piece in failed.items():
        id_ = by_key.get(key)
        if id_ is None:
            changed[_next({**known, **changed})] = _opened(piece, audited)
        elif _is_later(known[id_], audited):
            changed[id_] = _again(known[id_], piece, audited)
    for key, id_ in by_key.items():
        row = known[id_]
        is_open = row.state == "open" and key not in failed and _is_later(row, audited)
        passing = _passing(row, audited) if is_open else None
        if passing is not None:
            changed[id_] = _closed(row, passing, audited)
    return changed


def _failed(audited: Audited) -> Iterable[tuple[tuple[str, str], Evidence]]:
    for judged in audited.judged:
        for each in judged.nonconformities:
            piece = audited.evidence[each.evidence]
            yield (each.control, piece.test), piece


def _opened(piece: Evidence, audited: Audited) -> Corrective:
    severity = audited.controls[piece.control].severity
    return Corrective(
        control=piece.control,
        test=piece.test,
        severity=severity,
        evidence=piece.id,
        found=audited.audit,
        last=audited.audit,
        times=1,
        judged=audited.at,
        owner=audited.owners[piece.control],
        opened=audited.today,
        due=audited.today + timedelta(days=DUE_DAYS[severity]),
    )


def _again(row: Corrective, piece: Evidence, audited: Audited) -> Corrective:
    seen = {
        "evidence": piece.id,
        "last": audited.audit,
        "judged": audited.at,
        "times": row.times + 1,
    }
    if row.state == "open":
        return row.model_copy(update=seen)
    due = audited.today + timedelta(days=DUE_DAYS[row.severity])
    anew = {"state": "open", "due": due, "closed": None, "closed_in": "", "closed_by": ""}
    return row.model_copy(update={**seen, **anew})


def _passing(row: Corrective, audited: Audited) -> str | None:
    """Return the evidence of an action's test where it passes now and is fresh."""
    counted = (
        id_
        for judged in audited.judged
        if judged.control == row.control and judged.auto == "proven"
        for id_ in judged.counted
        if audited.evidence[id_].test == row.test
    )
    return next(counted, None)


def _closed(row: Corrective, piece: str, audited: Audited) -> Corrective:
    ended = {
        "state": "closed",
        "closed": audited.today,
        "closed_in": audited.audit,
        "closed_by": piece,
        "judged": audited.at,
    }
    return row.model_copy(update=ended)


def _is_later(row: Corrective, audited: Audited) -> bool:
    return audited.audit not in {row.last, row.closed_in} and audited.at > row.judged


def _next(known: Iterable[str]) -> str:
    """Return the next free id."""
    numbers = [int(each.removeprefix("ca-")) for each in known if each.startswith("ca-")]
    return f"ca-{max(numbers, default=0) + 1:03d}"


def overdue(row: Corrective, today: date) -> int:
    """Return how many days an open action is late; 0 for one that is closed or in time."""
    return max(0, (today - row.due).days) if row.state == "open" else 0
