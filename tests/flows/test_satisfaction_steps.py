"""The steps of the client's voice on a real site: asked once, heard once, called, reported once."""

import json
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import BaozhangError, UsageError
from baozhang.governance.voice.records import (
    ANSWERS,
    AUDIENCE,
    CALLBACKS,
    INVITATIONS,
    WAVES,
)
from baozhang.incidents.incidents import incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from reports.months import Month
from tasks.satisfaction import conclude_satisfaction
from tasks.satisfaction_asking import (
    agree,
    end_wave,
    open_wave,
    planned_now,
    write_asking,
    written_letters,
)
from tasks.satisfaction_queue import (
    called,
    improve,
    improved,
    move_issue,
    open_issue,
    owe_calls,
)
from tasks.satisfaction_report import due_reports, of_month, of_wave, report_on
from tasks.satisfaction_site import voice_of
from tasks.satisfaction_taking import inbox, record, take_file, take_inbox
from tests.flows.approving import Hand
from tests.flows.voicing import agreed, ended, export, prepare

WAVE = "w-2026h2"


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def site(home: Path, clock: Hand) -> Iterator[Site]:
    prepare(home, 8)
    with open_site(home, clock=clock) as opened:
        yield opened


@pytest.fixture
def asked(site: Site) -> dict[str, str]:
    """Codes by client, of a wave that is open; c008 did not agree."""
    agreed(site, *[f"c{n:03d}" for n in range(1, 8)])
    (planned,) = planned_now(site)
    open_wave(site, planned)
    return {each.client: each.code for each in INVITATIONS.rows(site).values()}


def later(clock: Hand, days: int) -> None:
    clock.now += timedelta(days=days)


def dropped(site: Site, *rows: tuple[str, str], name: str = "x.csv") -> Path:
    at = site.clock().astimezone(SHANGHAI)
    return export(inbox(site), *rows, at=at, name=name)


# --- asking ---------------------------------------------------------------------------------------


def test_a_wave_asks_whoever_agreed_and_counts_the_others(
    site: Site, asked: dict[str, str]
) -> None:
    wave = WAVES.rows(site)[WAVE]
    assert (wave.audience, wave.excluded) == (7, ("unknown=1",))
    assert "c008" not in asked
    assert len(set(asked.values())) == 7


def test_nobody_is_asked_where_nobody_agreed(site: Site) -> None:
    (planned,) = planned_now(site)
    assert open_wave(site, planned) is None
    assert WAVES.rows(site) == {}


def test_the_letter_goes_to_the_contact_with_its_own_code(
    site: Site, asked: dict[str, str]
) -> None:
    write_asking(site, WAVE)
    found = {}
    for path in site.home.rglob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        found[str(message["To"])] = body.get_content()
    assert len(found) == 7
    for client, code in asked.items():
        (text,) = [text for to, text in found.items() if f"{client}@client.cn" in to]
        assert f"sojumpparm={code}" in "".join(text.split())


def test_letters_are_written_once(site: Site, asked: dict[str, str]) -> None:
    assert write_asking(site, WAVE).letters == 7
    assert write_asking(site, WAVE).letters == 0


def test_whoever_was_killed_between_two_letters_goes_on_with_the_next(
    site: Site, asked: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, count = site.catalog.record_letter, []

    def killed(letter: object) -> None:
        count.append(letter)
        if len(count) == 3:
            raise KeyboardInterrupt
        real(letter)  # type: ignore[arg-type]

    monkeypatch.setattr("tasks.letters.AT_ONCE", 1)
    with monkeypatch.context() as patched:
        patched.setattr(site.catalog, "record_letter", killed)
        with pytest.raises(KeyboardInterrupt):
            write_asking(site, WAVE)
    assert len(written_letters(site)) == 2
    assert write_asking(site, WAVE).letters == 5
    assert [each.number for each in site.catalog.letters("survey")] == list(range(1, 8))


def test_the_silent_are_reminded_once_and_nobody_else(
    site: Site, asked: dict[str, str], clock: Hand
) -> None:
    write_asking(site, WAVE)
    record(site, asked["c001"], by="zhang", csat=5)
    later(clock, 7)
    assert write_asking(site, WAVE).reminders == 6
    assert write_asking(site, WAVE).reminders == 0


@pytest.mark.parametrize("changes", [{"consent": False}, {"consent": True, "channel": "phone"}])
def test_whoever_says_no_after_being_asked_gets_no_letter_any_more(
    site: Site, asked: dict[str, str], clock: Hand, changes: dict[str, Any]
) -> None:
    agree(site, "c001", by="zhang", **changes)
    assert write_asking(site, WAVE).letters == 6
    agree(site, "c002", by="zhang", **changes)
    later(clock, 7)
    assert write_asking(site, WAVE).reminders == 5
    told = {each.client for each in INVITATIONS.rows(site).values() if each.reminded}
    assert told == {f"c{n:03d}" for n in range(3, 8)}


def test_a_consent_that_was_taken_out_of_the_register_is_none(
    site: Site, asked: dict[str, str]
) -> None:
    AUDIENCE.end(site, "c001", by="zhang")
    assert write_asking(site, WAVE).letters == 6


def test_whoever_was_asked_lately_is_not_asked_again(site: Site, asked: dict[str, str]) -> None:
    made = ended(site, "c001")
    (planned,) = planned_now(site, incident=made.id)
    assert open_wave(site, planned) is None


def test_an_incident_is_told_only_to_those_that_it_hit(site: Site, clock: Hand) -> None:
    agreed(site, "c001", "c002")
    ended(site, "c001")
    later(clock, 4)
    (planned,) = [each for each in planned_now(site) if each.incident]
    open_wave(site, planned)
    found = {each.client: each.questions for each in INVITATIONS.rows(site).values()}
    assert found == {"c001": "q1-incident", "c002": "q1"}


def test_a_client_in_an_open_incident_is_left_alone(site: Site) -> None:
    agreed(site, "c001", "c002")
    incidents_of(site).open("lost", [("c001", "*")], noticed_by="zhang", discovered=site.clock())
    (planned,) = planned_now(site)
    opened = open_wave(site, planned)
    assert opened is not None
    assert opened[1].left_out["c001"] == "open-incident"


def test_a_drill_asks_nobody(site: Site, clock: Hand) -> None:
    made, _ = incidents_of(site).open(
        "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock(), drill="lost-folder"
    )
    made.journal.append("closed", actor="test")
    later(clock, 4)
    assert not [each for each in planned_now(site) if each.incident]


def test_consent_is_noted_by_people_of_the_agency(site: Site) -> None:
    with pytest.raises(UsageError, match="nobody of this agency"):
        agree(site, "c001", consent=True, by="chen")


def test_a_wave_that_is_ended_takes_no_more(site: Site, asked: dict[str, str], clock: Hand) -> None:
    end_wave(site, WAVE, by="zhang")
    later(clock, 1)
    with pytest.raises(UsageError, match="takes no answers"):
        record(site, asked["c001"], by="zhang", csat=5)


# --- answers --------------------------------------------------------------------------------------


def test_a_dropped_export_is_taken_and_deleted_with_its_addresses(
    site: Site, asked: dict[str, str], clock: Hand
) -> None:
    path = dropped(site, (asked["c001"], "5,9,6,很好"), ("nonsense", "5,9,6,"))
    later(clock, 1)
    (received,) = take_inbox(site)
    assert (received.taken, received.refused) == (1, ((3, "code"),))
    assert not path.exists()
    kept = (site.home / "state" / "surveys" / f"{received.sha256}.json").read_text("ascii")
    assert json.loads(kept)["refused"] == [[3, "code"]]
    assert "很好" not in kept


def test_a_run_that_was_killed_before_the_file_was_deleted_takes_nothing_twice(
    site: Site, asked: dict[str, str]
) -> None:
    path = dropped(site, (asked["c001"], "5,9,6,"))
    take_file(site, path, by="zhang")
    (received,) = take_inbox(site)
    assert (received.taken, received.known, received.refused) == (0, 1, ())
    assert len(ANSWERS.history(site)) == 1


@pytest.mark.parametrize("content", [b"", b"\0\0\0", b"PK\x03\x04broken", b"a,b\r\n1,2\r\n"])
def test_a_file_that_cannot_be_read_stays_and_holds_back_no_other(
    site: Site, asked: dict[str, str], content: bytes
) -> None:
    broken = inbox(site) / "a.csv"
    broken.write_bytes(content)
    dropped(site, (asked["c001"], "5,9,6,"))
    first, second = take_inbox(site)
    assert first.problem
    assert broken.exists()
    assert second.taken == 1


def test_a_file_of_another_kind_is_named_and_what_desktops_leave_is_not(
    site: Site, asked: dict[str, str]
) -> None:
    for name in ("answers.pdf", ".DS_Store", "~$x.xlsx"):
        (inbox(site) / name).write_bytes(b"\0")
    assert [bool(each.problem) for each in take_inbox(site)] == [True]


def test_what_clients_wrote_is_in_no_log_and_no_result(
    site: Site, asked: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    path = dropped(site, (asked["c001"], "5,9,6,秘密一"), ("nobody", "5,9,6,秘密二"))
    (inbox(site) / "b.csv").write_text('秘密三,"', "utf-8")
    (inbox(site) / "秘密四.csv").write_text("秘密五", "utf-8")
    received = take_inbox(site)
    assert not path.exists()
    assert sum(each.taken for each in received) == 1
    assert "秘密" not in f"{received} {caplog.text}"
    with pytest.raises(BaozhangError) as caught:
        conclude_satisfaction((), (), received, 0, ())
    assert "秘密" not in str(caught.value)


def test_of_two_answers_at_once_one_counts(
    site: Site, asked: dict[str, str], home: Path, clock: Hand
) -> None:
    told: list[str] = []

    def tells(score: int) -> None:
        with open_site(home, clock=clock) as own:
            try:
                record(own, asked["c001"], by="zhang", csat=score)
                told.append("taken")
            except UsageError:
                told.append("refused")

    threads = [Thread(target=tells, args=(score,)) for score in (1, 5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(told) == ["refused", "taken"]
    assert len(ANSWERS.history(site)) == 1


def test_a_dry_run_takes_nothing(site: Site, asked: dict[str, str]) -> None:
    found = take_file(site, dropped(site, (asked["c001"], "5,9,6,")), by="zhang", dry_run=True)
    assert len(found.answers) == 1
    assert ANSWERS.rows(site) == {}


def test_a_client_is_heard_once_in_a_wave(site: Site, asked: dict[str, str]) -> None:
    record(site, asked["c001"], by="zhang", csat=5)
    with pytest.raises(UsageError, match="already"):
        record(site, f"{WAVE}/c001", by="zhang", csat=1)


@pytest.mark.parametrize("said", [{"csat": 6}, {"nps": 11}, {"ces": 0}, {}])
def test_an_answer_outside_its_scale_is_refused(
    site: Site, asked: dict[str, str], said: dict[str, int]
) -> None:
    with pytest.raises(UsageError, match="cannot say"):
        record(site, asked["c001"], by="zhang", **said)


def test_no_word_of_a_client_stands_in_the_audit_log(site: Site, asked: dict[str, str]) -> None:
    record(site, asked["c001"], by="zhang", csat=1, comment="太慢了")
    log = b"".join(path.read_bytes() for path in (site.home / "state" / "audit").glob("*"))
    assert "太慢了".encode() not in log
    assert b"\\u592a" not in log


# --- what is owed ---------------------------------------------------------------------------------


def test_a_low_score_owes_one_call_to_whoever_answers_for_clients(
    site: Site, asked: dict[str, str]
) -> None:
    record(site, asked["c001"], by="zhang", csat=1)
    record(site, asked["c002"], by="zhang", csat=5)
    assert (owe_calls(site), owe_calls(site)) == (1, 0)
    (call,) = CALLBACKS.rows(site).values()
    assert (call.client, call.owner, call.why) == ("c001", "wang", ("csat=1",))


def test_whoever_was_not_reached_is_still_owed_a_call(site: Site, asked: dict[str, str]) -> None:
    record(site, asked["c001"], by="zhang", csat=1)
    owe_calls(site)
    id_ = f"{WAVE}-c001"
    assert called(site, id_, by="wang", outcome="not-reached").done is None
    assert called(site, id_, by="wang", outcome="settled").done == business_day(site.clock())
    assert owe_calls(site) == 0


def test_an_issue_is_answered_resolved_and_confirmed(site: Site) -> None:
    id_, _ = open_issue(site, "c001", "complaint", "太慢", by="zhang")
    with pytest.raises(UsageError, match="only what is resolved"):
        move_issue(site, id_, by="zhang", confirmed=True)
    assert move_issue(site, id_, by="zhang", answered=True).state == "answered"
    done = move_issue(site, id_, by="zhang", resolved=True, confirmed=True)
    assert (done.state, done.confirmed) == ("resolved", True)
    assert open_issue(site, "c002", "question", "何时", by="zhang")[0] == "f-0002"


def test_an_issue_about_nothing_is_refused(site: Site) -> None:
    with pytest.raises(UsageError, match="there is no incident"):
        open_issue(site, "c001", "question", "x", by="zhang", linked="i-20200101-01")


def test_an_improvement_names_the_measure_it_is_to_move(site: Site, asked: dict[str, str]) -> None:
    day = business_day(site.clock())
    id_, _ = improve(site, WAVE, "nps", "早点打电话", owner="zhang", due=day, by="wang")
    assert improved(site, id_, by="zhang").done == day
    with pytest.raises(UsageError, match="no theme"):
        improve(site, WAVE, "nps", "x", owner="zhang", due=day, by="wang", theme="weather")


# --- reports --------------------------------------------------------------------------------------


def test_a_wave_is_reported_when_it_is_over_and_only_once(
    site: Site, asked: dict[str, str], clock: Hand
) -> None:
    for client, score in zip(asked, (5, 5, 4, 3, 1), strict=False):
        record(site, asked[client], by="zhang", csat=score, comment="太慢了")
    assert due_reports(site) == ()
    later(clock, 21)
    assert due_reports(site) == (WAVE, "2026-11")
    for each in due_reports(site):
        report_on(site, each)
    assert due_reports(site) == ()
    assert [each.period for each in site.catalog.letters("satisfaction")] == [
        f"2026-11-22-{WAVE}",
        "2026-11",
    ]


def test_a_report_counts_who_was_silent(site: Site, asked: dict[str, str]) -> None:
    record(site, asked["c001"], by="zhang", csat=5, nps=9)
    told = of_wave(site, WAVE)
    assert (told.asked, told.answered, told.excluded) == (7, 1, (("unknown", 1),))
    assert [each.value for each in told.estimates] == [None, None, None]
    assert told.nps == ()


def test_clients_that_were_hit_are_compared_with_the_others(
    site: Site, asked: dict[str, str]
) -> None:
    ended(site, "c001", "c002")
    for client, code in asked.items():
        record(site, code, by="zhang", csat=1 if client in {"c001", "c002"} else 5)
    (curve,) = of_wave(site, WAVE).curves
    assert [(each.name, each.hit.n, each.others.n) for each in curve.points][1] == ("30", 2, 5)


def test_a_month_counts_each_client_once(site: Site, asked: dict[str, str]) -> None:
    record(site, asked["c001"], by="zhang", csat=5)
    told = of_month(site, Month(2026, 11))
    assert (told.asked, told.answered, told.scope) == (7, 1, "month")


def test_a_month_of_silence_is_not_reported(site: Site) -> None:
    assert due_reports(site) == ()


def test_names_that_clients_write_are_masked_in_the_managers_report(
    site: Site, asked: dict[str, str]
) -> None:
    record(site, asked["c001"], by="zhang", csat=1, comment="示例商贸有限公司 13800138000")
    written = report_on(site, WAVE)
    pages = "".join(path.read_text("utf-8") for path in written.pages if path.suffix == ".html")
    assert "示＊" in pages
    assert "13800138000" not in pages


def test_all_registers_are_read_at_one_instant(site: Site, asked: dict[str, str]) -> None:
    voice = voice_of(site)
    assert set(voice.open_waves()) == {WAVE}
    with pytest.raises(UsageError, match="no round of questions"):
        voice.wave("w-1999h1")
