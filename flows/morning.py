"""The morning line, before work begins: how many clients are well, and which are not.

    gather ──► tell (bots; by mail where none took it)

It is sent every day, when all is well too: a line that does not come is an alarm by itself.

Runbook for people: docs/runbooks/alert.md
"""

from datetime import date

from prefect import flow

from tasks.day import named
from tasks.gate import mask_logs
from tasks.morning import gather_line, tell_line


@flow(name="morning-line", flow_run_name=named("morning"))
def morning_line(day: date | None = None) -> str:
    """Tell how every client stands.

    Args:
        day: the day it is of; None: today.

    Returns:
        The id of the alert it was sent as.

    Raises:
        UnreachableError: nothing could carry it.
    """
    mask_logs()
    line = gather_line(day)
    return tell_line(line)
