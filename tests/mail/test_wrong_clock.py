"""A clock that was wrong, and files that were damaged, hold up no letter for ever."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from baozhang.errors import UnreachableError
from baozhang.mail.outbox import Outbox
from baozhang.mail.smtp import Account
from baozhang.mail.throttle import Limits, Throttle
from baozhang.mail.trouble import ServerTrouble, after
from tests.mail.office import NOON, WANG, ZHANG, Office, Watch, letter, open_office, postman
from tests.servers.postgres import free_port

FULL = "452 4.2.2 mailbox full"
YEARS = timedelta(days=3650)
HALF = 0.5


def half() -> float:
    return HALF


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened:
        yield opened


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def trouble(now: datetime, before: ServerTrouble | None = None) -> ServerTrouble:
    return after(UnreachableError("the mail server cannot be reached"), before, now, half)


def test_a_server_that_was_down_while_the_clock_ran_ahead_is_asked_again(
    office: Office, outbox: Outbox
) -> None:
    outbox.put(letter())
    watch = Watch(NOON + YEARS)
    postman(outbox, Account("127.0.0.1", "off", free_port(), timeout=5), watch).deliver()
    assert outbox.trouble() is not None
    watch.now = NOON
    assert postman(outbox, office.account(), watch).deliver().sent == ("000001-night-zh_CN",)


def test_a_server_is_left_alone_until_its_next_attempt(office: Office, outbox: Outbox) -> None:
    outbox.put(letter())
    outbox.keep_trouble(trouble(NOON))
    carrier = postman(outbox, office.account(), Watch(NOON + timedelta(seconds=119)))
    assert (carrier.deliver().sent, office.sessions) == ((), 0)


def test_a_letter_refused_for_now_while_the_clock_ran_ahead_is_tried_again(
    office: Office, outbox: Outbox
) -> None:
    outbox.put(letter())
    office.to[WANG.address] = FULL
    watch = Watch(NOON + YEARS)
    carrier = postman(outbox, office.account(), watch)
    carrier.deliver()
    office.to.clear()
    watch.now = NOON
    assert carrier.deliver().sent == ("000001-night-zh_CN",)


def test_five_days_are_counted_from_the_earliest_attempt_a_right_clock_can_have_seen(
    office: Office, outbox: Outbox
) -> None:
    outbox.put(letter())
    office.to[WANG.address] = FULL
    watch = Watch(NOON + YEARS)
    carrier = postman(outbox, office.account(), watch)
    carrier.deliver()
    watch.now = NOON
    carrier.deliver()
    watch.pass_(timedelta(days=5))
    assert carrier.deliver().parked == ("000001-night-zh_CN",)


def test_a_server_that_fell_silent_while_the_clock_ran_ahead_becomes_pressing_all_the_same() -> (
    None
):
    first = trouble(NOON + YEARS)
    second = trouble(NOON, first)
    assert trouble(NOON + timedelta(hours=1), second).pressing


@pytest.mark.parametrize(
    "content",
    [
        '{"day": "2026-08-01", "count": 1, "recent": ["nonsense"]}',
        '{"day": "2026-08-01", "count": 1, "recent": ["2026-08-01T12:00:00"]}',
        '{"day": "2026-08-01", "count": -9, "recent": "x"}',
        '{"day": 7, "count": "many", "recent": [7]}',
        "[]",
        "\udcff\udcfe",
    ],
)
def test_damaged_counts_are_begun_anew(tmp_path: Path, content: str) -> None:
    (tmp_path / ".sent.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    throttle = Throttle(tmp_path, Limits(1, 10))
    assert not throttle.take(NOON, urgent=False)
    assert throttle.take(NOON, urgent=False) == timedelta(minutes=1)


@pytest.mark.parametrize(
    "note",
    [
        {"due": "nonsense"},
        {"due": "2026-08-01T12:00:00"},
        {"attempts": "many"},
        {"attempts": -1},
        {"code": "x"},
        {"code": [1]},
    ],
)
def test_damaged_words_in_a_note_cost_neither_the_letter_nor_the_others(
    office: Office, outbox: Outbox, note: dict[str, object]
) -> None:
    path = outbox.put(letter(1))
    outbox.put(letter(2))
    values = outbox.letters("waiting")[0].values()
    values["recipients"] = {WANG.address: {"state": "waiting", **note}}
    values["first_tried"] = "long ago"
    path.with_suffix(".json").write_text(json.dumps(values))
    assert len(postman(outbox, office.account(), Watch()).deliver().sent) == 2


@pytest.mark.parametrize("word", ["since", "tried", "due"])
@pytest.mark.parametrize("value", ["nonsense", "2026-08-01T12:00:00", 7])
def test_damaged_words_on_the_server_are_forgotten(
    office: Office, outbox: Outbox, word: str, value: object
) -> None:
    outbox.put(letter())
    outbox.keep_trouble(trouble(NOON))
    file = outbox.folder / ".server.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {word: value}))
    assert len(postman(outbox, office.account(), Watch()).deliver().sent) == 1


def test_words_on_the_server_are_read_as_they_were_written(outbox: Outbox) -> None:
    known = replace(trouble(NOON, trouble(NOON - timedelta(hours=2))), facts={"server": "a:465"})
    outbox.keep_trouble(known)
    assert outbox.trouble() == known


def test_a_letter_that_a_failing_disk_emptied_is_named(outbox: Outbox) -> None:
    outbox.put(letter(1))
    outbox.put(letter(2)).write_bytes(b"")
    assert outbox.damaged() == ("000002-night-zh_CN",)
    assert outbox.parked() == ()


def test_a_letter_that_moves_while_the_folder_is_read_is_no_error(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = outbox.put(letter())
    listed = outbox._files("waiting")  # what was there an instant ago
    path.unlink()
    monkeypatch.setattr(outbox, "_files", lambda _state: listed)
    assert (outbox.letters("waiting"), outbox.parked(), outbox.damaged()) == ((), (), ())


def test_that_somebody_came_is_kept_though_the_server_was_away(outbox: Outbox) -> None:
    outbox.put(letter())
    away = Account("127.0.0.1", "off", free_port(), timeout=5)
    postman(outbox, away, Watch()).deliver()
    assert outbox.last_round() == NOON


def test_before_anybody_came_none_did(outbox: Outbox) -> None:
    assert outbox.last_round() is None


def test_a_refused_letter_leaves_no_transaction_to_the_next_one(
    office: Office, outbox: Outbox
) -> None:
    """A server that refuses DATA itself still holds the sender, and would refuse the next MAIL."""
    outbox.put(letter(1))
    outbox.put(letter(2, ZHANG, at=NOON + timedelta(minutes=1)))
    office.data = ["451 4.3.0 not now"]
    assert postman(outbox, office.account(), Watch()).deliver().sent == ("000002-night-zh_CN",)
    assert office.resets == 1


def test_a_letter_told_in_a_digest_lies_among_the_sent_and_says_where(outbox: Outbox) -> None:
    outbox.put(letter())
    (waiting,) = outbox.letters("waiting")
    outbox.keep(replace(waiting, told_in="000003-digest-zh_CN"))
    (told,) = outbox.letters("sent")
    assert (told.state, told.told_in) == ("sent", "000003-digest-zh_CN")


def test_a_letter_is_due_at_once_while_one_reader_was_never_tried(
    office: Office, outbox: Outbox
) -> None:
    outbox.put(letter(1, WANG, ZHANG))
    (waiting,) = outbox.letters("waiting")
    tried, fresh = waiting.recipients
    later = replace(tried, due=NOON + timedelta(hours=1))
    assert replace(waiting, recipients=(later, fresh)).due is None
    assert replace(waiting, recipients=(later,)).due == NOON + timedelta(hours=1)
