"""How `format-v1-2026-11/` was made: python -m tests.vectors.make_2026_11 FOLDER.

The same format, with what its first vault does not have: delta manifests, a database in many
pieces, keys of two epochs, content that was sealed anew and is found through moves, a mark, an
escrow, a second master, names that are hard on other systems, and a folder with nothing in it.
"""

import hashlib
import json
import os
import random
import sqlite3
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from baozhang.keys.escrow import Share
from baozhang.keys.slots import Secret, encode_key_file, passphrase, recovery_code
from baozhang.vault.escrowing import make_escrow
from baozhang.vault.prune import mark, plan_prune
from baozhang.vault.reencryption import reencrypt
from baozhang.vault.retention import Rule
from baozhang.vault.rotation import rotate_client, rotate_master
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault, open_vault
from baozhang.vault.writer import Proving
from tests.vectors.make import AT, PROOF, TIME_NS, _later, _Maker, files, settle

FIRST = Secret("keyfile", hashlib.sha256(b"format 1, 2026-11, first master").digest())
KEY = Secret("keyfile", hashlib.sha256(b"format 1, 2026-11, key file").digest())
RECOVERY = Secret("recovery", hashlib.sha256(b"format 1, 2026-11, recovery").digest())
PASSPHRASE = "format 1, 2026-11: 口令"
HARD = (
    b"con",
    b"Nul.txt",
    b"a:b",
    b"a%3Ab",
    b"what?",
    b"back\\slash",
    b"trailing.",
    b"blank ",
    b"Case",
    b"case",
    "账套".encode("gbk"),
    "é".encode(),
    "e\u0301".encode(),
    b"_RESTORE_REPORT.txt",
)


def _hard(root: Path) -> None:
    """Write a database in pages, hard names, and folders with nothing in them."""
    files(root)
    with closing(sqlite3.connect(root / "books" / "pages.db")) as base, base:
        base.execute("CREATE TABLE line (id INTEGER PRIMARY KEY, account TEXT, cents INTEGER)")
        rng = random.Random(2)
        rows = ((f"{rng.randrange(10**6):06}", rng.randrange(10**9)) for _ in range(40_000))
        base.executemany("INSERT INTO line (account, cents) VALUES (?, ?)", rows)
    (root / "hard" / "empty" / "emptier").mkdir(parents=True)
    for name in HARD:
        with open(os.path.join(os.fsencode(root), b"hard", name), "wb") as file:
            file.write(b"named " + name)
    settle(root)


def _scatter(root: Path) -> None:
    """Change lines all over the database, and a little beside it."""
    with closing(sqlite3.connect(root / "books" / "pages.db")) as base, base:
        base.executemany(
            "UPDATE line SET cents = 0 WHERE id = ?", ((n,) for n in range(7, 40_000, 997))
        )
    with (root / "books" / "journal.csv").open("ab") as file:
        file.write(b"90001,2026-07,rent,2\n")


def _make(place: Path, root: Path) -> _Maker:
    """Make the vault's clients and snapshots."""
    store = new_store_at(str(place / "vault"))
    first = create_vault(store, [FIRST], at=AT)
    maker = _Maker(first, root)
    proving = Proving("made by hand 1", lambda: {"books/账套": PROOF})
    maker.back_up("c001", change=_hard, proving=proving)
    new = [KEY, RECOVERY, passphrase(PASSPHRASE)]
    rotate_master(first, new, at=AT)
    maker._vault = vault = open_vault(store, KEY)
    maker.back_up("c001", change=_later, proving=proving)
    maker.back_up("c001", proving=proving)
    maker.back_up("c001", change=_scatter, proving=proving)
    rotate_client(vault, "c001")
    maker.back_up("c001", change=lambda r: (r / "after.txt").write_bytes(b"under the second key"))
    reencrypt(vault.client("c001"), at=AT + timedelta(days=30), delete_old=True)
    forgotten = maker.snapshots[1]
    plan = plan_prune(
        vault, "c001", Rule(), now=AT + timedelta(days=31), forget=[str(forgotten["id"])]
    )
    mark(plan, now=AT + timedelta(days=31), approved_by=("owner", "auditor"), reason="a vector")
    forgotten["forgotten"] = True
    maker._root = root.parent / "nothing"
    maker._root.mkdir()
    os.utime(maker._root, ns=(TIME_NS, TIME_NS))
    maker.back_up("c002", "invoices")
    return maker


def main(place: Path) -> None:
    """Make the vault, its key and what it must give back, in a folder that is not there yet."""
    place.mkdir(parents=True)
    shares: list[Share] = []
    with TemporaryDirectory() as scratch:
        root = Path(scratch) / "tree"
        maker = _make(place, root)

    def keep(made: object) -> object:
        shares.extend(made)  # type: ignore[arg-type]
        return made

    make_escrow(maker._vault, keep, at=AT)  # type: ignore[arg-type]
    (place / "vault" / ".tmp").rmdir()
    (place / "key").write_bytes(encode_key_file(KEY))
    value = {
        "recovery_code": recovery_code(RECOVERY),
        "passphrase": PASSPHRASE,
        "shares": [share.words for share in shares],
        "snapshots": maker.snapshots,
        "trees": maker.trees,
    }
    (place / "expected.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
