"""What the command line says of itself, and of what was typed wrong, in both languages."""

import json
import os
import re
import subprocess
import sys

import pytest

from baozhang.cli import main
from tests.end_to_end.running import BAOZHANG, Ran, english, run

WIDE = 80
TYPES = (
    "LIST",
    "REGISTER",
    *("ROW", "WAVE", "CLASS", "ISSUE", "CALL"),
    "DAY",
    "REASON",
    "REQUEST",
    "ATTESTATION",
    "URL",
    "PATH",
    "TEXT",
    "DIR",
    "FILE",
    "CSV",
    "FOLDER",
    "INTEGER",
    "RANGE",
    "DATETIME",
    "RATE",
    "HOURS",
    "KIND",
    "CLIENT",
    "SNAPSHOT",
    "PERSON",
    "LETTER",
    "NUMBER",
    "YEAR",
    "SOURCE",
    "DISK",
    "MiB",
    "INCIDENT",
    "SCENARIO",
    "NOTICE",
    "PERIOD",
    "SECTION",
    "AUDIT",
    "KEY",
    "DRILL",
    "GRADE",
    "STEP",
    "PART",
    "LINK",
    "VALUE",
    "RISK",
    "CONTROL",
    "CONTRACT",
    "TREATMENT",
    "CODE",
    "FOCUS",
)
IDS = (
    *("lost", "damaged", "tampered", "ransomware", "leaked", "unavailable"),
    *("cut-over", "plan"),
    *("why", "root", "well", "badly", "lesson", "risk", "training"),
    *("below", "large", "gravest", "grave"),
    *("telephone", "portal", "paper", "message"),
    *("proven", "attested", "stale", "overdue", "not", "evidenced"),
    *("avoid", "reduce", "transfer", "accept"),
    *("handoffs", "contracts", "vendors", "attestations"),
    *("mail", "phone", "none", "csat", "nps", "ces", "settled", "promised", "reached"),
)
"""What is typed as it is in any language: kinds, gates, parts of a review, grades, channels."""
NAMES = (
    "baozhang",
    "monthly",
    "client-statement",
    "certificate",
    "processor",
    "entrusted",
    "cn_csv",
    "fec",
    "UTF",
    "GB",
    "JSON",
    "Schema",
    "Ed",
    "profile",
    "sbe",
    "asbe",
    "other",
    "list",
    "SEQ",
    "HASH",
    "NAME",
    "ID",
)

EVERY_HELP = """
import contextlib, io, json, re, sys
from baozhang.cli import main

def text_of(*words):
    sys.argv = ["baozhang", *words, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as told, contextlib.suppress(SystemExit):
        main()
    return told.getvalue()

def walk(*words):
    text = text_of(*words)
    yield words, text
    if found := re.search(r"^(Commands:|命令：)\\n((  .*\\n)+)", text, re.MULTILINE):
        for name in re.findall(r"^  (\\S+)", found[2], re.MULTILINE):
            yield from walk(*words, name)

print(json.dumps(list(walk())))
"""


def every_help(language: str) -> dict[tuple[str, ...], str]:
    """Return the help of every command, as a process of that language prints it."""
    done = subprocess.run(
        [sys.executable, "-c", EVERY_HELP],
        capture_output=True,
        check=True,
        env={**os.environ, "BAOZHANG_LANG": language, "COLUMNS": str(WIDE)},
    )
    return {tuple(words): text for words, text in json.loads(done.stdout)}


@pytest.fixture(scope="module")
def in_english() -> dict[tuple[str, ...], str]:
    return every_help("en")


@pytest.fixture(scope="module")
def in_chinese() -> dict[tuple[str, ...], str]:
    return every_help("zh_CN")


def test_every_command_has_help(in_english: dict[tuple[str, ...], str]) -> None:
    assert len(in_english) > 30
    for words, text in in_english.items():
        assert text.startswith(f"Usage: {' '.join(('baozhang', *words))} ")


def test_help_fits_a_terminal_of_eighty_columns(in_english: dict[tuple[str, ...], str]) -> None:
    lines = [line for text in in_english.values() for line in text.splitlines()]
    assert [line for line in lines if len(line) > WIDE] == []


def test_every_argument_and_option_says_what_it_is(in_english: dict[tuple[str, ...], str]) -> None:
    """A row of only a name, or of a name and what is required of it, says nothing."""
    for words, text in in_english.items():
        rows = re.sub(r"\n {4,}", "  ", text).splitlines()
        silent = [row for row in rows if re.fullmatch(r"  \S+( [A-Z]+)*(  +\[.*\])? *", row)]
        assert silent == [], words


def test_chinese_help_has_no_english_word(in_chinese: dict[tuple[str, ...], str]) -> None:
    for words, text in in_chinese.items():
        spoken = re.sub(r"^  (\S+)(?=  )", "", text, flags=re.MULTILINE)
        spoken = re.sub(r"\[默认：.*?\]|0600|latest|\[?%\S*", "", spoken, flags=re.DOTALL)
        assert english(spoken, *TYPES, *IDS, *NAMES, *words) == [], words


def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> Ran:
    monkeypatch.setattr(sys, "argv", ["baozhang", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr()
    return Ran(int(ended.value.code or 0), told.out, told.err)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("vault", "bakcup"), "there is no command bakcup; did you mean backup?"),
        (("vault", "zzz"), "there is no command zzz"),
        (("check",), "the argument PATH is missing"),
        (("check", "x"), "the option --profile is missing"),
        (("check", "x", "y", "--profile=fec"), "what is y meant to be?"),
        (("check", "x", "--jsn"), "there is no option --jsn; did you mean --json?"),
        (("check", "x", "--zz"), "there is no option --zz"),
        (("check", "x", "--json=1"), "the option --json takes no value"),
        (("vault", "ls", "x", "--as-of=now"), "--as-of is no date; write it as YYYY-MM-DD"),
        (("audit", "show", "--last=x"), "--last is no whole number"),
        (("audit", "show", "--last=0"), "--last must be at least 1"),
        (
            ("audit", "verify", "--public-key=/"),
            "--public-key: / is a folder, and a file is needed",
        ),
    ],
)
def test_what_was_typed_wrong_is_said_in_words_of_our_own(
    words: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BAOZHANG_LANG", "en")
    ran = typed(monkeypatch, capsys, *words, "--json")
    assert (ran.code, ran.json["message"], ran.json["error"]) == (2, message, "UsageError")
    assert re.fullmatch(r"Run `baozhang.* --help` to see what can be typed\.", ran.json["hint"])
    monkeypatch.setenv("BAOZHANG_LANG", "zh_CN")
    chinese = typed(monkeypatch, capsys, *words)
    assert (chinese.code, chinese.out) == (2, "")
    assert chinese.err.startswith("错误：")
    assert english(chinese.err, *words, *TYPES, "backup", "YYYY-MM-DD") == []


def test_a_group_without_a_command_shows_its_help_and_ends_with_two() -> None:
    ran = run("vault", lang="zh_CN")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("用法：baozhang vault ")


def test_help_and_version_are_no_errors() -> None:
    assert run("--version").code == 0
    assert run("check", "--help").code == 0


def test_an_unknown_command_names_the_way_to_all_of_them() -> None:
    ran = run("nonsense", "--json")
    assert (ran.code, ran.json["message"]) == (2, "there is no command nonsense")
    assert "`baozhang --help`" in ran.json["hint"]


def test_what_the_system_says_is_said_in_chinese(tmp_path: object) -> None:
    ran = run("sample", "make", "/dev/null/x", "--json", lang="zh_CN")
    assert ran.code == 3
    assert english(ran.json["message"], "/dev/null/x") == []


def test_a_terminal_of_gb18030_is_written_to_in_gb18030() -> None:
    done = subprocess.run(
        [BAOZHANG, "check", "nowhere", "--profile", "fec"],
        capture_output=True,
        check=False,
        env={**os.environ, "BAOZHANG_LANG": "zh_CN", "PYTHONIOENCODING": "gb18030"},
    )
    assert done.stderr.decode("gb18030").startswith("错误：")
