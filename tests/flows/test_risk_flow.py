"""The flow of the risk review: it waits for its signature, and writes what was signed."""

from pathlib import Path

import pytest

from baozhang.clock import system_clock
from baozhang.wiring import open_site
from flows.risk import risk_review
from tasks.risk import Found
from tasks.risk_review import draw_up, sign_review
from tasks.signing_gate import NotSignedError
from tests.flows.approving import Devices, four_people
from tests.flows.risking import scored
from tests.flows.site import without_pdf
from tests.flows.test_waiting import Run, started

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


@pytest.fixture
def devices(home: Path) -> Devices:
    """A site with a scored risk, and people who may sign."""
    without_pdf(home)
    four_people(home)
    with open_site(home) as site:
        scored(site)
    return Devices(home, system_clock, "li")


def waiting() -> Run:
    run = started(risk_review)
    assert run.go().name == "Suspended"
    return run


def letters(home: Path) -> list[int]:
    with open_site(home) as site:
        return [each.number for each in site.catalog.letters("risk")]


def test_the_letter_follows_the_signature(home: Path, devices: Devices) -> None:
    run = waiting()
    assert letters(home) == []
    run.send(person="li", approve=True, code=devices.code("li"))
    found = run.go().result()
    assert isinstance(found, Found)
    assert (found.letters, letters(home)) == (1, [1])


def test_a_refused_review_ends_the_run_without_a_letter(home: Path, devices: Devices) -> None:
    run = waiting()
    run.send(person="li", refuse=True, code=devices.code("li"))
    assert isinstance(run.go().result(raise_on_failure=False), NotSignedError)
    assert letters(home) == []


def test_a_review_drawn_up_and_signed_meanwhile_is_the_one_that_is_written(
    home: Path, devices: Devices
) -> None:
    run = waiting()
    with open_site(home) as site:
        again = draw_up(site)
        sign_review(site, again, person="li", code=devices.code("li"))
    run.send()
    found = run.go().result()
    assert isinstance(found, Found)
    assert (found.digest, letters(home)) == (again.digest, [1])
