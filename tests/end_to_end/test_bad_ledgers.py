"""`baozhang check` over exports that are not what they should be."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.books.making import (
    FEC_HEAD,
    Sample,
    sound_fec,
    sound_rows,
    write_cn,
    write_fec,
    write_t3,
)
from tests.end_to_end.running import as_nobody, english, refused, run

SECRETS = ("摘要1", "摘要2", "facture", "银行存款", "Clients")
"""Texts of the books that are made here; no message may quote one."""

VOUCHERS, BALANCES, INVOICES = "凭证2026.csv", "科目余额表2026.csv", "发票2026.csv"
Damage = Callable[[bytes], bytes]


def cn(folder: Path, name: str, damage: Damage) -> Path:
    file = write_cn(folder / "book") / name
    file.write_bytes(damage(file.read_bytes()))
    return file.parent


def fec(folder: Path, damage: Damage) -> Path:
    path = write_fec(folder / "1FEC2026.txt", sound_fec())
    path.write_bytes(damage(path.read_bytes()))
    return path


def gb(text: str) -> bytes:
    return text.encode("gb18030")


def without_first_line(data: bytes) -> bytes:
    return data.partition(b"\n")[2]


@pytest.mark.parametrize(
    ("name", "damage", "told"),
    [
        (VOUCHERS, lambda _: b"", (VOUCHERS, "是空文件")),
        (VOUCHERS, lambda d: d.decode("gb18030").encode("utf-16"), ("第 1 行", "UTF-16")),
        (VOUCHERS, lambda d: d.decode("gb18030").encode(), ("gb18030", "utf-8")),
        (VOUCHERS, lambda d: d[:600] + b"\xff" + d[600:], ("位置 60", "只有这里不是")),
        (VOUCHERS, lambda d: d.replace(gb("借方金额"), gb("借方"), 1), ("借方金额", "贷方金额")),
        (BALANCES, lambda d: d.replace(gb("期末贷方"), b"", 1), (BALANCES, "期末贷方")),
        (VOUCHERS, lambda d: d.replace(b",", b";"), ("第 1 行没有分列", "“,”")),
        (VOUCHERS, without_first_line, ("第 1 行不是格式 cn_csv 的表头",)),
        (BALANCES, without_first_line, ("第 2 行不是格式 cn_csv 的表头",)),
        (VOUCHERS, lambda d: d[:-10], (VOUCHERS, "第 13 行", "重新导出")),
        (VOUCHERS, lambda d: d[: d.index(b'"') + 4], (VOUCHERS, "引号没有结束")),
        (VOUCHERS, lambda d: d.replace(b"2026-01-03", b"03.01.26", 1), ("第 2 行", "日期")),
        (VOUCHERS, lambda d: d.replace(b"1,200.55", b"1,200.5x", 1), ("第 7 行", "借方金额")),
        (VOUCHERS, lambda d: d.replace(b"1,200.55", b"1,200.555", 1), ("第 7 行", "借方金额")),
    ],
)
def test_a_damaged_chinese_export_is_named_with_its_place_and_never_quoted(
    tmp_path: Path, name: str, damage: Damage, told: tuple[str, ...]
) -> None:
    text = refused("check", cn(tmp_path, name, damage), "--profile", "cn_csv", code=1)
    assert [part for part in told if part not in text] == []
    assert [secret for secret in SECRETS if secret in text] == []


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda _: b"", ("是空文件",)),
        (lambda d: d.decode().encode("utf-16"), ("第 1 行：位置 0 ", "UTF-16")),
        (lambda d: d.replace(b"facture", gb("收款凭证"), 1), ("第 2 行", "gb18030")),
        (lambda d: d.replace(b"facture", b"\xe9t\xe9", 1), ("第 2 行", "cp1252")),
        (
            lambda d: d.replace(b"VENTES", "é".encode(), 1)[:-9] + b"\xff" + d[-9:],
            ("第 6 行", "只有这里不是"),
        ),
        (lambda d: d.replace(b"\t", b"|"), ("第 1 行没有分列", "TAB")),
        (without_first_line, ("第 1 行不是格式 fec 的表头",)),
        (lambda d: b"\0" * len(d), ("第 1 行不是格式 fec 的表头",)),
        (lambda d: d[:-40], ("第 6 行有", "18")),
        (lambda d: d.replace(b"Debit", b"\x1b[2", 1), ("Debit", "\ufffd[2")),
    ],
)
def test_a_damaged_french_export_is_named_with_its_place_and_never_quoted(
    tmp_path: Path, damage: Damage, told: tuple[str, ...]
) -> None:
    text = refused("check", fec(tmp_path, damage), "--profile", "fec", code=1, names=FEC_HEAD)
    assert [part for part in told if part not in text] == []
    assert [secret for secret in SECRETS if secret in text] == []
    assert "\x1b" not in text


def test_a_voucher_off_by_one_fen_is_named_with_the_law_it_breaks(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[0].debit = 10_000_001
    ran = run("check", write_cn(tmp_path, Sample(rows)), "--profile", "cn_csv", "--json")
    assert ran.code == 1
    (found,) = [one for one in ran.json["violations"] if one["law"] == "L1"]
    assert (found["voucher"], found["difference"]) == ("记-1", "0.01")
    assert [secret for secret in SECRETS if secret in ran.said] == []


def test_an_export_that_ends_between_two_vouchers_disagrees_with_its_balances(
    tmp_path: Path,
) -> None:
    """Nothing in the voucher file is wrong; only the balance table knows of more."""

    def last_voucher_lost(data: bytes) -> bytes:
        return b"".join(data.splitlines(keepends=True)[:-3])

    folder = cn(tmp_path, VOUCHERS, last_voucher_lost)
    ran = run("check", folder, "--profile", "cn_csv", "--json")
    assert ran.code == 1
    assert {one["law"] for one in ran.json["violations"]} == {"L6"}
    assert {one["account"] for one in ran.json["violations"]} >= {"100201", "5602", "1122"}


def test_violations_are_told_in_chinese_without_an_english_word(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[0].debit, rows[-1].account = 10_000_001, "9999"
    folder = write_cn(tmp_path / "账", Sample(rows, balances=Sample().balances))
    ran = run("check", folder, "--profile", "cn_csv", lang="zh_CN")
    assert ran.code == 1
    assert english(ran.out) == []
    assert "严重：" in ran.out


def test_a_text_file_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "t3.db").write_text("gone")
    text = refused("check", tmp_path / "t3.db", "--profile", "yonyou_t3", code=1)
    assert "t3.db 不是完好的 SQLite 数据库" in text


def test_a_database_without_its_table_names_the_table(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE GL_accvouch RENAME TO vouchers")
    text = refused("check", path, "--profile", "yonyou_t3", code=1)
    assert "GL_accvouch" in text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nowhere", "--profile", "fec"), "nowhere"),
        ((".", "--profile", "kingdee"), "kingdee"),
        ((".", "--profile", "yonyou_t3"), "*.db"),
        ((b"\xff\n\x1b", "--profile", "fec"), "\\xff"),
    ],
)
def test_what_is_not_there_is_a_matter_of_what_was_typed(
    tmp_path: Path, words: tuple[object, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert told in refused("check", *words, code=2)


def test_a_file_that_may_not_be_read_is_out_of_reach(tmp_path: Path) -> None:
    path = fec(tmp_path, bytes)
    path.chmod(0)
    text = refused("check", path, "--profile", "fec", code=3, before=as_nobody)
    assert "没有权限" in text


def test_a_table_that_may_not_be_read_is_out_of_reach(tmp_path: Path) -> None:
    folder = write_cn(tmp_path / "book")
    (folder / BALANCES).chmod(0)
    text = refused("check", folder, "--profile", "cn_csv", code=3, before=as_nobody)
    assert BALANCES in text
