"""The steps of a validation: stored bytes are read, opened and held against their hashes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from baozhang.catalog.model import Finding, Outcome, Run, Status, Verified
from baozhang.errors import UsageError
from baozhang.site import Site
from baozhang.sources.base import shown
from baozhang.vault.model import Damage, Report, silent
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from baozhang.wiring import open_site
from tasks.batches import Batch, Pair, in_batches, settle
from tasks.choosing import WHOLE_CLIENT, clients_to_verify
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
        site.catalog.begin(run)
        if clients is None:
            return in_batches(clients_to_verify(site))
        return in_batches(Pair(site.client(client).id, WHOLE_CLIENT) for client in clients)


@effect("verify a batch of {run.id}", tags=["vault-read"])
def verify_batch(run: Run, batch: Batch) -> tuple[Outcome, ...]:
    """Read back every byte of each client of the batch."""
    with open_site() as site:
        return settle(run, batch, partial(verify_client, site, run), site.clock)


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read at one place."""

    objects: int
    bytes: int
    findings: tuple[Finding, ...]
    damaged: int


def verify_client(site: Site, run: Run, pair: Pair, report: Report = silent) -> Outcome:
    """Read back all of one client's objects, in its vaults and in their mirrors.

    Raises:
        StoreUnreachableError: a vault or mirror did not answer; nothing is known then.
    """
    started = site.clock()
    reads = [_read(vault, pair.client, report) for vault in _places(site, pair.client)]
    findings = (*(f for read in reads for f in read.findings), *_lost_heads(site, pair.client))
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
        heads_lost=len(findings) - damaged if damaged <= MOST_DAMAGES else 0,
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
    return "failed" if findings else "ok"


def _places(site: Site, client: str) -> Iterator[Vault]:
    """Yield each vault that keeps a set of the client, and that vault as each mirror has it."""
    sets = site.agency.file.sets
    for name in dict.fromkeys(sets[each].vault for each in site.client(client).sets):
        vault = site.vault_named(name)
        yield vault
        for mirror in site.mirrors_named(name):
            yield replace(vault, store=mirror)


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
        return _Read(0, 0, (nothing,), 1)
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
    for name in site.client(client).sets:
        head = site.catalog.head(client, name)
        if head is None:
            continue
        stored = site.vault(client, name).client(client).snapshots(name)
        if head.id not in {snapshot.id for snapshot in stored}:
            yield Finding(
                "the vault does not hold backup point {snapshot}, the newest of set {set}",
                (("snapshot", head.id), ("set", name)),
                hint="Find out who moved, restored or synchronised the vault; compare the mirrors.",
            )
