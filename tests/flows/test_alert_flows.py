"""The flows of alerts, under a real server of Prefect: what a schedule and a form start."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.clock import system_clock
from flows.acknowledge import Acknowledgement, acknowledge
from flows.morning import morning_line
from flows.watch import watch
from tasks.gate import Masked
from tests.flows.alerting import Office, with_bots
from tests.notify.server import messenger

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


@pytest.fixture
def office(home: Path) -> Iterator[Office]:
    with messenger() as bots:
        with_bots(home, bots)
        made = Office(home, bots, now=system_clock())
        bots.now = made.seconds
        yield made
    Masked.remove()


def test_a_trouble_is_told_acknowledged_by_the_form_and_told_of_in_the_morning(
    office: Office,
) -> None:
    office.ran(c001="failed")
    (alert,) = watch().open
    assert len(office.bots.texts) == 2

    assert acknowledge(Acknowledgement(alert=alert, person="wang")) == "acknowledged"
    assert watch().open == ()

    morning_line()
    assert office.bots.texts[-1].startswith("2 户: 正常 0, 异常 2")
