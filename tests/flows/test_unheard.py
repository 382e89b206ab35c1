"""Every way in which nobody would hear anything is itself heard of, or said honestly."""

import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import BaozhangError, UsageError
from baozhang.mail.message import POLICY, Urgency
from baozhang.wiring import open_site
from tasks.alerts import acknowledge
from tasks.digests import write_digests
from tasks.gate import Masked
from tasks.troubles import unsent
from tasks.watch import failure_told, watch
from tests.flows.alerting import STARTED, Office, secret, with_bots
from tests.flows.postal import with_mail
from tests.flows.test_post_steps import put
from tests.mail.office import Office as PostOffice
from tests.mail.office import letter, open_office
from tests.notify.server import messenger

YEARS = timedelta(days=3650)


@pytest.fixture
def server() -> Iterator[PostOffice]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def office(home: Path, server: PostOffice) -> Iterator[Office]:
    """A site with bots and a mail server, whose post runs only when a test lets it."""
    with_mail(home, server)
    with messenger() as bots:
        with_bots(home, bots)
        made = Office(home, bots)
        bots.now = made.seconds
        made.watch()
        yield made
    Masked.remove()


@pytest.fixture
def alone(home: Path) -> Iterator[Office]:
    """A site that names neither bot nor mail server."""
    with messenger() as bots:
        made = Office(home, bots)
        made.watch()
        yield made


def lay(office: Office, number: int = 1, *, when: Urgency = "immediate") -> None:
    with office.open() as site:
        site.outbox.put(letter(number, when=when, at=office.now))


def post(office: Office) -> None:
    with office.open() as site:
        assert site.postman is not None
        site.postman.deliver()


def kinds(office: Office) -> list[str]:
    return [known.alert.kind for known in office.alerts()]


def test_letters_that_nobody_comes_for_are_an_alert_after_an_hour(office: Office) -> None:
    lay(office)
    office.later(minutes=59)
    office.watch()
    assert kinds(office) == []
    office.later(minutes=1)
    office.watch()
    assert kinds(office) == ["unsent"]
    assert "1 封邮件滞留在发件箱，无人投递：000001-night-zh_CN" in office.bots.texts[0]


def test_letters_that_wait_while_the_post_comes_are_none(
    office: Office, server: PostOffice
) -> None:
    lay(office)
    server.to = {"wang@agency.example": "452 4.2.2 mailbox full"}
    for _ in range(3):
        post(office)
        office.later(minutes=59)
    office.watch()
    assert kinds(office) == []


def test_a_post_that_stopped_coming_is_noticed(office: Office, server: PostOffice) -> None:
    server.to = {"wang@agency.example": "452 4.2.2 mailbox full"}
    lay(office)
    post(office)
    office.later(hours=1)
    office.watch()
    assert kinds(office) == ["unsent"]


def test_a_post_of_a_clock_that_ran_ahead_does_not_count(office: Office) -> None:
    with office.open() as site:
        site.outbox.keep_round(office.now + YEARS)
    lay(office)
    office.later(hours=1)
    office.watch()
    assert kinds(office) == ["unsent"]


def test_letters_of_the_digest_wait_for_it_and_are_missed_two_hours_after_it(
    office: Office,
) -> None:
    lay(office, when="digest")  # 21:00
    office.later(hours=12, minutes=29)
    with office.open() as site:
        assert unsent(site, office.now) == ()
    office.later(minutes=1)
    with office.open() as site:
        assert unsent(site, office.now) == ("000001-night-zh_CN",)


def test_a_letter_that_a_failing_disk_emptied_is_an_alert(office: Office) -> None:
    lay(office)
    with office.open() as site:
        (site.outbox.folder / "000001-night-zh_CN.eml").write_bytes(b"\0" * 100)
    office.watch()
    assert kinds(office) == ["damaged-letters"]


def test_a_letter_parked_after_others_were_acknowledged_is_a_new_alert(office: Office) -> None:
    with office.open() as site:
        parked = site.outbox.folder / "parked"
    parked.mkdir(parents=True)
    (parked / "000017-night-zh_CN.eml").write_bytes(letter(17).as_bytes(policy=POLICY))
    office.watch()
    with office.open() as site:
        acknowledge(site, office.only().alert.id, by="zhang")
    office.watch()
    assert kinds(office) == ["parked"]
    (parked / "000003-night-zh_CN.eml").write_bytes(letter(3).as_bytes(policy=POLICY))
    office.watch()
    assert kinds(office) == ["parked", "parked"]


def test_without_bot_and_server_the_watch_says_that_nobody_reads_its_alert(alone: Office) -> None:
    alone.ran(c001="failed")
    with pytest.raises(UsageError) as told:
        alone.watch()
    assert told.value.facts["alerts"] == alone.only().alert.id
    assert len(alone.mails()) == 1


def test_it_writes_no_further_letter_until_the_next_step(alone: Office) -> None:
    alone.ran(c001="failed")
    with pytest.raises(UsageError):
        alone.watch()
    alone.later(minutes=15)
    assert alone.watch().open == (alone.only().alert.id,)
    assert len(alone.mails()) == 1


def test_a_mail_server_that_takes_nothing_and_no_bot_is_said_to_reach_nobody(
    office: Office,
) -> None:
    for name in ("wecom", "dingtalk"):
        (office.home / "keys" / name).unlink()
    lay(office)
    office.later(hours=1)
    with pytest.raises(UsageError):
        office.watch()


def test_a_report_on_a_day_to_come_hides_no_silence(office: Office) -> None:
    office.wrote("night", "2036-07-31")
    office.wrote("morning", "2036-07-31")
    office.later(hours=10)
    office.watch()
    assert ("silence", "night") in {
        (each.alert.kind, each.alert.subject) for each in office.alerts()
    }


def test_a_first_look_under_a_clock_that_ran_ahead_hides_no_silence(office: Office) -> None:
    file = office.home / "state" / "watch.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"since": "2036-01-01T00:00:00Z"}))
    office.watch()
    office.later(hours=10)
    office.watch()
    assert ("silence", "night") in {
        (each.alert.kind, each.alert.subject) for each in office.alerts()
    }


def test_a_letter_of_a_clock_that_ran_ahead_is_one_alert_and_not_one_a_day(office: Office) -> None:
    office.later(days=3650)
    office.wrote("client-statement", "2026-07")
    office.now = STARTED
    office.watch()
    (clock,) = (each.alert.id for each in office.alerts() if each.alert.kind == "clock")
    with office.open() as site:
        acknowledge(site, clock, by="zhang")
    office.later(days=1)
    office.watch()
    assert kinds(office).count("clock") == 1


def test_a_letter_for_the_digest_dated_by_a_clock_that_ran_ahead_is_told(home: Path) -> None:
    with open_office() as server:
        with_mail(home, server)
        put(1, when="digest", ago=-YEARS)
        with open_site() as site:
            assert len(write_digests(site)) == 1


def test_a_watch_that_cannot_look_tells_the_bots_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_HOME", str(office.home))
    office.bots.now = time.time
    spoil(office.home / "state" / "catalog.db")
    with pytest.raises(BaozhangError), failure_told(wait=office.wait), open_site() as site:
        watch(site)
    assert [text.startswith("【紧急】巡视本身失败") for text in office.bots.texts] == [True, False]
    assert "the watch itself fails" in office.bots.texts[1]


def test_a_watch_that_cannot_look_names_no_client_and_no_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_HOME", str(office.home))
    office.bots.now = time.time
    with pytest.raises(UsageError), failure_told(wait=office.wait):
        raise UsageError("{who} in {path}", who="示例商贸有限公司", path="/books/secret")
    assert all("商贸" not in text and "/books" not in text for text in office.bots.texts)
    assert len(office.bots.texts) == 2


def test_a_slip_in_one_clients_file_that_stops_everything_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_HOME", str(office.home))
    office.bots.now = time.time
    with (office.home / "clients" / "c001.yaml").open("a", encoding="utf-8") as file:
        file.write("contact: {name: 李四, email: 13812345678}\n")
    with pytest.raises(UsageError), failure_told(wait=office.wait), open_site():
        pass
    assert len(office.bots.texts) == 2
    assert all("13812345678" not in text for text in office.bots.texts)


def test_without_its_own_files_the_first_error_is_the_one_that_is_raised(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    (home / "agency.yaml").write_text("no agency")
    with pytest.raises(UsageError, match="first"), failure_told():
        raise UsageError("first")


def test_one_bot_with_a_spoilt_address_hides_nothing_from_the_others(office: Office) -> None:
    secret(office.home, "dingtalk", "https://[")
    office.ran(c001="failed")
    office.watch()
    assert len(office.bots.texts) == 1


def spoil(catalog: Path) -> None:
    for file in catalog.parent.glob("catalog.db-*"):
        file.unlink()
    with sqlite3.connect(catalog) as opened:
        opened.execute("PRAGMA journal_mode=DELETE")
    catalog.write_bytes(b"no catalog" * 1000)
