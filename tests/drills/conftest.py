"""One real site for all drills, which none of them may touch; each scenario is played once."""

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from baozhang.drills.records import Journal
from baozhang.drills.scenarios import scenario
from baozhang.wiring import open_site
from tasks.drill import Order, run_drill
from tests.flows.site import make_site

Play = Callable[[str], Journal]
TOKEN = "0123456789abcdef" * 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Playing takes a minute in all: what looks at a played drill is slow."""
    for item in items:
        if "played" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real site: two clients, nothing backed up."""
    return make_site(tmp_path_factory.mktemp("real") / "site", "p001", "p002")


@pytest.fixture(scope="session")
def sandboxes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which sandboxes are made."""
    return tmp_path_factory.mktemp("sandboxes")


@pytest.fixture(scope="session")
def played(real: Path, sandboxes: Path) -> Iterator[Play]:
    """Play a scenario, or return how it was played."""
    spoken = os.environ.get("BAOZHANG_LANG")
    os.environ["BAOZHANG_LANG"] = "en"

    @cache
    def play(name: str) -> Journal:
        with open_site(real) as site:
            order = Order(scenario(name), seed=7, token=TOKEN, people=("zhang",), parent=sandboxes)
            return run_drill(site, order)

    yield play
    if spoken is None:
        del os.environ["BAOZHANG_LANG"]
    else:
        os.environ["BAOZHANG_LANG"] = spoken


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A real site of one's own."""
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    return make_site(tmp_path / "site", "p001")
