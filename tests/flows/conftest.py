"""Real sites in temporary folders, and one server of Prefect for those tests that need it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_SERVER_ANALYTICS_ENABLED, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from tests.flows.site import make_site


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound site with two clients; nothing is backed up yet."""
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    return make_site(tmp_path / "site", "c001", "c002")


@pytest.fixture(scope="session")
def server() -> Iterator[None]:
    """One server for all flow tests: it takes half a minute to start."""
    quiet = {PREFECT_SERVER_ANALYTICS_ENABLED: False}
    with temporary_settings(quiet), prefect_test_harness(server_startup_timeout=120):
        yield
