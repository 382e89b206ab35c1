"""A vault and secrets that do not open it: each refused with what to do, and told to nobody."""

import re
from pathlib import Path

import pytest

from tests.end_to_end.running import as_nobody, refused, run

CODE = re.compile(r"[A-Z2-7]{4}(?:-[A-Z2-7]{4}){13}")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two vaults, `vault` and `other`, each with its key and recovery sheet."""
    folder = tmp_path_factory.mktemp("keys")
    for name in ("vault", "other"):
        assert run("vault", "init", folder / name, "--key-file", folder / f"{name}.key").code == 0
    return folder


def sheet_with(folder: Path, code: str) -> Path:
    """Write a recovery sheet that bears this code."""
    text = (folder / "vault.key.recovery-sheet.txt").read_text("utf-8")
    path = folder / "typed.txt"
    path.touch(mode=0o600)
    path.write_text(CODE.sub(code, text), "utf-8")
    return path


def code_of(folder: Path) -> str:
    found = CODE.search((folder / "vault.key.recovery-sheet.txt").read_text("utf-8"))
    assert found
    return found[0]


def test_another_vault_s_key_does_not_open_it(made: Path) -> None:
    key = ("--key-file", made / "other.key")
    assert "不能打开备份库" in refused("vault", "snapshots", made / "vault", *key, code=2)


def test_a_key_file_that_others_can_read_is_refused_with_the_command_that_mends_it(
    made: Path, tmp_path: Path
) -> None:
    key = tmp_path / "open.key"
    key.write_bytes((made / "vault.key").read_bytes())
    key.chmod(0o644)
    text = refused("vault", "snapshots", made / "vault", "--key-file", key, code=2)
    assert f"chmod 600 {key}" in text


def test_a_key_file_that_may_not_be_read_is_out_of_reach(made: Path, tmp_path: Path) -> None:
    key = tmp_path / "closed.key"
    key.write_bytes((made / "vault.key").read_bytes())
    key.chmod(0)
    words = ("vault", "snapshots", made / "vault", "--key-file", key)
    assert "没有权限" in refused(*words, code=3, before=as_nobody)


@pytest.mark.parametrize("content", [b"", b"secret", bytes(range(256)) * 99, b"baozhang-key-1 AA"])
def test_a_file_that_is_no_key_file_is_not_quoted(
    made: Path, tmp_path: Path, content: bytes
) -> None:
    key = tmp_path / "no.key"
    key.write_bytes(content)
    key.chmod(0o600)
    text = refused("vault", "snapshots", made / "vault", "--key-file", key, code=2)
    assert "密钥文件中没有密钥" in text


def test_a_key_file_that_is_not_there_is_named(made: Path) -> None:
    words = ("vault", "snapshots", made / "vault", "--key-file", made / "gone.key")
    assert "gone.key" in refused(*words, code=2)


def test_a_mistyped_recovery_code_is_told_from_a_wrong_one(made: Path) -> None:
    code = code_of(made)
    swapped = code[1] + code[0] + code[2:] if code[0] != code[1] else "A" + code[1:]
    sheet = sheet_with(made, swapped)
    words = ("vault", "snapshots", made / "vault", "--recovery-sheet", sheet)
    text = refused(*words, code=2)
    assert "恢复码输入有误" in text
    assert swapped not in text


def test_a_sheet_without_a_code_is_no_sheet(made: Path) -> None:
    words = ("vault", "snapshots", made / "vault", "--recovery-sheet", sheet_with(made, ""))
    assert "没有恢复码" in refused(*words, code=2)


def test_the_sheet_s_code_opens_the_vault_without_the_key(made: Path) -> None:
    sheet = sheet_with(made, code_of(made))
    ran = run("vault", "snapshots", made / "vault", "--recovery-sheet", sheet, "--json")
    assert (ran.code, ran.json["snapshots"]) == (0, [])


def test_no_secret_is_as_wrong_as_two(made: Path) -> None:
    both = ("--key-file", made / "vault.key", "--passphrase")
    for secrets in ((), both):
        assert "--recovery-sheet" in refused("vault", "snapshots", made / "vault", *secrets, code=2)


def test_a_passphrase_that_nobody_types_is_asked_for_in_words(made: Path) -> None:
    words = ("vault", "snapshots", made / "vault", "--passphrase")
    assert "没有提供口令" in refused(*words, code=2)


def test_a_wrong_passphrase_is_not_echoed(made: Path) -> None:
    words = ("vault", "snapshots", made / "vault", "--passphrase")
    text = refused(*words, code=2, stdin="password123\n")
    assert "password123" not in text


def test_a_failed_init_leaves_no_key_that_opens_nothing(made: Path, tmp_path: Path) -> None:
    key = tmp_path / "new.key"
    refused("vault", "init", made / "vault", "--key-file", key, code=2)
    assert list(tmp_path.iterdir()) == []
