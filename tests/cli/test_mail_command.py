"""`baozhang mail` as it is typed: what waits, what is parked, and at which step a test stops."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from baozhang.cli import main
from tests.end_to_end.running import Ran
from tests.flows.postal import with_mail
from tests.flows.site import make_site
from tests.flows.test_post_steps import WANG, ZHANG, put
from tests.mail.office import Office, open_office
from tests.servers.postgres import free_port


@pytest.fixture
def office() -> Iterator[Office]:
    with open_office() as opened:
        yield opened


Typed = Callable[..., Ran]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Return what types a command, in this process: a new one takes seconds to load."""

    def typed(*words: str, lang: str = "en") -> Ran:
        monkeypatch.setenv("BAOZHANG_LANG", lang)
        monkeypatch.setenv("COLUMNS", "160")
        monkeypatch.setattr("sys.argv", ["baozhang", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return Ran(int(ended.value.code or 0), told.out, told.err)

    return typed


@pytest.fixture
def home(tmp_path: Path, office: Office, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    return with_mail(make_site(tmp_path / "site", "c001"), office)


def test_a_letter_that_waits_is_listed_and_then_sent(
    home: Path, office: Office, run: Typed
) -> None:
    put()
    (listed,) = run("mail", "list", "--json").json["letters"]
    assert (listed["letter"], listed["waits_for"]) == ("000001-validation-zh_CN", "now")
    assert run("mail", "send", "--json").json["sent"] == ["000001-validation-zh_CN"]
    assert run("mail", "list", "--json").json["letters"] == []
    assert len(run("mail", "list", "--sent", "--json").json["letters"]) == 1


def test_a_dry_run_sends_nothing(home: Path, office: Office, run: Typed) -> None:
    put()
    assert run("mail", "send", "--dry-run", "--json").json == {"due": ["000001-validation-zh_CN"]}
    assert office.taken == []


def test_a_parked_letter_is_shown_by_whom_it_did_not_reach_and_goes_again(
    home: Path, office: Office, run: Typed
) -> None:
    put(1, ZHANG, WANG)
    office.to = {WANG.address: "550 5.1.1 no such mailbox"}
    assert run("mail", "send").code == 1
    shown = run("mail", "show", "000001-validation-zh_CN", lang="zh_CN").out
    assert "wang：没有收到" in shown
    office.to.clear()
    assert run("mail", "retry", "--all").code == 0
    assert run("mail", "send").code == 0
    assert office.readers == [("zhang",), ("wang",)]


def test_no_address_is_shown(home: Path, office: Office, run: Typed) -> None:
    put(1, ZHANG, WANG)
    office.to = {WANG.address: "550 5.1.1 <wang@example.cn> unknown"}
    said = [
        run(*words).said
        for words in (
            ("mail", "send"),
            ("mail", "list"),
            ("mail", "list", "--json"),
            ("mail", "show", "000001-validation-zh_CN"),
            ("mail", "test", "wang"),
        )
    ]
    assert not [each for each in said if "wang@" in each or "zhang@" in each]


def test_only_what_is_parked_is_retried(home: Path, run: Typed) -> None:
    put()
    assert run("mail", "retry", "000001-validation-zh_CN").code == 2
    assert run("mail", "retry").code == 2


def test_a_letter_that_is_not_there_is_named(home: Path, run: Typed) -> None:
    done = run("mail", "show", "../../agency")
    assert (done.code, "no letter" in done.err) == (2, True)


def test_a_test_letter_is_told_step_by_step(home: Path, office: Office, run: Typed) -> None:
    told = run("mail", "test", "wang", "--json").json
    steps = [each["step"] for each in told["steps"]]
    assert (steps, told["sent"]) == (["connect", "sender", "recipient", "letter"], True)
    assert office.readers == [("wang",)]


def test_a_test_letter_that_is_refused_says_at_which_step(
    home: Path, office: Office, run: Typed
) -> None:
    office.to = {WANG.address: "552 5.2.2 full"}
    done = run("mail", "test", "wang", lang="zh_CN")
    assert done.code == 1
    assert "✓ 发件人已被接受" in done.out
    assert "邮箱已满" in done.out


def test_a_server_that_does_not_run_is_named_with_what_to_do(home: Path, run: Typed) -> None:
    with_mail(home, Office(free_port()))
    done = run("mail", "test", "wang", lang="zh_CN")
    assert done.code == 3
    assert "连不上邮件服务器" in done.out


def test_a_site_without_a_server_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Typed
) -> None:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    make_site(tmp_path / "site", "c001")
    assert run("mail", "send").code == 2
    assert run("mail", "test", "wang").code == 2


def test_a_test_letter_to_nobody_is_refused(home: Path, run: Typed) -> None:
    assert run("mail", "test", "nobody").code == 2
