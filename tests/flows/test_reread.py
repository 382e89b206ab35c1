"""Once a month every file is read again, whatever its time stamps say."""

from datetime import UTC, datetime, timedelta
from typing import Any

import yaml
from cronsim import CronSim

from baozhang.clock import SHANGHAI
from flows.backup import nightly_backup
from tools.deployments import FILE, lint


def deployment(name: str) -> dict[str, Any]:
    found = yaml.safe_load(FILE.read_text("utf-8"))["deployments"]
    return next(each for each in found if each["name"] == name)


def test_the_file_is_clean() -> None:
    assert lint(FILE.read_text("utf-8")) == []


def test_the_reread_is_the_nightly_backup_with_one_parameter() -> None:
    reread, nightly = deployment("backup-reread"), deployment("backup")
    assert reread["entrypoint"] == nightly["entrypoint"]
    assert reread["parameters"] == {"reread": True}
    assert "reread" in nightly_backup.parameters.properties


def test_it_runs_on_the_first_saturday_of_each_month_and_not_when_the_nightly_one_does() -> None:
    (schedule,) = deployment("backup-reread")["schedules"]
    (nightly,) = deployment("backup")["schedules"]
    assert schedule["timezone"] == "Asia/Shanghai"
    runs = CronSim(schedule["cron"], datetime(2026, 1, 1, tzinfo=UTC).astimezone(SHANGHAI))
    days = [next(runs) for _ in range(24)]
    assert all(day.weekday() == 5 and day.day <= 7 for day in days)
    assert len({(day.year, day.month) for day in days}) == 24
    for day in days:
        following = next(CronSim(nightly["cron"], day))
        assert following - day >= timedelta(hours=6)
