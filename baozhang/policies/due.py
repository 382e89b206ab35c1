"""What is due: whatever would be late by the next run.

    last ────────────── every ──────────────┤
              now ── runs every ──┤ the next chance lies behind the promise: due now

Asking "has `every` gone by?" would be wrong twice: a nightly run that starts a minute earlier
than yesterday's would find nothing due and leave two days between two points, and an extra run
at lunch would push the night's one to the day after.  Asked this way, runs that come every
`runs_every` (give or take JITTER) keep any two points at most `every` + 2 JITTER apart: one for
a run that is taken for the same one repeated, one for a next run that comes late.
"""

from datetime import datetime, timedelta

from baozhang.policies.model import Policy

NIGHTLY = timedelta(days=1)

JITTER = timedelta(minutes=30)
"""How much a run may start early or late; also, a run repeated within it does nothing twice."""


def due(
    policy: Policy, last: datetime | None, now: datetime, *, runs_every: timedelta = NIGHTLY
) -> bool:
    """Tell whether a set needs a backup point now.

    Args:
        policy: what is promised.
        last: the instant of the newest complete backup point; None: there is none.  One that
            lies in the future comes of a wrong clock and protects nothing.
        now: the present instant.
        runs_every: when this will be asked again.
    """
    return lapsing(policy.every, last, now, runs_every=runs_every)


def lapsing(
    every: timedelta, last: datetime | None, now: datetime, *, runs_every: timedelta = NIGHTLY
) -> bool:
    """Tell whether something last done at `last` would be older than `every` by the next run."""
    if last is None or last > now:
        return True
    return now - last > max(every - runs_every, timedelta(0)) + JITTER
