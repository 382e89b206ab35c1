"""Sudden change at a backup, and the last clean point (最近可信备份点) that it is measured from.

A backup point is stored first and judged then: a suspicious one is kept, told about, and never
becomes the clean point.  It stays suspicious, and so does what follows it, until the change is
undone or somebody accepts it (`baozhang point accept`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

from baozhang.books.coding import decode_proof
from baozhang.books.losses import lines_lost
from baozhang.books.proof import Proof
from baozhang.catalog.model import Finding, Outcome
from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    SourceUnreadableError,
    UsageError,
)
from baozhang.policies.sudden import Alarm, Change, Judgement, Sign, State, judge
from baozhang.site import Site
from baozhang.sources.base import Frozen
from baozhang.sources.noise import SAMPLE, is_scrambled
from baozhang.vault.changes import changes_between
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Snapshot
from baozhang.vault.peeking import Peek
from baozhang.vault.snapshot import Manifest
from tasks.batches import Pair

SUSPICION = "suspicion"
STATES: tuple[State, ...] = ("normal", "unknown", "suspicious")
"""The figure's values, by their place."""
PREFIX = "change_"
MOST_SAMPLED = 64  # files looked into; each costs one read of 64 KiB
HISTORY = timedelta(days=90)  # a quarter: it holds a filing season and a quiet month

ALARM_TEMPLATES: dict[Sign, str] = {
    "removed": "sudden change: {count} of {whole} files are gone; at most {usual} on usual nights",
    "renamed": "sudden change: {count} of {whole} files were renamed; at most {usual} on usual "
    "nights",
    "retyped": "sudden change: {count} of {whole} files changed their ending; at most {usual} on "
    "usual nights",
    "scrambled": "sudden change: {count} of {whole} changed files looked into hold noise, as "
    "encryption leaves it; at most {usual} on usual nights",
    "lines_lost": "sudden change: {count} of {whole} voucher lines are gone; at most {usual} on "
    "usual nights",
    "closed": "sudden change: {count} closed periods hold other vouchers than at the last clean "
    "point",
}
HINT = (
    "Ask the accountant in charge before anything else runs; if it was on purpose, run `baozhang "
    "point accept`, else follow docs/runbooks/backup.md."
)


@dataclass(frozen=True, slots=True)
class Standing:
    """What a set's next backup is held against."""

    point: str | None  # id of the last clean point; None: there is no backup point yet
    nights: tuple[Change, ...]  # of the normal backups of the last quarter


def standing(site: Site, pair: Pair) -> Standing:
    """Return the last clean point of a set and its usual nights, from the catalog."""
    recent = _judged(site, pair, since=site.clock() - HISTORY)
    point = _clean(recent) or _clean(_judged(site, pair)) or _first(site, pair)
    nights = (_change(each) for each in recent if state_of(each) == "normal")
    return Standing(point, tuple(nights))


def state_of(outcome: Outcome) -> State | None:
    """Return how a backup was judged; None for one that was not, or stored nothing."""
    place = dict(outcome.figures).get(SUSPICION)
    return None if place is None else STATES[place]


def judge_backup(
    side: ClientVault,
    frozen: Frozen,
    now: Snapshot,
    held: Standing,
    *,
    repeats: str | None = None,
    closed: int = 0,
) -> tuple[Judgement, Change]:
    """Return what a set's change since its last clean point looks like, and its figures.

    Args:
        side: the client's part of the vault; it holds `now` already.
        frozen: the source, still held: written files are looked into there.
        now: the backup point just stored.
        held: what it is held against.
        repeats: id of the backup point that it repeats unchanged; None: it differs.
        closed: how many closed periods differ from earlier generations.
    """
    before = _found(side, held.point)
    if before is None:
        return Judgement("unknown"), Change()
    if before.id == repeats:
        return Judgement("normal"), Change(files=now.files)
    change = _between(side, frozen, before, now, closed)
    return judge(change, held.nights), change or Change()


def figures_of(judgement: Judgement, change: Change) -> tuple[tuple[str, int], ...]:
    """Return a judgement and its change as figures of an outcome."""
    counts = ((f"{PREFIX}{name}", count) for name, count in asdict(change).items())
    return ((SUSPICION, STATES.index(judgement.state)), *counts)


def findings_of(judgement: Judgement) -> tuple[Finding, ...]:
    """Return a critical finding per sign."""
    return tuple(_alarmed(alarm) for alarm in judgement.alarms)


def _alarmed(alarm: Alarm) -> Finding:
    facts = (("count", alarm.count), ("whole", alarm.whole), ("usual", alarm.usual))
    template = ALARM_TEMPLATES[alarm.sign]
    return Finding(template, tuple(fact for fact in facts if f"{{{fact[0]}}}" in template), HINT)


def _between(
    side: ClientVault, frozen: Frozen, before: Snapshot, now: Snapshot, closed: int
) -> Change | None:
    """Compare two snapshots; None where the earlier one can no longer be read."""
    try:
        earlier, later = side.manifest(before), side.manifest(now)
        proofs = _proofs(side, before), _proofs(side, now)
        changes = changes_between(earlier, later)
        sampled = list(_looked_into(frozen, later, Peek(side, earlier), changes.written))
    except (CorruptObjectError, ObjectMissingError):  # the validation's business, and its alarm
        return None
    return Change(
        files=changes.files,
        removed=changes.removed,
        renamed=changes.renamed,
        retyped=changes.retyped,
        written=len(changes.written),
        sampled=len(sampled),
        scrambled=sum(sampled),
        lines=sum(proof.line_count for proof in proofs[0].values()),
        lines_lost=lines_lost(*proofs),
        closed=closed,
    )


def _proofs(side: ClientVault, snapshot: Snapshot) -> Mapping[str, Proof]:
    return {name: decode_proof(proof) for name, proof in side.proofs(snapshot).items()}


def _looked_into(
    frozen: Frozen, manifest: Manifest, before: Peek, written: Sequence[tuple[int, int | None]]
) -> Iterator[bool]:
    """Tell of some of the written files, evenly chosen, whether they were scrambled since.

    A file that was noise before, such as a product's own compressed backup, tells nothing.
    """
    step = -(-len(written) // MOST_SAMPLED) or 1
    for row, old in written[::step]:
        item = manifest.item(row)
        with suppress(SourceUnreadableError), frozen.open(item) as stream:
            buffer = memoryview(bytearray(min(SAMPLE, item.size)))
            noise = is_scrambled(bytes(buffer[: stream.readinto(buffer) or 0]))
            yield noise and not (old is not None and is_scrambled(before.head(old, SAMPLE)))


def _found(side: ClientVault, point: str | None) -> Snapshot | None:
    if point is None:
        return None
    try:
        return side.find(point)
    except (UsageError, CorruptObjectError):  # pruned, shredded or damaged since
        return None


def _judged(site: Site, pair: Pair, since: datetime | None = None) -> list[Outcome]:
    """Return the set's judged backups and acceptances, newest first."""
    found = site.catalog.outcomes(client=pair.client, since=since)
    mine = [each for each in found if each.set == pair.set and each.snapshot]
    return [each for each in reversed(mine) if state_of(each) or each.duty == "acceptance"]


def _clean(judged: Iterable[Outcome]) -> str | None:
    """Return the newest point that was normal or accepted."""
    clean = (e.snapshot for e in judged if e.duty == "acceptance" or state_of(e) == "normal")
    return next(clean, None)


def _first(site: Site, pair: Pair) -> str | None:
    """Return the set's first point: before anything was judged, it is all there is."""
    known = site.catalog.snapshots(pair.client, pair.set)
    return known[0].id if known else None


def _change(outcome: Outcome) -> Change:
    figures = dict(outcome.figures)
    return Change(**{each.name: figures.get(f"{PREFIX}{each.name}", 0) for each in fields(Change)})
