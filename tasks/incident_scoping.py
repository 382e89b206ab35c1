"""An incident's first look: what is there now is kept, what is lost is measured, and a plan made.

sets hit ──► stored as they are now (evidence) ──► beside the last clean point that can be read
         ──► what that means, client by client ──► the plan: points, order, seconds, room

Evidence is a backup point like any other in its vault, so that it can be compared and brought back;
in the catalog it is the word of an incident: never a night's backup, and never clean by itself.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Literal, get_args

from baozhang.catalog.clean import STATES, SUSPICION
from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.clock import business_day
from baozhang.errors import (
    BaozhangError,
    SourceBusyError,
    SourceGoneError,
    SourceUnreadableError,
    StoreFullError,
    UnreachableError,
    UsageError,
)
from baozhang.incidents.checklists import ITEM
from baozhang.incidents.choosing import STRUCK, choose, doubt
from baozhang.incidents.cutover import BEGUN as CUT_OVER
from baozhang.incidents.cutover import DATABASES, how_of
from baozhang.incidents.holds import hold_client
from baozhang.incidents.impact import Impact, impact_of
from baozhang.incidents.incidents import KEPT, Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.measured import restores
from baozhang.incidents.model import Loss, Plan, Value
from baozhang.incidents.planning import Means, Wanted, pace_of, plan_of, same_work
from baozhang.incidents.quarantine import copies_of
from baozhang.incidents.scope import Choice, Holding, Scope, loss_between
from baozhang.policies.law.filing import load_filing_calendar
from baozhang.site import Site
from baozhang.sources.base import Source
from baozhang.sources.combined import CombinedSource
from baozhang.vault.model import Report, Snapshot, silent
from tasks.backup import back_up_pair
from tasks.batches import Pair
from tasks.gates import GATES
from tasks.incident import ALL_SETS

SCOPE, IMPACT, PLAN = "scope", "impact", "plan"
What = Literal["evidence", "safety"]
"""What is kept of a source: as it was found, and as it was just before the restore."""
Reason = Literal["", "gone", "unreadable", "busy", "empty", "vault", "full"]
"""What is wrong with a set: it is not there; it cannot be read; it kept changing; there is nothing
in it; its vault did not answer, or had no room.  With a backup point: of a part of its sources."""
AWAY: Reason = "vault"
FULL: Reason = "full"
AGAIN = (AWAY, FULL)
"""What is nobody's last word: tried again whenever somebody goes on with the incident."""
TRIES = 3  # of a source that people write to meanwhile
READING = timedelta(seconds=20)
"""How long backup points are read whole before they are offered; then only their parts are looked
for, and the plan says so."""


class Evidence(Value):
    """What was kept of each set: (client, set, backup point or "", what is wrong)."""

    points: tuple[tuple[str, str, str, Reason], ...]

    def of(self, client: str, set_name: str) -> str:
        """Return a set's backup point; "": it could not be read."""
        found = (point for one, name, point, _ in self.points if (one, name) == (client, set_name))
        return next(found, "")


class _LaterError(Exception):
    """A set cannot be kept now, and may be in a while."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason = reason


# --- what is there now ----------------------------------------------------------------------------


def preserve(
    site: Site,
    incident: Incident,
    *,
    actor: str,
    what: What = "evidence",
    report: Report = silent,
) -> Evidence:
    """Store every set that is hit as it is now, once, and hold it against being forgotten.

    Args:
        site: the site.
        incident: the incident.
        actor: id of the run.
        what: `evidence`, or `safety` for what is there just before the restore; kept under it.
        report: is told of progress in bytes.

    Returns:
        A set that could not be stored is in it, with the reason; that stops nobody.
    """
    if incident.has(what):
        kept = incident.value(what, Evidence)
        if not _to_try_again(kept) or _is_put_into_use(incident):
            return kept
    found = Evidence(
        points=tuple(
            (pair.client, pair.set, *_preserved(site, incident, pair, what, actor, report))
            for pair in pairs_hit(site, incident)
        )
    )
    if not (incident.has(what) and incident.value(what, Evidence) == found):
        incident.keep(what, found, actor=actor)
    return found


def pairs_hit(site: Site, incident: Incident) -> tuple[Pair, ...]:
    """Return the sets of an incident, those of whole clients one by one.

    Raises:
        UsageError: a client or a set is not known any more.
    """
    found = []
    for client, name in incident.opening().sets:
        names = site.client(client).sets if name == ALL_SETS else (name,)
        for each in names:
            site.client_set(client, each)
            found.append(Pair(client, each))
    return tuple(dict.fromkeys(found))


def _to_try_again(kept: Evidence) -> bool:
    return any(reason in AGAIN for *_, reason in kept.points)


def _is_put_into_use(incident: Incident) -> bool:
    """Tell whether anything that came back is in use: it is no evidence of what was found."""
    return any(event.kind in {CUT_OVER, ITEM} for event in incident.journal.events())


def _preserved(
    site: Site, incident: Incident, pair: Pair, what: What, actor: str, report: Report
) -> tuple[str, Reason]:
    work = partial(_keep, site, incident, pair, what, actor, report)
    try:
        done = incident.journal.once(f"{what}.{pair.client}.{pair.set}", work, actor=actor)
    except _LaterError as error:
        return "", error.reason
    return str(done["snapshot"]), _reason(str(done["reason"]))


def _reason(word: str) -> Reason:
    known: dict[str, Reason] = {each: each for each in get_args(Reason)}
    return known[word]


def _keep(
    site: Site,
    incident: Incident,
    pair: Pair,
    what: What,
    actor: str,
    report: Report,
    begun: Begun,
) -> Facts:
    if begun.again:
        _claim(site, incident, pair, what)
    stored, reason = _tried(site, incident, pair, report)
    if stored is None:
        return {"snapshot": "", "reason": reason, "files": 0, "bytes": 0}
    figures = dict(stored.figures)
    site.catalog.append(_as_evidence(stored, incident, what))
    hold_client(site, pair.client, incident.id, by=actor)
    return {
        "snapshot": stored.snapshot,
        "reason": reason or ("" if figures["files"] else "empty"),
        "files": figures["files"],
        "bytes": figures["bytes"],
    }


def _tried(
    site: Site, incident: Incident, pair: Pair, report: Report
) -> tuple[Outcome | None, Reason]:
    """Store a set, or what of it can be read; return why it is not all there.

    Raises:
        _LaterError: its vault does not take it now.
    """
    run = Run(incident.id, "evidence", business_day(site.clock()))
    store = partial(back_up_pair, site, run, pair, report)
    try:
        site.vault(pair.client, pair.set)
        try:
            return _patiently(store), ""
        except (SourceUnreadableError, SourceBusyError) as error:
            rest = _readable(site, pair)
            return (_patiently(partial(store, source=rest)) if rest else None), _why(error)
    except (SourceUnreadableError, SourceBusyError) as error:
        return None, _why(error)
    except StoreFullError as error:
        raise _LaterError(FULL) from error
    except (UnreachableError, UsageError) as error:
        raise _LaterError(AWAY) from error


def _patiently(store: Callable[[], Outcome]) -> Outcome:
    for _ in range(TRIES - 1):
        try:
            return store()
        except SourceBusyError:  # somebody wrote to it: perhaps not this time
            continue
    return store()


def _why(error: BaozhangError) -> Reason:
    if isinstance(error, SourceGoneError):
        return "gone"
    return "busy" if isinstance(error, SourceBusyError) else "unreadable"


def _readable(site: Site, pair: Pair) -> Source | None:
    """Return those sources of a set that can be frozen, as one; None where none, or all can."""
    files = site.client_set(pair.client, pair.set).sources
    made = {each.name: site.sources.one(pair.client, pair.set, each) for each in files}
    able = {name: source for name, source in made.items() if _freezes(source)}
    return CombinedSource(able) if able and len(able) < len(made) else None


def _freezes(source: Source) -> bool:
    try:
        with source.freeze():
            return True
    except (SourceUnreadableError, SourceBusyError):
        return False


def _as_evidence(stored: Outcome, incident: Incident, what: What) -> Outcome:
    """Return what the catalog knows of it: no night's backup, and no clean point."""
    figures = dict(stored.figures) | {SUSPICION: STATES.index("suspicious")}
    return replace(
        stored,
        run=f"{incident.id}-{what}-{stored.snapshot}",
        duty="evidence",
        status="ok",
        findings=(_kept_for(incident), *stored.findings),
        figures=tuple(figures.items()),
    )


def _kept_for(incident: Incident) -> Finding:
    return Finding(
        "kept as evidence of incident {incident}; it is no backup of a source that was well",
        (("incident", incident.id),),
        severity="info",
    )


def _claim(site: Site, incident: Incident, pair: Pair, what: What) -> None:
    """Call evidence what a run stored that was killed before it could say so."""
    opened = incident.opening().opened
    said = {each.snapshot for each in site.catalog.outcomes(client=pair.client)}
    try:
        side = site.vault(pair.client, pair.set).client(pair.client)
        points = side.snapshots(pair.set)
    except (UnreachableError, UsageError):  # nothing of the client is there, or nothing answers
        return
    for point in points:
        if point.at >= opened and point.id not in said:
            site.catalog.record_snapshot(point)
            site.catalog.append(_as_evidence(_unsaid(point), incident, what))


def _unsaid(point: Snapshot) -> Outcome:
    return Outcome(
        run="",
        duty="evidence",
        client=point.client,
        set=point.set,
        status="ok",
        started=point.at,
        ended=point.at,
        snapshot=point.id,
        figures=(("files", point.files), ("bytes", point.size)),
    )


# --- what is lost ---------------------------------------------------------------------------------


def scope(site: Site, incident: Incident, *, actor: str) -> Scope:
    """Measure what every set lacks beside its last clean point that can be brought back.

    What was measured stands, but for sets whose point was struck since, and for evidence that is
    newer.

    Raises:
        CorruptObjectError: the evidence was not kept, or cannot be read.
    """
    evidence = incident.value("evidence", Evidence)
    before = incident.value(SCOPE, Scope) if incident.has(SCOPE) else None
    stands = _standing(incident, before) if before else {}
    until = site.clock() + READING
    choices, losses = [], []
    for client, name, _, _ in evidence.points:
        found = stands.get((client, name)) or _measured(
            site,
            incident,
            Pair(client, name),
            evidence.of(client, name),
            in_time=lambda: site.clock() < until,
            actor=actor,
        )
        choices.append(found[0])
        losses += [found[1]] if found[1] else []
    value = Scope(losses=tuple(losses), choices=tuple(choices))
    if value != before:
        incident.keep(SCOPE, value, actor=actor)
    return value


Found = tuple[Choice, Loss | None]


def _standing(incident: Incident, before: Scope) -> dict[tuple[str, str], Found]:
    """Return what needs no second look."""
    events = incident.journal.events()
    since = max(e.seq for e in events if e.kind == KEPT and e.facts["name"] == SCOPE)
    later = [event for event in events if event.seq > since]
    if any(event.kind == KEPT and event.facts["name"] == "evidence" for event in later):
        return {}
    struck = {(e.facts["client"], e.facts["set"]) for e in later if e.kind == STRUCK}
    losses = {(loss.client, loss.set): loss for loss in before.losses}
    return {
        (each.client, each.set): (each, losses.get((each.client, each.set)))
        for each in before.choices
        if (each.client, each.set) not in struck and not each.away
    }


def _measured(
    site: Site,
    incident: Incident,
    pair: Pair,
    evidence: str,
    *,
    in_time: Callable[[], bool],
    actor: str,
) -> Found:
    opening = incident.opening()
    chosen = choose(
        site,
        incident,
        pair.client,
        pair.set,
        opened=opening.opened,
        in_time=in_time,
        actor=actor,
    )
    if chosen.side is None:
        return chosen.choice, None if chosen.choice.away else _never(pair)
    now = chosen.side.find(evidence, set_name=pair.set) if evidence else None
    loss = loss_between(
        chosen.side,
        pair.client,
        pair.set,
        chosen.point,
        now,
        holding=_holding(site, pair),
        strict=opening.kind in {"tampered", "ransomware"},
    )
    beside = now.size if now and chosen.choice.books else 0
    return chosen.choice.model_copy(update={"beside": beside}), loss


def _never(pair: Pair) -> Loss:
    """Return the loss of a set of which nothing was ever stored."""
    return Loss(
        client=pair.client,
        set=pair.set,
        newest="",
        clean="",
        files_lost=0,
        files_changed=0,
        bytes_lost=0,
        vouchers_lost=0,
        vouchers_changed=0,
        lines_lost=0,
        amount=0,
        currency="",
        periods=(),
        readable=False,
    )


def _holding(site: Site, pair: Pair) -> Holding:
    sources = [each for each in site.client_set(pair.client, pair.set).sources if each.profile]
    whole = DATABASES | {"mssql", "sqlite"}
    return Holding(
        books=frozenset(each.name.encode() for each in sources),
        whole=frozenset(each.name.encode() for each in sources if each.kind in whole),
    )


def strike(
    site: Site, incident: Incident, client: str, set_name: str, snapshot: str, *, actor: str
) -> bool:
    """Doubt a backup point that did not come back as it should; the next plan passes over it.

    Where the vault had lost bytes and a mirror has them, they are brought back instead, once.

    Returns:
        Whether it is struck; if not, the plan stands, and the point can be tried again.

    Raises:
        StoreUnreachableError: its vault does not answer; nothing is known.
    """
    return doubt(site, incident, client, set_name, snapshot, actor=actor)


# --- the plan -------------------------------------------------------------------------------------


def plan(site: Site, incident: Incident, *, actor: str) -> Plan:
    """Return the plan that follows from what is known now; the one that stands if it is the same.

    Keeps it as `plan` and `plan-<number>`, and what the loss means as `impact`.

    Raises:
        CorruptObjectError: the scope was not kept, or cannot be read.
    """
    known = scope(site, incident, actor=actor)
    impact = _impact(site, known)
    before = incident.value(PLAN, Plan) if incident.has(PLAN) else None
    made = plan_of(
        incident.id,
        before.number + 1 if before else 1,
        _wanted(site, incident, known, impact),
        discovered=incident.opening().discovered,
        means=_means(site, incident),
        left_out=((e.client, e.set, "vault-away") for e in known.choices if e.away),
    )
    if before and same_work(before, made):
        return before
    incident.keep(IMPACT, impact, actor=actor)
    incident.keep(f"{PLAN}-{made.number}", made, actor=actor)
    incident.keep(PLAN, made, actor=actor)
    return made


def _impact(site: Site, known: Scope) -> Impact:
    rhythms = {loss.client: site.client(loss.client).filing for loss in known.losses}
    today = business_day(site.clock())
    return impact_of(known.losses, rhythms, today=today, calendar=load_filing_calendar())


def _wanted(site: Site, incident: Incident, known: Scope, impact: Impact) -> Iterator[Wanted]:
    deadlines = {each.client: each.deadline for each in impact.clients}
    there = {
        (each.copy.client, each.copy.set, each.copy.snapshot)
        for each in copies_of(site, incident)
        if each.there()
    }
    choices = {(each.client, each.set): each for each in known.choices}
    discovered = incident.opening().discovered
    for loss in known.losses:
        choice = choices[loss.client, loss.set]
        yield Wanted(
            loss=loss,
            at=choice.at or discovered,
            bytes=choice.bytes,
            books=choice.books,
            deadline=deadlines.get(loss.client),
            how=how_of(site, loss.client, loss.set),
            checked=choice.checked,
            unjudged=choice.unjudged,
            instead_of=choice.instead_of,
            why=choice.why,
            beside=choice.beside,
            there=(loss.client, loss.set, loss.clean) in there,
        )


def _means(site: Site, incident: Incident) -> Means:
    brought, proved = restores(site, but=incident)
    return Means(
        restoring=pace_of(brought),
        proving=pace_of(proved) if proved else None,
        free=shutil.disk_usage(site.home / "state").free,
        approvers=max(rule.people for rule in GATES.values()),
    )
