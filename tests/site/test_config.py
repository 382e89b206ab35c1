"""`config check` lists every problem and says so by its exit code."""

import json
from pathlib import Path

import pytest

from tests.site.conftest import Run


def test_a_sound_site_ends_with_nought(home: Path, run: Run) -> None:
    code, out, _ = run("config", "check", "--json")
    assert (code, json.loads(out)["ok"]) == (0, True)


def test_problems_end_with_two_and_are_all_listed(home: Path, run: Run) -> None:
    for client in ("c001", "c002"):
        (home / "clients" / f"{client}.yaml").write_text("id: [")
    code, out, _ = run("config", "check")
    assert code == 2
    assert all(f"clients/{client}.yaml" in out for client in ("c001", "c002"))


def test_a_warning_alone_ends_with_nought(home: Path, run: Run) -> None:
    path = home / "clients" / "c001.yaml"
    path.write_text(path.read_text("utf-8").replace("reviewer: li", "reviewer: zhang"), "utf-8")
    code, out, _ = run("config", "check", "--json")
    assert (code, json.loads(out)["warnings"][0]["kind"]) == (0, "lead_reviews")


def test_the_working_folder_is_the_home_where_none_is_set(
    home: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BAOZHANG_HOME")
    monkeypatch.chdir(home)
    assert run("config", "check")[0] == 0


@pytest.mark.parametrize(("words", "needed"), [((), "people"), (("--client",), "lead")])
def test_the_schema_is_json(run: Run, words: tuple[str, ...], needed: str) -> None:
    _, out, _ = run("config", "schema", *words)
    assert needed in json.loads(out)["required"]
