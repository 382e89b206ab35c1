"""docs/threat-model.md makes no claim by a test that is not there."""

import re

from tests.kit.running import KIT

ROOT = KIT.parent
TEXT = (ROOT / "docs" / "threat-model.md").read_text()


def test_every_test_it_names_exists() -> None:
    named = set(re.findall(r"`(tests/[^`]+)`", TEXT))
    assert len(named) > 20
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_it_speaks_of_every_actor() -> None:
    assert [f"T{n}" for n in range(1, 12) if f"### T{n}: " not in TEXT] == []


def test_it_is_linked_from_where_people_look() -> None:
    for page in ("docs/index.md", "SECURITY.md"):
        assert "threat-model.md" in (ROOT / page).read_text()
