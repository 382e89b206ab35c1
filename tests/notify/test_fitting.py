"""A message fits in bytes, is cut between characters and lines, and says what is missing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baozhang.notify.fitting import cut, fitted


def test_what_fits_stays_as_it_is() -> None:
    assert fitted(["600 户: 正常 597, 异常 3", "c001"], 2048, "zh_CN") == (
        "600 户: 正常 597, 异常 3\nc001"
    )


def test_lines_that_have_no_room_are_counted() -> None:
    lines = [f"c{number:03d}  备份失败" for number in range(600)]
    text = fitted(lines, 2048, "zh_CN").split("\n")
    assert text[:-1] == lines[: len(text) - 1]
    assert text[-1] == f"另有 {600 - len(text) + 1} 行未显示"


def test_a_first_line_too_long_by_itself_is_cut_and_the_others_are_counted() -> None:
    text = fitted(["长" * 999, "二", "三"], 200, "zh_CN")
    assert text.endswith("…\n另有 2 行未显示")
    assert len(text.encode()) <= 200


@given(st.lists(st.text(), min_size=1, max_size=50), st.integers(100, 3000))
def test_every_message_is_within_its_bytes(lines: list[str], most: int) -> None:
    assert len(fitted(lines, most, "en").encode("utf-8", "replace")) <= most


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.integers(3, 40))
def test_a_cut_text_begins_like_the_whole(text: str, most: int) -> None:
    short = cut(text, most)
    assert len(short.encode()) <= most
    assert short == text or text.startswith(short.removesuffix("…"))


@pytest.mark.parametrize("sign", ["\n", "\r", "\0", "\u202e", "\u2028", "\x1b"])
def test_no_sign_of_a_name_begins_a_line_of_its_own_or_turns_it(sign: str) -> None:
    assert fitted([f"a{sign}b"], 100, "en") == "a b"
