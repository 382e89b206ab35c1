"""What a site's files say of its inbox, its share and its account sets, as the engine's values.

Nothing secret is read here: an inbox and a share are mounted, not logged in to.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from baozhang.errors import SourceUnreadableError
from baozhang.settings import Agency, RuleFile, SourceFile
from baozhang.sources.account_sets import AccountSet, sets_in_folder, sets_in_sqlite
from baozhang.sources.claims import Rule
from baozhang.sources.drops import Drop, newest_first, read_inbox
from baozhang.sources.share import Share
from baozhang.sources.standings import Standing, standings

_YEARLY = re.compile(r"UFDATA_\d{3}_\d{4}", re.IGNORECASE)  # a database of one year, 用友


@dataclass(frozen=True, slots=True)
class Delivery:
    """One set that is delivered to the inbox, and where."""

    client: str
    set: str
    source: SourceFile
    folder: Path


def share_of(agency: Agency) -> Share | None:
    """Return the site's share with its rules; None where it has none.

    Raises:
        UsageError: a rule cannot be read.
    """
    file = agency.file.share
    if file is None:
        return None
    rules = (Rule(one.client, one.set, one.folder, one.glob, one.code_in) for one in file.rules)
    return Share(agency.path(file.path), tuple(rules), codes=codes_of(agency), exclude=file.exclude)


def codes_of(agency: Agency) -> dict[str, str]:
    """Return the client of each credit code."""
    return {each.credit_code: each.id for each in agency.clients.values() if each.credit_code}


def deliveries(agency: Agency) -> Iterator[Delivery]:
    """Yield every set that an inbox receives, by client."""
    for client in agency.clients.values():
        for name, each in client.sets.items():
            for source in each.sources:
                if source.kind == "inbox":
                    folder = inbox_folder(agency, client.id, name, source)
                    yield Delivery(client.id, name, source, folder)


def inbox_folder(agency: Agency, client: str, set_name: str, source: SourceFile) -> Path:
    """Return where a set's drops lie: as its source says, else by client and set in the inbox."""
    if source.path is not None or agency.file.inbox is None:
        return agency.path(source.path or "")
    return agency.path(agency.file.inbox.path) / client / set_name


def received(agency: Agency) -> Iterator[tuple[str, str]]:
    """Yield the folders of the inbox that some source takes, as (client, set); "": all below."""
    if agency.file.inbox is None:
        return
    inbox = agency.path(agency.file.inbox.path)
    for client in agency.clients.values():
        for name, each in client.sets.items():
            for source in each.sources:
                if source.kind != "inbox" and source.path is None:
                    continue
                folder = inbox_folder(agency, client.id, name, source)
                if folder.is_relative_to(inbox):
                    above, below, *_ = (*folder.relative_to(inbox).parts, "", "")
                    yield above, below


def standings_of(agency: Agency, each: Delivery, now: datetime) -> tuple[Standing, ...]:
    """Return how one set's deliveries stand; see `standings.standings`.

    Raises:
        SourceUnreadableError: the inbox cannot be read.
    """
    inbox = agency.file.inbox
    within = inbox.within if inbox else agency.policy(each.set).every
    return standings(each.folder, within=within, now=now, expected=each.source.expected)


def account_sets_of(agency: Agency) -> tuple[AccountSet, ...]:
    """Return the account sets that the share's lists and folders know of.

    Raises:
        SourceUnreadableError: a list or a folder that the site names cannot be read.
    """
    share = agency.file.share
    found: list[AccountSet] = []
    if share and share.catalogue:
        found += sets_in_sqlite(agency.path(share.catalogue), codes_of(agency))
    if share and share.account_sets:
        found += sets_in_folder(agency.path(share.account_sets))
    return tuple(found)


def names_of(agency: Agency) -> Iterator[str]:
    """Yield what the clients' sources are known by: databases, labels of an inbox, paths.

    A drop that holds databases of single years stands for those, not for its whole label.
    """
    for client in agency.clients.values():
        for each in client.sets.values():
            for source in each.sources:
                if source.database:
                    yield source.database
                if source.path is not None and source.kind != "inbox":
                    yield str(agency.path(source.path))
    for delivery in deliveries(agency):
        yield from _names_delivered(delivery)
    share = agency.file.share
    if share:
        root = agency.path(share.path)
        yield from (str(root / one.folder) for one in share.rules if _gives_all(one))


def _gives_all(rule: RuleFile) -> bool:
    """Tell whether a rule gives everything in its folder to its client."""
    return rule.client is not None and not rule.glob and rule.code_in is None


def _names_delivered(delivery: Delivery) -> Iterator[str]:
    newest: dict[str, Drop] = {}
    with suppress(SourceUnreadableError):
        drops = read_inbox(delivery.folder).drops
        arrived = tuple(drop for drop in drops if not drop.arriving)
        newest = {label: found[0] for label, found in newest_first(arrived)}
    yield from {*delivery.source.expected} - newest.keys()
    for label, drop in newest.items():
        yield from _yearly(drop) or (label,)


def _yearly(drop: Drop) -> tuple[str, ...]:
    try:
        names = os.listdir(drop.place)
    except OSError:
        return ()
    return tuple(found[0] for found in map(_YEARLY.search, names) if found)
