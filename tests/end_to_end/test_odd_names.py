"""File names that are no good text come back byte for byte through the command line."""

import os
from pathlib import Path

import pytest

from tests.end_to_end.running import run

NAMES = (
    b"line\nfeed.txt",
    b"\xff\xfe\x80.bin",
    b"x" * 255,
    "凭".encode() * 85,  # 255 bytes as well
    b"\x1b[31mred.txt",
    b" leading and trailing ",
    b"-rf",
    b"back\\slash",
    b"tab\tquote\"'",
    b"~",
)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a vault that holds such names, in `odd`, as files, folders and links."""
    place = os.fsencode(tmp_path_factory.mktemp("odd"))
    os.makedirs(place + b"/odd/in\n\xff/deep")
    for name in NAMES:
        with open(place + b"/odd/" + name, "wb") as file:
            file.write(name)
        with open(place + b"/odd/in\n\xff/" + name, "wb") as file:
            file.write(b"in" + name)
    os.symlink(b"\xff\n", place + b"/odd/link")
    folder = Path(os.fsdecode(place))
    key = ("--key-file", folder / "key")
    assert run("vault", "init", folder / "vault", *key).code == 0
    done = run("vault", "backup", folder / "vault", *key, "--client", "c001", folder / "odd")
    assert done.code == 0
    return folder


def vault(stored: Path, verb: str, *words: object) -> tuple[object, ...]:
    common = ("--key-file", stored / "key", "--client", "c001")
    return ("vault", verb, stored / "vault", *common, *words)


def contents(root: bytes) -> dict[bytes, bytes]:
    """Return every path below a folder with what it holds, links with where they lead."""
    found = {}
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = os.path.join(folder, name)
            if os.path.islink(path):
                found[os.path.relpath(path, root)] = os.readlink(path)
            elif os.path.isdir(path):
                found[os.path.relpath(path, root)] = b"/"
            else:
                with open(path, "rb") as file:
                    found[os.path.relpath(path, root)] = file.read()
    return found


def test_every_name_comes_back_byte_for_byte(stored: Path, tmp_path: Path) -> None:
    assert run(*vault(stored, "restore", "--to", tmp_path / "back")).code == 0
    source = contents(os.fsencode(stored / "odd"))
    assert len(source) == 2 * len(NAMES) + 3
    assert contents(os.fsencode(tmp_path / "back")) == source


@pytest.mark.parametrize("name", [NAMES[0], NAMES[1], NAMES[2], NAMES[6]])
def test_one_such_path_can_be_asked_for(stored: Path, tmp_path: Path, name: bytes) -> None:
    option = b"--path=in\n\xff/" + name
    ran = run(*vault(stored, "restore", option, "--to", tmp_path / "back"))
    assert ran.code == 0, ran.said
    held = contents(os.fsencode(tmp_path / "back"))
    assert held[b"in\n\xff/" + name] == b"in" + name


def test_a_target_may_have_such_a_name(stored: Path, tmp_path: Path) -> None:
    target = os.fsencode(tmp_path) + b"/to\n\xff"
    ran = run(*vault(stored, "restore", "--to", target, "--json"))
    assert ran.code == 0, ran.said
    assert os.fsencode(ran.json["to"]) == target
    assert len(contents(target)) == 2 * len(NAMES) + 3


def test_a_listing_shows_one_line_a_name_and_never_paints_the_terminal(stored: Path) -> None:
    ran = run(*vault(stored, "ls"))
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 2 * len(NAMES) + 4  # and the folder itself
    assert "\x1b" not in ran.out


def test_a_terminal_of_another_encoding_stops_no_listing(stored: Path) -> None:
    for words in (vault(stored, "ls"), vault(stored, "ls", "--json")):
        assert run(*words, PYTHONIOENCODING="ascii").code == 0


def test_json_is_json_whatever_the_encoding(stored: Path) -> None:
    listed = run(*vault(stored, "ls", "--json"), PYTHONIOENCODING="ascii").json["items"]
    assert len(listed) == 2 * len(NAMES) + 4
    assert "凭" * 85 in {item["path"] for item in listed}
