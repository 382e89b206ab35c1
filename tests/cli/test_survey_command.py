"""`baozhang survey` as it is typed: from consent to the report."""

import csv
import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from baozhang.cli.survey import register
from baozhang.clock import SHANGHAI, system_clock
from baozhang.errors import UsageError
from tests.flows.site import make_site
from tests.flows.voicing import export, prepare

WAVE = "w-test"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    made = make_site(tmp_path / "site")
    prepare(made, 3)
    return made


def typed(*words: str, keys: str = "") -> Result:
    root = typer.Typer()
    register(root)
    root.callback()(lambda: None)
    return CliRunner().invoke(
        root, ["survey", *words], input=keys, env={"BAOZHANG_LANG": "en", "COLUMNS": "160"}
    )


def told(*words: str) -> dict[str, object]:
    done = typed(*words, "--json")
    assert done.exit_code == 0, done.exception
    value: dict[str, object] = json.loads(done.stdout)
    return value


@pytest.fixture
def codes(home: Path) -> dict[str, str]:
    """Codes by client of a wave that is open; c003 refuses."""
    told("consent", "c001", "--by", "zhang")
    told("consent", "c002", "--by", "zhang", "--channel", "phone")
    told("consent", "c003", "--by", "zhang", "--no")
    assert told("open", WAVE, "--by", "zhang")["letters"] == 1
    invitations = told("show", WAVE)["invitations"]
    assert isinstance(invitations, list)
    return {each["client"]: each["code"] for each in invitations}


def test_who_would_be_asked_is_shown_before_anybody_is(home: Path) -> None:
    told("consent", "c001", "--by", "zhang")
    found = told("open", WAVE, "--by", "zhang", "--dry-run")
    assert (found["asked"], found["left_out"]) == (["c001"], {"c002": "unknown", "c003": "unknown"})
    assert told("list") == {"waves": []}


def test_where_nobody_may_be_asked_the_reasons_are_at_hand(home: Path) -> None:
    done = typed("open", WAVE, "--by", "zhang")
    assert isinstance(done.exception, UsageError)
    assert "--dry-run" in done.exception.hint
    assert "nobody asked whether it agrees" in typed("open", "--by", "zhang", "--dry-run").stdout


def test_an_answer_on_the_telephone_counts_and_a_low_one_owes_a_call(codes: dict[str, str]) -> None:
    found = told("record", codes["c002"], "--csat", "1", "--nps", "0", "--by", "zhang")
    assert (found["client"], found["channel"], found["call_backs"]) == ("c002", "phone", 1)
    (call,) = told("call-back")["call_backs"]  # type: ignore[misc]
    told("call-back", call["id"], "--by", "wang", "--outcome", "settled")  # type: ignore[index]
    assert told("call-back") == {"call_backs": []}


def test_refused_rows_end_the_command_with_one(codes: dict[str, str], tmp_path: Path) -> None:
    at = system_clock().astimezone(SHANGHAI)
    file = export(tmp_path, (codes["c001"], "5,9,6,"), (codes["c001"], "1,1,1,"), at=at)
    dry = typed("import", str(file), "--by", "zhang", "--dry-run")
    assert (dry.exit_code, "1 answers would be taken" in dry.stdout) == (1, True)
    done = typed("import", str(file), "--by", "zhang")
    assert "row 3 refused: this client has answered" in done.stdout
    assert done.exit_code == 1
    assert file.exists()


def test_an_exported_answer_is_no_formula(codes: dict[str, str], tmp_path: Path) -> None:
    formula = "=HYPERLINK(1)"
    told("record", codes["c001"], "--csat", "5", "--comment", formula, "--by", "zhang")
    file = tmp_path / "out.csv"
    told("answers", WAVE, "--to", str(file))
    with file.open(encoding="utf-8-sig", newline="") as opened:
        (row,) = csv.DictReader(opened)
    assert row["comment"] == f"'{formula}"


def test_too_few_answers_give_no_figure(codes: dict[str, str]) -> None:
    told("record", codes["c001"], "--csat", "5", "--by", "zhang")
    scores = told("scores", WAVE)["scores"]
    assert isinstance(scores, list)
    assert {(each["n"], each["value"]) for each in scores} == {(1, None), (0, None)}
    assert "too few answers (1 of 2)" in typed("scores").stdout


def test_themes_show_their_words_and_what_fits_none(codes: dict[str, str]) -> None:
    told("record", codes["c001"], "--comment", "报税太慢", "--by", "zhang")
    found = told("themes", WAVE)
    assert found["themes"] == [
        {"theme": "filing", "comments": 1, "words": {"报税": 1}},
        {"theme": "speed", "comments": 1, "words": {"慢": 1}},
    ]
    assert found["unmatched"] == 0


def test_an_issue_is_noted_moved_and_gone_from_the_list(home: Path) -> None:
    done = typed("issue", "c001", "complaint", "--by", "zhang", keys="too slow\n")
    assert (done.exit_code, "f-0001: to be answered by wang" in done.stdout) == (0, True)
    assert [each["state"] for each in told("issues")["issues"]] == ["open"]  # type: ignore[attr-defined]
    told("move", "f-0001", "--resolved", "--confirmed", "--by", "zhang")
    assert told("issues") == {"issues": []}
    assert len(told("issues", "--all")["issues"]) == 1  # type: ignore[arg-type]


def test_an_improvement_waits_for_the_next_round(codes: dict[str, str]) -> None:
    words = ("--text", "call earlier", "--owner", "zhang", "--due", "2027-01-31", "--by", "wang")
    assert told("improve", WAVE, "--measure", "nps", *words)["id"] == "m-0001"
    told("improved", "m-0001", "--by", "zhang")
    assert "no later round yet" in typed("improve").stdout


def test_a_round_is_closed_and_reported(codes: dict[str, str]) -> None:
    told("close", WAVE, "--by", "zhang")
    found = told("report", WAVE)
    assert (found["number"], found["status"]) == (1, "inconclusive")
    assert typed("list").stdout.count(WAVE) == 1


def test_the_daily_run_needs_no_orchestrator(codes: dict[str, str], home: Path) -> None:
    at = system_clock().astimezone(SHANGHAI)
    inbox = home / "state" / "surveys" / "inbox"
    inbox.mkdir(parents=True)
    export(inbox, (codes["c001"], "1,0,1,"), at=at)
    found = told("run")
    assert (found["letters"], found["taken"], found["call_backs"]) == (0, 1, 1)
    (inbox / "broken.csv").write_bytes(b"\0")
    done = typed("run")
    assert (done.exit_code, "files unread: 1" in done.stdout) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        ("call-back", "w-test-c001"),
        ("improve", WAVE, "--text", "x", "--owner", "zhang", "--due", "2020-01-01", "--by", "wang"),
    ],
)
def test_a_call_by_nobody_and_a_day_that_has_passed_are_refused(
    codes: dict[str, str], words: tuple[str, ...]
) -> None:
    assert isinstance(typed(*words).exception, UsageError)


def test_a_day_that_is_none_is_refused(codes: dict[str, str]) -> None:
    done = typed(
        "improve", WAVE, "--text", "x", "--owner", "zhang", "--due", "soon", "--by", "wang"
    )
    assert isinstance(done.exception, UsageError)
