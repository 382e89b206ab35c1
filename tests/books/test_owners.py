"""Where a profile says that a book's owner stands, and who is surely another."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.books.coding import decode_proof, encode_proof
from baozhang.books.compare import compare, strange_owner
from baozhang.books.model import Violation
from baozhang.books.owners import is_another
from baozhang.books.profiles import load_profile
from baozhang.books.proof import Proof
from baozhang.books.taking import take_proof
from baozhang.errors import UsageError
from tests.books.exports import write_xml
from tests.books.making import proof_of, sound_fec, the_book, write_cn, write_fec, write_t3
from tests.books.test_profiles import PLAIN

CODE, OTHER = "91330106MA2CF1L34X", "91310115MA1H9XAU0K"
ORGANISATION = "MA2CF1L34"
NAME, OTHER_NAME = "杭州甲商贸有限公司", "上海乙商贸有限公司"


def xml_owner(folder: Path, **cells: str) -> str | None:
    path = write_xml(folder / "总账.xml", encoding="UTF-8")
    head = "".join(f"<{name}>{cell}</{name}>" for name, cell in cells.items())
    text = path.read_text("utf-8")
    text = text.replace("<会计科目>", f"<电子账簿>{head}</电子账簿><会计科目>", 1)
    path.write_text(text, encoding="utf-8")
    return the_book("gbt24589", path).book.owner


@pytest.mark.parametrize("name", ["统一社会信用代码", "组织机构代码", "纳税人识别号"])
def test_xml_names_its_owner_by_a_credit_code(name: str, tmp_path: Path) -> None:
    assert xml_owner(tmp_path, 会计核算单位=NAME, **{name: CODE.lower()}) == CODE


@pytest.mark.parametrize("written", [ORGANISATION, "MA2CF1L3-4", "ｍａ２ｃｆ１ｌ３－４"])
def test_xml_names_its_owner_by_an_organisation_code(written: str, tmp_path: Path) -> None:
    assert xml_owner(tmp_path, 组织机构代码=written) == f"organisation:{ORGANISATION}"


def test_a_credit_code_is_better_than_an_organisation_code(tmp_path: Path) -> None:
    assert xml_owner(tmp_path, 组织机构代码=ORGANISATION, 统一社会信用代码=CODE) == CODE


@pytest.mark.parametrize("code", ["", "000000000", "123456789", "未填"])
def test_xml_without_a_code_names_its_owner_by_name(code: str, tmp_path: Path) -> None:
    found = [xml_owner(tmp_path, 会计核算单位=name, 组织机构代码=code) for name in (NAME, NAME)]
    (owner,) = set(found)
    assert owner is not None
    assert owner != xml_owner(tmp_path, 会计核算单位=OTHER_NAME, 组织机构代码=code)


def test_a_name_is_digested(tmp_path: Path) -> None:
    owner = xml_owner(tmp_path, 会计核算单位=NAME)
    assert owner is not None
    assert owner.startswith("text:")
    assert owner.isascii()


def test_xml_that_names_nobody_has_no_owner(tmp_path: Path) -> None:
    assert xml_owner(tmp_path, 电子账簿编号="001") is None


def with_accounts(path: Path, *codes: str | None) -> Path:
    """Write a T3 database that holds the system's list of account sets too."""
    write_t3(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE UA_Account (cAcc_Id TEXT, cUnitTaxNo TEXT)")
        rows = ((f"{number:03}", code) for number, code in enumerate(codes, 1))
        db.executemany("INSERT INTO UA_Account VALUES (?, ?)", rows)
    return path


@pytest.mark.parametrize(
    ("codes", "owner"),
    [
        ([f"{CODE}  "], CODE),
        ([CODE, CODE], CODE),
        ([CODE, None], CODE),
        ([CODE, OTHER], None),
        ([None], None),
        ([], None),
    ],
)
def test_a_table_names_the_owner_where_all_its_rows_agree(
    codes: Sequence[str], owner: str | None, tmp_path: Path
) -> None:
    path = with_accounts(tmp_path / "1.db", *codes)
    assert the_book("yonyou_t3", path).book.owner == owner


def test_a_table_that_is_not_there_names_nobody(tmp_path: Path) -> None:
    assert the_book("yonyou_t3", write_t3(tmp_path / "1.db")).book.owner is None


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("732829320FEC20221231.txt", "siren:732829320"),
        ("732829320fec20221231.txt", "siren:732829320"),
        ("FEC20221231.txt", None),
        ("1732829320FEC20221231.txt", None),
        ("73282932FEC20221231.txt", None),
    ],
)
def test_the_name_of_an_fec_names_its_owner(name: str, owner: str | None, tmp_path: Path) -> None:
    folder = tmp_path / "999999999FEC20201231"
    folder.mkdir()
    write_fec(folder / name, sound_fec())
    profile = load_profile("fec")
    book = f"{folder.name}/{name}"
    assert profile.owner.of(book) == owner
    assert the_book("fec", folder / name).book.owner == owner


def own_profile(folder: Path, owner: str, text: str = PLAIN) -> Path:
    path = folder / "own.yaml"
    path.write_text(f"{text}owner: {owner}\n", encoding="utf-8")
    return path


def test_a_credit_code_may_stand_in_a_name(tmp_path: Path) -> None:
    profile = load_profile(own_profile(tmp_path, '{file: ["账套-[code].*", "[code]_*"]}'))
    for name in (f"账套-{CODE}.csv", f"甲/{CODE.lower()}_2026.csv"):
        assert profile.owner.of(name) == CODE
    assert profile.owner.of(f"{CODE}.csv") is None


@pytest.mark.parametrize(
    ("owner", "key"),
    [
        ('{file: "*FEC*"}', "owner.file"),
        ('{file: "[code][siren]"}', "owner.file"),
        ("{table: T}", "owner.table"),
        ("{code: C}", "owner.table"),
        ("{table: T, code: C}", "owner.table"),
        ("{tabel: T}", "owner.tabel"),
    ],
)
def test_a_rule_that_names_nothing_is_refused(owner: str, key: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_profile(own_profile(tmp_path, owner))
    assert caught.value.facts["key"] == key


@pytest.mark.parametrize(
    ("owner", "another"),
    [
        (CODE, False),
        (OTHER, True),
        (f"organisation:{ORGANISATION}", False),
        ("organisation:MA1H9XAU0", True),
        ("siren:732829320", False),
        ("text:0123456789abcdef", False),
    ],
)
def test_who_is_surely_another_company(owner: str, another: bool) -> None:
    assert is_another(owner, CODE) is another


def restored(folder: Path, expected: Proof, **cells: str) -> list[Violation]:
    xml_owner(folder, **cells)
    return [
        *compare(expected, take_proof(the_book("gbt24589", folder / "总账.xml"), like=expected))
    ]


def proof_with(folder: Path, **cells: str) -> Proof:
    xml_owner(folder, **cells)
    return decode_proof(encode_proof(proof_of("gbt24589", folder / "总账.xml")))


def test_a_restored_book_of_another_name_is_refused(tmp_path: Path) -> None:
    (found,) = restored(tmp_path, proof_with(tmp_path, 会计核算单位=NAME), 会计核算单位=OTHER_NAME)
    assert (found.law, found.severity) == ("I1", "critical")
    assert not {NAME, OTHER_NAME} & {*map(str, found.facts)}


def test_a_restored_book_of_the_same_name_passes(tmp_path: Path) -> None:
    assert restored(tmp_path, proof_with(tmp_path, 会计核算单位=NAME), 会计核算单位=NAME) == []


def test_a_proof_that_knew_no_owner_refuses_nobody(tmp_path: Path) -> None:
    assert (
        restored(tmp_path, proof_with(tmp_path), 会计核算单位=NAME, 组织机构代码=ORGANISATION) == []
    )


def test_a_database_of_another_company_is_told_at_its_backup(tmp_path: Path) -> None:
    book = the_book("yonyou_t3", with_accounts(tmp_path / "1.db", OTHER)).book
    found = strange_owner(book, CODE)
    assert found is not None
    assert OTHER not in repr(found)


def test_a_banner_is_heard_before_a_name(tmp_path: Path) -> None:
    rule = load_profile(own_profile(tmp_path, '{file: "[code]*"}')).owner
    assert rule.of(OTHER, [f"统一社会信用代码：{CODE}"]) == CODE


def test_a_folder_s_name_is_its_book_s(tmp_path: Path) -> None:
    text = load_text("cn_csv")
    profile = own_profile(tmp_path, '{file: "[code]"}', text)
    write_cn(tmp_path / "books" / CODE)
    assert the_book(str(profile), tmp_path / "books").book.owner == CODE


def load_text(name: str) -> str:
    folder = Path(__file__).parents[2] / "baozhang" / "books" / "profiles"
    return (folder / f"{name}.yaml").read_text("utf-8")
