"""A folder with everything a job needs, copied afresh for every fault."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from tests.crash.job import AT, KEY, RECOVERY, back_up_tree, mirror
from tests.crash.jobs import Job
from tests.crash.oracle import MARKER
from tests.faults.publishing import publish

__all__ = ["Fresh", "Prepared", "fresh", "prepared", "publish", "small_tree", "template"]

Fresh = Callable[..., Path]
Prepared = Callable[[Job | None], Path]


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
def prepared(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    """Return the template that a job begins with; each is made once."""
    made: dict[object, Path] = {None: template}

    def prepare(job: Job | None) -> Path:
        first = job and job.first
        if first not in made:
            made[first] = tmp_path_factory.mktemp("prepared") / "place"
            shutil.copytree(template, made[first], symlinks=True)
            assert first is not None
            first(made[first])
        return made[first]

    return prepare


@pytest.fixture
def fresh(prepared: Prepared, tmp_path: Path) -> Fresh:
    """Return a copy of a job's template, in the place of the one before."""

    def copy(job: Job | None = None) -> Path:
        shutil.rmtree(tmp_path / "place", ignore_errors=True)
        shutil.copytree(prepared(job), tmp_path / "place", symlinks=True)
        return tmp_path / "place"

    return copy
