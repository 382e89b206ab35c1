"""A mixed share: whose each file is, what is nobody's, and each client's part as a source."""

import os
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.errors import (
    LedgerFormatError,
    SourceBusyError,
    SourceUnreadableError,
    UsageError,
)
from baozhang.settings.credit_code import ALPHABET, check_character
from baozhang.sources.account_sets import (
    AccountSet,
    sets_in_folder,
    sets_in_sqlite,
    unprotected,
)
from baozhang.sources.base import LedgerSpec, Source
from baozhang.sources.claims import Claim, Claims, concerns, outermost, region_of
from baozhang.sources.credit_codes import HEAD, codes_in
from baozhang.sources.share import Rule, Share, ShareSource
from baozhang.sources.tree import TreeSource
from tests.contracts.source_contract import SourceContract, read_all
from tests.sources.ledgers import book, fec
from tests.vault.unprivileged import common_folder, unprivileged


def code(seed: str) -> str:
    """Return a sound credit code of a client that does not exist."""
    first = (seed * 17)[:17]
    return first + check_character(first)


GREEN, RED = code("9133"), code("9232")
CODES = {GREEN: "c0001", RED: "c0002"}
FEC = (LedgerSpec("fec"),)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "nas"
    folder.mkdir()
    return folder


def put(root: Path, **files: bytes | str) -> None:
    """Write files; `__` in a name is a folder's slash."""
    write(root, {name.replace("__", "/"): content for name, content in files.items()})


def write(root: Path, files: Mapping[str, bytes | str]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def paths(source: Source) -> list[bytes]:
    with source.freeze() as frozen:
        return [item.path for item in frozen.items()]


def files_of(share: Share, client: str, set_name: str = "main") -> set[bytes]:
    with ShareSource(share, client, set_name).freeze() as frozen:
        return {item.path for item in frozen.items() if item.kind == "file"}


class TestShareSource(SourceContract):
    @pytest.fixture
    def source(self, root: Path) -> Source:
        write(
            root,
            {
                "绿源/a-b": "between a and a/deep",
                "绿源/a/FEC2026.txt": fec(3),
                "绿源/a/empty": "",
                "红日/FEC2026.txt": fec(2),
                "杂项/notes.txt": "nobody's",
            },
        )
        share = Share(root, (Rule("c0001", "main", "绿源"), Rule("c0002", "main", "红日")))
        return ShareSource(share, "c0001", "main", ledgers=FEC)

    @pytest.fixture
    def missing(self, tmp_path: Path) -> Source:
        share = Share(tmp_path / "nowhere", (Rule("c0001", "main", "绿源"),))
        return ShareSource(share, "c0001", "main")

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        return TreeSource

    def test_only_the_clients_own_files_and_their_folders_are_listed(self, source: Source) -> None:
        expected = ["", "绿源", "绿源/a", "绿源/a-b", "绿源/a/FEC2026.txt", "绿源/a/empty"]
        assert paths(source) == [name.encode() for name in expected]

    def test_books_have_the_names_they_will_have_when_restored(
        self, source: Source, restored: Path
    ) -> None:
        with source.freeze() as frozen:
            names = [reader.book.name for reader in frozen.ledgers()]
        with source.restored_books(restored) as books:
            assert [reader.book.name for reader in books] == names == ["绿源/a/FEC2026.txt"]


# --- rules ------------------------------------------------------------------------------------


def claim(rules: tuple[Rule, ...], path: str, *in_file: str) -> Claim | None:
    return Claims(rules, CODES).claim(path.encode(), lambda: in_file)


def test_the_first_rule_that_matches_has_the_file() -> None:
    rules = (Rule("c0001", "main", "a/b"), Rule("c0002", "main", "a"))
    assert claim(rules, "a/b/f") == Claim("c0001", "main", 1, (("c0002", 2),))
    assert claim(rules, "a/c/f") == Claim("c0002", "main", 2)


def test_a_folder_is_a_whole_name() -> None:
    assert claim((Rule("c0001", "main", "a"),), "ab/f") is None


def test_a_pattern_is_held_against_the_path_below_its_folder() -> None:
    rules = (Rule("c0001", "main", "a", "**/*.xlsx"),)
    assert claim(rules, "a/x.xlsx")
    assert claim(rules, "a/b/c/x.xlsx")
    assert claim(rules, "a/x.doc") is None
    assert claim(rules, "x.xlsx") is None


def test_a_rule_without_folder_and_pattern_has_everything() -> None:
    assert claim((Rule("c0001", "main"),), "any/thing") == Claim("c0001", "main", 1)


def test_a_credit_code_in_the_path_names_its_client() -> None:
    rules = (Rule(None, "papers", code_in="path"),)
    assert claim(rules, f"发票/{RED}-2026.pdf") == Claim("c0002", "papers", 1)
    assert claim(rules, f"发票/{RED.lower()}.pdf") == Claim("c0002", "papers", 1)
    assert claim(rules, "发票/2026.pdf") is None


def test_a_credit_code_with_a_wrong_check_character_names_nobody() -> None:
    wrong = RED[:-1] + ALPHABET[(ALPHABET.index(RED[-1]) + 1) % 31]
    assert claim((Rule(None, "papers", code_in="path"),), f"{wrong}.pdf") is None


def test_a_credit_code_of_no_client_names_nobody() -> None:
    assert claim((Rule(None, "papers", code_in="path"),), f"{code('9333')}.pdf") is None


def test_a_rule_of_one_client_by_code_takes_only_that_clients_files() -> None:
    rules = (Rule("c0001", "papers", code_in="file"),)
    assert claim(rules, "x.xml", RED, GREEN) == Claim("c0001", "papers", 1)
    assert claim(rules, "x.xml", RED) is None


def test_a_path_with_two_clients_codes_is_a_conflict() -> None:
    rules = (Rule(None, "papers", code_in="path"),)
    found = claim(rules, f"{RED}_{GREEN}.pdf")
    assert found == Claim("c0002", "papers", 1, (("c0001", 1),))


def test_two_sets_of_one_client_are_no_conflict() -> None:
    rules = (Rule("c0001", "main", "a"), Rule("c0001", "papers", "a"))
    assert claim(rules, "a/f") == Claim("c0001", "main", 1)


def test_a_file_that_is_somebodys_is_not_read_to_find_a_rival() -> None:
    def never() -> tuple[str, ...]:
        raise AssertionError

    rules = (Rule("c0001", "main", "a"), Rule(None, "papers", code_in="file"))
    assert Claims(rules, CODES).claim(b"a/f", never) == Claim("c0001", "main", 1)


def test_a_rule_that_names_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="rule 2"):
        Claims((Rule("c0001", "main"), Rule(None, "main", "a")), {})


def test_a_pattern_that_cannot_be_read_names_its_rule() -> None:
    with pytest.raises(UsageError, match="rule 1"):
        Claims((Rule("c0001", "main", glob="[z-a]"),), {})


@pytest.mark.parametrize(
    ("rule", "region"),
    [
        (Rule("c", "main", "a/b/"), b"a/b"),
        (Rule("c", "main", "a", "b/c/*.xlsx"), b"a/b/c"),
        (Rule("c", "main", "a", "b*/c/d"), b"a"),
        (Rule("c", "main", glob="**/*.xlsx"), b""),
        (Rule("c", "main", glob="name.xlsx"), b""),
    ],
)
def test_a_rule_is_looked_for_no_higher_than_it_can_match(rule: Rule, region: bytes) -> None:
    assert region_of(rule) == region


def test_a_region_inside_another_is_walked_once() -> None:
    regions = {b"a/b", b"a", b"a-b", b"ab", b"a/b/c", b"b"}
    assert list(outermost(regions)) == [b"a-b", b"a", b"ab", b"b"]
    assert list(outermost({b"-x", b"", b"a"})) == [b""]


NAMES = st.text("ab-/", min_size=1, max_size=8).map(lambda text: text.strip("/") or "a")
RULES = st.builds(
    Rule,
    st.sampled_from(["c1", "c2"]),
    st.just("main"),
    st.one_of(st.just(""), NAMES.filter(lambda name: "//" not in name)),
    st.sampled_from(["", "**/a", "*b", "a/*"]),
)


@given(st.lists(RULES, min_size=1, max_size=5), NAMES.filter(lambda name: "//" not in name))
def test_what_is_claimed_lies_in_its_rules_region(rules: list[Rule], path: str) -> None:
    found = Claims(tuple(rules), {}).claim(path.encode(), tuple)
    if found:
        region = region_of(rules[found.rule - 1])
        assert not region or path.encode().startswith(region + b"/")


# --- codes in files ---------------------------------------------------------------------------


def zipped(path: Path, parts: dict[str, str]) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    content = path.read_bytes()
    path.unlink()
    return content


TEXT = f"购方：绿源 纳税人识别号{GREEN}，金额 100.00\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_code_is_found_in_text(root: Path, encoding: str) -> None:
    put(root, invoice=TEXT.encode(encoding))
    share = Share(root, (Rule(None, "papers", code_in="file"),), codes=CODES)
    assert files_of(share, "c0001", "papers") == {b"invoice"}


def test_a_text_cut_within_a_character_is_still_read(root: Path) -> None:
    """As GB18030 the last byte of 号 and the N after it would be one character."""
    farm = code("N233")
    put(root, invoice=(f"号{farm}" + "账" * HEAD).encode())
    share = Share(root, (Rule(None, "papers", code_in="file"),), codes={farm: "c0003"})
    assert share.explain(b"invoice") == Claim("c0003", "papers", 1)


@pytest.mark.parametrize("part", ["xl/sharedStrings.xml", "Doc_0/Pages/Page_0/Content.xml"])
def test_a_code_is_found_in_a_workbook_or_an_invoice(root: Path, part: str) -> None:
    others = {f"xl/worksheets/sheet{number}.xml": "<x/>" for number in range(20)}
    parts = (others if part.startswith("xl") else {}) | {part: f"<t>{GREEN}</t>"}
    put(root, file=zipped(root / "new", parts))
    share = Share(root, (Rule(None, "papers", code_in="file"),), codes=CODES)
    assert share.explain(b"file") == Claim("c0001", "papers", 1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\xff\xd8\xff\xe0 a picture"])
def test_a_file_that_tells_nothing_is_nobodys(root: Path, content: bytes) -> None:
    put(root, file=content)
    share = Share(root, (Rule(None, "papers", code_in="file"),), codes=CODES)
    assert share.explain(b"file") is None


def test_an_archive_of_one_huge_part_is_read_to_a_limit(root: Path) -> None:
    put(root, bomb=zipped(root / "new", {"a.xml": "0" * 20_000_000}))
    share = Share(root, (Rule(None, "papers", code_in="file"),), codes=CODES)
    tracemalloc.start()
    share.explain(b"bomb")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * 2**20


@given(st.text(ALPHABET, min_size=17, max_size=17), st.text("号-_ 、", min_size=1))
def test_every_sound_code_is_found_among_other_signs(first: str, around: str) -> None:
    whole = first + check_character(first)
    assert codes_in(f"{around}{whole}{around}") == (whole,)


def test_a_serial_number_of_eighteen_signs_is_no_code() -> None:
    wrong = GREEN[:-1] + ALPHABET[(ALPHABET.index(GREEN[-1]) + 1) % 31]
    assert codes_in(wrong) == ()


def test_a_longer_number_holds_no_code() -> None:
    assert codes_in(f"1{GREEN}") == codes_in(f"{GREEN}A") == ()


# --- parts of a share -------------------------------------------------------------------------


def test_a_file_of_another_clients_earlier_rule_is_left_out(root: Path) -> None:
    put(root, a__f=b"1", a__b__f=b"2")
    share = Share(root, (Rule("c0002", "main", "a/b"), Rule("c0001", "main", "a")))
    assert files_of(share, "c0001") == {b"a/f"}


def test_files_by_folder_and_by_code_come_together(root: Path) -> None:
    write(root, {"绿源/f": "1", f"扫描/{GREEN}.pdf": "2", f"扫描/{RED}.pdf": "3"})
    rules = (Rule("c0001", "main", "绿源"), Rule(None, "main", "扫描", code_in="path"))
    share = Share(root, rules, codes=CODES)
    assert files_of(share, "c0001") == {"绿源/f".encode(), f"扫描/{GREEN}.pdf".encode()}
    assert files_of(share, "c0002") == {f"扫描/{RED}.pdf".encode()}


def test_a_clients_folders_alone_are_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(root, a__f=b"1", b__f=b"2", c__f=b"3")
    listed = []
    real = os.listdir

    def noting(fd: int) -> list[str]:
        listed.append(Path(os.readlink(f"/proc/self/fd/{fd}")).name)
        return real(fd)

    monkeypatch.setattr(os, "listdir", noting)
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0002", "main", "b")))
    assert files_of(share, "c0001") == {b"a/f"}
    assert set(listed) == {root.name, "a"}


def test_rules_by_code_are_walked_once_for_all_clients(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {f"扫描/{GREEN}.pdf": "2", f"扫描/{RED}.pdf": "3"})
    share = Share(root, (Rule(None, "main", "扫描", code_in="path"),), codes=CODES)
    walks = []
    real = share.claimed.__globals__["outermost"]
    monkeypatch.setitem(
        share.claimed.__globals__,
        "outermost",
        lambda regions: walks.append(regions) or real(regions),
    )
    files_of(share, "c0001")
    files_of(share, "c0002")
    assert walks.count({"扫描".encode()}) == 1


def test_what_is_excluded_is_in_no_part(root: Path) -> None:
    write(root, {"a/f": "1", "a/~$f": "2", "a/old/g": "3"})
    share = Share(root, (Rule("c0001", "main", "a"),), exclude=("**/~$*", "a/old"))
    assert files_of(share, "c0001") == {b"a/f"}
    assert share.unclaimed().files == 1
    assert share.is_excluded(b"a/old/g")
    assert not share.is_excluded(b"a/f")


def test_a_set_that_no_file_belongs_to_is_not_an_empty_backup(root: Path) -> None:
    put(root, a__f=b"1")
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0002", "main", "gone")))
    with pytest.raises(SourceUnreadableError, match="no file of this set"):
        paths(ShareSource(share, "c0002", "main"))


def test_names_in_any_bytes_are_claimed(root: Path) -> None:
    (root / "a").mkdir()
    Path(os.fsdecode(os.fsencode(root) + b"/a/\xb7\xa2\xc6\xb1.txt")).write_bytes(b"GBK name")
    share = Share(root, (Rule("c0001", "main", "a"),))
    assert files_of(share, "c0001") == {b"a/\xb7\xa2\xc6\xb1.txt"}


def test_a_link_is_a_thing_of_its_own_and_is_not_followed(root: Path) -> None:
    put(root, a__f=b"1", b__f=b"2")
    (root / "a" / "link").symlink_to("../b")
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0002", "main", "b")))
    with ShareSource(share, "c0001", "main").freeze() as frozen:
        links = [item.path for item in frozen.items() if item.kind == "symlink"]
    assert (links, files_of(share, "c0001")) == ([b"a/link"], {b"a/f"})


def test_a_rules_folder_that_is_a_link_leads_nowhere(root: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "f").touch()
    (root / "a").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SourceUnreadableError):
        paths(ShareSource(Share(root, (Rule("c0001", "main", "a"),)), "c0001", "main"))


# --- what could not be looked at --------------------------------------------------------------


def troubles_of(share: Share, client: str) -> list[tuple[bytes, str]]:
    with ShareSource(share, client, "main").freeze() as frozen:
        list(frozen.items())
        return [(trouble.path, trouble.reason) for trouble in frozen.troubles()]


def barred(files: dict[str, bytes | str], folder: str, work: Callable[[Path], object]) -> None:
    """Do something with a share one of whose folders the account may not look into."""
    with common_folder() as home:

        def run() -> None:
            write(home, files)
            (home / folder).chmod(0)
            work(home)

        unprivileged(run)


BOTH: dict[str, bytes | str] = {"甲/2025/f": "1", "甲/2026/f": "2", "乙/f": "3"}


@pytest.mark.parametrize("folder", ["甲/2025", "甲"])
def test_a_folder_of_a_set_that_cannot_be_read_is_its_trouble(folder: str) -> None:
    rules = (Rule("c0001", "main", "甲"), Rule("c0001", "main", "乙"))

    def work(root: Path) -> None:
        expected = [(folder.encode(), "unreadable")]
        assert troubles_of(Share(root, rules), "c0001") == expected

    barred(BOTH, folder, work)


def test_a_folder_of_another_client_that_cannot_be_read_is_not_its_trouble() -> None:
    rules = (
        Rule("c0002", "main", "甲/2025"),
        Rule("c0001", "main", "甲"),
        Rule("c0002", "main", "乙"),
    )

    def work(root: Path) -> None:
        share = Share(root, rules)
        assert troubles_of(share, "c0001") == []
        assert troubles_of(share, "c0002") == [("甲/2025".encode(), "unreadable")]

    barred(BOTH, "甲/2025", work)


def test_a_folder_searched_for_codes_that_cannot_be_read_is_every_clients_trouble() -> None:
    files: dict[str, bytes | str] = {f"扫描/{GREEN}.pdf": "1", f"扫描/{RED}.pdf": "2"}

    def work(root: Path) -> None:
        share = Share(root, (Rule(None, "main", "扫描", code_in="path"),), codes=CODES)
        for client in ("c0001", "c0002"):
            assert troubles_of(share, client) == [("扫描/旧".encode(), "unreadable")]

    barred(files | {"扫描/旧/f": "3"}, "扫描/旧", work)


def test_a_folder_of_a_rule_that_is_not_there_is_told(root: Path) -> None:
    put(root, a__f=b"1")
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0001", "main", "gone")))
    assert troubles_of(share, "c0001") == [(b"gone", "vanished")]


def test_a_pipe_among_a_sets_files_is_told_once(root: Path) -> None:
    put(root, a__f=b"1", b__f=b"2")
    os.mkfifo(root / "a" / "pipe")
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0002", "main", "b")))
    assert troubles_of(share, "c0001") == [(b"a/pipe", "special")]
    assert troubles_of(share, "c0002") == []


def test_what_no_rule_could_match_is_no_trouble(root: Path) -> None:
    write(root, {"a/f.txt": "1"})
    os.mkfifo(root / "a" / "pipe")
    assert troubles_of(Share(root, (Rule("c0001", "main", "a", "*.txt"),)), "c0001") == []


@pytest.mark.parametrize(
    ("place", "client", "is_so"),
    [
        ("a", "c0001", True),
        ("a/b", "c0001", True),
        ("ab", "c0001", False),
        ("", "c0001", True),
        ("a", "c0002", False),
        ("x", "c0002", True),
        ("x/y", "c0003", True),
        ("z", "c0003", False),
    ],
)
def test_a_place_concerns_who_may_have_files_in_it(place: str, client: str, is_so: bool) -> None:
    rules = (
        Rule("c0001", "main", "a"),
        Rule("c0002", "main", "a/b"),
        Rule("c0002", "main", "x", "*.txt"),
        Rule("c0003", "main", "x"),
    )
    assert concerns(rules, place.encode(), (client, "main")) is is_so


# --- books on a share -------------------------------------------------------------------------

CN = (LedgerSpec("cn_csv"),)
VOUCHERS = (
    "会计年度,会计期间,凭证字,凭证号,分录号,日期,摘要,科目编码,科目名称,往来单位,借方金额,贷方金额\r\n"
    "2026,3,记,1,1,2026-03-31,s,1001,cash,,1.00,\r\n"
    "2026,3,记,1,2,2026-03-31,s,5001,sales,,,1.00\r\n"
).encode("gb18030")


def books_of(source: Source) -> dict[str, int]:
    with source.freeze() as frozen:
        found = {reader.book.name: len(list(reader.lines())) for reader in frozen.ledgers()}
        frozen.confirm()
        return found


def test_only_the_clients_own_books_are_opened(root: Path) -> None:
    put(root, a__FEC1=fec(1), a__1FEC1_txt=b"x")
    write(root, {"a/1FEC.txt": fec(3), "b/2FEC.txt": fec(2), "FEC.txt": fec(1)})
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0002", "main", "b")))
    assert books_of(ShareSource(share, "c0001", "main", ledgers=FEC)) == {"a/1FEC.txt": 6}


def test_a_glob_says_which_of_them_are_books(root: Path) -> None:
    write(root, {"a/x.dat": fec(1), "a/1FEC.txt": fec(2), "a/b/y.dat": fec(3)})
    share = Share(root, (Rule("c0001", "main", "a"),))
    source = ShareSource(share, "c0001", "main", ledgers=(LedgerSpec("fec", "a/*.dat"),))
    assert books_of(source) == {"a/x.dat": 2}


def test_a_folder_that_is_one_book_is_opened_as_one(root: Path) -> None:
    write(root, {"a/账/凭证.csv": VOUCHERS, "b/凭证.csv": VOUCHERS})
    share = Share(root, (Rule("c0001", "main", "a"), Rule("c0002", "main", "b")))
    assert books_of(ShareSource(share, "c0001", "main", ledgers=CN)) == {"a/账": 2}


def test_a_book_in_the_shares_root_is_opened(root: Path) -> None:
    write(root, {"凭证.csv": VOUCHERS, "b/凭证.csv": VOUCHERS})
    share = Share(root, (Rule("c0001", "main", glob="*.csv"), Rule("c0002", "main", "b")))
    assert books_of(ShareSource(share, "c0001", "main", ledgers=CN)) == {".": 2}


def test_a_book_whose_folder_holds_anothers_files_is_not_read(root: Path) -> None:
    write(root, {"a/凭证甲.csv": VOUCHERS, "a/凭证乙.csv": VOUCHERS})
    rules = (Rule("c0001", "main", "a", "*甲.csv"), Rule("c0002", "main", "a"))
    with pytest.raises(LedgerFormatError, match="others"):
        books_of(ShareSource(Share(root, rules), "c0001", "main", ledgers=CN))


def test_a_database_on_the_share_is_a_book(root: Path) -> None:
    write(root, {"a/x": "", "b/x": ""})
    book(root / "a" / "T3.db", 2)
    share = Share(root, (Rule("c0001", "main", "a", "*.db"), Rule("c0002", "main", "b")))
    source = ShareSource(share, "c0001", "main", ledgers=(LedgerSpec("yonyou_t3"),))
    assert books_of(source) == {"a/T3.db": 4}


def test_a_book_that_changes_while_it_is_backed_up_is_noticed(root: Path) -> None:
    write(root, {"a/1FEC.txt": fec(3)})
    source = ShareSource(Share(root, (Rule("c0001", "main", "a"),)), "c0001", "main", ledgers=FEC)
    with source.freeze() as frozen:
        for reader in frozen.ledgers():
            list(reader.lines())
        write(root, {"a/1FEC.txt": fec(4)})
        with pytest.raises(SourceBusyError):
            frozen.confirm()


# --- what is nobody's -------------------------------------------------------------------------


def test_what_no_rule_claims_is_counted_and_the_first_are_named(root: Path) -> None:
    write(root, {f"新/{number:03}": "12345" for number in range(30)} | {"f": "1", "a/f": "x"})
    survey = Share(root, (Rule("c0001", "main", "a"),)).unclaimed(most=3)
    assert (survey.files, survey.claimed, survey.unclaimed) == (32, 1, 31)
    assert survey.unclaimed_bytes == 151
    assert survey.first == ["f", "新/000", "新/001"]
    assert survey.folders == {"新": 30, ".": 1}


def test_what_two_clients_claim_is_counted_and_named(root: Path) -> None:
    put(root, a__f=b"1", a__g=b"2", b__f=b"3")
    rules = (Rule("c0001", "main", "a"), Rule("c0002", "main", glob="*/f"))
    survey = Share(root, rules).unclaimed()
    assert (survey.conflicts, survey.conflict_paths) == (1, ["a/f"])


def test_what_could_not_be_looked_at_is_counted(root: Path) -> None:
    put(root, a__f=b"1")
    os.mkfifo(root / "pipe")
    survey = Share(root, (Rule("c0001", "main", "a"),)).unclaimed()
    assert (survey.troubles, survey.trouble_paths) == (1, ["pipe"])


def test_a_share_that_is_not_mounted_has_no_survey(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        Share(tmp_path / "nowhere", ()).unclaimed()


def test_memory_does_not_grow_with_what_is_nobodys(root: Path) -> None:
    for folder in range(40):
        (root / f"{folder:02}").mkdir()
        for number in range(50):
            (root / f"{folder:02}" / f"{number:0100}").touch()
    share = Share(root, (Rule("c0001", "main", "a"),))
    share.unclaimed()
    tracemalloc.start()
    assert share.unclaimed().unclaimed == 2_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000 * 50  # less than half of the names


# --- account sets -----------------------------------------------------------------------------


def catalogue(path: Path, statement: str, *rows: tuple[object, ...]) -> Path:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        table = statement.split()[2]
        for row in rows:
            marks = ",".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
        connection.commit()
    return path


@pytest.fixture
def yonyou(tmp_path: Path) -> Path:
    return catalogue(
        tmp_path / "UFSystem.db",
        "CREATE TABLE UA_Account (iSysID, cAcc_Id, cAcc_Name, cAcc_Path, iYear, cUnitTaxNo)",
        ("1", "006", "绿源科技", "D:\\ZT006", 2025, GREEN),
        ("2", "007", "红日商贸", "D:\\ZT007", 2025, None),
    )


def numbers(sets: tuple[AccountSet, ...]) -> list[str]:
    return [each.number for each in sets]


def test_the_account_sets_of_a_product_are_read_from_its_own_list(yonyou: Path) -> None:
    assert numbers(sets_in_sqlite(yonyou)) == ["006", "007"]


def test_a_set_whose_owner_is_known_names_the_client_and_no_company(yonyou: Path) -> None:
    found = sets_in_sqlite(yonyou, CODES)
    assert [each.client for each in found] == ["c0001", None]
    assert "绿源" not in repr(found)


def test_the_account_sets_of_kingdee_are_known_by_their_databases(tmp_path: Path) -> None:
    database = catalogue(
        tmp_path / "AcctCtl.db",
        "CREATE TABLE t_ad_kdAccount_gl (FAcctID, FacctNumber, FAcctName, FDBName)",
        (1, "01", "x", "AIS20240101120000"),
        (2, "02", "y", "AIS20250101120000"),
    )
    found = sets_in_sqlite(database)
    assert numbers(unprotected(found, ["AIS20240101120000"])) == ["02"]


@pytest.mark.parametrize(
    "name", ["UFDATA_006_2026", "ufdata_006_2025", "t3-006", "/srv/u8/ZT006", "x/ZT006/backup"]
)
def test_a_set_is_protected_by_a_source_of_its_database_label_or_folder(
    yonyou: Path, name: str
) -> None:
    assert numbers(unprotected(sets_in_sqlite(yonyou), [name])) == ["007"]


@pytest.mark.parametrize("name", ["UFDATA_0067_2026", "XUFDATA_006", "006", "t3-0061", ""])
def test_a_name_that_only_looks_alike_protects_nothing(yonyou: Path, name: str) -> None:
    assert numbers(unprotected(sets_in_sqlite(yonyou), [name])) == ["006", "007"]


def since(tmp_path: Path, **tables: tuple[tuple[object, ...], ...]) -> Path:
    """Write 用友's own list: account set 006, begun in 2019, and what says how far it reaches."""
    path = tmp_path / "years.db"
    catalogue(path, "CREATE TABLE UA_Account (cAcc_Id, iYear)", ("006", 2019))
    columns = {
        "UA_Period": "(cAcc_Id, iYear, iId)",
        "UA_AccountDatabase": "(cAcc_Id, iBeginYear, iEndYear, cDatabase)",
    }
    for table, rows in tables.items():
        catalogue(path, f"CREATE TABLE {table} {columns[table]}", *rows)
    return path


JANUARY = (("006", 2025, 12), ("006", 2026, 1), ("007", 2027, 1))


@pytest.mark.parametrize(
    ("name", "is_protected"),
    [
        ("UFDATA_006_2025", False),
        ("UFDATA_006_2026", True),
        ("UFDATA_006_2027", True),
        ("/srv/u8/ZT006/2025", False),
        ("/srv/u8/ZT006", True),
        ("t3-006", True),
    ],
)
def test_the_database_of_another_year_does_not_protect_the_new_one(
    tmp_path: Path, name: str, is_protected: bool
) -> None:
    found = sets_in_sqlite(since(tmp_path, UA_Period=JANUARY))
    assert (unprotected(found, [name]) == ()) is is_protected


def test_a_set_is_named_with_the_year_that_lacks_protection(tmp_path: Path) -> None:
    found = sets_in_sqlite(since(tmp_path, UA_Period=JANUARY))
    assert [each.shown for each in unprotected(found, ["UFDATA_006_2025"])] == ["006 (2026)"]


def test_a_database_of_several_years_protects_them_all(tmp_path: Path) -> None:
    open_end = (("006", 2015, 2018, "UFDATA_006_2015"), ("006", 2019, None, "UFDATA_006_2019"))
    found = sets_in_sqlite(since(tmp_path, UA_Period=JANUARY, UA_AccountDatabase=open_end))
    assert unprotected(found, ["UFDATA_006_2019"]) == ()
    assert len(unprotected(found, ["UFDATA_006_2015"])) == 1


def test_where_no_years_are_listed_the_first_one_counts(tmp_path: Path) -> None:
    found = sets_in_sqlite(since(tmp_path))
    assert unprotected(found, ["UFDATA_006_2019"]) == ()
    assert len(unprotected(found, ["UFDATA_006_2018"])) == 1


def test_a_folder_of_a_year_does_not_protect_the_next_one(tmp_path: Path) -> None:
    write(tmp_path, {"ZT001/2025/UFDATA.mdf": "", "ZT001/2026/UFDATA.mdf": ""})
    found = list(sets_in_folder(tmp_path))
    assert len(unprotected(found, ["UFDATA_001_2025"])) == 1
    assert len(unprotected(found, [str(tmp_path / "ZT001" / "2025")])) == 1
    assert unprotected(found, [str(tmp_path / "ZT001")]) == ()


def test_account_sets_in_a_folder_are_found(tmp_path: Path) -> None:
    write(tmp_path, {"a/ZT001/UFDATA.mdf": "", "kis/book.AIS": "", "kis/ZT1/x": "", "note": ""})
    found = {(each.product, each.number) for each in sets_in_folder(tmp_path)}
    assert found == {("yonyou", "001"), ("kis", "kis/book.AIS")}


def test_a_source_of_a_folder_protects_the_sets_below_it(tmp_path: Path) -> None:
    write(tmp_path, {"kis/a/1.AIS": "", "kis/b/2.AIS": ""})
    found = list(sets_in_folder(tmp_path))
    assert numbers(unprotected(found, [str(tmp_path / "kis" / "a")])) == ["kis/b/2.AIS"]
    assert unprotected(found, [str(tmp_path)]) == ()
    assert len(unprotected(found, [str(tmp_path / "kis" / "a" / "1.AI")])) == 2


def test_a_folder_that_is_not_there_is_not_a_folder_without_sets(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        list(sets_in_folder(tmp_path / "nowhere"))


def test_a_database_without_a_list_is_refused(tmp_path: Path) -> None:
    database = catalogue(tmp_path / "other.db", "CREATE TABLE other (a)")
    with pytest.raises(SourceUnreadableError, match="no list"):
        sets_in_sqlite(database)


def test_a_list_without_its_numbers_is_refused(tmp_path: Path) -> None:
    database = catalogue(tmp_path / "other.db", "CREATE TABLE UA_Account (cAcc_Name)")
    with pytest.raises(SourceUnreadableError, match="cAcc_Id"):
        sets_in_sqlite(database)


@pytest.mark.parametrize("content", [b"no database at all" * 100, None])
def test_what_is_no_database_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "x.db").write_bytes(content)
    with pytest.raises(SourceUnreadableError):
        sets_in_sqlite(tmp_path / "x.db")


def test_every_part_of_a_share_together_is_all_that_is_claimed(root: Path) -> None:
    write(root, {f"{folder}/{name}": name for folder in "abc" for name in "xyz"})
    rules = (Rule("c0001", "main", "a"), Rule("c0002", "main", "b"))
    share = Share(root, rules)
    parts = [read_all_of(ShareSource(share, client, "main")) for client in ("c0001", "c0002")]
    assert len(parts[0] | parts[1]) == share.unclaimed().claimed == 6
    assert not parts[0].keys() & parts[1].keys()


def read_all_of(source: Source) -> dict[bytes, bytes]:
    with source.freeze() as frozen:
        return read_all(frozen)
