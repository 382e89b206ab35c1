"""The watch: whatever is in trouble or silent becomes an alert, and goes up until somebody looks.

look ──► keep (raise, mend) ──► tell (bots, mail, steps) ──► heartbeat, if all is in order
  └────────┴─ what fails here (a damaged catalog, a full disk) is told to the bots as it is
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.memory import Memory
from baozhang.catalog.model import Alert
from baozhang.clock import business_day, system_clock
from baozhang.errors import BaozhangError
from baozhang.notify.channel import Channel, Wait
from baozhang.notify.heartbeat import beat
from baozhang.settings import Agency
from baozhang.settings.loading import inspect_site, read_model, site_home
from baozhang.settings.model import AgencyFile
from baozhang.settings.references import AGENCY_FILE
from baozhang.settings.yaml_file import read_yaml
from baozhang.site import Site
from baozhang.sourcing import secret_text
from baozhang.wiring import STATE, open_site
from baozhang.words import say
from tasks.alerts import Kept, Told, acknowledge, keep_troubles, mend, tell
from tasks.channels import channels_of
from tasks.gate import NAMES, gate_of
from tasks.options import effect
from tasks.silence import looked
from tasks.troubles import Look, look, why_of

HEARTBEAT = "heartbeat"
HEARTBEAT_TEMPLATES = {"failed": "the heartbeat does not arrive: {why}"}
FAILED_TEMPLATES = {
    "failed": "[urgent] the watch itself fails, and no other alert is told until it runs: {why}",
    "hint": "Run `baozhang watch` on the machine, and follow docs/runbooks/alert.md.",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """What one watch came to."""

    raised: tuple[str, ...]
    told: tuple[str, ...]
    mended: tuple[str, ...]
    open: tuple[str, ...]  # urgent alerts that nobody acknowledged
    beat: bool  # the heartbeat was sent


@effect("look around")
def look_around() -> Look:
    """Return what is in trouble now."""
    with open_site() as site:
        return look(site, memory(site).read())


@effect("keep alerts")
def keep_alerts(seen: Look) -> Kept:
    """Raise and mend alerts, and remember what was seen."""
    with open_site() as site:
        return keep(site, seen)


@effect("tell alerts")
def tell_alerts() -> Told:
    """Tell whatever is to be told."""
    with open_site() as site, memory(site).held():
        return tell(site)


@effect("heartbeat")
def send_heartbeat(seen: Look, kept: Kept, told: Told) -> Watched:
    """Ask for the heartbeat's address where all is in order."""
    with open_site() as site:
        return watched(site, seen, kept, told)


@effect("acknowledge {alert}")
def acknowledge_alert(alert: str, person: str) -> str:
    """Record that a person is looking at an alert; return the alert's state."""
    with open_site() as site:
        return acknowledge(site, alert, by=person).state


def watch(site: Site, *, wait: Wait = time.sleep) -> Watched:
    """Do a whole watch, as the flow does."""
    seen = look(site, memory(site).read())
    kept = keep(site, seen)
    with memory(site).held():
        told = tell(site, wait=wait)
    return watched(site, seen, kept, told)


@contextmanager
def failure_told(*, wait: Wait = time.sleep) -> Iterator[None]:
    """Tell the bots of an error of the block, past catalog and outbox, and raise it again.

    It is told by each watch that fails: there may be no place left to remember it in.
    """
    try:
        yield
    except BaozhangError as error:
        if agency := _agency_at_hand():
            _tell_failure(agency, error, wait)
        raise


def _agency_at_hand() -> Agency | None:
    """Return the agency; without its clients where one of their files is wrong; None: no bots."""
    home = site_home()
    if sound := inspect_site(home).agency:
        return sound
    file, _ = read_model(read_yaml(home, AGENCY_FILE), AgencyFile)
    return Agency(home, file, {}) if file else None


def _tell_failure(agency: Agency, error: BaozhangError, wait: Wait) -> None:
    masks = gate_of(agency)
    hidden = NAMES | {"problems"}  # what is wrong in the site's files quotes them
    facts = {name: "…" if name in hidden else value for name, value in error.facts.items()}
    for channel in channels_of(agency, system_clock, "urgent", wait=wait):
        if isinstance(channel, Channel):
            spoken = channel.language
            why = say(error.template, spoken=spoken, **facts)
            lines = [
                say(FAILED_TEMPLATES["failed"], spoken=spoken, why=why),
                say(
                    "To do: {hint}",
                    spoken=spoken,
                    hint=say(FAILED_TEMPLATES["hint"], spoken=spoken),
                ),
            ]
            channel.send([masks.masked(line) for line in lines])


def memory(site: Site) -> Memory:
    """Return what earlier watches of the site knew."""
    return Memory(site.home / STATE / "watch.json")


def keep(site: Site, seen: Look) -> Kept:
    """Raise and mend alerts, and remember what was seen."""
    place = memory(site)
    with place.held():
        kept = keep_troubles(site, seen)
        place.keep(looked(place.read(), site.catalog, site.clock()))
    return kept


def watched(site: Site, seen: Look, kept: Kept, told: Told) -> Watched:
    """Send the heartbeat where all is in order; return what the watch came to."""
    waiting = tuple(
        known.alert.id
        for known in AlertBook(site.catalog).unmended()
        if known.alert.alert_class == "urgent" and known.state == "open"
    )
    silent = any(each.kind == "silence" for each in seen.troubles)
    sent = not waiting and not silent and _beaten(site)
    return Watched(kept.raised, told.told, kept.mended, waiting, sent)


def _beaten(site: Site) -> bool:
    """Send the heartbeat; one that fails is a notice, told by the next watch."""
    reference = site.agency.file.alerts.heartbeat
    if reference is None:
        return False
    try:
        beat(secret_text(site.home, reference).strip())
    except BaozhangError as error:
        now = site.clock()
        day, template = business_day(now).isoformat(), HEARTBEAT_TEMPLATES["failed"]
        facts, hint = why_of(error), error.hint
        AlertBook(site.catalog).raised(
            Alert("", "notice", HEARTBEAT, HEARTBEAT, day, template, facts, hint, now)
        )
        return False
    mend(site, HEARTBEAT)
    return True
