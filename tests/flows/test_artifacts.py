"""What the run's page shows: ids and sentences, never the names of files."""

from datetime import UTC, date, datetime

import pytest

from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.masking import Gate
from tasks.artifacts import key, row

NOW = datetime(2026, 7, 31, 14, tzinfo=UTC)
DAMAGED = Finding(
    "{object} in {place} is damaged; backup points {snapshots}, files {files}",
    (("object", "packs/9f"), ("place", "/vault"), ("snapshots", "main-1"), ("files", "张三.xls")),
)


@pytest.mark.parametrize("duty", ["backup", "validation", "restore_test"])
def test_keys_hold_only_what_the_server_accepts(duty: str) -> None:
    run = Run("any", duty, date(2026, 7, 31))  # type: ignore[arg-type]
    assert set(key(run, "outcomes")) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_names_of_files_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    outcome = Outcome("run", "validation", "c001", "*", "failed", NOW, NOW, findings=(DAMAGED,))
    told = str(row(outcome, str)["to look at"])
    assert "packs/9f" in told
    assert "张三" not in told


def test_what_a_sentence_quotes_goes_through_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    said = Finding("the system said: {reason}", (("reason", "no room for 6222021234567890123"),))
    outcome = Outcome("run", "backup", "c001", "main", "failed", NOW, NOW, findings=(said,))
    told = str(row(outcome, Gate(()).masked)["to look at"])
    assert told == "the system said: no room for 62***************23"
