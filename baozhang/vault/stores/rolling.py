"""The rolling lock of key objects: short, and renewed by a role of its own.

Content may be locked for years.  A key must be destroyable within months: its lock is renewed only
as long as the key is to live, and what it opened is gone when the last one has run out.
"""

from baozhang.vault.stores.base import ObjectName

KEY_DAYS = 90
"""How long a key object is locked at a time, at most."""


def is_key(name: ObjectName) -> bool:
    """Tell whether this is a key slot or a client's key."""
    return "/keys/" in f"/{name}"
