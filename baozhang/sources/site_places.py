"""What a site's files say of its inbox, its share and its account sets, as the engine's values.

Nothing secret is read here: an inbox and a share are mounted, not logged in to.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from baozhang.errors import SourceUnreadableError
from baozhang.settings import Agency, SourceFile
from baozhang.sources.account_sets import AccountSet, sets_in_folder, sets_in_sqlite
from baozhang.sources.claims import Rule
from baozhang.sources.drops import read_inbox
from baozhang.sources.share import Share
from baozhang.sources.standings import Standing, standings


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
    """Yield what the clients' sources are known by: databases, labels of an inbox, paths."""
    for client in agency.clients.values():
        for each in client.sets.values():
            for source in each.sources:
                yield from filter(None, (source.database, *source.expected))
                if source.path is not None and source.kind != "inbox":
                    yield str(agency.path(source.path))
    for delivery in deliveries(agency):
        with suppress(SourceUnreadableError):
            yield from {drop.label for drop in read_inbox(delivery.folder).drops}
    share = agency.file.share
    if share:
        root = agency.path(share.path)
        yield from (str(root / one.folder) for one in share.rules if one.client and not one.glob)
