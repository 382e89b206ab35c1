"""`baozhang people` as it is typed: enrol alone, renew with proof, nobody resets a colleague."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from tests.flows.site import make_site

COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()", "people"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return make_site(tmp_path / "site")


def typed(*words: str, keys: str = "", spoken: str = "en") -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "BAOZHANG_LANG": spoken, "COLUMNS": "160"}
    return subprocess.run(
        [*COMMAND, *words], input=keys, capture_output=True, text=True, check=False, env=env
    )


class Device:
    """A telephone: it scans what is shown, and shows codes that were not used yet."""

    def __init__(self, person: str) -> None:
        self.person, self.secret, self.ahead = person, "", 0

    def enrol(self, *answers: str, witness: str = "") -> "subprocess.CompletedProcess[str]":
        """Answer what is asked first; then scan and type the code."""
        words = ["enrol", self.person, *(["--witness", witness] if witness else [])]
        with subprocess.Popen(
            [*COMMAND, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "BAOZHANG_LANG": "en", "PYTHONUNBUFFERED": "1"},
        ) as running:
            assert running.stdin
            assert running.stdout
            running.stdin.write("".join(f"{answer}\n" for answer in answers))
            running.stdin.flush()
            shown = ""
            for line in running.stdout:
                shown += line
                if found := re.search(r"Or type: (\w+)", line):
                    self.secret = found[1]
                    running.stdin.write(pyotp.TOTP(self.secret).now() + "\n")
                    running.stdin.flush()
                    self.ahead = 1  # the code of this step is used up
            _, told = running.communicate()
        return subprocess.CompletedProcess(words, running.returncode, shown, told)

    def code(self) -> str:
        """Return the next code that was not used; it may be one step ahead of the clock."""
        at = datetime.now(UTC) + timedelta(seconds=30 * self.ahead)
        self.ahead += 1
        return str(pyotp.TOTP(self.secret).at(at))


def test_who_enrols_alone_can_approve(home: Path) -> None:
    device = Device("zhang")
    assert device.enrol().returncode == 0
    people = json.loads(typed("list", "--json").stdout)["people"]
    assert {each["id"]: each["device"] for each in people} == {"zhang": True, "wang": False}
    assert typed("test", "zhang", keys=device.code() + "\n").returncode == 0


def test_a_wrong_code_takes_no_device_into_use(home: Path) -> None:
    refused = typed("enrol", "zhang", keys="000000\n")
    assert refused.returncode == 2
    assert "Scan this alone" in refused.stdout
    assert not (home / "state" / "people" / "zhang.json").exists()


def test_a_second_enrolment_wants_the_first_device(home: Path) -> None:
    device = Device("zhang")
    device.enrol()
    assert Device("zhang").enrol("000000").returncode == 2
    renewed = Device("zhang")
    assert renewed.enrol(device.code()).returncode == 0
    assert renewed.secret != device.secret


def test_taking_the_record_away_does_not_make_a_person_new(home: Path) -> None:
    Device("zhang").enrol()
    (home / "state" / "people" / "zhang.json").unlink()
    refused = typed("enrol", "zhang", keys="000000\n")
    assert refused.returncode == 2
    assert "not the one that was enrolled" in refused.stderr
    assert "Scan" not in refused.stdout


def test_a_sealed_code_renews_only_with_a_second_person(home: Path) -> None:
    device, other = Device("zhang"), Device("wang")
    device.enrol()
    other.enrol()
    shown = typed("seal", "zhang", keys=device.code() + "\n").stdout
    code = re.search(r"[A-Z2-7]{4}(-[A-Z2-7]{4}){13}", shown)
    assert code
    alone = Device("zhang").enrol(code[0])
    assert alone.returncode == 2
    assert "needs a second person" in alone.stderr
    assert Device("zhang").enrol(code[0], other.code(), witness="wang").returncode == 0


def test_the_audit_log_knows_devices_and_no_secrets(home: Path) -> None:
    device = Device("zhang")
    device.enrol()
    log = (home / "state" / "audit" / "log.jsonl").read_text()
    assert "person.enrolled" in log
    assert device.secret not in log


def test_a_stranger_is_refused_in_chinese(home: Path) -> None:
    refused = typed("enrol", "nobody", spoken="zh_CN")
    assert refused.returncode == 2
    assert "不是" in refused.stderr or "没有" in refused.stderr
