"""The guide does what it says: its SQL gives enough rights and no more, its commands restore."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from baozhang.books.taking import take_proof
from baozhang.errors import SourceUnreadableError
from baozhang.settings.sources import ServerFile, SourceFile
from baozhang.sources.mysql import MysqlSource
from baozhang.sources.mysql_session import Login, session
from tests.contracts.source_contract import pour
from tests.servers.mariadb import Mariadb
from tests.sources.mysql_books import books

pytestmark = pytest.mark.server
GUIDES = Path(__file__).parents[2] / "docs" / "guides"
READER, RESTORER = "baozhang_read", "baozhang_restore"
PROGRAMS = """
CREATE VIEW v AS SELECT ccode FROM code;
CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;
CREATE TRIGGER t BEFORE INSERT ON code FOR EACH ROW SET NEW.cclass = '资产';
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM code;
CREATE SEQUENCE s;
"""


def blocks(language: str, guide: str = "mariadb.md") -> list[str]:
    """Return what a guide tells to run."""
    text = (GUIDES / guide).read_text("utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.fixture
def server(mariadb: Mariadb) -> Iterator[Mariadb]:
    """The server with a ledger, after the guide's SQL was run on it."""
    books(mariadb, "ledger")
    mariadb.sql(PROGRAMS, "ledger")
    mariadb.sql("\n".join(blocks("sql")))
    yield mariadb
    mariadb.sql(f"DROP USER '{READER}'@'localhost'; DROP USER '{RESTORER}'@'localhost'")


@pytest.fixture
def source(server: Mariadb, tmp_path: Path) -> MysqlSource:
    return MysqlSource(
        server.server(READER),
        "ledger",
        profile="yonyou_t3",
        scratch=tmp_path / "scratch",
        password=lambda: "choose a password",
        restore_to=server.server(RESTORER),
        restore_password=lambda: "choose another password",
    )


def test_the_rights_of_the_guide_are_enough_to_back_up_and_to_prove(
    source: MysqlSource, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
        (reader,) = frozen.ledgers()
        proof = take_proof(reader)
        assert frozen.troubles() == ()
    with source.restored_books(restored) as readers:
        (reader,) = readers
        assert take_proof(reader) == proof


def test_everything_in_the_database_is_in_the_dump_of_that_login(
    source: MysqlSource, server: Mariadb, tmp_path: Path
) -> None:
    by_root = MysqlSource(server.server(), "ledger", scratch=tmp_path / "scratch")
    dumps = []
    for number, each in enumerate((source, by_root)):
        with each.freeze() as frozen:
            dumps.append((pour(frozen, tmp_path / str(number)), list(frozen.items())))
    assert dumps[0][1] == dumps[1][1]


@pytest.mark.parametrize(
    "forbidden",
    [
        "INSERT INTO code (ccode) VALUES ('1')",
        "DELETE FROM code",
        "DROP TABLE code",
        "FLUSH TABLES",
    ],
)
def test_the_reading_login_can_change_nothing(server: Mariadb, forbidden: str) -> None:
    login = Login(server.server(READER), lambda: "choose a password")
    with session(login, "ledger") as own, pytest.raises(SourceUnreadableError) as caught:
        own.execute(forbidden)
    assert caught.value.template == "{user} lacks a right in {database} on {server}"


def test_the_restoring_login_sees_no_ledger(server: Mariadb) -> None:
    login = Login(server.server(RESTORER), lambda: "choose another password")
    with pytest.raises(SourceUnreadableError), session(login, "ledger"):
        pass


def test_the_commands_of_the_guide_restore_without_us(
    source: MysqlSource, server: Mariadb, tmp_path: Path
) -> None:
    with source.freeze() as frozen:
        restored = pour(frozen, tmp_path / "restored")
    (tmp_path / ".my.cnf").write_text(f"[client]\nuser=root\nsocket={server.socket}\n")
    (commands,) = blocks("bash")
    words = ["bash", "-euo", "pipefail", "-c", commands]
    environment = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(words, cwd=restored, env=environment, check=True)
    assert server.sql("SELECT SUM(md) - SUM(mc), COUNT(*) FROM GL_accvouch", "restored") == (
        "0.0000\t6\n"
    )
    assert server.sql("SELECT COUNT(*) FROM v", "restored") == "2\n"


def test_the_settings_of_the_guide_are_understood() -> None:
    (text,) = blocks("yaml")
    agency, client = (yaml.safe_load(part) for part in text.split("\n\n"))
    assert [ServerFile.model_validate(each).user for each in agency["servers"].values()] == [
        READER,
        RESTORER,
    ]
    assert [SourceFile.model_validate(each).kind for each in client["sources"]] == ["mysql"]


def test_both_languages_of_the_guide_tell_the_same_to_run() -> None:
    for language in ("sql", "bash", "yaml"):
        assert blocks(language) == blocks(language, "mariadb.zh-CN.md")
