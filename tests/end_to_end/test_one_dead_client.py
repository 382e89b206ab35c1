"""A client, a mirror or the vault is gone: the rest is done, and a letter says so."""

import email
import email.policy
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.running import Preloaded, Ran
from tests.flows.site import make_site


@dataclass(frozen=True)
class Night:
    """A site, and what its duties said."""

    home: Path
    ran: Ran


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory, duty: Preloaded) -> Night:
    """A night with three clients, the second of which has no folder any more."""
    home = make_site(tmp_path_factory.mktemp("night") / "site", "c001", "c002", "c003")
    shutil.rmtree(home / "books" / "c002")
    return Night(home, duty("backup", "--json", home=home))


def letters(home: Path) -> list[str]:
    """Return the text of every letter in the outbox, oldest first."""
    found = []
    for path in sorted((home / "state" / "outbox").glob("*.eml"), key=lambda p: p.stat().st_mtime):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = message.get_body(("plain",))
        assert body
        found.append(body.get_content())
    return found


def test_the_others_are_protected(night: Night) -> None:
    status = {one["client"]: one["status"] for one in night.ran.json["outcomes"]}
    assert status == {"c001": "ok", "c002": "failed", "c003": "ok"}


def test_the_run_ends_with_a_problem(night: Night) -> None:
    assert (night.ran.code, night.ran.json["troubled"]) == (1, 1)


def test_the_finding_names_the_folder_and_what_to_do(night: Night) -> None:
    (dead,) = [one for one in night.ran.json["outcomes"] if one["client"] == "c002"]
    (finding,) = dead["findings"]
    assert str(night.home / "books" / "c002") in finding["message"]
    assert finding["hint"].endswith(".")


def test_the_letter_is_written_all_the_same_and_names_the_client(night: Night) -> None:
    assert [Path(path).exists() for path in night.ran.json["letters"]] == [True] * 2
    assert all("c002" in letter for letter in letters(night.home)[:2])


def test_no_client_s_name_is_in_what_was_said(night: Night) -> None:
    assert "示例商贸" not in night.ran.said
    assert "Vente" not in night.ran.said


def test_what_was_protected_validates_and_comes_back(night: Night, duty: Preloaded) -> None:
    sound = ("--client", "c001", "--client", "c003", "--json")
    validated = duty("validate", *sound, home=night.home)
    assert (validated.code, validated.json["troubled"]) == (0, 0)
    tested = duty("restore-test", *sound, home=night.home)
    assert {one["client"]: one["status"] for one in tested.json["outcomes"]} == {
        "c001": "ok",
        "c003": "ok",
    }
    assert tested.code == 0


def test_a_restore_test_of_the_dead_client_is_no_success(night: Night, duty: Preloaded) -> None:
    ran = duty("restore-test", "--client", "c002", "--json", home=night.home)
    assert ran.code != 0


def test_an_unknown_client_is_refused_before_anything_is_done(
    night: Night, duty: Preloaded
) -> None:
    before = len(letters(night.home))
    ran = duty("backup", "--client", "c009", "--json", home=night.home)
    assert (ran.code, ran.json["error"]) == (2, "UsageError")
    assert "c009" in ran.json["message"]
    assert len(letters(night.home)) == before


@pytest.fixture
def after(night: Night, tmp_path: Path) -> Path:
    """A copy of that site, the folder back in its place."""
    home = Path(shutil.copytree(night.home, tmp_path / "site"))
    shutil.copytree(home / "books" / "c001", home / "books" / "c002")
    return home


def test_once_the_folder_is_back_only_that_client_is_due(after: Path, duty: Preloaded) -> None:
    ran = duty("backup", lang="zh_CN", home=after)
    assert ran.code == 0, ran.said
    assert ran.err == "".join(line for line in ran.err.splitlines(True) if "c002" in line)


def test_a_mirror_that_is_gone_is_told_and_the_vault_is_whole(after: Path, duty: Preloaded) -> None:
    (after / "mirror").rename(after / "elsewhere")
    before = len(letters(after))
    ran = duty("backup", "--client", "c001", "--json", home=after)
    assert ran.code == 1, ran.said
    assert ran.json["outcomes"][0]["status"] == "ok"
    assert str(after / "mirror") in ran.json["outcomes"][1]["findings"][0]["message"]
    assert len(letters(after)) == before + 2
    assert not (after / "mirror").exists()


@pytest.mark.parametrize("name", ["backup", "validate"])
def test_a_vault_that_is_gone_ends_with_a_letter_not_with_a_silence(
    after: Path, duty: Preloaded, name: str
) -> None:
    (after / "vault").rename(after / "elsewhere")
    before = len(letters(after))
    ran = duty(name, "--client", "c001", "--json", home=after)
    assert ran.code == 1, ran.said
    assert ran.json["outcomes"][0]["status"] in {"failed", "inconclusive"}
    assert len(letters(after)) > before
    assert not (after / "vault").exists()
