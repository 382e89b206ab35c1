"""A review on a real site: people's words, the signature under them, and actions until closed."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import Journal
from baozhang.incidents.review import actions_of, review_of
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.gate import gate
from tasks.gates import decide, request_of
from tasks.review import (
    action_drafts,
    add_action,
    ask_signature,
    finish_action,
    holder,
    name_leader,
    open_actions,
    publish,
    remind,
    review_draft,
    say_it,
    told_of,
    unsay,
)
from tasks.review_signers import leader_of, require_signer
from tests.flows.approving import PEOPLE, Devices, Hand
from tests.flows.site import AGENCY

CAUSE = "示例商贸有限公司的邮件附件带有病毒"
NO_PAPER = "mail: {sender: zhang@example.cn, letters: {review: {pdf: false}}}\n"


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    text = (home / "agency.yaml").read_text("utf-8")
    head, _, rest = AGENCY.partition("people:")
    vaults = rest[rest.index("vaults:") :].replace("mail: {sender: zhang@example.cn}\n", NO_PAPER)
    assert text == AGENCY
    (home / "agency.yaml").write_text(head + PEOPLE + vaults, "utf-8")
    with open_site(home, clock=clock) as opened:
        yield opened


@pytest.fixture
def incident(site: Site) -> Incident:
    """An incident that Li answered and that is closed."""
    made, _ = incidents_of(site).open(
        "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
    )
    made.journal.append("acknowledged", actor="li")
    made.journal.append("closed", actor="test")
    return made


def today(site: Site) -> date:
    return business_day(site.clock())


def written(site: Site, incident: Incident) -> None:
    say_it(site, incident, "root", CAUSE, by="zhang")


def sign(site: Site, incident: Incident, devices: Devices, person: str = "wang") -> None:
    request = request_of(incident, "review")
    assert request is not None
    decide(
        site,
        incident,
        "review",
        person=person,
        code=devices.code(person),
        word="approve",
        digest=request.digest,
    )


def signed(site: Site, incident: Incident) -> None:
    written(site, incident)
    ask_signature(site, incident, asked_by="zhang")
    sign(site, incident, Devices(site.home, site.clock, "wang"))


# --- words ----------------------------------------------------------------------------------------


def test_an_entry_says_who_wrote_it(site: Site, incident: Incident) -> None:
    written(site, incident)
    (entry,) = review_of(incident).of("root")
    assert (entry.text, entry.by, entry.at) == (CAUSE, "zhang", site.clock())


def test_no_word_of_anybody_stands_in_the_journal(site: Site, incident: Incident) -> None:
    written(site, incident)
    add_action(site, incident, owner="zhang", due=today(site), text=CAUSE, by="zhang")
    facts = [str(event.facts) for event in incident.journal.events()]
    assert not any("病毒" in each for each in facts)


def test_a_name_that_somebody_wrote_is_covered_in_the_letter(
    site: Site, incident: Incident
) -> None:
    written(site, incident)
    draft = review_draft(site, incident, "test")
    made = draft.render(number=1, language="zh_CN", gate=gate(site), pdf=False)
    assert "邮件附件带有病毒" in made.text
    assert "示例商贸有限公司" not in made.text


def test_nobody_of_another_agency_writes(site: Site, incident: Incident) -> None:
    with pytest.raises(UsageError, match="nobody of this agency"):
        say_it(site, incident, "well", "x", by="chen")


@pytest.mark.parametrize(
    "link",
    [
        "event:99",
        "value:plan-1",
        "letter:recovery/1",
        "point:main-000001-x",
        "copy:c-20261122-000000",
    ],
)
def test_evidence_that_is_not_there_is_refused(site: Site, incident: Incident, link: str) -> None:
    with pytest.raises(UsageError, match=f"there is no {link}"):
        say_it(site, incident, "why", "x", by="zhang", evidence=[link])


@pytest.mark.parametrize("link", ["event:1", "value:opening", "url:https://example.cn/a"])
def test_evidence_that_is_there_is_kept(site: Site, incident: Incident, link: str) -> None:
    made = say_it(site, incident, "why", "x", by="zhang", evidence=[link])
    assert made.entries[0].evidence == (link,)


def test_what_is_no_evidence_is_refused_before_it_is_looked_for(
    site: Site, incident: Incident
) -> None:
    with pytest.raises(UsageError, match="names no evidence"):
        say_it(site, incident, "why", "x", by="zhang", evidence=["../../etc/passwd"])


def test_an_entry_can_be_taken_back(site: Site, incident: Incident) -> None:
    say_it(site, incident, "lesson", "a", by="zhang")
    say_it(site, incident, "lesson", "b", by="zhang")
    left = unsay(site, incident, "lesson", 1, by="zhang")
    assert [each.text for each in left.of("lesson")] == ["b"]


# --- signature ------------------------------------------------------------------------------------


def test_a_review_without_a_root_cause_is_not_put_up(site: Site, incident: Incident) -> None:
    with pytest.raises(UsageError, match="no root cause"):
        ask_signature(site, incident, asked_by="zhang")


def test_a_recovery_that_goes_on_is_not_signed(site: Site) -> None:
    made, _ = incidents_of(site).open(
        "lost", [("c002", "main")], noticed_by="zhang", discovered=site.clock()
    )
    written(site, made)
    with pytest.raises(UsageError, match="not closed"):
        ask_signature(site, made, asked_by="zhang")


def test_who_answered_first_led_the_recovery(site: Site, incident: Incident) -> None:
    assert leader_of(site, incident) == "li"


def test_a_person_can_be_named_as_the_leader(site: Site, incident: Incident) -> None:
    name_leader(site, incident, "wang", by="li")
    assert leader_of(site, incident) == "wang"


def test_whoever_led_does_not_sign(site: Site, incident: Incident) -> None:
    with pytest.raises(UsageError, match="led the recovery"):
        require_signer(site, incident, "li")


def test_whoever_led_is_refused_at_the_gate_with_no_code_used(
    site: Site, incident: Incident
) -> None:
    written(site, incident)
    ask_signature(site, incident, asked_by="zhang")
    with pytest.raises(UsageError, match="led the recovery"):
        sign(site, incident, Devices(site.home, site.clock, "li"), "li")
    assert "code.wrong" not in {event.kind for event in incident.journal.events()}


def test_a_signed_review_is_published_once(site: Site, incident: Incident) -> None:
    signed(site, incident)
    assert publish(site, incident, actor="test")
    assert not publish(site, incident, actor="test")
    assert len(site.catalog.letters("review")) == 1


def test_an_unsigned_review_is_not_published(site: Site, incident: Incident) -> None:
    written(site, incident)
    ask_signature(site, incident, asked_by="zhang")
    with pytest.raises(UsageError, match="nobody has signed"):
        publish(site, incident, actor="test")


def test_what_is_written_after_the_signature_has_to_be_signed_again(
    site: Site, incident: Incident
) -> None:
    signed(site, incident)
    say_it(site, incident, "lesson", "x", by="zhang")
    assert told_of(site, incident).signed is None
    with pytest.raises(UsageError, match="nobody has signed"):
        publish(site, incident, actor="test")


def test_finishing_an_action_leaves_the_signature_standing(site: Site, incident: Incident) -> None:
    add_action(site, incident, owner="zhang", due=today(site), text="x", by="zhang")
    signed(site, incident)
    finish_action(site, incident, 1, by="zhang")
    told = told_of(site, incident)
    assert told.signed is not None
    assert told.signed.person == "wang"


# --- actions --------------------------------------------------------------------------------------


def test_an_action_is_open_until_somebody_closes_it(site: Site, incident: Incident) -> None:
    add_action(site, incident, owner="zhang", due=today(site), text="x", by="li")
    assert [(each.incident, each.action.number) for each in open_actions(site)] == [
        (incident.id, 1)
    ]
    finish_action(site, incident, 1, by="zhang")
    assert open_actions(site) == ()


def test_an_action_that_is_done_stays_as_it_was_done(
    site: Site, incident: Incident, clock: Hand
) -> None:
    add_action(site, incident, owner="zhang", due=today(site), text="x", by="li")
    first = finish_action(site, incident, 1, by="zhang")
    clock.move(days=1)
    assert finish_action(site, incident, 1, by="li") == first
    assert actions_of(incident) == (first,)


def test_no_action_is_due_before_today(site: Site, incident: Incident) -> None:
    late = today(site) - timedelta(days=1)
    with pytest.raises(UsageError, match="has passed"):
        add_action(site, incident, owner="zhang", due=late, text="x", by="li")


def test_an_action_becomes_overdue_the_day_after_it_was_due(
    site: Site, incident: Incident, clock: Hand
) -> None:
    add_action(site, incident, owner="zhang", due=today(site), text="x", by="li")
    assert [each.overdue for each in open_actions(site)] == [0]
    clock.move(days=1)
    assert [each.overdue for each in open_actions(site)] == [1]


def test_actions_of_drills_age_as_well(site: Site) -> None:
    drill, _ = incidents_of(site).open(
        "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock(), drill="lost-folder"
    )
    add_action(site, drill, owner="zhang", due=today(site), text="x", by="zhang")
    assert [each.incident for each in open_actions(site)] == [drill.id]


def test_what_a_drill_filed_beside_its_journal_ages_and_is_found(site: Site) -> None:
    folder = site.home / "state" / "drills" / "d-20261122-01"
    drill = Incident(folder, Journal.open(folder, site.clock))
    add_action(site, drill, owner="zhang", due=today(site), text="x", by="zhang")
    assert [each.incident for each in open_actions(site)] == [drill.id]
    assert holder(site, drill.id).folder == drill.folder


def test_an_owner_who_is_late_gets_a_letter_of_their_own(
    site: Site, incident: Incident, clock: Hand
) -> None:
    add_action(site, incident, owner="zhao", due=today(site), text="x", by="li")
    add_action(site, incident, owner="li", due=today(site) + timedelta(days=9), text="y", by="li")
    clock.move(days=2)
    drafts = list(action_drafts(site, open_actions(site), actor="test"))
    assert [[p.address for copy in each.copies for p in copy.people] for each in drafts] == [
        ["wang@example.cn"],
        ["zhao@example.cn"],
    ]


def test_reminding_twice_a_day_writes_once(site: Site, incident: Incident, clock: Hand) -> None:
    add_action(site, incident, owner="zhang", due=today(site), text="x", by="li")
    clock.move(days=3)
    assert remind(site, actor="test").letters == 2
    clock.move(hours=1)
    assert remind(site, actor="test").letters == 0


def test_without_open_actions_nobody_is_written_to(site: Site, incident: Incident) -> None:
    assert (remind(site, actor="test").open, site.catalog.letters("actions")) == (0, ())
