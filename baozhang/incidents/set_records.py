"""What is known of each set of an incident at its end: lost, planned, measured, back, owed.

    scope ─┐
    plan ──┼──► SetRecord per (client, set)
    recovered, cut-over, evidence ──┘

What nobody could compare is not known, which is another thing than nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from baozhang.incidents.journal import DONE, Event
from baozhang.incidents.model import CutOver, Loss, Opening, Plan, Recovered, Restoration


@dataclass(frozen=True, slots=True)
class Lost:
    """What a set lacked when its loss was scoped; amounts in minor units.

    Attributes:
        readable: what was there could be read; if not, everything counts as lost.
    """

    files: int
    files_changed: int
    vouchers: int
    vouchers_changed: int
    lines: int
    amount: int
    currency: str
    periods: tuple[str, ...]
    readable: bool


@dataclass(frozen=True, slots=True)
class Owed:
    """What of a set is to be keyed in again; amounts in minor units.

    Attributes:
        known: False where what was there could not be read, and nobody knows.
    """

    known: bool
    vouchers: int
    invoices: int
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class SetRecord:
    """What is known of one set at the end.

    Attributes:
        point: id of the backup point that came back, "" where none did; `point_at` its instant.
        behind: seconds from that instant to the discovery.
        planned: seconds of its restore; `measured_ms`: milliseconds that it took.
        books, proven, failed: books that came back, that equal their proofs, that do not.
        evidence: id of the backup point of what was there; "" where it could not be read.
        left_out: why it did not come back, "" where it did or is still to.
    """

    client: str
    set: str
    lost: Lost | None
    point: str = ""
    point_at: datetime | None = None
    deadline: date | None = None
    behind: int | None = None
    planned: int | None = None
    measured_ms: int | None = None
    files: int | None = None
    bytes: int | None = None
    books: int | None = None
    proven: int = 0
    failed: int = 0
    owed: Owed | None = None
    evidence: str = ""
    how: str = ""
    in_use: bool = False
    checked: bool = False
    kept: bool = False
    left_out: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """The kept values of an incident, as far as it has come.

    Attributes:
        evidence: client, set and the backup point of what was there, "" where it was unreadable.
        uncompared: client and set where a book of what was there could not be read.
    """

    opening: Opening
    losses: tuple[Loss, ...] = ()
    plan: Plan | None = None
    recovered: tuple[Recovered, ...] = ()
    cut_over: tuple[CutOver, ...] = ()
    evidence: tuple[tuple[str, str, str], ...] = ()
    uncompared: tuple[tuple[str, str], ...] = ()


def _took(events: Iterable[Event], back: Recovered | None) -> int:
    """Return the milliseconds of a set's restore, as its step measured them."""
    if back is None:
        return 0
    name = f"quarantine.{back.client}.{back.set}.{back.snapshot}"
    steps = (e.facts for e in events if e.kind == DONE and e.facts.get("step") == name)
    return next((int(facts["seconds_ms"]) for facts in steps), back.seconds * 1000)


def sets_of(events: Sequence[Event], known: Known) -> Iterable[SetRecord]:
    """Yield every set that has lost something: in the plan's order, then what is not in it."""
    plan = known.plan
    losses = {(each.client, each.set): each for each in known.losses}
    planned = {(r.client, r.set): r for r in (plan.restorations if plan else ())}
    left_out = {(client, part): why for client, part, why in (plan.left_out if plan else ())}
    back = {(each.client, each.set): each for each in known.recovered}
    used = {(each.client, each.set): each for each in known.cut_over}
    evidence = {(client, part): point for client, part, point in known.evidence}
    unhurt = {*(plan.unhurt if plan else ()), *(p for p, loss in losses.items() if loss.nothing)}
    for pair in dict.fromkeys((*planned, *back, *left_out, *losses)):
        if pair in unhurt and pair not in planned:
            continue
        yield _record(
            pair,
            losses.get(pair),
            planned.get(pair),
            back.get(pair),
            used.get(pair),
            evidence.get(pair, ""),
            left_out.get(pair, ""),
            _took(events, back.get(pair)),
            compared=pair not in known.uncompared,
        )


def _record(
    pair: tuple[str, str],
    loss: Loss | None,
    planned: Restoration | None,
    back: Recovered | None,
    used: CutOver | None,
    evidence: str,
    left_out: str,
    took: int,
    *,
    compared: bool,
) -> SetRecord:
    return SetRecord(
        client=pair[0],
        set=pair[1],
        lost=_lost(loss) if loss else None,
        point=back.snapshot if back else "",
        point_at=planned.at if planned else None,
        deadline=planned.deadline if planned else None,
        behind=planned.behind if planned else None,
        planned=planned.seconds if planned else None,
        measured_ms=took if back else None,
        files=back.files if back else None,
        bytes=back.bytes if back else planned.bytes if planned else None,
        books=back.books if back else None,
        proven=back.proven if back else 0,
        failed=back.failed if back else 0,
        owed=_owed(back, known=bool(evidence) and compared) if back else None,
        evidence=evidence,
        how=used.how if used else planned.how if planned else "",
        in_use=used is not None,
        checked=bool(used and used.checked),
        kept=bool(used and used.kept),
        left_out=left_out,
    )


def _owed(back: Recovered, *, known: bool) -> Owed:
    """Return what is to be keyed in; unknown where nothing was there to compare books with."""
    return Owed(
        known=known and bool(back.books),
        vouchers=back.vouchers_to_key,
        invoices=back.invoices_to_key,
        amount=back.amount_to_key,
        currency=back.currency,
    )


def _lost(loss: Loss) -> Lost:
    return Lost(
        files=loss.files_lost,
        files_changed=loss.files_changed,
        vouchers=loss.vouchers_lost,
        vouchers_changed=loss.vouchers_changed,
        lines=loss.lines_lost,
        amount=loss.amount,
        currency=loss.currency,
        periods=loss.periods,
        readable=loss.readable,
    )
