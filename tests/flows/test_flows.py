"""The flows' promises, on real tiny sites: everybody is accounted for, and told before judged."""

import shutil
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.client.schemas.objects import FlowRun

from baozhang.errors import ClientsUnprotectedError
from flows.backup import nightly_backup
from flows.restore_test import weekly_restore_test
from flows.validation import nightly_validation
from tests.flows.site import ledger
from tests.flows.walking import NIGHT, flip_a_byte, slip_in, statuses

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]

DAY = NIGHT.date()


def letter(home: Path, name: str) -> str:
    message = message_from_bytes((home / "state" / "outbox" / name).read_bytes(), policy=default)
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def runs_named(name: str) -> list[FlowRun]:
    with get_client(sync_client=True) as client:
        wanted = FlowRunFilter(name=FlowRunFilterName(any_=[name]))
        return client.read_flow_runs(flow_run_filter=wanted)


def test_a_good_night_completes_and_leaves_progress_table_and_link(home: Path) -> None:
    run = nightly_backup(DAY)

    assert statuses(run) == {"c001/main": "ok", "c002/main": "ok"}
    bar = Artifact.get("backup-progress")
    table = Artifact.get("backup-outcomes")
    link = Artifact.get("backup-letter")
    assert bar is not None
    assert bar.data == 100.0
    assert table is not None
    assert "c002" in str(table.data)
    assert link is not None
    assert "000001-night" in str(link.data)


def test_a_dead_client_leaves_the_others_protected_and_ends_the_run_after_the_letter(
    home: Path,
) -> None:
    shutil.rmtree(home / "books" / "c001")

    with pytest.raises(ClientsUnprotectedError) as caught:
        nightly_backup(DAY)

    assert caught.value.facts["sets"] == "c001/main"
    told = letter(home, "000001-night-en.eml")
    assert "c001/main" in told
    assert "1 fine, 1 in trouble" in told
    assert any(run.state_name == "Failed" for run in runs_named(f"backup {DAY}"))


def test_a_flow_without_a_day_is_for_the_day_of_its_start_in_shanghai(home: Path) -> None:
    run = nightly_backup(clients=["c001"])
    assert runs_named(f"backup {run.day}")


def test_validation_ends_as_failed_when_a_byte_was_flipped(home: Path) -> None:
    nightly_backup(DAY)
    flip_a_byte(home, "c002")

    with pytest.raises(ClientsUnprotectedError) as caught:
        nightly_validation(DAY, ["c001", "c002"])

    assert caught.value.facts["sets"] == "c002/*"
    assert "books/FEC2026.txt" in letter(home, "000001-validation-en.eml")


def test_a_restore_test_after_tampering_fails_and_the_letter_names_the_voucher(home: Path) -> None:
    nightly_backup(DAY)
    slip_in(home, "c001", ledger("100,00", "250,51"))

    with pytest.raises(ClientsUnprotectedError) as caught:
        weekly_restore_test(DAY, ["c001", "c002"])

    assert caught.value.facts["sets"] == "c001/main"
    assert "VE-2" in letter(home, "000001-restore-test-en.eml")


def test_a_night_on_which_nothing_is_due_completes(home: Path) -> None:
    nightly_backup(DAY)
    assert nightly_backup(DAY).outcomes == ()
