"""A store in memory: the contract with nothing behind it, for tests and for rehearsals."""

from collections.abc import Iterator

from baozhang.errors import CorruptObjectError, ObjectMissingError
from baozhang.vault.stores.base import ObjectInfo, ObjectName, Span


class MemoryStore:
    """Objects in a dictionary; gone with the process.

    Its clock stands still until somebody sets `now`.
    """

    def __init__(self) -> None:
        self.objects: dict[ObjectName, bytes] = {}
        self.now = 0.0  # seconds
        self._stored: dict[ObjectName, float] = {}

    @property
    def url(self) -> str:
        """Nowhere but here."""
        return f"memory:{id(self):x}"

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        """Keep the contract of `Store.put`."""
        self.objects[name] = bytes(data)
        self._stored[name] = self.now

    def get(self, name: ObjectName, span: Span | None = None, /) -> bytes:
        """Keep the contract of `Store.get`."""
        if name not in self.objects:
            raise ObjectMissingError("the vault has no object {object}", object=name)
        data = self.objects[name]
        if span is None:
            return data
        part = data[span.offset : span.offset + span.length]
        if len(part) != span.length:
            raise CorruptObjectError("an object ends too early: {object}", object=name)
        return part

    def size(self, name: ObjectName, /) -> int:
        """Keep the contract of `Store.size`."""
        return len(self.get(name))

    def age(self, name: ObjectName, /) -> float:
        """Keep the contract of `Store.age`."""
        self.get(name)
        return max(self.now - self._stored.get(name, 0.0), 0.0)

    def list(self, prefix: str = "", /) -> Iterator[ObjectInfo]:
        """Keep the contract of `Store.list`."""
        for name in sorted(self.objects):
            if name.startswith(prefix):
                yield ObjectInfo(name, len(self.objects[name]))

    def delete(self, name: ObjectName, /) -> None:
        """Keep the contract of `Store.delete`."""
        self.objects.pop(name, None)
