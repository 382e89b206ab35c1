"""`baozhang profile` as it is typed."""

from pathlib import Path

import pytest

from tests.books.exports import ENTRIES, write_cloud, write_k3, write_sheets
from tests.end_to_end.running import english, run


def test_every_product_is_listed() -> None:
    listed = run("profile", "list", "--json").json["profiles"]
    names = {one["name"] for one in listed}
    assert {"fec", "cn_csv", "yonyou_t3", "yonyou_u8", "k3_37", "kingdee_10"} <= names
    assert {"kingdee_21", "yonyou_8", "cloud_pair", "gbt24589"} <= names


def test_a_profile_is_shown_as_it_was_written() -> None:
    ran = run("profile", "show", "k3_37")
    assert "凭证摘要" in ran.out
    value = run("profile", "show", "k3_37", "--json").json
    assert value["yaml"].strip() == ran.out.strip()
    assert "凭证摘要" in value["columns"]["lines"]


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    ran = run("profile", "show", "nothing", "--json")
    assert ran.code == 2
    assert "k3_37" in ran.json["hint"]


def test_a_guess_is_told_with_its_counts(tmp_path: Path) -> None:
    ran = run("profile", "guess", str(write_k3(tmp_path / "1.xlsx")), "--json")
    best = ran.json["guesses"][0]
    assert (ran.code, best["profile"], best["score"], best["fits"]) == (0, "k3_37", 100, True)
    assert best["counts"] == {
        "lines": len(ENTRIES),
        "complete": True,
        "debit": "112034.51",
        "credit": "112034.51",
        "first": "2026-01",
        "last": "2026-02",
    }
    table = best["tables"][0]
    assert (table["place"], table["header_row"]) == ("Page1", 1)
    assert table["columns"]["凭证摘要"] == "summary"
    assert "币别代码" in table["kept"]


def test_a_person_reads_the_guess_in_chinese(tmp_path: Path) -> None:
    ran = run("profile", "guess", str(write_cloud(tmp_path / "账套")), lang="zh_CN")
    assert "共 9 条分录，2026-01 至 2026-02：借方 112034.51，贷方 112034.51" in ran.out
    assert "表头在第 4 行" in ran.out
    assert english(ran.out, "cloud_pair", "kingdee_21", "yonyou_8", "Sheet1", "xlsx") == []


def test_a_file_that_no_profile_fits_ends_with_one(tmp_path: Path) -> None:
    path = write_sheets(tmp_path / "1.xlsx", {"1": [["日期", "摘要"], ["2026-01-01", "备忘"]]})
    ran = run("profile", "guess", str(path), "--json")
    assert ran.code == 1
    assert not any(one["fits"] for one in ran.json["guesses"])


def test_a_profile_to_start_from_is_written_once(tmp_path: Path) -> None:
    export, own = str(write_k3(tmp_path / "1.xlsx")), tmp_path / "own.yaml"
    assert run("profile", "guess", export, "--write", str(own)).code == 0
    tested = run("profile", "test", export, "--profile", str(own), "--json")
    assert (tested.code, tested.json["books"][0]["lines"]) == (0, len(ENTRIES))
    assert run("profile", "guess", export, "--write", str(own)).code == 2


def test_a_profile_is_tested_to_the_end(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套")
    ran = run("profile", "test", str(folder), "--profile", "cloud_pair", "--json")
    (book,) = ran.json["books"]
    assert (ran.code, book["name"]) == (0, "账套")
    assert book["rows"] == {"lines": 9, "accounts": 8, "balances": 16}
    assert book["periods"] == [
        {"period": "2026-01", "lines": 5, "vouchers": 2, "debit": "111300.00",
         "credit": "111300.00"},
        {"period": "2026-02", "lines": 4, "vouchers": 2, "debit": "734.51", "credit": "734.51"},
    ]  # fmt: skip
    assert "制单人" in book["kept"]["lines"]
    assert not [law for law in book["laws"] if law["severity"] == "critical"]


@pytest.mark.parametrize("lang", ["en", "zh_CN"])
def test_a_person_reads_the_totals_of_each_period(tmp_path: Path, lang: str) -> None:
    folder = write_cloud(tmp_path / "账套")
    ran = run("profile", "test", str(folder), "--profile", "cloud_pair", lang=lang)
    assert "734.51" in ran.out
    assert ("凭证分录 9" if lang == "zh_CN" else "voucher lines 9") in ran.out


def test_a_profile_that_does_not_fit_ends_with_one_and_says_why(tmp_path: Path) -> None:
    path = str(write_k3(tmp_path / "1.xlsx"))
    ran = run("profile", "test", path, "--profile", "kingdee_10", "--json")
    assert ran.code == 1
    assert ran.json["error"] == "LedgerFormatError"
    assert "摘要" in ran.json["message"]
    assert "profile guess" in ran.json["hint"]


def test_a_broken_law_ends_with_one_and_is_counted(tmp_path: Path) -> None:
    folder = write_cloud(tmp_path / "账套", ENTRIES[:-2])
    ran = run("profile", "test", str(folder), "--profile", "cloud_pair", "--json")
    laws = {law["law"]: law["count"] for law in ran.json["books"][0]["laws"]}
    assert ran.code == 1
    assert laws["L6"] > 0
