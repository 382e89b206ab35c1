"""The demo, as a newcomer runs it: everything it says it saw, it saw."""

import email
import email.policy
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from baozhang.cli.demo import MARK

BAOZHANG = Path(sys.executable).with_name("baozhang")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = subprocess.run(
        [BAOZHANG, "demo", "--to", str(folder)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "▶" in done.stderr
    return folder


@pytest.fixture(scope="module")
def summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "summary.json").read_text("utf-8"))  # type: ignore[no-any-return]


def test_four_clients_came_back_whole(summary: dict[str, Any]) -> None:
    assert summary["clients"] == 4
    assert summary["lines"] > 10_756
    assert summary["snapshots"] == 8  # one is tampered with, one mends it, two are of an incident
    assert (summary["restore_test"]["passed"], summary["restore_test"]["failed"]) == (4, 0)
    assert summary["restore_test"]["seconds"] > 0


def test_the_flipped_byte_was_found_with_object_backup_point_client_and_file(
    folder: Path, summary: dict[str, Any]
) -> None:
    flip = summary["bitflip"]
    assert flip["detected"] is True
    assert "/packs/" in flip["object"]
    assert (folder / "site" / "vault" / flip["object"]).is_file()
    assert flip["client"] == "c001"
    assert flip["snapshot"].startswith("main-000001-")
    assert (folder / "data" / "c001" / flip["file"].removeprefix("files/")).is_file()


def test_the_changed_amount_was_found_with_voucher_account_and_difference(
    summary: dict[str, Any],
) -> None:
    tamper = summary["tamper"]
    assert tamper["detected"] is True
    assert abs(tamper["difference_minor"]) == 1
    assert tamper["currency"] == "CNY"
    assert tamper["voucher"].startswith("记-")
    assert tamper["account"].isdigit()


def test_every_letter_is_there_and_the_last_restore_test_tells_of_the_changed_amount(
    folder: Path, summary: dict[str, Any]
) -> None:
    letters = [folder / name for name in summary["letter_files"]]
    assert len(letters) == summary["letters"]
    parsed = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in letters
    ]
    assert all("样例" in str(letter["subject"]) for letter in parsed)
    body = parsed[4].get_body(("plain",))
    assert body is not None
    assert summary["tamper"]["voucher"] in body.get_content()
    assert summary["tamper"]["account"] in body.get_content()


def test_the_lost_ledger_came_back_with_two_people_approving(summary: dict[str, Any]) -> None:
    recovery = summary["recovery"]
    assert recovery["restored"] is True
    assert recovery["approved_by"] == ["owner", "operator"]


def test_the_loss_is_told_in_vouchers_and_money(summary: dict[str, Any]) -> None:
    recovery = summary["recovery"]
    assert recovery["vouchers_lost"] == 1
    assert recovery["files_lost"] > 10
    assert recovery["amount_minor"] > 0


def test_the_time_it_took_is_measured_and_within_the_objective(summary: dict[str, Any]) -> None:
    recovery = summary["recovery"]
    assert 0 < recovery["seconds"] < recovery["seconds_allowed"]


def test_the_voucher_that_is_younger_than_the_backup_is_to_be_keyed_in(
    folder: Path, summary: dict[str, Any]
) -> None:
    assert summary["recovery"]["to_key"] == 1
    (letter,) = (folder / "reports").glob("rekey-list/*/*.txt")
    assert "样例" in letter.read_text("utf-8")


def test_the_recovery_s_letters_are_in_the_library(folder: Path) -> None:
    kinds = {path.name for path in (folder / "reports").iterdir() if path.is_dir()}
    assert kinds >= {"recovery", "recovery-legal", "one-page", "rekey-list", "stop-order"}


def test_the_library_holds_every_letter_and_the_month_s_three(
    folder: Path, summary: dict[str, Any]
) -> None:
    index = folder / summary["library"]
    assert index == folder / "reports" / "index.html"
    kinds = {path.name for path in index.parent.iterdir() if path.is_dir()}
    assert kinds >= {"night", "validation", "restore-test"}
    assert kinds >= {"monthly", "client-statement", "certificate"}
    (certificate,) = index.parent.glob("certificate/*/*.txt")
    assert "样例" in certificate.read_text("utf-8")
    assert certificate.with_suffix(".pdf").exists()


def test_the_damaged_object_was_taken_back_from_the_mirror(
    folder: Path, summary: dict[str, Any]
) -> None:
    name = summary["bitflip"]["object"]
    vault, mirror = (folder / "site" / place / name for place in ("vault", "mirror"))
    assert vault.read_bytes() == mirror.read_bytes()


@pytest.fixture(scope="module")
def lines(folder: Path, summary: dict[str, Any]) -> dict[str, str]:
    """How each item stands, as the command says."""
    words = [BAOZHANG, "audit", "lines", summary["audit"]["audit"], "--json"]
    home = os.environ | {"BAOZHANG_HOME": str(folder / "site")}
    done = subprocess.run(words, env=home, capture_output=True, text=True, check=True)
    return {each["item"]: each["status"] for each in json.loads(done.stdout)["lines"]}


PROVEN = ("A1.1", "A1.5", "A3.5", "A3.6", "B1.1", "B2.1", "B2.3", "B3.2", "B3.4", "B3.5")
"""Backed up in time, read back, restored and logged; the loss scoped, restored, proven, told."""


def test_what_the_demo_did_is_proven(lines: dict[str, str]) -> None:
    assert {item: lines[item] for item in PROVEN} == dict.fromkeys(PROVEN, "proven")


def test_that_nobody_could_be_woken_is_found(lines: dict[str, str]) -> None:
    assert lines["B1.2"] == "not evidenced"  # the demo has no mail server: nobody read the alert


def test_nothing_of_brand_market_or_charity_is_evidenced(lines: dict[str, str]) -> None:
    untouched = ("A15", "A18", "B15", "B19", "B20")
    found = {item: status for item, status in lines.items() if item.split(".")[0] in untouched}
    assert len(found) == 30
    assert set(found.values()) <= {"not evidenced"}


def test_the_audit_has_a_line_for_each_of_the_240_items(lines: dict[str, str]) -> None:
    assert sum(item[1] != "P" for item in lines) == 240


def test_its_pack_is_signed_and_holds_without_the_site(
    summary: dict[str, Any], folder: Path, tmp_path: Path
) -> None:
    shutil.copy(folder / summary["audit"]["pack"], tmp_path / "pack.zip")
    words = [BAOZHANG, "audit", "verify", "pack.zip"]
    away = {key: value for key, value in os.environ.items() if not key.startswith("BAOZHANG_")}
    done = subprocess.run(
        words, cwd=tmp_path, env=away, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_page_is_marked_as_a_sample(folder: Path, summary: dict[str, Any]) -> None:
    assert "样例" in (folder / summary["audit"]["page"]).read_text("utf-8")


def state(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Mode, time and content of every file below a folder, and mode and time of the folders."""
    return {
        str(path.relative_to(root)): (
            path.stat().st_mode,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in root.rglob("*")
    }


@pytest.mark.parametrize("client", ["c001", "c002", "c003", "c004"])
def test_every_client_restores_identical_with_catalog_site_and_server_gone(
    folder: Path, tmp_path: Path, client: str
) -> None:
    """Only a copy of the vault and the key are left."""
    shutil.copytree(folder / "site" / "vault", tmp_path / "vault")
    shutil.copy(folder / "site" / "keys" / "main.key", tmp_path / "key")
    words = ["--key-file", tmp_path / "key", "--client", client, "--snapshot", "main-000001"]
    done = subprocess.run(
        [BAOZHANG, "vault", "restore", tmp_path / "vault", *words, "--to", tmp_path / "out"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "BAOZHANG_HOME"},
    )
    assert done.returncode == 0, done.stderr
    source, out = folder / "data" / client, tmp_path / "out"
    if (out / "files").is_dir():
        assert state(out / "files") == state(source)
    else:
        books = {name: kept for name, kept in state(source).items() if name.startswith("账套/")}
        assert {f"账套/{name}": kept for name, kept in state(out / "books").items()} == books
        assert state(out / "papers") == {
            name: kept
            for name, kept in state(source).items()
            if name not in books and name != "账套"
        }


def test_a_folder_that_is_no_demo_s_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    done = subprocess.run(
        [BAOZHANG, "demo", "--to", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    assert not (tmp_path / MARK).exists()
