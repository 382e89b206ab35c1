"""The steps of a validation: stored bytes are read, opened and held against their hashes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from baozhang.catalog.model import Finding, Outcome, Run, Status, Verified
from baozhang.catalog.rebuilding import AGENCY
from baozhang.errors import UnreachableError, UsageError
from baozhang.site import Site
from baozhang.sources.base import shown
from baozhang.vault.model import Damage, Report, silent
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from baozhang.wiring import open_site
from tasks.batches import Batch, Pair, finding_of, in_batches, settle
from tasks.choosing import WHOLE_CLIENT, clients_to_verify
from tasks.day import enter
from tasks.freshness import doubts_about
from tasks.options import effect

MOST_DAMAGES = 50  # named in one outcome; the figure counts all
MOST_FILES = 5  # named for one damaged object

DAMAGE_TEMPLATES = {
    "missing": "{object} is missing from {place}; backup points {snapshots}, files {files}",
    "damaged": "{object} in {place} is damaged; backup points {snapshots}, files {files}",
    "forked": "{object} in {place} has a rival of the same number; backup points {snapshots}",
    "foreign": "{object} in {place} does not belong there; backup points {snapshots}",
}


@effect("choose for {run.id}")
def choose_by_rotation(run: Run, clients: list[str] | None) -> list[Batch]:
    """Return tonight's share of the clients, or those that were asked for, in batches."""
    with open_site() as site:
        enter(site, run)
        if clients is None:
            return in_batches(clients_to_verify(site))
        return in_batches(Pair(site.client(client).id, WHOLE_CLIENT) for client in clients)


@effect("verify a batch of {run.id}", tags=["vault-read"])
def verify_batch(run: Run, batch: Batch) -> tuple[Outcome, ...]:
    """Read back every byte of each client of the batch."""
    with open_site() as site:
        return settle(run, batch, partial(verify_client, site, run), site.clock)


@effect("verify what is the agency's own for {run.id}", tags=["vault-read"])
def verify_own(run: Run) -> tuple[Outcome, ...]:
    """Read back the journal that each vault keeps, and return an outcome where it is not whole."""
    with open_site() as site:
        pairs = tuple(Pair(AGENCY, name) for name in site.agency.file.vaults)
        outcomes = settle(run, pairs, partial(verify_journal, site, run), site.clock)
        return tuple(outcome for outcome in outcomes if outcome.status != "ok")


def verify_journal(site: Site, run: Run, pair: Pair) -> Outcome:
    """Read back the agency's own namespace in the vault that the pair names, and its mirrors.

    The vault as a whole is held against its witness here as well: is it the newest state of it?
    """
    started = site.clock()
    kept = AGENCY in site.vault_named(pair.set).clients()
    reads = [_read(vault, AGENCY, silent) for vault in _copies(site, pair.set)] if kept else []
    doubts = doubts_about(site, pair.set)
    findings = (*(finding for read in reads for finding in read.findings), *doubts)
    return Outcome(
        run=run.id,
        duty="validation",
        client=pair.client,
        set=pair.set,
        status=_status(findings),
        started=started,
        ended=site.clock(),
        findings=findings,
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read at one place."""

    objects: int = 0
    bytes: int = 0
    findings: tuple[Finding, ...] = ()
    damaged: int = 0


def verify_client(site: Site, run: Run, pair: Pair, report: Report = silent) -> Outcome:
    """Read back all of one client's objects, in its vaults and in their mirrors.

    A vault or mirror that does not answer leaves the outcome open, and what was found elsewhere
    stands.
    """
    started = site.clock()
    reads = [_read(vault, pair.client, report) for vault in _places(site, pair.client)]
    lost = tuple(_lost_heads(site, pair.client))
    findings = (*(found for read in reads for found in read.findings), *lost)
    damaged = sum(read.damaged for read in reads)
    objects, read_bytes = sum(r.objects for r in reads), sum(r.bytes for r in reads)
    ended = site.clock()
    site.catalog.record_verified(Verified(pair.client, ended, objects, read_bytes, damaged))
    site.audit.append(
        actor=run.id,
        action="vault.verified",
        subject=pair.client,
        objects=objects,
        bytes=read_bytes,
        damaged=damaged,
        heads_lost=len(lost),
    )
    return Outcome(
        run=run.id,
        duty="validation",
        client=pair.client,
        set=pair.set,
        status=_status(findings),
        started=started,
        ended=ended,
        findings=findings,
        figures=(("objects", objects), ("bytes", read_bytes), ("damaged", damaged)),
    )


def _status(findings: tuple[Finding, ...]) -> Status:
    """Return what the findings come to: a warning here says that a place could not be read."""
    if any(found.severity == "critical" for found in findings):
        return "failed"
    return "inconclusive" if findings else "ok"


def _places(site: Site, client: str) -> Iterator[Vault]:
    """Yield each vault that keeps a set of the client, and that vault as each mirror has it."""
    for name in dict.fromkeys(_vaults_by_set(site, client).values()):
        yield from _copies(site, name)


def _copies(site: Site, name: str) -> Iterator[Vault]:
    vault = site.vault_named(name)
    yield vault
    for mirror in site.mirrors_named(name):
        yield replace(vault, store=mirror)


def _vaults_by_set(site: Site, client: str) -> dict[str, str]:
    """Return the vault of each set; a client that left has the sets the catalog remembers."""
    known = site.agency.clients.get(client)
    sets = known.sets if known else {each.set for each in site.catalog.snapshots(client)}
    return {
        name: site.agency.file.sets[name].vault for name in sets if name in site.agency.file.sets
    }


def _read(vault: Vault, client: str, report: Report) -> _Read:
    place = vault.store.url
    try:
        found = verify(vault, every_byte=True, clients=[client], report=report)
    except UsageError:
        nothing = Finding(
            "{place} holds nothing of this client",
            (("place", place),),
            hint="Run the backup; if there was one, see docs/runbooks/validation.md.",
        )
        return _Read(findings=(nothing,), damaged=1)
    except UnreachableError as error:
        away = finding_of(Pair(client, place), error)
        return _Read(findings=(replace(away, severity="warning"),))
    findings = tuple(finding_of_damage(each, place) for each in found.damaged[:MOST_DAMAGES])
    return _Read(found.objects, found.bytes, findings, len(found.damaged))


def finding_of_damage(damage: Damage, place: str) -> Finding:
    """Return a damaged object as a sentence: which, where, and whom it hits."""
    files = [shown(path) for path in damage.files[:MOST_FILES]]
    more = [f"+{len(damage.files) - MOST_FILES}"] if len(damage.files) > MOST_FILES else []
    return Finding(
        DAMAGE_TEMPLATES[damage.kind],
        (
            ("object", damage.object),
            ("place", place),
            ("snapshots", ", ".join(damage.snapshots) or "-"),
            ("files", ", ".join(files + more) or "-"),
        ),
        hint="Leave the vault as it is and take the object from the copy that is whole; "
        "see docs/runbooks/validation.md.",
    )


def _lost_heads(site: Site, client: str) -> Iterator[Finding]:
    """Yield a finding for each newest backup point that the catalog knows and the vault does not.

    A vault whose latest commits were taken away, or that was put back to last month's state, is
    whole in itself; only somebody who remembers notices.
    """
    for name, vault in _vaults_by_set(site, client).items():
        head = site.catalog.head(client, name)
        if head is None:
            continue
        stored = site.vault_named(vault).client(client).snapshots(name)
        if head.id not in {snapshot.id for snapshot in stored}:
            yield Finding(
                "the vault does not hold backup point {snapshot}, the newest of set {set}",
                (("snapshot", head.id), ("set", name)),
                hint="Find out who moved, restored or synchronised the vault; compare the mirrors.",
            )
