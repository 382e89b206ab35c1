"""Every planted fault is told by the readers of every source: of what was restored, not of a copy.

The clean book is backed up and its proof kept; then the place holds the spoiled one, which is
backed up and restored, and what comes back is held against the proof.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from baozhang.books.compare import compare
from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from tests.mutations.cells import breaks, catcher, differs, why_not
from tests.mutations.conftest import Clean, Told, told
from tests.mutations.faults import FAULTS, Fault
from tests.mutations.matrix import cell
from tests.mutations.places import (
    DatabaseFile,
    Folder,
    MariadbDatabase,
    Place,
    PostgresDatabase,
    restored_proof,
    source_proof,
)
from tests.servers.mariadb import Mariadb
from tests.servers.postgres import the_server

FILES = {"tree": "cn_csv", "sqlite": "yonyou_t3"}
SERVERS = ("postgres", "mariadb")
PROFILES = {**FILES, **dict.fromkeys(SERVERS, "yonyou_t3")}


def marks(kind: str) -> list[pytest.MarkDecorator]:
    return [pytest.mark.server] if kind in SERVERS else []


def carried(kind: str) -> list[Fault]:
    profile = load_profile(PROFILES[kind])
    return [fault for fault in FAULTS if not why_not(fault, profile)]


@pytest.fixture(scope="module")
def proofs() -> dict[str, Proof]:
    """The proof of the clean book in each place, once it was taken there."""
    return {}


@pytest.fixture
def place(request: pytest.FixtureRequest, kind: str, tmp_path: Path) -> Place:
    if kind == "tree":
        return Folder(tmp_path / "place")
    if kind == "sqlite":
        return DatabaseFile(tmp_path / "place")
    if kind == "mariadb":
        server: Mariadb = request.getfixturevalue("mariadb_server")
        return MariadbDatabase(server, "mutations", tmp_path / "scratch")
    cluster = the_server()
    if "mutations" not in cluster.databases():
        cluster.run("postgres", "CREATE DATABASE mutations")
    return PostgresDatabase(cluster, "mutations", tmp_path / "scratch")


def hold(
    fault: Fault, place: Place, clean: Clean, proofs: dict[str, Proof], kind: str, folder: Path
) -> Told:
    """Put the clean book, prove it; put the spoiled one, restore it, and tell what differs."""
    if kind not in proofs:
        place.put(clean.copy(folder / "clean"))
        proofs[kind] = source_proof(place)
    export = clean.copy(folder / "spoiled")
    fault.apply(export)
    place.put(export)
    spoiled = partial(restored_proof, place, folder / "restored")
    return told(proofs[kind], spoiled, past=fault.past)


CASES = [
    pytest.param(
        fault,
        kind,
        id=f"{fault.id}-{kind}",
        marks=marks(kind),
    )
    for kind in PROFILES
    for fault in carried(kind)
]


@pytest.mark.parametrize(("fault", "kind"), CASES)
def test_a_source_tells_the_fault_after_a_restore(
    fault: Fault,
    kind: str,
    place: Place,
    clean_of: Callable[[str], Clean],
    proofs: dict[str, Proof],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    clean = clean_of(place.profile)
    caught = catcher(fault, clean.profile)
    record_property(*cell(fault.id, kind, fault.law, caught=caught))
    found = hold(fault, place, clean, proofs, kind, tmp_path)
    own = breaks(fault, clean.profile), differs(fault, clean.profile)
    assert found == Told(*own, critical=True)


@pytest.mark.parametrize("kind", [pytest.param(kind, marks=marks(kind)) for kind in PROFILES])
def test_a_clean_book_comes_back_without_a_difference(
    kind: str,
    place: Place,
    clean_of: Callable[[str], Clean],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    clean = clean_of(place.profile)
    for fault in FAULTS:
        if reason := why_not(fault, clean.profile):
            record_property(*cell(fault.id, kind, fault.law, reason=reason))
    place.put(clean.copy(tmp_path / "clean"))
    proof = source_proof(place)
    assert proof.violation_counts == ()
    assert compare(proof, restored_proof(place, tmp_path / "restored")) == ()
