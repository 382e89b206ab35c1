"""`baozhang rekey` as it is typed."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.books.making import Sample, sound_rows, voucher, write_cn


@pytest.fixture
def books(tmp_path: Path) -> tuple[str, str]:
    cut = Sample([row for row in sound_rows() if row.month == 1])
    restored = write_cn(tmp_path / "restored", cut)
    return str(restored), str(write_cn(tmp_path / "wanted"))


def typed(*words: str, spoken: str = "en") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", "from baozhang.cli import main; main()", "rekey", *words]
    env = {"BAOZHANG_LANG": spoken, "PATH": "/usr/bin:/bin", "COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=env)


def test_what_is_missing_comes_as_json(books: tuple[str, str]) -> None:
    ran = typed(*books, "--profile", "cn_csv", "--json")
    value = json.loads(ran.stdout)
    assert ran.returncode == 0
    assert (value["counts"]["missing"], value["amount"]) == (2, "1202.55")
    assert [each["voucher"] for each in value["vouchers"]] == ["记-1", "记-2"]


def test_a_person_sees_a_chinese_table_and_its_sum(books: tuple[str, str]) -> None:
    shown = typed(*books, "--profile", "cn_csv", spoken="zh_CN").stdout
    assert "待补录凭证 2 张" in shown
    assert "税务数字账户" in shown


def test_the_worksheet_has_every_voucher(books: tuple[str, str], tmp_path: Path) -> None:
    sheet = tmp_path / "list.csv"
    assert typed(*books, "--profile", "cn_csv", "--csv", str(sheet)).returncode == 0
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert [row[:4] for row in rows[1:]] == [
        ["凭证", "待补录", "2026-02", "记-1"],
        ["凭证", "待补录", "2026-02", "记-2"],
    ]


def test_the_worksheet_has_the_invoices_as_text(tmp_path: Path) -> None:
    wanted, sheet = Sample(), tmp_path / "list.csv"
    restored = write_cn(tmp_path / "restored", Sample(invoices=wanted.invoices[1:]))
    newest = write_cn(tmp_path / "wanted", wanted)
    typed(str(restored), str(newest), "--profile", "cn_csv", "--csv", str(sheet))
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        row = list(csv.reader(file))[-1]
    assert (row[0], row[6], row[8]) == ("发票", "1030.00", f"'{wanted.invoices[0][0]}")


def test_a_red_voucher_stays_a_number(tmp_path: Path) -> None:
    red = voucher(3, 1, 5, ("1122", -120_055, 0), ("5001", 0, -120_055))
    sheet = tmp_path / "list.csv"
    restored = write_cn(tmp_path / "restored")
    newest = write_cn(tmp_path / "wanted", Sample([*sound_rows(), *red]))
    typed(str(restored), str(newest), "--profile", "cn_csv", "--csv", str(sheet))
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        assert list(csv.reader(file))[1][6:8] == ["-1200.55", "-1200.55"]


def test_a_worksheet_that_is_there_is_left_alone(books: tuple[str, str], tmp_path: Path) -> None:
    sheet = tmp_path / "list.csv"
    sheet.write_text("mine", "utf-8")
    ran = typed(*books, "--profile", "cn_csv", "--csv", str(sheet))
    assert (ran.returncode, sheet.read_text("utf-8")) == (2, "mine")


def test_a_folder_without_a_book_is_refused(books: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ran = typed(str(tmp_path / "empty"), books[1], "--profile", "cn_csv")
    assert (ran.returncode, "0 books" in ran.stderr) == (2, True)
