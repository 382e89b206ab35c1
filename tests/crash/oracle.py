"""What must hold after every fault, whichever it was."""

import shutil
from pathlib import Path

from baozhang.vault.reader import restore
from baozhang.vault.vault import Vault
from baozhang.vault.verify import verify
from tests.crash.job import back_up_tree, opened
from tests.vault.test_round_trip import facts


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


def assert_old_or_new(place: Path) -> None:
    """The vault is as before or as after; either way the next backup needs no person."""
    vault = opened(place)
    done = len(vault.client("c001").snapshots("main")) - 1
    assert done in (0, 1)
    assert_gives_back(vault, place, "c001", ["before", *["tree"] * done])
    assert_sound(vault)
    back_up_tree(place)
    assert_gives_back(vault, place, "c001", ["before", *["tree"] * (done + 1)])
    assert_sound(vault)
