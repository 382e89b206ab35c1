"""Attributes that cannot have changed since the last night are taken over; all others are asked."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.sources.base import Item
from baozhang.sources.folders import root_folder
from baozhang.sources.traits import packed
from baozhang.sources.tree import FrozenTree, TreeSource
from baozhang.sources.walk import Walk
from baozhang.vault.client import ClientVault
from baozhang.vault.commit import encode_commit
from baozhang.vault.names import hash_of
from baozhang.vault.sealing import Kind
from baozhang.vault.snapshot import Manifest, encode_full
from baozhang.vault.stores.base import ObjectName
from baozhang.vault.writer import back_up
from tests.sources.traits import ACCESS, for_reader
from tests.vault.conftest import AT, BackUp
from tests.vault.test_traits import rows


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


class Lying(FrozenTree):
    """A folder that tells of each file an attribute which it does not have."""

    def items(self) -> Iterator[Item]:
        for item in super().items():
            lie = packed({b"user.lie": b"1"}) if item.kind == "file" else item.traits
            yield item._replace(traits=lie)


@pytest.fixture
def lied(root: Path, side: ClientVault) -> Path:
    """A folder of which a first night told what is not so: who asks again, finds out."""
    for name in ("a", "b"):
        (root / name).write_bytes(b"1")
    back_up(side, Lying(Walk(root_folder(root))), set_name="main", at=AT - timedelta(days=1))
    return root


def test_what_stands_as_it_was_is_not_asked_for_its_attributes(
    lied: Path, back: BackUp, side: ClientVault
) -> None:
    assert back(lied).unchanged
    os.setxattr(lied / "a", "user.true", b"1")
    lie = {b"user.lie": b"1"}
    assert rows(side, back(lied)) == {b"a": {b"user.true": b"1"}, b"b": lie}


def test_a_forced_reread_asks_for_every_attribute(
    lied: Path, back: BackUp, side: ClientVault
) -> None:
    assert rows(side, back(lied, reread=True)) == {}


def test_what_changed_just_before_a_night_is_asked_in_the_next(
    root: Path, side: ClientVault
) -> None:
    """Another attribute may have come within the same time stamp."""
    (root / "f").write_bytes(b"1")
    at = datetime.fromtimestamp((root / "f").stat().st_ctime + 1, tz=UTC)
    back_up(side, Lying(Walk(root_folder(root))), set_name="main", at=at)
    with TreeSource(root).freeze() as frozen:
        assert rows(side, back_up(side, frozen, set_name="main", at=AT)) == {}


def test_after_a_night_of_a_release_that_asked_for_none_all_are_asked(
    lied: Path, side: ClientVault
) -> None:
    """Its manifest does not say that attributes were looked at."""
    (commit_name,) = side.commit_names("main")
    _, commit = side.commit(commit_name)
    manifest = side.stated(ObjectName(commit.manifest)).content
    assert isinstance(manifest, Manifest)
    assert manifest.looked
    manifest.looked = False
    sealed = side.seal(Kind.MANIFEST, encode_full(manifest))
    folder = side.set_pseudonym("main")
    name = side.space.manifest(folder, 1, sealed)
    side.store.put(name, sealed)
    sealed = side.seal(Kind.COMMIT, encode_commit(replace(commit, manifest=name)))
    side.store.delete(commit_name)
    side.store.put(side.space.commit(folder, 1, hash_of(sealed)), sealed)
    with TreeSource(lied).freeze() as frozen:
        assert rows(side, back_up(side, frozen, set_name="main", at=AT)) == {}


def test_night_after_night_every_new_attribute_and_list_is_found(
    root: Path, back: BackUp, side: ClientVault
) -> None:
    for number in range(30):
        (root / f"f{number:02}").write_bytes(b"1")
    back(root)
    for number in range(4):
        os.setxattr(root / f"f{7 * number:02}", ACCESS, for_reader())
        receipt = back(root)
        lists = {f"f{7 * night:02}".encode() for night in range(number + 1)}
        assert (set(rows(side, receipt)), receipt.unchanged) == (lists, False)
        assert back(root).unchanged
    assert side.manifest(receipt.snapshot).looked
