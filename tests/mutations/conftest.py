"""One clean book, exported in every profile's form and proven once; copies to be spoiled."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from baozhang.books.compare import compare, unreadable
from baozhang.books.generations import Generation, tampered
from baozhang.books.model import Standard
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.proof import Proof
from baozhang.books.reading import open_books
from baozhang.books.taking import take_proof
from baozhang.errors import LedgerFormatError
from baozhang.samples.book import SampleBook, make_book
from tests.mutations.exporting import Export, write_export
from tests.mutations.faults import WISH
from tests.servers.mariadb import mariadb_server as mariadb_server
from tests.servers.mariadb import mariadb_template as mariadb_template


@dataclass(frozen=True, slots=True)
class Clean:
    """The clean book in one profile's form, and its proof."""

    profile: Profile
    folder: Path
    proof: Proof

    def copy(self, folder: Path) -> Export:
        """Return a copy to be spoiled."""
        return Export(self.profile, Path(shutil.copytree(self.folder, folder)))


@pytest.fixture(scope="session")
def book() -> SampleBook:
    return make_book(WISH)


@pytest.fixture(scope="session")
def clean_of(book: SampleBook, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Clean]:
    made: dict[str, Clean] = {}

    def clean(name: str) -> Clean:
        if name not in made:
            profile = load_profile(name)
            folder = tmp_path_factory.mktemp(name) / "clean"
            write_export(book, profile, folder)
            made[name] = Clean(profile, folder, prove(profile, folder))
        return made[name]

    return clean


def prove(profile: Profile, folder: Path, standard: Standard = "sbe") -> Proof:
    """Return the proof of the one book in a folder."""
    [reader] = open_books(profile, folder)
    return take_proof(reader, standard=standard)


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a spoiled export."""

    breaks: frozenset[str]  # laws its own proof breaks
    differs: frozenset[str]  # findings of holding it against the source's proof
    critical: bool


def told(expected: Proof, prove_spoiled: Callable[[], Proof], *, past: bool = False) -> Told:
    """Hold a spoiled book against the clean one's proof: as its source, or as its own past."""
    try:
        proof = prove_spoiled()
    except LedgerFormatError as error:
        return Told(frozenset(["S1"]), frozenset([unreadable(error).law]), critical=True)
    found = tampered(proof, [Generation("", expected)]) if past else compare(expected, proof)
    return Told(
        frozenset(law for law, _, _ in proof.violation_counts),
        frozenset(v.law for v in found if v.law != "N1"),
        critical=past or any(v.severity == "critical" for v in found),
    )
