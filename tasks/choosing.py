"""Whose turn it is: a duty's pairs from the site's files and what the catalog knows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from baozhang.catalog.model import Duty
from baozhang.policies.due import due
from baozhang.policies.model import Standing
from baozhang.policies.rotation import tonight
from baozhang.site import Site
from tasks.batches import Pair

WHOLE_CLIENT = "*"
"""In place of a set: the outcome speaks for all sets of the client."""

WEEKLY = timedelta(weeks=1)


def named_pairs(site: Site, clients: Iterable[str]) -> list[Pair]:
    """Return all sets of the clients that were asked for.

    Raises:
        UsageError: one of them is not known.
    """
    return [
        Pair(client, name) for client in dict.fromkeys(clients) for name in site.client(client).sets
    ]


def every_pair(site: Site) -> list[Pair]:
    """Return all sets of all clients, due or not."""
    return [Pair(client, name) for client, name in site.agency.sets()]


def due_pairs(site: Site) -> list[Pair]:
    """Return the sets that would be late by the next night.

    What counts is the last backup that was complete: one that was stored only in part, or is in
    the vault but in no outcome, leaves its set due.
    """
    now = site.clock()
    pairs = [Pair(client, name) for client, name in site.agency.sets()]
    return [
        pair
        for pair in pairs
        if due(site.agency.policy(pair.set), _last(site, "backup", pair), now)
    ]


def pairs_to_restore(site: Site) -> list[Pair]:
    """Return the sets whose restore was proven longest ago, a fair share of each policy's."""
    queues: dict[timedelta, list[Standing]] = {}
    for client, name in site.agency.sets():
        head = site.catalog.head(client, name)
        if head is not None:  # what was never backed up is the night letter's business
            last = _last(site, "restore_test", Pair(client, name))
            every = site.agency.policy(name).restore_test_every
            queues.setdefault(every, []).append(Standing(f"{client}/{name}", last, head.size))
    now = site.clock()
    chosen = [
        name
        for every, queue in sorted(queues.items())
        for name in tonight(queue, now, every, runs_every=WEEKLY)
    ]
    return [Pair(*name.split("/", 1)) for name in chosen]


def clients_to_verify(site: Site) -> list[Pair]:
    """Return the clients whose bytes have gone unread longest, tonight's share of them.

    A client that left is among them as long as its backups are kept.
    """
    sizes: dict[str, int] = {}
    for snapshot in site.catalog.snapshots():
        sizes[snapshot.client] = sizes.get(snapshot.client, 0) + snapshot.added
    queues: dict[timedelta, list[Standing]] = {}
    for client, size in sizes.items():
        last = _last(site, "validation", Pair(client, WHOLE_CLIENT))
        queues.setdefault(_every_byte_within(site, client), []).append(Standing(client, last, size))
    now = site.clock()
    return [
        Pair(name, WHOLE_CLIENT)
        for within, queue in sorted(queues.items())
        for name in tonight(queue, now, within)
    ]


def _every_byte_within(site: Site, client: str) -> timedelta:
    known = site.agency.clients.get(client)
    sets = known.sets if known else site.agency.file.sets
    return min(site.agency.policy(name).every_byte_within for name in sets)


def _last(site: Site, duty: Duty, pair: Pair) -> datetime | None:
    outcome = site.catalog.last(duty, pair.client, pair.set)
    return outcome.started if outcome else None
