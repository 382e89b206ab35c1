"""Pruning: first a mark says what may go; a later run, after the grace, deletes it.

    plan ─► mark ──── grace, 7 days or more ────► sweep
             └─ unforget ─► as before               └─ needed again? kept, and the mark taken back

Nothing depends on a lock, and nothing on a client's clock.  The store tells how old a mark is; what
is needed is worked out anew before the sweep, twice, by code that shares nothing; and a listing
counts only where the chain of commits vouches for it (`baozhang.vault.evidence`).

A backup that runs meanwhile is safe: it builds on nothing that is marked, and looks at the marks
once more before it commits.  One that looked before the mark was put commits long before the grace
is over, so that the sweep sees what it needs.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from baozhang.errors import (
    CorruptObjectError,
    ObjectMissingError,
    StoreUnreachableError,
    UsageError,
)
from baozhang.vault.evidence import Evidence, digests_of, gather, orphaned_manifests
from baozhang.vault.holds import require_no_hold
from baozhang.vault.liveness import Live, candidates, live, live_now, require_there
from baozhang.vault.liveness_check import Raw, needed
from baozhang.vault.marking import GRACE, put_mark
from baozhang.vault.model import Snapshot
from baozhang.vault.names import is_ours
from baozhang.vault.retention import LAST, Rule, choose
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.vault import Vault

SHARE = 0.10  # of the bytes; more go only with two approvals
SILENCE = timedelta(days=30)
"""Where no backup has come for so long, clocks may be wrong, or nobody is looking."""
BATCH = 256  # objects deleted between two looks at the marks
ORDER = ("/snap/", "/index/", "/packs/")  # what names goes before what is named


@dataclass(frozen=True, slots=True)
class Plan:
    """What would go of one client."""

    client: str
    found: Evidence
    forget: tuple[Snapshot, ...]
    doubtful: tuple[Snapshot, ...]  # kept, because their times contradict others or the present
    drop: Mapping[ObjectName, int]  # sizes in bytes
    leftovers: int  # how many of these no commit ever named
    lost: int  # bytes of `drop` that lie nowhere else
    total: int  # bytes of the client
    content: tuple[int, int]  # bytes needed so far, and those of them that would not be any more
    recent: bool  # one of the last three snapshots of a set would go

    @property
    def held(self) -> tuple[str, ...]:
        """Reasons of the holds that stand: all of this stays while there is one."""
        return tuple(sorted(self.found.marks.holds))


@dataclass(frozen=True, slots=True)
class SweepReceipt:
    """What a sweep deleted of one client."""

    client: str
    deleted: tuple[ObjectName, ...]
    bytes: int
    kept: tuple[ObjectName, ...]  # marked, but needed again
    waiting: int  # objects whose grace is not over
    held: tuple[str, ...] = ()  # reasons of holds: what a dry run names stays while one stands


# --- marking -------------------------------------------------------------------------------------


def plan_prune(
    vault: Vault,
    client: str,
    rule: Rule,
    *,
    now: datetime,
    always: Collection[str] = (),
    forget: Collection[str] = (),
    grace: timedelta = GRACE,
    known: Collection[str] = (),
) -> Plan:
    """Return what of one client may go; changes nothing.

    Args:
        vault: opened.
        client: its id.
        rule: how much stays.
        now: the present instant, UTC.
        always: ids of snapshots that stay: the last clean point of each set, or under a hold.
        forget: ids of snapshots that go although the rule would keep them.
        grace: what no commit names goes only when it has lain there for so long.
        known: hashes of commits and marks that somebody else has seen.

    Raises:
        UsageError: a snapshot to forget is not there, is a set's newest, or is to stay.
        CorruptObjectError: what the client holds is not certain.
    """
    found = gather(vault, client, known=known)
    snapshots = found.snapshots
    by_id = {snapshot.id: digest for digest, snapshot in snapshots.items()}
    choice = choose(list(snapshots.values()), rule, now=now, always=always)
    _require_forgettable(found, forget, always)
    gone = {by_id[one] for one in choice.forgotten | (set(forget) & set(by_id))}
    ripe = _leftovers(found, orphaned_manifests(found), grace)
    before = live_now(found, (), ripe)
    needed_now = live_now(found, gone, ripe) if gone else before
    require_there(found.side, before, found.sizes)
    drop = candidates(found.side, found.sizes) - needed_now.objects - found.marks.dropped
    unnamed = drop - found.named()
    drop -= unnamed - _leftovers(found, unnamed, grace)
    moved = {found.side.space.pack(pack.hex()) for pack in found.side.moves.segments}
    return Plan(
        client=client,
        found=found,
        forget=tuple(snapshots[digest] for digest in snapshots if digest in gone),
        doubtful=tuple(s for s in snapshots.values() if s.id in choice.doubtful),
        drop={name: found.sizes[name] for name in sorted(drop)},
        leftovers=len(drop & unnamed),
        lost=sum(found.sizes[name] for name in drop - moved),
        total=sum(found.sizes.values()),
        content=(before.size, before.size - needed_now.size),
        recent=any(digest in gone for digest in _recent(found)),
    )


def _require_forgettable(found: Evidence, ids: Collection[str], always: Collection[str]) -> None:
    for one, digest in digests_of(found, ids).items():
        if digest in found.heads or one in always:
            raise UsageError(
                "snapshot {snapshot} stays: it is its set's newest or last clean point, or under a "
                "hold",
                hint="Back the set up again, or lift the hold, before you forget it.",
                snapshot=one,
            )


def _leftovers(found: Evidence, names: Iterable[ObjectName], grace: timedelta) -> set[ObjectName]:
    """Return those that have lain there for longer than any backup takes."""
    store, seconds = found.side.store, max(grace, GRACE).total_seconds()
    return {name for name in names if store.age(name) >= seconds}


def _recent(found: Evidence) -> set[str]:
    """Return the commits of each set's last snapshots that are not forgotten."""
    by_set: dict[str, list[str]] = {}
    for digest, commit in found.kept:
        by_set.setdefault(commit.set, []).append(digest)
    return {digest for digests in by_set.values() for digest in digests[-LAST:]}


def needs_approval(plans: Collection[Plan]) -> bool:
    """Tell whether so much would go that two people must agree.

    Content counts beside objects: what is given up of packs that stay goes at their repacking.
    """
    plans = [plan for plan in plans if not plan.held]  # nothing of those goes
    lost, total = sum(plan.lost for plan in plans), sum(plan.total for plan in plans)
    needed_so_far = sum(plan.content[0] for plan in plans)
    given_up = sum(plan.content[1] for plan in plans)
    much = lost > SHARE * total or given_up > SHARE * needed_so_far
    return much or any(plan.recent for plan in plans)


def require_approval(plans: Collection[Plan], approved_by: Collection[str]) -> None:
    """Raise UsageError where two people must agree and did not."""
    people = {name.strip().casefold() for name in approved_by} - {""}
    if needs_approval(plans) and len(people) < 2:
        raise UsageError(
            "{lost} of {total} bytes would go, or one of a set's last {last} snapshots",
            hint="Look at it with --dry-run; two people then give --approved-by with their names.",
            lost=sum(plan.lost for plan in plans),
            total=sum(plan.total for plan in plans),
            last=LAST,
        )


def mark(
    plan: Plan,
    *,
    now: datetime,
    grace: timedelta = GRACE,
    approved_by: Collection[str] = (),
    reason: str = "",
) -> ObjectName | None:
    """Write down what may go after the grace; returns the mark's name, None for an empty plan.

    The caller has asked for approvals (`require_approval`), over all clients together.

    Raises:
        HeldError: a hold stands.
    """
    require_no_hold(plan.client, plan.found.marks)
    if not plan.forget and not plan.drop:
        return None
    ids = {snapshot.id for snapshot in plan.forget}
    return put_mark(
        plan.found.side,
        plan.found.marks,
        "forget",
        commits=digests_of(plan.found, ids).values(),
        drop=plan.drop,
        seen=plan.found.heads,
        at=now,
        grace=grace,
        approved_by=tuple(sorted({name.strip() for name in approved_by} - {""})),
        reason=reason,
    )


def unforget(vault: Vault, client: str, ids: Collection[str], *, now: datetime) -> None:
    """Keep snapshots again that a mark forgets, as long as nothing of them is deleted.

    Raises:
        UsageError: there is no such snapshot, or some of its content is gone already.
        CorruptObjectError: what the client holds is not certain.
    """
    found = gather(vault, client)
    digests = set(digests_of(found, ids).values())
    by_digest = dict(found.chain)
    roots = [ObjectName(by_digest[digest].manifest) for digest in digests]
    _require_content(found, roots, found.sizes, ids)
    try:
        wanted = live(found.side, roots, found.sizes).objects
    except ObjectMissingError as error:  # of what their manifests stand on
        raise _gone(found, ids) from error
    _require_content(found, wanted, found.sizes, ids)
    back = wanted & found.marks.dropped
    put_mark(found.side, found.marks, "keep", commits=digests, drop=back, seen=found.heads, at=now)
    infos = found.side.store.list(found.side.space.prefix)
    there = {info.name for info in infos}  # a sweep may have run meanwhile
    if not wanted <= there:
        marks = gather(vault, client).marks
        put_mark(found.side, marks, "forget", commits=digests, drop=back - there, at=now)
    _require_content(found, wanted, there, ids)


def _require_content(
    found: Evidence,
    wanted: Iterable[ObjectName],
    there: Collection[ObjectName],
    ids: Collection[str],
) -> None:
    if not set(wanted) <= set(there):
        raise _gone(found, ids)


def _gone(found: Evidence, ids: Collection[str]) -> UsageError:
    return UsageError(
        "{snapshots} cannot come back: some of what they held is deleted already",
        hint="Restore from a mirror that still has them.",
        snapshots=", ".join(sorted(ids)),
        client=found.side.client,
    )


# --- sweeping ------------------------------------------------------------------------------------


def sweep(
    vault: Vault,
    client: str,
    *,
    now: datetime,
    known: Collection[str] = (),
    dry_run: bool = False,
) -> SweepReceipt:
    """Delete what was marked long enough ago and is still not needed.

    Args:
        vault: opened.
        client: its id.
        now: the present instant, UTC; the store's clock must agree that the grace is over.
        known: hashes of commits and marks that somebody else has seen.
        dry_run: only tell what would be deleted, and which holds keep it.

    Raises:
        HeldError: a hold stands.
        CorruptObjectError: what is needed is not certain; nothing is deleted.
        StoreUnreachableError: something was committed or marked meanwhile; run it again.
    """
    found = gather(vault, client, known=known)
    held = tuple(sorted(found.marks.holds))
    marked = found.marks.dropped & set(found.sizes)
    ripe = _ripe(found, marked, now)
    if not dry_run:
        require_no_hold(client, found.marks)
    if not ripe:
        return SweepReceipt(client, (), 0, (), len(marked), held)
    needed_now = live_now(found, (), ripe)
    require_there(found.side, needed_now, found.sizes)
    _require_agreement(vault, found, needed_now, ripe)
    doomed = sorted((ripe & candidates(found.side, found.sizes)) - needed_now.objects, key=_rank)
    kept = tuple(sorted(marked & needed_now.objects))
    if not dry_run:
        _require_unchanged(found)
        if kept:
            put_mark(found.side, found.marks, "keep", drop=kept, seen=found.heads, at=now)
            return replace(sweep(vault, client, now=now, known=known), kept=kept)
        _delete(found, doomed)
    size = sum(found.sizes[name] for name in doomed)
    return SweepReceipt(client, tuple(doomed), size, kept, len(marked - ripe), held)


def _ripe(found: Evidence, marked: Collection[ObjectName], now: datetime) -> set[ObjectName]:
    """Return what was marked long enough ago: by the store's clock, and by ours as well."""
    ripe: dict[ObjectName, bool] = {}
    for name in {found.marks.since[one] for one in marked}:
        one = found.marks.by_name[name]
        end = datetime.fromisoformat(one.not_before)
        grace = max(end - datetime.fromisoformat(one.at), GRACE).total_seconds()
        ripe[name] = now >= end and found.side.store.age(name) >= grace
    return {one for one in marked if ripe[found.marks.since[one]]}


def _require_agreement(
    vault: Vault, found: Evidence, first: Live, ripe: Collection[ObjectName]
) -> None:
    """Ask the independent code the same question.

    Raises:
        CorruptObjectError: it gives another answer.
    """
    side = found.side
    raw = Raw(side.store, vault.id, side.space.client, side.keys)
    second = needed(raw, ripe=frozenset(name for name in ripe if "/snap/" in name))
    answer = {name for name in first.objects if "/index/" not in name}
    if second != answer:
        _require_unchanged(found)  # or it is the question that differs
        raise CorruptObjectError(
            "two ways of telling what client {client} needs differ in {count} objects, as {object}",
            hint="Report this as a defect; nothing was deleted.",
            client=side.client,
            count=len(second ^ answer),
            object=min(second ^ answer),
        )


def _require_unchanged(found: Evidence) -> None:
    if not found.unchanged():
        raise StoreUnreachableError(
            "client {client} was written to while it was looked at; nothing more is deleted",
            hint="Run it again.",
            client=found.side.client,
        )


def _delete(found: Evidence, doomed: list[ObjectName]) -> None:
    for start in range(0, len(doomed), BATCH):
        _require_unchanged(found)
        for name in doomed[start : start + BATCH]:
            found.side.store.delete(name)


def _rank(name: ObjectName) -> tuple[int, ObjectName]:
    return next(rank for rank, kind in enumerate(ORDER) if kind in name), name


def require_life(vault: Vault, approved_by: Collection[str] = ()) -> None:
    """Raise UsageError where the newest backup of the whole vault is old by the store's clock.

    A clock that jumped makes every mark look old; it makes every backup look old as well.
    """
    newest: dict[str, ObjectName] = {}
    for info in vault.store.list("c/"):
        if "/commit/" in info.name and is_ours(info.name):
            newest[info.name.rsplit("/", 1)[0]] = info.name
    limit = SILENCE.total_seconds()
    if len(set(approved_by)) > 1 or any(vault.store.age(n) <= limit for n in newest.values()):
        return
    raise UsageError(
        "no backup has come for {days} days by the store's clock; nothing is deleted",
        hint="Check that clock; if it is right, two people give --approved-by with their names.",
        days=SILENCE.days,
    )
