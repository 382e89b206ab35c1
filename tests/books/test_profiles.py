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


def test_a_workbook_needs_patterns_for_every_table(tmp_path: Path) -> None:
    text = PLAIN.replace("format: delimited", "format: workbook")
    assert load_profile(write(tmp_path, text)).format == "workbook"
    bare = text.replace('    files: ["*.csv"]\n', "")
    assert refused(tmp_path, bare).facts["key"] == "files"


def test_made_columns_are_neither_needed_nor_kept(tmp_path: Path) -> None:
    keys = '    cut: {No: "[word]-[no]"}\n    columns:'
    text = PLAIN.replace("    columns:", keys).replace("number: No", 'number: "[no]"')
    lines = load_profile(write(tmp_path, text)).tables["lines"]
    assert lines.shape.made == ("[word]", "[no]")
    assert set(lines.needed) == {"No", "Date", "Account", "Amount"}
    assert "No" not in lines.kept_whole


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
        ("format: delimited", "format: xml", "tables.lines.table"),
        ('files: ["*.csv"]\n', "banner_rows: some\n", "tables.lines.banner_rows"),
        ("    columns:", '    cut: {No: "-"}\n    columns:', "tables.lines.cut.No"),
        ("    columns:", '    cut: {No: ["[a]-[b]", "[a]"]}\n    columns:', "tables.lines.cut.No"),
        ("    columns:", "    fill: {No: x}\n    columns:", "tables.lines.fill"),
        ("    columns:", "    skip: [No]\n    columns:", "tables.lines.skip"),
        (
            "number: No",
            "number: No\n      period: {from: somewhere}",
            "tables.lines.columns.period",
        ),
        (
            "number: No",
            "number: No\n      period: {form: file}",
            "tables.lines.columns.period.form",
        ),
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
