"""What a source yields that makes a copy of one instant: files that nobody else writes to.

    database ──dump, image or backup──► private files ──► items, always as they were
                                    └── the same instant ──► ledger readers

Such a copy needs no second look: no item changes, and items and proofs are of one instant because
both come from it.
"""

from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path

from baozhang.books.model import LedgerReader
from baozhang.errors import SourceUnreadableError
from baozhang.sources.base import Item, Trouble, shown


class FrozenCopy:
    """A copy of one instant; see `base.Frozen`.

    Args:
        files: its items in their order, each with the file that holds it here.
        books: opens the books of that instant.
        troubles: what the copy could not hold.
    """

    def __init__(
        self,
        files: Iterable[tuple[Item, Path]],
        books: Callable[[], Iterable[LedgerReader]],
        troubles: tuple[Trouble, ...] = (),
    ) -> None:
        self._files = {item.path: (item, file) for item, file in files}
        self._books = books
        self._troubles = troubles

    def items(self) -> Iterator[Item]:
        """Yield what was copied."""
        return (item for item, _ in self._files.values())

    def open(self, item: Item) -> BufferedReader:
        """Open a file of the copy; as it is nobody else's, a plain file does no harm."""
        if item.path not in self._files:
            raise SourceUnreadableError("{path} is not in this source", path=shown(item.path))
        return self._files[item.path][1].open("rb")

    def unchanged(self, item: Item) -> bool:
        """Tell True: nobody writes to the copy."""
        return self.again(item) == item

    def again(self, item: Item) -> Item | None:
        """Return the same item."""
        known = self._files.get(item.path)
        return known[0] if known else None

    def ledgers(self) -> Iterator[LedgerReader]:
        """Yield a reader per book of the same instant."""
        yield from self._books()

    def confirm(self) -> None:
        """Do nothing: copy and proofs are of one instant."""

    def troubles(self) -> tuple[Trouble, ...]:
        """Return what the copy could not hold."""
        return self._troubles
