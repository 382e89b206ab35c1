"""The morning line counts every client once, as bad as its worst, and nothing undone as well."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from baozhang.catalog.model import Finding, KnownSnapshot
from baozhang.errors import UnreachableError
from tasks.morning import Line, line_of, lines_of, tell_morning
from tests.flows.alerting import Office, secret, text_of, with_bots
from tests.flows.site import add_client, add_papers
from tests.notify.server import messenger, said

DAY = date(2026, 8, 1)


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with messenger() as bots:
        with_bots(home, bots)
        made = Office(home, bots)
        bots.now = made.seconds
        yield made


def backed_up(office: Office, *clients: str, set_name: str = "main") -> None:
    with office.open() as site:
        for client in clients:
            point = KnownSnapshot(
                f"{set_name}-1", client, set_name, 1, office.now, 1, 1, 1, False, ()
            )
            site.catalog.record_snapshot(point)


def line(office: Office, language: str = "zh_CN") -> list[str]:
    with office.open() as site:
        return lines_of(site, line_of(site, DAY), language)


def test_clients_that_are_well_are_counted_and_not_named(office: Office) -> None:
    backed_up(office, "c001", "c002")
    office.ran(c001="ok", c002="ok")
    assert line(office) == ["2 户: 正常 2, 异常 0"]
    assert line(office, "en") == ["2 clients: 2 normal, 0 abnormal"]


def test_a_client_that_failed_is_named_with_its_reason(office: Office) -> None:
    backed_up(office, "c001", "c002")
    busy = Finding("no answer over the network: {reason}", (("reason", "timed out"),))
    office.ran(c001="ok", c002="failed", findings=(busy,))
    assert line(office) == [
        "2 户: 正常 1, 异常 1",
        "c002  备份失败：网络无应答：超时",
    ]


def test_no_run_at_all_is_never_well(office: Office) -> None:
    assert line(office) == ["2 户: 正常 0, 异常 2", "c001  从未备份", "c002  从未备份"]


def test_a_failed_first_backup_is_named_as_one(office: Office) -> None:
    backed_up(office, "c001")
    office.ran(c001="ok", c002="failed")
    assert line(office)[1:] == ["c002  备份失败"]


def test_a_success_too_long_ago_is_overdue_whatever_the_newest_outcome_says(
    office: Office,
) -> None:
    backed_up(office, "c001", "c002")
    office.ran(c001="ok", c002="ok")
    office.later(hours=30)
    assert line(office)[0] == "2 户: 正常 2, 异常 0"
    office.later(days=3)
    assert line(office)[1:] == ["c001  已 4 天未备份", "c002  已 4 天未备份"]


def test_a_client_is_as_bad_as_its_worst_set_and_duty(office: Office) -> None:
    add_papers(office.home, "c001")
    backed_up(office, "c001", "c002")
    office.ran(c001="ok", c002="ok")
    office.later(hours=4)
    office.ran("validation", run="v1", c001="ok", c002="inconclusive")
    assert line(office) == [
        "2 户: 正常 0, 异常 2",
        "c001/papers  从未备份",
        "c002  完整性校验无法判定",
    ]


@pytest.mark.parametrize(("days", "words"), [(33, "天未做完整性校验"), (99, "天未做恢复测试")])
def test_a_rotation_that_does_not_come_round_is_overdue(
    office: Office, days: int, words: str
) -> None:
    backed_up(office, "c001", "c002")
    office.later(days=days)
    office.ran(c001="ok", c002="ok")
    if "恢复" in words:
        office.ran("validation", run="v1", c001="ok", c002="ok")
    assert [words in each for each in line(office)[1:]] == [True, True]


def test_a_point_that_somebody_vouched_for_is_well(office: Office) -> None:
    backed_up(office, "c001", "c002")
    office.ran(c001="ok", c002="ok")
    with office.open() as site:
        (well,) = site.catalog.outcomes(client="c001")
        later = replace(well, started=office.now + timedelta(minutes=5), run="r2")
        site.catalog.append(replace(later, status="partial", snapshot="main-2"))
    assert line(office)[0] == "2 户: 正常 1, 异常 1"
    with office.open() as site:
        site.catalog.append(replace(later, run="a1", duty="acceptance", snapshot="main-2"))
    assert line(office)[0] == "2 户: 正常 2, 异常 0"


def test_a_site_without_clients_is_not_taken_for_well(office: Office) -> None:
    for file in (office.home / "clients").iterdir():
        file.unlink()
    assert line(office) == ["没有任何客户：什么都没有得到保护"]


def test_the_worst_stand_first(office: Office) -> None:
    add_client(office.home, "c003")
    backed_up(office, "c001", "c002")
    office.ran(c001="partial", c002="failed")
    with office.open() as site:
        found = line_of(site, DAY).ill
    assert [each.client for each in found] == ["c003", "c002", "c001"]


def test_the_line_goes_to_the_bots_of_its_class_and_not_by_mail(office: Office) -> None:
    with office.open() as site:
        tell_morning(site, line_of(site, DAY), wait=office.wait)
    assert office.bots.texts == ["2 户: 正常 0, 异常 2\nc001  从未备份\nc002  从未备份"]
    assert office.mails() == []
    assert (office.only().alert.kind, office.only().period) == ("morning", "2026-08-01")


def test_where_no_bot_takes_it_the_line_goes_by_mail_in_full(office: Office) -> None:
    office.bots.forced = [said(93000, "invalid webhook url")]
    with office.open() as site:
        tell_morning(site, line_of(site, DAY), wait=office.wait)
    (mail,) = office.mails()
    assert "2 户: 正常 0, 异常 2" in mail["Subject"]
    assert "c002 从未备份" in text_of(mail)


def test_a_line_that_nothing_carries_is_an_error(office: Office) -> None:
    secret(office.home, "wecom", "http://not.this.machine/x")
    with office.open() as site:
        site.outbox.folder.write_text("no folder")
        with pytest.raises(UnreachableError):
            tell_morning(site, line_of(site, DAY), wait=office.wait)


def test_a_line_of_six_hundred_fits_and_counts_what_it_leaves_out(office: Office) -> None:
    with office.open() as site:
        whole = line_of(site, DAY)
        many = Line(DAY, 600, tuple(whole.ill[n % 2] for n in range(600)))
        tell_morning(site, many, wait=office.wait)
    (text,) = office.bots.texts
    kept = text.count("从未备份")
    assert text.startswith("600 户: 正常 0, 异常 600\n")
    assert text.endswith(f"另有 {600 - kept} 行未显示")


def test_sample_data_says_so(office: Office) -> None:
    with (office.home / "agency.yaml").open("a") as file:
        file.write("sample: true\n")
    assert line(office)[0].startswith("【样例】2 户")


def test_a_clock_that_is_behind_the_last_backup_proves_nothing(office: Office) -> None:
    office.later(days=9)
    backed_up(office, "c001", "c002")
    office.ran(c001="ok", c002="ok")
    office.now -= timedelta(days=9)
    assert line(office)[0] == "2 户: 正常 0, 异常 2"
