"""Which peers are measured, and what they are told."""

import os
from pathlib import Path

import pytest

from benchmarks.running import run
from benchmarks.systems import Baozhang, Borg, Place, System, present_peers

PEERS = present_peers()[0]


def a_program(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)
    return path


def test_a_peer_of_ours_is_taken_before_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_program(tmp_path / "path", "borg", "borg 1.2")
    a_program(tmp_path / "peers", "borg", "borg 1.4")
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:{os.environ['PATH']}")
    assert present_peers(tmp_path / "peers")[0][0].version() == "borg 1.4"


def test_without_a_peer_of_ours_the_one_on_the_path_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_program(tmp_path / "path", "restic", "restic 0.1")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    peers, missing = present_peers(tmp_path / "none")
    assert [peer.name for peer in peers] == ["restic"]
    assert missing == ("borg",)


def test_a_version_says_where_the_program_is_from(tmp_path: Path) -> None:
    borg = a_program(tmp_path, "borg", "borg 1.4")
    (tmp_path / "borg.origin").write_text("built from source\n")
    assert Borg(str(borg)).version() == "borg 1.4 (built from source)"


def test_borg_is_measured_as_it_is_and_tuned(tmp_path: Path) -> None:
    a_program(tmp_path, "borg", "borg 1.4")
    tuned = {peer.name: peer.tuned for peer in present_peers(tmp_path)[0]}
    assert (tuned["borg zstd,3"], tuned["borg zstd,3 tuned"]) == (False, True)


def test_the_tuned_borg_cuts_small_chunks() -> None:
    place = Place(Path("/s"), Path("/r"), Path("/h"))
    tuned = Borg(chunker=("--chunker-params", "buzhash,14,18,16,4095"))
    assert "buzhash,14,18,16,4095" in tuned.backup(place, "0").words


@pytest.mark.parametrize("system", [Baozhang(), *PEERS], ids=lambda system: system.name)
def test_what_each_backs_up_it_restores_and_verifies(tmp_path: Path, system: System) -> None:
    place = Place(tmp_path / "source", tmp_path / "repo", tmp_path / "home")
    target = tmp_path / "target"
    for folder in (place.source, place.home, target):
        folder.mkdir()
    (place.source / "file").write_text("of the second day")
    steps = (
        system.create(place),
        system.backup(place, "0"),
        system.backup(place, "2"),
        system.restore(place, "2", target),
        system.verify(place),
    )
    for step in steps:
        run(step, system.environment(place), tmp_path / "log")
    assert (target / "file").read_text() == "of the second day"
