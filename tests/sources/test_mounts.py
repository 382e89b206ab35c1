"""Inodes and change times are trusted on local disks alone."""

import os
from pathlib import Path

import pytest

from baozhang.sources.mounts import present_untrusted_devices, untrusted_devices

LOCAL = "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw"


def mount(kind: str, *, point: str = "/mnt/nas", optional: str = "shared:7 ") -> str:
    return f"36 22 0:45 / {point} rw,relatime {optional}- {kind} //nas/books rw,vers=3.1.1"


@pytest.mark.parametrize(
    "kind", ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "fuse.sshfs", "fuseblk", "vfat"]
)
def test_a_device_behind_a_network_or_a_translation_is_not_trusted(kind: str) -> None:
    assert untrusted_devices(f"{LOCAL}\n{mount(kind)}\n") == {os.makedev(0, 45)}


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "fusectl", "nfsd"])
def test_a_local_file_system_is_trusted(kind: str) -> None:
    assert untrusted_devices(f"{LOCAL}\n{mount(kind)}\n") == frozenset()


def test_a_line_without_optional_fields_is_understood() -> None:
    assert untrusted_devices(mount("cifs", optional="")) == {os.makedev(0, 45)}


def test_a_mount_point_with_a_blank_in_its_name_is_understood() -> None:
    assert untrusted_devices(mount("nfs", point=r"/mnt/client\040books")) == {os.makedev(0, 45)}


def test_a_line_that_cannot_be_understood_is_passed_over() -> None:
    assert untrusted_devices("garbage\n - nfs\n\n" + mount("nfs")) == {os.makedev(0, 45)}


def test_the_file_system_of_this_machines_devices_is_trusted() -> None:
    assert Path("/dev").stat().st_dev not in present_untrusted_devices()
