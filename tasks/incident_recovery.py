"""The steps of a recovery between its two gates: brought back, proven, and what is to be keyed in.

backup point ──► quarantine ──► judged by its proofs ──► Recovered
                                    └── beside the evidence ──► 补录清单, kept as `rekey-…`
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from baozhang.books.coding import decode_proof
from baozhang.books.model import LedgerReader
from baozhang.books.rekey import RekeyList, State, rekey_list
from baozhang.books.standards import load_standard
from baozhang.errors import LedgerFormatError, SourceUnreadableError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.journal import Begun, Facts
from baozhang.incidents.model import Recovered, Restoration, Value
from baozhang.incidents.quarantine import Quarantined, bring_back
from baozhang.site import Site
from baozhang.sources.combined import CombinedSource
from baozhang.vault.model import Report, Snapshot, silent
from tasks.batches import Pair
from tasks.restore_test import judge

EVIDENCE = "evidence"


class RekeyVoucherKept(Value):
    """One voucher to be keyed in or looked at; amounts in minor units."""

    book: str
    state: State
    period: str
    voucher: str
    date: str
    lines: int
    debit: int
    credit: int
    invoices: tuple[str, ...]
    places: tuple[str, ...]


class RekeyInvoiceKept(Value):
    """One invoice to be keyed in or looked at; its total in minor units."""

    book: str
    state: State
    date: str
    number: str
    total: int


class RekeyKept(Value):
    """The re-key list (补录清单) of one set, kept as `rekey-<client>-<set>`.

    Attributes:
        snapshot: the backup point that came back.
        evidence: the backup point of what was there; "" where it could not be read, and nobody
            knows what is to be keyed in.
        currency: "" where the books have several.
        amount: debit of missing and differing vouchers.
    """

    client: str
    set: str
    snapshot: str
    evidence: str
    currency: str
    amount: int
    vouchers: tuple[RekeyVoucherKept, ...]
    invoices: tuple[RekeyInvoiceKept, ...]


def rekey_name(client: str, set_name: str) -> str:
    """Return the name under which a set's re-key list is kept."""
    return f"rekey-{client}-{set_name}"


def recover(
    site: Site,
    incident: Incident,
    restoration: Restoration,
    *,
    evidence: str,
    actor: str,
    report: Report = silent,
) -> Recovered:
    """Bring one set back into quarantine, prove it, and list what is to be keyed in; once each.

    Args:
        site: the site.
        incident: the incident, whose plan was approved.
        restoration: the set, and from which backup point.
        evidence: id of the backup point of what was there; "": it could not be read.
        actor: id of the run.
        report: is told of progress in bytes.

    Returns:
        `failed` of it is not 0 where a book is not the book that was backed up.

    Raises:
        CorruptObjectError, ObjectMissingError: the backup point is damaged: plan another one.
        StoreFullError: no room.
    """
    client, set_name = restoration.client, restoration.set
    side = site.vault(client, set_name).client(client)
    snapshot = side.find(restoration.snapshot, set_name=set_name)
    there = bring_back(site, incident, snapshot, actor=actor, report=report)
    name = f"{client}.{set_name}.{snapshot.id}" + (f".{there.time}" if there.time > 1 else "")
    journal = incident.journal
    proven = journal.once(f"prove.{name}", partial(_proven, site, snapshot, there), actor=actor)
    wanted = side.find(evidence, set_name=set_name) if evidence else None
    work = partial(_rekeyed, site, incident, snapshot, there, wanted, actor)
    rekeyed = journal.once(f"rekey.{name}", work, actor=actor)
    return Recovered(
        client=client,
        set=set_name,
        snapshot=snapshot.id,
        files=there.files,
        bytes=there.bytes,
        books=int(proven["books"]),
        proven=int(proven["proven"]),
        failed=int(proven["failed"]),
        vouchers_to_key=int(rekeyed["vouchers"]),
        invoices_to_key=int(rekeyed["invoices"]),
        amount_to_key=int(rekeyed["amount"]),
        currency=str(rekeyed["currency"]),
        seconds=round(there.seconds_ms / 1000),
    )


def _proven(site: Site, snapshot: Snapshot, there: Quarantined, _begun: Begun) -> Facts:
    """Judge every book in quarantine, as a restore test does."""
    pair = Pair(snapshot.client, snapshot.set)
    side = site.vault(pair.client, pair.set).client(pair.client)
    verdicts = judge(site, pair, side, snapshot, there.path)
    passed = sum(verdict.outcome == "pass" for verdict in verdicts)
    return {"books": len(verdicts), "proven": passed, "failed": len(verdicts) - passed}


# --- the re-key list ------------------------------------------------------------------------------


def _rekeyed(
    site: Site,
    incident: Incident,
    snapshot: Snapshot,
    there: Quarantined,
    wanted: Snapshot | None,
    actor: str,
    _begun: Begun,
) -> Facts:
    lists = {}
    if wanted is not None and wanted.id != snapshot.id and snapshot.books:
        beside = bring_back(site, incident, wanted, actor=actor, what=EVIDENCE)
        lists = dict(_lists(site, (snapshot, there), (wanted, beside)))
    kept = _kept(snapshot, wanted, lists)
    incident.keep(rekey_name(snapshot.client, snapshot.set), kept, actor=actor)
    return {
        "vouchers": sum(each.state != "extra" for each in kept.vouchers),
        "invoices": sum(each.state != "extra" for each in kept.invoices),
        "amount": kept.amount,
        "currency": kept.currency,
    }


def _lists(
    site: Site, restored: tuple[Snapshot, Quarantined], wanted: tuple[Snapshot, Quarantined]
) -> Iterator[tuple[str, RekeyList]]:
    """Yield the list of each book that both backup points have a proof of."""
    client, set_name = restored[0].client, restored[0].set
    side = site.vault(client, set_name).client(client)
    proofs = [
        {name: decode_proof(each) for name, each in side.proofs(point).items()}
        for point, _ in (restored, wanted)
    ]
    standard = load_standard(site.client(client).standard)
    source = site.source(client, set_name)
    with ExitStack() as stack:
        found = (
            named_readers(stack.enter_context(source.restored_books(restored[1].path))),
            _what_is_left(stack, site, client, set_name, wanted[1].path),
        )
        for name in sorted(proofs[0].keys() & proofs[1].keys()):
            if name in found[0] and name in found[1]:
                pair = (proofs[0][name], proofs[1][name])
                yield (
                    name,
                    rekey_list(found[0][name], found[1][name], proofs=pair, standard=standard),
                )


def _what_is_left(
    stack: ExitStack, site: Site, client: str, set_name: str, place: Path
) -> dict[str, LedgerReader]:
    """Return the readers of evidence, source by source: what is gone altogether lists nothing."""
    found: dict[str, LedgerReader] = {}
    for each in site.client_set(client, set_name).sources:
        source = CombinedSource({each.name: site.sources.one(client, set_name, each)})
        try:
            found |= named_readers(stack.enter_context(source.restored_books(place)))
        except SourceUnreadableError:
            continue
    return found


def named_readers(readers: Iterable[LedgerReader]) -> dict[str, LedgerReader]:
    """Return the readers that can be read by their books' names."""
    found = {}
    for reader in readers:
        try:
            found[reader.book.name] = reader
        except LedgerFormatError:  # damaged: it is judged as such, and lists nothing
            continue
    return found


def _kept(snapshot: Snapshot, wanted: Snapshot | None, lists: dict[str, RekeyList]) -> RekeyKept:
    currencies = {each.currency for each in lists.values()}
    return RekeyKept(
        client=snapshot.client,
        set=snapshot.set,
        snapshot=snapshot.id,
        evidence=wanted.id if wanted else "",
        currency=currencies.pop() if len(currencies) == 1 else "",
        amount=sum(each.amount for each in lists.values()),
        vouchers=tuple(
            RekeyVoucherKept(
                book=name,
                state=each.state,
                period=each.period,
                voucher=each.voucher,
                date=each.date,
                lines=each.lines,
                debit=each.debit,
                credit=each.credit,
                invoices=each.invoices,
                places=each.places,
            )
            for name, found in lists.items()
            for each in found.vouchers
        ),
        invoices=tuple(
            RekeyInvoiceKept(
                book=name, state=each.state, date=each.date, number=each.number, total=each.total
            )
            for name, found in lists.items()
            for each in found.invoices
        ),
    )
