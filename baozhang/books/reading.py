"""Where the books lie: find every book of a profile below a path, and make its reader.

A book is a file, or a folder whose files are its tables; the profile says which.  Finding opens
nothing: a damaged book is found like any other, and says what is wrong when it is read, so that
one bad file never hides the others.
"""

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from baozhang.books import gbxml, workbook
from baozhang.books.delimited import DelimitedReader
from baozhang.books.model import LedgerReader, Table
from baozhang.books.parted import Find, PartedReader
from baozhang.books.profiles import CONTAINERS, Format, Profile, TableMap
from baozhang.books.side_tables import is_attachment
from baozhang.books.sqlite import SqliteReader
from baozhang.errors import SourceUnreadableError

_LOCK = ("~$", ".~")  # how office programs begin the name of what they have open
FINDERS: Mapping[Format, Find] = {"workbook": workbook.find, "xml": gbxml.find}


def open_books(profile: Profile, root: Path, glob: str | None = None) -> list[LedgerReader]:
    """Return a reader per book, ordered by name; none if there is no such book.

    Args:
        profile: what the books are exports of.
        root: a file, or a folder that is searched to any depth.  Links are not followed.
        glob: which files (or folders, where a book is one) below `root` to take, for example
            `2026/*.txt`; None: all that are named as the profile says.

    A book's name is its path below `root`, `/`-separated; `.` where a folder `root` itself is the
    book, the file's own name where `root` is a file.  Contents are read and checked when
    `reader.book` or a row is asked for.

    Raises:
        SourceUnreadableError: there is no such path.
    """
    if not root.exists():
        raise SourceUnreadableError(
            "there is no file or folder {path}", hint="Check the path.", path=shown_name(str(root))
        )
    if root.is_file():
        return [_file_book(profile, root, root.name)]
    files = sorted(_found(profile, root, glob))
    if profile.book == "file":
        return [_file_book(profile, file, _below(file, root)) for file in files]
    by_folder: dict[Path, list[Path]] = {}
    for file in files:
        by_folder.setdefault(file.parent, []).append(file)
    return [_folder_book(profile, folder, root, by_folder[folder]) for folder in sorted(by_folder)]


def _found(profile: Profile, root: Path, glob: str | None) -> Iterable[Path]:
    """Yield the files that hold voucher lines: one book each, or parts of their folder's book."""
    patterns = profile.files or profile.tables["lines"].files
    folders = {layout.folder for layout in profile.tables.values() if layout.folder}
    for path in root.glob(glob or "**/*"):
        if path.is_symlink() or is_attachment(path.relative_to(root), folders):
            continue
        if path.is_file() and (glob or _named(path, patterns)):
            yield path
        elif glob and profile.book == "folder" and path.is_dir():
            yield from (file for file in path.iterdir() if _takes(file, patterns))


def _takes(file: Path, patterns: Iterable[str]) -> bool:
    return _named(file, patterns) and file.is_file() and not file.is_symlink()


def _named(path: Path, patterns: Iterable[str]) -> bool:
    """Tell whether a file is named so; the lock file of an open workbook is nobody's."""
    if path.name.startswith(_LOCK):
        return False
    return any(fnmatchcase(path.name, pattern) for pattern in patterns)


def _file_book(profile: Profile, file: Path, name: str) -> LedgerReader:
    shown = shown_name(name)
    if profile.format == "sqlite":
        return SqliteReader(profile, name, file, shown)
    if profile.format in CONTAINERS:
        tables = {table: ((shown, file),) for table, layout in _placed(profile)}
        return PartedReader(profile, name, tables, FINDERS[profile.format])
    return DelimitedReader(profile, name, {"lines": ((shown, file),)})


def _folder_book(
    profile: Profile, folder: Path, root: Path, line_files: list[Path]
) -> LedgerReader:
    if profile.format in CONTAINERS:
        return _parted_folder(profile, folder, root, line_files)
    files: dict[Table, tuple[tuple[str, Path], ...]] = {}
    folders: dict[Table, tuple[str, Path]] = {}
    for table, layout in profile.tables.items():
        if table == "lines":
            found = line_files
        else:
            found = [file for file in folder.iterdir() if _takes(file, layout.files)]
        if found:
            files[table] = tuple((shown_name(_below(file, root)), file) for file in sorted(found))
        own = folder / layout.folder
        if layout.folder and own.is_dir() and not own.is_symlink():
            folders[table] = shown_name(_below(own, root)), own
    return DelimitedReader(profile, _below(folder, root), files, folders)


def _parted_folder(
    profile: Profile, folder: Path, root: Path, line_files: list[Path]
) -> LedgerReader:
    """Return a book of files that may hold several tables each.

    A table without a file of its own is looked for in the files of the lines.
    """
    tables: dict[Table, tuple[tuple[str, Path], ...]] = {}
    for table, layout in _placed(profile):
        own = [file for file in folder.iterdir() if _takes(file, layout.files)]
        found = line_files if table == "lines" else own or line_files
        tables[table] = tuple((shown_name(_below(file, root)), file) for file in sorted(found))
    return PartedReader(profile, _below(folder, root), tables, FINDERS[profile.format])


def _placed(profile: Profile) -> list[tuple[Table, TableMap]]:
    """Return the tables that have a place of their own."""
    return [(table, layout) for table, layout in profile.tables.items() if not layout.within]


def _below(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def shown_name(name: str) -> str:
    """Return a name that can be printed in one line, whatever bytes the file system holds."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
