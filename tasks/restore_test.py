"""The steps of a restore test: restored for real, judged by content, destroyed afterwards."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from baozhang.books.coding import decode_proof
from baozhang.books.model import LedgerReader
from baozhang.books.proving import restored_book
from baozhang.catalog.model import Finding, Outcome, Run, Status
from baozhang.errors import LedgerFormatError, StoreFullError
from baozhang.incidents.custody import destroy, held, temporary
from baozhang.site import Site
from baozhang.vault.client import ClientVault
from baozhang.vault.model import Report, Snapshot, silent
from baozhang.vault.reader import restore
from baozhang.wiring import open_site
from checks import LedgerVerdict, judge_snapshot
from tasks.batches import Batch, Pair, in_batches, settle
from tasks.choosing import named_pairs, pairs_to_restore
from tasks.day import enter
from tasks.options import effect
from tasks.points import evidence_of
from tasks.proofs import finding_of_book

ROOM_BESIDE = 64 * 2**20  # bytes left to whoever shares the disk
PREFIX = "restore-test-"
MOST_FINDINGS = 50  # in one outcome
REASON = "restore-test"  # in the custody register
LEFTOVER = re.compile(rf"{PREFIX}(\d+)-")


@effect("choose for {run.id}")
def choose_oldest_proven(run: Run, clients: list[str] | None) -> list[Batch]:
    """Return the sets proven longest ago, or all of the clients that were asked for."""
    with open_site() as site:
        enter(site, run)
        end_custody(site)
        sweep(site.scratch)
        return in_batches(pairs_to_restore(site) if clients is None else named_pairs(site, clients))


@effect("restore-test a batch of {run.id}", tags=["vault-read"])
def try_batch(run: Run, batch: Batch) -> tuple[Outcome, ...]:
    """Restore and judge each pair of the batch."""
    with open_site() as site:
        return settle(run, batch, partial(try_pair, site, run), site.clock)


def try_pair(site: Site, run: Run, pair: Pair, report: Report = silent) -> Outcome:
    """Restore the newest backup point of one set to a sandbox and judge its books.

    Raises:
        UsageError: the set has no backup point.
        StoreFullError: not enough room to try.
        CorruptObjectError: what is stored cannot be restored.
    """
    started = site.clock()
    side = site.vault(pair.client, pair.set).client(pair.client)
    snapshot = _newest_backup(site, pair, side)
    with (
        sandbox(site.scratch, snapshot.size) as place,
        temporary(
            site,
            place,
            client=pair.client,
            set_name=pair.set,
            snapshot=snapshot.id,
            reason=REASON,
            opener=run.id,
        ),
    ):
        receipt = restore(side, snapshot, place, report=report)
        seconds_ms = round((site.clock() - started).total_seconds() * 1000)
        verdicts = judge(site, pair, side, snapshot, place)
    site.audit.append(
        actor=run.id,
        action="restore.tested",
        subject=str(pair),
        snapshot=snapshot.id,
        books=len(verdicts),
        passed=sum(verdict.outcome == "pass" for verdict in verdicts),
    )
    return Outcome(
        run=run.id,
        duty="restore_test",
        client=pair.client,
        set=pair.set,
        status=status_of(verdicts),
        started=started,
        ended=site.clock(),
        snapshot=snapshot.id,
        findings=tuple(_findings(verdicts))[:MOST_FINDINGS],
        figures=(
            ("files", receipt.files),
            ("bytes", receipt.bytes),
            ("seconds_ms", seconds_ms),
            *_figures(verdicts),
        ),
    )


def _newest_backup(site: Site, pair: Pair, side: ClientVault) -> Snapshot:
    """Return the set's newest backup point; what an incident kept as evidence proves nothing."""
    newest = side.find("latest", set_name=pair.set)
    evidence = evidence_of(site, pair.client)
    if newest.id not in evidence:
        return newest
    backups = [each for each in side.snapshots(pair.set) if each.id not in evidence]
    return backups[-1] if backups else newest


@contextmanager
def sandbox(scratch: Path, size: int) -> Iterator[Path]:
    """Yield a place below `scratch` to restore to; whatever happens, nothing of it remains.

    Raises:
        StoreFullError: `size` bytes would not leave room enough; nothing was written.
    """
    free = shutil.disk_usage(scratch).free
    if free < size + ROOM_BESIDE:
        raise StoreFullError(
            "a restore test needs {needed} bytes in {folder}, {free} are free",
            hint="Make room on that disk, or test fewer clients at a time.",
            needed=size + ROOM_BESIDE,
            folder=scratch,
            free=free,
        )
    with tempfile.TemporaryDirectory(dir=scratch, prefix=f"{PREFIX}{os.getpid()}-") as place:
        yield Path(place) / "restored"


def sweep(scratch: Path) -> None:
    """Destroy what restore tests that were killed left behind: it is readable ledgers."""
    for folder in scratch.glob(f"{PREFIX}*"):
        owner = LEFTOVER.match(folder.name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def end_custody(site: Site) -> None:
    """End the custody of copies whose restore test was killed, as `sweep` ends the folders."""
    for each in held(site):
        owner = LEFTOVER.match(each.path.parent.name) if each.path else None
        if owner and each.copy.reason == REASON and not Path(f"/proc/{owner[1]}").exists():
            destroy(site, each.copy.id, by="system", gone=True)


def judge(
    site: Site, pair: Pair, side: ClientVault, snapshot: Snapshot, place: Path
) -> tuple[LedgerVerdict, ...]:
    """Read every book anew from what was restored and hold it against its proof."""
    proofs = {name: decode_proof(proof) for name, proof in side.proofs(snapshot).items()}
    with site.source(pair.client, pair.set).restored_books(place) as books:
        readers = {name: reader for name, reader in _named(books) if name}
        unread = {name: restored_book(proof, place) for name, proof in proofs.items()}
        found = {name: reader for name, reader in unread.items() if reader} | readers
        return judge_snapshot(proofs, found)


def _named(readers: Iterable[LedgerReader]) -> Iterator[tuple[str, LedgerReader]]:
    """Yield the readers by their books' names; "" for a book so damaged that it names none.

    Where such a book has a proof, it is judged under the proof's name, as unreadable.
    """
    for reader in readers:
        try:
            yield reader.book.name, reader
        except LedgerFormatError:
            yield "", reader


def status_of(verdicts: tuple[LedgerVerdict, ...]) -> Status:
    """Return the worst verdict as a status; a set without books came back byte for byte."""
    found = {verdict.outcome for verdict in verdicts}
    if "fail" in found:
        return "failed"
    return "inconclusive" if "inconclusive" in found else "ok"


def _figures(verdicts: tuple[LedgerVerdict, ...]) -> Iterator[tuple[str, int]]:
    yield "books", len(verdicts)
    yield "vouchers", sum(verdict.vouchers for verdict in verdicts)
    yield "lines", sum(verdict.lines for verdict in verdicts)
    for currency in sorted({verdict.currency for verdict in verdicts} - {""}):
        same = [verdict for verdict in verdicts if verdict.currency == currency]
        yield f"debit_minor:{currency}", sum(verdict.debit for verdict in same)
        yield f"credit_minor:{currency}", sum(verdict.credit for verdict in same)


def _findings(verdicts: tuple[LedgerVerdict, ...]) -> Iterator[Finding]:
    if not verdicts:
        yield Finding(
            "not proven at ledger level: this set holds no books, its bytes came back",
            severity="info",
        )
    for verdict in verdicts:
        if verdict.outcome == "fail":
            yield Finding(
                "the book {book} of this backup point is not the book that was backed up",
                (("book", verdict.book),),
                hint="Restore from the backup point before it; keep this one as evidence, and "
                "follow docs/runbooks/restore_test.md.",
            )
        for violation in verdict.findings:
            yield finding_of_book(verdict.book, violation)
