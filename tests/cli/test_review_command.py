"""`baozhang review` as it is typed: forms, entries, actions, and tables to key in."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from baozhang.cli.review import register
from baozhang.cli.review_files import filled_in, write_form, write_lists
from baozhang.clock import business_day, system_clock
from baozhang.errors import UsageError
from baozhang.incidents.incidents import incidents_of
from baozhang.incidents.review import Entry, Review
from baozhang.wiring import open_site
from tests.flows.site import make_site
from tests.reports import recoveries

DUE = (business_day(system_clock()) + timedelta(days=30)).isoformat()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return make_site(tmp_path / "site", "c001")


@pytest.fixture
def incident(home: Path) -> str:
    with open_site(home) as site:
        made, _ = incidents_of(site).open(
            "lost", [("c001", "main")], noticed_by="zhang", discovered=site.clock()
        )
        return made.id


def typed(*words: str, keys: str = "", spoken: str = "en") -> Result:
    root = typer.Typer()
    register(root)
    root.callback()(lambda: None)
    return CliRunner().invoke(
        root, ["review", *words], input=keys, env={"BAOZHANG_LANG": spoken, "COLUMNS": "160"}
    )


def test_a_text_that_is_not_typed_is_asked_for_and_shown(incident: str) -> None:
    done = typed("say", incident, "root", "--by", "zhang", keys="nobody looked\n")
    assert done.exit_code == 0, done.output
    assert "nobody looked" in typed("show", incident, "--language", "en").stdout


def test_an_unknown_part_ends_with_the_known_ones(incident: str) -> None:
    done = typed("say", incident, "blame", "x", "--by", "zhang")
    assert isinstance(done.exception, UsageError)
    assert "lesson" in str(done.exception.facts["known"])


def test_an_action_is_added_listed_and_closed(incident: str) -> None:
    typed(
        "action", "add", incident, "--owner", "zhang", "--due", DUE, "--by", "wang", "--text", "x"
    )
    listed = json.loads(typed("action", "list", "--json").stdout)["actions"]
    assert [(each["incident"], each["number"], each["owner"]) for each in listed] == [
        (incident, 1, "zhang")
    ]
    assert typed("action", "done", incident, "1", "--by", "zhang").exit_code == 0
    assert json.loads(typed("action", "list", "--json").stdout)["actions"] == []


def test_a_name_of_a_company_is_covered_in_the_list(incident: str) -> None:
    text = "示例商贸有限公司 的电脑"
    typed(
        "action", "add", incident, "--owner", "zhang", "--due", DUE, "--by", "wang", "--text", text
    )
    assert "示例商贸有限公司" not in typed("action", "list").stdout


def test_the_timeline_is_told_in_chinese(incident: str) -> None:
    assert "事件登记" in typed("timeline", incident, spoken="zh_CN").stdout


def test_a_review_without_a_root_cause_is_not_put_up(incident: str, home: Path) -> None:
    with open_site(home) as site:
        incidents_of(site).get(incident).journal.append("closed", actor="test")
    done = typed("ask", incident, "--by", "zhang")
    assert isinstance(done.exception, UsageError)
    assert "no root cause" in done.exception.template


# --- files ----------------------------------------------------------------------------------------


def entry(text: str) -> Entry:
    return Entry(part="lesson", text=text, by="zhang", at=system_clock())


def test_a_form_holds_what_is_there_and_gives_back_what_is_new(tmp_path: Path) -> None:
    review = Review(entries=(entry("第一条：要有密封口令"),))
    form = tmp_path / "form.yaml"
    write_form(review, "i-20261122-01", form)
    assert filled_in(form, review) == []
    form.write_text(form.read_text("utf-8").replace("root: []", "root:\n- '原因'"), "utf-8")
    assert filled_in(form, review) == [("root", "原因")]


def test_a_form_is_private_and_never_overwritten(tmp_path: Path) -> None:
    form = tmp_path / "form.yaml"
    write_form(Review(), "i-20261122-01", form)
    assert form.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UsageError, match="there already"):
        write_form(Review(), "i-20261122-01", form)


@pytest.mark.parametrize("content", ["- a", "root: x", "root: [1]", "root: [", "\x00"])
def test_what_is_no_form_is_refused(tmp_path: Path, content: str) -> None:
    form = tmp_path / "form.yaml"
    form.write_text(content, "utf-8")
    with pytest.raises(UsageError, match="no form"):
        filled_in(form, Review())


def test_a_table_has_every_row_and_no_text_that_is_a_formula(tmp_path: Path) -> None:
    evil = recoveries.keyed("=1+1", 5_000, "missing", ("@x",), ("bank", "client"))
    part = recoveries.part(rows=(evil, *recoveries.part().rows))
    (path,) = write_lists([recoveries.rekey(parts=(part,))], tmp_path / "lists")
    lines = path.read_text("utf-8-sig").splitlines()
    assert len(lines) == 1 + 5
    assert lines[1] == "凭证,待补录,2026-11,'=1+1,2026-11-19,3,50.00,50.00,'@x,开户银行、客户"
    assert path.stat().st_mode & 0o777 == 0o600
