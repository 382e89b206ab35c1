"""The group bots of a site, opened: their secrets read, their pace remembered below its state.

A bot whose secret cannot be read is handed on as the error it is: the others are told all the same.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from baozhang.clock import Clock
from baozhang.errors import BaozhangError
from baozhang.notify.channel import Channel, Wait, pace_of
from baozhang.settings import Agency, AlertClass
from baozhang.settings.post import Channel as ChannelFile
from baozhang.site import Site
from baozhang.sourcing import secret_text
from baozhang.wiring import STATE

PACES = "bots"  # folder below the site's state


@dataclass(frozen=True, slots=True)
class Unopened:
    """A bot that cannot be written to, and why."""

    name: str
    error: BaozhangError


def channels(
    site: Site, alert_class: AlertClass | None = None, *, wait: Wait = time.sleep
) -> Iterator[Channel | Unopened]:
    """Yield the bots that take a class of alerts; None: all of them."""
    yield from channels_of(site.agency, site.clock, alert_class, wait=wait)


def channels_of(
    agency: Agency, clock: Clock, alert_class: AlertClass | None = None, *, wait: Wait = time.sleep
) -> Iterator[Channel | Unopened]:
    """Yield the bots of an agency, whether or not its site can be opened; see `channels`."""
    for name, each in agency.file.alerts.channels.items():
        if alert_class is None or alert_class in each.classes:
            try:
                yield _opened(agency, clock, name, each, wait)
            except BaozhangError as error:
                yield Unopened(name, error)


def _opened(agency: Agency, clock: Clock, name: str, each: ChannelFile, wait: Wait) -> Channel:
    return Channel(
        name=name,
        kind=each.kind,
        url=secret_text(agency.home, each.url).strip(),
        secret=secret_text(agency.home, each.secret).strip() if each.secret else None,
        classes=each.classes,
        language=each.language or agency.language,
        pace=pace_of(each.kind, name, agency.home / STATE / PACES),
        clock=clock,
        wait=wait,
    )
