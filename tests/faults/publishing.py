"""Saying how often a suite struck, and saying loudly that one could not."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.sizes import SEED, is_small

Publish = Callable[..., None]


@pytest.fixture
def publish(request: pytest.FixtureRequest) -> Publish:
    """Return what notes down how many faults fired, once a suite has passed.

    `tools/faults.py` collects the notes; without it nothing is written.
    """

    def note(suite: str, fired: int, **more: object) -> None:
        assert fired > 0, "a suite whose fault never fired proves nothing"
        folder = os.environ.get("BAOZHANG_FAULTS_NOTES")
        if folder:
            value = {"suite": suite, "test": request.node.name, "n": fired, "seed": SEED, **more}
            name = f"{request.node.name.replace('/', '_')}-{suite}.json".replace(" ", "_")
            Path(folder, name).write_text(json.dumps(value, sort_keys=True))

    return note


def not_run(reason: str) -> None:
    """Say loudly that a suite did not run; where all of them were asked for, that is a failure."""
    if not is_small():
        pytest.fail(f"NOT RUN: {reason}")
    pytest.skip(f"NOT RUN: {reason}")
