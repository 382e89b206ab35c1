"""The watch, every fifteen minutes: trouble and silence become alerts, and alerts go up.

    look ──► raise, mend ──► tell: bots, mail, one step up ──► heartbeat

Everything is read off the present state of the catalog and the outbox, so no run has to remember to
raise an alarm, and a run that never was is noticed like one that failed.  The heartbeat is sent
only when nothing is silent and no urgent alert waits for an acknowledgement: a service outside
raises the alarm when it stops.  A watch that cannot even look tells the bots so, straight away.

Runbook for people: docs/runbooks/silence.md
"""

from prefect import flow

from tasks.gate import mask_logs
from tasks.watch import (
    Watched,
    failure_told,
    keep_alerts,
    look_around,
    send_heartbeat,
    tell_alerts,
)


@flow(name="watch")
def watch() -> Watched:
    """Look at everything, tell what must be told.

    Returns:
        The ids of alerts that were raised, told, mended, and of those that wait.

    Raises:
        BaozhangError: the catalog cannot be read or written, or an alert reaches nobody.
    """
    with failure_told():
        mask_logs()
        seen = look_around()
        kept = keep_alerts(seen)
    told = tell_alerts(wait_for=[kept])
    return send_heartbeat(seen, kept, told)
