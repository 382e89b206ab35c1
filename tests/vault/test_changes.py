"""What became of the files between two snapshots."""

from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from baozhang.sources.base import Item
from baozhang.vault.changes import Changes, changes_between
from baozhang.vault.snapshot import Manifest

Files = dict[str, str]


def manifest_of(files: Files) -> Manifest:
    found = Manifest()
    for path, content in sorted(files.items()):
        data = content.encode()
        item = Item(path.encode(), "file", 0o600, 0, size=len(data))
        found.add(item, blake3(data).digest(), ())
    return found


def changes(before: Files, now: Files) -> Changes:
    return changes_between(manifest_of(before), manifest_of(now))


def test_an_unchanged_set_has_no_changes() -> None:
    files = {"a.csv": "1", "b/c.xlsx": "2"}
    assert changes(files, files) == Changes(2, 0, 0, 0, (), 2)


def test_a_file_that_is_gone_is_removed() -> None:
    assert changes({"a": "1", "b": "2"}, {"a": "1"}) == Changes(2, 1, 0, 0, (), 1)


def test_the_same_content_under_another_name_is_renamed() -> None:
    assert changes({"a": "1"}, {"z": "1"}) == Changes(1, 0, 1, 0, (), 1)


def test_two_files_of_one_content_are_renamed_only_as_often_as_they_came() -> None:
    assert changes({"a": "1", "b": "1"}, {"z": "1"}) == Changes(2, 1, 1, 0, (), 1)


def test_a_name_with_one_more_ending_is_retyped() -> None:
    assert changes({"d/a.xlsx": "1"}, {"d/a.xlsx.locked": "9"}) == Changes(
        1, 0, 0, 1, ((0, None),), 1
    )


def test_a_name_with_another_ending_is_retyped() -> None:
    assert changes({"a.xlsx": "1"}, {"a.lock": "1"}) == Changes(1, 0, 0, 1, (), 1)


def test_an_ending_in_another_folder_is_another_file() -> None:
    assert changes({"d/a.xlsx": "1"}, {"e/a.lock": "9"}) == Changes(1, 1, 0, 0, ((0, None),), 1)


def test_a_file_with_new_content_is_written_and_known_from_before() -> None:
    assert changes({"a": "1", "b": "2"}, {"a": "1", "b": "3"}) == Changes(2, 0, 0, 0, ((1, 1),), 2)


def test_a_file_that_came_is_written() -> None:
    assert changes({"b": "2"}, {"a": "1", "b": "2"}) == Changes(1, 0, 0, 0, ((0, None),), 2)


def test_a_copy_of_what_was_there_is_not_written() -> None:
    assert changes({"a": "1"}, {"a": "1", "b": "1"}) == Changes(1, 0, 0, 0, (), 2)


def test_an_empty_file_is_never_renamed() -> None:
    assert changes({"a": ""}, {"z": ""}) == Changes(1, 1, 0, 0, (), 1)


sets = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from("123"))


@given(before=sets, now=sets)
def test_every_file_that_went_is_counted_once(before: Files, now: Files) -> None:
    found = changes(before, now)
    gone = len(before.keys() - now.keys())
    assert found.removed + found.renamed + found.retyped == gone
