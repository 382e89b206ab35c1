"""The engine's half of `baozhang vault prune|scrub|repair`: loaded when it is asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from time import monotonic

from baozhang.cli import vault_values as values
from baozhang.cli.vault_clean import clean_points
from baozhang.errors import BaozhangError, CorruptObjectError, StoreUnreachableError
from baozhang.keys.slots import Secret
from baozhang.vault import prune as pruning
from baozhang.vault import repack as repacking
from baozhang.vault.model import Report
from baozhang.vault.names import hash_in, is_ours
from baozhang.vault.prune import Plan, SweepReceipt, unforget
from baozhang.vault.repack import RepackReceipt
from baozhang.vault.repair import RepairReceipt, mend_entrance
from baozhang.vault.repair import repair as repair_vault
from baozhang.vault.retention import Rule
from baozhang.vault.scrub import ScrubReport, scrub
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import Vault, open_vault

__all__ = ["Rule", "open_vault", "scrub", "store_at", "unforget"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked of a pruning."""

    rule: Rule
    hold: tuple[str, ...]
    forget: tuple[str, ...]
    grace_days: int
    approved_by: tuple[str, ...]
    repack: int  # bytes of old packs at most; 0: no repacking
    recompress: bool
    dry_run: bool


@dataclass(slots=True)
class Pruned:
    """What a pruning did, client by client."""

    dry_run: bool
    swept: list[SweepReceipt] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    repacked: list[RepackReceipt] = field(default_factory=list)
    problems: dict[str, BaozhangError] = field(default_factory=dict)
    """By client: why nothing was done there."""

    @property
    def needs_approval(self) -> bool:
        """Whether two people had to agree."""
        return pruning.needs_approval(self.plans)


def prune(
    vault: Vault,
    client: str | None,
    wish: Wish,
    mirrors: Sequence[Store],
    *,
    now: datetime,
    report: Report,
) -> Pruned:
    """Sweep what was marked, repack, and mark what goes next; clients are independent.

    A held client is passed over and told.

    Raises:
        HeldError: the one client that was asked for is held.
        UsageError: two people had to agree and did not; nothing was marked then.
    """
    done, grace = Pruned(wish.dry_run), timedelta(days=wish.grace_days)
    clients, clean = [client] if client else list(vault.clients()), clean_points(vault)
    known = {name: seen_at(vault, name, mirrors) for name in clients}
    for name in clients:
        with _noting(done, name):
            _sweep(vault, name, wish, done, known[name], now=now)
    for name in clients:
        with _noting(done, name):
            done.plans.append(
                pruning.plan_prune(
                    vault,
                    name,
                    wish.rule,
                    now=now,
                    always={
                        *(wish.hold if client else _of(vault, name, wish.hold)),
                        *clean.get(name, ()),
                    },
                    forget=wish.forget,
                    grace=grace,
                    known=known[name],
                )
            )
    if wish.dry_run:
        return done
    pruning.require_approval(done.plans, wish.approved_by)
    free = [plan for plan in done.plans if client or not plan.held]
    for plan in free:
        pruning.mark(plan, now=now, grace=grace, approved_by=wish.approved_by)
    for name in [plan.client for plan in free] if wish.repack else ():
        with _noting(done, name):
            done.repacked.append(
                repacking.repack(
                    vault,
                    name,
                    now=now,
                    budget=wish.repack,
                    recompress=wish.recompress,
                    grace=grace,
                    report=report,
                )
            )
    return done


def _sweep(
    vault: Vault, name: str, wish: Wish, done: Pruned, known: Sequence[str], *, now: datetime
) -> None:
    told = pruning.sweep(vault, name, now=now, known=known, dry_run=True)
    if told.deleted and not told.held and not wish.dry_run:
        pruning.require_life(vault, wish.approved_by)
    if told.held:
        told = told if wish.dry_run else _all_kept(told)
    elif not wish.dry_run:
        told = pruning.sweep(vault, name, now=now, known=known)
    done.swept.append(told)


def _all_kept(told: SweepReceipt) -> SweepReceipt:
    """Return what a sweep would have deleted as what waits."""
    return replace(told, deleted=(), bytes=0, waiting=told.waiting + len(told.deleted))


def _of(vault: Vault, client: str, ids: Sequence[str]) -> list[str]:
    own = {snapshot.id for snapshot in vault.client(client).snapshots()}
    return [one for one in ids if one in own]


@contextmanager
def _noting(done: Pruned, client: str) -> Iterator[None]:
    """Note why a client was left out, and go on with the next."""
    try:
        yield
    except CorruptObjectError as error:
        done.problems[client] = error


def seen_at(vault: Vault, client: str, mirrors: Sequence[Store]) -> list[str]:
    """Return the hashes of a client's commits and marks that mirrors have."""
    prefix = vault.client(client).space.prefix
    found: set[str] = set()
    for mirror in mirrors:
        with suppress(StoreUnreachableError):
            names = [info.name for info in mirror.list(prefix) if is_ours(info.name)]
            found |= {hash_in(n) for n in names if "/commit/" in n or "/marks/" in n}
    return sorted(found)


def pruned_value(done: Pruned) -> dict[str, object]:
    """Return what a pruning did, for programs."""
    return {
        "dry_run": done.dry_run,
        "needs_approval": done.needs_approval,
        "deleted": [
            {
                "client": one.client,
                "objects": list(one.deleted),
                "bytes": one.bytes,
                "kept": list(one.kept),
                "waiting": one.waiting,
                "holds": list(one.held),
            }
            for one in done.swept
        ],
        "marked": [
            {
                "client": one.client,
                "snapshots": [snapshot.id for snapshot in one.forget],
                "doubtful": [snapshot.id for snapshot in one.doubtful],
                "objects": list(one.drop),
                "bytes": sum(one.drop.values()),
                "leftovers": one.leftovers,
                "holds": list(one.held),
            }
            for one in done.plans
        ],
        "repacked": [
            {
                "client": one.client,
                "packs": list(one.packs),
                "bytes_before": one.bytes_before,
                "bytes_after": one.bytes_after,
                "damaged": list(one.damaged),
            }
            for one in done.repacked
        ],
        "problems": [
            {"client": name, "message": error.template.format(**error.facts)}
            for name, error in done.problems.items()
        ],
    }


def timer(minutes: int | None) -> Callable[[], bool]:
    """Return what tells whether there is time left."""
    end = monotonic() + 60 * minutes if minutes else None
    return lambda: end is None or monotonic() < end


def scrub_value(found: ScrubReport) -> dict[str, object]:
    """Return what a scrub read and found, for programs."""
    return {
        **values.verify_value(found.found),
        "day": found.day.isoformat(),
        "slice": found.slice,
        "days": found.days,
        "packs_due": found.packs,
        "packs_read": found.read_packs,
        "bytes_due": found.bytes,
        "bytes_read": found.read_bytes,
        "covered": found.covered,
        "read_whole": list(found.widened),
    }


def repair(
    store: Store,
    mirrors: Sequence[Store],
    secret: Secret,
    *,
    client: str | None,
    every_byte: bool,
    absent_clients: bool,
    dry_run: bool,
    report: Report,
) -> tuple[tuple[str, ...], RepairReceipt]:
    """Mend the way in, then everything else; returns what was mended of the way in as well."""
    entrance = () if dry_run else mend_entrance(store, mirrors, secret)
    done = repair_vault(
        open_vault(store, secret),
        mirrors,
        clients=[client] if client else None,
        every_byte=every_byte,
        absent_clients=absent_clients,
        dry_run=dry_run,
        report=report,
    )
    return entrance, done


def repair_value(
    entrance: Sequence[str], done: RepairReceipt, *, dry_run: bool
) -> Mapping[str, object]:
    """Return what a repair did, for programs."""
    return {
        "dry_run": dry_run,
        "repaired": [*entrance, *done.repaired],
        "quarantined": list(done.quarantined),
        "lost_clients": done.absent_clients,
        "unrepaired": values.verify_value(done.after)["damaged"] if done.unrepaired else [],
    }
