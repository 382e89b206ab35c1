"""From records to usage: which bytes lay where, who worked how long, what was read.

| group | measured as | from |
|---|---|---|
| storage | byte-minutes in each vault and each of its copies | what every backup point added |
| requests | objects written and read, an estimate | bytes added, objects read back |
| egress | bytes read by readings and restore tests | figures of their outcomes |
| compute | seconds of every duty | beginning and end of its outcomes |
| restores | restore tests | their outcomes |
| hours | minutes of people | the register `hours` |

What cannot be measured is said, in `Metered.unseen`, and never made up: which copy a reading read
from, what a store counted itself, and bytes of sets that no vault keeps any more.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.usage import Stored, Work, stored, work
from baozhang.costs.model import SHARED, Days, Usage
from baozhang.costs.registers import HoursRow

PACK = 32 * 2**20  # bytes: a pack of the vault is closed at this size (docs/format.md)
PER_BACKUP = 3  # objects beside the packs: index, manifest, commit
READS: tuple[str, ...] = ("validation", "restore_test")
Unseen = Literal["requests", "origin", "vaultless", "own", "strangers"]
UNSEEN_TEMPLATES: dict[Unseen, str] = {
    "requests": "requests are an estimate: one object per 32 MiB written, three per backup, and "
    "one per object read back; stores were not asked for their own count",
    "origin": "from which copy readings and restore tests read is not recorded: what was read is "
    "priced as a whole",
    "vaultless": "{count} sets have backup points and no vault in agency.yaml: {sets}",
    "own": "what the agency stores of its own (journal, audit log) is in no client's count; the "
    "comparison with the stores shows it",
    "strangers": "the registers hours, fees and media name what this agency does not know: "
    "{names}; correct the rows",
}


@dataclass(frozen=True, slots=True)
class Metered:
    """All usage of some days, and what could not be measured.

    Attributes:
        kept: per client, the byte-minutes of the vaults without their copies: by these, what is
            for all is divided.
    """

    usages: tuple[Usage, ...]
    kept: tuple[tuple[str, int], ...]
    after: tuple[tuple[str, str, int], ...]  # client, vault, bytes at the end
    unseen: tuple[tuple[Unseen, tuple[tuple[str, str], ...]], ...]


def places_of(vault: str, copies: int) -> tuple[str, ...]:
    """Return the names of a vault and its copies: `main`, `main-mirror-1`, ..."""
    return (vault, *(f"{vault}-mirror-{number}" for number in range(1, copies + 1)))


def meter(
    catalog: Catalog,
    parts: Iterable[Days],
    vaults: Mapping[str, tuple[str, ...]],
    sets: Mapping[str, str],
    hours: Iterable[HoursRow],
) -> Metered:
    """Return what was used, in each part of some days.

    Args:
        catalog: of the site.
        parts: spans that follow each other, e.g. those in which no price changes.
        vaults: names of a vault and its copies, by the vault's name.
        sets: the vault of each set.
        hours: what people entered.
    """
    found, kept, after, lost = list[Usage](), dict[str, int](), dict[tuple[str, str], int](), set()
    entered = tuple(hours)
    for days in parts:
        for each in stored(catalog, days.begin, days.end):
            vault = sets.get(each.set)
            if vault is None:
                lost.add(f"{each.client}/{each.set}")
                continue
            kept[each.client] = kept.get(each.client, 0) + each.byte_minutes
            key = (each.client, each.set)
            after[key] = each.after
            found += _places(days, each, vaults[vault])
        for done in work(catalog, days.begin, days.end):
            found += _worked(days, done)
        found += _hours(days, entered)
    by_vault = dict[tuple[str, str], int]()
    for (client, name), size in after.items():
        by_vault[client, sets[name]] = by_vault.get((client, sets[name]), 0) + size
    return Metered(
        tuple(each for each in found if each.raw),
        tuple(sorted(kept.items())),
        tuple((*key, size) for key, size in sorted(by_vault.items())),
        tuple(_unseen(sorted(lost))),
    )


def _places(days: Days, each: Stored, places: Iterable[str]) -> Iterator[Usage]:
    for place in places:
        yield Usage(days, each.client, each.set, "storage", place, each.byte_minutes)


def _worked(days: Days, done: Work) -> Iterator[Usage]:
    """Yield what one duty used; the agency's own outcomes are for all."""
    client = SHARED if done.client.startswith("_") else done.client
    set_name = "" if done.set == "*" else done.set
    yield Usage(days, client, set_name, "compute", done.duty, done.seconds)
    if requests := requests_of(done):
        yield Usage(days, client, set_name, "requests", done.duty, requests, estimated=True)
    if done.duty in READS:
        yield Usage(days, client, set_name, "egress", done.duty, done.figure("bytes"))
    if done.duty == "restore_test":
        yield Usage(days, client, set_name, "restores", done.duty, done.count)


def requests_of(done: Work) -> int:
    """Return about how many requests a duty made of a store."""
    if done.duty == "backup" and done.client.startswith("_"):
        return done.figure("mirror_objects")
    if done.duty == "backup":
        return -(-done.figure("bytes_added") // PACK) + PER_BACKUP * done.count
    if done.duty == "restore_test":
        return -(-done.figure("bytes") // PACK) + PER_BACKUP * done.count
    return done.figure("objects")


def _hours(days: Days, entered: Iterable[HoursRow]) -> Iterator[Usage]:
    minutes: dict[tuple[str, str], int] = {}
    for row in entered:
        if days.first <= row.day <= days.last:
            key = (row.client, row.person)
            minutes[key] = minutes.get(key, 0) + row.minutes
    for (client, person), sum_ in sorted(minutes.items()):
        yield Usage(days, client, "", "hours", person, sum_)


def _unseen(lost: list[str]) -> Iterator[tuple[Unseen, tuple[tuple[str, str], ...]]]:
    yield "requests", ()
    yield "origin", ()
    yield "own", ()
    if lost:
        yield "vaultless", (("count", str(len(lost))), ("sets", ", ".join(lost[:20])))
