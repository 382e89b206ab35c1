"""`baozhang law` as it is typed: answers with their articles, and refusals that help."""

import json
import os
import subprocess
import sys

import pytest

COMMAND = [sys.executable, "-c", "from baozhang.cli import main; main()", "law"]


def typed(*words: str, spoken: str = "en") -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "BAOZHANG_LANG": spoken, "COLUMNS": "120"}
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, env=env)


def answers(*words: str) -> dict[str, dict[str, object]]:
    value = json.loads(typed("duties", *words, "--json").stdout)
    return {duty["id"]: duty for duty in value["duties"]}


def test_what_is_left_out_is_unknown() -> None:
    assert answers()["tell-client"]["missing"] == ["role", "client_data"]


def test_facts_that_are_given_are_answered_with_their_instant() -> None:
    found = answers("--discovered", "2026-11-22T09:00:00", "--role", "entrusted", "--client-data")
    assert found["tell-client"]["answer"] == "yes"
    assert found["tell-client"]["target"] == "2026-11-22T11:00:00+08:00"


@pytest.mark.parametrize(("yuan", "answer"), [("5000000", "yes"), ("4999999.99", "review")])
def test_a_loss_is_counted_to_the_fen(yuan: str, answer: str) -> None:
    found = answers(
        "--loss", yuan, "--persons", "0", "--no-critical-infrastructure", "--no-central-organ"
    )
    assert found["cyberspace-4h"]["answer"] == answer


def test_no_article_is_cut_off_in_a_narrow_window() -> None:
    shown = typed("duties", spoken="zh_CN").stdout
    assert "…" not in shown
    assert "须办理" in shown


@pytest.mark.parametrize(
    "words", [("--role", "owner"), ("--loss", "5e"), ("--loss", "0.001"), ("--loss", "-1")]
)
def test_a_fact_that_is_none_is_refused(words: tuple[str, str]) -> None:
    refused = typed("duties", *words)
    assert refused.returncode == 2
    assert refused.stdout == ""


def test_a_year_without_notice_is_not_guessed() -> None:
    refused = typed("filing", "2031", spoken="zh_CN")
    assert refused.returncode == 2
    assert "尚不掌握 2031 年的申报期限" in refused.stderr


def test_the_filing_days_name_their_source() -> None:
    value = json.loads(typed("filing", "2026", "--json").stdout)
    assert value["last_days"][1] == "2026-02-24"
    assert "64号" in value["source"]
