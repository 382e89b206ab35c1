"""Notices, every quarter of an hour while anybody may have to be told of an incident.

    tell everybody: receipts ──► drafts ──► gates ──► outbox, library

What is due is read off the journals, so no run has to remember anything, and what a run that never
was left undone is done by the next.  Without an incident it ends at once.

Runbook for people: docs/runbooks/notices.md
"""

from prefect import flow

from tasks.day import named
from tasks.gate import mask_logs
from tasks.notices import Ticked, tell_everybody


@flow(name="notices", flow_run_name=named("notices"))
def notices() -> tuple[Ticked, ...]:
    """Look at the notices of every incident that is open, or was closed lately.

    Returns:
        What was drafted, sent and received, incident by incident.

    Raises:
        BaozhangError: something of an incident cannot be read or written; the others are done.
    """
    mask_logs()
    return tell_everybody()
