"""Holds of a site: on a client, in every vault that keeps anything of it."""

from collections.abc import Iterator

from baozhang.errors import UsageError
from baozhang.site import Site
from baozhang.vault.holds import Hold, holds_of, lift_hold, set_hold
from baozhang.vault.vault import Vault


def hold_client(site: Site, client: str, reason: str, *, by: str) -> int:
    """Let nothing of a client be destroyed until it is lifted; done again, it changes nothing.

    Args:
        site: the site.
        client: id; all its sets are held.
        reason: an id, such as an incident's.
        by: id of a person or a run.

    Returns:
        In how many vaults the hold is new.

    Raises:
        UsageError: no such client, or no reason that could be named again.
        CorruptObjectError: the client's marks in a vault are not certain.
        StoreUnreachableError: try later; it may stand in some vaults already.
    """
    at = site.clock()
    new = sum(set_hold(vault, client, reason, by=by, at=at) for vault in _vaults(site, client))
    if new:
        site.audit.append(actor=by, action="hold.set", subject=client, reason=reason, vaults=new)
    return new


def release_client(site: Site, client: str, reason: str, *, by: str) -> int:
    """Lift a hold everywhere; returns in how many vaults it stood.  Raises as `hold_client`."""
    at = site.clock()
    ended = sum(lift_hold(vault, client, reason, by=by, at=at) for vault in _vaults(site, client))
    if ended:
        site.audit.append(
            actor=by, action="hold.lifted", subject=client, reason=reason, vaults=ended
        )
    return ended


def standing_holds(site: Site, client: str) -> tuple[Hold, ...]:
    """Return the holds on a client, each once however many vaults have it, oldest first.

    Raises:
        UsageError: no such client.
        CorruptObjectError: the client's marks in a vault are not certain.
    """
    found: dict[str, Hold] = {}
    for vault in _vaults(site, client):
        for one in holds_of(vault, client):
            if one.reason not in found or one.at < found[one.reason].at:
                found[one.reason] = one
    return tuple(sorted(found.values(), key=lambda one: one.at))


def _vaults(site: Site, client: str) -> Iterator[Vault]:
    """Yield the vaults that have anything of the client."""
    for name in {site.agency.file.sets[each].vault for each in site.client(client).sets}:
        vault = site.vault_named(name)
        if _has(vault, client):
            yield vault


def _has(vault: Vault, client: str) -> bool:
    """Tell whether a vault has anything of a client, without asking after all the others."""
    try:
        vault.client(client)
    except UsageError:  # nothing, or nothing any more: its keys were destroyed
        return False
    return True
