"""Governance day by day: who is asked when, what is dropped, what goes up, what is told."""

import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from baozhang.catalog.model import Alert
from baozhang.errors import SourceUnreadableError, UnreachableError
from baozhang.governance.attestations import ATTESTATIONS, REQUESTS, dues, standings
from baozhang.governance.obligations import (
    CHANGES,
    FIRST_DUES,
    OBLIGATIONS,
    Change,
    FirstDue,
    Standing,
    people_controls,
    plan,
    row_of,
)
from baozhang.governance.offices import CONTRACTS, VENDORS, Contract, Vendor
from baozhang.governance.proofs import Proof, examine, folder
from baozhang.incidents.incidents import incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks import attesting
from tasks import governance as daily
from tasks.attesting import Submission, accept, submit_coded, submit_file
from tasks.attesting_inbox import WHY, inbox, take_in
from tasks.governance import Sent, escalate, events_of, send_requests
from tasks.governance_register import register_of, write_register
from tasks.governance_troubles import governance_troubles
from tests.flows.approving import Devices, Hand
from tests.governance.offices import (
    PLAN,
    a_proof,
    an_office,
    letters,
    owing,
    request_files,
)
from tests.governance.proof_files import SOUND, laid


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def devices(home: Path, hand: Hand) -> Devices:
    return an_office(home, hand)


@pytest.fixture
def site(home: Path, hand: Hand, devices: Devices) -> Iterator[Site]:
    with open_site(home, clock=hand) as opened:
        yield opened


def due_on(site: Site, day: str = "2026-12-01", obligation: str = PLAN) -> None:
    """Plan one obligation for a day."""
    first = date.fromisoformat(day)
    row = FirstDue(obligation=obligation, first=first, since=date(2026, 11, 22))
    FIRST_DUES.put(site, {row_of(obligation): row}, by="li")


def standing(site: Site, obligation: str = PLAN) -> Standing:
    found = standings(site, events_of(site))
    return next(each for each in found if each.owed.id == obligation)


def subjects(site: Site) -> list[str]:
    return [str(each["Subject"]) for each in letters(site)]


# --- the plan -------------------------------------------------------------------------------------


def test_a_new_agency_is_planned_once_and_stays_as_it_is(site: Site, hand: Hand) -> None:
    first = plan(site, today=date(2026, 11, 22), by="li")
    before = FIRST_DUES.rows(site)
    hand.move(days=40)
    assert first == len(people_controls())
    assert plan(site, today=date(2027, 1, 1), by="li") == 0
    assert FIRST_DUES.rows(site) == before


def test_a_planned_year_asks_for_few_things_a_week(site: Site) -> None:
    plan(site, today=date(2026, 11, 22), by="li")
    assert send_requests(site) == Sent()  # two weeks from the first Monday on
    assert {each.state for each in standings(site)} == {"not evidenced"}


def test_before_anybody_planned_nothing_is_due(site: Site) -> None:
    assert dues(site) == {}
    assert {each.state for each in standings(site)} == {"not evidenced"}


def test_what_is_handed_in_moves_the_day_on(site: Site, devices: Devices, tmp_path: Path) -> None:
    due_on(site)
    said = Submission((a_proof(tmp_path),))
    made = submit_coded(site, PLAN, said, person="zhang", code=devices.code("zhang"))
    assert (standing(site).state, standing(site).due) == ("handed in", date(2027, 5, 21))
    accept(site, made, person="wang", code=devices.code("wang"))
    assert standing(site).state == "attested"


# --- asking ---------------------------------------------------------------------------------------


def test_one_letter_lists_everything_that_one_owner_owes(site: Site, tmp_path: Path) -> None:
    due_on(site)
    owing(site)
    assert send_requests(site) == Sent(letters=1, files=2)
    assert [each.name for each in request_files(site, tmp_path)] == [
        "request-q-001.json",
        "request-q-002.json",
    ]


def test_each_owner_gets_their_own_letter(site: Site) -> None:
    due_on(site)
    owing(site, owner="gm")
    send_requests(site)
    assert sorted(str(each["To"]) for each in letters(site)) == [
        "张三 <zhang@example.cn>",
        "李四 <li@example.cn>",
    ]


def test_nobody_is_asked_twice_for_one_stage(site: Site, hand: Hand) -> None:
    due_on(site)
    send_requests(site)
    hand.move(days=1)
    assert send_requests(site) == Sent()


def test_an_owner_is_asked_before_on_and_after_the_day(site: Site, hand: Hand) -> None:
    due_on(site)
    sent = []
    for _ in range(20):
        sent.append(send_requests(site).letters)
        hand.move(days=1)
    assert [day for day, count in enumerate(sent) if count] == [0, 9, 12]


def test_a_missed_week_asks_once_for_where_it_has_come_to(site: Site, hand: Hand) -> None:
    due_on(site)
    hand.move(days=60)
    assert send_requests(site).letters == 1
    assert {each.stage for each in REQUESTS.rows(site).values()} == {"late"}


def test_what_was_handed_in_is_not_asked_for(site: Site, devices: Devices, tmp_path: Path) -> None:
    due_on(site)
    said = Submission((a_proof(tmp_path),))
    submit_coded(site, PLAN, said, person="zhang", code=devices.code("zhang"))
    assert send_requests(site) == Sent()


def test_a_run_that_dies_before_its_letter_asks_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    due_on(site)

    def dies(*_: object, **__: object) -> None:
        raise UnreachableError("the machine went off")

    with monkeypatch.context() as broken:
        broken.setattr(daily, "write", dies)
        with pytest.raises(UnreachableError):
            send_requests(site)
    assert send_requests(site) == Sent(letters=1, files=1)
    file = request_files(site, tmp_path)[0]
    assert submit_file(site, file, Submission((a_proof(tmp_path),))) == "a-001"


def test_a_run_that_dies_after_its_letter_asks_twice_and_one_file_counts(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    due_on(site)

    def dies(*_: object, **__: object) -> None:
        raise UnreachableError("the machine went off")

    with monkeypatch.context() as broken:
        broken.setattr(daily, "_sent", dies)
        with pytest.raises(UnreachableError):
            send_requests(site)
    send_requests(site)
    first, second = request_files(site, tmp_path)
    made = submit_file(site, first, Submission((a_proof(tmp_path),)))
    assert made == "a-001"
    assert first.name != second.name


def test_an_owner_who_is_nobody_is_named_in_the_register(home: Path, hand: Hand) -> None:
    an_office(home, hand)
    file = home / "agency.yaml"
    file.write_text(
        file.read_text("utf-8").replace("roles: [manager]", "roles: [accountant]"), "utf-8"
    )
    with open_site(home, clock=hand) as site:
        owing(site, owner="hr_owner")
        assert send_requests(site) == Sent()
        assert [each.id for each in register_of(site).lines if not each.owner][-1:] != []


# --- events ---------------------------------------------------------------------------------------


def test_a_change_asks_for_what_depends_on_it(site: Site) -> None:
    mine = next(each.id for each in people_controls() if each.cadence == "on change")
    due_on(site, "2027-06-01", mine)
    changed = Change(day=date(2026, 11, 22), what="software")
    CHANGES.put(site, {"c-001": changed}, by="zhang")
    assert standing(site, mine).due == date(2026, 12, 7)


def test_a_closed_incident_asks_and_an_open_one_does_not(site: Site) -> None:
    mine = next(each.id for each in people_controls() if each.cadence == "per incident")
    due_on(site, "2027-06-01", mine)
    incident, _ = incidents_of(site).open(
        "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )
    open_ = standing(site, mine).due
    incident.journal.append("closed", actor="zhang")
    assert (open_, standing(site, mine).due) == (date(2027, 6, 1), date(2026, 12, 7))


def test_an_event_of_before_the_plan_asks_for_nothing(site: Site) -> None:
    mine = next(each.id for each in people_controls() if each.cadence == "on change")
    due_on(site, "2027-06-01", mine)
    changed = Change(day=date(2026, 11, 1), what="staff")
    CHANGES.put(site, {"c-001": changed}, by="zhang")
    assert standing(site, mine).due == date(2027, 6, 1)


def test_what_an_event_asked_for_is_known_without_the_event(site: Site, hand: Hand) -> None:
    mine = next(each.id for each in people_controls() if each.cadence == "per incident")
    due_on(site, "2027-06-01", mine)
    incident, _ = incidents_of(site).open(
        "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )
    incident.journal.append("closed", actor="zhang")
    hand.move(days=1)
    send_requests(site)
    assert dues(site)[mine].date() == date(2026, 12, 7)


def test_a_contract_asks_for_a_decision_before_its_notice(site: Site) -> None:
    row = Contract(party="机房", kind="lease", begin=date(2025, 1, 1), end=date(2027, 3, 1))
    CONTRACTS.put(site, {"c-001": row}, by="li")
    assert standing(site, "contract-c-001").due == date(2026, 12, 31)


def test_a_decided_contract_asks_no_more_until_its_end_moves(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    row = Contract(party="机房", kind="lease", begin=date(2025, 1, 1), end=date(2027, 3, 1))
    CONTRACTS.put(site, {"c-001": row}, by="li")
    said = Submission((a_proof(tmp_path),))
    owner = standing(site, "contract-c-001").owed.owner
    submit_coded(site, "contract-c-001", said, person=owner, code=devices.code(owner))
    before = standing(site, "contract-c-001").due
    longer = row.model_copy(update={"end": date(2029, 3, 1)})
    CONTRACTS.put(site, {"c-001": longer}, by="li")
    assert (before, standing(site, "contract-c-001").due) == (None, date(2028, 12, 31))


def test_a_vendor_is_reviewed_every_year(site: Site) -> None:
    row = Vendor(
        vendor="云", reviewed=date(2026, 1, 5), service=4, security=5, price=3, continuity=4
    )
    VENDORS.put(site, {"v-001": row}, by="li")
    assert standing(site, "vendor-v-001").due == date(2027, 1, 5)


# --- the drop folder ------------------------------------------------------------------------------


def dropped(site: Site, tmp_path: Path, name: str = "from-zhang") -> Path:
    """Lay a request file and a proof into the drop folder."""
    due_on(site)
    send_requests(site)
    file = request_files(site, tmp_path / "mail")[0]
    place = inbox(site) / name
    laid(place, file.name, file.read_bytes())
    laid(place, "plan.pdf", a_proof(tmp_path).read_bytes())
    return place


def test_what_is_dropped_is_taken_in_and_put_away(site: Site, tmp_path: Path) -> None:
    place = dropped(site, tmp_path)
    assert take_in(site).taken == ("a-001",)
    assert not place.exists()
    assert (folder(site) / "taken" / "a-001" / "plan.pdf").exists()


def test_a_bad_drop_stays_with_its_reason_beside_it(site: Site, tmp_path: Path) -> None:
    place = dropped(site, tmp_path)
    laid(place, "plan.pdf", b"")
    found = take_in(site)
    assert (found.taken, found.refused) == ((), 1)
    assert "plan.pdf is empty" in (place / WHY).read_text("utf-8")


def test_a_drop_that_was_mended_is_taken_in(site: Site, tmp_path: Path) -> None:
    place = dropped(site, tmp_path)
    whole = (place / "plan.pdf").read_bytes()
    laid(place, "plan.pdf", b"")
    take_in(site)
    laid(place, "plan.pdf", whole)
    assert take_in(site).taken == ("a-001",)


@pytest.mark.parametrize("name", ["none", "two", "link", "folder"])
def test_a_drop_that_is_no_hand_in_is_named(site: Site, tmp_path: Path, name: str) -> None:
    place = dropped(site, tmp_path)
    if name == "none":
        (place / "request-q-001.json").unlink()
    elif name == "two":
        laid(place, "request-q-002.json", b"{}")
    elif name == "link":
        (place / "more.pdf").symlink_to(tmp_path / "proof-20261120.pdf")
    else:
        (place / "more").mkdir()
    assert take_in(site).refused == 1
    assert ATTESTATIONS.rows(site) == {}


def _cut_off_from(place: Path) -> Callable[[Path], Proof]:
    """Return a look at proofs that cannot read those of one folder."""

    def look(path: Path) -> Proof:
        if path.parent == place:
            raise SourceUnreadableError("the disk is gone")
        return examine(path)

    return look


@pytest.mark.parametrize("bad", ["empty", "damaged", "unreadable"])
def test_one_bad_drop_holds_back_no_other(
    site: Site, tmp_path: Path, bad: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = dropped(site, tmp_path, "b-good")
    other = inbox(site) / "a-bad"
    other.mkdir()
    if bad != "empty":
        laid(other, "request-q-001.json", (place / "request-q-001.json").read_bytes())
        laid(other, "plan.docx", b"PK" + SOUND["list.xlsx"]()[60:])
    if bad == "unreadable":
        monkeypatch.setattr(attesting, "examine", _cut_off_from(other))
    found = take_in(site)
    assert (found.taken, found.refused) == (("a-001",), 1)
    assert (other / WHY).exists()


def test_a_run_that_died_before_putting_away_puts_it_away(site: Site, tmp_path: Path) -> None:
    place = dropped(site, tmp_path)
    request = place / "request-q-001.json"
    submit_file(site, request, Submission((place / "plan.pdf",)))
    assert take_in(site).taken == ("a-001",)
    assert not place.exists()
    assert list(ATTESTATIONS.rows(site)) == ["a-001"]


def test_a_used_request_with_another_proof_is_refused(site: Site, tmp_path: Path) -> None:
    place = dropped(site, tmp_path)
    submit_file(site, place / "request-q-001.json", Submission((place / "plan.pdf",)))
    laid(place, "plan.pdf", a_proof(tmp_path, "20261101").read_bytes())
    assert take_in(site).refused == 1


def test_a_folder_that_leads_elsewhere_is_left_alone(site: Site, tmp_path: Path) -> None:
    os.symlink(tmp_path, inbox(site) / "elsewhere")
    assert take_in(site).refused == 0


# --- going up -------------------------------------------------------------------------------------


def test_a_week_late_goes_to_managers_and_two_weeks_to_approvers(site: Site, hand: Hand) -> None:
    due_on(site)
    told = []
    for day in range(30):
        if escalate(site).letters:
            told.append((day, str(letters(site)[-1]["To"])))
        hand.move(days=1)
    assert told == [(16, "Wang <wang@example.cn>"), (23, "李四 <li@example.cn>")]


def test_everything_that_is_late_goes_up_in_one_letter(site: Site, hand: Hand) -> None:
    due_on(site)
    owing(site)
    hand.move(days=17)
    assert escalate(site).letters == 1
    assert "2 due, 2 of them late" in subjects(site)[-1]


def test_those_above_get_no_one_time_files(site: Site, hand: Hand, tmp_path: Path) -> None:
    due_on(site)
    hand.move(days=40)
    escalate(site)
    assert request_files(site, tmp_path) == []
    assert {each.token for each in REQUESTS.rows(site).values()} == {None}


def test_a_manager_who_owes_it_is_not_told_of_it_from_above(site: Site, hand: Hand) -> None:
    mine = next(each for each in people_controls() if each.owner == "hr_owner")
    due_on(site, "2026-12-01", mine.id)
    hand.move(days=17)
    assert escalate(site).letters == 0
    hand.move(days=7)
    assert escalate(site).letters == 1


def troubles(site: Site) -> list[Alert]:
    return list(governance_troubles(site, site.clock()))


def test_the_watch_tells_everything_that_is_late_as_one(site: Site, hand: Hand) -> None:
    due_on(site)
    owing(site)
    send_requests(site)
    before = troubles(site)
    hand.move(days=10)
    after = troubles(site)
    assert before == []
    assert [(each.kind, dict(each.facts)["count"]) for each in after] == [("governance", 2)]


def test_the_watch_is_silent_where_governance_is_not_at_work(site: Site, hand: Hand) -> None:
    due_on(site)
    hand.move(days=90)
    assert troubles(site) == []


# --- the register's letter ------------------------------------------------------------------------


def test_the_register_is_written_once_a_month(site: Site, hand: Hand) -> None:
    due_on(site, "2027-06-01")
    written = []
    for _ in range(40):
        written.append(write_register(site) is not None)
        hand.move(days=1)
    assert [day for day, out in enumerate(written) if out] == [0, 9]


def test_the_register_is_written_when_something_is_newly_late(site: Site, hand: Hand) -> None:
    due_on(site, "2026-11-25")
    written = []
    for _ in range(8):
        written.append(write_register(site) is not None)
        hand.move(days=1)
    assert [day for day, out in enumerate(written) if out] == [0, 4]


def test_the_register_counts_what_stands(site: Site, devices: Devices, tmp_path: Path) -> None:
    due_on(site)
    said = Submission((a_proof(tmp_path),))
    made = submit_coded(site, PLAN, said, person="zhang", code=devices.code("zhang"))
    accept(site, made, person="wang", code=devices.code("wang"))
    value = register_of(site)
    assert [each.id for each in value.of("attested")] == [PLAN]
    assert len(value.of("not evidenced")) == len(people_controls()) - 1


def test_an_obligation_for_a_control_that_is_none_serves_nothing(site: Site) -> None:
    owing(site)
    row = OBLIGATIONS.rows(site)["o-001"].model_copy(update={"control": "no.such"})
    OBLIGATIONS.put(site, {"o-001": row}, by="li")
    assert standing(site, "o-001").owed.control == ""
