"""What is told to Prefect's automations: ids only, as the event that starts the incident flow."""

from prefect.events import emit_event

from baozhang.catalog.model import Run
from baozhang.wiring import open_site
from tasks.choosing import WHOLE_CLIENT
from tasks.options import effect

VALIDATION_FAILED = "baozhang.validation.failed"
SYSTEM = "system"
"""Who notices what no person noticed."""


@effect("tell of what {run.id} found damaged")
def tell_damaged(run: Run) -> tuple[str, ...]:
    """Emit an event where stored bytes of clients are damaged; return the clients' ids.

    The event carries the form with which the deployment `incident` starts (see prefect.yaml).  A
    client that left has nothing in use that could be recovered; the night's letter names it.
    """
    with open_site() as site:
        known = site.agency.clients
    failed = [each for each in run.outcomes if each.status == "failed"]
    damaged = [each.client for each in failed if each.set == WHOLE_CLIENT and each.client in known]
    clients = tuple(dict.fromkeys(damaged))
    if clients:
        form = {"noticed_by": SYSTEM, "clients": clients, "what": "damaged"}
        resource = {"prefect.resource.id": f"baozhang.run.{run.id}"}
        emit_event(VALIDATION_FAILED, resource, payload={"form": form})
    return clients
