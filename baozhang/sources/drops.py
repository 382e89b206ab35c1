r"""Drops: what a Windows script lays into an inbox, and when one of them is whole.

    <inbox>/<client>/<set>/
        t3-006-20261122-123000/          the data; `….part` while it is being written
        t3-006-20261122-123000.sha256    its hash list: `<64 hex> *t3-006-20261122-123000/UF.bak`
        t3-006.status                    what the last try of the script met

A drop is whole when its folder has its final name, its list lies beside it, the folder holds
exactly the files of the list, and each has the hash that the list says.  What Windows itself
leaves in a folder that somebody looked at (Thumbs.db) is passed over.

The list is what `sha256sum -c` reads in that folder (coreutils manual, "md5sum invocation") and
what Get-FileHash makes: hexadecimal in either case, `\` or `/`, CRLF or LF, a BOM or none.
Its line `# files=3 bytes=12345` lets a copy that broke off be seen without reading it.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, cast

from baozhang.clock import SHANGHAI
from baozhang.errors import SourceGoneError, SourceUnreadableError
from baozhang.sources.base import Item
from baozhang.sources.folders import root_folder
from baozhang.sources.globs import excluder
from baozhang.sources.mounts import present_untrusted_devices
from baozhang.sources.walk import Walk

ARRIVING, LIST, STATUS = ".part", ".sha256", ".status"
STAMP = "%Y%m%d-%H%M%S"  # the script's clock, Asia/Shanghai
LEFT_BY_WINDOWS = ("**/[Tt]humbs.db", "**/[Dd]esktop.ini", "**/.DS_Store")

AHEAD = timedelta(minutes=10)
"""How far a delivering clock may run ahead; a drop from the future would hide all that follow."""

Fault = Literal[
    "arriving",
    "unlisted",
    "no_data",
    "list",
    "absent",
    "extra",
    "size",
    "hash",
    "unreadable",
    "ahead",
]
FAULT_TEMPLATES: dict[Fault, str] = {
    "arriving": "it is still being written",
    "unlisted": "its hash list is not there",
    "no_data": "its data is not there",
    "list": "its hash list cannot be read",
    "absent": "a file of its hash list is not there",
    "extra": "it holds something that its hash list does not name",
    "size": "it has more or fewer bytes than its hash list says",
    "hash": "a file is not what its hash list says",
    "unreadable": "a file in it cannot be read",
    "ahead": "it was made in the future by the clock of the computer that delivers it",
}
"""What keeps a drop from being whole, in words that follow a colon."""

DAMAGED: frozenset[Fault] = frozenset({"list", "absent", "extra", "size", "hash", "unreadable"})
"""Faults of a drop that was whole once: a script gives the final name last.  The other faults pass
by themselves, or are told of as a delivery that has not arrived (`sources.standings`)."""

_SIGN = r"/\x00-\x1f\ud800-\udfff"  # in no label; the last are bytes that are no text
_NAME = re.compile(rf"(?P<label>[^.{_SIGN}][^{_SIGN}]*?)-(?P<stamp>\d{{8}}-\d{{6}})")
_LINE = re.compile(r"([0-9A-Fa-f]{64}) [ *](.+)")
_TOTAL = re.compile(r"# files=(\d+) bytes=(\d+)")
_BLOCK = 2**20
_REASON = re.compile(r"[a-z_]{1,20}")


class NotWhole(Exception):  # noqa: N818 - its word is a kind, no sentence for people
    """A drop is not whole; it never leaves `sources`."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Drop:
    """One delivery, whole or not."""

    folder: Path  # where it and its list lie
    name: str  # "t3-006-20261122-123000"
    label: str  # what is delivered again and again: "t3-006"; in a set of closes a period
    at: datetime  # UTC, from its name
    arriving: bool  # it still has its working name

    @property
    def place(self) -> Path:
        """Its folder of data."""
        return self.folder / (self.name + (ARRIVING if self.arriving else ""))


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the script says of its last try."""

    state: Literal["ok", "busy", "failed"]
    at: datetime  # UTC
    reason: str = ""  # one of the script's own words for what failed, e.g. "verify"


@dataclass(frozen=True, slots=True)
class Contents:
    """A whole drop: each file's digest, and what stands for the state it was seen in."""

    digests: dict[bytes, bytes]  # SHA-256 by path below the drop's folder
    state: str  # hex; equal for an untouched drop
    newest_ns: int  # when the newest of its files was written


@dataclass(slots=True)
class _List:
    """A hash list; memory: about 200 bytes a file."""

    digests: dict[bytes, bytes] = field(default_factory=dict)
    total: tuple[int, int] | None = None  # files, bytes


@dataclass(frozen=True, slots=True)
class Inbox:
    """What lies in one set's folder of an inbox."""

    drops: tuple[Drop, ...]  # newest first
    attempts: dict[str, Attempt]  # by label


def read_inbox(folder: Path) -> Inbox:
    """List one set's folder; contents are not looked at.

    Raises:
        SourceUnreadableError: it is not there, or may not be listed.
    """
    try:
        with os.scandir(folder) as entries:
            names = {entry.name: entry.is_dir(follow_symlinks=False) for entry in entries}
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        raise (SourceGoneError if gone else SourceUnreadableError)(
            "inbox folder {folder} cannot be read: {reason}",
            hint="Check that the inbox is mounted, and that its folders are named after client "
            "and set.",
            folder=folder.name,
            reason=os.strerror(error.errno or 0),
        ) from error
    found: dict[str, Drop] = {}
    for name in sorted(names, key=lambda name: (not names[name], name.endswith(ARRIVING))):
        if drop := _drop(folder, name, names[name]):
            found.setdefault(drop.name, drop)  # its folder, its working folder, its list alone
    drops = sorted(found.values(), key=lambda drop: (drop.at, drop.name), reverse=True)
    attempts = {
        name.removesuffix(STATUS): _attempt(folder / name)
        for name, is_dir in names.items()
        if name.endswith(STATUS) and not is_dir
    }
    return Inbox(tuple(drops), attempts)


def _drop(folder: Path, name: str, is_dir: bool) -> Drop | None:  # noqa: FBT001 - one caller
    """Return the drop that a name stands for: its folder, its working folder, or its list."""
    arriving = is_dir and name.endswith(ARRIVING)
    if not is_dir and not name.endswith(LIST):
        return None
    own = name.removesuffix(ARRIVING) if is_dir else name.removesuffix(LIST)
    parts = _NAME.fullmatch(own)
    if parts is None:
        return None
    try:
        local = datetime.strptime(parts["stamp"], STAMP).replace(tzinfo=SHANGHAI)
    except ValueError:
        return None
    return Drop(folder, own, parts["label"], local.astimezone(UTC), arriving)


def _attempt(path: Path) -> Attempt:
    """Return what a status file says; one that cannot be read is a failure too."""
    try:
        said = json.loads(path.read_bytes().decode("utf-8-sig"))
        at = datetime.fromisoformat(said["at"])
        if said["state"] not in {"ok", "busy", "failed"} or at.tzinfo is None:
            raise ValueError
        reason = str(said.get("reason", ""))
        known = reason if _REASON.fullmatch(reason) else ""
        return Attempt(said["state"], at.astimezone(UTC), known)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Attempt("failed", _changed(path), "status")


def _changed(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return datetime.fromtimestamp(0, UTC)


def open_drop(drop: Drop) -> Walk:
    """Return a walk through a drop's data.

    Raises:
        OSError: it is not there.
    """
    return Walk(
        root_folder(drop.place),
        excluded=excluder(LEFT_BY_WINDOWS),
        untrusted=present_untrusted_devices(),
    )


def require_past(drop: Drop, now: datetime) -> None:
    """Hold a drop's stamp against our clock.

    Raises:
        NotWhole: it lies in the future.
    """
    if drop.at > now + AHEAD:
        raise NotWhole("ahead")


def look_at(drop: Drop) -> Contents:
    """Return what a drop holds once its files, their names and sizes fit its list; reads no file.

    Raises:
        NotWhole: it is not whole.
    """
    if drop.arriving:
        raise NotWhole("arriving")
    listed = _read_list(drop)
    return _held_against(listed, _opened(drop))


def require_hashes(drop: Drop, contents: Contents) -> None:
    """Read every file of a drop and hold it against its digest.

    Raises:
        NotWhole: one differs, or cannot be read.
    """
    walk = _opened(drop)
    for path, digest in contents.digests.items():
        try:
            if _sha256(walk, path) != digest:
                raise NotWhole("hash")
        except (OSError, SourceUnreadableError) as error:
            raise NotWhole("unreadable") from error


def _opened(drop: Drop) -> Walk:
    try:
        return open_drop(drop)
    except OSError as error:
        raise NotWhole("no_data") from error


def _held_against(listed: _List, walk: Walk) -> Contents:
    seen = hashlib.sha256()
    files = size = newest = 0
    for item in walk.items():
        if item.kind == "dir":
            continue
        digest = listed.digests.get(item.path)
        if digest is None or item.kind != "file":
            raise NotWhole("extra")
        files, size, newest = files + 1, size + item.size, max(newest, item.mtime_ns)
        seen.update(_state(item, digest))
    if walk.troubles:
        special = any(trouble.reason == "special" for trouble in walk.troubles)
        raise NotWhole("extra" if special else "unreadable")
    if files < len(listed.digests):
        raise NotWhole("absent")
    if listed.total not in {None, (files, size)}:
        raise NotWhole("size")
    return Contents(listed.digests, seen.hexdigest(), newest)


def _state(item: Item, digest: bytes) -> bytes:
    told = f"{len(item.path)} {item.size} {item.mtime_ns} {item.change} ".encode()
    return told + item.path + digest


def _read_list(drop: Drop) -> _List:
    """Return a drop's list.

    Raises:
        NotWhole: it is not there, or it is no list of files of this drop.
    """
    listed = _List()
    try:
        with (drop.folder / (drop.name + LIST)).open(encoding="utf-8-sig") as lines:
            for line in lines:
                _take(listed, line.rstrip("\r\n"), drop.name)
    except FileNotFoundError as error:
        raise NotWhole("unlisted") from error
    except (OSError, UnicodeDecodeError) as error:
        raise NotWhole("list") from error
    if not listed.digests:
        raise NotWhole("list")
    return listed


def _take(listed: _List, line: str, name: str) -> None:
    if total := _TOTAL.fullmatch(line):
        listed.total = int(total[1]), int(total[2])
    if not line or line.startswith("#"):
        return
    found = _LINE.fullmatch(line)
    if found is None:
        raise NotWhole("list")
    path = found[2].replace("\\", "/").removeprefix("./").removeprefix(f"{name}/")
    key = os.fsencode(path)
    if key in listed.digests:
        raise NotWhole("list")
    listed.digests[key] = bytes.fromhex(found[1])


def _sha256(walk: Walk, path: bytes) -> bytes:
    digest = hashlib.sha256()
    buffer = memoryview(bytearray(_BLOCK))
    with walk.open(path) as stream:
        while count := stream.readinto(buffer):
            digest.update(buffer[: cast("int", count)])
    return digest.digest()


def newest_first(drops: tuple[Drop, ...]) -> Iterator[tuple[str, list[Drop]]]:
    """Yield each label with its drops, newest first; labels in alphabetical order."""
    by_label: dict[str, list[Drop]] = {}
    for drop in drops:
        by_label.setdefault(drop.label, []).append(drop)
    yield from sorted(by_label.items())
