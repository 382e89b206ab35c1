"""Post-incident review: signed by somebody who did not lead, published, its actions followed up.

    incident named?  ask ─► GATE: signature ─► publish ─┐
                                                        ├─► open actions: remind their owners
    every month ────────────────────────────────────────┘

What people write (causes, lessons, actions) is written with `baozhang review`, and never passes
through here.  A signature is bound to the hash of all of it; what is changed afterwards is signed
again.

Runbook for people: docs/runbooks/review.md
"""

from prefect import flow

from tasks.gate import mask_logs
from tasks.review import Reminded, ask_for_signature, named_review, publish_review, remind_owners
from tasks.waiting import wait_at


@flow(name="review", flow_run_name=named_review)
def review(incident: str = "") -> Reminded:
    """Have a review signed and published, or only follow up what is open.

    Args:
        incident: id of an incident or a drill, e.g. `i-20261122-01`; "": none, only follow up.

    Returns:
        How many actions are open and overdue.

    Raises:
        UsageError: no such incident, or its review has no root cause yet.
        IncidentHaltedError: the signature was refused, or nobody gave it in time.
    """
    mask_logs()
    if incident:
        ask_for_signature(incident)
        wait_at(incident, "review")
        publish_review(incident)
    return remind_owners()
