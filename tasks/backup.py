"""The steps of a backup.

One set of one client is `back_up_pair`, a plain function; the task around it works through a
batch.  Tasks take and return ids, receipts and outcomes, never connections, keys or ledger rows:
the orchestrator keeps what it is handed.
"""

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from baozhang.audit.signing import PRIVATE_KEY
from baozhang.books.model import Violation
from baozhang.catalog.model import AuditAnchor, Finding, Outcome, Run, Status
from baozhang.catalog.rebuilding import AGENCY, JOURNAL_SET
from baozhang.errors import BaozhangError
from baozhang.policies.pace import Pace
from baozhang.site import Site
from baozhang.sources.base import Frozen, Source, Trouble, shown
from baozhang.sources.combined import CombinedSource
from baozhang.sources.tree import TreeSource
from baozhang.vault.mirror import Lag, MirrorReceipt, Stop, catch_up, copy_to_mirror
from baozhang.vault.model import BackupReceipt, Report, Snapshot, silent
from baozhang.vault.pacing import Line
from baozhang.vault.stores.base import Store
from baozhang.vault.vault import Vault
from baozhang.vault.writer import back_up
from baozhang.wiring import STATE, open_site
from tasks.batches import Batch, Pair, finding_of, in_batches, settle
from tasks.choosing import due_pairs, every_pair, named_pairs
from tasks.day import enter
from tasks.freshness import let_witness_know, witness_pair
from tasks.options import effect
from tasks.places import said_of
from tasks.proofs import Proofs, closed_changes, finding_of_book, owners, recipe_of
from tasks.stopped import passed_over, stops_tonight
from tasks.sudden import Books, figures_of, findings_of, judge_backup, standing

COPIES_AT_ONCE = 3  # objects on their way to a mirror; each may be a pack of 32 MiB
MOST_TROUBLES = 20  # paths named in one outcome; the figure counts all

LAG_HINT_TEMPLATES: dict[Stop, str] = {
    "": "Run the backup again; what was copied is not copied again.",
    "window": "Leave it, or widen the mirror's hours; a first copy goes faster on a carried disk "
    "(docs/guides/mirrors.md).",
    "unreachable": "Bring the mirror back within reach, or make room there, then run the backup "
    "again.",
    "damaged": "Follow docs/runbooks/validation.md for the object named; nothing damaged was "
    "copied.",
}
TROUBLE_TEMPLATES = {
    "unreadable": "{path} could not be read and is not in the backup",
    "vanished": "{path} vanished while it was read and is not in the backup",
    "changing": "{path} kept changing while it was read and may be torn in the backup",
    "special": "{path} is no file, folder or link and is not in the backup",
}


@effect("plan {run.id}")
def plan_backup(run: Run, clients: list[str] | None, *, everyone: bool = False) -> list[Batch]:
    """Return what is due, everything, or all sets of the clients asked for, in batches."""
    with open_site() as site:
        enter(site, run)
        if clients is not None:
            return in_batches(named_pairs(site, clients))
        return in_batches(every_pair(site) if everyone else due_pairs(site))


@effect("back up a batch of {run.id}", tags=["vault-write"])
def back_up_batch(run: Run, batch: Batch, *, reread: bool = False) -> tuple[Outcome, ...]:
    """Protect each pair of the batch; what an incident has stopped is passed over, and says so."""
    with open_site() as site:
        stopped = stops_tonight(site)
        work = partial(_protected, site, run, stopped, reread=reread)
        return settle(run, batch, work, site.clock)


def _protected(
    site: Site, run: Run, stopped: Mapping[Pair, str], pair: Pair, *, reread: bool
) -> Outcome:
    if pair in stopped:
        return passed_over(site, run, pair, stopped[pair])
    return back_up_pair(site, run, pair, reread=reread)


def back_up_pair(
    site: Site,
    run: Run,
    pair: Pair,
    report: Report = silent,
    *,
    reread: bool = False,
    source: Source | None = None,
) -> Outcome:
    """Store one set as it is now, with the proofs of its books, and write that down.

    With `reread` no time stamp is trusted: every file is read, though nothing says it changed.
    A `source` of the caller's own is backed up in place of all of the set's.

    Raises:
        BaozhangError: nothing was stored; see `baozhang.vault.writer.back_up`.
    """
    started = site.clock()
    with (source or site.source(pair.client, pair.set)).freeze() as frozen:
        receipt, findings, figures = _stored(site, pair, frozen, report, reread=reread)
    site.catalog.record_snapshot(receipt.snapshot)
    site.audit.append(
        actor=run.id,
        action="backup.stored",
        subject=str(pair),
        snapshot=receipt.snapshot.id,
        bytes=receipt.snapshot.size,
        added=receipt.bytes_added,
    )
    return Outcome(
        run=run.id,
        duty="backup",
        client=pair.client,
        set=pair.set,
        status="partial" if any(each.severity == "critical" for each in findings) else "ok",
        started=started,
        ended=site.clock(),
        snapshot=receipt.snapshot.id,
        findings=findings,
        figures=figures,
    )


def _stored(
    site: Site, pair: Pair, frozen: Frozen, report: Report, *, reread: bool
) -> tuple[BackupReceipt, tuple[Finding, ...], tuple[tuple[str, int], ...]]:
    """Store a frozen set; return the receipt, what is to be said of it, and its figures."""
    side = site.vault(pair.client, pair.set).client(pair.client, create=True)
    points, held = list(side.snapshots(pair.set)), standing(site, pair)
    client = site.client(pair.client)
    profiled = [each.name for each in client.sets[pair.set].sources if each.profile]
    text = recipe_of(site, client.sets[pair.set], client.standard)
    proofs = Proofs(frozen, text, client.standard, profiled)
    receipt = back_up(
        side,
        frozen,
        set_name=pair.set,
        at=site.clock(),
        proving=proofs.proving,
        reread=reread,
        cache=site.cache,
        report=report,
    )
    unproven, books = proofs.unproven(receipt), proofs.held(side, receipt)
    clean = _up_to(points, held.point)
    tampering = closed_changes(side, books, clean)
    strange = tuple(owners(books, client.credit_code))
    said = Books(_closed(tampering), foreign=len(strange), unproven=len(unproven))
    judgement, change = judge_backup(side, frozen, receipt.snapshot, held, said)
    gone = () if unproven else _gone(clean[-1].books if clean else (), receipt.snapshot.books)
    findings = (
        *findings_of(judgement, held),
        *said_of(site, pair, partial(side.manifest, receipt.snapshot)),
        *(finding_of_book(book, each) for book, found in tampering.items() for each in found),
        *strange,
        *_emptied(receipt.snapshot.files),
        *unproven,
        *gone,
        *_troubles(receipt.troubles),
    )
    return receipt, findings, (*_sizes(receipt), *proofs.figures, *figures_of(judgement, change))


def _up_to(points: list[Snapshot], clean: str | None) -> list[Snapshot]:
    """Return the points up to the last clean one; all, where that is no longer there."""
    places = [place for place, point in enumerate(points, start=1) if point.id == clean]
    return points[: places[0]] if places else points


def _closed(tampering: Mapping[str, tuple[Violation, ...]]) -> int:
    """Return how many closed periods hold other vouchers than they did."""
    found = {
        (book, each.period)
        for book, violations in tampering.items()
        for each in violations
        if each.severity == "critical"
    }
    return len(found)


def _sizes(receipt: BackupReceipt) -> tuple[tuple[str, int], ...]:
    return (
        ("files", receipt.snapshot.files),
        ("bytes", receipt.snapshot.size),
        ("bytes_read", receipt.bytes_read),
        ("bytes_added", receipt.bytes_added),
        ("books", len(receipt.snapshot.books)),
        ("troubles", len(receipt.troubles)),
    )


def _emptied(files: int) -> Iterator[Finding]:
    """Yield what says that a source may not be the source: an unmounted disk is an empty folder."""
    if not files:
        yield Finding(
            "the set holds no file at all",
            hint="Check that the source's disk or share is mounted, and its path.",
        )


def _gone(before: tuple[str, ...], now: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a finding for each book that the last clean point had: closed, renamed, or lost."""
    for name in sorted({*before} - {*now})[:MOST_TROUBLES]:
        yield Finding(
            "the book {book} of the last clean point is no longer there",
            (("book", name),),
            hint="Ask the accountant in charge; if it is missed, restore it from that point.",
        )


def _troubles(troubles: tuple[Trouble, ...]) -> Iterator[Finding]:
    for trouble in troubles[:MOST_TROUBLES]:
        yield Finding(
            TROUBLE_TEMPLATES[trouble.reason],
            (("path", shown(trouble.path)),),
            hint="Close the program that uses it, mend its rights, or have it delivered anew, then "
            "back up again.",
        )


@effect("copy {run.id} to the mirrors", tags=["vault-write"])
def copy_to_mirrors(run: Run) -> tuple[Outcome, ...]:
    """Bring every mirror up to its vault, and return an outcome for each that is not."""
    with open_site() as site:
        outcomes = (
            copy_vault(site, run, name, number, mirror)
            for name in site.agency.file.vaults
            for number, mirror in enumerate(site.mirrors_named(name), start=1)
        )
        return tuple(outcome for outcome in outcomes if outcome.status != "ok")


def mirror_pair(vault: str, number: int) -> Pair:
    """Return what stands for a mirror among the outcomes; mirrors count from 1."""
    return Pair(AGENCY, f"{vault}-mirror-{number}")


def copy_vault(
    site: Site, run: Run, vault: str, number: int, mirror: Store, report: Report = silent
) -> Outcome:
    """Bring one mirror up to its vault; a mirror out of reach is an outcome, not an end."""
    started = site.clock()
    pair, pace = mirror_pair(vault, number), site.paces_named(vault)[number - 1]
    receipt: MirrorReceipt | None = None
    try:
        opened = site.vault_named(vault)
        line = Line(pace, clock=site.clock)
        receipt = catch_up(
            opened.store, mirror, opened=opened, line=line, workers=COPIES_AT_ONCE, report=report
        )
        findings = tuple(_lagging(pair, receipt, str(pace.window or "")))
        site.audit.append(
            actor=run.id,
            action="mirror.copied",
            subject=str(pair),
            objects=receipt.objects,
            bytes=receipt.bytes,
            lacking=receipt.lag.objects,
        )
    except BaozhangError as error:
        behind = Finding(
            "the mirror at {url} lags behind its vault: tonight's backup points have one copy less",
            (("url", mirror.url),),
            hint="Bring vault and mirror back within reach, then run the backup again.",
        )
        findings = (behind, finding_of(pair, error))
    return Outcome(
        run=run.id,
        duty="backup",
        client=pair.client,
        set=pair.set,
        status=_mirror_status(receipt) if findings else "ok",
        started=started,
        ended=site.clock(),
        findings=findings,
        figures=_mirror_figures(receipt),
    )


def _lagging(pair: Pair, receipt: MirrorReceipt, window: str) -> Iterator[Finding]:
    """Yield what a mirror still lacks, and why."""
    if receipt.complete:
        return
    yield Finding(
        "the mirror at {url} still lacks {megabytes} MB: {snapshots} backup points of {clients} "
        "clients have one copy less",
        (
            ("url", receipt.url),
            ("megabytes", -(-receipt.lag.bytes // 10**6)),
            ("snapshots", receipt.lag.snapshots),
            ("clients", receipt.lag.clients),
        ),
        hint=LAG_HINT_TEMPLATES[receipt.stopped],
        severity="warning" if receipt.stopped == "window" else "critical",
    )
    if receipt.stopped == "window":
        yield Finding(
            "its hours are {window}; what is left is copied then",
            (("window", window),),
            severity="info",
        )
    if receipt.error is not None:
        yield finding_of(pair, receipt.error)


def _mirror_status(receipt: MirrorReceipt | None) -> Status:
    """Return `partial` where it only has to be gone on with, `failed` where somebody must act."""
    return "partial" if receipt and receipt.stopped in {"window", "unreachable"} else "failed"


def _mirror_figures(receipt: MirrorReceipt | None) -> tuple[tuple[str, int], ...]:
    if receipt is None:
        return ()
    lag: Lag = receipt.lag
    return (
        ("mirror_objects", receipt.objects),
        ("mirror_bytes", receipt.bytes),
        ("lag_objects", lag.objects),
        ("lag_bytes", lag.bytes),
        ("lag_snapshots", lag.snapshots),
        ("lag_clients", lag.clients),
    )


@effect("store the journal of {run.id}", tags=["vault-write"])
def save_journal(run: Run) -> None:
    """Store what only people and runs know in every vault: the journal and the audit log."""
    with open_site() as site:
        store_journal(site, run)


def store_journal(site: Site, run: Run) -> None:
    """Store journal and audit log under the agency's own name; the signing key stays here."""
    troubled = {Pair(each.client, each.set) for each in run.troubled}
    head = site.audit.append(actor=run.id, action="journal.stored", subject=AGENCY)
    site.catalog.record_anchor(AuditAnchor(head.seq, head.hash, site.clock()))
    with tempfile.TemporaryDirectory(dir=site.scratch, prefix="journal-") as place:
        site.catalog.export_journal(Path(place))
        log = TreeSource(site.home / STATE / "audit", exclude=(PRIVATE_KEY,))
        source = CombinedSource({"journal": TreeSource(Path(place)), "audit": log})
        for name in site.agency.file.vaults:
            vault = site.vault_named(name)
            with source.freeze() as frozen:
                side = vault.client(AGENCY, create=True)
                back_up(side, frozen, set_name=JOURNAL_SET, at=site.clock())
            _copy_journal(site, vault, name, troubled)
            if witness_pair(name) not in troubled:
                let_witness_know(site, name)


def _copy_journal(site: Site, vault: Vault, name: str, troubled: set[Pair]) -> None:
    """Bring the mirrors up to the journal; those that lag tonight have been told of."""
    paces = zip(site.mirrors_named(name), site.paces_named(name), strict=True)
    for number, (mirror, pace) in enumerate(paces, start=1):
        if mirror_pair(name, number) not in troubled:
            line = Line(Pace(pace.limit), clock=site.clock)  # a few objects, at whatever hour
            copy_to_mirror(vault.store, mirror, line=line)
