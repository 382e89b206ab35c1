"""`baozhang risk` as typed: begun, scored, treated, reviewed, signed; each also as JSON."""

import json
import sys
from pathlib import Path

import pytest

from baozhang.cli import main
from baozhang.clock import system_clock
from tests.flows.approving import Devices, four_people
from tests.flows.site import make_site


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAOZHANG_HOME", str(tmp_path / "site"))
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    made = make_site(tmp_path / "site", "c001")
    four_people(made)
    return made


class Typed:
    """What a command said and how it ended."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys, self._patch = capsys, monkeypatch

    def said(self, *words: str) -> tuple[int, str]:
        self._patch.setattr(sys, "argv", ["baozhang", "risk", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out = self._capsys.readouterr()
        return int(ended.value.code or 0), out.out + out.err

    def json(self, *words: str) -> dict[str, object]:
        code, text = self.said(*words, "--json")
        assert code == 0, text
        return dict(json.loads(text))


@pytest.fixture
def typed(home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    return Typed(capsys, monkeypatch)


def begun(typed: Typed) -> None:
    typed.json("start", "--by", "zhang")
    typed.json("accept-proposal", "r-001", "--by", "li")


def test_a_register_is_begun_with_proposals(typed: Typed) -> None:
    code, text = typed.said("start", "--by", "zhang")
    assert code == 0
    assert "22 risks are proposed: r-001 to r-022" in text


def test_a_risk_is_scored_and_treated(typed: Typed) -> None:
    begun(typed)
    grades = ("--likelihood", "4", "--impact", "5", "--events", "0.1,0.3,1", "--loss", "1,2,3")
    typed.json("score", "r-001", *grades, "--by", "zhang")
    found = typed.json("treat", "r-001", "reduce", "--control", "restore.test", "--by", "li")
    assert (found["level"], found["treatment"], found["loss_high"]) == ("extreme", "reduce", 300)


def test_what_is_rejected_is_not_listed(typed: Typed) -> None:
    begun(typed)
    typed.json("reject-proposal", "r-002", "--reason", "x", "--by", "li")
    listed = {each["id"] for each in typed.json("list")["risks"]}  # type: ignore[attr-defined]
    every = {each["id"] for each in typed.json("list", "--all")["risks"]}  # type: ignore[attr-defined]
    assert every - listed == {"r-002"}


def test_a_risk_is_shown_with_its_history(typed: Typed) -> None:
    begun(typed)
    history = typed.json("show", "r-001")["history"]
    assert [each["by"] for each in history] == ["zhang", "li"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("score", "r-001", "--likelihood", "3", "--by", "li"), "scored together"),
        (("score", "r-999", "--likelihood", "3", "--impact", "3", "--by", "li"), "no risk r-999"),
        (("treat", "r-001", "hope", "--by", "li"), "no treatment 'hope'"),
        (("accept-proposal", "r-001", "--by", "li"), "does not wait"),
        (("sign", "2026-01", "--by", "li", "--code", "123456"), "no risk review of 2026-01"),
        (("sign", "../..", "--by", "li", "--code", "123456"), "no risk review of"),
    ],
)
def test_bad_input_is_named(typed: Typed, words: tuple[str, ...], named: str) -> None:
    begun(typed)
    code, text = typed.said(*words)
    assert code == 2
    assert named in text


def test_indicators_are_measured_and_nothing_is_kept(typed: Typed, home: Path) -> None:
    found = typed.json("indicators")["indicators"]
    assert {each["band"] for each in found.values()} == {"unmeasured"}  # type: ignore[attr-defined]
    assert not (home / "state" / "risk").exists()


def test_the_scale_is_shown(typed: Typed) -> None:
    code, text = typed.said("scale")
    assert code == 0
    assert "once in one to three years" in text


def test_a_dry_run_keeps_nothing(typed: Typed, home: Path) -> None:
    assert typed.json("report", "--dry-run")["kept"] is False
    assert not (home / "state" / "risk").exists()


def test_a_review_is_drawn_up_signed_and_written(typed: Typed, home: Path) -> None:
    begun(typed)
    drawn = typed.json("report")
    devices = Devices(home, system_clock, "li")
    signed = typed.json("sign", "--by", "li", "--code", devices.code("li"))
    assert signed["sha256"] == drawn["sha256"]
    pages = [Path(each) for each in signed["letters"]]  # type: ignore[attr-defined]
    assert pages
    assert all(page.exists() for page in pages)


def test_a_refused_review_is_not_written(typed: Typed, home: Path) -> None:
    typed.json("report")
    devices = Devices(home, system_clock, "li")
    code = devices.code("li")
    assert typed.json("sign", "--by", "li", "--code", code, "--refuse")["letters"] == []


def test_a_wrong_code_signs_nothing(typed: Typed, home: Path) -> None:
    typed.json("report")
    code, _ = typed.said(
        "sign", "--by", "li", "--code", Devices(home, system_clock, "li").wrong("li")
    )
    assert code == 2


def test_the_review_is_read_in_plain_words(typed: Typed) -> None:
    code, text = typed.said("report")
    assert code == 0
    assert "Not assessed" in text
