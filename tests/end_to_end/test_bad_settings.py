"""A site's files with something wrong in them: file, line, key, what is wrong, what to write."""

from pathlib import Path

import pytest

from tests.end_to_end.running import Preloaded, english, refused
from tests.flows.site import make_site

NAMES = (
    *("people", "policies", "vaults", "profile", "mail", "lead", "credit", "id"),  # keys
    *("daily", "main", "zhang", "wang", "fec", "min"),  # and what may be written there
    *("maill", "often", "x9"),  # and what is
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return make_site(tmp_path / "site", "c001", "c002")


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "told"),
    [
        ("agency.yaml", "people:", "people: [", "agency.yaml:", "不是有效的 YAML"),
        ("agency.yaml", "\nmail:", "\nmaill:", "maill", "请改为 mail"),
        ("agency.yaml", "daily: {}", "daily: {every: often}", "policies.daily.every", "不是时长"),
        ("agency.yaml", "daily: {}", "daily: {every: [1]}", "policies.daily.every", "一段文本"),
        ("agency.yaml", "policy: daily, vault: main}\n  p", "policy: x9, vault: main}\n  p",
         "sets.main.policy", "daily"),
        ("agency.yaml", "vault: main}\n  p", "vault: x9}\n  p", "sets.main.vault", "main"),
        ("clients/c001.yaml", "lead: zhang", "lead: x9", "clients/c001.yaml:3", "zhang"),
        ("clients/c001.yaml", "profile: fec", "profile: x9", "sources.0.profile", "cn_csv"),
        ("clients/c001.yaml", "lead: zhang", "lead: zhang\nlead: zhang", "lead", "重复出现"),
        ("clients/c001.yaml", "lead: zhang", "lead: zhang\ncredit_code: 91330100799655058A",
         "credit_code", "校验码不符"),
        ("clients/c001.yaml", "id: c001", "id: c002", "clients/c001.yaml:1", "与文件名不一致"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_place_and_its_remedy(
    home: Path, duty: Preloaded, file: str, old: str, new: str, place: str, told: str
) -> None:
    text = (home / file).read_text("utf-8")
    assert old in text
    (home / file).write_text(text.replace(old, new, 1), "utf-8")
    ran = duty("config", "check", lang="zh_CN", home=home)
    assert (ran.code, ran.err) == (2, "")
    (line,) = [line for line in ran.out.splitlines() if line.startswith("✗") and place in line]
    assert told in line
    assert english(line, *NAMES) == []


def test_all_faults_are_told_at_once_and_as_json(home: Path, duty: Preloaded) -> None:
    (home / "clients" / "c001.yaml").write_bytes(b"\xff\xfe")
    (home / "clients" / "c002.yaml").write_text("")
    ran = duty("config", "check", "--json", home=home)
    assert (ran.code, ran.json["ok"]) == (2, False)
    files = [problem["file"] for problem in ran.json["problems"]]
    assert files == ["clients/c001.yaml", "clients/c002.yaml"]


@pytest.mark.parametrize("words", [("client", "list"), ("catalog", "rebuild")])
def test_every_command_of_a_site_refuses_a_broken_file_in_the_same_words(
    home: Path, duty: Preloaded, words: tuple[str, ...]
) -> None:
    (home / "clients" / "c001.yaml").write_text("")
    assert "c001.yaml" in refused(*words, code=2, by=duty, home=home)


def test_a_folder_that_is_no_site_says_how_to_make_one(tmp_path: Path, duty: Preloaded) -> None:
    text = refused("client", "list", code=2, by=duty, home=tmp_path, names=("BAOZHANG", "HOME"))
    assert "`baozhang init`" in text


def test_an_audit_log_that_is_not_there_is_named(tmp_path: Path, duty: Preloaded) -> None:
    for verb in ("verify", "show"):
        assert str(tmp_path) in refused("audit", verb, code=2, by=duty, home=tmp_path)
