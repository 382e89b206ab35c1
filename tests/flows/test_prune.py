"""Pruning: what the file no longer holds leaves the server, and nothing else does."""

from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule

from tools.deployments import FILE, prune

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]

BACKUP = "flows.backup.nightly_backup"


def deploy(client: SyncPrefectClient, name: str, entrypoint: str, *slugs: str) -> UUID:
    flow = client.create_flow_from_name(f"flow-of-{name}")
    schedules = [
        DeploymentScheduleCreate(
            schedule=CronSchedule(cron="0 22 * * *", timezone="Asia/Shanghai"), slug=slug
        )
        for slug in slugs
    ]
    return client.create_deployment(flow, name, entrypoint=entrypoint, schedules=schedules)


def names(client: SyncPrefectClient) -> set[str]:
    return {each.name for each in client.read_deployments()}


def test_a_deployment_the_file_no_longer_holds_is_removed() -> None:
    with get_client(sync_client=True) as client:
        deploy(client, "monthly", "flows.cost.monthly_cost")
        assert prune(FILE, client) == ["deployment monthly"]
        assert "monthly" not in names(client)


def test_a_schedule_the_file_no_longer_holds_is_removed() -> None:
    with get_client(sync_client=True) as client:
        backup = deploy(client, "backup", BACKUP, "every-night", "every-noon")
        assert prune(FILE, client) == ["schedule every-noon of backup"]
        assert [s.slug for s in client.read_deployment_schedules(backup)] == ["every-night"]


def test_what_is_not_ours_stays() -> None:
    with get_client(sync_client=True) as client:
        deploy(client, "theirs", "elsewhere.flows.report")
        assert prune(FILE, client) == []
        assert "theirs" in names(client)


def test_pruning_a_server_that_agrees_changes_nothing(tmp_path: Path) -> None:
    with get_client(sync_client=True) as client:
        deploy(client, "backup", BACKUP, "every-night")
        assert prune(FILE, client) == []
