"""Whole incidents under a fault: gone on with, or ended safely; what is in use is never half."""

import gc
import os
import select
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.clock import Clock, system_clock
from baozhang.errors import BaozhangError, StoreFullError, UsageError
from baozhang.incidents.choosing import STRUCK
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import Plan
from baozhang.incidents.quarantine import FOLDER
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gates import decide, request_of, standing_of
from tasks.incident import IncidentForm, open_incident
from tasks.incident_restoring import UnequalError
from tasks.incident_walk import Halt, walk
from tests.faults.disks import in_memory, resize, why_no_mounts
from tests.faults.publishing import Publish, not_run
from tests.faults.recoveries import (
    GOOD,
    LOST,
    approve,
    assert_over,
    assert_whole,
    enrolled,
    hit_site,
    opened_at,
)
from tests.flows.approving import Devices
from tests.flows.recovering import ACTOR, FORM, book
from tests.flows.scoping import flip, own_packs, points
from tests.flows.site import ledger
from tests.flows.walking import night

OLDER = ledger("100,00", "250,00").encode()
LARGE, SMALL = 64 * 1024, 48  # KiB


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    return hit_site(tmp_path / "site")


@pytest.fixture
def devices(home: Path) -> Devices:
    return enrolled(home)


@contextmanager
def at(home: Path, name: str, clock: Clock = system_clock) -> Iterator[tuple[Site, Incident]]:
    with open_site(home, clock=clock) as site:
        yield site, incidents_of(site).get(name)


def step(home: Path, name: str) -> Halt | None:
    """Walk as far as it goes, in a site of its own."""
    with at(home, name) as (site, incident):
        return walk(site, incident, actor=ACTOR)


def word(home: Path, name: str, gate: str, devices: Devices) -> None:
    with at(home, name) as (site, incident):
        approve(site, incident, gate, devices)


def to_the_cut_over(home: Path, name: str, devices: Devices) -> None:
    """Walk until two people have to say that it may be put into use."""
    assert step(home, name) == Halt("gate", "plan")
    word(home, name, "plan", devices)
    assert step(home, name) == Halt("gate", "cut-over")


def test_a_catalog_that_is_lost_in_the_middle_is_not_needed(
    home: Path, devices: Devices, publish: Publish
) -> None:
    name = opened_at(home)
    to_the_cut_over(home, name, devices)
    lost = list((home / "state").glob("catalog.db*"))
    for path in lost:
        path.unlink()
    word(home, name, "cut-over", devices)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: catalog lost", len(lost))


def test_an_orchestrator_that_is_lost_in_the_middle_is_not_needed(
    home: Path, devices: Devices, publish: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name = opened_at(home)
    to_the_cut_over(home, name, devices)
    (tmp_path / "prefect").write_bytes(b"its database was here")
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect" / "gone"))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")  # nobody answers there
    word(home, name, "cut-over", devices)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: orchestrator lost", 1)


def test_a_mirror_that_is_away_stops_nothing(
    home: Path, devices: Devices, publish: Publish
) -> None:
    name = opened_at(home)
    assert step(home, name) == Halt("gate", "plan")
    shutil.rmtree(home / "mirror")
    (home / "mirror").write_bytes(b"no folder any more")
    word(home, name, "plan", devices)
    assert step(home, name) == Halt("gate", "cut-over")
    word(home, name, "cut-over", devices)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: mirror away", 1)


def test_a_point_that_is_damaged_after_the_approval_gives_way_to_the_one_before(
    home: Path, devices: Devices, publish: Publish
) -> None:
    """A new plan that says so is approved anew; what came back is what that one promised."""
    book(home).write_bytes(OLDER)
    night("c001")
    book(home).write_bytes(LOST)
    name = opened_at(home)
    assert step(home, name) == Halt("gate", "plan")
    with at(home, name) as (site, incident):
        first, newest = points(site)[:2]
        assert incident.value("plan", Plan).restorations[0].snapshot == newest.id
        packs = own_packs(site, home, newest)
        flip(packs)
    word(home, name, "plan", devices)
    assert step(home, name) == Halt("gate", "plan")
    assert assert_whole(home) == LOST
    with at(home, name) as (_, incident):
        again = incident.value("plan", Plan)
        (struck,) = (event for event in incident.journal.events() if event.kind == STRUCK)
    assert struck.facts["snapshot"] == newest.id
    assert (again.number, again.restorations[0].snapshot) == (2, first.id)
    assert again.restorations[0].instead_of == newest.id
    word(home, name, "plan", devices)
    assert step(home, name) == Halt("gate", "cut-over")
    word(home, name, "cut-over", devices)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: newest point damaged", len(packs))


# --- full disks -----------------------------------------------------------------------------------


@pytest.mark.server
def test_a_full_disk_under_the_quarantine_ends_safely_and_goes_on_with_room(
    home: Path, devices: Devices, publish: Publish
) -> None:
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    name = opened_at(home)
    (home / "state" / FOLDER).mkdir(mode=0o700)
    with in_memory(home / "state" / FOLDER, LARGE) as disk:
        assert step(home, name) == Halt("gate", "plan")
        word(home, name, "plan", devices)
        resize(disk, 4)
        with pytest.raises(StoreFullError):
            step(home, name)
        assert assert_whole(home) == LOST
        resize(disk, LARGE)
        assert step(home, name) == Halt("gate", "cut-over")
        word(home, name, "cut-over", devices)
        assert step(home, name) is None
        assert_over(home, name)
    publish("incident: full disk", 1, what="quarantine")


@pytest.mark.server
def test_a_full_disk_under_the_books_leaves_them_whole_and_goes_on_with_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, publish: Publish
) -> None:
    """The books lie on a disk of their own, so that putting them into use copies them first."""
    if why_no_mounts():
        not_run(f"no small disk can be mounted here: {why_no_mounts()}")
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    place = tmp_path / "site" / "books"
    with in_memory(tmp_path / "disk", LARGE) as disk:
        (disk / "books").mkdir()
        home = hit_site(tmp_path / "site")
        shutil.copytree(place, disk / "books", dirs_exist_ok=True)
        shutil.rmtree(place)
        place.symlink_to(disk / "books")
        devices, name = enrolled(home), opened_at(home)
        to_the_cut_over(home, name, devices)
        word(home, name, "cut-over", devices)
        _fill(disk)
        assert "No space left" in _why_not(home, name)
        assert assert_whole(home) == LOST
        (disk / "filler").unlink()
        assert step(home, name) is None
        assert_over(home, name)
    publish("incident: full disk", 1, what="books")


def _why_not(home: Path, name: str) -> str:
    """Return why a walk fails; what held the disk open is let go, so that it can be unmounted."""
    with pytest.raises(BaozhangError) as caught:
        step(home, name)
    reason = str(caught.value.facts["reason"])
    del caught
    gc.collect()
    return reason


def _fill(disk: Path) -> None:
    """Write until nothing more can be written."""
    with (disk / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return


# --- people who go on writing ---------------------------------------------------------------------


@contextmanager
def typing(path: Path) -> Iterator[None]:
    """Let another process rewrite a file for ever; it has done so once before this goes on."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            while True:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
                os.write(handle, LOST)
                os.close(handle)
                os.write(writer, b".") if select.select([], [writer], [], 0)[1] else None
        except OSError:
            os._exit(0)
    os.close(writer)
    os.read(reader, 1)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)


def test_a_source_that_is_written_to_all_the_time_is_recovered_when_that_ends(
    home: Path, devices: Devices, publish: Publish
) -> None:
    name = opened_at(home)
    with typing(book(home)):
        to_the_cut_over(home, name, devices)
    book(home).write_bytes(LOST)  # the last word may have been cut
    word(home, name, "cut-over", devices)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: source written to", 1)


def test_somebody_who_writes_after_the_cut_over_keeps_the_incident_open(
    home: Path, devices: Devices, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was put there is not what is there: the copies stay, the stop too, and it is said."""
    name = opened_at(home)
    to_the_cut_over(home, name, devices)
    word(home, name, "cut-over", devices)
    rename = Path.rename

    def and_types(self: Path, target: Path) -> Path:
        done = rename(self, target)
        if ".replaced-" in str(target):
            book(home).write_bytes(GOOD + b"typed")
        return done

    monkeypatch.setattr(Path, "rename", and_types)
    with pytest.raises(UnequalError):
        step(home, name)
    monkeypatch.undo()
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    with at(home, name) as (_, incident):
        assert not incident.closed()
        assert not [e for e in incident.journal.events() if e.kind == "stop.lifted"]
    book(home).write_bytes(GOOD)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: source written to", 1, when="after")


# --- people ---------------------------------------------------------------------------------------


def test_a_second_incident_of_a_client_joins_the_first_wherever_that_stands(
    home: Path, devices: Devices, publish: Publish
) -> None:
    name = opened_at(home)
    to_the_cut_over(home, name, devices)
    with open_site(home) as site:
        again, ours = open_incident(site, FORM.model_copy(update={"kind": "tampered"}), actor="b")
        assert (again.id, ours, len(incidents_of(site).all())) == (name, False, 1)
    word(home, name, "cut-over", devices)
    assert step(home, name) is None
    assert_over(home, name)
    publish("incident: two for one client", 1)


def test_two_runs_of_one_incident_do_not_work_at_the_same_time(
    home: Path, publish: Publish
) -> None:
    name = opened_at(home)
    with at(home, name) as (site, incident):
        with incident.journal.alone(), pytest.raises(UsageError, match="another run"):
            walk(site, incident, actor="b")
        assert [event.kind for event in incident.journal.events()] == ["kept", "opened"]
    publish("incident: two runs", 1)


@pytest.mark.parametrize("client", ["c009", "C001", ""])
def test_a_wrong_client_is_refused_and_nothing_is_opened(
    home: Path, publish: Publish, client: str
) -> None:
    with open_site(home) as site:
        with pytest.raises((UsageError, ValueError)):
            open_incident(site, IncidentForm(noticed_by="zhang", clients=(client,)), actor=ACTOR)
        assert incidents_of(site).all() == ()
    assert assert_whole(home) == LOST
    publish("incident: wrong client", 1)


def test_an_incident_of_a_client_that_lost_nothing_touches_nobody(
    home: Path, devices: Devices, publish: Publish
) -> None:
    before = book(home, "c002").stat()
    with open_site(home) as site:
        form = IncidentForm(noticed_by="zhang", clients=("c002",))
        name = open_incident(site, form, actor=ACTOR)[0].id
    assert step(home, name) == Halt("gate", "plan")
    word(home, name, "plan", devices)
    assert step(home, name) is None
    assert book(home, "c002").stat().st_ino == before.st_ino
    assert assert_whole(home) == LOST
    publish("incident: wrong client", 1)


def test_what_was_approved_for_one_incident_does_not_count_for_another(
    home: Path, devices: Devices, publish: Publish
) -> None:
    first = opened_at(home)
    with open_site(home) as site:
        form = IncidentForm(noticed_by="zhang", clients=("c002",))
        other = open_incident(site, form, actor=ACTOR)[0].id
    assert step(home, first) == step(home, other) == Halt("gate", "plan")
    with at(home, other) as (_, incident):
        request = request_of(incident, "plan")
    assert request is not None
    with at(home, first) as (site, incident):
        with pytest.raises(UsageError):
            decide(
                site,
                incident,
                "plan",
                person="wang",
                code=devices.code("wang"),
                word="approve",
                digest=request.digest,
            )
        standing = standing_of(site, incident, "plan")
        assert standing is not None
        assert standing.state == "waiting"
    publish("incident: wrong client", 1)


@pytest.mark.parametrize("gate", ["plan", "cut-over"])
def test_a_night_without_approvers_ends_safely_and_goes_on_in_the_morning(
    home: Path, publish: Publish, gate: str
) -> None:
    """The request runs out; walking asks anew; a word said for the old one does not count."""
    now = [system_clock()]
    devices = Devices(home, lambda: now[0], "zhang", "wang", "li")
    name = opened_at(home)

    def on() -> Halt | None:
        with at(home, name, lambda: now[0]) as (site, incident):
            return walk(site, incident, actor=ACTOR)

    def say(which: str) -> None:
        with at(home, name, lambda: now[0]) as (site, incident):
            approve(site, incident, which, devices)

    halt = on()
    if gate == "cut-over":
        say("plan")
        halt = on()
    assert halt == Halt("gate", gate)
    now[0] += timedelta(hours=30)
    with at(home, name, lambda: now[0]) as (site, incident):
        standing = standing_of(site, incident, gate)
        assert standing is not None
        assert standing.state == "expired"
    assert assert_whole(home) == LOST
    while (halt := on()) is not None:
        assert assert_whole(home) == LOST
        say(halt.what)
        now[0] += timedelta(minutes=2)
    assert_over(home, name)
    publish("incident: night without approvers", 1, gate=gate)
