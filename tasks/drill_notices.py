"""How a drill counts notices: those that are to be given, and those that were ready in time."""

from collections.abc import Iterator

from baozhang.incidents.incidents import Incident
from baozhang.incidents.notices import newest_draft
from baozhang.site import Site
from tasks.gates import standing_of
from tasks.notice_words import GATE
from tasks.notices import picture


def waiting_notices(site: Site, incident: Incident) -> Iterator[str]:
    """Yield the gates of notices that are drafted and wait for approval."""
    for each in picture(site, incident).wanted:
        gate = GATE + each.id
        standing = standing_of(site, incident, gate)
        if standing is not None and standing.state == "waiting":
            yield gate


def notices_of(site: Site, incident: Incident) -> dict[str, int]:
    """Return how many notices are to be given, and how many are approved before their time.

    A notice whose letters people must hand over themselves is ready once its words are approved.
    """
    due = ready = 0
    for each in picture(site, incident).wanted:
        due += 1
        draft = newest_draft(incident, each.id)
        standing = standing_of(site, incident, GATE + each.id)
        approved = standing is not None and standing.state == "approved"
        in_time = each.by is None or site.clock() <= each.by
        ready += draft is not None and approved and in_time
    return {"due": due, "ready": ready}
