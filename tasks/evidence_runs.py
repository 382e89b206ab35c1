"""What the nightly duties show: whether they kept their rhythm, how they came out, what was proven.

A set counts from its first backup on.  Of one that is configured and that no backup ever tried,
that is all there is to say: it has none.  One that left in the period is counted apart, one whose
backups an incident has stopped is as well, and one that is too new to be due is not asked for yet.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from baozhang.catalog.model import Duty
from baozhang.catalog.tally import Fared, Measured, Place, Tally, lives, measured
from baozhang.policies.model import Policy
from baozhang.settings import Agency
from reports.standing import GRACE, READ_GRACE
from tasks.choosing import WHOLE_CLIENT
from tasks.evidence_asking import (
    MOST,
    Args,
    Asking,
    Facts,
    Found,
    Rows,
    duty_of,
    named,
    number,
    percent,
    refs,
)
from tasks.evidence_journals import Trace
from tasks.stopped import LIFT, WHOLE

RHYTHM_TEMPLATES: dict[Duty, str] = {
    "backup": "{good} of {all} sets had a good backup within their span on {day}; sets with a "
    "longer gap in the period: {gaps}; stopped by an incident: {stopped}; ended in the period: "
    "{ended}",
    "validation": "of {good} of {all} clients every byte had been read back and found whole within"
    " the span on {day}; clients with a longer gap in the period: {gaps}; not due yet: {new}; ended"
    " in the period: {ended}",
    "restore_test": "{good} of {all} sets had a good restore test within their span on {day}; sets "
    "with a longer gap in the period: {gaps}; not due yet: {new}; ended in the period: {ended}",
}
RUN_TEMPLATES = {
    "share": "{good} of {all} outcomes of the period were good: {percent} per cent, promised "
    "{share}; the lowest month was {month} with {lowest}",
    "time": "{good} of {all} measured restores took no longer than promised; the slowest took "
    "{seconds} seconds",
    "proofs": "{good} of {all} sets with books were proven by their newest restore test: {books} "
    "books, {vouchers} vouchers and {lines} lines held against their proofs",
    "unclear": "{count} of {all} sets have a newest restore test that came to no end: {sets}",
}
DEBIT = "debit_minor:"


# --- rhythm ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Promise:
    """What is promised of one set, or of a client as a whole."""

    place: Place
    span: timedelta  # with what a run may be late
    since: datetime | None  # in the nightly backup; None: never


def rhythm(asking: Asking, args: Args) -> Found | None:
    """Tell whether every set had good outcomes of a duty within its span, the whole period long.

    A longer gap speaks against it even if all was well again at the period's end.
    """
    duty = duty_of(args)
    known = {
        place: life
        for place, life in lives(asking.site.catalog, duty).items()
        if life.first < asking.until and not place[0].startswith("_")
    }
    if not known:
        return None
    promises = tuple(_promises(asking, duty))
    longest = max((each.span for each in promises), default=timedelta(0))
    found = asking.tally(duty, asking.begin - longest)
    fared = {(each.client, each.set): each for each in found.sets}
    judged = _Judged.of(asking, duty, promises, fared)
    if not judged.asked:
        return None
    before = (each.last for each in known.values() if each.last < asking.until)
    newest = found.newest or max(before, default=asking.begin)
    return _rhythm_found(asking, duty, found, judged, newest)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Sets by how they stood at the period's end."""

    good: tuple[Place, ...]
    bad: tuple[Place, ...]
    stopped: tuple[Place, ...]
    new: tuple[Place, ...]
    gaps: tuple[Place, ...]

    @property
    def asked(self) -> int:
        return len(self.good) + len(self.bad)

    @classmethod
    def of(
        cls,
        asking: Asking,
        duty: Duty,
        promises: Iterable[_Promise],
        fared: Mapping[Place, Fared],
    ) -> "_Judged":
        good, bad, stopped, new, gaps = [], [], [], [], []
        held, excused = (
            (_stopped(asking, since) if duty == "backup" else frozenset[Place]())
            for since in (asking.until, asking.begin)
        )
        for each in promises:
            how = fared.get(each.place)
            if how is not None and how.longest > each.span and each.place not in excused:
                gaps.append(each.place)
            if how is not None and how.well and how.well + each.span >= asking.until:
                good.append(each.place)
            elif each.place in held:
                stopped.append(each.place)
            elif duty != "backup" and each.since and each.since + each.span >= asking.until:
                new.append(each.place)
            else:
                bad.append(each.place)
        return cls(tuple(good), tuple(bad), tuple(stopped), tuple(new), tuple(gaps))


def _rhythm_found(
    asking: Asking, duty: Duty, found: Tally, judged: _Judged, newest: datetime
) -> Found:
    rows = Rows()
    rows.add(found.digest)
    for name in ("good", "bad", "stopped", "new", "gaps"):
        for client, part in getattr(judged, name):
            rows.add(name, client, part)
    fared = {(each.client, each.set): each for each in found.sets}
    late = tuple(dict.fromkeys((*judged.bad, *judged.gaps)))
    failing = [f"run:{fared[place].run}" for place in late if place in fared]
    return Found(
        result="fail" if late else "pass",
        effective=newest,
        says=RHYTHM_TEMPLATES[duty],
        facts={
            "good": len(judged.good),
            "all": judged.asked,
            "day": asking.day,
            "gaps": len(judged.gaps),
            "stopped": len(judged.stopped),
            "new": len(judged.new),
            "ended": len(_ended(asking)),
            "sets": named("/".join(place) for place in late),
            "outcomes": found.count,
        },
        refs=refs(failing, (f"run:{run}" for run in (found.runs if not failing else ()))),
        digest=rows.digest,
    )


def _promises(asking: Asking, duty: Duty) -> Iterator[_Promise]:
    """Yield what was promised at the period's end, of sets or, for validation, of clients."""
    clients: dict[str, list[_Promise]] = {}
    for place, policy, since in _standing(asking):
        if duty == "validation":
            span = policy.every_byte_within + READ_GRACE
            promise = _Promise((place[0], WHOLE_CLIENT), span, since)
            clients.setdefault(place[0], []).append(promise)
        else:
            span = policy.every if duty == "backup" else policy.restore_test_every
            yield _Promise(place, span + GRACE, since)
    for several in clients.values():
        begun = [each.since for each in several if each.since]
        yield _Promise(
            several[0].place, min(each.span for each in several), min(begun, default=None)
        )


def _standing(asking: Asking) -> Iterator[tuple[Place, Policy, datetime | None]]:
    """Yield every set that was there at the period's end, and since when it was backed up."""
    lived = asking.protected
    agency = asking.site.agency
    for place in sorted({*agency.sets(), *lived}):
        life, policy = lived.get(place), policy_of(agency, place[1])
        if policy is None or place[0].startswith("_"):
            continue
        if life is None:
            yield place, policy, None
        elif life.first < asking.until and (_is_kept(agency, place) or life.last >= asking.until):
            yield place, policy, life.first


def _ended(asking: Asking) -> tuple[Place, ...]:
    """Return the sets that were backed up in the period, and are no longer kept by its end."""
    return tuple(
        place
        for place, life in asking.protected.items()
        if asking.within(life.last)
        and not place[0].startswith("_")
        and not _is_kept(asking.site.agency, place)
    )


def _is_kept(agency: Agency, place: Place) -> bool:
    client = agency.clients.get(place[0])
    return client is not None and place[1] in client.sets


def policy_of(agency: Agency, name: str) -> Policy | None:
    """Return a set's policy; None: no set has this name any more."""
    return agency.policy(name) if name in agency.file.sets else None


def _stopped(asking: Asking, since: datetime) -> frozenset[Place]:
    """Return the sets that an incident held stopped at some time from an instant to the end."""
    kept = asking.site.agency.sets()
    return frozenset(
        place
        for trace in asking.incidents.traces
        if _is_stopped(trace, since)
        for place in kept
        for client, name in trace.opening.sets
        if client == place[0] and name in (WHOLE, place[1])
    )


def _is_stopped(trace: Trace, since: datetime) -> bool:
    lifted = trace.first(f"step:{LIFT}")
    return trace.first("stop.source") is not None and (lifted is None or lifted.at >= since)


# --- outcomes -------------------------------------------------------------------------------------


def outcomes(asking: Asking, args: Args) -> Found | None:
    """Tell whether the promised share of the period's outcomes was good."""
    duty, share = duty_of(args), number(args, "share")
    found = asking.tally(duty, asking.begin)
    if not found.count or found.newest is None:
        return None
    enough = found.good * 100 >= share * found.count
    lowest = min(found.months, key=lambda each: (each.good / each.count, each.month))
    runs = (f"run:{run}" for run in found.runs)
    return Found(
        result="pass" if enough else "fail",
        effective=found.newest,
        says=RUN_TEMPLATES["share"],
        facts={
            "good": found.good,
            "all": found.count,
            "percent": percent(found.good, found.count),
            "share": share,
            "month": f"{lowest.month:%Y-%m}",
            "lowest": percent(lowest.good, lowest.count),
        },
        refs=refs((f"run:{run}" for run in found.troubled) if not enough else (), runs),
        digest=found.digest,
    )


# --- restore tests --------------------------------------------------------------------------------


def restore_time(asking: Asking, _args: Args) -> Found | None:
    """Tell whether every measured restore took no longer than its set's policy promises."""
    agency = asking.site.agency
    timed = [
        (each, took, _within_ms(agency, each.set))
        for each in _restore_tests(asking)
        if (took := each.figure("seconds_ms")) is not None and each.set in agency.file.sets
    ]
    if not timed:
        return None
    late = [each for each, took, most in timed if took > most]
    newest = [each for each, _, _ in reversed(timed)]
    rows = Rows()
    for each, took, most in timed:
        rows.add(each.run, each.client, each.set, took, most)
    return Found(
        result="fail" if late else "pass",
        effective=min(max(each.ended for each in newest), asking.last),
        says=RUN_TEMPLATES["time"],
        facts={
            "good": len(timed) - len(late),
            "all": len(timed),
            "seconds": -(-max(took for _, took, _ in timed) // 1000),
            "sets": named(f"{each.client}/{each.set}" for each in late),
        },
        refs=refs(_runs(reversed(late)), _runs(newest)),
        digest=rows.digest,
    )


def proofs(asking: Asking, _args: Args) -> Found | None:
    """Tell whether the newest restore test of each set proved its books, to vouchers and debit."""
    newest: dict[Place, Measured] = {}
    for each in _restore_tests(asking):
        newest[each.client, each.set] = each
    judged = [each for each in newest.values() if each.status != "ok" or _has_books(each)]
    if not judged:
        return None
    good = [each for each in judged if each.status == "ok"]
    unclear = [each for each in judged if each.status == "inconclusive"]
    failed = [each for each in judged if each.status not in ("ok", "inconclusive")]
    rows = Rows()
    for each in sorted(newest.values(), key=lambda each: (each.client, each.set)):
        rows.add(each.run, each.client, each.set, each.status, *_cells(each))
    bad = failed or unclear
    facts: Facts = {
        "good": len(good),
        "all": len(judged),
        "books": _sum(good, "books"),
        "vouchers": _sum(good, "vouchers"),
        "lines": _sum(good, "lines"),
        "count": len(unclear),
        "sets": named(f"{each.client}/{each.set}" for each in bad),
    }
    last = sorted(judged, key=lambda each: each.ended, reverse=True)
    return Found(
        result="fail" if failed else "inconclusive" if unclear else "pass",
        effective=min(last[0].ended, asking.last),
        says=RUN_TEMPLATES["unclear" if unclear and not failed else "proofs"],
        facts=facts,
        refs=refs(_runs(bad), _runs(last[:MOST])),
        digest=rows.digest,
    )


def _restore_tests(asking: Asking) -> tuple[Measured, ...]:
    """Return the tests of the period, or of the longest span before its end that is promised."""
    policies = asking.site.agency.file.policies.values()
    span = max(each.policy().restore_test_every for each in policies) + GRACE
    since = min(asking.begin, asking.until - span)
    found = measured(asking.site.catalog, "restore_test", since, asking.until)
    return tuple(each for each in found if not each.client.startswith("_"))


def _within_ms(agency: Agency, name: str) -> int:
    policy = agency.file.policies[agency.file.sets[name].policy]
    return policy.restore_test.within // timedelta(milliseconds=1)


def _has_books(each: Measured) -> bool:
    counted = all((each.figure(name) or 0) > 0 for name in ("books", "vouchers"))
    return counted and any(name.startswith(DEBIT) for name, _ in each.figures)


def _cells(each: Measured) -> Iterator[str | int]:
    for name, value in each.figures:
        yield name
        yield value


def _sum(good: Iterable[Measured], name: str) -> int:
    return sum(each.figure(name) or 0 for each in good)


def _runs(found: Iterable[Measured]) -> Iterator[str]:
    return (f"run:{each.run}" for each in found)
