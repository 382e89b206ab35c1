"""A store that dies: a real one, over the same objects, whose every call fails from one on."""

from baozhang.errors import StoreUnreachableError
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.stores.memory import MemoryStore


class DyingStore(MemoryStore):
    """Shares another store's objects; from the `after`-th change on nothing works.

    `done`: that change still takes place, and nobody is told.
    """

    def __init__(self, objects: MemoryStore, *, after: int, done: bool = False) -> None:
        super().__init__()
        self.objects = objects.objects
        self._url = objects.url
        self.left, self.done, self.died = after, done, False

    @property
    def url(self) -> str:
        return self._url

    def put(self, name: ObjectName, data: bytes | bytearray | memoryview, /) -> None:
        if self._dies():
            if self.done and self.left == 0:
                super().put(name, data)
            self._die()
        super().put(name, data)

    def delete(self, name: ObjectName, /) -> None:
        if self._dies():
            if self.done and self.left == 0:
                super().delete(name)
            self._die()
        super().delete(name)

    def _dies(self) -> bool:
        self.left -= 1
        return self.left <= 0

    def _die(self) -> None:
        self.died = True
        raise StoreUnreachableError("the machine died")
