"""Listing a store while others write to it."""

from baozhang.vault.stores.base import ObjectInfo, Store


def settled(store: Store, prefix: str = "") -> list[ObjectInfo]:
    """List objects so that whatever a listed commit names has been listed as well.

    A listing takes time, and a backup may commit meanwhile: a commit that was not there at the
    beginning is left out.
    """
    commits = {info.name for info in store.list(prefix) if "/commit/" in info.name}
    return [i for i in store.list(prefix) if "/commit/" not in i.name or i.name in commits]
