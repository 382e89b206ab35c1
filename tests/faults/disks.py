"""Disks that faults can strike whole: mounted from a file or from memory, by root alone."""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

SHUTDOWN = 0x8004587D  # FS_IOC_SHUTDOWN: ext4, xfs; `godown` of xfstests
NO_LOG_FLUSH = 2  # what the journal has not on the disk is lost, as when the power goes
MAKERS = {"ext4": ["mkfs.ext4", "-q"], "xfs": ["mkfs.xfs", "-q"]}
IMAGE = 400 * 2**20  # bytes, nearly all of them a hole; xfs wants 300 MiB


def run(*words: str | Path) -> None:
    """Run a command; it must succeed."""
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise OSError(ran.returncode, ran.stderr.strip(), str(words[-1]))


class Disk:
    """A file system in a file, mounted and unmounted again and again."""

    def __init__(self, kind: str, folder: Path) -> None:
        self.image, self.place = folder / "image", folder / "disk"
        self.place.mkdir()
        with self.image.open("wb") as file:
            file.truncate(IMAGE)
        run(*MAKERS[kind], self.image)

    def mount(self) -> None:
        """Mount it; its journal is replayed."""
        run("mount", "-o", "loop", self.image, self.place)

    def unmount(self) -> None:
        """Unmount it."""
        run("umount", self.place)

    def cut(self) -> None:
        """Take the power: nothing more reaches the disk, not even what is on its way."""
        handle = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def is_dead(self) -> bool:
        """Tell whether it takes nothing any more."""
        try:
            (self.place / "probe").write_bytes(b"alive")
        except OSError:
            return True
        return False


@contextmanager
def mounted(disk: Disk) -> Iterator[Path]:
    """Mount a disk for a while, whatever happens to it meanwhile."""
    disk.mount()
    try:
        yield disk.place
    finally:
        disk.unmount()


@contextmanager
def in_memory(place: Path, kib: int) -> Iterator[Path]:
    """Mount a disk of this size that lies in memory."""
    place.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", place)
    try:
        yield place
    finally:
        run("umount", place)


def resize(place: Path, kib: int) -> None:
    """Give a disk in memory another size."""
    run("mount", "-o", f"remount,size={kib}k", place)


@cache
def why_no_mounts() -> str:
    """Return why this machine lets us mount nothing; empty where it does."""
    if os.geteuid() != 0:
        return "only root may mount"
    words = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    tried = subprocess.run(words, capture_output=True, text=True, check=False)
    return tried.stderr.strip() if tried.returncode else ""


def why_no_cuts(kind: str, folder: Path) -> str:
    """Return why the power of such a disk cannot be cut here; empty where it can."""
    if why_no_mounts():
        return why_no_mounts()
    if not shutil.which(MAKERS[kind][0]):
        return f"{MAKERS[kind][0]} is not here; `make setup` as root installs it"
    folder.mkdir()
    disk = Disk(kind, folder)
    try:
        with mounted(disk):
            disk.cut()
    except OSError as error:
        return str(error)
    return ""
