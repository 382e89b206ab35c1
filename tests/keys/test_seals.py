"""Sealed codes: whoever holds the paper counts once, and a record put in its place does not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.keys.seals import SealError, Seals

NOW = datetime(2026, 11, 22, tzinfo=UTC)


@pytest.fixture
def seals(tmp_path: Path) -> Seals:
    return Seals(tmp_path, lambda: NOW)


def test_the_code_in_the_envelope_counts(seals: Seals) -> None:
    code, known = seals.make("owner")
    assert seals.unopened("owner")
    seals.open("owner", code.lower(), known=known)
    assert not seals.unopened("owner")


def test_it_counts_once(seals: Seals) -> None:
    code, known = seals.make("owner")
    seals.open("owner", code, known=known)
    with pytest.raises(SealError, match="opened before"):
        seals.open("owner", code, known=known)


def test_anothers_envelope_does_not_count(seals: Seals) -> None:
    code, known = seals.make("owner")
    seals.make("clerk")
    with pytest.raises(SealError, match="not the code"):
        seals.open("clerk", code, known=known)


def test_a_new_envelope_ends_the_old_one(seals: Seals) -> None:
    old, _ = seals.make("owner")
    _, known = seals.make("owner")
    with pytest.raises(SealError):
        seals.open("owner", old, known=known)


def test_a_seal_that_the_audit_log_does_not_know_does_not_count(seals: Seals) -> None:
    _, known = seals.make("owner")
    forged, _ = seals.make("owner")
    with pytest.raises(SealError):
        seals.open("owner", forged, known=known)
    with pytest.raises(SealError):
        seals.open("owner", forged, known=None)


def test_a_mistyped_code_is_told_as_mistyped(seals: Seals) -> None:
    code, known = seals.make("owner")
    with pytest.raises(UsageError, match="mistyped"):
        seals.open("owner", code[:-1] + ("A" if code[-1] != "A" else "B"), known=known)
    assert seals.unopened("owner")


def test_who_has_none_is_told(seals: Seals) -> None:
    code, known = seals.make("owner")
    with pytest.raises(SealError, match="has no sealed envelope"):
        seals.open("clerk", code, known=known)
    assert not seals.unopened("clerk")


def test_the_code_is_not_kept(seals: Seals, tmp_path: Path) -> None:
    code, _ = seals.make("owner")
    kept = (tmp_path / "owner.seal.json").read_text()
    assert code.replace("-", "") not in kept
    assert (tmp_path / "owner.seal.json").stat().st_mode & 0o777 == 0o600


def test_a_damaged_seal_is_damage(seals: Seals, tmp_path: Path) -> None:
    code, known = seals.make("owner")
    (tmp_path / "owner.seal.json").write_text("{}")
    with pytest.raises(CorruptObjectError):
        seals.open("owner", code, known=known)
