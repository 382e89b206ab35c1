"""Which tests are of the long part: those that strike the vault again and again, or pack a kit."""

from pathlib import Path

import pytest

from tests.mutations.matrix import pytest_terminal_summary as pytest_terminal_summary

HERE = Path(__file__).parent
LONG = tuple(HERE / folder for folder in ("crash", "faults", "kit"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, so that `make test-fast` leaves them out."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in LONG):
            item.add_marker(pytest.mark.slow)
