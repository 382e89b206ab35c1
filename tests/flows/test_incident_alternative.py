"""Account books to go on with: of the last clean point, of the right client, in custody, proven."""

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from baozhang.audit.verification import lines_of
from baozhang.errors import BaozhangError, ProofFailedError, StoreFullError, UsageError
from baozhang.incidents.custody import held, history
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Plan
from baozhang.incidents.quarantine import RESTORED, place_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident_alternative import Offered, offer
from tasks.incident_walk import walk
from tests.crash.dying import in_child
from tests.faults.disks import in_memory, why_no_mounts
from tests.faults.publishing import not_run
from tests.flows.recovering import ACTOR, Team, book, opened
from tests.flows.site import ledger
from tests.flows.walking import flip_a_byte, night, slip_in

LOST = ledger("100,00").encode()
COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()", "incident", "books"]


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    night("c001", "c002")
    with open_site(home) as opened:
        yield opened


@pytest.fixture
def team(site: Site) -> Team:
    return Team(site)


@pytest.fixture
def incident(site: Site, home: Path) -> Incident:
    """The second voucher is lost."""
    book(home).write_bytes(LOST)
    return opened(site)


def offered(site: Site, incident: Incident, team: Team, into: Path) -> Offered:
    code = team.devices.code("zhang")
    return offer(site, incident, "c001", "main", into, person="zhang", code=code)


def journal(into: Path) -> list[list[str]]:
    with (into / "book-1" / "序时账.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_the_books_are_those_of_before_the_loss(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    done = offered(site, incident, team, tmp_path / "out")
    assert (done.books, done.vouchers, done.lines) == (1, 2, 4)
    banner, _, *rows = journal(tmp_path / "out")
    assert [row[9] for row in rows if row[9]] == ["100.00", "250.50"]
    assert banner[0].endswith(f"事件 {incident.id}")


def test_nothing_waits_for_a_plan_and_nothing_in_use_is_touched(
    site: Site, incident: Incident, team: Team, home: Path, tmp_path: Path
) -> None:
    offered(site, incident, team, tmp_path / "out")
    assert not incident.has("plan")
    assert book(home).read_bytes() == LOST


def test_what_was_handed_on_is_in_custody_for_a_week(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    done = offered(site, incident, team, tmp_path / "out")
    (copy,) = held(site)
    assert (copy.copy.id, copy.path, copy.copy.opener) == (done.copy, tmp_path / "out", "zhang")
    assert copy.copy.due - copy.copy.opened == timedelta(days=7)
    assert incident.id in copy.copy.reason


def test_the_restored_copy_it_was_made_from_is_destroyed_with_a_proof(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    offered(site, incident, team, tmp_path / "out")
    (end,) = [known.end for known in history(site) if known.end]
    assert (end.how, end.files) == ("removed", 1)
    assert not place_of(site, incident, "c001", "main", "books").exists()


def test_the_incident_and_the_audit_log_know_of_it(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    done = offered(site, incident, team, tmp_path / "out")
    (note,) = [event for event in incident.journal.events() if event.kind == "note"]
    assert (note.actor, note.facts["copy"], note.facts["client"]) == ("zhang", done.copy, "c001")
    lines = [line for _, line in lines_of(site.home / "state" / "audit")]
    assert any(b"books.offered" in line for line in lines)


def test_others_on_this_machine_cannot_read_it(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    offered(site, incident, team, tmp_path / "out")
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o700


# --- what is refused ------------------------------------------------------------------------------


def refused(site: Site, incident: Incident, **changed: object) -> UsageError:
    """Return why nothing is handed on; a code is not used up, and nothing is left."""
    asked = {"client": "c001", "set_name": "main", "person": "zhang", "code": "", **changed}
    into = asked.pop("into")
    assert isinstance(into, Path)
    with pytest.raises(UsageError) as caught:
        offer(site, incident, into=into, **asked)  # type: ignore[arg-type]
    assert held(site) == ()
    assert not list(into.rglob("book-*"))
    return caught.value


def test_another_client_s_books_are_not_handed_on(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    error = refused(site, incident, client="c002", into=tmp_path / "out")
    assert "did not hit" in error.template
    offered(site, incident, team, tmp_path / "out")
    assert not [path for path in (tmp_path / "out").rglob("*") if b"c002" in os.fsencode(path)]


def test_a_client_that_nobody_knows_has_no_books(
    site: Site, incident: Incident, tmp_path: Path
) -> None:
    assert "is not known" in refused(site, incident, client="c009", into=tmp_path / "o").template


def test_a_wrong_code_hands_nothing_on(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    refused(site, incident, code=team.devices.wrong("zhang"), into=tmp_path / "out")


def test_a_code_counts_once(site: Site, incident: Incident, team: Team, tmp_path: Path) -> None:
    code = team.devices.code("zhang")
    ask = partial(offer, site, incident, "c001", "main", person="zhang", code=code)
    ask(tmp_path / "out")
    with pytest.raises(UsageError):
        ask(tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_who_keeps_other_clients_books_does_not_get_these(home: Path, tmp_path: Path) -> None:
    agency = home / "agency.yaml"
    more = "  zhao: {name: 赵六, email: zhao@example.cn, roles: [accountant]}\nvaults:"
    agency.write_text(agency.read_text("utf-8").replace("vaults:", more, 1), "utf-8")
    night("c001")
    with open_site(home) as site:
        error = refused(site, opened(site), person="zhao", into=tmp_path / "out")
        assert "keeps no books" in error.template


def test_a_folder_with_something_in_it_is_not_used(
    site: Site, incident: Incident, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "x").touch()
    refused(site, incident, into=tmp_path / "out")


def test_a_folder_below_nothing_is_not_made(site: Site, incident: Incident, tmp_path: Path) -> None:
    assert "no folder" in refused(site, incident, into=tmp_path / "no" / "out").template


def test_after_the_end_the_books_themselves_are_there(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    team.recover(incident)
    assert "is over" in refused(site, incident, into=tmp_path / "out").template


def test_a_set_without_books_has_none_to_hand_on(home: Path, tmp_path: Path) -> None:
    client = home / "clients" / "c001.yaml"
    client.write_text(client.read_text("utf-8").replace(", profile: fec", ""), "utf-8")
    night("c001")
    with open_site(home) as site:
        error = refused(site, opened(site), into=tmp_path / "out")
        assert "no book that was proven" in error.template


def test_a_point_that_is_not_its_proof_hands_nothing_on(
    site: Site, incident: Incident, team: Team, home: Path, tmp_path: Path
) -> None:
    walk(site, incident, actor=ACTOR)
    false = slip_in(home, "c001", ledger("100,00", "250,51"))
    plan = incident.folder / "plan.json"
    good = site.vault("c001", "main").client("c001").snapshots("main")[0]
    assert good.id.encode() in plan.read_bytes()
    _replan(incident, good.id, false.id)
    with pytest.raises(ProofFailedError):
        offered(site, incident, team, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert held(site) == ()


def _replan(incident: Incident, old: str, new: str) -> None:
    """Keep the plan with another backup point."""
    plan = incident.value("plan", Plan)
    first = plan.restorations[0].model_copy(update={"snapshot": new})
    assert plan.restorations[0].snapshot == old
    incident.keep("plan", plan.model_copy(update={"restorations": (first,)}), actor=ACTOR)


# --- what lies in quarantine ----------------------------------------------------------------------


@pytest.fixture
def waiting(site: Site, incident: Incident, team: Team) -> Incident:
    """The set lies proven in quarantine and waits for two people."""
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "plan", "wang")
    walk(site, incident, actor=ACTOR)
    return incident


def test_a_proven_copy_in_quarantine_is_read_and_stays_as_it_is(
    site: Site, waiting: Incident, team: Team, home: Path, tmp_path: Path
) -> None:
    before = {each.copy.id for each in history(site)}
    done = offered(site, waiting, team, tmp_path / "out")
    assert {each.copy.id for each in history(site)} - before == {done.copy}  # none in between
    assert team.recover(waiting) is None
    assert book(home).read_bytes() == ledger("100,00", "250,50").encode()


def test_a_quarantine_that_is_not_what_was_proven_is_passed_over(
    site: Site, waiting: Incident, team: Team, tmp_path: Path
) -> None:
    there = place_of(site, waiting, "c001", "main") / RESTORED / "books" / "FEC2026.txt"
    there.write_bytes(LOST)  # as after an exchange: the old lies there for a moment
    done = offered(site, waiting, team, tmp_path / "out")
    assert done.lines == 4


def test_a_quarantine_that_is_put_into_use_meanwhile_is_passed_over(
    site: Site, waiting: Incident, team: Team, tmp_path: Path
) -> None:
    shutil.rmtree(place_of(site, waiting, "c001", "main") / RESTORED / "books")
    assert offered(site, waiting, team, tmp_path / "out").lines == 4


# --- faults ---------------------------------------------------------------------------------------


def test_a_damaged_point_that_no_mirror_can_mend_hands_nothing_on(
    site: Site, incident: Incident, team: Team, home: Path, tmp_path: Path
) -> None:
    flip_a_byte(home, "c001")
    shutil.rmtree(home / "mirror")
    with pytest.raises(BaozhangError):
        offered(site, incident, team, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_a_killed_run_left_is_destroyed_by_the_next(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    def dies() -> None:
        write = Path.chmod

        def chmod(self: Path, mode: int) -> None:
            write(self, mode)
            if self.suffix == ".xlsx":
                os.kill(os.getpid(), 9)

        Path.chmod = chmod  # type: ignore[method-assign,assignment]
        offered(site, incident, team, tmp_path / "out")

    assert in_child(dies) == -9
    left = place_of(site, incident, "c001", "main", "books")
    assert left.exists()
    team.devices.code("zhang")  # the child used it
    offered(site, incident, team, tmp_path / "again")
    assert not left.exists()
    assert {each.path for each in held(site)} == {tmp_path / "out", tmp_path / "again"}


@pytest.mark.server
def test_a_full_disk_leaves_nothing_and_says_so(
    site: Site, incident: Incident, team: Team, tmp_path: Path
) -> None:
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    with in_memory(tmp_path / "disk", 16) as disk:
        with pytest.raises(StoreFullError):
            offered(site, incident, team, disk / "out")
        assert list(disk.iterdir()) == []
    assert held(site) == ()


# --- the command ----------------------------------------------------------------------------------


def typed(*words: str, keys: str, spoken: str = "en") -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "BAOZHANG_LANG": spoken, "COLUMNS": "200"}
    return subprocess.run(
        [*COMMAND, *words], input=keys, capture_output=True, text=True, check=False, env=env
    )


def test_the_command_asks_for_the_code_and_says_until_when(
    incident: Incident, team: Team, tmp_path: Path
) -> None:
    words = (incident.id, "c001", "--into", str(tmp_path / "out"), "--by", "zhang")
    ran = typed(*words, keys=team.devices.early("zhang") + "\n", spoken="zh_CN")
    assert ran.returncode == 0, ran.stderr
    assert "与核对合计数一致" in ran.stdout
    assert "解密副本" in ran.stdout


def test_the_command_says_the_same_to_programs(
    incident: Incident, team: Team, tmp_path: Path
) -> None:
    words = (incident.id, "c001", "--into", str(tmp_path / "out"), "--by", "zhang", "--json")
    ran = typed(*words, keys=team.devices.early("zhang") + "\n")
    assert (json.loads(ran.stdout)["books"], json.loads(ran.stdout)["lines"]) == (1, 4)


def test_the_command_without_a_code_is_refused(incident: Incident, tmp_path: Path) -> None:
    words = (incident.id, "c001", "--into", str(tmp_path / "out"), "--by", "zhang")
    assert typed(*words, keys="\n").returncode == 2
    assert not (tmp_path / "out").exists()
