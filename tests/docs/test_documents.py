"""The documents say what is so: links lead somewhere, commands exist, both READMEs agree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from baozhang.cli import MODULES
from baozhang.settings.model import AgencyFile

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"^baozhang ([a-z-]+)(?: ([a-z][a-z-]*))?", re.MULTILINE)
TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
BAOZHANG = Path(sys.executable).with_name("baozhang")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = [
        target
        for target in LINK.findall(page.read_text("utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_every_make_target_in_the_readme_exists(readme: str) -> None:
    targets = set(TARGET.findall((ROOT / "Makefile").read_text("utf-8")))
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / readme).read_text("utf-8")))
    assert named
    assert named <= targets


def test_both_readmes_show_the_same_commands() -> None:
    english, chinese = (
        COMMAND.findall((ROOT / name).read_text("utf-8"))
        for name in ("README.md", "README.zh-CN.md")
    )
    assert english
    assert english == chinese


def test_every_command_in_the_readme_exists_and_has_help() -> None:
    for noun, verb in sorted(set(COMMAND.findall((ROOT / "README.md").read_text("utf-8")))):
        assert noun in MODULES
        words = [noun, verb] if noun in {"vault", "client", "config"} else [noun]
        done = subprocess.run(
            [BAOZHANG, *words, "--help"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (words, done.stderr)
        assert "Usage: baozhang" in done.stdout


def test_no_file_names_an_index_or_a_folder_of_a_machine() -> None:
    """Checked over what git tracks, so that a newcomer's clone holds none."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    forbidden = ("files.python" + "hosted.org", "pypi" + ".org", "/" + "work/", "index" + "-url")
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".yaml", ".sh", ".lock", ".po"} and path.exists():
            text = path.read_text("utf-8")
            assert not [word for word in forbidden if word in text], name


def test_the_example_site_file_is_valid() -> None:
    assert AgencyFile.model_validate(yaml.safe_load((ROOT / "agency.example.yaml").read_text()))
