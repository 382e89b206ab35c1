"""Everything is gone but one mirror, two of three shares and the stick; all books come back.

The worst day, as it is prepared for and as it is lived through: the product prepares it and is then
deleted along with the vault, its keys and its sources; the stick alone restores, with a Python that
has neither the product nor its packages.
"""

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.running import run
from tests.kit.conftest import facts_without_report
from tests.kit.running import report_of
from tests.vault.test_round_trip import facts

CLIENTS = ("c001", "c002", "c003")
SETS = {"main": "books", "invoices": "invoices"}
"""Each set and the folder that it protects."""


def grow(root: Path, client: str, day: int) -> None:
    """Let a day pass for a client: a longer journal, scattered pages, new invoices."""
    rng = random.Random(f"{client} {day}")
    books, invoices = root / client / "books", root / client / "invoices"
    if day == 0:
        (books / "closed").mkdir(parents=True)
        invoices.mkdir()
        (books / "ledger.db").write_bytes(b"SQLite format 3\0" + rng.randbytes(2_000_000))
        (books / "凭证 记-12.txt").write_text("借:管理费用 100.00\n贷:银行存款 100.00\n")
        (books / "closed" / "2025.csv").write_bytes(b"closed\n" * 9_000)
        (books / "current").symlink_to("journal.csv")
        (books / "empty").touch()
    with (books / "journal.csv").open("a") as file:
        file.writelines(f"{day},{n},{client},{rng.randrange(10**6)}\n" for n in range(30_000))
    with (books / "ledger.db").open("r+b") as file:
        for _ in range(20):
            file.seek(rng.randrange(480) * 4096)
            file.write(rng.randbytes(4096))
    for number in range(3):
        (invoices / f"{day}-{number}.pdf").write_bytes(b"%PDF" + rng.randbytes(20_000))


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory, stick: Path) -> Path:
    """Prepare, lose everything, and return the one folder with what is left."""
    office, left = tmp_path_factory.mktemp("office"), tmp_path_factory.mktemp("left")
    vault, key = office / "vault", ("--key-file", office / "key")
    assert run("vault", "init", vault, *key).code == 0
    for day in range(3):
        for client in CLIENTS:
            grow(office, client, day)
            for set_name, folder in SETS.items():
                what = (vault, office / client / folder, "--client", client, "--set", set_name)
                assert run("vault", "backup", *what, *key).code == 0
    assert run("vault", "escrow", "make", vault, "--to", office / "shares", *key).code == 0
    assert run("vault", "mirror", vault, "--to", left / "mirror", *key).code == 0
    shares = sorted((office / "shares").glob("*.txt"))
    for number, share in ((1, shares[0]), (3, shares[2])):
        shutil.copy(share, left / f"share-{number}.txt")
    shutil.copytree(stick, left / "stick", ignore=shutil.ignore_patterns("__pycache__"))
    (left / "remembered").mkdir()  # by an oracle; the kit never sees it
    for client in CLIENTS:
        shutil.move(office / client, left / "remembered" / client)
    shutil.rmtree(office)
    return left


def on_the_stick(left: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """Run the kit as the instructions say, with a bare Python."""
    bare = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    shares = ("--share", left / "share-1.txt", "--share", left / "share-3.txt")
    command = ["sh", left / "stick" / "restore.sh", *words, "--vault", left / "mirror", *shares]
    return subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHON": str(bare), "PYTHONNOUSERSITE": "1"},
        cwd=left,
    )


@pytest.fixture(scope="module")
def back(left: Path) -> Path:
    """Restore everything to an empty folder."""
    done = on_the_stick(left, "restore", "--to", left / "back")
    assert (done.returncode, done.stderr) == (0, "")
    return left / "back"


def test_nothing_else_is_left(left: Path) -> None:
    names = {"mirror", "share-1.txt", "share-3.txt", "stick", "remembered"}
    assert {path.name for path in left.iterdir()} - {"back"} == names


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("set_name", SETS)
def test_every_set_of_every_client_comes_back_byte_for_byte(
    left: Path, back: Path, client: str, set_name: str
) -> None:
    remembered = left / "remembered" / client / SETS[set_name]
    assert facts_without_report(back / client / set_name) == facts(remembered)


def test_every_report_says_that_all_is_there(back: Path) -> None:
    reports = [report_of(path.parent) for path in back.rglob("_RESTORE_REPORT.txt")]
    assert len(reports) == len(CLIENTS) * len(SETS)
    assert all("结果 result: 完整 complete" in report for report in reports)


def test_every_snapshot_is_there(left: Path, back: Path) -> None:
    listed = on_the_stick(left, "list").stdout
    assert listed.count(" main-") == listed.count(" invoices-") == 3 * len(CLIENTS)


def test_the_bare_python_has_neither_the_product_nor_its_packages(left: Path) -> None:
    bare = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    for name in ("baozhang", "blake3", "shamir_mnemonic"):
        tried = subprocess.run(
            [bare, "-I", "-c", f"import {name}"], check=False, capture_output=True
        )
        assert tried.returncode == 1
