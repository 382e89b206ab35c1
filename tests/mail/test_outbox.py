"""The outbox keeps what it was given, once, and lets no letter disappear."""

import errno
import os
import re
import stat
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from baozhang.errors import StoreFullError, UnreachableError, UsageError
from baozhang.mail.message import Correspondent
from baozhang.mail.outbox import Outbox
from tests.mail.test_message import message


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "mail" / "outbox")


def test_a_letter_lies_under_its_own_name(outbox: Outbox) -> None:
    assert outbox.put(message()) == outbox.folder / "000017-night-zh_CN.eml"


def test_a_letter_is_read_back_as_it_was_built(outbox: Outbox) -> None:
    read = message_from_bytes(outbox.put(message()).read_bytes(), policy=default)
    assert read.as_bytes() == message_from_bytes(message().as_bytes(), policy=default).as_bytes()


def test_lines_end_as_mail_servers_want_them(outbox: Outbox) -> None:
    content = outbox.put(message()).read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n")


def test_putting_twice_is_putting_once(outbox: Outbox) -> None:
    first = outbox.put(message()).read_bytes()
    outbox.put(message(at=datetime(2026, 8, 1, tzinfo=UTC)))
    assert [path.read_bytes() for path in outbox.folder.iterdir()] == [first]


def test_a_letter_from_a_long_domain_is_recognised_too(outbox: Outbox) -> None:
    sender = Correspondent("", "backup@" + "a-very-long-name-of-an-agency." * 3 + "example")
    outbox.put(message(sender=sender))
    assert outbox.put(message(sender=sender)).exists()


def test_another_letter_never_replaces_one(outbox: Outbox) -> None:
    kept = outbox.put(message()).read_bytes()
    outbox.put(message(fingerprint="cd" * 32))
    assert (outbox.folder / "000017-night-zh_CN.eml").read_bytes() == kept


def test_another_letter_under_a_taken_number_is_kept_beside_it(outbox: Outbox) -> None:
    other = message(fingerprint="cd" * 32)
    outbox.put(message())
    path = outbox.put(other)
    assert path.read_bytes() == other.as_bytes()
    assert re.fullmatch(r"000017-night-zh_CN-[0-9a-f]{8}\.eml", path.name)


def test_the_letter_beside_is_put_once_too(outbox: Outbox) -> None:
    outbox.put(message())
    twice = [outbox.put(message(fingerprint="cd" * 32)) for _ in range(2)]
    assert twice[0] == twice[1]
    assert len(list(outbox.folder.iterdir())) == 2


def test_both_languages_lie_side_by_side(outbox: Outbox) -> None:
    outbox.put(message())
    outbox.put(message(language="en"))
    assert len(list(outbox.folder.glob("000017-*.eml"))) == 2


def test_letters_are_readable_by_their_owner_alone(outbox: Outbox) -> None:
    path = outbox.put(message())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_a_crash_left_behind_is_no_obstacle(outbox: Outbox) -> None:
    outbox.folder.mkdir(parents=True)
    left = outbox.folder / f".000017-night-zh_CN.eml.{os.getpid()}.tmp"
    left.write_bytes(b"half a letter, and longer than " + b"x" * 100_000)
    outbox.put(message())
    assert [path.name for path in outbox.folder.iterdir()] == ["000017-night-zh_CN.eml"]


def test_a_letter_is_durable_before_it_has_its_name(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is flushed before the rename, the folder after it."""
    real, seen = os.fsync, []

    def watched(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        named = (outbox.folder / "000017-night-zh_CN.eml").exists()
        seen.append(("folder" if is_folder else "file", named))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    outbox.put(message())
    assert seen == [("file", False), ("folder", True)]


def test_a_letter_whose_writer_died_before_the_end_is_made_durable(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.put(message())
    flushed: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda fd: flushed.append(stat.S_ISDIR(os.fstat(fd).st_mode)))
    outbox.put(message())
    assert flushed == [True]


@pytest.mark.parametrize("name", [None, "", "../../etc/cron.d/x", "000017-night/x", "17"])
def test_a_message_that_is_no_letter_is_refused(outbox: Outbox, name: str | None) -> None:
    stranger = EmailMessage()
    if name is not None:
        stranger["X-Baozhang-Letter"] = name
    with pytest.raises(UsageError):
        outbox.put(stranger)
    assert not outbox.folder.exists()


def test_an_outbox_that_cannot_be_written_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UnreachableError):
        Outbox(tmp_path / "file" / "outbox").put(message())


def test_a_full_disk_is_said_to_be_full(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreFullError):
        outbox.put(message())
    assert list(outbox.folder.glob("*.eml")) == []
