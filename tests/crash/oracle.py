"""What must hold after every fault, whichever it was.

Every `after_…` is given the place and the exit status of the process that was struck, or None where
it could not tell one.  0 promises all of it; anything else promises nothing, and allows nothing in
between.
"""

import base64
import os
import shutil
import stat
from pathlib import Path

from baozhang.errors import StoreUnreachableError, UsageError
from baozhang.vault.reader import restore
from baozhang.vault.stores.local import LocalStore
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from tests.crash import job
from tests.vault.test_round_trip import facts

MARKER = b"RENT-PAID-BY-QUALITY-LANTERN-WORKS"
"""Stands in every tree, as content and as a name; nowhere else may it be found."""
SECRETS = [
    form
    for secret in (job.KEY, job.RECOVERY)
    for form in (secret.value, secret.value.hex().encode(), base64.b64encode(secret.value))
]
OPEN = {"before", "tree", "other", "out", "again"}  # folders that hold plaintext by their purpose
PARTIAL = 1


def assert_gives_back(vault: Vault, place: Path, client: str, trees: list[str]) -> None:
    """The client's snapshots are these trees, byte for byte, oldest first."""
    side = vault.client(client)
    snapshots = side.snapshots("main")
    assert len(snapshots) == len(trees)
    for snapshot, tree in zip(snapshots, trees, strict=True):
        out = place / "again"
        restore(side, snapshot, out)
        assert facts(out) == facts(place / tree)
        shutil.rmtree(out)


def assert_sound(vault: Vault) -> None:
    """Every byte of it is right."""
    assert verify(vault, every_byte=True).damaged == ()


def assert_nothing_leaks(place: Path) -> None:
    """No file left behind, nor its name, shows plaintext or a key."""
    for folder, folders, files in os.walk(place):
        if Path(folder) == place:
            folders[:] = [f for f in folders if f not in OPEN and not f.startswith(".restoring-")]
        for name in files:
            path = Path(folder, name)
            assert MARKER.decode() not in name
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                assert not [form for form in (MARKER, *SECRETS) if form in data], path


def after_backup(place: Path, status: int | None = None) -> None:
    """The vault is as before or as after; either way the next backup needs no person."""
    assert_nothing_leaks(place)
    vault = job.opened(place)
    snapshots = vault.client("c001").snapshots("main")
    done = len(snapshots) - 1
    assert done == 1 if status == 0 else done in (0, 1)
    if done and status == PARTIAL and snapshots[1].partial:
        _assert_lacks_only_what_it_says(vault, place)
        return
    assert_gives_back(vault, place, "c001", ["before", *["tree"] * done])
    assert_sound(vault)
    job.back_up_tree(place)
    assert_gives_back(vault, place, "c001", ["before", *["tree"] * (done + 1)])
    assert_sound(vault)


def _assert_lacks_only_what_it_says(vault: Vault, place: Path) -> None:
    """A partial snapshot says so, what it holds is right, and the next one is whole.

    Of a folder that could not be asked, it knows neither mode nor time.
    """
    side = vault.client("c001")
    job.back_up_tree(place)
    (old, part, whole), wanted = side.snapshots("main"), facts(place / "tree")
    for snapshot, tree in ((old, facts(place / "before")), (part, wanted), (whole, wanted)):
        restore(side, snapshot, place / "again")
        found = facts(place / "again")
        wrong = [path for path in found if found[path] != tree[path]]
        assert not [path for path in wrong if not stat.S_ISDIR(found[path][0])]
        assert (found == tree) is not snapshot.partial
        shutil.rmtree(place / "again")
    assert_sound(vault)


def after_first_backup(place: Path, status: int | None = None) -> None:
    """The new client is there with a snapshot, or without; the other client noticed nothing."""
    assert_nothing_leaks(place)
    before = len(_snapshots(place, "c002"))
    assert before == 1 if status == 0 else before in (0, 1)
    whole = not any(snapshot.partial for snapshot in _snapshots(place, "c002"))
    assert whole or status == PARTIAL
    job.back_up_first(place)
    vault = job.opened(place)
    if whole:
        assert_gives_back(vault, place, "c002", ["tree"] * (before + 1))
    assert_gives_back(vault, place, "c001", ["before"])
    assert_sound(vault)


def _snapshots(place: Path, client: str) -> tuple[object, ...]:
    try:
        return job.opened(place).client(client).snapshots("main")
    except UsageError:
        return ()


def after_mirror(place: Path, status: int | None = None) -> None:
    """The mirror is the vault, or the vault as it was; the next copy needs no person."""
    assert_nothing_leaks(place)
    mirror = job.opened(place, "mirror")
    done = len(mirror.client("c001").snapshots()) - 1
    assert done == 1 if status == 0 else done in (0, 1)
    assert_gives_back(mirror, place, "c001", ["before", *["tree"] * done])
    assert_sound(mirror)
    assert_sound(job.opened(place))
    job.mirror(place)
    assert_gives_back(mirror, place, "c001", ["before", "tree"])
    assert_sound(mirror)


def after_restore(place: Path, status: int | None = None) -> None:
    """The target is all there, or not at all."""
    assert_nothing_leaks(place)
    assert (place / "out").exists() or status != 0
    if not (place / "out").exists():
        job.restore_latest(place)
    assert facts(place / "out") == facts(place / "before")
    assert_sound(job.opened(place))


def after_making(place: Path, status: int | None = None) -> None:
    """It is a vault or it is none, and then it can be made, with the same key."""
    assert_nothing_leaks(place)
    try:
        vault = open_vault(LocalStore(place / "new"), job.KEY)
    except (UsageError, StoreUnreachableError):
        assert status != 0
        job.make(place)
        vault = open_vault(LocalStore(place / "new"), job.KEY)
    assert_sound(vault)
