"""The store contract: five verbs over named, immutable objects.

Everything the vault keeps (packs, indexes, manifests, commits, key slots) is one object in one
store.  A store knows names and bytes.  It knows nothing of segments, encryption or ledgers, and
every byte it is given is already ciphertext.

A new store is a new module beside this one that passes `tests/contracts/store_contract.py`;
nothing else has to change but `baozhang/wiring.py`, which picks a store by the scheme of its URL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NewType, Protocol

ObjectName = NewType("ObjectName", str)
"""`/`-separated lower-case ASCII, at most 200 characters: `c/3f…/packs/9f/9f3c…`."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open byte range of one object."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What a listing tells without reading the object."""

    name: ObjectName
    size: int  # bytes


class Store(Protocol):
    """Keeps objects whole, under names that never change meaning.

    Implementations are safe to share between threads.  Retrying is not their business.
    """

    @property
    def url(self) -> str:
        """Where the objects lie, for people."""
        ...

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        """Make `data` durable under `name`, atomically and idempotently.

        On return the object has been read back and survives a power cut.  A reader sees all of
        it or none of it.  Putting the same bytes twice is no error; the caller guarantees that
        equal names mean equal bytes.

        Raises:
            StoreUnreachableError: nothing is known of the outcome; put again.
            StoreFullError: no room; nothing of the object remains.
            CorruptObjectError: what was read back is not what was written.
        """
        ...

    def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
        """Return the object, or exactly `span.length` bytes of it.

        Raises:
            ObjectMissingError: no such object.
            CorruptObjectError: the object ends before the span does.
            StoreUnreachableError: try later.
        """
        ...

    def size(self, name: ObjectName, /) -> int:
        """Return the object's length in bytes; raises as `get` does."""
        ...

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        """Yield every object whose name starts with `prefix`, sorted by name.

        Raises:
            StoreUnreachableError: a listing that failed is never an empty listing.
        """
        ...

    def delete(self, name: ObjectName, /) -> None:
        """Forget the object; deleting what is not there is no error."""
        ...
