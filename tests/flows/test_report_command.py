"""`baozhang report` and `audit verify --letter`: what schedules do by hand, and held against."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from baozhang.cli import audit, report
from baozhang.errors import UsageError
from baozhang.wiring import open_site
from tests.flows.walking import night

Run = Callable[..., dict[str, Any]]


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command's function and return what it printed for programs."""

    def ran(command: Callable[..., None], *words: object, **options: object) -> dict[str, Any]:
        command(*words, as_json=True, **options)
        return json.loads(capsys.readouterr().out)  # type: ignore[no-any-return]

    return ran


def test_a_letter_written_by_hand_is_numbered_filed_copied_and_not_mailed(
    run: Run, home: Path, tmp_path: Path
) -> None:
    told = run(report.write_one, "certificate", "c001", to=tmp_path / "out")
    assert (told["kind"], told["number"], told["messages"]) == ("certificate", 1, [])
    assert {Path(each).suffix for each in told["copies"]} == {".html", ".txt", ".pdf", ".json"}
    assert all(Path(each).exists() for each in told["copies"])
    assert not (home / "state" / "outbox").exists()


def test_with_send_it_is_mailed(run: Run) -> None:
    told = run(report.write_one, "certificate", "c001", send=True)
    assert [Path(each).suffix for each in told["messages"]] == [".eml"]


def test_a_dry_run_takes_no_number_and_writes_nothing(run: Run, home: Path) -> None:
    told = run(report.write_one, "monthly", dry_run=True)
    assert (told["status"], told["dry_run"]) == ("inconclusive", True)
    with open_site() as site:
        assert site.catalog.letters() == ()
    assert not (home / "reports").exists()


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("monthly", {"period": "9999-01"}),
        ("monthly", {"period": "July"}),
        ("monthly", {"client": "c001"}),
        ("certificate", {}),
        ("certificate", {"client": "nobody"}),
        ("poem", {"client": "c001"}),
        ("monthly", {"language": "fr"}),
    ],
)
def test_what_cannot_be_written_is_refused(run: Run, kind: str, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        run(report.write_one, kind, **options)


def test_letters_are_listed_and_shown(run: Run) -> None:
    run(report.write_one, "client-statement", "c001", language="en")
    listed = run(report.list_all, client="c001", last=5)
    shown = run(report.show_one, "client-statement", 1)
    assert [(e["kind"], e["number"], e["sent"]) for e in listed["reports"]] == [
        ("client-statement", 1, False)
    ]
    assert "Client service report" in shown["text"]


def test_a_letter_that_is_not_there_is_refused(run: Run) -> None:
    with pytest.raises(UsageError):
        run(report.show_one, "monthly", 3)


def test_a_letter_is_verified_and_an_altered_one_is_found(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    night("c001")
    page = Path(run(report.write_one, "certificate", "c001")["pages"][0])
    assert run(audit.verify, letters=[page])["letters"][0]["state"] == "sound"
    page.write_text(page.read_text("utf-8") + " ", "utf-8")
    with pytest.raises((typer.Exit, click.exceptions.Exit)):
        run(audit.verify, letters=[page])
    assert json.loads(capsys.readouterr().out)["letters"][0]["state"] == "altered"
