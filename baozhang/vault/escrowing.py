"""Escrow of a vault: a slot whose secret several people hold in shares, made and tested.

    secret ─► shares ─► kept by the caller ─► read back, joined ─► slot ─► read back, opened

The slot is written last: shares without a slot open nothing, a slot without shares would be a way
in that nobody has.  A test opens the vault with the shares alone and keeps nothing.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from baozhang.errors import CorruptObjectError, WrongKeyError
from baozhang.keys.escrow import Share, combine, split
from baozhang.keys.slots import new_secret, parse_slot
from baozhang.vault.names import SLOTS, is_ours
from baozhang.vault.rotation import add_slot
from baozhang.vault.stores.base import ObjectName, Store
from baozhang.vault.vault import Vault, open_vault

Keep = Callable[[Sequence[Share]], Sequence[Share]]
"""Stores shares where each of their holders will find one, and returns them as read back."""


def make_escrow(
    vault: Vault,
    keep: Keep,
    *,
    at: datetime,
    needed: int = 2,
    shares: int = 3,
    mirrors: Sequence[Store] = (),
) -> ObjectName:
    """Let any `needed` of so many holders together open the vault; return the new slot's name.

    Raises:
        UsageError: numbers that cannot be, or shares that did not come back as they were kept.
    """
    secret = new_secret("escrow")
    made = split(secret, needed=needed, shares=shares)
    kept = keep(made)
    if tuple(kept) != made or combine(kept) != secret:
        raise CorruptObjectError(
            "the shares were not kept as they were made; no escrow was made",
            hint="Test the disk that they were written to, then run the same command again.",
        )
    about = (needed, shares, made[0].escrow)
    return add_slot(vault, secret, at=at, escrow=about, mirrors=mirrors)


def open_escrow(store: Store, shares: Sequence[Share]) -> Vault:
    """Open a vault with shares alone.

    Raises:
        UsageError: too few shares, or shares that do not belong together.
        WrongKeyError: they are of another escrow than this vault has.
    """
    secret = combine(shares)
    try:
        return open_vault(store, secret)
    except WrongKeyError as error:
        there = ", ".join(str(number) for number in escrow_numbers(store))
        if not there:
            raise WrongKeyError(
                "this vault has no escrow",
                hint="Make one with `baozhang vault escrow make`, or check the vault's URL.",
            ) from error
        raise WrongKeyError(
            "the shares are of escrow {number}, and this vault has escrow {there}",
            hint="Bring the shares whose escrow number is one of those.",
            number=shares[0].escrow,
            there=there,
        ) from error


def escrow_numbers(store: Store) -> tuple[int, ...]:
    """Return the numbers that stand on the shares of a store's escrows."""
    found = set()
    for info in store.list(SLOTS):
        if is_ours(info.name):
            try:
                fields = parse_slot(store.get(info.name))
                found.add(int(fields["escrow"]["number"]))
            except (CorruptObjectError, KeyError, TypeError, ValueError):
                continue  # of another kind, or damaged
    return tuple(sorted(found))
