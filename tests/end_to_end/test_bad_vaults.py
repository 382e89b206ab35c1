"""A vault that is full, gone, closed, newer or damaged: nothing that was stored is lost."""

import os
import re
import resource
import shutil
from functools import partial
from pathlib import Path

import pytest

from tests.books.making import sound_fec, write_fec
from tests.end_to_end.running import Ran, as_nobody, english, refused, run

ROOM = 60_000  # bytes a file may have where the disk is "full"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a vault, its key, and one snapshot of the folder `books`."""
    folder = tmp_path_factory.mktemp("first")
    (folder / "books").mkdir()
    write_fec(folder / "books" / "1FEC2026.txt", sound_fec())
    key = ("--key-file", folder / "key")
    assert run("vault", "init", folder / "vault", *key).code == 0
    words = ("--client", "c001", folder / "books", "--profile", "fec")
    assert run("vault", "backup", folder / "vault", *key, *words).code == 0
    return folder


@pytest.fixture
def made(first: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test to damage."""
    return Path(shutil.copytree(first, tmp_path / "made", dirs_exist_ok=True))


def vault(made: Path, verb: str, *words: object) -> tuple[object, ...]:
    return ("vault", verb, made / "vault", "--key-file", made / "key", *words)


def assert_whole(made: Path) -> None:
    """Every byte is right, and what was stored first comes back as it was."""
    assert run(*vault(made, "verify", "--read-data")).code == 0
    back = made / "back"
    done = run(*vault(made, "restore", "--client", "c001", "--to", back))
    assert done.code == 0, done.said
    name = "1FEC2026.txt"
    assert (back / name).read_bytes() == (made / "books" / name).read_bytes()


def little_room() -> None:
    """In the child: no file may grow beyond this, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def test_a_full_disk_is_named_and_what_was_stored_stays(made: Path) -> None:
    (made / "big").write_bytes(os.urandom(10 * ROOM))
    words = vault(made, "backup", "--client", "c002", made / "big")
    text = refused(*words, code=3, before=little_room)
    assert str(made / "vault") in text
    assert "磁盘已满" in text
    assert_whole(made)
    assert run(*words).code == 0


def test_a_restore_that_does_not_fit_stops_and_is_not_taken_for_one(made: Path) -> None:
    (made / "big").write_bytes(os.urandom(10 * ROOM))
    assert run(*vault(made, "backup", "--client", "c002", made / "big")).code == 0
    words = vault(made, "restore", "--client", "c002", "--to", made / "back")
    refused(*words, code=3, before=little_room)
    assert not (made / "back").exists()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (b'"format":1', b'"format":2', "备份库格式为 2，本版本只能读取格式 1"),
        (b'"must_understand":[]', b'"must_understand":["x9"]', "本版本不认识的功能：x9"),
    ],
)
def test_a_vault_of_a_newer_release_is_not_touched(
    made: Path, old: bytes, new: bytes, told: str
) -> None:
    head = made / "vault" / "config"
    assert old in head.read_bytes()
    head.write_bytes(head.read_bytes().replace(old, new))
    before = sorted(made.rglob("*"))
    for words in (("verify",), ("backup", "--client", "c001", made / "books")):
        text = refused(*vault(made, *words), code=2, names=("x9",))
        assert told in text
    assert sorted(made.rglob("*")) == before


def test_a_damaged_head_is_told_with_where_to_take_it_from(made: Path) -> None:
    (made / "vault" / "config").write_bytes(b"{")
    text = refused(*vault(made, "verify"), code=1)
    assert "`config`" in text


def test_a_vault_whose_disk_is_not_mounted_is_out_of_reach_and_not_made_anew(made: Path) -> None:
    (made / "vault").rename(made / "elsewhere")
    for words in (("verify",), ("backup", "--client", "c001", made / "books")):
        text = refused(*vault(made, *words), code=3)
        assert "已挂载" in text
    assert not (made / "vault").exists()


def test_a_vault_that_may_not_be_entered_is_out_of_reach(made: Path) -> None:
    (made / "vault").chmod(0)
    try:
        text = refused(*vault(made, "snapshots"), code=3, before=as_nobody)
    finally:
        (made / "vault").chmod(0o700)
    assert "没有权限" in text


def test_a_folder_that_is_no_vault_is_a_matter_of_what_was_typed(made: Path) -> None:
    text = refused("vault", "verify", made / "books", "--key-file", made / "key", code=2)
    assert "没有备份库" in text


def test_an_unknown_scheme_is_refused(made: Path) -> None:
    words = ("vault", "verify", "ftp://host/vault", "--key-file", made / "key")
    assert "ftp://" in refused(*words, code=2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ls", "--client", "c009"), "c009"),
        (("ls", "--client", "../c001"), "不能用作客户编号"),
        (("ls", "--client", "c001", "--set", "papers"), "备份集 papers 中没有备份点"),
        (("ls", "--client", "c001", "--snapshot", "main-9"), "main-9"),
        (("ls", "--client", "c001", "--as-of", "2020-01-01"), "没有那么早的备份点"),
    ],
)
def test_what_the_vault_does_not_hold_is_named(
    first: Path, words: tuple[str, ...], told: str
) -> None:
    assert told in refused(*vault(first, *words), code=2, names=("main",))


def test_a_path_that_a_snapshot_does_not_hold_makes_no_folder(first: Path, tmp_path: Path) -> None:
    to = ("--path", "nowhere", "--to", tmp_path / "back")
    words = vault(first, "restore", "--client", "c001", *to)
    assert "没有此路径" in refused(*words, code=2, names=("main",))
    assert not (tmp_path / "back").exists()


def test_a_folder_in_use_is_not_restored_into(first: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    refused(*vault(first, "restore", "--client", "c001", "--to", tmp_path), code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_unknown_profile_stores_nothing(made: Path) -> None:
    words = ("backup", "--client", "c005", made / "books", "--profile", "kingdee")
    assert "kingdee" in refused(*vault(made, *words), code=2)
    assert run(*vault(made, "snapshots", "--json")).json["snapshots"][1:] == []


def test_a_source_that_is_not_there_is_out_of_reach(made: Path) -> None:
    words = ("backup", "--client", "c001", made / "gone")
    assert "gone" in refused(*vault(made, *words), code=3)


def partly_readable(made: Path) -> Ran:
    (made / "books" / "closed.txt").write_text("x")
    (made / "books" / "closed.txt").chmod(0)
    words = vault(made, "backup", "--client", "c001", made / "books", "--json")
    return run(*words, before=as_nobody)


def test_one_unreadable_file_is_named_and_the_others_are_stored(made: Path) -> None:
    ran = partly_readable(made)
    assert (ran.code, ran.json["partial"], ran.json["files"]) == (1, True, 1)
    assert ran.json["troubles"] == [{"path": "closed.txt", "reason": "unreadable"}]


def test_what_commands_say_of_a_sound_vault_is_chinese(first: Path, tmp_path: Path) -> None:
    say = partial(run, lang="zh_CN")
    to = ("--client", "c001", "--to", tmp_path / "back")
    for words in (
        vault(first, "snapshots"),
        vault(first, "verify", "--read-data"),
        vault(first, "restore", *to),
        vault(first, "prove", "--client", "c001"),
    ):
        ran = say(*words)
        assert ran.code == 0, ran.said
        shown = re.sub(r"\bmain\b|\b[KM]iB\b", "", ran.out)
        assert english(shown, "c001") == []
