"""`baozhang check` as it is typed: figures, violations, exit codes."""

import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import baozhang
from tests.books.making import Sample, sound_fec, sound_rows, write_cn, write_fec, write_t3
from tests.books.test_reading import FEC

BAOZHANG = Path(sys.executable).with_name("baozhang")


def check(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BAOZHANG), "check", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "BAOZHANG_LANG": "en", "COLUMNS": "200"},
    )


def test_the_figures_of_the_french_ledger_are_printed_as_json() -> None:
    ran = check(str(FEC), "--profile", "fec", "--json")
    value = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert (value["profile"], value["currency"]) == ("fec", "EUR")
    assert (value["lines"], value["vouchers"]) == (10_756, 4_001)
    assert (value["debit"], value["credit"]) == ("8258083.73", "8258083.73")
    assert value["violations"] == []


def test_a_file_is_checked_like_its_folder() -> None:
    (path,) = FEC.glob("*.txt")
    assert json.loads(check(str(path), "--profile", "fec", "--json").stdout)["lines"] == 10_756


def test_a_broken_law_is_printed_and_ends_with_one(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[2].debit = 250_001
    ran = check(str(write_cn(tmp_path, Sample(rows))), "--profile", "cn_csv", "--json")
    value = json.loads(ran.stdout)
    assert ran.returncode == 1
    first = next(one for one in value["violations"] if one["law"] == "L1")
    assert first == {
        "law": "L1",
        "severity": "critical",
        "book": ".",
        "voucher": "记-2",
        "period": "2026-01",
        "account": None,
        "difference": "0.01",
        "message": "voucher 记-2 of 2026-01 is out of balance by 0.01 CNY",
    }


def test_warnings_alone_end_with_zero(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[5].day = rows[6].day = 9
    ran = check(str(write_t3(tmp_path / "t3.db", Sample(rows))), "--profile", "yonyou_t3", "--json")
    assert ran.returncode == 0
    assert [one["law"] for one in json.loads(ran.stdout)["violations"]] == ["L4"]


def test_a_person_reads_figures_then_violations_by_law(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[4][12] = "6,06"
    ran = check(str(write_fec(tmp_path / "1FEC.txt", rows)), "--profile", "fec")
    assert ran.returncode == 1
    assert "126.05" in ran.stdout
    assert "critical: voucher VE002 of 2022-05 is out of balance by -0.01 EUR" in ran.stdout


def test_a_person_reads_fifty_violations_and_how_many_more(tmp_path: Path) -> None:
    rows = [sound_fec()[0] for _ in range(70)]
    for number, row in enumerate(rows, 1):
        row = rows[number - 1] = list(row)
        row[2] = f"VE{number:03d}"
    ran = check(str(write_fec(tmp_path / "1FEC.txt", rows)), "--profile", "fec")
    assert len([line for line in ran.stdout.splitlines() if "critical:" in line]) == 50
    assert "and 21 more" in ran.stdout


def test_markup_in_a_book_is_printed_as_text(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[4][4] = rows[3][4] = "[red]7[/]"
    rows[4][12] = "6,06"
    ran = check(str(write_fec(tmp_path / "[b]FEC.txt", rows)), "--profile", "fec")
    assert "[b]FEC.txt" in ran.stdout


def test_several_books_are_summed_and_listed(tmp_path: Path) -> None:
    for name in ("1FEC.txt", "2FEC.txt"):
        write_fec(tmp_path / name, sound_fec())
    value = json.loads(check(str(tmp_path), "--profile", "fec", "--json").stdout)
    assert (value["lines"], value["debit"]) == (10, "252.10")
    assert [book["name"] for book in value["books"]] == ["1FEC.txt", "2FEC.txt"]


@pytest.mark.parametrize(
    ("path", "profile"), [("nowhere", "fec"), (".", "kingdee"), (".", "cn_csv")]
)
def test_what_was_typed_wrong_ends_with_two_and_a_hint(
    tmp_path: Path, path: str, profile: str
) -> None:
    ran = check(str(tmp_path / path), "--profile", profile)
    assert ran.returncode == 2
    assert "hint: " in ran.stderr


def test_an_export_that_is_not_as_its_profile_says_ends_with_one(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC.txt", sound_fec())
    path.write_bytes(path.read_bytes()[:-40])
    ran = check(str(path), "--profile", "fec")
    assert ran.returncode == 1
    assert "row 6" in ran.stderr


def test_check_loads_neither_prefect_nor_pandas() -> None:
    loaded = "import baozhang.cli.check, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    heavy = {"prefect", "pandas", "great_expectations", "pydantic", "sqlalchemy", "jinja2"}
    assert not heavy & set(ran.stdout.split())


def test_every_sentence_and_its_chinese_twin_have_the_same_places() -> None:
    path = Path(baozhang.__file__).parent / "locale" / "zh_CN" / "books.po"
    twins = [one for one in read_po(io.BytesIO(path.read_bytes()), locale="zh_CN") if one.id]
    assert len(twins) > 100
    places = re.compile(r"\{\w+\}")
    told = [tuple({*places.findall(str(text))} for text in (one.id, one.string)) for one in twins]
    assert [pair for pair in told if pair[0] != pair[1]] == []


def test_the_standard_decides_which_laws_are_held(tmp_path: Path) -> None:
    path = str(write_cn(tmp_path))
    found = {
        standard: json.loads(
            check(path, "--profile", "cn_csv", "--standard", standard, "--json").stdout
        )
        for standard in ("sbe", "other")
    }
    assert [value["standard"] for value in found.values()] == ["sbe", "other"]
    assert [[one["law"] for one in value["violations"]] for value in found.values()] == [["S3"], []]


def test_a_standard_that_is_not_one_ends_with_two(tmp_path: Path) -> None:
    ran = check(str(write_cn(tmp_path)), "--profile", "cn_csv", "--standard", "ifrs")
    assert (ran.returncode, "'sbe', 'asbe', 'other'" in ran.stderr) == (2, True)
