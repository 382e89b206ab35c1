"""Mirrors and witnesses in the night's duties: what lags or was put back is told, never passed."""

import json
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.catalog.model import Finding, Outcome, Run
from baozhang.cli import main
from baozhang.clock import SHANGHAI
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.backup import back_up_pair, copy_to_mirrors, copy_vault, plan_backup, save_journal
from tasks.batches import Pair
from tasks.freshness import check_witness, keep_witness
from tasks.record import gather
from tasks.validation import verify_own
from tests.flows.site import AGENCY
from tests.flows.walking import begun, flip_a_byte, night


def whole_night() -> Run:
    """Walk the steps of a night, all of them."""
    run = begun("backup")
    doubts = check_witness.fn(run)
    backed_up = night()
    beside = keep_witness.fn(run, doubts) + copy_to_mirrors.fn(run)
    done = gather.fn(run, [], (*backed_up.outcomes, *beside))
    save_journal.fn(done)
    return done


@pytest.fixture
def kept(home: Path) -> Path:
    """A site after its first whole night."""
    assert whole_night().troubled == ()
    return home


def with_mirror(home: Path, mirror: str) -> None:
    text = AGENCY.replace("mirrors: [mirror]", f"mirrors: [{mirror}]")
    assert text != AGENCY
    (home / "agency.yaml").write_text(text, "utf-8")


def hours_from_now(first: int, last: int) -> str:
    now = datetime.now(UTC).astimezone(SHANGHAI)
    ends = (now + timedelta(hours=first), now + timedelta(hours=last))
    return "-".join(f"{end:%H:%M}" for end in ends)


def told(*outcomes: Outcome) -> list[str]:
    return [say(f.template, spoken="en", **dict(f.facts)) for o in outcomes for f in o.findings]


def put_back(home: Path, then: Path) -> None:
    shutil.rmtree(home / "vault")
    shutil.copytree(then, home / "vault")


@pytest.fixture
def older(kept: Path, tmp_path: Path) -> Path:
    """The vault as it was before a second night, put back in its place; mirror and all else not."""
    shutil.copytree(kept / "vault", tmp_path / "then")
    for client in ("c001", "c002"):
        book = kept / "books" / client / "FEC2026.txt"
        book.write_text(book.read_text("utf-8").replace("100,00", "101,00"), "utf-8")
    run = night("c001", "c002")
    assert keep_witness.fn(run, ()) == copy_to_mirrors.fn(run) == ()
    put_back(kept, tmp_path / "then")
    return kept


def test_a_mirror_outside_its_hours_is_partial_and_says_when_it_goes_on(home: Path) -> None:
    hours = hours_from_now(6, 7)
    with_mirror(home, f'{{url: mirror, window: "{hours}"}}')
    run = night()
    (outcome,) = copy_to_mirrors.fn(run)
    assert (outcome.set, outcome.status) == ("main-mirror-1", "partial")
    assert [found.severity for found in outcome.findings] == ["warning", "info"]
    assert hours in told(outcome)[1]
    assert "2 backup points of 2 clients have one copy less" in told(outcome)[0]
    figures = dict(outcome.figures)
    assert (figures["mirror_objects"], figures["lag_clients"], figures["lag_snapshots"]) == (
        0,
        2,
        2,
    )
    assert list((home / "mirror").rglob("*")) == []


def test_within_its_hours_and_under_its_limit_a_mirror_is_copied(home: Path) -> None:
    with_mirror(home, f'{{url: mirror, limit: 1Gbit/s, window: "{hours_from_now(-2, 2)}"}}')
    assert copy_to_mirrors.fn(night()) == ()
    assert list((home / "mirror").glob("c/*/commit/*/*"))


def test_damage_holds_back_one_client_and_is_failed(home: Path) -> None:
    run = night()
    flip_a_byte(home, "c001")
    (outcome,) = copy_to_mirrors.fn(run)
    assert outcome.status == "failed"
    assert dict(outcome.figures)["lag_clients"] == 1
    assert "a damaged object was not copied" in told(outcome)[1]
    assert len(list((home / "mirror").glob("c/*/commit/*/*"))) == 1


def test_of_two_mirrors_the_one_that_answers_is_complete(home: Path) -> None:
    with_mirror(home, "gone, mirror")
    run = night()
    (outcome,) = copy_to_mirrors.fn(run)
    assert (outcome.set, outcome.status) == ("main-mirror-1", "failed")
    assert len(list((home / "mirror").glob("c/*/commit/*/*"))) == 2


def test_a_copy_is_written_down_in_the_audit_log(kept: Path) -> None:
    with open_site() as site:
        copy_vault(site, begun("backup"), "main", 1, site.mirrors_named("main")[0])
    log = (kept / "state" / "audit" / "log.jsonl").read_text("utf-8")
    assert '"mirror.copied"' in log


def test_a_mirror_that_was_told_of_does_not_stop_the_journal(home: Path) -> None:
    with_mirror(home, "gone, mirror")
    assert [each.set for each in whole_night().troubled] == ["main-mirror-1"]
    assert len(list((home / "mirror").glob("c/*/commit/*/*"))) == 3


def test_a_mirror_that_waits_for_its_hours_is_not_seeded_with_the_journal(home: Path) -> None:
    with_mirror(home, f'{{url: mirror, window: "{hours_from_now(6, 7)}"}}')
    whole_night()
    assert list((home / "mirror").rglob("*")) == []


def test_a_night_leaves_a_witness_that_finds_nothing(kept: Path) -> None:
    assert (kept / "state" / "witness" / "main.json").is_file()
    assert check_witness.fn(begun("backup")) == ()
    assert verify_own.fn(begun("validation")) == ()


def test_the_witness_may_lie_elsewhere(home: Path, tmp_path: Path) -> None:
    text = AGENCY + f"witness: {tmp_path}/usb\n"
    (tmp_path / "usb").mkdir()
    (home / "agency.yaml").write_text(text, "utf-8")
    whole_night()
    assert (tmp_path / "usb" / "main.json").is_file()
    assert not (home / "state" / "witness").exists()


def test_a_witness_on_a_disk_that_is_not_mounted_is_told_and_not_made_anew(
    home: Path, tmp_path: Path
) -> None:
    (home / "agency.yaml").write_text(AGENCY + f"witness: {tmp_path}/usb\n", "utf-8")
    assert [(o.set, o.status) for o in whole_night().troubled] == [("main-witness", "failed")]
    assert not (tmp_path / "usb").exists()


def test_a_vault_that_was_put_back_is_found_before_the_backup_and_stays_found(older: Path) -> None:
    (outcome,) = check_witness.fn(begun("backup"))
    assert (outcome.client, outcome.set, outcome.status) == ("_agency", "main-witness", "failed")
    assert all("was put back" in line for line in told(outcome)[:1])
    run = whole_night()
    assert "main-witness" in {each.set for each in run.troubled}
    (again,) = check_witness.fn(begun("backup"))
    assert again.status == "failed"


def test_a_vault_that_was_put_back_is_backed_up_to_all_the_same(older: Path) -> None:
    backed_up = [o for o in whole_night().outcomes if o.client != "_agency"]
    assert all(each.status == "ok" for each in backed_up)


def test_validation_finds_a_vault_that_was_put_back(older: Path) -> None:
    (outcome,) = verify_own.fn(begun("validation"))
    assert outcome.status == "failed"
    assert any("was put back" in line for line in told(outcome))


def test_without_its_witness_a_vault_that_was_put_back_is_found_by_its_mirror(older: Path) -> None:
    shutil.rmtree(older / "state" / "witness")
    (outcome,) = check_witness.fn(begun("backup"))
    lines = told(outcome)
    assert "there is no witness" in lines[0]
    assert sum("the mirror" in line for line in lines) == 2


def test_a_witness_that_vanished_is_told_once_and_made_again(kept: Path) -> None:
    shutil.rmtree(kept / "state" / "witness")
    run = whole_night()
    (outcome,) = run.troubled
    assert (outcome.set, outcome.status) == ("main-witness", "partial")
    assert whole_night().troubled == ()


def test_a_forged_witness_is_told_and_left_as_it_is(kept: Path) -> None:
    (kept / "state" / "witness" / "main.json").write_bytes(b"forged")
    run = whole_night()
    assert [(each.set, each.status) for each in run.troubled] == [("main-witness", "failed")]
    assert (kept / "state" / "witness" / "main.json").read_bytes() == b"forged"


def test_a_witness_that_cannot_be_written_is_told(home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "witness").write_text("a file in the way")
    run = whole_night()
    assert [(each.set, each.status) for each in run.troubled] == [("main-witness", "failed")]


def test_many_alarms_are_counted(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.freshness.MOST_ALARMS", 1)
    for commit in (kept / "vault").glob("c/*/commit/*/*"):
        commit.unlink()
    (outcome,) = check_witness.fn(begun("backup"))
    assert told(outcome)[-1] == "the same is true of 5 sets more"


def test_a_reread_takes_every_set_due_or_not_and_reads_every_byte(home: Path) -> None:
    night()
    run = begun("backup")
    assert plan_backup.fn(run, None) == []
    pairs = [pair for batch in plan_backup.fn(run, None, everyone=True) for pair in batch]
    assert pairs == [Pair("c001", "main"), Pair("c002", "main")]
    later = datetime(2126, 7, 31, tzinfo=UTC)  # nothing counts as just written
    with open_site(clock=lambda: later) as site:
        back_up_pair(site, run, pairs[1])
        usual = back_up_pair(site, run, pairs[1])
        reread = back_up_pair(site, run, pairs[1], reread=True)
    size = (home / "books" / "c002" / "FEC2026.txt").stat().st_size
    assert dict(usual.figures)["bytes_read"] == 0
    assert dict(reread.figures)["bytes_read"] == size


Command = Callable[..., tuple[int, str]]


@pytest.fixture
def chinese(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """Run one command line in Chinese in this process: exit code and output."""

    def ran(*words: str) -> tuple[int, str]:
        monkeypatch.setenv("BAOZHANG_LANG", "zh_CN")
        monkeypatch.setattr(sys, "argv", ["baozhang", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), capsys.readouterr().out

    return ran


def test_the_night_letter_tells_in_chinese_that_a_vault_was_put_back(
    older: Path, chinese: Command
) -> None:
    code, out = chinese("backup", "--json")
    value = json.loads(out)
    assert code == 1
    told = [f["message"] for o in value["outcomes"] for f in o["findings"]]
    assert any("客户 c001 的备份集 main 被换回了旧状态" in line for line in told)
    letters = [Path(path).read_bytes() for path in value["letters"]]
    assert letters


def test_the_command_line_rereads_too(home: Path, chinese: Command) -> None:
    assert chinese("backup", "--json")[0] == 0
    assert json.loads(chinese("backup", "--json")[1])["outcomes"] == []
    code, out = chinese("backup", "--reread", "--json")
    assert code == 0
    assert [o["figures"]["bytes_read"] > 0 for o in json.loads(out)["outcomes"]] == [True, True]


def test_every_finding_here_has_a_chinese_twin(kept: Path) -> None:
    shutil.rmtree(kept / "vault")
    outcomes = check_witness.fn(begun("backup")) + copy_to_mirrors.fn(begun("backup"))
    findings: list[Finding] = [f for each in outcomes for f in each.findings]
    assert findings
    for found in findings:
        for text in filter(None, (found.template, found.hint)):
            assert say(text, spoken="zh_CN", **dict(found.facts)) != say(
                text, spoken="en", **dict(found.facts)
            )
