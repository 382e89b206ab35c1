"""What drills ask for, filed like what incidents ask for: with an owner, a day, and an end.

They lie beside the drill's journal and not among the incidents, so that they age and are reminded
of without making an incident of a drill.
"""

from baozhang.drills.records import Journal as Drill
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Journal
from baozhang.incidents.review import actions_of
from baozhang.site import Site
from reports.drill import said_action
from tasks.drill_troubles import FOLDER
from tasks.review import add_action


def acted(site: Site, drill: str) -> Incident:
    """Return what holds a drill's actions, as a review takes it."""
    folder = site.home / "state" / FOLDER / drill
    return Incident(folder, Journal.open(folder, site.clock))


def file_actions(site: Site, drill: Drill) -> int:
    """File a drill's actions, once; return how many there are.

    Raises:
        UnreachableError: they cannot be written.
    """
    holder = acted(site, drill.id)
    for each in drill.actions[len(actions_of(holder)) :]:
        text = said_action(each.matter, each.subject, site.agency.file.language)
        add_action(site, holder, owner=each.owner, due=each.due, text=text, by=drill.id)
    return len(drill.actions)
