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


class Plan(Value):
    """What is to be approved; its digest is what a gate is bound to.

    Attributes:
        number: from 1; a new plan makes the older one void.
        measured: how many restores the estimate rests on; 0: it is a guess, and says so.
        seconds: of all restorations together.
        left_out: sets that cannot be restored, each with the id of the reason.
    """

    incident: Id
    number: int = Field(ge=1)
    restorations: tuple[Restoration, ...]
    measured: int
    seconds: int
    left_out: tuple[tuple[str, str, str], ...] = ()


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
