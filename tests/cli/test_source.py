"""`baozhang source`: where the books lie, whose a file is, and what nobody protects."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from baozhang.cli import _root
from baozhang.errors import UsageError
from tests.sources.test_share import GREEN, catalogue, write
from tests.windows.simulator import Computer

AGENCY = {
    "name": "样例代账",
    "people": {"li": {"name": "李", "email": "li@example.com", "roles": ["operator"]}},
    "vaults": {"main": {"url": "vault", "key": "env:KEY"}},
    "policies": {"daily": {}},
    "sets": {"main": {"policy": "daily", "vault": "main"}},
    "mail": {"sender": "b@example.com"},
    "inbox": {"path": "inbox", "within": "4d"},
    "share": {
        "path": "nas",
        "catalogue": "UFSystem.db",
        "account_sets": "kis",
        "rules": [
            {"client": "c0001", "set": "main", "folder": "绿源"},
            {"client": "c0002", "set": "main", "glob": "**/*.both"},
            {"set": "main", "folder": "扫描", "code_in": "path"},
        ],
    },
}
CLIENTS = {
    "c0001": [
        {"name": "t3", "kind": "inbox", "expected": ["t3-006"]},
        {"name": "files", "kind": "share"},
    ],
    "c0002": [{"name": "kis", "kind": "opaque", "path": "kis/a"}],
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    write(tmp_path, {"nas/绿源/f": "1", "kis/a/1.AIS": "", "kis/b/2.AIS": ""})
    (tmp_path / "inbox").mkdir()
    catalogue(
        tmp_path / "UFSystem.db",
        "CREATE TABLE UA_Account (cAcc_Id, cAcc_Name, cUnitTaxNo)",
        ("006", "绿源科技", GREEN),
        ("007", "红日商贸", ""),
    )
    (tmp_path / "agency.yaml").write_text(yaml.safe_dump(AGENCY, allow_unicode=True))
    (tmp_path / "clients").mkdir()
    for client, sources in CLIENTS.items():
        value: dict[str, object] = {"id": client, "name": "样例", "lead": "li"}
        value |= {"credit_code": GREEN} if client == "c0001" else {}
        value |= {"sets": {"main": {"sources": sources}}}
        path = tmp_path / "clients" / f"{client}.yaml"
        path.write_text(yaml.safe_dump(value, allow_unicode=True))
    return tmp_path


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(_root("source"), ["source", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def told(*words: str) -> dict[str, object]:
    return dict(json.loads(run(*words, "--json")[1]))


def test_every_source_is_listed_with_what_proves_it(home: Path) -> None:
    rows = told("list")["sources"]
    assert isinstance(rows, list)
    assert [(row["client"], row["source"], row["proven"]) for row in rows] == [
        ("c0001", "t3", False),
        ("c0001", "files", False),
        ("c0002", "kis", False),
    ]


def test_what_an_inbox_received_is_listed(home: Path) -> None:
    computer = Computer(home / "inbox", "c0001", "main", "t3-006")
    computer.delivers({"a": b"x"}, datetime(2026, 1, 5, 4, tzinfo=UTC))
    rows = told("list")["sources"]
    assert isinstance(rows, list)
    (arrival,) = rows[0]["arrivals"]
    assert (arrival["label"], arrival["state"]) == ("t3-006", "overdue")
    assert "overdue by" in run("list")[1].replace("\n", " ")


def test_an_inbox_that_is_not_there_is_a_row_and_not_the_end(home: Path) -> None:
    (home / "inbox").rmdir()
    code, text = run("list")
    assert code == 0
    assert "c0002" in text


def test_a_file_is_explained(home: Path) -> None:
    code, _ = run("explain", "绿源/f")
    found = told("explain", str(home / "nas" / "绿源" / "f"))
    assert (code, found["client"], found["set"], found["rule"]) == (0, "c0001", "main", 1)


def test_a_file_by_its_code_is_explained(home: Path) -> None:
    assert told("explain", f"扫描/{GREEN}.pdf")["client"] == "c0001"


def test_a_file_that_is_nobodys_is_a_problem(home: Path) -> None:
    code, text = run("explain", "其他/f")
    assert (code, "no rule" in text) == (1, True)


def test_a_file_that_is_two_clients_is_a_problem_and_names_the_other(home: Path) -> None:
    code, text = run("explain", "绿源/x.both")
    assert code == 1
    assert "rule 2 would give it to client c0002" in text


@pytest.mark.parametrize("path", ["/etc/passwd", "../inbox"])
def test_a_path_that_is_not_on_the_share_is_refused(home: Path, path: str) -> None:
    with pytest.raises(UsageError, match="not on the share"):
        run("explain", path)


def test_what_nobody_protects_is_listed_with_counts(home: Path) -> None:
    write(home, {f"nas/新/{number}": "12345" for number in range(25)})
    (home / "inbox" / "c0009" / "main").mkdir(parents=True)
    code, text = run("unclaimed")
    found = told("unclaimed")
    assert code == 1
    assert (found["files"], found["claimed"], found["unclaimed"]) == (26, 1, 25)
    assert len(list(found["first"])) == 20  # type: ignore[call-overload]
    assert found["account_sets"] == [
        {"product": "kis", "number": "b/2.AIS", "year": None, "client": None},
        {"product": "yonyou", "number": "007", "year": None, "client": None},
    ]
    assert found["inbox_folders"] == {"count": 1, "first": ["c0009"]}
    assert "红日" not in text


def test_where_everything_is_protected_the_answer_is_fine(home: Path) -> None:
    (home / "kis" / "b" / "2.AIS").unlink()
    catalogue(home / "other.db", "CREATE TABLE UA_Account (cAcc_Id)", ("006",))
    (home / "other.db").replace(home / "UFSystem.db")
    assert run("unclaimed")[0] == 0


def test_what_could_not_be_looked_at_is_a_problem_and_named(home: Path) -> None:
    (home / "kis" / "b" / "2.AIS").unlink()
    catalogue(home / "other.db", "CREATE TABLE UA_Account (cAcc_Id)", ("006",))
    (home / "other.db").replace(home / "UFSystem.db")
    os.mkfifo(home / "nas" / "pipe")
    code, text = run("unclaimed")
    assert code == 1
    assert "places that could not be looked at: 1\n    pipe" in text


def test_a_site_without_a_share_says_so(home: Path) -> None:
    without = {key: value for key, value in AGENCY.items() if key != "share"}
    (home / "agency.yaml").write_text(yaml.safe_dump(without, allow_unicode=True))
    (home / "clients" / "c0001.yaml").unlink()
    with pytest.raises(UsageError, match="no share"):
        run("explain", "f")
