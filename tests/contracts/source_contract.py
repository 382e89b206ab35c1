"""What every source must do, whoever wrote it.

Subclass, provide the fixtures, inherit the tests.  The source holds at least one file and at
least one book, and nobody touches it while the tests run.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baozhang.errors import SourceUnreadableError, UsageError
from baozhang.sources.base import Frozen, Item, Source


def read_all(frozen: Frozen) -> dict[bytes, bytes]:
    """Return the content of every file by path."""
    contents = {}
    for item in frozen.items():
        if item.kind == "file":
            with frozen.open(item) as stream:
                contents[item.path] = stream.read()
    return contents


def pour(frozen: Frozen, folder: Path) -> Path:
    """Write what a source holds below a new folder, as a restore would."""
    folder.mkdir(parents=True)
    for item in frozen.items():
        place = folder / Path(item.path.decode()) if item.path else folder
        if item.kind == "dir":
            place.mkdir(exist_ok=True)
        elif item.kind == "symlink":
            place.symlink_to(item.target.decode())
        else:
            with frozen.open(item) as stream:
                place.write_bytes(stream.read())
    return folder


class SourceContract:
    @pytest.fixture
    def source(self) -> Source:
        raise NotImplementedError("a concrete source provides this fixture")

    @pytest.fixture
    def missing(self) -> Source:
        """The same kind of source where there is nothing."""
        raise NotImplementedError("a concrete source provides this fixture")

    @pytest.fixture
    def source_at(self) -> Callable[[Path], Source]:
        """Makes the same kind of source over what was published at a path."""
        raise NotImplementedError("a concrete source provides this fixture")

    @pytest.fixture
    def frozen(self, source: Source) -> Iterator[Frozen]:
        with source.freeze() as frozen:
            yield frozen

    @pytest.fixture
    def restored(self, source: Source, tmp_path: Path) -> Path:
        with source.freeze() as frozen:
            return pour(frozen, tmp_path / "place" / "restored")

    @pytest.fixture
    def a_file(self, frozen: Frozen) -> Item:
        return next(item for item in frozen.items() if item.kind == "file" and item.size)

    def test_items_come_in_the_order_of_their_path_bytes_each_once(self, frozen: Frozen) -> None:
        paths = [item.path for item in frozen.items()]
        assert paths == sorted(set(paths))

    def test_a_folder_comes_before_what_is_in_it(self, frozen: Frozen) -> None:
        folders = set()
        for item in frozen.items():
            above = item.path.rpartition(b"/")[0]
            assert not above or above in folders
            if item.kind == "dir":
                folders.add(item.path)

    def test_a_file_has_exactly_as_many_bytes_as_its_item_says(self, frozen: Frozen) -> None:
        sizes = {item.path: item.size for item in frozen.items() if item.kind == "file"}
        assert {path: len(content) for path, content in read_all(frozen).items()} == sizes

    def test_what_is_not_a_file_has_no_size(self, frozen: Frozen) -> None:
        assert not any(item.size for item in frozen.items() if item.kind != "file")

    def test_two_freezes_of_an_unchanged_source_give_equal_items(self, source: Source) -> None:
        with source.freeze() as frozen:
            first = list(frozen.items())
        with source.freeze() as frozen:
            assert list(frozen.items()) == first

    def test_two_freezes_of_an_unchanged_source_give_equal_bytes(self, source: Source) -> None:
        with source.freeze() as frozen:
            first = read_all(frozen)
        with source.freeze() as frozen:
            assert read_all(frozen) == first

    def test_what_tells_a_change_fits_64_bits(self, frozen: Frozen) -> None:
        assert all(0 <= part < 2**64 for item in frozen.items() for part in item.change)

    def test_a_file_that_nobody_touched_is_unchanged_after_it_was_read(
        self, frozen: Frozen, a_file: Item
    ) -> None:
        with frozen.open(a_file) as stream:
            stream.read()
        assert frozen.unchanged(a_file)

    def test_a_file_that_nobody_touched_is_the_same_item_again(
        self, frozen: Frozen, a_file: Item
    ) -> None:
        assert frozen.again(a_file) == a_file

    def test_a_path_that_is_not_there_cannot_be_opened(self, frozen: Frozen, a_file: Item) -> None:
        with pytest.raises(SourceUnreadableError):
            frozen.open(a_file._replace(path=a_file.path + b".gone"))

    def test_a_path_that_is_not_there_is_gone_when_asked_again(
        self, frozen: Frozen, a_file: Item
    ) -> None:
        assert frozen.again(a_file._replace(path=a_file.path + b".gone")) is None

    def test_a_healthy_source_has_no_trouble(self, frozen: Frozen) -> None:
        list(frozen.items())
        assert frozen.troubles() == ()

    def test_a_source_that_stands_still_is_confirmed(self, frozen: Frozen) -> None:
        list(frozen.items())
        for reader in frozen.ledgers():
            list(reader.lines())
        frozen.confirm()

    def test_a_book_has_lines_and_a_name_of_its_own(self, frozen: Frozen) -> None:
        books = {reader.book.name: len(list(reader.lines())) for reader in frozen.ledgers()}
        assert books
        assert all(books.values())

    def test_a_source_that_is_missing_says_so(self, missing: Source) -> None:
        with pytest.raises(SourceUnreadableError), missing.freeze():
            pass

    def test_a_source_that_is_missing_tells_a_person_what_to_do(self, missing: Source) -> None:
        with pytest.raises(SourceUnreadableError) as caught, missing.freeze():
            pass
        assert caught.value.hint.endswith(".")

    def test_what_is_published_is_what_was_backed_up(
        self,
        source: Source,
        restored: Path,
        source_at: Callable[[Path], Source],
    ) -> None:
        target = restored.with_name("target")
        source.publish(restored, target)
        with source.freeze() as expected, source_at(target).freeze() as published:
            assert read_all(published) == read_all(expected)

    def test_publishing_where_nothing_was_moves_nothing_aside(
        self, source: Source, restored: Path
    ) -> None:
        assert source.publish(restored, restored.with_name("target")) is None

    def test_nothing_is_replaced_unless_asked(
        self, source: Source, tmp_path: Path, restored: Path
    ) -> None:
        target = restored.with_name("target")
        source.publish(restored, target)
        with source.freeze() as frozen:
            second = pour(frozen, tmp_path / "place" / "second")
        with pytest.raises(UsageError):
            source.publish(second, target)

    def test_what_is_replaced_is_kept_where_the_answer_says(
        self, source: Source, tmp_path: Path, restored: Path
    ) -> None:
        target = restored.with_name("target")
        source.publish(restored, target)
        with source.freeze() as frozen:
            second = pour(frozen, tmp_path / "place" / "second")
        kept = source.publish(second, target, replace=True)
        assert kept is not None
        assert kept.exists()

    def test_nothing_is_published_from_what_is_no_restored_folder(
        self, source: Source, tmp_path: Path
    ) -> None:
        with pytest.raises(SourceUnreadableError):
            source.publish(tmp_path / "nowhere", tmp_path / "target")
