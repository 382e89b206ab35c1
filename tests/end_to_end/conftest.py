"""What several of these tests share."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.running import Preloaded


@pytest.fixture(scope="session")
def duty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Preloaded]:
    """Runs a command of the site, without loading everything anew each time."""
    preloaded = Preloaded(tmp_path_factory.mktemp("preloaded"))
    yield preloaded
    preloaded.close()
