"""What our own records warn of: the value of every key risk indicator, and where it stands.

    catalog ─┬─ runs, standings, snapshots ──┐
             └─ custody, registers ──────────┤
    audit log ── copies to mirrors ──────────┼──► Signal (value or nothing, refs) ──► Reading
    incidents, drills, open actions ─────────┤
    people with devices ─────────────────────┘

Where there was nothing to measure, the value is None: silence is never a good sign.  A site that
never tested a restore has no failed restore tests, and that is not green.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from itertools import islice
from typing import Final

from baozhang.audit.letters import records_of
from baozhang.audit.records import Record
from baozhang.catalog.clean import state_of
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import Duty, Outcome
from baozhang.catalog.standing import Standings, standings
from baozhang.catalog.trends import Ran, bytes_added, mirror_troubles, runs_of
from baozhang.clock import business_day
from baozhang.drills.records import Drills, readiness
from baozhang.drills.records import Journal as Drill
from baozhang.drills.scenarios import scenarios
from baozhang.errors import SourceUnreadableError
from baozhang.governance.attestations import ATTESTATIONS
from baozhang.governance.risk.model import Reading
from baozhang.governance.risk.standard import Indicator, indicators
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Opening
from baozhang.incidents.review import actions_of
from baozhang.site import Site
from baozhang.sources.account_sets import unprotected
from baozhang.sources.site_places import account_sets_of, names_of
from baozhang.wiring import STATE
from tasks.backup import mirror_pair
from tasks.drill_troubles import FOLDER
from tasks.people import people
from tasks.review import holders

MOST_REFS = 6
"""How many places a reading names: enough to begin with, and the letter stays short."""
YEAR: Final = timedelta(days=366)
MONTH: Final = timedelta(days=31)
LATE_TIMES = 2
"""Intervals without a good backup that are no longer one night's bad luck."""
COPIED = "mirror.copied"  # what `tasks.backup` leaves in the audit log


@dataclass(frozen=True, slots=True)
class Signal:
    """The value of one indicator; None: there was nothing to measure."""

    value: Decimal | None = None
    refs: tuple[str, ...] = ()


NOTHING = Signal()


class Look:
    """One look at a site's records; what several indicators ask is read once."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.now = site.clock()

    @cached_property
    def known(self) -> Standings:
        """How every set stands."""
        return standings(self.site.catalog)

    @cached_property
    def sets(self) -> tuple[tuple[str, str], ...]:
        """Every client's set that has a backup point."""
        return tuple(pair for pair in self.site.agency.sets() if pair in self.known.first)

    @cached_property
    def nights(self) -> tuple[Ran, ...]:
        """The backups of a month."""
        return runs_of(self.site.catalog, self.now - MONTH, "backup")

    @cached_property
    def incidents(self) -> tuple[tuple[Incident, Opening], ...]:
        """Every incident that was no drill."""
        found = ((each, each.opening()) for each in incidents_of(self.site).all())
        return tuple((each, opening) for each, opening in found if not opening.drill)

    @cached_property
    def drills(self) -> tuple[Drill, ...]:
        """Every drill that came to an end."""
        return Drills(self.site.home / STATE / FOLDER).all()

    def within(self, at: datetime, span: timedelta) -> bool:
        """Tell whether an instant lies so shortly before now."""
        return self.now - span <= at <= self.now


def signals(site: Site) -> dict[str, Signal]:
    """Return the value of every indicator, by id.

    Raises:
        BaozhangError: the records cannot be read.
    """
    look = Look(site)
    return {id_: SIGNALS[id_](look) for id_ in indicators()}


def readings(
    found: Mapping[str, Signal], known: Mapping[str, Indicator], now: datetime
) -> dict[str, Reading]:
    """Return signals as readings of this month, each with its colour."""
    return {
        id_: Reading(
            period=f"{business_day(now):%Y-%m}",
            value=each.value,
            band=known[id_].band(each.value),
            refs=each.refs[:MOST_REFS],
        )
        for id_, each in found.items()
    }


def copies_of(look: Look) -> dict[str, int]:
    """Return how many complete copies each vault has: itself, and the mirrors that lack nothing."""
    newest = _newest_copies(look.site)
    found = {}
    for vault, file in look.site.agency.file.vaults.items():
        after = _last_backup(look, vault)
        pairs = (str(mirror_pair(vault, number + 1)) for number in range(len(file.mirrors)))
        found[vault] = 1 + sum(_is_complete(newest.get(pair), after) for pair in pairs)
    return found


def _newest_copies(site: Site) -> dict[str, Record]:
    return {each.entry.subject: each for each in records_of(site.home / STATE / "audit", COPIED)}


def _last_backup(look: Look, vault: str) -> datetime | None:
    """Return when the newest good backup of a vault began; None: there was none."""
    files = look.site.agency.file.sets
    ours = [pair for pair in look.sets if files[pair[1]].vault == vault]
    began = (look.known.well.get(("backup", *pair)) for pair in ours)
    return max((at for at in began if at), default=None)


def _is_complete(copied: Record | None, after: datetime | None) -> bool:
    """Tell whether a mirror lacked nothing when it was copied to, after the newest backup."""
    if copied is None or after is None:
        return False
    return dict(copied.entry.facts).get("lacking") == 0 and copied.at >= after


# --- backups, tests and copies --------------------------------------------------------------------


def failed_proofs(look: Look) -> Signal:
    """Count runs' sets whose restore test or verification failed within a month.

    Where every one of them was inconclusive, nothing was measured.
    """
    ran = runs_of(look.site.catalog, look.now - MONTH, "restore_test", "validation")
    refs = (f"run:{each.run}" for each in reversed(ran) if each.failed)
    concluded = any(each.failed or each.troubled < each.outcomes for each in ran)
    return _counted(sum(each.failed for each in ran), refs, measured=concluded)


def overdue_restores(look: Look) -> Signal:
    """Count sets whose last good restore test is longer ago than their policy allows."""
    policies = look.site.agency.policy
    late = [
        pair
        for pair in look.sets
        if look.now - _last(look, "restore_test", pair) > policies(pair[1]).restore_test_every
    ]
    return _sets(late, measured=bool(look.sets))


def unprotected_sets(look: Look) -> Signal:
    """Count sets without a good backup for twice their interval; a set without any is one."""
    if not look.known.first:
        return NOTHING
    late = []
    for pair in look.site.agency.sets():
        well = look.known.well.get(("backup", *pair))
        if well is None or look.now - well > LATE_TIMES * look.site.agency.policy(pair[1]).every:
            late.append(pair)
    return _sets(late, measured=True)


def failed_nights(look: Look) -> Signal:
    """Return how many of a hundred nightly backups of a set did not end well."""
    refs = (f"run:{each.run}" for each in reversed(look.nights) if each.troubled)
    outcomes = sum(each.outcomes for each in look.nights)
    return _share(sum(each.troubled for each in look.nights), outcomes, refs)


def single_copy(look: Look) -> Signal:
    """Count sets that lie in their vault alone: no mirror, or none that lacks nothing."""
    copies, files = copies_of(look), look.site.agency.file.sets
    alone = [pair for pair in look.sets if copies[files[pair[1]].vault] < 2]
    return _sets(alone, measured=bool(look.sets))


def restore_time(look: Look) -> Signal:
    """Return the slowest restore against its objective, in per cent."""
    worst: Outcome | None = None
    most = Decimal(-1)
    since = look.now - timedelta(days=92)
    for each in look.site.catalog.outcomes(duty="restore_test", since=since):
        taken = dict(each.figures).get("seconds_ms")
        file = look.site.agency.file
        if taken is not None and each.set in file.sets:
            within = file.policies[file.sets[each.set].policy].restore_test.within
            share = Decimal(taken) / Decimal(within // timedelta(milliseconds=1)) * 100
            worst, most = (each, share) if share > most else (worst, most)
    return Signal(_rounded(most), (f"run:{worst.run}",)) if worst else NOTHING


def growth(look: Look) -> Signal:
    """Return how much the vaults grew within a month, in per cent of what they held before."""
    before = bytes_added(look.site.catalog, look.now - MONTH)
    now = bytes_added(look.site.catalog, look.now)
    if not before or now is None:
        return NOTHING
    return Signal(_rounded(Decimal(now - before) / Decimal(before) * 100))


def night_length(look: Look) -> Signal:
    """Return the median length of a month's nightly backups, in minutes."""
    lengths = [each.length / timedelta(minutes=1) for each in look.nights]
    if not lengths:
        return NOTHING
    return Signal(_rounded(Decimal(statistics.median(lengths))), (f"run:{look.nights[-1].run}",))


def vendor_troubles(look: Look) -> Signal:
    """Count runs within a month in which a mirror was not brought up to its vault."""
    found = mirror_troubles(look.site.catalog, look.now - MONTH)
    mirrored = any(file.mirrors for file in look.site.agency.file.vaults.values())
    refs = (f"run:{each}" for each in reversed(found))
    return _counted(len(found), refs, measured=mirrored and bool(look.nights))


def suspicious_sets(look: Look) -> Signal:
    """Count sets whose newest backup changed suspiciously, and nobody vouched for it."""
    judged = {
        pair: outcome
        for pair in look.sets
        if (outcome := look.known.newest.get(("backup", *pair))) and state_of(outcome) is not None
    }
    doubtful = [
        pair
        for pair, outcome in judged.items()
        if state_of(outcome) == "suspicious" and not _is_vouched(look, pair, outcome)
    ]
    return _sets(doubtful, measured=bool(judged))


def _is_vouched(look: Look, pair: tuple[str, str], outcome: Outcome) -> bool:
    word = look.known.newest.get(("acceptance", *pair))
    return word is not None and word.snapshot == outcome.snapshot


def uncovered_accounts(look: Look) -> Signal:
    """Count account sets that a product knows of and no source protects."""
    try:
        known = account_sets_of(look.site.agency)
    except SourceUnreadableError:  # a share that is away says nothing, good or bad
        return NOTHING
    found = unprotected(known, names_of(look.site.agency))
    return _counted(len(found), (), measured=bool(known))


def overdue_custody(look: Look) -> Signal:
    """Count decrypted copies that should have been destroyed by now."""
    copies = CustodyBook(look.site.catalog).all()
    late = [each.copy.id for each in copies if each.end is None and each.copy.due < look.now]
    return _counted(len(late), (f"copy:{each}" for each in late), measured=bool(copies))


# --- people ---------------------------------------------------------------------------------------


def approvers(look: Look) -> Signal:
    """Count people whose device can approve; nothing until somebody has enrolled."""
    able = [each.person for each in people(look.site) if each.device]
    return _counted(len(able), (), measured=bool(able))


def restorers(look: Look) -> Signal:
    """Count people of the agency who within a year passed a drill all by themselves.

    A drill that three people passed together shows of none that they can do it alone; a restore at
    the command line names nobody.
    """
    recent = [each for each in look.drills if each.passed and look.within(each.start, YEAR)]
    alone = {each.people[0]: f"drill:{each.id}" for each in recent if len(each.people) == 1}
    able = {who: ref for who, ref in alone.items() if who in look.site.agency.people}
    return _counted(len(able), able.values(), measured=bool(recent))


def ready_scenarios(look: Look) -> Signal:
    """Return how many of a hundred scenarios were passed lately enough to say anything."""
    if not look.drills:
        return NOTHING
    found = readiness(scenarios(), look.drills, look.now)
    ready = sum(each.state == "ready" for each in found)
    return _share(ready, len(found), (f"drill:{each.id}" for each in reversed(look.drills)))


# --- what happened, and what is owed --------------------------------------------------------------


def incident_count(look: Look) -> Signal:
    """Count incidents within a year; a site that never had one on record has not measured it."""
    recent = [each.id for each, opening in look.incidents if look.within(opening.discovered, YEAR)]
    refs = (f"incident:{each}" for each in reversed(recent))
    return _counted(len(recent), refs, measured=bool(look.incidents))


def repeated_causes(look: Look) -> Signal:
    """Count kinds of incident that came more than once within a year."""
    recent = [(each.id, o.kind) for each, o in look.incidents if look.within(o.discovered, YEAR)]
    again = {kind for kind, times in Counter(kind for _, kind in recent).items() if times > 1}
    refs = (f"incident:{id_}" for id_, kind in reversed(recent) if kind in again)
    return _counted(len(again), refs, measured=bool(look.incidents))


def overdue_actions(look: Look) -> Signal:
    """Count open actions of incidents, reviews and drills whose day has passed."""
    today = business_day(look.now)
    found = [(holder.id, each) for holder in holders(look.site) for each in actions_of(holder)]
    late = [(name, each) for name, each in found if each.done is None and each.due < today]
    refs = (f"action:{name}/{each.number}" for name, each in late)
    return _counted(len(late), refs, measured=bool(found))


def expired_attestations(look: Look) -> Signal:
    """Count obligations whose last accepted attestation has run out by its own words."""
    today = business_day(look.now)
    last: dict[str, tuple[str, date | None]] = {}
    rows = ATTESTATIONS.rows(look.site).items()
    for id_, row in sorted(rows, key=lambda pair: pair[1].received):
        if row.verdict == "accepted":
            last[row.obligation] = (id_, row.expires)
    late = [id_ for id_, expires in last.values() if expires is not None and expires < today]
    return _counted(len(late), (f"attestation:{each}" for each in late), measured=bool(last))


SIGNALS: dict[str, Callable[[Look], Signal]] = {
    "failed-proofs": failed_proofs,
    "overdue-restores": overdue_restores,
    "unprotected-sets": unprotected_sets,
    "failed-nights": failed_nights,
    "single-copy": single_copy,
    "approvers": approvers,
    "restorers": restorers,
    "ready-scenarios": ready_scenarios,
    "restore-time": restore_time,
    "growth": growth,
    "night-length": night_length,
    "vendor-troubles": vendor_troubles,
    "overdue-custody": overdue_custody,
    "suspicious-sets": suspicious_sets,
    "incidents": incident_count,
    "repeated-causes": repeated_causes,
    "overdue-actions": overdue_actions,
    "expired-attestations": expired_attestations,
    "uncovered-accounts": uncovered_accounts,
}
"""How each indicator of `indicators.yaml` is measured."""


# --- how a value is made --------------------------------------------------------------------------


def _last(look: Look, duty: Duty, pair: tuple[str, str]) -> datetime:
    """Return when a duty last went well for a set, or when its first backup point was made."""
    return look.known.well.get((duty, *pair), look.known.first[pair])


def _sets(found: list[tuple[str, str]], *, measured: bool) -> Signal:
    refs = (f"set:{client}/{name}" for client, name in found)
    return _counted(len(found), refs, measured=measured)


def _counted(count: int, refs: Iterable[str], *, measured: bool) -> Signal:
    return Signal(Decimal(count), tuple(islice(refs, MOST_REFS))) if measured else NOTHING


def _share(part: int, whole: int, refs: Iterable[str]) -> Signal:
    if not whole:
        return NOTHING
    return Signal(_rounded(Decimal(part) / Decimal(whole) * 100), tuple(islice(refs, MOST_REFS)))


def _rounded(value: Decimal) -> Decimal:
    """Return a figure to a tenth."""
    return value.quantize(Decimal("0.1"), ROUND_HALF_UP)
