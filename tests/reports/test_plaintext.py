"""Columns stay columns when half of the characters are twice as wide."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from reports.plaintext import clean, columns, display_width, pad, wrap

WORDS = st.text(st.sampled_from("aB3 记账，。（）/-é"), max_size=120)


def test_chinese_characters_take_two_columns() -> None:
    assert display_width("记-12") == 5


def test_cells_line_up_whatever_their_script() -> None:
    rows = columns([("客户", "文件数"), ("c001/main", "7")], "lr")
    assert rows == ["客户       文件数", "c001/main       7"]


@given(WORDS, st.integers(0, 200), st.booleans())
def test_padding_reaches_exactly_the_width(words: str, width: int, right: bool) -> None:
    assert display_width(pad(words, width, right=right)) == max(width, display_width(words))


@given(WORDS)
def test_wrapping_loses_nothing_but_blanks(words: str) -> None:
    assert "".join(wrap(words, width=20).split()) == "".join(words.split())


@given(WORDS)
def test_wrapped_lines_keep_to_the_width(words: str) -> None:
    """A Latin word that alone is wider stays whole, on a line of its own."""
    for line in wrap(words, width=20).splitlines():
        assert display_width(line) <= 20 or len(wrap(line, width=20).splitlines()) == 1


def test_no_line_begins_with_a_comma() -> None:
    lines = wrap("备份点已完整写入备份库，能否恢复，由恢复测试证明。", width=22).splitlines()
    assert not [line for line in lines if line[0] in "，。"]


def test_wrapped_lines_are_indented_beside_their_label() -> None:
    assert wrap("aaa bbb ccc", first="x  ", rest="   ", width=10) == "x  aaa bbb\n   ccc"


@given(st.text())
def test_cleaned_words_are_one_harmless_line(words: str) -> None:
    cleaned = clean(words)
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    cleaned.encode("utf-8")


def test_long_words_end_in_an_ellipsis() -> None:
    assert clean("x" * 700, 10) == "x" * 9 + "…"


def test_chinese_words_are_not_cleaned_away() -> None:
    assert clean("2026 年 发票（三）") == "2026 年 发票（三）"
