"""One backup of a PostgreSQL database, in a process of its own; prints one JSON object.

    echo PASSWORD | python -m benchmarks.storing SOCKET_FOLDER PORT DATABASE WORK NIGHT

WORK/vault is made on night 0.  The clock starts when all is imported, so a figure is of the work.
"""

import json
import resource
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

from baozhang.books.proving import prove_books, recipe
from baozhang.keys.slots import decode_key_file, encode_key_file, new_secret
from baozhang.sources.base import Frozen
from baozhang.sources.postgres import PostgresSource
from baozhang.sources.servers import Server
from baozhang.vault.client import ClientVault
from baozhang.vault.stores.choosing import new_store_at, store_at
from baozhang.vault.vault import create_vault, open_vault
from baozhang.vault.writer import Proving, back_up

PROFILE = "yonyou_t3"
FIRST = datetime(2026, 7, 31, 14, tzinfo=UTC)


def the_side(work: Path, night: int) -> ClientVault:
    """Return the client's part of the vault, which is made on the first night."""
    place, key = str(work / "vault"), work / "key"
    if night:
        secret = decode_key_file(key.read_bytes())
        return open_vault(store_at(place), secret).client("bench")
    secret = new_secret("keyfile")
    key.write_bytes(encode_key_file(secret))
    return create_vault(new_store_at(place), [secret], at=FIRST).client("bench", create=True)


class Proofs:
    """Takes the proofs of what is frozen, and remembers how long that took."""

    def __init__(self, frozen: Frozen) -> None:
        self._frozen = frozen
        self.seconds = 0.0

    def take(self) -> Mapping[str, bytes]:
        """Take them."""
        began = perf_counter()
        proofs = prove_books(self._frozen.ledgers())
        self.seconds = perf_counter() - began
        return proofs


def main() -> None:
    """Back up what the command line names, and print what it took."""
    folder, port, database, place, number = sys.argv[1:]
    work, night = Path(place), int(number)
    password = sys.stdin.readline().rstrip("\n")
    source = PostgresSource(
        Server("postgres", port=int(port), socket=Path(folder)),
        database,
        profile=PROFILE,
        scratch=work / "scratch",
        password=lambda: password,
    )
    side = the_side(work, night)
    at, began = FIRST + timedelta(days=night), perf_counter()
    with source.freeze() as frozen:
        proofs = Proofs(frozen)
        receipt = back_up(
            side,
            frozen,
            set_name="main",
            at=at,
            proving=Proving(recipe([PROFILE]), proofs.take),
            cache=work / "cache",
        )
    value = {
        "wall": perf_counter() - began,
        "proof": proofs.seconds,
        "read": receipt.bytes_read,
        "added": receipt.bytes_added,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }
    print(json.dumps(value))


if __name__ == "__main__":
    main()
