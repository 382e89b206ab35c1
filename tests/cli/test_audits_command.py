"""`baozhang audit` about audits, as it is typed; the log's own commands have tests beside it."""

import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from baozhang.cli.audit import register
from baozhang.clock import system_clock
from baozhang.errors import UsageError
from baozhang.governance.audits import audits_of
from baozhang.wiring import open_site
from tests.flows.approving import Devices
from tests.flows.auditing import audited, this_month, with_auditor
from tests.flows.site import make_site
from tests.flows.walking import night


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return with_auditor(make_site(tmp_path / "site", "c001"))


def typed(*words: str, keys: str = "", spoken: str = "en") -> Result:
    root = typer.Typer()
    register(root)
    root.callback()(lambda: None)
    return CliRunner().invoke(
        root, ["audit", *words], input=keys, env={"BAOZHANG_LANG": spoken, "COLUMNS": "160"}
    )


def told(*words: str) -> dict[str, object]:
    done = typed(*words, "--json")
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert isinstance(value, dict)
    return value


def test_run_makes_an_audit_and_says_what_to_do_next(home: Path) -> None:
    done = typed("run", "--period", this_month(), "--section", "a7", "--by", "zhao")
    assert done.exit_code == 0, done.output
    assert "may sign: zhao" in done.stdout


def test_a_trial_keeps_nothing(home: Path) -> None:
    value = told("run", "--period", this_month(), "--section", "A7", "--dry-run")
    assert value["statuses"] == {
        "proven": 0,
        "attested": 0,
        "stale": 0,
        "overdue": 0,
        "not evidenced": 6,
    }
    with open_site() as site:
        assert audits_of(site).all() == ()


def test_whoever_is_nobody_may_not_run_one(home: Path) -> None:
    assert isinstance(typed("run", "--by", "nobody").exception, UsageError)


def test_what_was_not_finished_is_gone_on_with(home: Path) -> None:
    audit = audited("A7")
    (audit.folder / "packed.json").unlink()
    assert told("run", "--go-on", audit.id)["stage"] == "packed"


def test_audits_are_listed_and_shown(home: Path) -> None:
    audit = audited("A7")
    assert [each["audit"] for each in told("list")["audits"]] == [audit.id]  # type: ignore[attr-defined]
    assert told("show", audit.id)["manifest"] == audit.packed().manifest
    assert "A7" in typed("list").stdout


def test_lines_are_filtered_by_section_and_status(home: Path) -> None:
    night()
    audit = audited("A1", "A7")
    every = told("lines", audit.id)["lines"]
    assert len(every) == 12  # type: ignore[arg-type]
    some = told("lines", "--section", "A7", "--status", "not evidenced")["lines"]
    assert [each["item"] for each in some] == [f"A7.{n}" for n in range(1, 7)]  # type: ignore[attr-defined]


def test_lines_are_those_that_the_audit_judged(home: Path) -> None:
    audit = audited("A7")
    (audit.folder / "auto.json").unlink()
    told_lines = told("lines", audit.id)["lines"]
    found = {each["item"]: each["status"] for each in told_lines}  # type: ignore[attr-defined]
    assert found == audit.verdict().statuses


def test_a_section_that_was_not_audited_has_no_lines(home: Path) -> None:
    audit = audited("A7")
    assert isinstance(typed("lines", audit.id, "--section", "A8").exception, UsageError)


@pytest.mark.parametrize(
    "more",
    [["--section", "A7"], ["--seed", "x"], ["--period", "2026-10"], ["--again"], ["--dry-run"]],
)
def test_gone_on_with_it_takes_no_other_wish(home: Path, more: list[str]) -> None:
    done = typed("run", "--go-on", "a-2026-10", *more)
    assert isinstance(done.exception, UsageError)
    assert "what it was asked to be" in str(done.exception)


def test_actions_of_nobody_are_refused(home: Path) -> None:
    assert isinstance(typed("actions", "--owner", "nobody").exception, UsageError)


def test_an_audit_of_a_sample_site_says_so(home: Path) -> None:
    agency = home / "agency.yaml"
    agency.write_text(agency.read_text("utf-8") + "sample: true\n", "utf-8")
    audit = audited("A7")
    assert told("show", audit.id)["sample"] is True
    for words in (("show", audit.id), ("lines", audit.id)):
        assert "样例" in typed(*words, spoken="zh_CN").stdout


def test_lines_are_shown_in_chinese(home: Path) -> None:
    audited("A7")
    done = typed("lines", spoken="zh_CN")
    assert "无证据" in done.stdout


def test_without_an_audit_there_are_no_lines(home: Path) -> None:
    assert isinstance(typed("lines").exception, UsageError)


def test_actions_are_shown_by_owner(home: Path) -> None:
    night()  # its letter was never written
    audited("A1")
    mine = told("actions", "--owner", "zhang")["actions"]
    assert mine
    assert {each["owner"] for each in mine} == {"zhang"}  # type: ignore[attr-defined]
    assert "zhang" in typed("actions").stdout


def test_a_signature_sends_the_letter(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    done = typed("sign", audit.id, "--person", "zhao", keys=f"{devices.code('zhao')}\n")
    assert done.exit_code == 0, done.output
    shown = told("show", audit.id)
    assert (shown["signed_by"], shown["letter"], shown["stage"]) == (["zhao"], 1, "published")


def test_a_refusal_sends_nothing(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    keys = f"{devices.code('zhao')}\n"
    assert typed("sign", audit.id, "--person", "zhao", "--refuse", keys=keys).exit_code == 0
    shown = told("show", audit.id)
    assert (shown["refused_by"], shown["letter"]) == (["zhao"], 0)


def test_a_pack_is_verified_without_a_site(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pack = audited("A7").pack.rename(home.parent / "pack.zip")
    monkeypatch.setenv("BAOZHANG_HOME", str(home.parent / "nowhere"))
    value = told("verify", str(pack))
    assert (value["holds"], value["statuses"]) == (True, {"not evidenced": 6})
    key = str(value["key"])
    assert told("verify", str(pack), "--fingerprint", key)["holds"] is True


def test_a_pack_of_another_key_ends_with_one(home: Path) -> None:
    done = typed("verify", str(audited("A7").pack), "--fingerprint", "0" * 64)
    assert done.exit_code == 1
    assert "another key" in done.stdout


def test_a_changed_pack_ends_with_one_and_says_what(home: Path) -> None:
    pack = audited("A7").pack
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 1
    pack.write_bytes(data)
    done = typed("verify", str(pack))
    assert done.exit_code == 1
    assert "was changed" in done.stdout


def test_what_is_no_fingerprint_is_refused(home: Path) -> None:
    done = typed("verify", str(audited("A7").pack), "--fingerprint", "12ab")
    assert isinstance(done.exception, UsageError)


def test_a_log_is_verified_as_before(home: Path) -> None:
    with open_site() as site:
        site.audit.append(actor="zhang", action="a.b", subject="c")
    assert told("verify", str(home / "state" / "audit"))["holds"] is True


def test_a_file_that_is_cut_to_nothing_is_no_pack(home: Path) -> None:
    file = home / "pack.zip"
    file.write_bytes(b"")
    done = typed("verify", str(file))
    assert (done.exit_code, "no evidence pack" in done.stdout) == (1, True)
