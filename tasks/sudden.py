"""Sudden change at a backup, and the last clean point (最近可信备份点) that it is measured from.

A backup point is stored first and judged then: a suspicious one is kept, told about, and never
becomes the clean point.  It stays suspicious, and so does what follows it, until the change is
undone or somebody accepts it (`baozhang point accept`).
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import timedelta

from baozhang.books.coding import decode_proof
from baozhang.books.losses import lines_lost
from baozhang.books.proof import Proof
from baozhang.catalog.clean import (
    STATES,
    SUSPICION,
    clean_point,
    is_word,
    older_clean_point,
    state_of,
)
from baozhang.catalog.model import Finding, Outcome
from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    SourceUnreadableError,
    UsageError,
)
from baozhang.policies.sudden import Alarm, Change, Judgement, Sign, adds_up, judge
from baozhang.site import Site
from baozhang.sources.base import Frozen
from baozhang.sources.noise import SAMPLE, is_scrambled
from baozhang.vault.changes import changes_between
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Snapshot
from baozhang.vault.peeking import Peek
from baozhang.vault.snapshot import Manifest
from tasks.batches import Pair

PREFIX = "change_"
MOST_SAMPLED = 64  # files looked into; each costs one read of 64 KiB
HISTORY = timedelta(days=90)  # a quarter: it holds a filing season and a quiet month
WINDOW = timedelta(days=30)  # over which small changes are added up

ALARM_TEMPLATES: dict[Sign, str] = {
    "removed": "sudden change: {count} of {whole} files are gone; at most {usual} on usual nights",
    "renamed": "sudden change: {count} of {whole} files were renamed; at most {usual} on usual "
    "nights",
    "retyped": "sudden change: {count} of {whole} files changed their ending; at most {usual} on "
    "usual nights",
    "slow_removed": "slow change: {count} of {whole} files of an older clean point are gone, a few "
    "each night",
    "slow_renamed": "slow change: {count} of {whole} files of an older clean point were renamed, a "
    "few each night",
    "slow_retyped": "slow change: {count} of {whole} files of an older clean point changed their "
    "ending, a few each night",
    "scrambled": "sudden change: {count} of {whole} changed files looked into hold noise, as "
    "encryption leaves it; at most {usual} on usual nights",
    "lines_lost": "sudden change: {count} of {whole} voucher lines are gone; at most {usual} on "
    "usual nights",
    "books_lost": "sudden change: {count} of {whole} books of the last clean point are gone",
    "foreign": "{count} books name another company than this client as their owner",
    "closed": "sudden change: {count} closed periods hold other vouchers than at the last clean "
    "point",
}
HINT = (
    "Ask the accountant in charge before anything else runs; if it was on purpose, run `baozhang "
    "point accept`, else follow docs/runbooks/backup.md."
)
UNKNOWN_TEMPLATES = {
    "finding": "it cannot be told whether what changed since the backup point {point} is everyday",
    "hint": "Look at the other findings of this set; if that point is no longer kept and the set "
    "is as it should be, run `baozhang point accept`.",
}
UNKNOWN, UNKNOWN_HINT = UNKNOWN_TEMPLATES["finding"], UNKNOWN_TEMPLATES["hint"]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a set's next backup is held against."""

    point: str | None  # id of the last clean point; None: there is no backup point yet
    nights: tuple[Change, ...]  # of the normal backups of the last quarter
    older: str | None = None  # id of the oldest clean point that small changes are added up from


def standing(site: Site, pair: Pair) -> Standing:
    """Return the last clean point of a set and its usual nights, from the catalog."""
    judged, since = _judged(site, pair), site.clock() - HISTORY
    normal = (each for each in judged if state_of(each) == "normal" and each.started >= since)
    known = site.catalog.snapshots(pair.client, pair.set)
    clean = clean_point([point.id for point in known], judged)
    older = older_clean_point(known, clean, judged, within=WINDOW)
    return Standing(clean, tuple(map(_change, normal)), older)


@dataclass(frozen=True, slots=True)
class Books:
    """What the proofs of a backup say that no comparison of files can."""

    closed: int = 0  # closed periods that differ from earlier generations
    foreign: int = 0  # books of another owner
    unproven: int = 0  # books that could not be read


def judge_backup(
    side: ClientVault, frozen: Frozen, now: Snapshot, held: Standing, books: Books
) -> tuple[Judgement, Change]:
    """Return what a set's change since its last clean point looks like, and its figures.

    Args:
        side: the client's part of the vault; it holds `now` already.
        frozen: the source, still held: written files are looked into there.
        now: the backup point just stored.
        held: what it is held against.
        books: what its proofs say.
    """
    before = _found(side, held.point)
    change = _between(side, frozen, before, now, books) if before else None
    if change is not None and adds_up(change, held.nights):
        change = _added_up(side, change, _found(side, held.older), now)
    if change is None:
        alone = Change(closed=books.closed, foreign=books.foreign, unproven=books.unproven)
        found = judge(alone, ())
        return (found if found.state == "suspicious" else Judgement("unknown")), alone
    return judge(change, held.nights), change


def figures_of(judgement: Judgement, change: Change) -> tuple[tuple[str, int], ...]:
    """Return a judgement and its change as figures of an outcome."""
    counts = ((f"{PREFIX}{name}", count) for name, count in asdict(change).items())
    return ((SUSPICION, STATES.index(judgement.state)), *counts)


def findings_of(judgement: Judgement, held: Standing) -> tuple[Finding, ...]:
    """Return a critical finding per sign; a warning where a change could not be judged."""
    if judgement.state == "unknown" and held.point is not None:
        return (Finding(UNKNOWN, (("point", held.point),), UNKNOWN_HINT, "warning"),)
    return tuple(_alarmed(alarm) for alarm in judgement.alarms)


def _alarmed(alarm: Alarm) -> Finding:
    facts = (("count", alarm.count), ("whole", alarm.whole), ("usual", alarm.usual))
    template = ALARM_TEMPLATES[alarm.sign]
    return Finding(template, tuple(fact for fact in facts if f"{{{fact[0]}}}" in template), HINT)


def _between(
    side: ClientVault, frozen: Frozen, before: Snapshot, now: Snapshot, books: Books
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
        books=len(proofs[0]),
        books_lost=max(0, len(proofs[0].keys() - proofs[1].keys()) - books.unproven),
        closed=books.closed,
        foreign=books.foreign,
        unproven=books.unproven,
    )


def _added_up(side: ClientVault, change: Change, older: Snapshot | None, now: Snapshot) -> Change:
    """Return a change with what became of an older clean point; as it is, where there is none."""
    if older is None:
        return change
    try:
        since = changes_between(side.manifest(older), side.manifest(now))
    except (CorruptObjectError, ObjectMissingError):  # the validation's business, and its alarm
        return change
    return replace(
        change,
        slow_files=since.files,
        slow_removed=max(0, min(since.removed, since.files - since.left)),
        slow_renamed=since.renamed,
        slow_retyped=since.retyped,
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


def _judged(site: Site, pair: Pair) -> list[Outcome]:
    """Return the set's judged backups and acceptances, oldest first."""
    found = site.catalog.outcomes(client=pair.client)
    mine = (each for each in found if each.set == pair.set)
    return [each for each in mine if is_word(each)]


def _change(outcome: Outcome) -> Change:
    figures = dict(outcome.figures)
    return Change(**{each.name: figures.get(f"{PREFIX}{each.name}", 0) for each in fields(Change)})
