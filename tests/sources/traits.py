"""Things that a file server holds besides bytes, made without any of its programs."""

import os
import struct
from collections.abc import Iterable
from pathlib import Path

ACCESS, DEFAULT = "system.posix_acl_access", "system.posix_acl_default"
OWNER, USER, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
NOBODY_ID = 0xFFFFFFFF
READERS = ((OWNER, 7, NOBODY_ID), (USER, 4, 1234), (GROUP, 5, NOBODY_ID))
"""The beginning of an access list: user 1234 may read."""


def access_list(*more: tuple[int, int, int]) -> bytes:
    """Return an access list as the kernel takes it (linux/posix_acl_xattr.h, version 2)."""
    entries: Iterable[tuple[int, int, int]] = (*READERS, *more)
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def for_reader(mask: int = 5) -> bytes:
    """Return an access list by which user 1234 may read."""
    return access_list((MASK, mask, NOBODY_ID), (OTHER, 0, NOBODY_ID))


def attributes(path: Path) -> dict[str, bytes]:
    """Return the extended attributes of a thing."""
    names = os.listxattr(path, follow_symlinks=False)
    return {name: os.getxattr(path, name, follow_symlinks=False) for name in names}


def room(path: Path) -> int:
    """Return the bytes that a file takes on the disk."""
    return path.stat().st_blocks * 512
