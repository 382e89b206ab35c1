"""The kit on a USB stick: it carries all it needs, and runs where there is no network."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.conftest import Place, facts_without_report
from tests.vault.test_round_trip import facts

pytestmark = pytest.mark.slow
"""Fetching the packages takes a while the first time; later they lie in out/kit/wheels."""

OFFLINE = {"PATH": os.environ["PATH"], "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}


def test_its_wheels_install_without_a_network_and_restore_a_vault(
    stick: Path, made: Place, tmp_path: Path
) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    wheels = stick / "wheels" / "linux_x86_64"
    words = ["--no-index", "--find-links", wheels, "--require-hashes"]
    install = [python, "-m", "pip", "install", "--quiet", *words]
    subprocess.run([*install, "-r", stick / "requirements.txt"], check=True, env=OFFLINE)
    words = ["restore", "c001", *map(str, made.options), "--to", tmp_path / "out"]
    subprocess.run([python, "-I", stick / "restore_kit.py", *words], check=True, env=OFFLINE)
    assert facts_without_report(tmp_path / "out") == facts(made.source("c001"))


def test_nothing_need_be_installed_at_all(stick: Path, made: Place, tmp_path: Path) -> None:
    base = Path(sys.base_prefix) / "bin" / f"python3.{sys.version_info.minor}"
    words = ["restore", "c002", *map(str, made.options), "--to", tmp_path / "out"]
    env = {"PATH": os.environ["PATH"], "PYTHON": str(base), "PYTHONNOUSERSITE": "1"}
    subprocess.run(["sh", stick / "restore.sh", *words], check=True, env=env)
    assert facts_without_report(tmp_path / "out") == facts(made.source("c002"))


def test_every_file_has_the_hash_that_the_list_says(stick: Path) -> None:
    listed = dict(reversed(line.split("  ", 1)) for line in (stick / "SHA256SUMS").open())
    found = {
        path.relative_to(stick).as_posix() + "\n": hashlib.sha256(path.read_bytes()).hexdigest()
        for path in stick.rglob("*")
        if path.is_file() and path.name != "SHA256SUMS" and path.suffix != ".pyc"
    }
    assert found == listed


@pytest.mark.parametrize("platform", ["linux_x86_64", "win_amd64"])
@pytest.mark.parametrize("name", ["blake3", "cryptography", "zstandard", "cffi", "pycparser"])
def test_it_holds_each_package_for_each_system(stick: Path, platform: str, name: str) -> None:
    assert len(list((stick / "wheels" / platform).glob(f"{name}-*.whl"))) == 1
    assert (stick / "packages" / platform / name).is_dir()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_instructions_open_in_notepad(stick: Path, language: str) -> None:
    data = (stick / f"READ-ME-FIRST.{language}.txt").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_its_instructions_quote_messages_and_options_as_the_kit_has_them(
    stick: Path, language: str
) -> None:
    text = (stick / f"READ-ME-FIRST.{language}.txt").read_text(encoding="utf-8-sig")
    kit = (stick / "restore_kit.py").read_text() + (stick / "slip39.py").read_text()
    quoted = ["no key slot opens with this", "mistyped", "a word is wrong", "it is not empty"]
    quoted += ["the newest is damaged", "a newer restore kit is needed", "_RESTORE_REPORT.txt"]
    quoted += ["--passphrase", "--recovery-code", "--share", "--snapshot", "--path", "--to"]
    assert [words for words in quoted if words not in text or words not in kit] == []
