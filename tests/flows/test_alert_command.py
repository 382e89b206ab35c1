"""`baozhang ack`, `alert` and `watch`: what a person types, and what cron reads."""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from baozhang.cli import main
from tasks.gate import Masked
from tests.flows.alerting import Office, secret, with_bots
from tests.notify.server import messenger

Told = Callable[..., tuple[int, Any]]
Said = Callable[..., str]


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with messenger() as bots:
        with_bots(home, bots)
        bots.now = time.time
        yield Office(home, bots)
    Masked.remove()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Said:
    """Run one command line in this process: exit code in front of what it wrote."""

    def ran(*words: str | Path) -> str:
        monkeypatch.setattr(sys, "argv", ["baozhang", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main()
        wrote = capsys.readouterr()
        return f"{ended.value.code} {wrote.out}{wrote.err if ended.value.code == 0 else ''}"

    return ran


@pytest.fixture
def told(said: Said) -> Told:
    """Run a command with --json; return its exit code and its object."""

    def ran(*words: str | Path) -> tuple[int, Any]:
        code, _, out = said(*words, "--json").partition(" ")
        return int(code), json.loads(out.splitlines()[0])

    return ran


def test_an_alert_is_watched_listed_acknowledged_and_shown(
    office: Office, told: Told, said: Said
) -> None:
    office.ran(c001="failed")
    code, found = told("watch")
    (alert,) = found["open"]
    assert (code, found["heartbeat"], len(office.bots.texts)) == (1, False, 2)
    assert alert in said("alert", "list")

    assert told("ack", alert, "--by", "zhang") == (
        0,
        {"alert": alert, "state": "acknowledged", "by": "zhang"},
    )
    _, shown = told("alert", "show", alert)
    assert shown["state"] == "acknowledged"
    assert [event["what"] for event in shown["events"]][-1] == "acknowledged"
    assert "acknowledged by zhang" in said("alert", "show", alert)


def test_whoever_is_nobody_cannot_acknowledge(office: Office, told: Told) -> None:
    assert told("ack", "0731-ffff", "--by", "nobody")[0] == 2


def test_an_alert_that_is_none_is_a_usage_error(office: Office, told: Told) -> None:
    assert told("alert", "show", "0731-ffff")[0] == 2


def test_a_test_reaches_every_bot_and_the_heartbeat(office: Office, told: Told) -> None:
    code, found = told("alert", "test")
    assert (code, found["carriers"]) == (0, {"duty": "", "boss": "", "heartbeat": ""})
    assert len(office.bots.texts) == 2


def test_a_test_names_the_bot_that_fails_and_what_to_do(office: Office, said: Said) -> None:
    secret(office.home, "dingtalk.secret", "another")
    text = said("alert", "test")
    assert text.startswith("1 ")
    assert "✗ boss" in text
    assert "310000" in text
    assert "Compare" in text
    assert "access_token" not in text


def test_another_machine_hears_of_silence_from_a_copy_alone(
    office: Office, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for period in ("2020-01-01", "2020-01-02"):
        office.wrote("night", period)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    copy = elsewhere / "catalog.db"
    shutil.copy(office.home / "state" / "catalog.db", copy)
    before = copy.read_bytes()
    shutil.rmtree(office.home)
    monkeypatch.delenv("BAOZHANG_HOME")
    memory = elsewhere / "seen.json"
    memory.write_text(
        '{"since": "2020-01-01T00:00:00+00:00", "last": "2020-01-01T00:00:00+00:00",'
        ' "letters": {"night": 5}}'
    )
    code, found = told("watch", "--catalog", copy, "--memory", memory)
    kinds = {(each["kind"], each["subject"]) for each in found["silent"]}
    assert code == 1
    assert ("silence", "night") in kinds
    assert ("lost", "night") in kinds
    assert copy.read_bytes() == before


def test_a_catalog_that_is_not_there_cannot_be_looked_at(told: Told, tmp_path: Path) -> None:
    assert told("watch", "--catalog", tmp_path / "none.db")[0] == 3
    assert not (tmp_path / "none.db").exists()


def test_a_memory_without_a_catalog_is_a_usage_error(told: Told, tmp_path: Path) -> None:
    assert told("watch", "--memory", tmp_path / "seen.json")[0] == 2
