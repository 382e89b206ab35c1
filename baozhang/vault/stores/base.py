"""The store contract: six verbs over named, immutable objects.

Everything the vault keeps (packs, indexes, manifests, commits, key slots) is one object in one
store.  A store knows names and bytes.  It knows nothing of segments, encryption or ledgers, and
every byte it is given is already ciphertext.

A new store is a new module beside this one that passes `tests/contracts/store_contract.py`;
nothing else has to change but `baozhang/wiring.py`, which picks a store by the scheme of its URL.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol, runtime_checkable

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

    Implementations are safe to share between threads.  One over a network asks again, a bounded
    number of times, what may pass by itself; what it raises after that is for its caller to judge.
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

    def age(self, name: ObjectName, /) -> float:
        """Return for how many seconds the object has been there, by the store's own clock.

        Both instants are the store's: what this machine believes of the time does not count.
        Raises as `get` does.
        """
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


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version of an object in a store that keeps them."""

    id: str
    size: int  # bytes; 0 for a delete marker
    at: datetime  # by the store's clock
    marker: bool  # a delete marker: no bytes, hides what is older


@runtime_checkable
class LockingStore(Store, Protocol):
    """A store that can refuse, until an instant, to lose an object.

    What is put is locked for as long as the store's URL says.  `get`, `size` and `list` see through
    delete markers and newer versions: an object is the oldest version whose bytes are what its name
    says.  `delete` removes versions for good, and is refused while one is locked.
    """

    def lock_until(self, name: ObjectName, /) -> datetime | None:
        """Return when the object's lock ends; None: it has none.  Raises as `get` does."""
        ...

    def extend_lock(self, name: ObjectName, until: datetime, /) -> None:
        """Let the lock end at `until`, never earlier than it does; raises as `get` does.

        Raises:
            UsageError: this role may not.
        """
        ...

    def legal_hold(self, name: ObjectName, /, *, on: bool) -> None:
        """Set or lift a hold that has no end of its own (暂缓销毁); raises as `extend_lock`."""
        ...

    def versions(self, name: ObjectName, /) -> tuple[StoredVersion, ...]:
        """Return all versions and delete markers of a name, oldest first; none: never put."""
        ...
