"""A client list makes many clients, or none."""

import json
from pathlib import Path

import pytest

from baozhang.errors import UnreachableError, UsageError
from baozhang.settings import load_agency
from baozhang.settings.importing import HEADERS, import_clients
from tests.site.conftest import Run

CHINESE = ",".join(HEADERS.values())
ENGLISH = ",".join(HEADERS)
ROWS = (
    "c101,乙商贸有限公司,9144030071526726XG,小企业会计准则,张三,李四,,books/c101,cn_csv\n"
    'c102,"丙,丁合伙企业",,企业会计准则,li,zhang,zhang,/srv/c102.db,yonyou_t3\n'
)


@pytest.fixture
def sheet(home: Path) -> Path:
    path = home.parent / "clients.csv"
    path.write_text(f"{CHINESE}\n{ROWS}", "utf-8")
    return path


def refused(home: Path, sheet: Path) -> str:
    """Return why the list is refused, after making sure that nothing was written."""
    with pytest.raises(UsageError) as caught:
        import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    assert [path.name for path in (home / "clients").iterdir()] == ["c001.yaml"]
    return str(caught.value)


def spoilt(home: Path, sheet: Path, old: str, new: str) -> str:
    text = sheet.read_text("utf-8")
    assert old in text
    sheet.write_text(text.replace(old, new), "utf-8")
    return refused(home, sheet)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("headers", [CHINESE, ENGLISH])
def test_each_row_becomes_a_client(home: Path, sheet: Path, encoding: str, headers: str) -> None:
    sheet.write_bytes(f"{headers}\n{ROWS}".replace("\n", "\r\n").encode(encoding))
    receipt = import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    assert receipt.written == ("c101", "c102")
    assert load_agency(home).clients["c102"].name == "丙,丁合伙企业"


def test_tabs_separate_as_well_as_commas(home: Path, sheet: Path) -> None:
    sheet.write_text("id\tname\tlead\tpath\nc103\t戊\tli\t/srv/x\n", "utf-8")
    receipt = import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    assert receipt.written == ("c103",)


def test_people_may_stand_as_names(home: Path, sheet: Path) -> None:
    import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    client = load_agency(home).clients["c101"]
    assert (client.lead, client.reviewer, client.deputy) == ("zhang", "li", None)


def test_a_database_becomes_a_sqlite_source_and_a_folder_a_tree(home: Path, sheet: Path) -> None:
    import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    clients = load_agency(home).clients
    kinds = [clients[id_].sets["main"].sources[0].kind for id_ in ("c101", "c102")]
    assert kinds == ["tree", "sqlite"]


def test_a_dry_run_writes_nothing_and_says_what_it_would(home: Path, sheet: Path) -> None:
    receipt = import_clients(load_agency(home), sheet, set_name="main", dry_run=True)
    assert receipt.written == ("c101", "c102")
    assert not (home / "clients" / "c101.yaml").exists()


def test_a_client_that_has_a_file_keeps_it_and_is_reported(home: Path, sheet: Path) -> None:
    sheet.write_text(sheet.read_text("utf-8").replace("c101", "c001"), "utf-8")
    before = (home / "clients" / "c001.yaml").read_bytes()
    receipt = import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    assert (receipt.written, receipt.existing) == (("c102",), ("c001",))
    assert (home / "clients" / "c001.yaml").read_bytes() == before


def test_importing_twice_writes_nothing_anew(home: Path, sheet: Path) -> None:
    import_clients(load_agency(home), sheet, set_name="main", dry_run=False)
    assert not import_clients(load_agency(home), sheet, set_name="main", dry_run=False).written


def test_one_bad_row_and_nothing_is_written(home: Path, sheet: Path) -> None:
    assert "clients.csv:2: 统一社会信用代码: has a wrong check" in spoilt(home, sheet, "XG", "XH")


def test_all_bad_cells_are_listed(home: Path, sheet: Path) -> None:
    sheet.write_text(f"{CHINESE}\n,,x,y,z,,,,fek\n", "utf-8")
    told = refused(home, sheet)
    assert all(header in told for header in ("编号", "名称", "会计制度", "主办会计", "账套路径"))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("主办会计", "主办", "clients.csv:1: 主办: is no column of a client list"),
        ("编号", "复核", "clients.csv:1: 编号 / id: the column is missing"),
        ("c102", "c101", "clients.csv:3: 编号: c101 stands in two rows"),
        ("c102", "C102", "clients.csv:3: 编号: C102 is not an id"),
        ("张三", "", "clients.csv:2: 主办会计: is empty; fill it in"),
        ("books/c101", "", "clients.csv:2: 账套路径: is empty; fill it in"),
        ("企业会计准则,li", "会计,li", "clients.csv:3: 会计制度: is no accounting standard"),
        ("cn_csv", "cn_cvs", "格式: no profile is called cn_cvs; write cn_csv instead"),
        ('"丙,丁合伙企业"', "丙,丁", "clients.csv:3: has more cells than the first row"),
        ("books/c101", ".", "clients.csv:2: 账套路径: holds the vault main"),
    ],
)
def test_a_bad_cell_is_named_by_row_and_header(
    home: Path, sheet: Path, old: str, new: str, told: str
) -> None:
    assert told in spoilt(home, sheet, old, new)


def test_a_person_nobody_knows_is_not_repeated(home: Path, sheet: Path) -> None:
    told = spoilt(home, sheet, "张三", "王五")
    assert "主办会计: names nobody of agency.yaml" in told
    assert "王五" not in told


def test_a_set_the_agency_has_not_is_refused(home: Path, sheet: Path) -> None:
    with pytest.raises(UsageError, match="no set called mian"):
        import_clients(load_agency(home), sheet, set_name="mian", dry_run=True)


def test_a_workbook_is_no_list(home: Path, sheet: Path) -> None:
    sheet.write_bytes(b"PK\x03\x04\xff\xff\xff\xff")
    assert "Save the list as CSV" in refused(home, sheet)


def test_a_list_that_is_not_there_is_a_slip_of_the_keyboard(home: Path, sheet: Path) -> None:
    assert "there is no client list" in refused(home, sheet.with_name("x.csv"))


def test_files_that_cannot_all_be_written_are_not_written_at_all(home: Path, sheet: Path) -> None:
    agency = load_agency(home)
    (home / "clients" / ".c102.yaml.new").mkdir()
    with pytest.raises(UnreachableError):
        import_clients(agency, sheet, set_name="main", dry_run=False)
    assert [path.name for path in (home / "clients").iterdir() if path.is_file()] == ["c001.yaml"]


def test_the_command_imports_and_lists(home: Path, sheet: Path, run: Run) -> None:
    code, out, _ = run("client", "import", str(sheet), "--json")
    assert (code, json.loads(out)["written"]) == (0, ["c101", "c102"])
    code, out, _ = run("client", "list", "--json")
    assert [each["id"] for each in json.loads(out)["clients"]] == ["c001", "c101", "c102"]


def test_a_client_named_in_brackets_is_listed_as_it_is(home: Path, run: Run) -> None:
    path = home / "clients" / "c001.yaml"
    path.write_text(path.read_text("utf-8").replace("甲商贸有限公司", '"[red]甲"'), "utf-8")
    assert "[red]" in run("client", "list")[1]


def test_a_refused_list_ends_with_two(home: Path, sheet: Path, run: Run) -> None:
    sheet.write_text("x\n")
    assert run("client", "import", str(sheet))[0] == 2
