"""A small real site in a temporary folder, and the command line run against it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.cli import main

AGENCY = """\
name: 示例代理记账有限公司
credit_code: 91330100799655058B
people:
  zhang: {name: 张三, email: zhang@example.cn, roles: [operator, accountant]}
  li: {name: 李四, email: li@example.cn, roles: [accountant], language: en}
vaults:
  main: {url: vault, key: "file:keys/main.key"}
policies:
  daily: {}
sets:
  main: {policy: daily, vault: main}
mail: {sender: zhang@example.cn}
"""

CLIENT = """\
id: c001
name: 甲商贸有限公司
lead: zhang
reviewer: li
sets:
  main:
    sources:
      - {name: books, kind: tree, path: books/c001, profile: fec}
"""

Ran = tuple[int, str, str]
Run = Callable[..., Ran]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A sound site with one client; no vault yet."""
    home = tmp_path / "site"
    (home / "clients").mkdir(parents=True)
    (home / "agency.yaml").write_text(AGENCY, "utf-8")
    (home / "clients" / "c001.yaml").write_text(CLIENT, "utf-8")
    (home / "books" / "c001").mkdir(parents=True)
    monkeypatch.setenv("BAOZHANG_HOME", str(home))
    return home


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line in this process: exit code, output, errors."""
    monkeypatch.setenv("BAOZHANG_LANG", "en")

    def ran(*words: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["baozhang", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    return ran
