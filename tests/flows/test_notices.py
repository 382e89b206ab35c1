"""Notices on a real site: approved words leave once, receipts count, deadlines are told in time."""

import fcntl
from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.model import CutOver, CutOverAll, Kind, Loss, RecoveredAll
from baozhang.incidents.notices import Draft, Milestone, handed, newest_draft, state
from baozhang.incidents.scope import Scope
from baozhang.mail.queued import Queued
from baozhang.mail.smtp import Reply
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gate_pages import shown
from tasks.gates import decide, request_of, standing_of
from tasks.incident_stopping import Checked
from tasks.notice_sending import record
from tasks.notice_words import GATE, preview, required, text_of
from tasks.notices import Ticked, deadline_troubles, milestone, pending, tick, tick_all
from tests.flows.approving import Devices, Hand, a_plan, four_people
from tests.incidents.dying import killed_at

CONTACT = """\
contact: {name: Client Owner, email: owner@client.example, language: en}
"""
OUTSIDE = """\
notices:
  public_line: "Telephone 010-65000000"
  insurer: {name: Insurance, reference: P-1, email: claims@insurer.example}
  vendor: {name: Vendor}
"""


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    four_people(home)
    with (home / "clients" / "c001.yaml").open("a", encoding="utf-8") as file:
        file.write(CONTACT)
    with open_site(home, clock=clock) as each:
        yield each


@pytest.fixture
def devices(site: Site, clock: Hand) -> Devices:
    return Devices(site.home, clock, "wang", "li")


@pytest.fixture
def incident(site: Site) -> Incident:
    return opened(site)


def opened(site: Site, kind: Kind = "lost", drill: str = "") -> Incident:
    sets = [("c001", "main"), ("c002", "main")]
    return incidents_of(site).open(
        kind, sets, noticed_by="zhang", discovered=site.clock(), drill=drill
    )[0]


def scoped(incident: Incident, *clients: str, **changes: int) -> None:
    losses = tuple(
        Loss(
            client=client,
            set="main",
            newest="n",
            clean="c",
            files_lost=1,
            files_changed=0,
            bytes_lost=10,
            vouchers_lost=3,
            vouchers_changed=0,
            lines_lost=6,
            amount=12_480_00,
            currency="CNY",
            periods=("2026-10",),
            readable=True,
        ).model_copy(update=changes)
        for client in clients
    )
    incident.keep("scope", Scope(losses=losses), actor="run")


def put_back(site: Site, incident: Incident, *clients: str) -> None:
    """Have clients' sets put into use, people seen to be able to work, and everybody told."""
    sets = tuple(
        CutOver(client=client, set="main", how="atomic", kept=True, checked=True)
        for client in clients or ("c001", "c002")
    )
    incident.keep("cut-over", CutOverAll(sets=sets), actor="run")
    milestone(site, incident, "cut-over", actor="run")
    incident.keep("service-check", Checked(sources=()), actor="run")
    look(site, incident)


def approve(site: Site, incident: Incident, notice: str, devices: Devices, by: str = "li") -> None:
    request = request_of(incident, GATE + notice)
    assert request
    decide(
        site,
        incident,
        GATE + notice,
        person=by,
        code=devices.code(by),
        word="approve",
        digest=request.digest,
    )


def look(site: Site, incident: Incident) -> Ticked:
    return tick(site, incident, actor="run")


def told(site: Site, incident: Incident, devices: Devices, notice: str = "clients") -> None:
    """Have the newest draft of a notice approved and sent."""
    look(site, incident)
    approve(site, incident, notice, devices)
    assert look(site, incident).sent


def mails(site: Site) -> list[str]:
    return [each.name for each in site.outbox.letters("waiting")]


def draft(incident: Incident, notice: str = "clients") -> Draft:
    found = newest_draft(incident, notice)
    assert found
    return found


def kinds(site: Site, clock: Hand) -> set[str]:
    return {each.kind for each in deadline_troubles(site, clock())}


# --- drafts and gates --------------------------------------------------------------------------


def test_clients_are_drafted_to_before_anything_is_compared(site: Site, incident: Incident) -> None:
    assert look(site, incident).drafted == ("clients-1",)
    text = text_of(site, draft(incident).letters[0], "zh_CN")
    assert "待补充" in text
    assert "张三" in text


def test_nothing_leaves_before_it_is_approved(site: Site, incident: Incident) -> None:
    look(site, incident)
    assert look(site, incident).sent == ()
    assert mails(site) == []


def test_what_is_approved_leaves_once_however_often_it_is_looked_at(
    site: Site, incident: Incident, devices: Devices
) -> None:
    look(site, incident)
    approve(site, incident, "clients", devices)
    assert look(site, incident).sent == ("clients-1.c001", "clients-1.c002")
    assert look(site, incident) == Ticked()
    assert sorted(mails(site)) == ["000001-notice-en", "000002-notice-zh_CN"]


def test_a_draft_nobody_approved_follows_what_becomes_known(site: Site, incident: Incident) -> None:
    look(site, incident)
    scoped(incident, "c001", "c002")
    assert look(site, incident).drafted == ("clients-2",)
    assert look(site, incident).drafted == ()


def test_a_newer_draft_voids_what_was_asked_before(
    site: Site, incident: Incident, devices: Devices
) -> None:
    look(site, incident)
    approve(site, incident, "clients", devices)
    milestone(site, incident, "plan-approved", actor="run")  # after it was approved: it still goes
    assert [each.number for each in handed(incident)] == [1, 1]
    look(site, incident)
    standing = standing_of(site, incident, "notice-clients")
    assert standing
    assert (draft(incident).number, standing.state) == (2, "waiting")


def test_what_was_refused_is_not_asked_again_in_the_same_words(
    site: Site, incident: Incident, devices: Devices
) -> None:
    look(site, incident)
    request = request_of(incident, "notice-clients")
    assert request
    decide(
        site,
        incident,
        "notice-clients",
        person="li",
        code=devices.code("li"),
        word="refuse",
        digest=request.digest,
    )
    look(site, incident)
    standing = standing_of(site, incident, "notice-clients")
    assert standing
    assert standing.state == "refused"
    scoped(incident, "c001")
    look(site, incident)
    asked = standing_of(site, incident, "notice-clients")
    assert asked
    assert asked.state == "waiting"


def test_an_approval_nobody_gave_in_time_is_asked_for_again(
    site: Site, incident: Incident, clock: Hand
) -> None:
    look(site, incident)
    clock.move(hours=25)
    look(site, incident)
    standing = standing_of(site, incident, "notice-clients")
    assert standing
    assert standing.state == "waiting"


def test_words_that_changed_after_the_approval_are_asked_for_again(
    home: Path, site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    look(site, incident)
    approve(site, incident, "clients", devices)
    agency = home / "agency.yaml"
    agency.write_text(agency.read_text("utf-8") + OUTSIDE, "utf-8")
    with open_site(home, clock=clock) as changed:
        done = look(changed, incident)
        assert "clients-2" in done.drafted
        assert done.sent == ()


def test_a_preview_names_no_client(site: Site, incident: Incident) -> None:
    look(site, incident)
    page = preview(site, incident, "notice-clients")
    assert "示例商贸" not in page
    assert "c001" in page


def test_the_gates_page_shows_the_words(site: Site, incident: Incident) -> None:
    look(site, incident)
    assert "待补充" in shown(site, incident, "notice-clients")


def test_a_clients_letter_shows_no_other_client(site: Site, incident: Incident) -> None:
    scoped(incident, "c001", "c002")
    look(site, incident)
    assert "c002" not in text_of(site, draft(incident).letters[0], "zh_CN")


# --- milestones, progress, follow-up -------------------------------------------------------------


def test_a_milestone_brings_a_notice_of_progress(
    site: Site, incident: Incident, devices: Devices
) -> None:
    told(site, incident, devices)
    incident.keep("plan", a_plan(incident), actor="run")
    done = milestone(site, incident, "plan-approved", actor="run")
    assert done.drafted == ("clients-2",)
    assert draft(incident).stage == "progress"
    assert draft(incident).letters[0].seconds == 95


def test_a_milestone_counts_once(site: Site, incident: Incident) -> None:
    milestone(site, incident, "restored", actor="run")
    milestone(site, incident, "restored", actor="run")
    assert sum(e.kind == "milestone" for e in incident.journal.events()) == 1


def test_progress_is_drafted_before_the_promised_interval_is_over(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    told(site, incident, devices)
    clock.move(minutes=89)
    assert look(site, incident).drafted == ()
    clock.move(minutes=1)
    assert look(site, incident).drafted == ("clients-2",)


def test_a_cut_over_tells_clients_that_their_data_is_back(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    told(site, incident, devices)
    put_back(site, incident)
    assert draft(incident).stage == "recovered"
    told(site, incident, devices)
    clock.move(hours=3)
    assert look(site, incident).drafted == ()


def test_nobody_is_told_that_data_is_back_before_it_was_seen_to_serve(
    site: Site, incident: Incident, devices: Devices
) -> None:
    told(site, incident, devices)
    milestone(site, incident, "cut-over", actor="run")
    assert draft(incident).stage == "first"


def test_a_client_whose_set_was_left_out_is_not_told_that_its_data_is_back(
    site: Site, incident: Incident, devices: Devices
) -> None:
    scoped(incident, "c001", "c002")
    told(site, incident, devices)
    put_back(site, incident, "c001")
    back, left_out = (text_of(site, each, "zh_CN") for each in draft(incident).letters)
    assert "已恢复的告知函" in back
    assert "尚未恢复的告知函" in left_out
    assert "恢复使用。每" not in left_out


def test_a_plan_that_brought_nothing_back_tells_nobody_that_it_did(
    site: Site, incident: Incident, devices: Devices
) -> None:
    scoped(incident, "c001", "c002")
    told(site, incident, devices)
    incident.keep("recovered", RecoveredAll(incident=incident.id, plan=1, sets=()), actor="run")
    incident.keep("cut-over", CutOverAll(sets=()), actor="run")
    reached: tuple[Milestone, ...] = ("restored", "cut-over")
    for name in reached:
        milestone(site, incident, name, actor="run")
    incident.journal.append("closed", actor="run")
    milestone(site, incident, "closed", actor="run")
    words = text_of(site, draft(incident).letters[0], "zh_CN")
    assert "目前未能补救" in words
    assert "恢复到隔离区" not in words


def test_a_client_that_was_told_and_lacks_nothing_hears_of_the_end(
    site: Site, incident: Incident, devices: Devices
) -> None:
    told(site, incident, devices)
    whole = {"files_lost": 0, "vouchers_lost": 0}
    scoped(incident, "c001", "c002", **whole)
    incident.journal.append("closed", actor="run")
    milestone(site, incident, "closed", actor="run")
    assert [each.client for each in draft(incident).letters] == ["c001", "c002"]
    assert "数据无需恢复" in text_of(site, draft(incident).letters[0], "zh_CN")


def test_only_clients_whose_data_came_back_are_asked_whether_all_is_well(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    scoped(incident, "c001", "c002")
    put_back(site, incident, "c001")
    told(site, incident, devices)
    clock.move(days=3)
    look(site, incident)
    assert [each.client for each in draft(incident).letters] == ["c001"]


def test_days_after_the_recovery_clients_are_asked_whether_all_is_well(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    put_back(site, incident)
    told(site, incident, devices)
    incident.journal.append("closed", actor="run")
    clock.move(days=3)
    assert look(site, incident).drafted == ("clients-3",)
    assert draft(incident).stage == "follow-up"
    told(site, incident, devices)
    clock.move(days=3)
    assert look(site, incident).drafted == ()


def test_an_incident_that_ends_without_a_cut_over_is_told_as_closed(
    site: Site, incident: Incident, devices: Devices
) -> None:
    told(site, incident, devices)
    incident.journal.append("closed", actor="run")
    milestone(site, incident, "closed", actor="run")
    assert "已结案" in text_of(site, draft(incident).letters[0], "zh_CN")


def test_what_fails_in_a_milestone_stops_no_recovery(site: Site, incident: Incident) -> None:
    (incident.folder / "opening.json").write_text("{}", "utf-8")
    assert milestone(site, incident, "restored", actor="run") == Ticked()


# --- authorities, insurer, vendor -----------------------------------------------------------------


def test_a_report_to_an_authority_is_laid_into_the_library_and_mailed_to_nobody(
    site: Site, incident: Incident, devices: Devices
) -> None:
    state(incident, "persons", 1_000_000, by="li")
    told(site, incident, devices, "cyberspace-4h")
    assert mails(site) == []
    papers = sorted((site.home / "reports" / "notice").rglob("*cyberspace*.pdf"))
    assert [path.stem.rpartition("-")[2] for path in papers] == ["en", "zh_CN"]


def test_handing_it_over_is_recorded_with_a_receipt(
    site: Site, incident: Incident, devices: Devices
) -> None:
    state(incident, "persons", 1_000_000, by="li")
    told(site, incident, devices, "cyberspace-4h")
    record(
        site,
        incident,
        required(incident, "cyberspace-4h"),
        by="li",
        means="portal",
        receipt="W-17",
        at=site.clock(),
    )
    (fared,) = (each for each in handed(incident) if each.notice == "cyberspace-4h")
    assert (fared.means, fared.receipt) == ("portal", site.clock())


def test_a_fact_that_comes_later_is_reported_as_a_supplement(
    site: Site, incident: Incident, devices: Devices
) -> None:
    state(incident, "persons", 1_000_000, by="li")
    told(site, incident, devices, "cyberspace-4h")
    milestone(site, incident, "restored", actor="run")  # how far we are is no supplement
    assert draft(incident, "cyberspace-4h").number == 1
    state(incident, "loss_fen", 100, by="li")
    look(site, incident)
    assert draft(incident, "cyberspace-4h").stage == "supplement"


def test_insurer_and_vendor_are_told_by_mail_or_by_hand(
    home: Path, site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    agency = home / "agency.yaml"
    agency.write_text(agency.read_text("utf-8") + OUTSIDE, "utf-8")
    with open_site(home, clock=clock) as changed:
        told(changed, incident, devices, "insurer")
        told(changed, incident, devices, "vendor")
        assert mails(changed) == ["000001-notice-zh_CN"]
        text = text_of(changed, draft(incident, "insurer").letters[0], "zh_CN")
        assert "010-65000000" in text
        assert "P-1" in text


# --- receipts and deadlines -----------------------------------------------------------------------


def test_the_mail_servers_answer_is_the_receipt(
    site: Site, incident: Incident, devices: Devices
) -> None:
    told(site, incident, devices)
    (waiting,) = (each for each in site.outbox.letters("waiting") if each.language == "en")
    site.outbox.keep(taken(waiting, site))
    assert look(site, incident).received == ("clients-1.c001",)
    assert look(site, incident).received == ()


def taken(letter: Queued, site: Site) -> Queued:
    replies = {each.address: Reply(250, "2.0.0") for each in letter.recipients}
    return letter.answered(replies, site.clock(), lambda: 0.5)


def test_a_client_without_a_contact_is_told_by_its_accountant_who_records_it(
    site: Site, incident: Incident, devices: Devices
) -> None:
    told(site, incident, devices)
    (letter,) = (each for each in site.outbox.letters("waiting") if each.language == "zh_CN")
    assert [each.address for each in letter.to] == ["zhang@example.cn"]
    site.outbox.keep(taken(letter, site))
    assert look(site, incident).received == ()  # the accountant has it, the client has not


def test_half_of_the_time_is_gone_before_anybody_is_woken(
    site: Site, incident: Incident, clock: Hand
) -> None:
    look(site, incident)
    clock.move(minutes=59)
    assert "notice-due" not in kinds(site, clock)
    clock.move(minutes=1)
    assert "notice-due" in kinds(site, clock)
    assert "notice-missed" not in kinds(site, clock)


def test_a_missed_deadline_says_so(site: Site, incident: Incident, clock: Hand) -> None:
    look(site, incident)
    clock.move(hours=2)
    assert {"notice-due", "notice-missed"} <= kinds(site, clock)


def test_a_letter_in_the_outbox_has_told_nobody(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    told(site, incident, devices)
    clock.move(hours=2)
    assert "notice-missed" in kinds(site, clock)


def test_a_recorded_telephone_call_ends_the_alarm_and_starts_the_promise(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    told(site, incident, devices)
    clock.move(minutes=90)
    record(site, incident, draft(incident), by="zhang", means="telephone", receipt="", at=clock())
    assert "notice-due" not in kinds(site, clock)
    clock.move(minutes=60)
    assert "notice-due" in kinds(site, clock)


def test_facts_that_a_deadline_hangs_on_are_asked_for(
    site: Site, incident: Incident, clock: Hand
) -> None:
    clock.move(hours=2)
    (alert,) = (e for e in deadline_troubles(site, clock()) if e.kind == "notice-facts")
    assert "persons" in str(dict(alert.facts)["facts"])
    for name in ("persons", "loss_fen"):
        state(incident, name, 1, by="li")
    for name in ("suspected_crime", "harm_to_others", "personal_data", "paper_invoices_lost"):
        state(incident, name, False, by="li")
    (alert,) = (e for e in deadline_troubles(site, clock()) if e.kind == "notice-facts")
    assert dict(alert.facts)["facts"] == "reviewed_grade"
    state(incident, "reviewed_grade", "below", by="li", why="small")
    assert "notice-facts" not in kinds(site, clock)


def test_what_waits_for_approval_is_told_calmly(
    site: Site, incident: Incident, clock: Hand
) -> None:
    look(site, incident)
    (alert,) = deadline_troubles(site, clock())
    assert (alert.kind, alert.alert_class) == ("notice-waiting", "notice")


# --- drills, crashes, ends ------------------------------------------------------------------------


def test_a_drill_writes_to_nobody_and_never_alerts(
    site: Site, devices: Devices, clock: Hand
) -> None:
    drill = opened(site, drill="lost-folder")
    told(site, drill, devices)
    assert mails(site) == []
    assert {each.means for each in handed(drill)} == {"drill"}
    clock.move(hours=5)
    assert kinds(site, clock) == set()


@pytest.mark.parametrize("before", [False, True])
def test_killed_at_any_event_nothing_is_sent_twice_or_never(
    site: Site, incident: Incident, devices: Devices, *, before: bool
) -> None:
    look(site, incident)
    approve(site, incident, "clients", devices)
    home, clock = site.home, site.clock

    def again() -> None:
        with open_site(home, clock=clock) as fresh:
            look(fresh, incidents_of(fresh).get(incident.id))

    deaths = 0
    for number in (1, 2, 1, 3, 2, 1, 1):
        deaths += killed_at(number, again, before=before)
    again()
    assert deaths >= 4
    assert sorted(mails(site)) == ["000001-notice-en", "000002-notice-zh_CN"]
    assert len(handed(incident)) == 2


def test_another_look_at_the_same_time_does_nothing(site: Site, incident: Incident) -> None:
    look(site, incident)
    scoped(incident, "c001")
    with (incident.folder / ".telling").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert look(site, incident) == Ticked()
    assert look(site, incident).drafted == ("clients-2",)


def test_an_incident_closed_long_ago_is_not_looked_at(
    site: Site, incident: Incident, clock: Hand
) -> None:
    assert [each.id for each in pending(site)] == [incident.id]
    incident.journal.append("closed", actor="run")
    clock.move(days=46)
    assert list(pending(site)) == []
    assert tick_all(site, actor="run") == ()


def test_the_log_is_written_when_everybody_was_told(
    site: Site, incident: Incident, devices: Devices, clock: Hand
) -> None:
    put_back(site, incident)
    told(site, incident, devices)
    incident.journal.append("closed", actor="run")
    record(site, incident, draft(incident), by="li", means="telephone", receipt="", at=clock())
    look(site, incident)
    assert log_pages(site) == []
    clock.move(days=3)
    told(site, incident, devices)
    record(site, incident, draft(incident), by="li", means="telephone", receipt="", at=clock())
    look(site, incident)
    look(site, incident)
    assert len({path.name[:6] for path in log_pages(site)}) == 1


def log_pages(site: Site) -> list[Path]:
    return sorted((site.home / "reports" / "notice").rglob("*-log-*.html"))


def test_a_log_of_an_incident_of_which_nobody_was_told_says_so(
    site: Site, incident: Incident, clock: Hand
) -> None:
    look(site, incident)
    incident.journal.append("closed", actor="run")
    clock.move(days=32)
    look(site, incident)
    page = log_pages(site)[0].read_text("utf-8")
    assert "应告知而未告知" in page or "were not" in page
