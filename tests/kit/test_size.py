"""A file of any size passes through the kit in pieces."""

import random
import subprocess
import sys
from pathlib import Path

from baozhang.keys.slots import encode_key_file, new_secret
from baozhang.sources.tree import TreeSource
from baozhang.vault.stores.choosing import new_store_at
from baozhang.vault.vault import create_vault
from baozhang.vault.writer import back_up
from tests.kit.conftest import AT
from tests.kit.running import KIT

MIB = 2**20
FILE = 300 * MIB
LIMIT = 130 * MIB
"""Python and the packages take some 30 MiB; twelve segments of up to 4 MiB are kept at hand."""

PEAK = """
import re, runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name="__main__")
except SystemExit as end:
    assert not end.code, end.code
print(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
"""


def test_a_large_file_is_restored_in_little_memory(tmp_path: Path) -> None:
    rng = random.Random(5)
    (tmp_path / "source").mkdir()
    with (tmp_path / "source" / "large.mdf").open("wb") as file:
        for _ in range(FILE // (4 * MIB)):
            file.write(rng.randbytes(4 * MIB))
    secret = new_secret("keyfile")
    (tmp_path / "key").write_bytes(encode_key_file(secret))
    vault = create_vault(new_store_at(str(tmp_path / "vault")), [secret], at=AT)
    with TreeSource(tmp_path / "source").freeze() as frozen:
        back_up(vault.client("c001", create=True), frozen, set_name="main", at=AT)
    words = ["restore", "c001", "--vault", tmp_path / "vault", "--key-file", tmp_path / "key"]
    command = [sys.executable, "-I", "-c", PEAK, KIT / "restore_kit.py", *words]
    done = subprocess.run(
        [*map(str, command), "--to", str(tmp_path / "out")], capture_output=True, check=True
    )
    assert int(done.stdout.split()[-1]) * 1024 < LIMIT
    assert (tmp_path / "out" / "large.mdf").stat().st_size == FILE
