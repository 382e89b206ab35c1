"""The duties of a sandbox at their hours, and whoever finds what was broken.

    broken ─► the next hour of the duty ─► its real steps ─► outcomes ─► is the finding among them?
                                       └─► the watch ─► alert ─► somebody acknowledges it

Duties start at the hours of `prefect.yaml`; the played clock is moved to the next one, so that the
time to detection is the time that an office would have waited.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import datetime, time, timedelta
from functools import partial
from uuid import UUID

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.model import Duty, Finding, Outcome, Run, Status
from baozhang.catalog.rebuilding import AGENCY
from baozhang.clock import SHANGHAI
from baozhang.drills.ground import Facts, Ground
from baozhang.drills.log import Log
from baozhang.drills.model import Detection, Finder, Scenario
from baozhang.drills.scoring import Found
from baozhang.errors import BaozhangError
from baozhang.site import Site
from tasks.alerts import acknowledge, keep_troubles, tell
from tasks.backup import back_up_pair, copy_vault, store_journal
from tasks.batches import Pair, settle
from tasks.choosing import WHOLE_CLIENT, every_pair
from tasks.custody import custody_findings
from tasks.day import head
from tasks.freshness import judge_vault, let_witness_know, witness_pairs
from tasks.points import accept_point, points
from tasks.restore_test import try_pair
from tasks.troubles import look
from tasks.validation import verify_client, verify_journal

NIGHT, EARLY, SUNDAY = time(22), time(2), time(4)
"""When backup, validation and restore test start (`prefect.yaml`), Asia/Shanghai."""
_QUARTER = timedelta(minutes=15)  # the watch's
_SUNDAY = 6  # date.weekday()
_MOST_STEPS = 4  # of an alert, and one more; then nobody answers

CORRECTED = "corrections of closed vouchers, as the accountant in charge says"


# --- duties ---------------------------------------------------------------------------------------


def backup(ground: Ground) -> tuple[Outcome, ...]:
    """Back everything up at the night's hour, copy it to the mirrors, keep witness and journal."""
    ground.clock.wait_for(NIGHT)
    run = _begun(ground, "backup")
    site = ground.site
    doubts = _troubled(_each(ground, run, witness_pairs(site), judge_vault))
    stored = _each(ground, run, every_pair(site), back_up_pair)
    copies = (
        copy_vault(site, run, name, number, mirror)
        for name in site.agency.file.vaults
        for number, mirror in enumerate(site.mirrors_named(name), start=1)
    )
    custody = _each(ground, run, [Pair(AGENCY, "custody")], _custody)
    beside = (*doubts, *_troubled(copies), *(each for each in custody if each.findings))
    _record(site, (*stored, *beside))
    with suppress(BaozhangError):  # a vault that nothing can be written to: its outcomes say so
        if not doubts:
            for name in site.agency.file.vaults:
                let_witness_know(site, name)
        store_journal(site, Run(run.id, run.duty, run.day, (*stored, *beside)))
    return (*stored, *beside)


def validation(ground: Ground) -> tuple[Outcome, ...]:
    """Read every stored byte back, early in the morning."""
    ground.clock.wait_for(EARLY)
    return verify_all(ground)


def verify_all(ground: Ground) -> tuple[Outcome, ...]:
    """Read every stored byte back now, of all clients and of the agency's own."""
    run = _begun(ground, "validation")
    site = ground.site
    clients = [Pair(client, WHOLE_CLIENT) for client in site.agency.clients]
    own = [Pair(AGENCY, name) for name in site.agency.file.vaults]
    read = _each(ground, run, clients, verify_client)
    found = (*read, *_troubled(_each(ground, run, own, verify_journal)))
    _record(site, found)
    return found


def restore_test(ground: Ground) -> tuple[Outcome, ...]:
    """Restore every set to scratch and judge its books, on the next Sunday."""
    ground.clock.wait_for(SUNDAY)
    while ground.clock().astimezone(SHANGHAI).weekday() != _SUNDAY:
        ground.clock.wait(timedelta(days=1))
    return restore_all(ground)


def restore_all(ground: Ground) -> tuple[Outcome, ...]:
    """Restore every set to scratch now, and judge its books."""
    run = _begun(ground, "restore_test")
    found = _each(ground, run, every_pair(ground.site), try_pair)
    _record(ground.site, found)
    return found


DUTIES: dict[Finder, Callable[[Ground], tuple[Outcome, ...]]] = {
    "backup": backup,
    "validation": validation,
    "restore-test": restore_test,
}


def _begun(ground: Ground, duty: Duty) -> Run:
    """Begin a run as a new process does, which knows nothing that an earlier one had opened."""
    ground.hands.reopen(ground)
    token = UUID(int=ground.rng.getrandbits(128))
    run = head(duty, None, due=ground.clock(), token=token)
    ground.site.catalog.begin(run)
    return run


def _each(
    ground: Ground, run: Run, pairs: Iterable[Pair], work: Callable[..., Outcome]
) -> tuple[Outcome, ...]:
    site = ground.site
    return settle(run, tuple(pairs), partial(work, site, run), site.clock)


def _custody(site: Site, run: Run, pair: Pair) -> Outcome:
    """Look for decrypted copies that should be gone, as every night's letter does."""
    started = site.clock()
    findings = tuple(custody_findings(site))
    status: Status = "partial" if findings else "ok"
    return Outcome(
        run.id, "backup", pair.client, pair.set, status, started, site.clock(), "", findings
    )


def _troubled(outcomes: Iterable[Outcome]) -> tuple[Outcome, ...]:
    return tuple(each for each in outcomes if each.status != "ok")


def _record(site: Site, outcomes: Iterable[Outcome]) -> None:
    with site.catalog.transaction():
        for each in outcomes:
            site.catalog.append(each)


# --- finding --------------------------------------------------------------------------------------


def find(ground: Ground, log: Log, scenario: Scenario, broken: datetime) -> tuple[Found, ...]:
    """Let everybody look who is to find something; return what was found, in their order."""
    found = []
    for each in scenario.detections:
        at = _found_by_person(ground, each) if each.by == "person" else None
        if each.by != "person":
            at = _found_by_duty(ground, log, each, broken)
        found.append(Found(by=each.by, finding=each.finding, at=at))
        log.ask(f"found-by-{each.by}", "detection", partial(_answer, at))
    return tuple(found)


def _answer(at: datetime | None) -> tuple[bool, Facts]:
    return at is not None, {"at": at.isoformat(timespec="seconds")} if at else {}


def _found_by_person(ground: Ground, each: Detection) -> datetime:
    ground.clock.wait(each.after or timedelta(0))
    return ground.clock()


def _found_by_duty(ground: Ground, log: Log, each: Detection, broken: datetime) -> datetime | None:
    """Return when a duty said it; the duty has its next turn unless it has said it already."""
    if (at := _said(ground.site, each, broken)) is not None:
        return at
    log.act(each.by, "duty", lambda: _counted(DUTIES[each.by](ground)))
    return _said(ground.site, each, broken)


def _counted(outcomes: tuple[Outcome, ...]) -> Facts:
    return {"outcomes": len(outcomes), "troubled": len(_troubled(outcomes))}


def noticed(site: Site, scenario: Scenario, broken: datetime) -> bool:
    """Tell whether a duty has said anything that must be found."""
    return any(_said(site, each, broken) is not None for each in scenario.detections)


def vouch(ground: Ground) -> Facts:
    """Let the accountant in charge vouch for backup points that ordinary work made suspicious."""
    site, accepted = ground.site, 0
    for pair in every_pair(site):
        newest = points(site, pair)[-1]
        if newest.state == "suspicious":
            lead = site.client(pair.client).lead
            accept_point(site, pair, newest.id, by=lead, reason=CORRECTED)
            accepted += 1
    return {"accepted": accepted}


def _said(site: Site, each: Detection, broken: datetime) -> datetime | None:
    duty = each.by.replace("-", "_")
    return next(
        (
            outcome.ended
            for outcome in site.catalog.outcomes(since=broken)
            if outcome.duty == duty
            and any(each.finding == one.template for one in outcome.findings)
        ),
        None,
    )


def findings_since(site: Site, broken: datetime) -> Iterator[tuple[Outcome, Finding]]:
    """Yield everything that was found since something broke, for whoever writes a scenario."""
    for outcome in site.catalog.outcomes(since=broken):
        for finding in outcome.findings:
            yield outcome, finding


# --- acknowledging --------------------------------------------------------------------------------


def raise_alerts(ground: Ground) -> Facts:
    """Let the watch look at its next quarter of an hour, and tell whoever is to be told."""
    local = ground.clock().astimezone(SHANGHAI)
    minutes = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    ground.clock.wait(-minutes % _QUARTER)
    kept = keep_troubles(ground.site, look(ground.site, None))
    tell_all(ground.site)
    return {"raised": len(kept.raised)}


def answer_alerts(
    ground: Ground, scenario: Scenario, broken: datetime
) -> tuple[datetime | None, str]:
    """Let the people of each step answer in turn; return when somebody did, and who.

    Nobody of a step who can be reached: it goes one step up when its time is over, as it does in
    an office.  None where there is no alert, or nobody at all answers.
    """
    site, book = ground.site, AlertBook(ground.site.catalog)
    steps, within = site.agency.file.alerts.steps, site.agency.file.alerts.acknowledge_within
    for number in range(_MOST_STEPS):
        waiting = [each for each in book.unmended() if each.state == "open"]
        if not waiting:
            return None, ""
        role = steps[min(number, len(steps) - 1)]
        here = scenario.players.present(ground.clock() - broken)
        able = [each for each in here if role in scenario.players.cast[each]]
        if able:
            ground.clock.wait(scenario.players.answer)
            for alert in waiting:
                acknowledge(site, alert.alert.id, by=able[0])
            return ground.clock(), able[0]
        ground.clock.wait(within + _QUARTER)
        tell_all(site)
    return None, ""


def tell_all(site: Site) -> None:
    """Tell what is to be told; that a sandbox has no mail server is no reason to stop."""
    with suppress(BaozhangError):
        tell(site)
