"""What is known of an incident, as values; each is kept beside the journal as canonical JSON.

    Opening ──► Loss of each set ──► Plan (what, from which point, in which order, how long)
                                       │
                                       ├─ gate `plan`      ──► Recovered of each set
                                       └─ gate `cut-over`  ──► CutOver of each set

Ids, periods, voucher names, counts and amounts; never a client's name, a path or a ledger's text.
Amounts are minor units of their currency, durations whole seconds, instants aware UTC.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["lost", "damaged", "tampered", "ransomware", "leaked", "unavailable"]
"""丢失, 损坏, 篡改, 勒索, 泄露, 不可用."""
How = Literal["atomic", "assisted"]
"""Put in place whole or not at all; or worked off by people, step by step."""
DataKind = Literal["books", "papers"]
"""账簿, 凭证附件 and whatever else lies beside books."""
Checked = Literal["", "named", "every-byte"]
"""How a backup point was looked at before it is offered: not at all; every object that it needs is
there and what describes it opens; or every byte of it was read as well."""
PassedOver = Literal["", "suspicious", "unjudged", "damaged", "missing", "unproven"]
"""Why a newer backup point is not offered: its change was alarming, or could not be judged; its
bytes are not what was stored, or are gone, and no mirror has them; or a book that came back was not
the one that was backed up."""
Id = Annotated[str, Field(pattern=r"^[a-z0-9_][a-z0-9_-]{0,62}$")]


class Value(BaseModel):
    """One kept value: frozen, and nothing in it that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Opening(Value):
    """How an incident began.

    Attributes:
        id: `i-20261122-01`; drills begin with `d-`.
        sets: what is hit, as (client, set); a client's whole if the set is `*`.
        noticed_by: id of a person, or of the run that found it.
        cause: what is believed so far, in a person's words, without names; "" where unknown.
        drill: a scenario's id for a drill, else "".
    """

    id: Id
    kind: Kind
    sets: tuple[tuple[str, str], ...]
    noticed_by: str
    discovered: datetime
    opened: datetime
    cause: str = ""
    drill: str = ""


class Loss(Value):
    """What one set lacks now beside its newest proven backup point.

    Attributes:
        newest: id of the newest backup point; "" where there is none.
        clean: id of the last clean one; "" where nobody knows one.
        files_lost, files_changed: against the manifest of `clean`.
        vouchers_lost, vouchers_changed, lines_lost: against its proofs.
        amount: debit of lost and changed vouchers.
        periods: accounting periods hit, e.g. `2026-10`.
        readable: the live source could be read; if not, everything counts as lost.
        kinds: what is hit: what sources with books hold, what others do, or both.
        vouchers_since: vouchers that are there now and not in `clean`, or differ from it: they
            are to be keyed in after a restore; None: nobody can know.
    """

    client: Id
    set: Id
    newest: str
    clean: str
    files_lost: int
    files_changed: int
    bytes_lost: int
    vouchers_lost: int
    vouchers_changed: int
    lines_lost: int
    amount: int
    currency: str
    periods: tuple[str, ...]
    readable: bool
    kinds: tuple[DataKind, ...] = ()
    vouchers_since: int | None = None

    @property
    def nothing(self) -> bool:
        """It was compared, and nothing is missing and nothing differs."""
        lost = (self.files_lost, self.files_changed, self.vouchers_lost, self.vouchers_changed)
        return bool(self.clean) and self.readable and not any(lost)


class Restoration(Value):
    """One set in the plan.

    Attributes:
        order: from 1; clients whose filing deadline is nearest come first.
        snapshot, at: the backup point and the instant its source was frozen.
        deadline: the client's next filing day; None: not known.
        seconds: how long it should take, from measured restores and the line's speed.
        behind: seconds between `at` and the discovery: what must be keyed in again.
        how: how it is put in place.
        checked: how the backup point was looked at before it was offered.
        unjudged: nobody knows whether it is clean: it was never compared with one before it.
        instead_of: id of the newest backup point, where that one was passed over; else "".
        why: why it was.
        proving: seconds that proving its books takes, after `seconds`.
        files, vouchers, amount, currency: what is lost or changed, of the set's `Loss`.
        room: bytes that its copies need on the disk of the site.
    """

    order: int = Field(ge=1)
    client: Id
    set: Id
    snapshot: str
    at: datetime
    deadline: date | None
    bytes: int
    books: int
    seconds: int
    behind: int
    how: How
    checked: Checked = ""
    unjudged: bool = False
    instead_of: str = ""
    why: PassedOver = ""
    proving: int = 0
    files: int = 0
    vouchers: int = 0
    amount: int = 0
    currency: str = ""
    room: int = 0


class Plan(Value):
    """What is to be approved; its digest is what a gate is bound to.

    Attributes:
        number: from 1; a new plan makes the older one void.
        measured: how many restores the estimate rests on; 0: it is a guess, and says so.
        seconds: of all restorations together, one after another, until they are proven.
        left_out: sets that cannot be restored, each with the id of the reason: `no-clean-point`,
            `no-room` (all copies together would not fit), `vault-away`.
        unhurt: sets that were compared and have lost nothing.
        room: bytes that all copies need at once on the disk of the site.
        free: bytes that were free there when the plan was made.
        approvers: how many different people must approve until the last set is in use.
        by_hand: how many sets people put into use, step by step.
    """

    incident: Id
    number: int = Field(ge=1)
    restorations: tuple[Restoration, ...]
    measured: int
    seconds: int
    left_out: tuple[tuple[str, str, str], ...] = ()
    unhurt: tuple[tuple[str, str], ...] = ()
    room: int = 0
    free: int = 0
    approvers: int = 0
    by_hand: int = 0


class Recovered(Value):
    """One set as it lies in quarantine, proven or not."""

    client: Id
    set: Id
    snapshot: str
    files: int
    bytes: int
    books: int
    proven: int  # books that equal their proofs
    failed: int
    vouchers_to_key: int
    invoices_to_key: int
    amount_to_key: int
    currency: str
    seconds: int


class CutOver(Value):
    """One set put into use."""

    client: Id
    set: Id
    how: How
    kept: bool  # what was there before lies beside it
    checked: bool  # read again where it is used, and equal


class RecoveredAll(Value):
    """Everything that lies in quarantine: what the gate before the cut-over is bound to.

    Attributes:
        plan: number of the plan that was followed.
        sets: in the plan's order; every one of them is proven.
    """

    incident: Id
    plan: int
    sets: tuple[Recovered, ...]


class CutOverAll(Value):
    """Everything that was put into use."""

    sets: tuple[CutOver, ...]
