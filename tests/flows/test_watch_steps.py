"""Trouble becomes one alert, goes up until somebody looks, and is said to be over."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.audit.verification import last_records
from baozhang.catalog.model import Finding
from baozhang.errors import UnreachableError, UsageError
from baozhang.mail.message import POLICY
from baozhang.mail.trouble import ServerTrouble
from tasks.alerts import acknowledge, tell
from tasks.troubles import look
from tasks.watch import keep, memory
from tests.flows.alerting import Office, secret, text_of, with_bots
from tests.mail.office import letter
from tests.notify.server import messenger, said


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with messenger() as bots:
        with_bots(home, bots)
        made = Office(home, bots)
        bots.now = made.seconds
        made.watch()  # the first look: from here on it listens
        yield made


def test_all_is_in_order_and_the_heartbeat_says_so(office: Office) -> None:
    assert office.watch().beat
    assert (office.bots.paths, office.alerts()) == (["/ping", "/ping"], ())


def test_many_failed_clients_are_one_alert_told_to_every_bot_and_by_mail(office: Office) -> None:
    office.ran(c001="failed", c002="inconclusive")
    done = office.watch()
    known = office.only()
    assert (done.raised, done.told, done.open, done.beat) == (
        (known.alert.id,),
        (known.alert.id,),
        (known.alert.id,),
        False,
    )
    chinese, english = office.bots.texts
    assert chinese.startswith("【紧急】")
    assert "c001/main, c002/main" in chinese
    assert f"baozhang ack {known.alert.id} --by" in english
    (mail,) = office.mails()
    assert mail["To"].addresses[0].addr_spec == "zhang@example.cn"
    assert known.alert.id in mail["Subject"]
    assert f"baozhang ack {known.alert.id}" in text_of(mail)


def test_the_same_trouble_is_told_once_and_not_at_every_watch(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    office.later(minutes=15)
    assert office.watch().told == ()
    assert len(office.bots.texts) == 2


def test_without_an_acknowledgement_it_goes_up_and_stays_there_hourly(office: Office) -> None:
    office.ran(c001="failed")
    told = []
    for _ in range(13):
        office.watch()
        last = office.only().last("told")
        assert last
        told.append((last.step, last.who))
        office.later(minutes=15)
    assert told == [(1, "operator")] * 2 + [(2, "manager")] * 11
    events = [event for event in office.only().events if event.what == "told"]
    minutes = [(event.at - events[0].at).total_seconds() / 60 for event in events]
    assert minutes == [0, 30, 90, 150]
    assert [mail["To"].addresses[0].addr_spec for mail in office.mails()] == [
        "zhang@example.cn",
        "wang@example.cn",
        "wang@example.cn",
        "wang@example.cn",
    ]
    assert "第 2 级，共 2 级：管理层" in office.bots.texts[2]


def test_an_acknowledgement_ends_the_escalation_and_is_in_the_audit_log(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    alert = office.only().alert.id
    with office.open() as site:
        assert acknowledge(site, alert, by="zhang").state == "acknowledged"
    office.later(hours=5)
    done = office.watch()
    assert (done.told, done.open) == ((), ())
    entries = [record.entry for record in last_records(office.home / "state" / "audit", 99)]
    assert [(e.actor, e.action, e.subject) for e in entries if e.action.startswith("alert")] == [
        ("zhang", "alert.acknowledged", alert)
    ]


def test_going_up_is_in_the_audit_log(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    office.later(minutes=30)
    office.watch()
    entries = [record.entry for record in last_records(office.home / "state" / "audit", 99)]
    (entry,) = [each for each in entries if each.action == "alert.escalated"]
    assert dict(entry.facts) == {"step": 2, "role": "manager"}


def test_only_people_of_the_agency_acknowledge(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    with office.open() as site, pytest.raises(UsageError):
        acknowledge(site, office.only().alert.id, by="nobody")
    assert office.only().state == "open"


def test_a_second_acknowledgement_changes_nothing(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    alert = office.only().alert.id
    with office.open() as site:
        acknowledge(site, alert, by="zhang")
        acknowledge(site, alert, by="wang")
    assert [e.who for e in office.only().events if e.what == "acknowledged"] == ["zhang"]


def test_a_trouble_that_is_gone_is_said_to_be_over_once(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    office.later(minutes=15)
    office.ran(run="r2", c001="ok")
    assert office.watch().mended == (office.only().alert.id,)
    office.later(minutes=15)
    office.watch()
    assert [text for text in office.bots.texts if text.startswith("【已解除】")] == [
        office.bots.texts[2]
    ]
    assert "mended" in office.bots.texts[3]
    assert "已解除" in office.mails()[-1]["Subject"]
    assert office.watch().beat


def test_another_night_of_the_same_trouble_is_the_same_alert(office: Office) -> None:
    office.ran(c001="failed")
    office.watch()
    office.later(minutes=15)
    office.ran(run="r2", c001="failed")
    office.watch()
    assert office.only().period == "r2"


def test_a_failure_after_the_acknowledgement_of_an_earlier_one_is_a_new_alert(
    office: Office,
) -> None:
    office.ran(c001="failed")
    office.watch()
    with office.open() as site:
        acknowledge(site, office.only().alert.id, by="zhang")
    office.later(hours=1)
    office.ran(run="r2", c001="failed")
    office.watch()
    assert [known.state for known in office.alerts()] == ["acknowledged", "open"]


def test_a_bot_that_fails_hides_nothing_and_is_told_of_itself(office: Office) -> None:
    secret(office.home, "dingtalk.secret", "another")
    office.ran(c001="failed")
    assert office.watch().told
    assert (len(office.bots.texts), len(office.mails())) == (1, 1)
    office.later(minutes=15)
    office.watch()
    notice = office.alerts()[-1].alert
    assert (notice.alert_class, notice.kind, notice.subject) == ("notice", "channel", "boss")
    assert (
        "群机器人 boss 没有接收最近一条消息：机器人拒绝了消息（错误码 310000）"
        in office.bots.texts[-1]
    )


def test_a_bot_whose_secret_is_gone_hides_nothing(office: Office) -> None:
    (office.home / "keys" / "dingtalk").unlink()
    office.ran(c001="failed")
    assert office.watch().told
    assert (len(office.bots.texts), len(office.mails())) == (1, 1)


def test_a_bot_that_takes_messages_again_is_mended(office: Office) -> None:
    office.bots.forced = [said(93000, "invalid webhook url")]
    office.ran(c001="failed")
    office.watch()
    office.later(minutes=15)
    office.watch()  # tells of the bot, through the bot
    office.later(minutes=15)
    office.watch()
    assert [known.state for known in office.alerts()] == ["open", "mended"]


def test_when_nothing_carries_an_alert_the_watch_fails_and_the_next_one_tells_it(
    office: Office,
) -> None:
    office.bots.forced = [said(93000, "invalid webhook url")] * 2
    with office.open() as site:
        folder = site.outbox.folder
    folder.write_text("no folder")
    office.ran(c001="failed")
    with pytest.raises(UnreachableError):
        office.watch()
    folder.unlink()
    office.later(minutes=15)
    assert office.alerts()[0].alert.id in office.watch().told


def test_a_night_that_never_was_is_an_alert_and_stops_the_heartbeat(office: Office) -> None:
    office.wrote("validation", "2026-08-01")
    office.wrote("morning", "2026-08-01")
    office.later(hours=10)  # 07:00
    done = office.watch()
    alert = office.only().alert
    assert (alert.kind, alert.subject, alert.period) == ("silence", "night", "2026-07-31")
    assert not done.beat


def test_an_acknowledged_silence_still_stops_the_heartbeat(office: Office) -> None:
    office.later(hours=10)
    office.watch()
    with office.open() as site:
        acknowledge(site, office.only().alert.id, by="zhang")
    assert not office.watch().beat


def test_a_letter_that_comes_late_ends_the_silence(office: Office) -> None:
    office.later(hours=10)
    office.watch()
    office.wrote("night", "2026-07-31")
    assert office.watch().mended == (office.only().alert.id,)


def test_a_site_on_which_nothing_ever_ran_is_not_taken_for_well(office: Office) -> None:
    office.later(days=9)
    office.watch()
    assert {known.alert.subject for known in office.alerts()} == {
        "night",
        "validation",
        "restore-test",
        "monthly",
        "morning",
    }


def test_a_catalog_that_lost_its_newest_letters_is_told_of(office: Office) -> None:
    for _ in range(3):
        office.wrote("client-statement", "2026-07")
    office.watch()
    for file in (office.home / "state").glob("catalog.db*"):
        file.unlink()
    office.wrote("client-statement", "2026-07")
    office.watch()
    alert = office.only().alert
    assert (alert.kind, dict(alert.facts)) == (
        "lost",
        {"kind": "client-statement", "known": 3, "number": 1},
    )


def test_a_clock_that_was_put_back_is_told_of_and_stays_until_somebody_looks(
    office: Office,
) -> None:
    office.later(hours=-1)
    office.watch()
    office.later(minutes=15)
    office.watch()
    known = office.only()
    assert (known.alert.kind, known.state) == ("clock", "open")


def test_a_suspicious_backup_is_an_alert_of_its_own(office: Office) -> None:
    office.ran(c002="ok")
    with office.open() as site:
        (outcome,) = site.catalog.outcomes()
        figures = (("suspicion", 2),)
        site.catalog.append(replace(outcome, client="c001", status="partial", figures=figures))
    office.watch()
    alert = office.only().alert
    assert (alert.kind, dict(alert.facts)["sets"]) == ("suspicion", "c001/main")


def test_damage_found_by_a_validation_is_an_alert_of_its_own(office: Office) -> None:
    office.ran("validation", c001="failed", c002="inconclusive")
    office.watch()
    assert sorted(
        (each.alert.kind, dict(each.alert.facts)["count"]) for each in office.alerts()
    ) == [
        ("damage", 1),
        ("outcomes", 1),
    ]


def test_letters_that_are_parked_are_an_alert_until_none_is(office: Office) -> None:
    with office.open() as site:
        parked = site.outbox.folder / "parked" / "000017-night-zh_CN.eml"
    parked.parent.mkdir(parents=True, exist_ok=True)
    parked.write_bytes(letter(17).as_bytes(policy=POLICY))
    office.watch()
    alert = office.only().alert
    assert (alert.kind, dict(alert.facts)["letters"]) == ("parked", "000017-night-zh_CN")
    parked.unlink()
    assert office.watch().mended == (alert.id,)


def test_a_mail_server_that_refuses_everything_is_an_alert(office: Office) -> None:
    now = office.now
    with office.open() as site:
        site.outbox.folder.mkdir(exist_ok=True)
        site.outbox.keep_trouble(
            ServerTrouble(
                "no answer over the network: {reason}",
                "Look.",
                {"reason": "timed out"},
                True,
                now,
                now,
                now,
                1,
            )
        )
    office.watch()
    assert office.only().alert.kind == "mail-server"
    assert "本机的邮件全部发不出去：网络无应答：超时" in office.bots.texts[0]


def test_a_client_that_left_is_nobodys_trouble(office: Office) -> None:
    office.ran(c009="failed")
    office.watch()
    assert office.alerts() == ()


def test_a_doubt_of_the_agencys_own_holds_until_a_later_run_says_it_no_more(
    office: Office,
) -> None:
    office.ran(_agency="failed", findings=(Finding("doubt"),))
    office.wrote("night", "2026-07-31")
    office.watch()
    assert office.only().state == "open"
    office.later(hours=24)
    office.wrote("night", "2026-08-01")
    office.wrote("validation", "2026-08-01")
    office.wrote("morning", "2026-08-01")
    office.watch()
    assert office.alerts()[0].state == "mended"


def test_a_heartbeat_that_fails_is_a_notice_until_it_is_taken_again(office: Office) -> None:
    office.bots.forced = [(500, b"")]
    assert not office.watch().beat
    office.later(minutes=15)
    assert office.watch().beat
    assert [known.state for known in office.alerts()] == ["mended"]


def test_two_watches_at_once_tell_once(office: Office) -> None:
    office.ran(c001="failed")
    with office.open() as site:
        seen = look(site, memory(site).read())
        keep(site, seen)
        keep(site, seen)
        tell(site, wait=office.wait)
        tell(site, wait=office.wait)
    assert len(office.bots.texts) == 2
