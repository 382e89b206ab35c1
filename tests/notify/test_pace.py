"""A bot's pace is shared by processes, survives them, and is not fooled by clocks."""

import fcntl
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.errors import UnreachableError
from baozhang.notify.pace import Pace

NOW = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)
NOTHING = timedelta(0)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bots" / "duty.json"


def test_another_process_sees_the_places_that_were_taken(file: Path) -> None:
    assert [Pace(file, 2).take(NOW) for _ in range(2)] == [NOTHING] * 2
    assert Pace(file, 2).take(NOW + timedelta(seconds=30)) == timedelta(seconds=35)


def test_places_come_back_after_a_minute_and_a_little(file: Path) -> None:
    Pace(file, 1).take(NOW)
    assert Pace(file, 1).take(NOW + timedelta(seconds=64)) == timedelta(seconds=1)
    assert Pace(file, 1).take(NOW + timedelta(seconds=65)) == NOTHING


def test_asking_for_a_place_that_is_not_there_takes_none(file: Path) -> None:
    pace = Pace(file, 1)
    pace.take(NOW)
    for second in range(60):
        pace.take(NOW + timedelta(seconds=second))
    assert pace.take(NOW + timedelta(seconds=65)) == NOTHING


def test_a_bot_that_was_shut_hears_nothing_until_then(file: Path) -> None:
    Pace(file, 20).shut(NOW + timedelta(minutes=10))
    assert Pace(file, 20).take(NOW + timedelta(minutes=4)) == timedelta(minutes=6)
    assert Pace(file, 20).take(NOW + timedelta(minutes=10)) == NOTHING


def test_a_bot_that_was_shut_is_waited_for_though_a_place_comes_sooner(file: Path) -> None:
    Pace(file, 1).take(NOW)
    Pace(file, 1).shut(NOW + timedelta(minutes=10))
    assert Pace(file, 1).take(NOW) == timedelta(minutes=10)


def test_a_file_of_bytes_that_are_no_text_is_begun_anew(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"\xff\xfe\x80")
    assert Pace(file, 1).take(NOW) == NOTHING


@pytest.mark.parametrize("word", ["sent", "shut"])
def test_an_instant_without_a_time_zone_is_begun_anew(file: Path, word: str) -> None:
    at = "2026-07-31T14:00:00"
    file.parent.mkdir()
    file.write_text(json.dumps({"sent": [], "shut": "", word: [at] if word == "sent" else at}))
    assert Pace(file, 1).take(NOW) == NOTHING


def test_places_of_the_future_come_of_a_wrong_clock_and_hold_nothing_back(file: Path) -> None:
    pace = Pace(file, 1)
    pace.take(NOW + timedelta(days=365))
    pace.shut(NOW + timedelta(days=365))
    assert pace.take(NOW) == NOTHING


@pytest.mark.parametrize("content", ["", "{", "[]", '{"sent": ["x"], "shut": ""}', "null"])
def test_a_file_that_a_crash_left_is_begun_anew(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_text(content)
    assert Pace(file, 1).take(NOW) == NOTHING


def test_a_place_that_cannot_be_written_down_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bots").write_text("a file")
    with pytest.raises(UnreachableError):
        Pace(tmp_path / "bots" / "duty.json", 1).take(NOW)


def test_the_file_is_for_its_owner_only(file: Path) -> None:
    Pace(file, 1).take(NOW)
    assert file.stat().st_mode & 0o777 == 0o600


def test_another_process_is_waited_for(file: Path) -> None:
    pace = Pace(file, 1)
    pace.shut(NOW)
    with ThreadPoolExecutor() as pool, file.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        taken = pool.submit(pace.take, NOW)
        with pytest.raises(TimeoutError):
            taken.result(timeout=0.3)
        fcntl.flock(held, fcntl.LOCK_UN)
        assert taken.result() == NOTHING
