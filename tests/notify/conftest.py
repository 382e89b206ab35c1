"""Messengers that really listen, and bots that write to them."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.notify.channel import Channel, pace_of
from baozhang.settings.post import ChannelKind
from tests.notify.server import DINGTALK_SECRET, FEISHU_SECRET, Messenger, messenger

SECRETS: dict[str, str | None] = {
    "wecom": None,
    "dingtalk": DINGTALK_SECRET,
    "feishu": FEISHU_SECRET,
}


class Time:
    """A clock that waiting moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)
        self.waited: list[float] = []

    def clock(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def bots(time: Time) -> Iterator[Messenger]:
    with messenger() as running:
        running.now = time.seconds
        yield running


Opened = Callable[..., Channel]


@pytest.fixture
def opened(bots: Messenger, time: Time, tmp_path: Path) -> Opened:
    """Make a channel of a kind; its address and secret may be others."""

    def make(kind: ChannelKind, *, url: str = "", secret: str | None = "") -> Channel:
        return Channel(
            name="duty",
            kind=kind,
            url=url or bots.address(kind),
            secret=SECRETS[kind] if secret == "" else secret,
            classes=("urgent",),
            language="zh_CN",
            pace=pace_of(kind, "duty", tmp_path / "paces"),
            clock=time.clock,
            wait=time.wait,
        )

    return make
