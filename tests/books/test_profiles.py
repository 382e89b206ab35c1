"""Profiles are data, and loading them is strict."""

from pathlib import Path

import pytest

from baozhang.books.profiles import load_profile, profile_names
from baozhang.errors import UsageError

PLAIN = """
title: {en: Plain, zh: 普通}
format: delimited
currency: EUR
numbering: none
line: ordinal
chart: derived
dates: ["YYYY-MM-DD"]
tables:
  lines:
    files: ["*.csv"]
    columns:
      number: No
      date: Date
      account: Account
      amount: {amount: Amount}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        load_profile(write(folder, text))
    return caught.value


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_that_comes_with_the_product_loads(name: str) -> None:
    assert load_profile(name).name == name


def test_the_three_first_products_are_there() -> None:
    assert {"fec", "cn_csv", "yonyou_t3"} <= set(profile_names())


def test_a_profile_of_ones_own_is_named_by_its_path(tmp_path: Path) -> None:
    path = write(tmp_path, PLAIN)
    assert load_profile(load_profile(path).name) == load_profile(path)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        load_profile("kingdee")
    assert "fec" in str(caught.value)


def test_a_profile_that_is_not_there_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot read the profile"):
        load_profile("nowhere/own.yaml")


def test_an_unknown_key_is_refused_with_file_key_and_allowed_keys(tmp_path: Path) -> None:
    error = refused(tmp_path, PLAIN + "      colour: Red\n")
    assert error.facts["file"] == "own.yaml"
    assert error.facts["key"] == "tables.lines.columns.colour"
    assert "summary" in str(error.facts["allowed"])


def test_text_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    assert refused(tmp_path, "title: {en: A}\nformat: ]\n").facts["line"] == 2


@pytest.mark.parametrize(
    ("written", "instead", "key"),
    [
        ("currency: EUR", "currency: euro", "currency"),
        ("numbering: none", "numbering: week", "numbering"),
        ("line: ordinal", "line: column", "line"),
        ("chart: derived", "chart: file", "chart"),
        ('dates: ["YYYY-MM-DD"]', 'dates: ["DD.MM"]', "dates"),
        ("currency: EUR", 'currency: EUR\ndelimiter: "||"', "delimiter"),
        ("currency: EUR", 'currency: EUR\nthousands: "."', "thousands"),
        ("      account: Account\n", "", "tables.lines.columns.account"),
        ("{amount: Amount}", "{debit: Debit}", "tables.lines.columns.amount"),
        ('    files: ["*.csv"]\n', "", "tables.lines.files"),
        ("format: delimited", "format: sqlite", "files"),
    ],
)
def test_a_value_that_means_nothing_is_refused_by_its_key(
    tmp_path: Path, written: str, instead: str, key: str
) -> None:
    assert written in PLAIN
    assert refused(tmp_path, PLAIN.replace(written, instead)).facts["key"] == key


def test_columns_that_no_field_holds_whole_are_not_taken_as_named() -> None:
    fec = load_profile("fec").tables["lines"]
    assert "ValidDate" in fec.needed
    assert "ValidDate" not in fec.kept_whole
