"""The half of `baozhang approve` that knows the orchestrator: loaded when a run may be woken."""

from baozhang.incidents.incidents import Incident
from tasks.waiting import Woken, resume_waiting


def wake(incident: Incident, gate: str) -> Woken:
    """Wake the run that waits at a gate, if there is one and its server answers."""
    return resume_waiting(incident, gate)
