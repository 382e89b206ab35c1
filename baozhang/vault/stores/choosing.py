"""Which store a URL means.

    /srv/vault, file:///srv/vault                        a folder
    s3+ceph://bucket/folder?endpoint=https://host:port   a folder of a bucket (s3_url.py)

What speaks S3 is loaded by name, and only for such a URL: boto3 alone takes a tenth of a second,
and most commands on most vaults never need it.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast
from urllib.parse import unquote, urlsplit

from baozhang.errors import UsageError
from baozhang.vault.stores.base import Store
from baozhang.vault.stores.local import LocalStore


class Preparable(Store, Protocol):
    """A store that can be made ready for a new vault."""

    def prepare(self) -> None:
        """Make the place, or see that it is there."""
        ...


def is_s3(url: str) -> bool:
    """Tell whether a URL means a bucket."""
    scheme, told, _ = url.partition("://")
    return bool(told) and scheme.partition("+")[0] == "s3"


def store_at(url: str) -> Store:
    """Return the store at a path, a `file://` or an `s3...://` URL.

    Raises:
        UsageError: another scheme, or an S3 URL that is not understood.
    """
    return _chosen(url)


def new_store_at(url: str) -> Store:
    """Return the store at a URL, having made its folder or found its bucket.

    Raises:
        UsageError: another scheme, no such bucket, or no right to use it.
        StoreUnreachableError: the folder cannot be made, or the service does not answer.
    """
    store = _chosen(url)
    store.prepare()
    return store


def _chosen(url: str) -> Preparable:
    if is_s3(url):
        return cast("Preparable", import_module("baozhang.vault.stores.s3_opening").open_store(url))
    return LocalStore(_folder(url))


def _folder(url: str) -> Path:
    parts = urlsplit(url)
    if "://" not in url:
        return Path(url)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        raise UsageError(
            "{scheme}:// is no kind of vault this release knows",
            hint="Give a folder, as a path or as file:///path, or a bucket as s3+KIND://bucket.",
            scheme=parts.scheme,
        )
    return Path(unquote(parts.path))
