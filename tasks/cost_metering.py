"""Metering a site: usage from the catalog, people's hours, and what the stores really hold.

The books say how many bytes were added; a store says how many are there.  Both are told, with their
difference: what was pruned, what the agency keeps of its own, and what nobody can account for.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from logging import getLogger

from baozhang.catalog.rebuilding import AGENCY
from baozhang.clock import business_day
from baozhang.costs.charges import Charged, charge
from baozhang.costs.closing import Closes, Held, PlaceHeld
from baozhang.costs.metering import Metered, meter, places_of
from baozhang.costs.model import Days, month_days
from baozhang.costs.prices import PriceBook
from baozhang.costs.registers import (
    FEES,
    HOURS,
    LICENCES,
    MEDIA,
    FeeRow,
    HoursRow,
    LicenceRow,
    MediumRow,
)
from baozhang.errors import BaozhangError, UsageError
from baozhang.settings.values import is_remote
from baozhang.site import Site
from baozhang.vault.stores.base import Store
from baozhang.wiring import STATE
from baozhang.words import say
from reports.months import Month, month_of

WORST = 5  # clients named whose bytes differ most
MOST_STRANGERS = 20  # named in the report

LOG = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """A month that is metered and priced, before anything is told of it."""

    month: Month
    days: Days  # that are over
    whole: bool
    book: PriceBook
    hours: tuple[HoursRow, ...]
    licences: dict[str, LicenceRow]
    media: dict[str, MediumRow]
    metered: Metered
    charged: Charged


def closes_of(site: Site) -> Closes:
    """Return where a site keeps what its months came to."""
    return Closes(site.home / STATE / "cost")


def counted_days(month: Month, today: date) -> Days:
    """Return the days of a month that are over.

    Raises:
        UsageError: none is.
    """
    days = month_days(month.year, month.number)
    last = min(days.last, today - timedelta(days=1))
    if last < days.first:
        raise UsageError(
            "no day of {month} is over yet: nothing can be counted",
            hint="Name a month up to {newest}.",
            month=month,
            newest=month_of(today - timedelta(days=1)),
        )
    return Days(days.first, last)


def vaults_of(site: Site) -> dict[str, tuple[str, ...]]:
    """Return the names of every vault and its copies."""
    vaults = site.agency.file.vaults.items()
    return {name: places_of(name, len(vault.mirrors)) for name, vault in vaults}


def remote_places(site: Site) -> dict[str, bool]:
    """Return of every vault and copy whether it is a bucket."""
    found: dict[str, bool] = {}
    for name, vault in site.agency.file.vaults.items():
        addresses = (vault.url, *(mirror.url for mirror in vault.mirrors))
        found |= dict(
            zip(places_of(name, len(vault.mirrors)), map(is_remote, addresses), strict=True)
        )
    return found


def usage_of(site: Site, month: Month) -> tuple[Days, PriceBook, Metered]:
    """Return the days that are counted, the price book, and what was used.

    Raises:
        UsageError: no day of the month is over, or the price book has faults.
    """
    days = counted_days(month, business_day(site.clock()))
    book = PriceBook.of(site)
    book.require_sound()
    sets = {name: each.vault for name, each in site.agency.file.sets.items()}
    hours = HOURS.rows(site).values()
    found = meter(site.catalog, book.parts(days), vaults_of(site), sets, hours)
    if names := strangers(site, days, book, {client for client, _ in found.kept}):
        facts = (("names", ", ".join(names[:MOST_STRANGERS])),)
        found = replace(found, unseen=(*found.unseen, ("strangers", facts)))
    return days, book, found


def strangers(site: Site, days: Days, book: PriceBook, stored: Collection[str]) -> tuple[str, ...]:
    """Return what rows of some days name and nobody knows: clients, people, places.

    Args:
        site: the site.
        days: which rows count.
        book: a place with a price of its own may be one to move to.
        stored: clients of whom something is kept, also those who left.
    """
    clients = {*site.agency.clients, *stored, ""}
    priced = {row.sku.removeprefix("storage:") for row in book.rows.values()}
    places = {*remote_places(site), *priced, ""}
    hours = [row for row in HOURS.rows(site).values() if days.first <= row.day <= days.last]
    fees, media = FEES.rows(site).values(), MEDIA.rows(site).values()
    found = {row.client for row in hours} - clients
    found |= {row.person for row in hours} - set(site.agency.people)
    found |= {row.client for row in fees if _holds(row, days)} - clients
    found |= {row.place for row in media if _holds(row, days)} - places
    return tuple(sorted(found))


def _holds(row: FeeRow | MediumRow, days: Days) -> bool:
    return days.within(row.valid_from, row.valid_to) is not None


def count(site: Site, month: Month) -> Counted:
    """Return a month, metered and priced.

    Raises:
        UsageError: no day of it is over, or the price book has faults.
    """
    days, book, metered = usage_of(site, month)
    whole = month_days(month.year, month.number)
    licences, media = LICENCES.rows(site), MEDIA.rows(site)
    found = charge(whole, metered.usages, book, metered.kept, licences, media, until=days.last)
    hours = tuple(HOURS.rows(site).values())
    return Counted(month, days, days == whole, book, hours, licences, media, metered, found)


# --- what the stores hold -----------------------------------------------------------------------


def measure(site: Site, month: Month) -> Held:
    """Ask every store what it holds now, keep the answers and return them.

    What was asked after the month's end before stays: it was nearer to that end.

    Raises:
        UnreachableError: what was found cannot be kept.
        CorruptObjectError: what was kept was changed by hand.
    """
    closes = closes_of(site)
    known = closes.held(str(month))
    if known and known.places and known.at >= month.end:
        return known
    held: dict[str, dict[str, int]] = {}
    for name, places in vaults_of(site).items():
        clients = _prefixes(site, name)
        stores = (site.vault_named(name).store, *site.mirrors_named(name)) if clients else ()
        for place, store in zip(places, stores, strict=False):
            try:
                held[place] = _listed(store, clients)
            except BaozhangError as error:
                LOG.warning("%s: %s", place, say(error.template, **error.facts))
    found = Held(site.clock(), held)
    closes.keep_held(str(month), found)
    return found


def _prefixes(site: Site, vault: str) -> dict[str, str]:
    """Return the clients of a vault by their pseudonym in it; none where it cannot be opened."""
    try:
        opened = site.vault_named(vault)
    except BaozhangError as error:
        LOG.warning("%s: %s", vault, say(error.template, **error.facts))
        return {}
    ids = (AGENCY, *site.agency.clients)
    return {opened.space(client).client: client for client in ids}


def _listed(store: Store, clients: Mapping[str, str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in store.list():
        kind, _, rest = each.name.partition("/")
        client = clients.get(rest.partition("/")[0], "") if kind == "c" else ""
        found[client] = found.get(client, 0) + each.size
    return found


def reconciled(site: Site, counted: Counted, asked: Held | None) -> tuple[PlaceHeld, ...]:
    """Return every place with what the books say and what it was found to hold."""
    booked: dict[str, dict[str, int]] = {}
    for client, vault, size in counted.metered.after:
        booked.setdefault(vault, {})[client] = size
    return tuple(
        _place(place, booked.get(vault, {}), asked.places.get(place) if asked else None, counted)
        for vault, places in vaults_of(site).items()
        for place in places
    )


def _place(
    place: str, booked: Mapping[str, int], held: Mapping[str, int] | None, counted: Counted
) -> PlaceHeld:
    whole = sum(booked.values())
    if held is None:
        return PlaceHeld(place, whole, None)
    off = {each: held.get(each, 0) - booked.get(each, 0) for each in {*held, *booked}}
    worst = sorted(
        (pair for pair in off.items() if pair[0] and pair[1]),
        key=lambda pair: (-abs(pair[1]), pair[0]),
    )
    sum_ = sum(held.values())
    fen = _month_fen(counted, place, sum_ - whole)
    return PlaceHeld(place, whole, sum_, tuple(worst[:WORST]), fen)


def _month_fen(counted: Counted, place: str, size: int) -> int | None:
    row = counted.book.price(f"storage:{place}", counted.days.last)
    return counted.charged.kept_fen(row.price, size) if row else None
