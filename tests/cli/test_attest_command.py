"""`baozhang attest` as it is typed: hand in, check, what is refused, what is listed."""

import io
import json
import os
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from baozhang.cli import main
from baozhang.clock import business_day, system_clock
from baozhang.governance.obligations import FIRST_DUES, FirstDue, row_of
from baozhang.governance.offices import CONTRACTS, TRAINING, Contract, Training
from baozhang.wiring import open_site
from tests.flows.approving import Devices
from tests.governance.offices import PLAN, a_proof, an_office, owing, request_files
from tests.governance.proof_files import laid

COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()", "attest"]


class Ended(NamedTuple):
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


def typed(*words: object, keys: str = "", spoken: str = "en") -> Ended:
    """Run the command inside this process: another one takes a second to begin."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patched, redirect_stdout(out), redirect_stderr(err):
        patched.setattr(sys, "argv", ["baozhang", "attest", *map(str, words)])
        patched.setattr(sys, "stdin", io.StringIO(keys))
        patched.setenv("BAOZHANG_LANG", spoken)
        patched.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as caught:
            main()
    assert isinstance(caught.value.code, int)
    return Ended(caught.value.code, out.getvalue(), err.getvalue())


def typed_outside(*words: object, keys: str = "") -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "BAOZHANG_LANG": "en", "COLUMNS": "200"}
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        input=keys,
        capture_output=True,
        text=True,
        check=False,
        env=env,
    )


def value(*words: object, keys: str = "") -> dict[str, object]:
    done = typed(*words, "--json", keys=keys)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


class Clock:
    """The machine's clock, for devices."""

    def __call__(self) -> datetime:
        return system_clock()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return tmp_path / "site"


@pytest.fixture
def devices(home: Path) -> Devices:
    return an_office(home, Clock())


def due_in(home: Path, days: int) -> None:
    today = business_day(datetime.now(UTC))
    with open_site(home) as site:
        day = FirstDue(obligation=PLAN, first=today + timedelta(days=days), since=today)
        FIRST_DUES.put(site, {row_of(PLAN): day}, by="li")


def test_with_a_code_proof_is_handed_in_and_checked(devices: Devices, tmp_path: Path) -> None:
    proof = a_proof(tmp_path)
    made = value(
        *("submit", "--control", PLAN, "--person", "zhang", "--proof", proof),
        keys=f"{devices.early('zhang')}\n",
    )
    assert (made["attestation"], made["verdict"]) == ("a-001", "handed in")
    waits = value("list", "--waiting")["obligations"]
    assert [each["id"] for each in waits] == [PLAN]  # type: ignore[attr-defined]
    checked = value("check", "a-001", "--by", "wang", keys=f"{devices.early('wang')}\n")
    assert (checked["verdict"], checked["checked_by"]) == ("accepted", "wang")
    shown = value("show", PLAN)
    assert (shown["state"], shown["attestations"]) == ("attested", "a-001")


def test_with_the_file_of_the_letter_no_code_is_asked_for(
    home: Path, devices: Devices, tmp_path: Path
) -> None:
    due_in(home, 5)
    value("run")  # on a working day the plan of the first year asks for more
    with open_site(home) as site:
        files = request_files(site, tmp_path)
    (file,) = [each for each in files if json.loads(each.read_text("utf-8"))["obligation"] == PLAN]
    made = value("submit", file, "--proof", a_proof(tmp_path))
    assert (made["attestation"], made["by"]) == ("a-001", "zhang")
    asked = value("requests")["requests"]
    used = [each["obligation"] for each in asked if each["attestation"]]  # type: ignore[attr-defined]
    assert used == [PLAN]


def test_a_dry_run_writes_nothing(home: Path, devices: Devices) -> None:
    due_in(home, 5)
    assert value("run", "--dry-run")["asked_now"] == [PLAN]
    assert value("requests") == {"requests": []}


def test_a_proof_that_is_none_ends_with_two_and_is_named(devices: Devices, tmp_path: Path) -> None:
    empty = laid(tmp_path, "empty.pdf", b"")
    done = typed_outside(
        *("submit", "--control", PLAN, "--person", "zhang", "--proof", empty),
        keys=f"{devices.early('zhang')}\n",
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: proof empty.pdf is empty" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("submit",),
        ("submit", "request.json", "--control", PLAN),
        ("submit", "request.json", "--person", "zhang"),
        ("submit", "--control", PLAN, "--person", "zhang", "--again", "because"),
        ("reject", "a-001", "--by", "wang", "--reason", "dislike"),
        ("show", "a-999"),
        ("check", "a-999", "--by", "wang"),
        ("export", "salaries", "--to", "x.csv"),
    ],
)
def test_what_cannot_be_done_ends_with_two_and_a_hint(
    devices: Devices, words: tuple[str, ...]
) -> None:
    done = typed(*words)
    assert done.returncode == 2
    assert "hint: " in done.stderr


def test_a_changed_proof_makes_the_run_end_with_one(
    home: Path, devices: Devices, tmp_path: Path
) -> None:
    proof = a_proof(tmp_path)
    keys = f"{devices.early('zhang')}\n"
    value("submit", "--control", PLAN, "--person", "zhang", "--proof", proof, keys=keys)
    kept = next(p for p in (home / "state" / "attestations").iterdir() if p.is_file())
    kept.write_bytes(b"else")
    done = typed("run", "--json")
    assert (done.returncode, json.loads(done.stdout)["broken"]) == (1, ["a-001"])


def test_the_year_is_shown_month_by_month(devices: Devices) -> None:
    months = value("plan", "--make")["plan"]
    assert len(months) >= 11  # type: ignore[arg-type]
    assert set(months[0]) > {"month"}  # type: ignore[index]


def test_a_list_is_written_as_a_table_that_can_be_handed_in(
    home: Path, devices: Devices, tmp_path: Path
) -> None:
    day = business_day(datetime.now(UTC))
    with open_site(home) as site:
        row = Training(person="zhang", course="=防勒索", planned=day, attended=day, passed=True)
        TRAINING.put(site, {"t-001": row}, by="li")
    to = tmp_path / "training.xlsx"
    assert value("export", "training", "--to", to)["rows"] == 1
    made = value(
        *("submit", "--control", PLAN, "--person", "zhang", "--proof", to),
        keys=f"{devices.early('zhang')}\n",
    )
    assert made["verdict"] == "handed in"


def test_lists_say_what_runs_out(home: Path, devices: Devices) -> None:
    today = business_day(datetime.now(UTC))
    with open_site(home) as site:
        end = today + timedelta(days=70)
        row = Contract(
            party="平安", kind="insurance", begin=today, end=end, conditions=("每日备份",)
        )
        CONTRACTS.put(site, {"c-001": row}, by="li")
    found = value("contracts")["contracts"][0]  # type: ignore[index]
    assert (found["state"], found["until"]) == ("soon", end.isoformat())


def test_a_person_reads_chinese(home: Path, devices: Devices) -> None:
    with open_site(home) as site:
        owing(site, day="2020-01-01")
    shown = typed("list", "--overdue", spoken="zh_CN").stdout
    assert "机房门禁年检" in shown
    assert "逾期" in shown
    assert not re.search(r"overdue|due by", shown)
