"""Whether people can work again with what was put into use: what was tried, and what came of it.

    frozen by its reader ──► each book opened, its first line read ──► a write tried, rolled back
                                                                       (databases alone)

That files can be written to is not tried: whoever works with them is another account, on another
machine.  Whether the books are those that were backed up is the cut-over's question, and answered
there.
"""

from typing import Literal

from baozhang.errors import BaozhangError
from baozhang.incidents.model import Id, Value
from baozhang.settings import SourceFile
from baozhang.site import Site

Write = Literal["", "written", "read-only", "forbidden", "empty", "failed"]
"""Not tried; written and rolled back; refused to everybody; this login may not; nothing there to
try it with; an error."""


class SourceCheck(Value):
    """What was tried of one source.

    Attributes:
        read: its reader held it still and listed all of it.
        troubles: paths that could not be read.
        books: how many opened and gave their first line.
        why: "" or the kind of error that ended the reading.
        write: what came of a write.
    """

    client: Id
    set: Id
    source: str
    read: bool
    troubles: int
    books: int
    why: str = ""
    write: Write = ""

    @property
    def serves(self) -> bool:
        """Nothing that was tried failed; a stop that still stands is no failure."""
        return self.read and self.write != "failed"


def check_source(site: Site, client: str, set_name: str, each: SourceFile) -> SourceCheck:
    """Try a source; what fails is in the value, and nothing is raised."""
    books, troubles, why = 0, 0, ""
    try:
        with site.sources.one(client, set_name, each).freeze() as frozen:
            for _ in frozen.items():
                pass
            troubles = len(frozen.troubles())
            for reader in frozen.ledgers():
                _ = reader.book
                next(reader.lines(), None)
                books += 1
    except BaozhangError as error:
        why = type(error).__name__
    return SourceCheck(
        client=client,
        set=set_name,
        source=each.name,
        read=not why,
        troubles=troubles,
        books=books,
        why=why,
        write=_tried(site, each),
    )


def _tried(site: Site, each: SourceFile) -> Write:
    trial = site.sources.writing(each)
    try:
        return trial.try_write() if trial is not None else ""
    except BaozhangError:
        return "failed"
