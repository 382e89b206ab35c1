"""Bytes that are only bytes: databases and backups of products whose insides nobody reads here.

    .AIS .mdb .accdb         Access databases; refused while somebody has them open
    .bak                     SQL Server's own backup
    UfErpAct.Lst + UFDATA    用友's: the index and the data belong together

What can be told without their programs is told before a backup begins: a database that is open is
no consistent instant, half a pair is no backup, and a file that does not begin as its kind does
is damaged or was encrypted by somebody else.  None of it proves a book: a set of such files is
未做账务核对, unless an export of the same book is backed up beside it and proven.

Sources of the magic bytes: Access, mdbtools' HACKING.md ("The database definition page", offset
4); SQL Server, Microsoft Tape Format 1.00a, MTF_TAPE, whose first four bytes are "TAPE", and the
observed first bytes of compressed or encrypted backups, "MSSQLBAK".  Lock files: Microsoft,
"Introduction to .ldb files in Access" (.laccdb since Access 2007).  UFDATA.BA_ has no published
form; it is only asked not to be empty.
"""

from typing import NamedTuple

from baozhang.errors import SourceBusyError, SourceUnreadableError
from baozhang.sources.base import Item, shown
from baozhang.sources.folders import split
from baozhang.sources.tree import FrozenTree, TreeSource
from baozhang.sources.walk import Walk

UNPROVEN_TEMPLATES = {
    "set": "not proven at ledger level: {source} is stored as bytes alone",
    "hint": "Export the same book and name the export as its `proof_from`.",
    "stale": "the export that proves {source} is {days} days older than what it proves",
    "stale_hint": "Export the book again; until then its newest entries are proven by nothing.",
}
"""What every report says of such a source, with the name it has in its client's file."""

STALE = 7
"""Days by which an export may be older than the bytes it proves: offices export once a week."""

_DAY_NS = 86_400 * 10**9
_ACCESS = {b".ais", b".mdb", b".accdb"}
_LOCKS = (b".ldb", b".laccdb")
_INDEXES = {b"uferpact.lst", b"uferpyer.lst"}
_DATA = {b"ufdata.ba_", b"ufdata.bak"}


class _Kind(NamedTuple):
    """How files of one ending begin."""

    at: int
    magic: tuple[bytes, ...]  # one of these; none: anything that is not empty


_JET = _Kind(4, (b"Standard Jet DB\0", b"Standard ACE DB\0"))
_KINDS = dict.fromkeys(_ACCESS, _JET) | {
    b".bak": _Kind(0, (b"TAPE", b"MSSQLBAK")),
    b".ba_": _Kind(0, ()),
}
_HEAD = 32  # bytes, past the end of every magic


class OpaqueSource(TreeSource):
    """A folder, or a single file, of bytes that only their own program understands.

    Args:
        root: the folder, or a file, which is then the only item.
        exclude: patterns of what is left out (`sources.globs`).

    Raises:
        UsageError: a pattern cannot be read.
    """

    def _frozen(self, walk: Walk) -> FrozenTree:
        """Look at every file's kind first; `freeze` raises what `require_sound` does."""
        require_sound(walk)
        return FrozenOpaque(walk)


class FrozenOpaque(FrozenTree):
    """Such a folder while it is backed up."""

    def confirm(self) -> None:
        """Make sure that nobody opened a database meanwhile."""
        require_sound(self._walk)


def require_sound(walk: Walk) -> None:
    """Look at the names and first bytes of everything in a folder.

    Raises:
        SourceBusyError: a database is open in its program.
        SourceUnreadableError: an index lacks its data or the reverse, or a file is not its kind.
    """
    folders: dict[bytes, set[bytes]] = {}
    for item in walk.items():
        if item.kind != "file":
            continue
        above, name = split(item.path)
        _require_kind(walk, item)
        if name.lower() in _INDEXES | _DATA:
            folders.setdefault(above, set()).add(name.lower())
    for above, names in folders.items():
        _require_pair(above, names)


def export_lag(newest_bytes_ns: int, newest_export_ns: int) -> int:
    """Return by how many whole days an export is older than the bytes it is to prove."""
    return max(newest_bytes_ns - newest_export_ns, 0) // _DAY_NS


def _require_kind(walk: Walk, item: Item) -> None:
    stem, dot, ending = item.path.rpartition(b".")
    kind = _KINDS.get((dot + ending).lower())
    if kind is None:
        return
    if (dot + ending).lower() in _ACCESS:
        _require_closed(walk, item.path, stem)
    with walk.open(item.path) as stream:
        head = stream.read(_HEAD) or b""
    if not (head[kind.at :].startswith(kind.magic) if kind.magic else head):
        raise SourceUnreadableError(
            "{path} is damaged, or not what its name says",
            hint="Open it in its own program; if that fails, restore the last backup point.",
            path=shown(item.path),
        )


def _require_closed(walk: Walk, path: bytes, stem: bytes) -> None:
    for ending in (*_LOCKS, *(lock.upper() for lock in _LOCKS)):
        if walk.find(stem + ending) is not None:
            raise SourceBusyError(
                "{path} is open in its program",
                hint="Close the book on every computer; if nobody has it open, delete the lock "
                "file {lock} that a crash left behind.",
                path=shown(path),
                lock=shown(stem + ending),
            )


def _require_pair(above: bytes, names: set[bytes]) -> None:
    if not names & _DATA:
        raise SourceUnreadableError(
            "folder {path} holds an index of 用友 without its UFDATA file",
            hint="Copy the whole backup again: the index and its data belong together.",
            path=shown(above),
        )
    if not names & _INDEXES and b"ufdata.ba_" in names:
        raise SourceUnreadableError(
            "folder {path} holds a UFDATA file of 用友 without UfErpAct.Lst or UfErpYer.Lst",
            hint="Copy the whole backup again: the index and its data belong together.",
            path=shown(above),
        )
