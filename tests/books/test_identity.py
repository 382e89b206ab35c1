"""Whose book it is: a restored one, and one that is backed up; the code itself is never told."""

from dataclasses import replace
from pathlib import Path

import pytest

from baozhang.books.compare import compare, strange_owner
from baozhang.books.model import Book, PeriodState, Violation
from tests.books.closing import firm
from tests.books.making import BALANCE_HEAD, the_book, write_cn

CODE, OTHER = "91330106MA2CF1L35X", "91310115MA1H9XAU5K"


def differences(expected: str | None, restored: str | None) -> list[Violation]:
    pair = [replace(firm(), owner=owner).proof() for owner in (expected, restored)]
    return [*compare(*pair)]


def book(owner: str | None) -> Book:
    return replace(firm(), owner=owner).book


def test_another_client_s_book_is_refused() -> None:
    (found,) = differences(CODE, OTHER)
    assert (found.law, found.severity) == ("I1", "critical")
    assert "another client's" in found.template


def test_a_book_that_no_longer_says_whose_it_is_is_refused() -> None:
    assert [one.law for one in differences(CODE, None)] == ["I1"]


def test_a_source_that_did_not_say_whose_it_was_refuses_nobody() -> None:
    assert differences(None, CODE) == []


def test_full_width_letters_and_blanks_make_no_other_owner() -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in CODE)
    assert differences(CODE, f" {wide} ") == []


def test_a_book_of_the_client_is_no_stranger() -> None:
    assert strange_owner(book(CODE), CODE.lower()) is None


def test_a_book_of_another_is_a_stranger() -> None:
    found = strange_owner(book(OTHER), CODE)
    assert found is not None
    assert (found.law, found.severity) == ("I1", "critical")


@pytest.mark.parametrize(("owner", "code"), [(None, CODE), (CODE, None), ("", CODE)])
def test_where_one_is_not_known_there_is_no_stranger(owner: str | None, code: str | None) -> None:
    assert strange_owner(book(owner), code) is None


def test_no_code_is_ever_in_a_finding() -> None:
    told = repr([*differences(CODE, OTHER), strange_owner(book(OTHER), CODE)])
    assert CODE not in told
    assert OTHER not in told


def test_a_restored_book_must_be_closed_where_its_source_was() -> None:
    opened = tuple(
        state._replace(closed=state.period < "2026-02") for state in firm(closed=2).states
    )
    found = compare(firm(closed=2).proof(), replace(firm(), states=opened).proof())
    assert [(one.law, one.period) for one in found if one.law == "P3"] == [("P3", "2026-02")]


def test_a_restored_book_may_be_closed_where_its_source_was_not() -> None:
    closed = (*firm(closed=2).states[:2], PeriodState("2026-03", True, ()))
    found = compare(firm(closed=2).proof(), replace(firm(), states=closed).proof())
    assert [one for one in found if one.law == "P3"] == []


BANNER = f"科目余额表,编制单位：某某,统一社会信用代码：{CODE},2026年1月"


def banner_of(tmp_path: Path, banner: str) -> str | None:
    """The owner of a book whose balance table has this banner."""
    folder = write_cn(tmp_path)
    (table,) = folder.glob("科目余额表*.csv")
    width = len(BALANCE_HEAD)
    cells = [*banner.split(","), *[""] * width][:width]
    _, *rows = table.read_text(encoding="gb18030").splitlines()
    table.write_text("\r\n".join([",".join(cells), *rows, ""]), encoding="gb18030", newline="")
    return the_book("cn_csv", folder).book.owner


@pytest.mark.parametrize(
    "banner",
    [
        BANNER,
        f"科目余额表,纳税人识别号: {CODE.lower()}",
        f"科目余额表,统一社会信用代码,{CODE}",
    ],
)
def test_a_labelled_code_in_a_banner_says_whose_book_it_is(tmp_path: Path, banner: str) -> None:
    assert banner_of(tmp_path, banner) == CODE


@pytest.mark.parametrize(
    "banner",
    ["科目余额表", f"科目余额表,{CODE}", f"统一社会信用代码：{CODE}9", "统一社会信用代码：123"],
)
def test_anything_else_in_a_banner_does_not(tmp_path: Path, banner: str) -> None:
    assert banner_of(tmp_path, banner) is None
