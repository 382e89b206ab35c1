"""Which store a URL means."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from baozhang.errors import UsageError
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.local import LocalStore


def store_at(url: str) -> Store:
    """Return the store at a path or a `file://` URL.

    Raises:
        UsageError: another scheme.
    """
    return LocalStore(_folder(url))


def new_store_at(url: str) -> Store:
    """Return the store at a URL, having made its folder.

    Raises:
        UsageError: another scheme.
        StoreUnreachableError: the folder cannot be made.
    """
    store = LocalStore(_folder(url))
    store.prepare()
    return store


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if "://" not in url:
        return Path(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise UsageError(
            "{scheme}:// is no kind of vault this release knows",
            hint="Give a folder, as a path or as file:///path.",
            scheme=parts.scheme,
        )
    return Path(unquote(parts.path))
