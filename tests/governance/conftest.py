"""A site with two clients and a clock that a test moves."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from baozhang.site import Site
from baozhang.wiring import open_site
from tests.flows.approving import Hand, four_people
from tests.flows.site import make_site


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = make_site(tmp_path / "site", "c001", "c002")
    four_people(made)
    return made


@pytest.fixture
def office(home: Path, clock: Hand) -> Iterator[Site]:
    """Two clients, four people, 22 November 2026, nine in the evening."""
    with open_site(home, clock=clock) as opened:
        yield opened
