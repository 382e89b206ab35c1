"""Which day a run is for, and what the run is called.

A schedule passes no parameters, so a run without a day is for the day of its *scheduled* start
in Asia/Shanghai: a backup of 22:00 that begins at half past midnight is still last night's.
"""

from collections.abc import Callable
from datetime import date, datetime
from uuid import UUID

from prefect.runtime import flow_run

from baozhang.catalog.model import Duty, Run
from baozhang.clock import business_day
from baozhang.governance.genuine import note_kind
from baozhang.site import Site
from tasks.gate import mask_logs


def begin(duty: Duty, day: date | None) -> Run:
    """Return the run of Prefect at hand as ours, still without outcomes; its logs are masked."""
    mask_logs()
    return head(duty, day, due=flow_run.scheduled_start_time, token=UUID(flow_run.id))


def head(duty: Duty, day: date | None, *, due: datetime, token: UUID) -> Run:
    """Return a run without outcomes; the token, random, tells apart two runs of one day."""
    chosen = day or business_day(due)
    return Run(f"{duty.replace('_', '-')}-{chosen}-{token.hex[-8:]}", duty, chosen)


def enter(site: Site, run: Run) -> None:
    """Record that a run has begun, and whether it is about real clients."""
    note_kind(site)
    site.catalog.begin(run)


def named(duty: str) -> Callable[[], str]:
    """Return what gives a run of Prefect its name, e.g. `backup 2026-07-31`."""

    def name() -> str:
        day = flow_run.parameters.get("day") or business_day(flow_run.scheduled_start_time)
        return f"{duty} {day}"

    return name
