"""Holds (暂缓销毁): nothing of a client is destroyed while somebody has a reason to keep it.

    set_hold ── stands in the vault itself ──► prune, sweep and shred refuse
       └──── lift_hold: one more record; neither is ever deleted

A hold covers all that a vault keeps of the client, also what was marked before it was set.  It is
known by its reason, an id such as an incident's or a lawsuit's; holds of several reasons stand side
by side, and each is lifted by itself.  Normative: docs/format.md, "Marks".
"""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from baozhang.errors import UsageError
from baozhang.vault.client import ClientVault
from baozhang.vault.marking import put_mark, read_marks
from baozhang.vault.marks import Mark, Marks, all_of
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.tombstones import ClientShreddedError
from baozhang.vault.vault import Vault

REASON = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
"""How a reason is spelled: an id, so that it can stand in logs and letters."""


class HeldError(UsageError):
    """Something must not be destroyed now."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold that stands."""

    client: str
    reason: str
    by: str  # id of whoever set it
    at: datetime  # aware, UTC


def holds_of(vault: Vault, client: str) -> tuple[Hold, ...]:
    """Return the holds that stand for a client, oldest first.

    Raises:
        UsageError: the vault holds nothing of the client, or its keys were destroyed.
        CorruptObjectError: a mark is damaged or not there, and may be a hold.
        NewerFormatError: a newer release wrote one.
    """
    found = read_marks(vault.client(client)).holds.values()
    return tuple(sorted((_hold(client, mark) for mark in found), key=lambda one: one.at))


def set_hold(vault: Vault, client: str, reason: str, *, by: str, at: datetime) -> bool:
    """Let nothing of a client be destroyed until it is lifted; tell whether that is new.

    Args:
        vault: opened.
        client: its id.
        reason: an id, `REASON`.
        by: id of whoever asks for it.
        at: the present instant, UTC.

    Raises:
        UsageError: no reason that could be named again, or the vault has nothing of the client.
        CorruptObjectError: the client's marks are not certain.
    """
    if not REASON.fullmatch(reason):
        raise UsageError(
            "{reason} is no reason that a hold can have",
            hint="Use an id of small letters, digits, `.`, `_` and `-`, such as an incident's.",
            reason=repr(reason[:40]),
        )
    side = vault.client(client)
    marks = read_marks(side)
    if reason in marks.holds:
        return False
    put_mark(side, marks, "hold", at=at, approved_by=(by,), reason=reason)
    return True


def lift_hold(vault: Vault, client: str, reason: str, *, by: str, at: datetime) -> bool:
    """End a hold; that it stood, and who ended it, stays written.

    Returns:
        Whether one of that reason stood.

    Raises:
        UsageError: the vault has nothing of the client.
        CorruptObjectError: the client's marks are not certain.
    """
    side = vault.client(client)
    marks = read_marks(side)
    if reason not in marks.holds:
        return False
    put_mark(side, marks, "lift", at=at, approved_by=(by,), reason=reason)
    return True


def require_no_hold(client: str, marks: Marks) -> None:
    """Make sure that a client's content may be destroyed.

    Raises:
        HeldError: a hold stands.
    """
    require_none(client, sorted(marks.holds))


def require_none(client: str, reasons: Sequence[str]) -> None:
    """Raise HeldError where there is any reason to keep a client's content."""
    if reasons:
        raise HeldError(
            "nothing of client {client} may be destroyed: a hold stands ({reasons})",
            hint="Lift it with `baozhang hold lift` once its reason is gone.",
            client=client,
            reasons=", ".join(reasons),
        )


def standing(vault: Vault, client: str, stores: Iterable[Store]) -> tuple[str, ...]:
    """Return the reasons for which a client is held; one whose keys were destroyed is not.

    Marks of all stores count together, so that a hold that only a mirror still has is honoured and
    one that the vault has lifted is not.

    Raises:
        CorruptObjectError: a mark is damaged or not there, and may be a hold.
        NewerFormatError: a newer release wrote one.
    """
    with suppress(ClientShreddedError):
        side = vault.client(client)
        return tuple(sorted(all_of(_marks_in(side, stores).items()).holds))
    return ()


def _marks_in(side: ClientVault, stores: Iterable[Store]) -> dict[ObjectName, Mark]:
    found: dict[ObjectName, Mark] = {}
    for store in stores:
        found |= read_marks(replace(side, store=store)).by_name
    return found


def _hold(client: str, mark: Mark) -> Hold:
    by = ", ".join(mark.approved_by)
    return Hold(client, mark.reason, by, datetime.fromisoformat(mark.at))
