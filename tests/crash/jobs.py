"""The jobs that faults strike, each with what must hold afterwards.

A new job is one line in `JOBS`: every sweep and every random kill then strikes it too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.crash import job, keeping, oracle


@dataclass(frozen=True)
class Job:
    """Something a process does to a place, and how to judge what it leaves."""

    work: Callable[[Path], object]
    check: Callable[[Path, int | None], None]
    """Is given the exit status, None for a process that could not tell."""
    first: Callable[[Path], object] | None = None  # done before, untouched by any fault

    def __str__(self) -> str:
        return self.work.__name__


JOBS = {
    str(each): each
    for each in (
        Job(job.back_up_tree, oracle.after_backup),
        Job(job.back_up_first, oracle.after_first_backup),
        Job(job.mirror, oracle.after_mirror, first=job.back_up_tree),
        Job(job.restore_latest, oracle.after_restore),
        Job(job.make, oracle.after_making),
        Job(keeping.rotate_client_key, keeping.after_rotating_a_client_s_key),
        Job(keeping.rotate_key, keeping.after_rotating_a_key),
        Job(keeping.rotate_master_key, keeping.after_rotating_the_master),
        Job(keeping.mark_old, keeping.after_marking, first=keeping.grow_old),
        Job(keeping.sweep_old, keeping.after_sweeping, first=keeping.mark_and_wait),
    )
}
