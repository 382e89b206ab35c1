"""Evidence: what is there now is stored once, kept, and taken for no backup of anything well."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import ClassVar, cast

import pytest

from baozhang.catalog.clean import state_of
from baozhang.catalog.standing import standings
from baozhang.errors import SourceBusyError, UsageError
from baozhang.incidents.holds import standing_holds
from baozhang.settings import SourceFile
from baozhang.site import Site
from baozhang.sources.base import Frozen, Source
from baozhang.sourcing import Sources
from baozhang.vault.writer import back_up
from baozhang.wiring import open_site
from tasks.batches import Pair
from tasks.choosing import due_pairs
from tasks.incident_scoping import Evidence, preserve, scope
from tasks.monthly import backups
from tasks.points import accept_point
from tasks.points import points as known_points
from tasks.sudden import standing
from tasks.troubles import look
from tests.faults.disks import in_memory, resize, why_no_mounts
from tests.faults.publishing import not_run
from tests.flows.scoping import BOOK, TEN, kinds, opened, points, save
from tests.flows.site import add_papers
from tests.flows.walking import night, restore_test
from tests.incidents.dying import killed_at

MAIN = Pair("c001", "main")


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    with open_site(home) as opened:
        yield opened


def test_what_is_there_now_becomes_a_backup_point(site: Site, home: Path) -> None:
    save(home, *TEN)
    save(home, *TEN[:3], then=False)
    ((client, name, point, reason),) = preserve(site, opened(site), actor="run").points
    assert (client, name, reason) == ("c001", "main", "")
    assert point == points(site)[-1].id


def test_sets_of_a_whole_client_are_kept_one_by_one(site: Site, home: Path) -> None:
    add_papers(home, "c001")
    with open_site(home) as fresh:
        found = preserve(fresh, opened(fresh, ("c001", "*")), actor="run")
    assert [name for _, name, _, _ in found.points] == ["main", "papers"]
    assert all(point for _, _, point, _ in found.points)


def test_a_client_that_left_meanwhile_is_refused(site: Site, home: Path) -> None:
    incident = opened(site, ("c003", "main"))
    with pytest.raises(UsageError, match="c003"):
        preserve(site, incident, actor="run")


def test_evidence_is_no_clean_point(site: Site, home: Path) -> None:
    save(home, *TEN)
    save(home, *TEN)
    clean = points(site)[-1].id
    preserve(site, opened(site), actor="run")
    assert standing(site, MAIN).point == clean
    assert [each.id for each in known_points(site, MAIN) if each.clean] == [clean]


def test_evidence_is_no_clean_point_where_it_is_the_only_one(site: Site, home: Path) -> None:
    preserve(site, opened(site), actor="run")
    assert standing(site, MAIN).point is None


def test_evidence_does_not_make_the_night_superfluous(site: Site, home: Path) -> None:
    preserve(site, opened(site), actor="run")
    assert MAIN in due_pairs(site)


def test_evidence_is_not_the_newest_backup_that_duties_are_held_against(
    site: Site, home: Path
) -> None:
    save(home, *TEN)
    before = standings(site.catalog).newest["backup", "c001", "main"]
    preserve(site, opened(site), actor="run")
    assert standings(site.catalog).newest["backup", "c001", "main"] == before


def test_evidence_wakes_nobody(site: Site, home: Path) -> None:
    save(home, *TEN)
    (home / BOOK).unlink()
    preserve(site, opened(site), actor="run")
    assert not [
        each for each in look(site, None).troubles if each.kind in {"suspicion", "outcomes"}
    ]


def test_the_night_after_is_judged_by_the_clean_point_and_not_by_evidence(
    site: Site, home: Path
) -> None:
    save(home, *TEN)
    save(home, *TEN)
    (home / BOOK).write_text("")
    preserve(site, opened(site), actor="run")
    save(home, *TEN, "5,00")
    newest = site.catalog.last("backup", "c001", "main")
    assert newest is not None
    assert state_of(newest) == "normal"


def test_the_catalog_says_for_which_incident_it_was_kept(site: Site, home: Path) -> None:
    incident = opened(site)
    preserve(site, incident, actor="run")
    (outcome,) = site.catalog.outcomes(duty="evidence")
    assert dict(outcome.findings[0].facts) == {"incident": incident.id}
    assert outcome.snapshot == points(site)[-1].id


def test_evidence_is_held_even_of_a_client_that_was_never_backed_up(site: Site, home: Path) -> None:
    incident = opened(site)
    preserve(site, incident, actor="run")
    assert [hold.reason for hold in standing_holds(site, "c001")] == [incident.id]


def test_a_source_that_is_gone_is_no_error(site: Site, home: Path) -> None:
    save(home, *TEN)
    for path in (home / BOOK, home / "books" / "c001"):
        path.unlink() if path.is_file() else path.rmdir()
    incident = opened(site)
    assert preserve(site, incident, actor="run").points == (("c001", "main", "", "gone"),)
    (loss,) = scope(site, incident, actor="run").losses
    assert (loss.readable, loss.vouchers_lost, loss.files_lost) == (False, 10, 1)


def test_a_source_that_cannot_be_read_is_told_apart_from_one_that_is_gone(
    site: Site, home: Path
) -> None:
    (home / BOOK).unlink()
    (home / "books" / "c001").rmdir()
    (home / "books" / "c001").symlink_to("c001")  # leads nowhere, for ever
    assert preserve(site, opened(site), actor="run").points[0][3] == "unreadable"


def test_an_empty_source_is_stored_and_said_to_be_empty(site: Site, home: Path) -> None:
    save(home, *TEN)
    (home / BOOK).unlink()
    ((_, _, point, reason),) = preserve(site, opened(site), actor="run").points
    assert (bool(point), reason) == (True, "empty")


class Busy(Sources):
    """Sources that people write to when they are asked for the first few times."""

    times: ClassVar[int] = 0

    def of(self, client: str, set_name: str) -> Source:
        """Return the set's sources; busy as often as was said."""
        return cast("Source", Shy(super().of(client, set_name)))

    def one(self, client: str, set_name: str, each: SourceFile) -> Source:
        """Return one of them."""
        return cast("Source", Shy(super().one(client, set_name, each)))


@dataclass(frozen=True)
class Shy:
    """A source that cannot be frozen while `Busy.times` lasts."""

    source: Source

    @contextmanager
    def freeze(self) -> Iterator[Frozen]:
        """Freeze it, or say that it is busy."""
        if Busy.times:
            Busy.times -= 1
            raise SourceBusyError("somebody writes to it")
        with self.source.freeze() as frozen:
            yield frozen


@pytest.mark.parametrize(("times", "reason"), [(2, ""), (9, "busy")])
def test_a_source_that_is_written_to_is_tried_again_before_it_is_called_busy(
    site: Site, home: Path, times: int, reason: str
) -> None:
    Busy.times = times
    shy = replace(site, sources=Busy(site.agency, site.scratch, site.clock))
    ((_, _, point, said),) = preserve(shy, opened(site), actor="run").points
    assert (bool(point), said) == (not reason, reason)


PARTS = """\
id: c001
name: 示例商贸有限公司
lead: zhang
sets:
  main:
    sources:
      - {name: books, kind: tree, path: books/c001, profile: fec}
      - {name: notes, kind: tree, path: notes}
"""


def test_of_several_sources_those_that_are_there_are_kept(home: Path) -> None:
    (home / "clients" / "c001.yaml").write_text(PARTS, "utf-8")
    (home / "notes").mkdir()
    (home / "notes" / "a.txt").write_text("a")
    save(home, *TEN)
    (home / "notes" / "a.txt").unlink()
    (home / "notes").rmdir()
    with open_site(home) as site:
        incident = opened(site)
        ((_, _, point, reason),) = preserve(site, incident, actor="run").points
        assert (bool(point), reason) == (True, "gone")
        (loss,) = scope(site, incident, actor="run").losses
    assert (loss.vouchers_lost, loss.files_lost, loss.kinds) == (0, 1, ("papers",))


def test_a_book_that_cannot_be_read_any_more_is_kept_all_the_same(site: Site, home: Path) -> None:
    save(home, *TEN)
    (home / BOOK).write_bytes(b"\x93\x00 not a ledger")
    incident = opened(site)
    ((_, _, point, reason),) = preserve(site, incident, actor="run").points
    assert (point, reason) == (points(site)[-1].id, "")
    (loss,) = scope(site, incident, actor="run").losses
    assert loss.vouchers_lost == 10


def test_keeping_again_keeps_nothing_twice(site: Site, home: Path) -> None:
    incident = opened(site)
    first = preserve(site, incident, actor="run")
    events, stored = len(incident.journal.events()), len(points(site))
    assert preserve(site, incident, actor="another") == first
    assert (len(incident.journal.events()), len(points(site))) == (events, stored)


def test_the_safety_copy_is_another_point_under_another_name(site: Site, home: Path) -> None:
    incident = opened(site)
    first = preserve(site, incident, actor="run")
    second = preserve(site, incident, actor="run", what="safety")
    assert first.of("c001", "main") != second.of("c001", "main") != ""
    assert incident.value("safety", Evidence) == second
    assert incident.value("evidence", Evidence) == first


@pytest.mark.parametrize("number", range(1, 7))
def test_a_run_that_was_killed_is_gone_on_with(home: Path, number: int) -> None:
    save(home, *TEN)

    def work() -> None:
        with open_site(home) as site:
            preserve(site, opened(site, ("c001", "main"), ("c002", "main")), actor="run")

    killed_at(number, work)
    work()
    with open_site(home) as site:
        incident = opened(site, ("c001", "main"))
        kept = incident.value("evidence", Evidence)
        assert [(client, reason) for client, _, _, reason in kept.points] == [
            ("c001", ""),
            ("c002", ""),
        ]
        assert standing(site, Pair("c002", "main")).point is None


def test_what_a_killed_run_stored_and_never_spoke_of_is_evidence_too(home: Path) -> None:
    with open_site(home) as site:
        incident = opened(site)
        incident.journal.append("step.begun", actor="r", step="evidence.c001.main")
        store_and_die(site)
        preserve(site, incident, actor="run")
        stored = {each.id for each in points(site)}
        assert len(stored) == 2
        assert {each.snapshot for each in site.catalog.outcomes(duty="evidence")} == stored


def store_and_die(site: Site) -> None:
    """Leave what a run leaves that is killed right after its backup point was committed."""
    with site.source("c001", "main").freeze() as frozen:
        side = site.vault("c001", "main").client("c001", create=True)
        back_up(side, frozen, set_name="main", at=site.clock())


def test_a_vault_that_is_away_is_told_and_tried_again(site: Site, home: Path) -> None:
    save(home, *TEN)
    (home / "vault").rename(home / "elsewhere")
    with open_site(home) as fresh:
        incident = opened(fresh)
        assert preserve(fresh, incident, actor="run").points == (("c001", "main", "", "vault"),)
    (home / "elsewhere").rename(home / "vault")
    with open_site(home) as fresh:
        incident = opened(fresh)
        assert preserve(fresh, incident, actor="run").points[0][3] == ""


@pytest.mark.server
def test_a_vault_without_room_is_told_and_tried_again(site: Site, home: Path) -> None:
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    (home / "vault").rename(home / "elsewhere")
    with in_memory(home / "vault", 10_000) as disk:
        shutil.copytree(home / "elsewhere", disk, dirs_exist_ok=True)
        night("c001")
        resize(disk, 80)
        (home / "books" / "c001" / "a.bin").write_bytes(Random(1).randbytes(500_000))
        with open_site(home) as fresh:
            incident = opened(fresh)
            assert preserve(fresh, incident, actor="run").points[0][3] == "full"
            assert fresh.catalog.outcomes(duty="evidence") == ()
        resize(disk, 10_000)
        with open_site(home) as fresh:
            assert preserve(fresh, opened(fresh), actor="run").points[0][3] == ""


def test_an_incident_reads_its_journal_as_it_goes(site: Site, home: Path) -> None:
    night("c001")
    incident = opened(site)
    preserve(site, incident, actor="run")
    assert kinds(incident) == ["kept", "opened", "step.begun", "step.done", "kept"]


def test_a_restore_test_tries_the_newest_backup_and_not_the_evidence(
    site: Site, home: Path
) -> None:
    save(home, *TEN)
    backup = points(site)[-1].id
    save(home, *TEN[:2], then=False)
    preserve(site, opened(site), actor="run")
    (outcome,) = restore_test("c001").outcomes
    assert (outcome.snapshot, outcome.status) == (backup, "ok")


def test_a_month_counts_backups_and_not_evidence(site: Site, home: Path) -> None:
    save(home, *TEN)
    backup = points(site)[-1].id
    preserve(site, opened(site), actor="run")
    assert [each.id for each in backups(site, "c001")] == [backup]


def test_evidence_that_somebody_vouched_for_is_a_backup_like_any_other(
    site: Site, home: Path
) -> None:
    save(home, *TEN)
    point = preserve(site, opened(site), actor="run").of("c001", "main")
    accept_point(site, MAIN, point, by="zhang", reason="原样可用")
    assert backups(site, "c001")[-1].id == point
    assert standing(site, MAIN).point == point
