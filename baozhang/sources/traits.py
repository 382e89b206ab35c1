"""Traits: what a file server holds of a thing besides content, owner, mode and time.

Most things have none, so all of a thing's traits travel as one text, which is empty for most:

    ┌─────────────────┬──────────────────┬──────┬───────┬───┐
    │ name length u16 │ value length u32 │ name │ value │ … │   sorted by name, each name once
    └─────────────────┴──────────────────┴──────┴───────┴───┘

A name with a dot is that of an extended attribute, POSIX ACLs among them (xattr(7): each has a
namespace); `link` and `holes` are ours.  Normative: docs/format.md, "Manifests".
"""

import errno
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from baozhang.errors import CorruptObjectError

LINK = b"link"  # the path, in the set, of the first name of the same file
HOLES = b"holes"  # u64: how many bytes of the file take no room on the disk
BLOCK = 4096  # bytes; a hole is a run of zeros of at least that
WITHHELD = b"security.capability"  # would lend rights, like the set-user-id bit: never given back
NO_ATTRIBUTES = {errno.ENOTSUP, errno.ENOSYS}  # the answer where a file system knows none

_LENGTHS = struct.Struct("<HI")
_NUMBER = struct.Struct("<Q")
_ZEROS = bytes(BLOCK)
_SPACES = ("user.", "security.", "system.posix_acl_")
_KEPT = tuple(space.encode() for space in _SPACES)


def packed(traits: Mapping[bytes, bytes]) -> bytes:
    """Return traits as one text; equal traits give equal texts."""
    return b"".join(
        _LENGTHS.pack(len(name), len(value)) + name + value
        for name, value in sorted(traits.items())
    )


def unpacked(text: bytes) -> dict[bytes, bytes]:
    """Return the traits in a text.

    Raises:
        CorruptObjectError: it is cut short.
    """
    traits, at = {}, 0
    while at < len(text):
        name_at = at + _LENGTHS.size
        if name_at > len(text):
            raise CorruptObjectError("the traits of an item cannot be read")
        name_length, length = _LENGTHS.unpack_from(text, at)
        value_at = name_at + name_length
        at = value_at + length
        traits[text[name_at:value_at]] = text[value_at:at]
    if at != len(text):
        raise CorruptObjectError("the traits of an item cannot be read")
    return traits


def link_of(text: bytes) -> bytes:
    """Return the path of the first name of the same file; b"" for what is the first itself."""
    return unpacked(text).get(LINK, b"") if text else b""


def with_link(text: bytes, path: bytes) -> bytes:
    """Return traits with another first name; with b"" for none."""
    traits = unpacked(text)
    traits.pop(LINK, None)
    return packed({**traits, LINK: path} if path else traits)


def attributes_of(text: bytes) -> bytes:
    """Return of a thing's traits its extended attributes alone."""
    traits = unpacked(text)
    return packed({name: value for name, value in traits.items() if b"." in name})


def holes_of(text: bytes) -> int:
    """Return how many bytes of a file take no room; more than 0: it is sparse."""
    value = unpacked(text).get(HOLES, b"") if text else b""
    return int.from_bytes(value, "little")


def with_holes(text: bytes, size: int) -> bytes:
    """Return traits with the holes of a file, in bytes."""
    return packed({**unpacked(text), HOLES: _NUMBER.pack(size)})


def attributes(names: Iterable[str], place: bytes) -> tuple[bytes, bool]:
    """Return a thing's extended attributes as traits, and whether all could be read.

    Args:
        names: as listed; those of other name spaces are left out, and those that this account
            may not read, or that went meanwhile.
        place: where it is; no link is followed.
    """
    traits, whole = {}, True
    for name in names:
        if name.startswith(_SPACES):
            try:
                traits[os.fsencode(name)] = os.getxattr(place, name, follow_symlinks=False)
            except OSError as error:
                whole &= error.errno == errno.ENODATA
    return packed(traits), whole


def give(handle: int, text: bytes) -> bool:
    """Set a thing's extended attributes; tell whether all could be set.

    To be called after its owner is set and before its mode: only root may set one on what is
    read-only, and an access list changes the mode.
    """
    whole = True
    for name, value in unpacked(text).items() if text else ():
        if name.startswith(_KEPT) and name != WITHHELD:
            try:
                os.setxattr(handle, name, value)
            except OSError:
                whole = False
    return whole


def shed_lists(folder: int | Path) -> None:
    """Take a new folder's access lists away, so that nothing made in it inherits any."""
    for name in ("system.posix_acl_default", "system.posix_acl_access"):
        with suppress(OSError):  # it has none, or nothing here has
            os.removexattr(folder, name)


def runs_of_data(content: memoryview, at: int) -> Iterator[tuple[int, memoryview]]:
    """Yield what of a file's bytes is no hole: runs with their places in the file.

    Args:
        content: bytes of a sparse file.
        at: where in the file they are.
    """
    start = stop = 0  # of the run that is not yet told
    while stop < len(content):
        end = min(len(content), stop + BLOCK - (at + stop) % BLOCK)
        if bytes(content[stop:end]) == _ZEROS[: end - stop]:
            if start < stop:
                yield at + start, content[start:stop]
            start = end
        stop = end
    if start < stop:
        yield at + start, content[start:stop]
