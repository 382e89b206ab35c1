"""A folder with everything a job needs, copied afresh for every fault."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from tests.crash.job import AT, KEY, RECOVERY, back_up_tree, mirror
from tests.crash.oracle import MARKER
from tests.faults.publishing import publish

__all__ = ["Fresh", "ahead", "fresh", "publish", "small_tree", "template"]

Fresh = Callable[..., Path]


def small_tree(root: Path, seed: int) -> None:
    """Write files that make two segments: text and what does not compress."""
    rng = random.Random(seed)
    (root / "books").mkdir(parents=True)
    (root / "books" / "journal.csv").write_bytes(b"1,rent,100\n" * 2_000)
    (root / "books" / "new.csv").write_bytes(b"%d,%b\n" % (seed, MARKER))
    (root / f"{MARKER.decode()}.pdf").write_bytes(b"%PDF" + MARKER + rng.randbytes(200_000))
    (root / "empty").write_bytes(b"")
    (root / "link").symlink_to("books")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("template")
    small_tree(place / "before", 1)
    small_tree(place / "tree", 2)
    create_vault(new_store_at(str(place / "vault")), [KEY, RECOVERY], at=AT)
    back_up_tree(place, tree="before")
    mirror(place)
    return place


@pytest.fixture(scope="session")
def ahead(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with a snapshot that the mirror has not got."""
    place = tmp_path_factory.mktemp("ahead") / "place"
    shutil.copytree(template, place, symlinks=True)
    back_up_tree(place)
    return place


@pytest.fixture
def fresh(template: Path, ahead: Path, tmp_path: Path) -> Fresh:
    """Return a copy of a template, in the place of the one before."""

    def copy(job: object = None) -> Path:
        shutil.rmtree(tmp_path / "place", ignore_errors=True)
        source = ahead if getattr(job, "ahead", False) else template
        shutil.copytree(source, tmp_path / "place", symlinks=True)
        return tmp_path / "place"

    return copy
