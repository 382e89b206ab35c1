"""A duty's steps without a server, the way the command line walks them."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from baozhang.catalog.model import Duty, Outcome, Run
from baozhang.sources.tree import TreeSource
from baozhang.vault.model import Snapshot
from baozhang.vault.writer import Proving, back_up
from baozhang.wiring import open_site
from tasks.backup import back_up_batch, plan_backup
from tasks.batches import Batch
from tasks.day import head
from tasks.record import gather, record_batch
from tasks.restore_test import choose_oldest_proven, try_batch
from tasks.validation import choose_by_rotation, verify_batch

NIGHT = datetime(2026, 7, 31, 14, tzinfo=UTC)  # 22:00 in Shanghai


def begun(duty: Duty) -> Run:
    """Return a new run of that night."""
    return head(duty, None, due=NIGHT, token=uuid4())


def walk(
    duty: Duty,
    plan: Callable[[Run, list[str] | None], list[Batch]],
    work: Callable[[Run, Batch], tuple[Outcome, ...]],
    clients: tuple[str, ...],
) -> Run:
    run = begun(duty)
    batches = plan(run, list(clients) or None)
    recorded = [record_batch.fn(run, batch, work(run, batch)) for batch in batches]
    return gather.fn(run, recorded)


def night(*clients: str) -> Run:
    """Back up what is due, or these clients."""
    return walk("backup", plan_backup.fn, back_up_batch.fn, clients)


def validation(*clients: str) -> Run:
    """Verify tonight's share, or these clients."""
    return walk("validation", choose_by_rotation.fn, verify_batch.fn, clients)


def restore_test(*clients: str) -> Run:
    """Restore-test whose turn it is, or these clients."""
    return walk("restore_test", choose_oldest_proven.fn, try_batch.fn, clients)


def statuses(run: Run) -> dict[str, str]:
    """Return each pair's status."""
    return {f"{each.client}/{each.set}": each.status for each in run.outcomes}


def slip_in(home: Path, client: str, ledger: str) -> Snapshot:
    """Add a backup point that is valid for the vault, with another ledger and the old proofs."""
    false = home / "false"
    (false / "books").mkdir(parents=True)
    (false / "books" / "FEC2026.txt").write_text(ledger, "utf-8")
    with open_site() as site, TreeSource(false).freeze() as frozen:
        side = site.vault(client, "main").client(client)
        proofs = side.proofs(side.find("latest"))
        proving = Proving("false", lambda: proofs)
        receipt = back_up(side, frozen, set_name="main", at=site.clock(), proving=proving)
        site.catalog.record_snapshot(receipt.snapshot)
        return receipt.snapshot


def flip_a_byte(home: Path, client: str, *, place: str = "vault") -> Path:
    """Damage one pack of a client, in the vault or in its mirror."""
    with open_site() as site:
        prefix = site.vault_named("main").client(client).space.prefix
    pack = next(path for path in (home / place / prefix / "packs").rglob("*") if path.is_file())
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    return pack
