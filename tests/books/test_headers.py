"""Headers as they are found in the field."""

import pytest

from baozhang.books.headers import Surroundings, find_header, joined, periods_in, plain, years_in


def test_a_header_is_found_below_any_number_of_banner_rows() -> None:
    rows = [
        ["科目余额表"],
        [],
        ["编制单位：甲公司", "", "2026年3月"],
        ["科目编码", "借方"],
        ["1001", "5"],
    ]
    found = find_header(rows, ("科目编码", "借方"))
    assert found is not None
    assert (found.at, found.depth, found.end) == (3, 1, 4)


def test_two_merged_rows_are_joined_by_a_point() -> None:
    top = ["科目编码", "年初余额", "", "期末余额", ""]
    low = ["", "借方金额", "贷方金额", "借方金额", "贷方金额"]
    assert joined([top, low]) == [
        "科目编码",
        "年初余额.借方金额",
        "年初余额.贷方金额",
        "期末余额.借方金额",
        "期末余额.贷方金额",
    ]


def test_four_merged_rows_are_joined_to_their_depth() -> None:
    rows = [
        ["科目", "", "本年", "", "", ""],
        ["", "", "一季度", "", "二季度", ""],
        ["", "", "发生额", "", "发生额", ""],
        ["编码", "名称", "借方", "贷方", "借方", "贷方"],
    ]
    assert joined(rows) == [
        "科目.编码",
        "科目.名称",
        "本年.一季度.发生额.借方",
        "本年.一季度.发生额.贷方",
        "本年.二季度.发生额.借方",
        "本年.二季度.发生额.贷方",
    ]


def test_a_column_beside_a_merged_cell_keeps_its_own_name() -> None:
    assert joined([["本期", "", "摘要"], ["借方", "贷方", ""]]) == [
        "本期.借方",
        "本期.贷方",
        "摘要",
    ]


def test_a_merged_cell_does_not_reach_below_another_one() -> None:
    rows = [["甲", "", "乙", ""], ["上", "", "", ""], ["一", "二", "三", "四"]]
    assert joined(rows) == ["甲.上.一", "甲.上.二", "乙.三", "乙.四"]


def test_a_column_without_any_text_has_no_name() -> None:
    assert joined([["本期", "", ""], ["借方", "贷方", ""]]) == ["本期.借方", "本期.贷方", ""]


def test_as_few_rows_as_possible_make_a_header() -> None:
    rows = [["日期", "金额"], ["2026-01-01", "5"], ["2026-01-02", "6"]]
    found = find_header(rows, ("日期", "金额"))
    assert found is not None
    assert found.depth == 1


def test_blanks_line_feeds_and_full_width_signs_make_no_difference() -> None:
    found = find_header([["凭 证\n号", "金额（元）", "Ｎｏ．１"]], ("凭证号", "金额(元)", "No.1"))
    assert found is not None
    assert found.names == ("凭证号", "金额(元)", "No.1")


def test_a_header_of_bracketed_pieces_is_a_name_like_any_other() -> None:
    found = find_header([["[凭证号码]#[日期]", "金额"]], ("[凭证号码]#[日期]", "金额"))
    assert found is not None
    assert found.missing == ()


def test_the_nearest_header_tells_what_it_lacks() -> None:
    found = find_header([["标题"], ["日期", "摘要", "备注"]], ("日期", "摘要", "金额"))
    assert found is not None
    assert (found.at, found.missing) == (1, ("金额",))


def test_rows_that_name_no_column_hold_no_header() -> None:
    assert find_header([["标题"], ["1", "2"]], ("日期", "金额")) is None


@pytest.mark.parametrize(
    "text",
    [
        "2026-03", "2026年3月", "2026年03月余额表.xlsx", "2026年第3期", "202603", "余额表20260331",
        "2026.3", "会计期间：２０２６年３月", "2026/3月余额表.xls", "UF_2026_03",
        "2026年03月01日至2026年03月31日",
    ],
)  # fmt: skip
def test_a_period_is_recognised_however_it_is_written(text: str) -> None:
    assert periods_in(text) == {"2026-03"}


@pytest.mark.parametrize("text", ["", "余额表", "12345678901", "3月", "2026年", "2026-13"])
def test_what_names_no_period_is_not_taken_for_one(text: str) -> None:
    assert periods_in(text) == set()


def test_a_range_names_both_its_ends() -> None:
    assert periods_in("2026年1期至2026年3期") == {"2026-01", "2026-03"}


def test_a_year_is_told_apart_from_an_account_sets_number() -> None:
    assert years_in("UFDATA_006_2025") == {"2025"}


def test_the_first_place_that_names_a_period_counts() -> None:
    around = Surroundings("2026-04.xlsx", "Sheet1", "期间：2026年3月")
    assert around.told("period", ("sheet", "banner", "file")) == {"2026-03"}


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert plain("\ufeff日期") == "日期"
