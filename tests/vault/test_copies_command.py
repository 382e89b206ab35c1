"""`baozhang vault mirror|seed|freshness` as they are typed: what they say, and how they end."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BAOZHANG = Path(sys.executable).with_name("baozhang")


def vault(*words: object, lang: str = "en") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BAOZHANG), "vault", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "BAOZHANG_LANG": lang, "COLUMNS": "200"},
    )


class Place:
    """A vault with a key, and what is typed about it."""

    def __init__(self, root: Path) -> None:
        self.root, self.url = root, root / "vault"
        self.key = ("--key-file", root / "key")
        assert vault("init", self.url, *self.key).returncode == 0
        (root / "data").mkdir()
        (root / "usb").mkdir()
        self.back_up("1")

    def back_up(self, content: str) -> None:
        (self.root / "data" / "a").write_text(content)
        done = vault("backup", self.url, *self.key, "--client", "c001", self.root / "data")
        assert done.returncode == 0, done.stderr

    def run(self, verb: str, *words: object, lang: str = "en") -> subprocess.CompletedProcess[str]:
        return vault(*verb.split(), self.url, *self.key, *words, lang=lang)

    def keep(self, name: str) -> Path:
        shutil.copytree(self.url, self.root / name)
        return self.root / name

    def put_back(self, kept: Path) -> None:
        shutil.rmtree(self.url)
        shutil.copytree(kept, self.url)


@pytest.fixture
def made(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_mirror_is_made_and_complete(made: Place) -> None:
    ran = made.run("mirror", "--to", made.root / "m", "--json")
    value = json.loads(ran.stdout)
    assert (ran.returncode, value["complete"], value["lag"]["objects"]) == (0, True, 0)
    assert value["objects"] > 5
    assert vault("verify", made.root / "m", *made.key, "--read-data").returncode == 0


def test_a_mirror_that_lacks_something_ends_with_1_and_says_what(made: Place) -> None:
    pack = next(made.url.glob("c/*/packs/*/*"))
    pack.write_bytes(bytes(pack.stat().st_size))
    ran = made.run("mirror", "--to", made.root / "m", lang="zh_CN")
    assert ran.returncode == 1
    assert "副本不完整，还缺：" in ran.stdout
    assert "涉及 1 个客户的 1 个备份点" in ran.stdout


def test_a_mirror_out_of_reach_ends_with_3(made: Place) -> None:
    (made.root / "file").write_text("")
    assert made.run("mirror", "--to", made.root / "file" / "m").returncode == 3


@pytest.mark.parametrize(
    ("option", "value"), [("--limit", "20"), ("--limit", "0Mbit/s"), ("--window", "22-6")]
)
def test_what_is_no_pace_ends_with_2_before_anything_is_copied(
    made: Place, option: str, value: str
) -> None:
    ran = made.run("mirror", "--to", made.root / "m", option, value)
    assert ran.returncode == 2
    assert "hint: Write" in ran.stderr
    assert not (made.root / "m").exists()


def test_a_disk_is_carried_and_what_is_left_for_the_line_is_told(made: Place) -> None:
    assert made.run("seed export", "--to", made.root / "disk").returncode == 0
    made.back_up("2")
    shutil.move(made.root / "disk", made.root / "far")
    ran = vault(
        *("seed", "import", made.root / "far", "--to", made.root / "m", *made.key),
        *("--vault", made.url, "--json"),
    )
    value = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert value["complete"]
    assert (value["rest"]["snapshots"], value["rest"]["clients"]) == (1, 1)
    ran = made.run("mirror", "--to", made.root / "m", "--json")
    assert json.loads(ran.stdout)["objects"] == value["rest"]["objects"]


def test_a_carried_disk_that_was_changed_ends_with_1(made: Place) -> None:
    made.run("seed export", "--to", made.root / "disk")
    next((made.root / "disk").glob("c/*/packs/*/*")).unlink()
    ran = vault("seed", "import", made.root / "disk", "--to", made.root / "m", *made.key)
    assert ran.returncode == 1
    assert "in the seal, and not whole on the disk" in ran.stdout


def test_a_disk_without_a_seal_ends_with_2(made: Place) -> None:
    ran = vault("seed", "import", made.url, "--to", made.root / "m", *made.key)
    assert ran.returncode == 2
    assert "no seal" in ran.stderr


def test_a_fresh_vault_ends_with_0_and_one_that_was_put_back_with_1(made: Place) -> None:
    witness = ("--witness", made.root / "usb" / "w.json")
    assert made.run("freshness", *witness).returncode == 1  # there is none yet
    assert made.run("freshness", *witness, "--update").returncode == 0
    old = made.keep("old")
    made.back_up("2")
    assert made.run("freshness", *witness, "--update").returncode == 0
    made.put_back(old)
    ran = made.run("freshness", *witness, "--json")
    value = json.loads(ran.stdout)
    assert ran.returncode == 1
    assert [(a["kind"], a["client"], a["known"]) for a in value["alarms"]] == [
        ("rolled_back", "c001", 2)
    ]
    ran = made.run("freshness", *witness, lang="zh_CN")
    assert "客户 c001 的备份集 main 被换回了旧状态" in ran.stdout


def test_an_update_does_not_silence_an_alarm(made: Place) -> None:
    witness = ("--witness", made.root / "w.json")
    old = made.keep("old")
    made.back_up("2")
    made.run("freshness", *witness, "--update")
    made.put_back(old)
    for _ in range(2):
        assert made.run("freshness", *witness, "--update").returncode == 1


def test_a_mirror_ahead_is_found(made: Place) -> None:
    old = made.keep("old")
    made.back_up("2")
    made.run("mirror", "--to", made.root / "m")
    made.put_back(old)
    ran = made.run("freshness", "--mirror", made.root / "m", "--json")
    assert ran.returncode == 1
    assert [alarm["kind"] for alarm in json.loads(ran.stdout)["alarms"]] == ["mirror_ahead"]


def test_somebody_must_be_asked(made: Place) -> None:
    assert made.run("freshness").returncode == 2


def test_a_forged_witness_ends_with_1(made: Place) -> None:
    (made.root / "w.json").write_text("{}\n\n")
    ran = made.run("freshness", "--witness", made.root / "w.json")
    assert ran.returncode == 1
    assert "damaged, or somebody without the vault's key wrote it" in ran.stderr


def test_the_latest_is_not_restored_from_a_vault_that_was_put_back(made: Place) -> None:
    witness = ("--witness", made.root / "w.json")
    old = made.keep("old")
    made.back_up("2")
    made.run("freshness", *witness, "--update")
    command = ("--client", "c001", "--to", made.root / "out", *witness)
    made.put_back(old)
    ran = made.run("restore", *command)
    assert ran.returncode == 1
    assert "is not the latest there was" in ran.stderr
    assert not (made.root / "out").exists()
    assert made.run("restore", *command, "--snapshot", "main-000001").returncode == 0


def test_the_latest_of_a_vault_that_is_fresh_is_restored(made: Place) -> None:
    witness = ("--witness", made.root / "w.json")
    made.run("freshness", *witness, "--update")
    made.back_up("2")
    ran = made.run("restore", "--client", "c001", "--to", made.root / "out", *witness)
    assert ran.returncode == 0
    assert (made.root / "out" / "a").read_text() == "2"


def test_verify_asks_the_witness_too(made: Place) -> None:
    witness = ("--witness", made.root / "w.json")
    old = made.keep("old")
    made.back_up("2")
    made.run("freshness", *witness, "--update")
    assert made.run("verify", *witness).returncode == 0
    made.put_back(old)
    ran = made.run("verify", *witness, "--json")
    value = json.loads(ran.stdout)
    assert (ran.returncode, value["damaged"], len(value["stale"])) == (1, [], 1)
    assert made.run("verify").returncode == 0  # the vault by itself is whole


def test_a_witness_that_is_not_there_is_not_passed_over(made: Place) -> None:
    assert made.run("verify", "--witness", made.root / "none.json").returncode == 2
