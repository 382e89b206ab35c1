"""`baozhang point` as it is typed, on a real site."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.flows.site import ledger, make_site
from tests.flows.walking import night

COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()", "point"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    made = make_site(tmp_path / "site", "c001")
    book = made / "books" / "c001" / "FEC2026.txt"
    for vouchers in (40, 40, 5):
        book.write_text(ledger(*["1,00"] * vouchers), "utf-8")
        night("c001")
    return made


def typed(*words: str, spoken: str = "en") -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "BAOZHANG_LANG": spoken, "COLUMNS": "160"}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, env=env)


def listed() -> list[dict[str, object]]:
    value = json.loads(typed("list", "c001", "--json").stdout)
    points: list[dict[str, object]] = value["points"]
    return points


def test_points_come_newest_first_with_what_is_thought_of_them(home: Path) -> None:
    assert [(each["state"], each["last_clean"]) for each in listed()] == [
        ("suspicious", False),
        ("normal", True),
        ("unknown", False),
    ]


def test_a_person_sees_why_in_chinese(home: Path) -> None:
    shown = typed("list", "c001", spoken="zh_CN").stdout
    assert "可疑" in shown
    assert "分录中有 70 条不见了" in shown


def test_an_accepted_point_is_the_last_clean_one(home: Path) -> None:
    newest = str(listed()[0]["id"])
    assert typed("accept", "c001", newest, "--by", "zhang", "--reason", "重做").returncode == 0
    newest_now = listed()[0]
    assert (newest_now["state"], newest_now["last_clean"]) == ("accepted", True)


def test_a_point_that_is_not_there_is_refused(home: Path) -> None:
    ran = typed("accept", "c001", "main-000009-00000000", "--by", "zhang", "--reason", "x")
    assert (ran.returncode, "no backup point" in ran.stderr) == (2, True)
