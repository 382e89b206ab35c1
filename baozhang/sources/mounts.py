"""Which file systems keep inode numbers and change times that a backup may rely on.

On a network mount the inode is the client's invention and ctime is what the server cares to
say: both differ after a remount although no file changed, and a server may leave them alone
when one did.  What can be said is size and mtime, so only these are used there.

Source of the names: filesystems(5), and the `fs_type` of the kernel's drivers.  Layout of the
text: proc(5), /proc/pid/mountinfo, fields 3 (major:minor) and 9 (type, after the lone dash).
"""

import os

_UNTRUSTED_KINDS = frozenset(
    {"9p", "afs", "ceph", "cifs", "coda", "drvfs", "exfat", "fuse", "fuseblk", "ncpfs"}
    | {"nfs", "nfs4", "prl_fs", "smb3", "smbfs", "vboxsf", "vfat", "virtiofs", "vmhgfs"}
)


def untrusted_devices(mountinfo: str) -> frozenset[int]:
    """Return the device numbers (`st_dev`) whose inodes and change times tell nothing.

    Args:
        mountinfo: the text of /proc/self/mountinfo; lines that are none of its are passed over.
    """
    untrusted = set()
    for line in mountinfo.splitlines():
        head, _, tail = line.partition(" - ")
        fields, kind = head.split(" "), tail.partition(" ")[0]
        if len(fields) < 6 or not (kind in _UNTRUSTED_KINDS or kind.startswith("fuse.")):
            continue
        major, _, minor = fields[2].partition(":")
        untrusted.add(os.makedev(int(major), int(minor)))
    return frozenset(untrusted)


def present_untrusted_devices() -> frozenset[int]:
    """Return the same for this machine; without /proc every device is trusted.

    Trusting too much costs a file read again, trusting too little could miss a change.
    """
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as text:
            return untrusted_devices(text.read())
    except OSError:
        return frozenset()
