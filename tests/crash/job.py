"""What a child process does while something happens to it: each job on a folder of its own.

place/vault    a vault with one snapshot of place/before
place/tree     what a backup reads
place/mirror   a mirror of the vault as it was
place/out      where a restore goes
"""

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from baozhang.keys.slots import Secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.mirror import copy_to_mirror
from baozhang.vault.model import BackupReceipt
from baozhang.vault.reader import restore
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.vault import Vault, create_vault, open_vault
from baozhang.vault.writer import back_up

KEY = Secret("keyfile", bytes(range(32)))
RECOVERY = Secret("recovery", bytes(range(1, 33)))
AT = datetime(2126, 7, 31, 14, 0, tzinfo=UTC)  # after every file's time


def at_home(place: Path) -> None:
    """Let this process keep whatever it keeps (caches, temporary files) below `place`."""
    for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        os.environ[name] = str(place / "home")
    (place / "home").mkdir(exist_ok=True)
    tempfile.tempdir = str(place / "home")


def opened(place: Path, name: str = "vault") -> Vault:
    """Open the vault, or its mirror."""
    return open_vault(store_at(str(place / name)), KEY)


def make(place: Path) -> None:
    """Make a vault where there is none."""
    create_vault(new_store_at(str(place / "new")), [KEY, RECOVERY], at=AT)


def back_up_tree(place: Path, *, client: str = "c001", tree: str = "tree") -> BackupReceipt:
    """Back the tree up as the client's next snapshot."""
    with TreeSource(place / tree).freeze() as frozen:
        side = opened(place).client(client, create=True)
        return back_up(side, frozen, set_name="main", at=AT, reread=True)


def back_up_first(place: Path) -> BackupReceipt:
    """Back the tree up as the first snapshot of a client that the vault does not know."""
    return back_up_tree(place, client="c002")


def mirror(place: Path) -> None:
    """Bring the mirror up to the vault, which has one snapshot more."""
    copy_to_mirror(opened(place).store, new_store_at(str(place / "mirror")))


def restore_latest(place: Path) -> None:
    """Bring the newest snapshot back."""
    side = opened(place).client("c001")
    restore(side, side.find("latest"), place / "out")
