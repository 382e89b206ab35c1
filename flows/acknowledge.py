"""Acknowledging an alert from the Prefect UI: a form with two fields.

    form ──► acknowledge

Runbook for people: docs/runbooks/alert.md
"""

from prefect import flow
from pydantic import BaseModel, ConfigDict, Field

from tasks.gate import mask_logs
from tasks.watch import acknowledge_alert


class Acknowledgement(BaseModel):
    """Who is looking at which alert."""

    model_config = ConfigDict(frozen=True)

    alert: str = Field(title="告警编号", description="例如 0731-8f3a", max_length=70)
    person: str = Field(title="确认人", description="本人在 agency.yaml 里的编号", max_length=63)


@flow(name="acknowledge")
def acknowledge(form: Acknowledgement) -> str:
    """Say that somebody is looking at an alert, so that it goes no further up.

    Args:
        form: the alert and the person.

    Returns:
        The alert's state.

    Raises:
        UsageError: no such alert, or nobody of the agency.
    """
    mask_logs()
    return acknowledge_alert(form.alert, form.person)
