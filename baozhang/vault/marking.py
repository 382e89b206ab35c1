"""Reading a client's marks, and putting a new one."""

from collections.abc import Collection
from datetime import datetime, timedelta

from baozhang.errors import CorruptObjectError
from baozhang.vault.client import ClientVault
from baozhang.vault.marks import Action, Mark, Marks, all_of, decode_mark, encode_mark
from baozhang.vault.names import is_ours
from baozhang.vault.sealing import Kind
from baozhang.vault.stores.base import ObjectName

GRACE = timedelta(days=7)
"""The shortest time between a mark and the deletion of what it names."""


def read_marks(side: ClientVault) -> Marks:
    """Return what a client's marks say, as of now.

    Raises:
        CorruptObjectError: a mark is damaged, or one that another names is not there.
        NewerFormatError: a newer release wrote one.
    """
    infos = side.store.list(f"{side.space.prefix}marks/")
    names = [info.name for info in infos if is_ours(info.name)]
    marks = all_of((name, decode_mark(side.read(Kind.MARK, name))) for name in names)
    if marks.gaps():
        raise CorruptObjectError(
            "a mark of client {client} is not there: {object}",
            hint="Run `baozhang vault repair` with a mirror that has it.",
            client=side.client,
            object=marks.gaps()[0],
        )
    return marks


def put_mark(
    side: ClientVault,
    marks: Marks,
    action: Action,
    *,
    commits: Collection[str] = (),
    drop: Collection[str] = (),
    seen: Collection[str] = (),
    at: datetime,
    grace: timedelta = GRACE,
    approved_by: tuple[str, ...] = (),
    reason: str = "",
) -> ObjectName:
    """Store one more mark after those that were read, and return its name.

    Args:
        side: the client's part of the vault.
        marks: what was read last.
        action: what the mark says.
        commits: hashes of commits whose snapshots are forgotten, or kept again.
        drop: objects that may go, or may not go any more.
        seen: hashes of the newest commits of each set.
        at: the present instant, UTC.
        grace: how long nothing is deleted; never less than `GRACE`.
        approved_by: who agreed, where that was needed.
        reason: a word for whoever audits.
    """
    mark = Mark(
        action=action,
        sequence=marks.newest + 1,
        previous=marks.heads(),
        commits=tuple(sorted(commits)),
        drop=tuple(sorted(drop)),
        seen=tuple(sorted(seen)),
        at=at.isoformat(),
        not_before=(at + max(grace, GRACE)).isoformat(),
        approved_by=approved_by,
        reason=reason,
    )
    sealed = side.seal(Kind.MARK, encode_mark(mark))
    name = side.space.mark(mark.sequence, sealed)
    side.store.put(name, sealed)
    return name
