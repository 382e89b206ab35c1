"""Who must be told: what is unknown stays so, a clock has one answer, a client sees its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident, Incidents
from baozhang.incidents.journal import Fact
from baozhang.incidents.model import Kind, Loss
from baozhang.incidents.notices import (
    CLIENTS,
    KNOWERS,
    RECEIPT,
    SENT,
    Answered,
    about,
    answers,
    clients_of,
    facts_of,
    handed,
    known,
    must_report,
    news_of,
    state,
    wanted,
)
from baozhang.incidents.scope import Scope
from baozhang.policies.law.duties import Facts
from baozhang.policies.law.register import load_register
from baozhang.settings import Notices, Party

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
SETTINGS = Notices()


def opened(folder: Path, kind: Kind = "lost", cause: str = "") -> Incident:
    sets = [("c001", "main"), ("c002", "main")]
    incidents = Incidents(folder, lambda: NOW)
    return incidents.open(kind, sets, noticed_by="zhang", discovered=NOW, cause=cause)[0]


def loss(client: str, *, lost: int = 3) -> Loss:
    return Loss(
        client=client,
        set="main",
        newest="n",
        clean="c",
        files_lost=0,
        files_changed=0,
        bytes_lost=0,
        vouchers_lost=lost,
        vouchers_changed=0,
        lines_lost=0,
        amount=lost * 100,
        currency="CNY",
        periods=("2026-10",) if lost else (),
        readable=True,
    )


def scoped(incident: Incident, **lost: int) -> None:
    losses = tuple(loss(client, lost=count) for client, count in lost.items())
    incident.keep("scope", Scope(losses=losses), actor="run")


def facts(incident: Incident) -> Facts:
    return facts_of(incident, known(incident, SETTINGS))


def by_clock(found: Facts) -> dict[str, Answered]:
    return {each.duty.clock.id: each for each in answers(load_register(), found)}


def test_what_nobody_stated_is_unknown(tmp_path: Path) -> None:
    found = facts(opened(tmp_path, "leaked"))
    assert (found.personal_data, found.persons, found.loss_fen) == (None, None, None)
    assert found.suspected_crime is None


def test_for_clients_data_the_agency_is_entrusted_unless_settings_say_otherwise(
    tmp_path: Path,
) -> None:
    incident = opened(tmp_path)
    assert facts(incident).role == "entrusted"
    settings = Notices(role="processor")
    assert facts_of(incident, known(incident, settings)).role == "processor"


def test_what_a_person_stated_counts_before_the_settings(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    state(incident, "role", "processor", by="li")
    assert known(incident, SETTINGS)["role"].source == "li"
    assert facts(incident).role == "processor"


def test_the_last_word_on_a_fact_counts(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    state(incident, "persons", 12, by="zhang")
    state(incident, "persons", 12_000, by="li")
    assert facts(incident).persons == 12_000


def test_a_fact_can_be_taken_back(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    state(incident, "suspected_crime", True, by="zhang")
    state(incident, "suspected_crime", "unknown", by="zhang")
    assert facts(incident).suspected_crime is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("persons", -1),
        ("persons", True),
        ("persons", "many"),
        ("personal_data", 1),
        ("role", "owner"),
        ("reviewed_grade", "small"),
        ("cause", " "),
        ("weather", "fine"),
    ],
)
def test_a_value_that_a_fact_cannot_have_is_refused(tmp_path: Path, name: str, value: Fact) -> None:
    with pytest.raises(UsageError):
        state(opened(tmp_path), name, value, by="zhang")


def test_clients_data_is_concerned_from_the_opening_on(tmp_path: Path) -> None:
    assert facts(opened(tmp_path)).client_data is True


def test_a_comparison_that_finds_nothing_missing_takes_it_back(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    scoped(incident, c001=0, c002=0)
    assert facts(incident).client_data is False


def test_of_ransomware_a_comparison_takes_nothing_back(tmp_path: Path) -> None:
    incident = opened(tmp_path, "ransomware")
    scoped(incident, c001=0, c002=0)
    assert facts(incident).client_data is True


def test_every_fact_that_a_clock_hangs_on_has_somebody_who_could_know_it(tmp_path: Path) -> None:
    missing = {n for each in by_clock(facts(opened(tmp_path))).values() for n in each.duty.missing}
    assert missing
    assert missing <= KNOWERS.keys()


def test_with_unknown_numbers_the_report_is_unknown_and_has_its_deadline(tmp_path: Path) -> None:
    found = by_clock(facts(opened(tmp_path)))["cyberspace-4h"]
    assert (found.answer, found.duty.missing) == ("unknown", ("persons", "loss_fen"))
    assert found.limit == NOW + timedelta(hours=4)


def test_small_numbers_want_a_review_and_never_say_no(tmp_path: Path) -> None:
    found = by_clock(replace(facts(opened(tmp_path)), persons=3, loss_fen=100))["cyberspace-4h"]
    assert (found.answer, found.limit) == ("review", NOW + timedelta(hours=4))


def test_a_large_number_obliges_until_a_deadline(tmp_path: Path) -> None:
    found = by_clock(replace(facts(opened(tmp_path)), persons=1_000_000))["cyberspace-4h"]
    assert (found.answer, found.limit) == ("yes", NOW + timedelta(hours=4))


def test_a_review_decides(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    state(incident, "reviewed_grade", "below", by="li", why="no important data")
    assert by_clock(facts(incident))["cyberspace-4h"].answer == "no"
    assert known(incident, SETTINGS)["reviewed_grade"].why == "no important data"


def test_the_one_answer_is_the_gravest_of_the_reports_clocks(tmp_path: Path) -> None:
    found = facts(opened(tmp_path))
    register = load_register()
    assert must_report(answers(register, found)).answer == "unknown"
    known_small = replace(found, persons=3, loss_fen=100)
    assert must_report(answers(register, known_small)).answer == "review"
    assert must_report(answers(register, replace(found, persons=10**6))).answer == "yes"


def test_a_report_that_arrived_starts_the_final_report_when_the_incident_is_closed(
    tmp_path: Path,
) -> None:
    incident = opened(tmp_path)
    told = {"notice": "cyberspace-4h", "number": 1, "client": "", "at": NOW.isoformat()}
    incident.journal.append(RECEIPT, actor="li", means="portal", receipt="7", **told)
    incident.journal.append("closed", actor="run")
    found = by_clock(facts(incident))["final-report"]
    assert (found.answer, found.limit) == ("yes", NOW + timedelta(days=30))


def test_clients_are_told_within_two_hours_of_the_discovery(tmp_path: Path) -> None:
    found = facts(opened(tmp_path))
    (told,) = wanted(answers(load_register(), found), found, SETTINGS, NOW)
    assert (told.id, told.by, told.lawful) == (CLIENTS, NOW + timedelta(hours=2), False)


def test_insurer_and_vendor_are_told_where_settings_name_them(tmp_path: Path) -> None:
    found = facts(opened(tmp_path))
    settings = Notices(insurer=Party(name="I"), vendor=Party(name="V"))
    told = wanted(answers(load_register(), found), found, settings, NOW)
    assert [each.id for each in told] == [CLIENTS, "insurer", "vendor"]


def test_a_clients_news_hold_its_own_losses_alone(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    scoped(incident, c001=3, c002=5)
    news = about(news_of(incident, SETTINGS, NOW), "c001", None, ["c002"])
    assert [each.client for each in news.losses] == ["c001"]
    assert "c002" not in news.model_dump_json()


def test_a_word_that_names_another_client_is_covered(tmp_path: Path) -> None:
    incident = opened(tmp_path, cause="c002 was restored over c001")
    news = about(news_of(incident, SETTINGS, NOW), "c001", None, ["c002"])
    assert news.fact("cause") == "＊＊＊ was restored over c001"


def test_a_client_is_told_nothing_of_numbers_and_suspicions(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    state(incident, "suspected_crime", True, by="li")
    state(incident, "loss_fen", 100, by="li")
    state(incident, "kinds", "payroll", by="li")
    news = about(news_of(incident, SETTINGS, NOW), "c001", None, ["c002"])
    assert news.stated == (("kinds", "payroll"),)


def test_a_client_that_lacks_nothing_is_not_told(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    assert clients_of(incident) == ("c001", "c002")
    scoped(incident, c001=3, c002=0)
    assert clients_of(incident) == ("c001",)


def test_a_letter_arrived_when_it_first_did(tmp_path: Path) -> None:
    incident = opened(tmp_path)
    common = {"notice": "police", "number": 1, "client": ""}
    incident.journal.append(SENT, actor="run", letter=4, outbox="", **common)
    later = (NOW + timedelta(hours=1)).isoformat()
    for at, means in ((later, "paper"), (NOW.isoformat(), "telephone")):
        incident.journal.append(RECEIPT, actor="li", at=at, means=means, receipt="", **common)
    (found,) = handed(incident)
    assert (found.letter, found.receipt, found.means) == (4, NOW, "telephone")
