"""One group bot, written to: within its size and pace, signed, tried again while that may help.

    channel.send(lines)  ──►  None, or the error that a person should read

A bot that fails costs nobody the alert: `send` returns what went wrong instead of raising it, so
that whoever tells goes on to the next one.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from baozhang.clock import Clock
from baozhang.errors import BaozhangError, UnreachableError
from baozhang.notify.bots import LIMITS, failure, judge, request
from baozhang.notify.fitting import fitted
from baozhang.notify.pace import Pace
from baozhang.notify.posting import post, require_usable
from baozhang.settings import AlertClass, Language
from baozhang.settings.post import ChannelKind

TRIES = 3
FIRST_PAUSE = 2.0  # seconds; four times as long after the next failure
LONGEST_WAIT = timedelta(
    seconds=70
)  # for a place in the bot's minute; beyond it, others come first

Wait = Callable[[float], None]
"""Waits so many seconds."""
Poster = Callable[[str, bytes], tuple[int, bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A bot as it is configured, its secrets read.  Its representation holds none of them."""

    name: str
    kind: ChannelKind
    url: str
    secret: str | None
    classes: tuple[AlertClass, ...]
    language: Language
    pace: Pace
    clock: Clock
    wait: Wait
    post: Poster = post

    def __repr__(self) -> str:
        """Say name and kind."""
        return f"Channel({self.name}, {self.kind})"

    def send(self, lines: Sequence[str]) -> BaozhangError | None:
        """Send lines as one message.

        Returns:
            None: the bot took it.  Else why it did not: an `UnreachableError` may pass by itself, a
            `UsageError` must be mended.
        """
        text = fitted(lines, LIMITS[self.kind].text_bytes, self.language)
        try:
            return self._sent(text)
        except BaozhangError as error:
            return error

    def _sent(self, text: str) -> BaozhangError | None:
        error: BaozhangError | None = None
        for attempt in range(TRIES):
            if attempt:
                self.wait(FIRST_PAUSE * 4 ** (attempt - 1))
            self._take_place()
            error = self._tried(text)
            if error is None or not error.transient:
                return error
        return error

    def _tried(self, text: str) -> BaozhangError | None:
        at = self.clock()
        require_usable(self.url)
        asked = request(self.kind, self.url, self.secret, text, at)
        try:
            verdict, code = judge(self.kind, *self.post(asked.url, asked.body))
        except UnreachableError as error:
            return error
        if verdict == "taken":
            return None
        if verdict == "hurried":
            with suppress(UnreachableError):  # the answer counts, written down or not
                self.pace.shut(at + LIMITS[self.kind].shut)
        return failure(self.kind, verdict, code)

    def _take_place(self) -> None:
        """Wait for a place in the bot's minute.

        A pace that cannot be written down holds nothing back: a full disk is a thing to tell of.

        Raises:
            UnreachableError: there is none soon.
        """
        waited = timedelta(0)
        while wait := self._place():
            if waited + wait > LONGEST_WAIT:
                raise UnreachableError(
                    "the bot takes no more messages for {seconds} seconds",
                    hint="Wait; what it did not take goes to the other bots and by mail.",
                    seconds=int(wait.total_seconds()) + 1,
                )
            self.wait(wait.total_seconds())
            waited += wait

    def _place(self) -> timedelta:
        try:
            return self.pace.take(self.clock())
        except UnreachableError:
            return timedelta(0)


def pace_of(kind: ChannelKind, name: str, folder: Path) -> Pace:
    """Return the pace of a bot, remembered in a folder."""
    return Pace(folder / f"{name}.json", LIMITS[kind].messages)
