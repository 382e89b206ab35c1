"""The walk: the order of path bytes, any names, and no trust where a mount earns none."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.sources.folders import root_folder
from baozhang.sources.walk import Walk

SIGNS = st.sampled_from([b"a", b"-", b".", b"0", b"\n", b"\xff", b"~"])
NAMES = st.lists(SIGNS, min_size=1).map(b"".join).filter(lambda name: name not in {b".", b".."})
PATHS = st.lists(st.lists(NAMES, min_size=1, max_size=3).map(b"/".join), max_size=12)


@given(paths=PATHS)
@settings(max_examples=60, deadline=None)
def test_whatever_the_names_every_path_comes_once_and_in_order(paths: list[bytes]) -> None:
    expected = {b""}
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            (Path(folder) / os.fsdecode(path)).mkdir(parents=True, exist_ok=True)
            names = path.split(b"/")
            expected |= {b"/".join(names[:depth]) for depth in range(len(names) + 1)}
        found = [item.path for item in Walk(root_folder(folder)).items()]
    assert found == sorted(expected)


def untrusting(folder: Path) -> Walk:
    return Walk(root_folder(folder), untrusted=frozenset({folder.stat().st_dev}))


def test_where_a_mount_earns_no_trust_only_size_and_time_are_told(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert {item.change for item in untrusting(tmp_path).items()} == {(0, 0)}


def test_a_file_on_such_a_mount_stands_still_whatever_its_inode(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    os.utime(tmp_path / "f", ns=(9, 9))
    walk = untrusting(tmp_path)
    before = walk.find(b"f")
    (tmp_path / "f").rename(tmp_path / "g")
    (tmp_path / "f").write_bytes(b"x")
    os.utime(tmp_path / "f", ns=(9, 9))
    after = walk.find(b"f")
    assert before is not None
    assert after is not None
    assert after.same_state(before)
