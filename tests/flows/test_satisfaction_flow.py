"""The flow of the client's voice, under a real server of Prefect: what the schedule starts."""

from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.clock import SHANGHAI
from baozhang.governance.voice.records import ANSWERS, CALLBACKS, INVITATIONS, WAVES
from baozhang.wiring import open_site
from flows.satisfaction import satisfaction
from tasks.satisfaction import AnswersUnreadError
from tasks.satisfaction_asking import open_wave, planned_now
from tasks.satisfaction_taking import inbox
from tests.flows.voicing import agreed, export, prepare

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


@pytest.fixture
def asked(home: Path) -> dict[str, str]:
    """Codes of a wave that is open now, whatever day it is."""
    prepare(home, 3)
    with open_site(home) as site:
        agreed(site, "c001", "c002", "c003")
        (planned,) = planned_now(site, "w-test")
        open_wave(site, planned)
        return {each.client: each.code for each in INVITATIONS.rows(site).values()}


def drop(home: Path, *rows: tuple[str, str], name: str = "x.csv") -> None:
    with open_site(home) as site:
        at = site.clock().astimezone(SHANGHAI) - timedelta(seconds=1)
        export(inbox(site), *rows, at=at, name=name)


def test_clients_are_asked_and_heard_and_owed_a_call(home: Path, asked: dict[str, str]) -> None:
    drop(home, (asked["c001"], "1,2,3,太慢了"), (asked["c002"], "5,9,7,"))
    heard = satisfaction()
    assert [(each.wave, each.letters) for each in heard.asked] == [("w-test", 3)]
    assert [(each.taken, each.refused) for each in heard.received] == [(2, ())]
    assert heard.owed == 1
    again = satisfaction()
    assert ([each.letters for each in again.asked], again.received, again.owed) == ([0], (), 0)


def test_a_file_that_cannot_be_read_fails_the_run_and_holds_back_nothing(
    home: Path, asked: dict[str, str]
) -> None:
    with open_site(home) as site:
        (inbox(site) / "a.csv").write_bytes(b"\0")
    drop(home, (asked["c001"], "1,2,3,"))
    with pytest.raises(AnswersUnreadError):
        satisfaction()
    with open_site(home) as site:
        assert len(ANSWERS.rows(site)) == 1
        assert len(CALLBACKS.rows(site)) == 1


def test_without_anything_to_do_it_ends_at_once(home: Path) -> None:
    heard = satisfaction()
    assert (heard.opened, heard.asked, heard.received, heard.owed, heard.reports) == (
        *((), (), ()),
        0,
        (),
    )
    with open_site(home) as site:
        assert WAVES.rows(site) == {}
