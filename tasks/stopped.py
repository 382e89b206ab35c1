"""Sets that are stopped: our own nightly duties pass over them, and say so each night.

A stopped set stays in the plan, and at its turn becomes an outcome of its own: in part, without a
backup point, naming the incident.  So the night's letter, the morning line and the month show it as
not protected, nothing raises an alert of its own for it, and it is due again the night after the
stop is lifted.  Looked at when its turn comes, so that a stop that was ordered since counts too.

Backups only add and could make no loss worse.  They are left out because a source that is held
while it is read is in the way of the cut-over, and because a backup point of damaged books would be
one more that somebody could choose.  No deployment is paused: none is of one client, and pausing
everybody's would leave those unprotected whom nothing has hit.  Nothing that is scheduled destroys
anything; pruning and shredding are commands, and refuse what is held.
"""

from baozhang.catalog.clean import SUSPICION, state_of
from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.errors import BaozhangError
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.stopping import SOURCE
from baozhang.site import Site
from tasks.batches import Pair

LIFT = "lift"
WHOLE = "*"
PASSED_TEMPLATES = {
    "finding": "not backed up: work on it is stopped while incident {incident} goes on",
    "hint": "Go on with the incident (`baozhang incident show {incident}`); it is backed up again "
    "in the night after the stop is lifted.",
}


def pairs_of(site: Site, incident: Incident) -> tuple[Pair, ...]:
    """Return the sets that an incident hits and that the site still has."""
    clients = site.agency.clients
    found = (
        Pair(client, name)
        for client, wanted in incident.opening().sets
        if client in clients
        for name in clients[client].sets
        if wanted in (WHOLE, name)
    )
    return tuple(dict.fromkeys(found))


def is_stopped(incident: Incident) -> bool:
    """Tell whether its sources were stopped and are so still; closing alone lifts nothing."""
    stopped = any(event.kind == SOURCE for event in incident.journal.events())
    return stopped and incident.journal.done(LIFT) is None


def stopped_pairs(site: Site) -> dict[Pair, str]:
    """Return every stopped set with the id of its incident.

    Raises:
        BaozhangError: an incident's journal cannot be read.
    """
    return {
        pair: incident.id
        for incident in incidents_of(site).all()
        if is_stopped(incident)
        for pair in pairs_of(site, incident)
    }


def stops_tonight(site: Site) -> dict[Pair, str]:
    """Return the same for a night's work: a damaged journal must cost nobody the backup."""
    try:
        return stopped_pairs(site)
    except BaozhangError:  # whoever looks at the incidents is told
        return {}


def passed_over(site: Site, run: Run, pair: Pair, incident: str) -> Outcome:
    """Return a night's outcome of a stopped set.

    A newest backup point that is suspicious stays so: that nothing came after it vouches for
    nothing, and its alert must not end with the stop.
    """
    now, word = site.clock(), _suspicious(site, pair)
    return Outcome(
        run=run.id,
        duty=run.duty,
        client=pair.client,
        set=pair.set,
        status="partial",
        started=now,
        ended=now,
        snapshot=word.snapshot if word else "",
        findings=(
            Finding(
                PASSED_TEMPLATES["finding"],
                (("incident", incident),),
                PASSED_TEMPLATES["hint"],
                "warning",
            ),
        ),
        figures=((SUSPICION, dict(word.figures)[SUSPICION]),) if word else (),
    )


def _suspicious(site: Site, pair: Pair) -> Outcome | None:
    """Return the newest backup's outcome if it is suspicious and nobody has accepted its point."""
    found = [each for each in site.catalog.outcomes(client=pair.client) if each.set == pair.set]
    newest = next((each for each in reversed(found) if each.duty == "backup"), None)
    if newest is None or state_of(newest) != "suspicious":
        return None
    accepted = {each.snapshot for each in found if each.duty == "acceptance"}
    return None if newest.snapshot in accepted else newest
