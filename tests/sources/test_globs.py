"""Patterns say what is left out, and nothing else is."""

import fnmatch
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang.errors import UsageError
from baozhang.sources.globs import excluder


def leaves_out(pattern: str, path: str) -> bool:
    excluded = excluder((pattern,))
    assert excluded is not None
    return excluded(os.fsencode(path))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.tmp", "a.tmp"),
        ("**/*.tmp", "a.tmp"),
        ("**/*.tmp", "x/y/a.tmp"),
        ("old", "old"),
        ("old/", "old"),
        ("/old", "old"),
        ("old/**", "old/x/y"),
        ("a/**/z", "a/z"),
        ("a/**/z", "a/b/c/z"),
        ("**", "anything/at all"),
        ("a?c", "a账c"),
        ("[0-9]*", "7 notes"),
        ("[!0-9]*", "x7"),
        ("[*]", "*"),
        ("[]]", "]"),
        ("a[b", "a[b"),
        ("~$*", "~$new\nline"),
        ("old/**", "old/new\nline"),
    ],
)
def test_a_pattern_leaves_out_what_it_says(pattern: str, path: str) -> None:
    assert leaves_out(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*.tmp", "x/a.tmp"),
        ("old/**", "old"),
        ("old", "older"),
        ("a?c", "a/c"),
        ("[!0-9]x", "/x"),
        ("*.TMP", "a.tmp"),
        ("a.b", "axb"),
        ("**/z", "az"),
        ("a/**/z", "abz"),
    ],
)
def test_a_pattern_leaves_nothing_else_out(pattern: str, path: str) -> None:
    assert not leaves_out(pattern, path)


def test_without_patterns_there_is_nothing_to_ask() -> None:
    assert excluder(()) is None


def test_one_of_several_patterns_is_enough() -> None:
    excluded = excluder(("a", "b"))
    assert excluded is not None
    assert (excluded(b"b"), excluded(b"c")) == (True, False)


def test_a_name_that_is_no_text_can_be_left_out() -> None:
    excluded = excluder(("?.txt",))
    assert excluded is not None
    assert excluded(b"\xff.txt")


def test_a_pattern_that_cannot_be_read_is_named() -> None:
    with pytest.raises(UsageError) as caught:
        excluder(("[z-a]",))
    assert caught.value.facts == {"pattern": "[z-a]"}


@given(
    pattern=st.text(alphabet="ab*?.", min_size=1).filter(lambda text: "**" not in text),
    name=st.text(alphabet="ab.", min_size=1),
)
@settings(max_examples=200)
def test_within_one_name_a_pattern_means_what_the_shell_means(pattern: str, name: str) -> None:
    assert leaves_out(pattern, name) == fnmatch.fnmatchcase(name, pattern)
