"""Vaults of every release, restored by the product as it is now."""

import json
from pathlib import Path
from typing import Any

import pytest

from baozhang.keys.slots import decode_key_file
from baozhang.vault.reader import restore
from baozhang.vault.stores.choosing import store_at
from baozhang.vault.vault import Vault, open_vault
from baozhang.vault.verify import verify
from tests.vault.golden import described

HERE = Path(__file__).parent
VAULTS = sorted(path.parent.name for path in HERE.glob("*/expected.json"))
EXPECTED: dict[str, dict[str, Any]] = {
    name: json.loads((HERE / name / "expected.json").read_text()) for name in VAULTS
}
KEPT = [
    (name, one)
    for name in VAULTS
    for one in EXPECTED[name]["snapshots"]
    if not one.get("forgotten")
]


def opened(name: str) -> Vault:
    key = decode_key_file((HERE / name / "key").read_bytes())
    return open_vault(store_at(str(HERE / name / "vault")), key)


@pytest.mark.parametrize(
    ("name", "one"), KEPT, ids=lambda value: value if isinstance(value, str) else value["id"]
)
def test_the_product_restores_every_snapshot_of_every_release(
    tmp_path: Path, name: str, one: dict[str, Any]
) -> None:
    side = opened(name).client(one["client"])
    restore(side, side.find(one["id"], set_name=one["set"]), tmp_path / "out")
    tree = [
        [p, kind, mode & 0o1777, *r] for p, kind, mode, *r in EXPECTED[name]["trees"][one["tree"]]
    ]
    assert described(tmp_path / "out") == tree


@pytest.mark.parametrize("name", VAULTS)
def test_the_product_finds_nothing_wrong_with_them(name: str) -> None:
    assert verify(opened(name), every_byte=True).damaged == ()
