"""A bot is written to as its messenger asks; whatever goes wrong comes back as an error to read."""

import logging
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.errors import UnreachableError, UsageError
from baozhang.notify.bots import LIMITS, request
from baozhang.notify.channel import pace_of
from baozhang.settings.post import ChannelKind
from baozhang.words import say
from tests.notify.conftest import Opened, Time
from tests.notify.server import Messenger, said

KINDS: list[ChannelKind] = ["wecom", "dingtalk", "feishu"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_message_arrives_as_it_was_written(
    opened: Opened, bots: Messenger, kind: ChannelKind
) -> None:
    assert opened(kind).send(["600 户: 正常 597, 异常 3", 'c001  "备份"失败 & <b>']) is None
    assert bots.texts == ['600 户: 正常 597, 异常 3\nc001  "备份"失败 & <b>']


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_another_secret_is_refused_by_the_messenger(
    opened: Opened, bots: Messenger, kind: ChannelKind
) -> None:
    error = opened(kind, secret="another").send(["x"])
    assert isinstance(error, UsageError)
    assert error.facts["code"] in {310000, 19021}
    assert bots.texts == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lines", [["长" * 9000], ["一行字" * 5] * 3000, ['"\\\0\n' * 9000]])
def test_what_is_too_long_is_cut_to_what_the_messenger_takes(
    opened: Opened, bots: Messenger, kind: ChannelKind, lines: list[str]
) -> None:
    assert opened(kind).send(lines) is None
    assert len(bots.texts[0].encode()) <= LIMITS[kind].text_bytes


@pytest.mark.parametrize("kind", ["wecom", "dingtalk"])
def test_fifty_messages_never_come_faster_than_twenty_a_minute(
    opened: Opened, bots: Messenger, kind: ChannelKind, time: Time
) -> None:
    started, channel = time.now, opened(kind)
    assert [channel.send([str(number)]) for number in range(50)] == [None] * 50
    assert len(bots.texts) == 50
    assert time.now - started >= timedelta(minutes=2)


def test_a_refusal_under_http_200_is_a_failure_and_is_not_tried_again(
    opened: Opened, bots: Messenger
) -> None:
    error = opened("wecom", url=f"{bots.url}/cgi-bin/webhook/send?key=old").send(["x"])
    assert isinstance(error, UsageError)
    assert (error.facts["code"], len(bots.paths)) == (93000, 1)
    assert "new bot" in error.hint


def test_a_busy_bot_is_tried_again_with_growing_pauses(
    opened: Opened, bots: Messenger, time: Time
) -> None:
    bots.forced = [(502, b"<html>"), (200, b"not json")]
    assert opened("wecom").send(["x"]) is None
    assert (bots.texts, time.waited) == (["x"], [2.0, 8.0])


def test_a_bot_that_stays_busy_is_given_up_after_three_tries(
    opened: Opened, bots: Messenger
) -> None:
    bots.forced = [said(-1, "system busy")] * 9
    assert isinstance(opened("wecom").send(["x"]), UnreachableError)
    assert len(bots.paths) == 3


def test_dingtalk_is_left_alone_for_ten_minutes_after_it_was_hurried(
    opened: Opened, bots: Messenger, time: Time
) -> None:
    bots.forced = [said(130101, "send too fast")]
    assert isinstance(opened("dingtalk").send(["x"]), UnreachableError)
    time.now += timedelta(minutes=8)
    assert isinstance(opened("dingtalk").send(["y"]), UnreachableError)
    assert len(bots.paths) == 1
    time.now += timedelta(minutes=2)
    assert opened("dingtalk").send(["z"]) is None


def test_wecom_is_waited_for_when_it_was_hurried(
    opened: Opened, bots: Messenger, time: Time
) -> None:
    bots.forced = [said(45009, "api freq out of limit")]
    assert opened("wecom").send(["x"]) is None
    assert sum(time.waited) >= 60


@pytest.mark.parametrize(
    "answer",
    [
        (200, b""),
        (200, b"[1]"),
        (200, b'{"errcode":"0"}'),
        (200, b'{"errcode":true}'),
        (200, b"[" * 100_000),
        (200, b"\xff\xfe"),
        (404, b"nothing here"),
        (302, b""),
    ],
)
def test_an_answer_that_is_none_is_never_a_success(
    opened: Opened, bots: Messenger, answer: tuple[int, bytes]
) -> None:
    bots.forced = [answer] * 9
    assert opened("wecom").send(["x"]) is not None


def test_a_redirect_is_not_followed(opened: Opened, bots: Messenger) -> None:
    bots.forced = [(307, b"")] * 9
    opened("wecom").send(["x"])
    assert not any("elsewhere" in path for path in bots.paths)


def test_a_bot_that_is_down_is_said_to_be(opened: Opened) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        error = opened("wecom", url=f"http://127.0.0.1:{nobody.getsockname()[1]}/x").send(["x"])
    assert isinstance(error, UnreachableError)


def test_a_name_that_does_not_resolve_is_said_to_be(opened: Opened) -> None:
    error = opened("wecom", url="https://bot.invalid/send?key=verysecret").send(["x"])
    assert isinstance(error, UnreachableError)


@pytest.mark.parametrize("kind", KINDS)
def test_addresses_and_secrets_are_in_no_error_log_or_representation(
    opened: Opened, bots: Messenger, kind: ChannelKind, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bots.forced = [said(99999, f"you asked {bots.address(kind)} and that is wrong")] * 9
    channel = opened(kind)
    error = channel.send(["x"])
    assert error is not None
    told = "\n".join((str(error), repr(error), repr(channel), caplog.text, str(error.__cause__)))
    for secret in ("0123", bots.url, "SECf00d", "s3cret", "that is wrong"):
        assert secret not in told


def test_no_answer_in_time_quotes_no_address(opened: Opened) -> None:
    error = opened("wecom", url="https://bot.invalid/send?key=verysecret").send(["x"])
    assert error is not None
    told = say(error.template, spoken="zh_CN", **error.facts)
    assert "verysecret" not in f"{error!r}{error}{told}{error.__context__!r}"


def test_a_pace_that_cannot_be_written_down_holds_nothing_back(
    opened: Opened, bots: Messenger, tmp_path: Path
) -> None:
    """A full disk is a thing to tell of."""
    channel = opened("wecom")
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    told = replace(channel, pace=pace_of("wecom", "duty", nowhere))
    assert told.send(["disk full"]) is None
    assert bots.texts == ["disk full"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_address_that_is_none_comes_back_as_an_error(opened: Opened, kind: ChannelKind) -> None:
    assert isinstance(opened(kind, url="https://[").send(["x"]), UsageError)


def test_places_that_others_take_meanwhile_are_not_waited_for_for_ever(
    opened: Opened, bots: Messenger, time: Time
) -> None:
    channel = opened("wecom")

    def others() -> None:
        while not channel.pace.take(time.clock()):
            pass

    def wait(seconds: float) -> None:
        time.wait(seconds)
        others()

    others()
    error = replace(channel, wait=wait).send(["x"])
    assert isinstance(error, UnreachableError)
    assert (len(time.waited), bots.texts) == (1, [])


@pytest.mark.parametrize("kind", KINDS)
def test_a_door_that_says_too_many_requests_shuts_the_bot(
    opened: Opened, bots: Messenger, kind: ChannelKind, time: Time
) -> None:
    bots.forced = [(429, b"")]
    channel = opened(kind)
    channel.send(["x"])
    assert time.waited or channel.pace.take(time.clock()) > timedelta(minutes=9)
    assert bots.texts == [] or sum(time.waited) >= 60


@pytest.mark.parametrize(
    ("url", "begins"),
    [
        ("https://bot/robot", "https://bot/robot?timestamp="),
        ("https://b/r?t=1", "https://b/r?t=1&"),
    ],
)
def test_a_signature_joins_what_the_address_has(url: str, begins: str) -> None:
    at = Time().now
    assert request("dingtalk", url, "s", "x", at).url.startswith(begins)
