"""`baozhang register` on a real site."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from baozhang.cli import register as command
from baozhang.errors import UsageError
from baozhang.registers import Register, Row
from tasks import registers
from tests.flows.site import make_site


class Vendor(Row):
    party: str
    score: int
    since: str = ""


VENDORS = Register("vendors-of-a-test", Vendor, "register")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_site(tmp_path / "site")
    monkeypatch.setenv("BAOZHANG_HOME", str(made))
    known = {**registers.REGISTERS, VENDORS.name: VENDORS}
    for module in ("tasks.registers", "baozhang.cli.register_work"):
        monkeypatch.setattr(f"{module}.REGISTERS", known)
    return made


def run(*words: str) -> dict[str, object]:
    """Run the command; return its JSON."""
    root = typer.Typer()
    root.callback()(lambda: None)
    command.register(root)
    done = CliRunner().invoke(root, ["register", *words, "--json"], catch_exceptions=False)
    value = json.loads(done.output)
    assert isinstance(value, dict)
    return {**value, "exit": done.exit_code}


def put(row: str, *cells: str) -> dict[str, object]:
    return run("put", VENDORS.name, row, *cells, "--by", "wang")


def rows() -> object:
    return run("list", VENDORS.name)["rows"]


@pytest.mark.usefixtures("home")
def test_a_row_is_entered_changed_and_ended_with_its_history() -> None:
    put("v-1", "party=甲=乙", "score=3")
    put("v-1", "score=4")
    assert rows() == [{"id": "v-1", "party": "甲=乙", "score": 4}]
    run("end", VENDORS.name, "v-1", "--by", "zhang")
    versions = run("history", VENDORS.name)["versions"]
    assert isinstance(versions, list)
    assert [(each["what"], each["by"], each["changed"]) for each in versions] == [
        ("put", "wang", {"party": ["", "甲=乙"], "score": ["", 3]}),
        ("put", "wang", {"score": [3, 4]}),
        ("ended", "zhang", {}),
    ]


@pytest.mark.usefixtures("home")
def test_an_empty_value_takes_a_cell_away() -> None:
    put("v-1", "party=a", "score=3", "since=2026")
    put("v-1", "since=")
    assert rows() == [{"id": "v-1", "party": "a", "score": 3}]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("cell", ["score=many", "colour=red", "score", "party="])
def test_a_wrong_cell_is_refused_and_nothing_changes(cell: str) -> None:
    put("v-1", "party=a", "score=3")
    with pytest.raises(UsageError):
        put("v-1", cell)
    assert rows() == [{"id": "v-1", "party": "a", "score": 3}]


@pytest.mark.usefixtures("home")
def test_only_somebody_of_the_agency_enters_rows() -> None:
    with pytest.raises(UsageError):
        run("put", VENDORS.name, "v-1", "party=a", "score=3", "--by", "nobody")
    assert rows() == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", ["signatures", "site"])
def test_what_the_product_keeps_is_not_entered_by_hand(name: str) -> None:
    with pytest.raises(UsageError):
        run("put", name, "s-1", "sample=no", "--by", "wang")


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_changed_and_imported_is_a_new_version(
    tmp_path: Path, ending: str
) -> None:
    put("v-1", "party=甲", "score=3")
    put("v-2", "party==乙", "score=5")
    file = tmp_path / f"v.{ending}"
    run("export", VENDORS.name, "--to", str(file))
    assert run("import", VENDORS.name, str(file), "--by", "wang")["changed"] == []
    put("v-1", "score=1")
    assert run("import", VENDORS.name, str(file), "--by", "wang", "--dry-run")["changed"] == ["v-1"]
    assert rows() == [
        {"id": "v-1", "party": "甲", "score": 1},
        {"id": "v-2", "party": "=乙", "score": 5},
    ]
    run("import", VENDORS.name, str(file), "--by", "wang")
    assert rows() == [
        {"id": "v-1", "party": "甲", "score": 3},
        {"id": "v-2", "party": "=乙", "score": 5},
    ]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    "text",
    [
        "party,score\na,1\n",
        "id,party,score\nv-1,a,1\nv-2,b,x\n",
        "id,party\nv-1,a\n",
        "id,party,score\nv-1,a,1\nv-1,b,2\n",
        "id,party,score,colour\nv-1,a,1,red\n",
    ],
)
def test_one_wrong_row_of_a_file_and_none_is_entered(tmp_path: Path, text: str) -> None:
    (tmp_path / "v.csv").write_text(text, "utf-8")
    with pytest.raises(UsageError):
        run("import", VENDORS.name, str(tmp_path / "v.csv"), "--by", "wang")
    assert rows() == []


@pytest.mark.usefixtures("home")
def test_the_whole_history_can_be_exported(tmp_path: Path) -> None:
    put("v-1", "party=a", "score=3")
    put("v-1", "score=4")
    run("export", VENDORS.name, "--to", str(tmp_path / "v.csv"), "--history")
    lines = (tmp_path / "v.csv").read_text("utf-8-sig").splitlines()
    assert lines[0] == "id,version,what,by,at,party,score,since"
    assert [line.split(",")[:4] for line in lines[1:]] == [
        ["v-1", "1", "put", "wang"],
        ["v-1", "2", "put", "wang"],
    ]


@pytest.mark.usefixtures("home")
def test_how_it_stood_on_a_day_can_be_asked() -> None:
    put("v-1", "party=a", "score=3")
    assert run("list", VENDORS.name, "--at", "2026-01-01")["rows"] == []
    with pytest.raises(UsageError):
        run("list", VENDORS.name, "--at", "yesterday")


@pytest.mark.usefixtures("home")
def test_columns_say_what_they_take() -> None:
    assert run("columns", VENDORS.name)["columns"] == [
        {"column": "party", "takes": "any text", "needed": True},
        {"column": "score", "takes": "a whole number", "needed": True},
        {"column": "since", "takes": "any text", "needed": False},
    ]


def test_registers_that_fit_end_with_0_and_others_with_1(home: Path) -> None:
    put("v-1", "party=a", "score=3")
    assert run("verify")["exit"] == 0
    (home / "state" / "catalog.db").unlink()
    assert run("verify")["exit"] == 1
