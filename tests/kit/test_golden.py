"""Every golden vault comes back byte for byte, with each of its secrets."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kit.running import REPORT, VECTORS, kit, report_of
from tests.vault.golden import described

VAULTS = sorted(path.parent.name for path in VECTORS.glob("*/expected.json"))
EXPECTED: dict[str, dict[str, Any]] = {
    name: json.loads((VECTORS / name / "expected.json").read_text()) for name in VAULTS
}
SNAPSHOTS = [(name, one) for name in VAULTS for one in EXPECTED[name]["snapshots"]]


def tree_of(name: str, number: int) -> list[list[object]]:
    tree: list[list[Any]] = EXPECTED[name]["trees"][number]
    return [[path, kind, mode & 0o1777, *rest] for path, kind, mode, *rest in tree]


def restored(folder: Path) -> list[list[object]]:
    """Describe a restored folder without its report, which no source had."""
    return [row for row in described(folder) if row[0] != REPORT.encode().hex()]


def at(name: str) -> tuple[object, ...]:
    return ("--vault", VECTORS / name / "vault", "--key-file", VECTORS / name / "key")


@pytest.mark.parametrize(
    ("name", "one"), SNAPSHOTS, ids=lambda v: v if isinstance(v, str) else v["id"]
)
def test_it_restores_every_snapshot_of_every_golden_vault(
    tmp_path: Path, name: str, one: dict[str, Any]
) -> None:
    words = ("restore", one["client"], "--set", one["set"], "--snapshot", one["id"])
    done = kit(*words, "--to", tmp_path / "out", *at(name))
    assert (done.returncode, done.stderr) == (0, "")
    assert restored(tmp_path / "out") == tree_of(name, one["tree"])


@pytest.mark.parametrize("name", VAULTS)
def test_without_a_client_it_restores_the_latest_of_every_set_of_every_client(
    tmp_path: Path, name: str
) -> None:
    done = kit("restore", "--to", tmp_path / "out", *at(name))
    assert done.returncode == 0, done.stdout
    latest = {(one["client"], one["set"]): one for one in EXPECTED[name]["snapshots"]}
    for (client, set_name), one in latest.items():
        assert restored(tmp_path / "out" / client / set_name) == tree_of(name, one["tree"])


@pytest.mark.parametrize("name", VAULTS)
def test_it_lists_every_snapshot(name: str) -> None:
    text = kit("list", *at(name)).stdout
    assert [one["id"] for one in EXPECTED[name]["snapshots"] if one["id"] not in text] == []


@pytest.mark.parametrize("name", VAULTS)
def test_it_finds_nothing_wrong_with_a_golden_vault(name: str) -> None:
    done = kit("verify", *at(name))
    assert (done.returncode, "damaged" in done.stdout) == (0, False)


@pytest.mark.parametrize("name", VAULTS)
def test_a_passphrase_that_is_typed_opens_a_vault(name: str) -> None:
    typed = EXPECTED[name]["passphrase"] + "\n"
    vault = VECTORS / name / "vault"
    assert kit("list", "--vault", vault, "--passphrase", typed=typed).returncode == 0


@pytest.mark.parametrize("name", VAULTS)
def test_a_recovery_code_that_is_typed_badly_spaced_opens_a_vault(name: str) -> None:
    typed = EXPECTED[name]["recovery_code"].lower().replace("-", " ") + "\n"
    vault = VECTORS / name / "vault"
    assert kit("list", "--vault", vault, "--recovery-code", typed=typed).returncode == 0


def test_two_of_three_shares_open_a_vault(tmp_path: Path) -> None:
    name = "format-v1-2026-11"
    for number, words in enumerate(EXPECTED[name]["shares"]):
        (tmp_path / f"{number}").write_text(words)
    shares = ("--share", tmp_path / "2", "--share", tmp_path / "0")
    assert kit("verify", "--vault", VECTORS / name / "vault", *shares).returncode == 0


def test_a_forgotten_snapshot_is_shown_as_such(tmp_path: Path) -> None:
    text = kit("list", "c001", *at("format-v1-2026-11")).stdout
    assert [line.split()[0] for line in text.splitlines() if "已放弃 forgotten" in line] == [
        one["id"] for one in EXPECTED["format-v1-2026-11"]["snapshots"] if one.get("forgotten")
    ]


def test_one_file_can_be_asked_for(tmp_path: Path) -> None:
    words = ("restore", "c001", "--path", "books/journal.csv", "--to", tmp_path / "out")
    assert kit(*words, *at("format-v1")).returncode == 0
    found = [path.relative_to(tmp_path / "out") for path in (tmp_path / "out").rglob("*")]
    assert sorted(map(str, found)) == [REPORT, "books", "books/journal.csv"]


def test_the_report_says_in_both_languages_that_all_is_there(tmp_path: Path) -> None:
    kit("restore", "c001", "--to", tmp_path / "out", *at("format-v1"))
    assert "完整 complete" in report_of(tmp_path / "out")
