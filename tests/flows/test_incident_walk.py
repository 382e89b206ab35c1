"""A recovery from its first step to its last, on a real site, with people approving."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from baozhang.errors import UsageError
from baozhang.incidents.holds import standing_holds
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import CutOverAll, Plan, RecoveredAll
from baozhang.incidents.quarantine import copies_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident import IncidentForm, open_incident
from tasks.incident_recovery import RekeyKept, rekey_name
from tasks.incident_walk import Halt, walk
from tests.flows.recovering import ACTOR, FORM, Team, book, opened
from tests.flows.site import ledger, without_pdf
from tests.flows.walking import night

SOUND, LOST = ("100,00", "250,50"), ("100,00",)


@pytest.fixture
def site(home: Path) -> Iterator[Site]:
    without_pdf(home)
    night("c001", "c002")
    with open_site(home) as opened:
        yield opened


@pytest.fixture
def team(site: Site) -> Team:
    return Team(site)


@pytest.fixture
def incident(site: Site, home: Path) -> Incident:
    """The second voucher is lost."""
    book(home).write_bytes((ledger(*LOST)).encode())
    return opened(site)


def test_a_walk_waits_at_the_plan_and_nothing_in_use_was_touched(
    site: Site, incident: Incident, home: Path
) -> None:
    assert walk(site, incident, actor=ACTOR) == Halt("gate", "plan")
    assert book(home).read_bytes() == ledger(*LOST).encode()


def test_the_plan_names_the_last_point_before_the_loss(site: Site, incident: Incident) -> None:
    walk(site, incident, actor=ACTOR)
    plan = incident.value("plan", Plan)
    first = site.vault("c001", "main").client("c001").snapshots("main")[0]
    assert [(each.client, each.set, each.snapshot) for each in plan.restorations] == [
        ("c001", "main", first.id)
    ]


def test_an_approved_plan_is_brought_back_and_proven_and_waits_for_two(
    site: Site, incident: Incident, team: Team, home: Path
) -> None:
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "plan", "wang")
    assert walk(site, incident, actor=ACTOR) == Halt("gate", "cut-over")
    back = incident.value("recovered", RecoveredAll).sets[0]
    assert (back.books, back.proven, back.failed) == (1, 1, 0)
    assert book(home).read_bytes() == ledger(*LOST).encode()


def test_one_person_alone_puts_nothing_into_use(
    site: Site, incident: Incident, team: Team, home: Path
) -> None:
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "plan", "wang")
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "cut-over", "wang")
    assert walk(site, incident, actor=ACTOR) == Halt("gate", "cut-over")
    assert book(home).read_bytes() == ledger(*LOST).encode()


def test_two_people_bring_the_ledger_back(
    site: Site, incident: Incident, team: Team, home: Path
) -> None:
    assert team.recover(incident) is None
    assert book(home).read_bytes() == ledger(*SOUND).encode()
    assert incident.closed()


def test_a_ledger_comes_back_to_a_new_disk_without_any_folder(
    site: Site, team: Team, home: Path
) -> None:
    shutil.rmtree(home / "books")
    assert team.recover(opened(site)) is None
    assert book(home).read_bytes() == ledger(*SOUND).encode()


def test_what_was_put_into_use_was_read_again(site: Site, incident: Incident, team: Team) -> None:
    team.recover(incident)
    done = incident.value("cut-over", CutOverAll).sets
    assert [(each.how, each.checked) for each in done] == [("atomic", True)]


def test_after_the_end_no_copy_lies_about_and_no_hold_stands(
    site: Site, incident: Incident, team: Team
) -> None:
    team.recover(incident)
    assert copies_of(site, incident) == ()
    assert standing_holds(site, "c001") == ()


def test_a_recovery_leaves_letters(site: Site, incident: Incident, team: Team) -> None:
    team.recover(incident)
    assert [letter.kind for letter in site.catalog.letters("recovery")]


def test_what_was_typed_in_after_the_backup_is_on_the_re_key_list(
    site: Site, team: Team, home: Path
) -> None:
    book(home).write_bytes((ledger("100,00") + _typed_later()).encode())
    incident = opened(site)
    team.recover(incident)
    kept = incident.value(rekey_name("c001", "main"), RekeyKept)
    assert [(each.voucher, each.state) for each in kept.vouchers] == [
        ("VE-2", "extra"),  # lost, and back: nothing to do
        ("VE-3", "missing"),
    ]


def _typed_later() -> str:
    """Return the third voucher of a ledger, without what stands above it."""
    return "".join(ledger("1,00", "2,00", "3,00").splitlines(keepends=True)[-2:])


def test_a_false_alarm_ends_without_touching_anything(site: Site, team: Team, home: Path) -> None:
    incident = opened(site)
    before = book(home).stat()
    assert walk(site, incident, actor=ACTOR) == Halt("gate", "plan")
    assert incident.value("plan", Plan).restorations == ()
    team.approve(incident, "plan", "wang")
    assert walk(site, incident, actor=ACTOR) is None
    assert (book(home).stat().st_ino, incident.closed()) == (before.st_ino, True)


def test_every_step_is_done_once_however_often_it_is_walked(
    site: Site, incident: Incident, team: Team
) -> None:
    walk(site, incident, actor=ACTOR)
    walk(site, incident, actor=ACTOR)
    team.recover(incident)
    done = [e.facts["step"] for e in incident.journal.events() if e.kind == "step.done"]
    assert len(done) == len(set(done))


def test_a_plan_that_was_approved_stays_the_plan(
    site: Site, incident: Incident, team: Team, home: Path
) -> None:
    walk(site, incident, actor=ACTOR)
    team.approve(incident, "plan", "wang")
    night("c002")  # the world moves on
    walk(site, incident, actor=ACTOR)
    assert incident.value("plan", Plan).number == 1


@pytest.mark.parametrize(
    ("what", "kind"), [("丢失", "lost"), ("勒索", "ransomware"), ("leaked", "leaked")]
)
def test_what_happened_is_typed_in_either_language(what: str, kind: str) -> None:
    assert IncidentForm(noticed_by="zhang", what=what).kind == kind


def test_what_nobody_can_mean_is_refused() -> None:
    with pytest.raises(ValidationError, match="pattern"):
        IncidentForm(noticed_by="zhang", what="不见了")


def test_a_second_report_joins_the_open_incident(site: Site, incident: Incident) -> None:
    found, ours = open_incident(site, FORM, actor=ACTOR)
    assert (found.id, ours) == (incident.id, False)


def test_an_open_incident_is_gone_on_with_by_its_id(site: Site, incident: Incident) -> None:
    form = IncidentForm(noticed_by="wang", incident=incident.id)
    found, ours = open_incident(site, form, actor=ACTOR)
    assert (found.id, ours) == (incident.id, True)


def test_a_closed_incident_is_not_gone_on_with(site: Site, incident: Incident, team: Team) -> None:
    team.recover(incident)
    with pytest.raises(UsageError, match="is closed"):
        open_incident(site, IncidentForm(noticed_by="wang", incident=incident.id), actor=ACTOR)


@pytest.mark.parametrize(
    ("form", "complaint"),
    [
        (IncidentForm(noticed_by="zhang"), "no client is named"),
        (IncidentForm(noticed_by="zhang", clients=("c009",)), "is not known"),
        (IncidentForm(noticed_by="zhang", clients=("c001",), sets=("papers",)), "has no set"),
        (IncidentForm(noticed_by="nobody", clients=("c001",)), "is nobody of this agency"),
        (IncidentForm(noticed_by="zhang", incident="i-20200101-01"), "there is no incident"),
    ],
)
def test_a_form_that_names_what_is_not_there_opens_nothing(
    site: Site, form: IncidentForm, complaint: str
) -> None:
    with pytest.raises(UsageError) as error:
        open_incident(site, form, actor=ACTOR)
    assert complaint in error.value.template
    assert not (site.home / "state" / "incidents").exists()
