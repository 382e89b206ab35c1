"""A vault in a folder as the product makes it, with two clients, for the kit to read."""

import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.kit.running import KIT
from tests.vault.test_round_trip import facts

AT = datetime(2126, 7, 31, 14, 0, tzinfo=UTC)
"""An instant after every file's time, so that nothing counts as just written."""


@dataclass(frozen=True)
class Place:
    """A folder with `vault`, `key`, and the `source` of each client."""

    root: Path

    @property
    def vault(self) -> Path:
        return self.root / "vault"

    @property
    def options(self) -> tuple[object, ...]:
        return ("--vault", self.vault, "--key-file", self.root / "key")

    def source(self, client: str) -> Path:
        return self.root / "source" / client

    def objects(self, kind: str) -> list[Path]:
        """Return the objects of a kind: `packs`, `commit`, ... of every client."""
        return sorted(path for path in self.vault.glob(f"c/*/{kind}/**/*") if path.is_file())


def fill(root: Path, client: str) -> None:
    """Write files of each kind; each client's differ."""
    (root / "books").mkdir(parents=True)
    rows = "".join(f"{n},{client},rent,{n * 7919 % 100_003}\n" for n in range(150_000))
    (root / "books" / "journal.csv").write_text(rows)
    (root / "books" / "ledger.db").write_bytes(
        b"SQLite format 3\0" + b"".join(b"%s%012d" % (client.encode(), n) for n in range(90_000))
    )
    (root / "empty").write_bytes(b"")
    (root / "invoice.pdf").write_bytes(b"%PDF" + bytes(range(256)) * 40)
    (root / "link").symlink_to("books/journal.csv")


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("kit"))
    secret = new_secret("keyfile")
    vault = create_vault(new_store_at(str(place.vault)), [secret], at=AT)
    (place.root / "key").write_bytes(encode_key_file(secret))
    for client in ("c001", "c002"):
        fill(place.source(client), client)
        for day in range(2):
            with (place.source(client) / "books" / "journal.csv").open("a") as file:
                file.write(f"{day},later\n")
            with TreeSource(place.source(client)).freeze() as frozen:
                side = vault.client(client, create=True)
                back_up(side, frozen, set_name="main", at=AT + timedelta(days=day))
    return place


@pytest.fixture
def place(made: Place, tmp_path: Path) -> Place:
    """The same vault, to be harmed."""
    shutil.copytree(made.root, tmp_path / "place", symlinks=True)
    return Place(tmp_path / "place")


def facts_without_report(folder: Path) -> dict[bytes, tuple[object, ...]]:
    """Describe a restored folder but for its report."""
    return {path: fact for path, fact in facts(folder).items() if b"_RESTORE_REPORT" not in path}


@pytest.fixture(scope="session")
def stick(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit as `make kit` packs it, unpacked; packages are fetched once, to out/kit/wheels."""
    place = tmp_path_factory.mktemp("stick")
    subprocess.run([sys.executable, KIT.parent / "tools" / "kit.py", "--out", place], check=True)
    with zipfile.ZipFile(next(place.glob("baozhang-kit-*.zip"))) as archive:
        archive.extractall(place)
    return next(path for path in place.iterdir() if path.is_dir())
