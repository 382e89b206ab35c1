"""The ground a drill is played on: an opened sandbox site, what lies in it, and hands to break it.

    <sandbox>/.baozhang-drill   the marker
              home/             the site: settings, vault, mirrors, keys, state
              data/c001/ …      what clients have
              outside/          what was carried off or stolen, as its finder has it

Time is played: the clock is the machine's, moved forward where people would wait or sleep.  What
machines do is measured as it is.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random

from baozhang.clock import SHANGHAI, Clock
from baozhang.drills.guard import Fence
from baozhang.site import Site

Facts = Mapping[str, str | int]
"""What an action tells of itself: ids and figures."""


@dataclass(slots=True)
class PlayedClock:
    """A clock that runs with the machine's and can be moved forward, never back."""

    real: Clock
    ahead: timedelta = field(default=timedelta(0))

    def __call__(self) -> datetime:
        """Return the played instant, aware, UTC."""
        return self.real() + self.ahead

    def wait(self, span: timedelta) -> None:
        """Let this much time pass, without waiting."""
        self.ahead += max(span, timedelta(0))

    def wait_for(self, hour: time) -> None:
        """Let time pass until the next such hour in the office; none where it is that hour."""
        local = self().astimezone(SHANGHAI)
        then = datetime.combine(local.date(), hour, SHANGHAI)
        self.wait((then if then >= local else then + timedelta(days=1)) - local)


@dataclass(frozen=True, slots=True)
class Hands:
    """What only layers above can do, as injections need it.

    Attributes:
        drop_voucher: remove one whole voucher from a book below a folder; return its name.
        pass_night: a day of work in every client's books, and the night's backup; its figure
            `noticed` tells whether it found what must be found, so that people act now.
        reopen: open the sandbox's site anew, after its files were changed.
        kill_backup: begin to back a client up in another process and kill it in the middle;
            return the signal that ended it.
    """

    drop_voucher: Callable[[Path, str, Random], str]
    pass_night: Callable[["Ground"], Facts]
    reopen: Callable[["Ground"], None]
    kill_backup: Callable[["Ground", str], int]


@dataclass(slots=True)
class Ground:
    """Where a drill plays; its site is another one after it was opened anew."""

    fence: Fence
    site: Site
    clock: PlayedClock
    rng: Random
    hands: Hands
    actor: str  # the drill's id, as the sandbox's records name it

    @property
    def data(self) -> Path:
        """Where clients' folders lie."""
        return self.fence.root / "data"

    @property
    def outside(self) -> Path:
        """Where lies what was carried off."""
        return self.fence.root / "outside"

    def folder(self, client: str) -> Path:
        """Return a client's folder."""
        return self.data / client

    def book(self, client: str) -> str:
        """Return the profile of a client's books."""
        sources = self.site.client_set(client, "main").sources
        return next(each.profile for each in sources if each.profile)
