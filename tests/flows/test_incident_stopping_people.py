"""Orders to stop: who gets one, who says that they have stopped, and who is telephoned."""

import shutil
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest

from baozhang.audit.records import Entry, decode_record
from baozhang.audit.verification import lines_of
from baozhang.clock import system_clock
from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident
from baozhang.mail.queued import Recipient
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.incident_stopping import (
    acknowledge_stop,
    lift,
    stop,
    stop_troubles,
    unacknowledged,
)
from tasks.people import enrol
from tests.flows.alerting import with_bots
from tests.flows.stopping import incident as incident
from tests.flows.stopping import opened
from tests.flows.stopping import site as site
from tests.notify.server import messenger


def entries(site: Site) -> list[Entry]:
    return [decode_record(line).entry for _, line in lines_of(site.home / "state" / "audit")]


def recipients(site: Site) -> list[Recipient]:
    return [each for letter in site.outbox.letters("waiting") for each in letter.recipients]


def device(site: Site, person: str) -> pyotp.TOTP:
    """Enrol a person, and return what makes the codes after the first."""
    secret = pyotp.random_base32()
    enrol(site, person, secret, pyotp.TOTP(secret).at(site.clock() - timedelta(seconds=30)))
    return pyotp.TOTP(secret)


def code(site: Site, made: pyotp.TOTP) -> str:
    return made.at(site.clock())


def with_reviewer(home: Path) -> None:
    path = home / "clients" / "c001.yaml"
    path.write_text(path.read_text("utf-8").replace("lead: zhang", "lead: zhang\nreviewer: wang"))


def test_each_person_gets_one_letter_with_all_their_clients(home: Path) -> None:
    with_reviewer(home)
    with open_site(home) as site:
        incident = opened(site, ("c001", "*"), ("c002", "*"))
        stop(site, incident, actor="run")
        letters = site.catalog.letters("stop-order")
        assert [(each.number, each.period) for each in letters] == [
            (1, incident.id),
            (2, incident.id),
        ]
        told = [each.address for each in recipients(site)]
        assert told == ["zhang@example.cn", "wang@example.cn"]


def test_who_has_stopped_says_so_with_their_own_code(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    made = device(site, "zhang")
    assert unacknowledged(site, incident) == ("zhang",)
    event = acknowledge_stop(site, incident, person="zhang", by="zhang", code=code(site, made))
    assert (event.facts["means"], event.facts["telephone"]) == ("code", False)
    assert unacknowledged(site, incident) == ()


def test_for_somebody_without_a_device_whoever_is_on_call_writes_it_down(
    site: Site, home: Path
) -> None:
    with_reviewer(home)
    with open_site(home) as site:
        incident = opened(site)
        stop(site, incident, actor="run")
        made = device(site, "zhang")
        event = acknowledge_stop(site, incident, person="wang", by="zhang", code=code(site, made))
    assert (event.actor, event.facts["person"], event.facts["telephone"]) == ("zhang", "wang", True)


def test_a_wrong_code_acknowledges_nothing(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    made = device(site, "zhang")
    wrong = f"{(int(code(site, made)) + 1) % 10**6:06d}"
    with pytest.raises(UsageError):
        acknowledge_stop(site, incident, person="zhang", by="zhang", code=wrong)
    assert unacknowledged(site, incident) == ("zhang",)


def test_somebody_whom_the_order_is_not_for_uses_up_no_code(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    made = device(site, "wang")
    with pytest.raises(UsageError, match="not for wang"):
        acknowledge_stop(site, incident, person="wang", by="wang", code=code(site, made))
    assert "code.counted" not in [each.action for each in entries(site)]


def test_acknowledging_again_uses_up_no_code(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    made = device(site, "zhang")
    first = acknowledge_stop(site, incident, person="zhang", by="zhang", code=code(site, made))
    assert acknowledge_stop(site, incident, person="zhang", by="zhang", code="000000") == first


def test_who_says_nothing_for_half_an_hour_is_in_an_alert(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    now = site.clock()
    assert list(stop_troubles(site, now + timedelta(minutes=29))) == []
    (alert,) = stop_troubles(site, now + timedelta(minutes=31))
    assert (alert.kind, alert.subject, dict(alert.facts)["people"]) == (
        "stop",
        incident.id,
        "zhang",
    )


def test_after_the_stop_is_lifted_nobody_is_asked_any_more(site: Site, incident: Incident) -> None:
    stop(site, incident, actor="run")
    lift(site, incident, actor="run")
    assert list(stop_troubles(site, site.clock() + timedelta(hours=1))) == []


def test_an_outbox_that_takes_no_letter_does_not_hold_up_the_stop(
    site: Site, home: Path, incident: Incident
) -> None:
    outbox = home / "state" / "outbox"
    shutil.rmtree(outbox, ignore_errors=True)
    outbox.touch()
    assert stop(site, incident, actor="run").people == ("zhang",)
    assert incident.journal.done("stop-orders") == {
        "people": 1, "letters": 0, "bots": 0, "bots_failed": 0,
    }  # fmt: skip


def test_bots_are_told_what_not_to_do(home: Path) -> None:
    with messenger() as bots:
        bots.now = lambda: system_clock().timestamp()
        with_bots(home, bots)
        with open_site(home) as site:
            incident = opened(site)
            stop(site, incident, actor="run")
    facts = incident.journal.done("stop-orders")
    assert facts is not None
    assert (facts["bots"], facts["bots_failed"]) == (2, 0)
    said = str(bots.texts)
    assert f"stop-ack {incident.id}" in said
