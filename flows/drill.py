"""Drill: broken on purpose in a sandbox, recovered by the real code, scored and reported.

    scenario named, or planned for now? ─► play ─► report ─► verdict
                     └── neither: nothing to do

An hourly look at the drill plan starts what is planned, surprises included; nothing of the real
site is touched.

Runbook for people: docs/runbooks/drill.md
"""

from typing import Literal

from prefect import flow

from tasks.drill_planning import conclude_drill, named_drill, play_drill, report_drill
from tasks.gate import mask_logs

Scenario = Literal[
    "cloud-lost",
    "deleted-vouchers",
    "disk-failure",
    "key-lost",
    "leaked-data",
    "leaver",
    "lost-folder",
    "month-end-power-cut",
    "ransomware-fast",
    "ransomware-slow",
    "usb-lost",
    "vault-damage",
    "wrong-year",
]
"""What the form offers; a test holds it to the scenarios there are."""


@flow(name="drill", flow_run_name=named_drill)
def drill(scenario: Scenario | None = None) -> str:
    """Run one drill.

    Args:
        scenario: which one; None: what the plan wants now, which is mostly nothing.

    Returns:
        The drill's id, "" where there was nothing to do.

    Raises:
        DrillNotPassedError: something was not found, or a target was not reached; the report is
            out by then.
    """
    mask_logs()
    played = play_drill(scenario)
    return conclude_drill(played, passed=report_drill(played)) if played else played
