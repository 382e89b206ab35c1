"""What the journal of letters, alerts and decrypted copies shows."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from baozhang.audit.records import Record
from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import KnownAlert, KnownCopy, Letter
from baozhang.clock import business_day
from baozhang.policies.silence import gaps
from tasks.evidence_asking import Args, Asking, Found, Rows, named, number, refs, word
from tasks.evidence_log import unsound

PER_CLIENT: frozenset[str] = frozenset({"client-statement", "certificate"})
"""Letters that are about one client each: one of them says nothing of the others."""
CATALOG_TEMPLATES = {
    "letters": "{count} letters of the kind {kind}, numbered without gaps up to {last}; the newest "
    "is of {day}, and may be {within} days old",
    "gaps": "{missing} letters of the kind {kind} are missing from the sequence up to {last}: "
    "{numbers}",
    "old": "the newest letter of the kind {kind} is of {day}, older than {within} days",
    "clients": "{good} of {all} clients had a letter of the kind {kind} on {day} that was at most "
    "{within} days old",
    "record": "record {last} of the kind {kind} was written on {day}",
    "alerts": "{good} of {all} urgent alerts of the period were acknowledged or mended within "
    "{minutes} minutes",
    "alerts_open": "{good} of {all} urgent alerts of the period were acknowledged or mended within "
    "{minutes} minutes; of {open} the time is not over",
    "custody": "{ended} of {all} decrypted copies were destroyed, {late} of them late; of those "
    "that are left, {overdue} are past their day on {day}; without who opened them or why: "
    "{nameless}",
}


# --- letters --------------------------------------------------------------------------------------


def letters(asking: Asking, args: Args) -> Found | None:
    """Tell whether a kind of letter was numbered without gaps, and the newest is new enough."""
    kind, within = word(args, "kind"), number(args, "within")
    if kind in PER_CLIENT:
        return _of_clients(asking, kind, timedelta(days=within))
    found = _letters(asking, kind)
    if not found:
        return None
    newest, missing = found[-1], gaps(tuple(each.number for each in found))
    old = newest.at < asking.until - timedelta(days=within)
    shown = [f"letter:{kind}/{each.number:06d}" for each in reversed(found)]
    facts = {"count": len(found), "within": within, "missing": len(missing)}
    numbers = {"numbers": named(map(str, missing))}
    return Found(
        result="fail" if missing or old else "pass",
        effective=newest.at,
        says=CATALOG_TEMPLATES["gaps" if missing else "old" if old else "letters"],
        facts=_of(newest, kind) | facts | numbers,
        refs=refs(shown),
        digest=_digest(found),
    )


def _of_clients(asking: Asking, kind: str, within: timedelta) -> Found | None:
    """Tell whether every client has a letter of a kind that is new enough, by the audit log.

    A client is asked for from so many days after its first backup on.
    """
    if not asking.log.sound:
        return unsound(asking)
    clients, since = asking.site.agency.clients, asking.until - within
    written = {c: r for (k, c), r in asking.log.letters.items() if k == kind and c in clients}
    if not written:
        return None
    begun = {client for (client, _), life in asking.protected.items() if life.first < since}
    asked = sorted(written.keys() | begun & clients.keys())
    good = [each for each in asked if each in written and written[each].at >= since]
    bad = [each for each in asked if each not in good]
    rows, last = Rows(), sorted(written.values(), key=lambda each: each.seq, reverse=True)
    for each in asked:
        rows.add(each, written[each].hash if each in written else "")
    return Found(
        result="fail" if bad else "pass",
        effective=last[0].at,
        says=CATALOG_TEMPLATES["clients"],
        facts={
            "good": len(good),
            "all": len(asked),
            "kind": kind,
            "within": within.days,
            "day": asking.day,
            "clients": named(bad),
        },
        refs=refs((f"audit:{written[e].seq}" for e in bad if e in written), _seen(last)),
        digest=rows.digest,
    )


def _seen(records: Sequence[Record]) -> Iterator[str]:
    return (f"audit:{each.seq}" for each in records)


def record(asking: Asking, args: Args) -> Found | None:
    """Tell that a kind of report was written: the newest one counts."""
    kind = word(args, "kind")
    found = _letters(asking, kind)
    if not found:
        return None
    newest = found[-1]
    return Found(
        result="pass",
        effective=newest.at,
        says=CATALOG_TEMPLATES["record"],
        facts=_of(newest, kind),
        refs=(f"letter:{kind}/{newest.number:06d}",),
        digest=_digest(found[-1:]),
    )


def _letters(asking: Asking, kind: str) -> Sequence[Letter]:
    known = (each for each in asking.site.catalog.letters(kind) if each.at < asking.until)
    return sorted(known, key=lambda each: each.number)


def _of(newest: Letter, kind: str) -> dict[str, str | int]:
    return {"kind": kind, "last": newest.number, "day": business_day(newest.at).isoformat()}


def _digest(found: Sequence[Letter]) -> str:
    rows = Rows()
    for each in found:
        rows.add(each.kind, each.number, each.period, each.sha256, each.at.isoformat())
    return rows.digest


# --- alerts ---------------------------------------------------------------------------------------


def alerts(asking: Asking, _args: Args) -> Found | None:
    """Tell whether the period's urgent alerts were acknowledged, or mended, in the promised span.

    One whose time is not over when it is asked speaks neither for nor against.
    """
    within = asking.site.agency.file.alerts.acknowledge_within
    ours = [
        each
        for each in AlertBook(asking.site.catalog).all()
        if each.alert.alert_class == "urgent" and asking.within(each.alert.at)
    ]
    answered = {each.alert.id: _answered(each, asking.until) for each in ours}
    open_ones = [
        each
        for each in ours
        if answered[each.alert.id] is None and each.alert.at + within > asking.until
    ]
    judged = [each for each in ours if each not in open_ones]
    if not judged:
        return None
    late = [each for each in judged if _is_late(each, answered[each.alert.id], within)]
    rows = Rows()
    for each in judged:
        at = answered[each.alert.id]
        rows.add(each.alert.id, each.alert.at.isoformat(), at.isoformat() if at else "")
    return Found(
        result="fail" if late else "pass",
        effective=max(answered[each.alert.id] or each.alert.at for each in judged),
        says=CATALOG_TEMPLATES["alerts_open" if open_ones else "alerts"],
        facts={
            "good": len(judged) - len(late),
            "all": len(judged),
            "minutes": within // timedelta(minutes=1),
            "open": len(open_ones),
            "late": named(each.alert.id for each in late),
        },
        refs=refs(
            (f"alert:{each.alert.id}" for each in reversed(late)),
            (f"alert:{each.alert.id}" for each in reversed(judged)),
        ),
        digest=rows.digest,
    )


def _answered(known: KnownAlert, until: datetime) -> datetime | None:
    """Return when somebody acknowledged an alert or its trouble was gone, whichever was first."""
    ends = (e.at for e in known.events if e.what in ("acknowledged", "mended") and e.at < until)
    return min(ends, default=None)


def _is_late(known: KnownAlert, answered: datetime | None, within: timedelta) -> bool:
    return answered is None or answered - known.alert.at > within


# --- decrypted copies -----------------------------------------------------------------------------


def custody(asking: Asking, _args: Args) -> Found | None:
    """Tell whether no decrypted copy lies about past the day by which it was to be destroyed."""
    copies = [
        each for each in CustodyBook(asking.site.catalog).all() if each.copy.opened < asking.until
    ]
    if not copies:
        return None
    ends = {each.copy.id: _ended(each, asking.until) for each in copies}
    left = [each for each in copies if ends[each.copy.id] is None]
    overdue = [each for each in left if each.copy.due < asking.until]
    nameless = [each for each in copies if not (each.copy.reason and each.copy.opener)]
    bad = [*overdue, *nameless]
    late = [each for each in copies if (at := ends[each.copy.id]) and at > each.copy.due]
    rows = Rows()
    for each in copies:
        at = ends[each.copy.id]
        due = each.copy.due.isoformat()
        rows.add(each.copy.id, each.copy.opened.isoformat(), due, at.isoformat() if at else "")
    return Found(
        result="fail" if bad else "pass",
        effective=max(ends[each.copy.id] or each.copy.opened for each in copies),
        says=CATALOG_TEMPLATES["custody"],
        facts={
            "ended": len(copies) - len(left),
            "all": len(copies),
            "late": len(late),
            "overdue": len(overdue),
            "day": asking.day,
            "nameless": len(nameless),
            "copies": named(each.copy.id for each in bad),
        },
        refs=refs(
            (f"copy:{each.copy.id}" for each in bad),
            (f"copy:{each.copy.id}" for each in reversed(copies)),
        ),
        digest=rows.digest,
    )


def _ended(known: KnownCopy, until: datetime) -> datetime | None:
    return known.end.at if known.end is not None and known.end.at < until else None
