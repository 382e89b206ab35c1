"""Finding and reading books: every way an export is written, and every way it is damaged."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from baozhang.books.model import Line
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.errors import BaozhangError, LedgerFormatError, SourceUnreadableError
from tests.books.making import (
    FEC_HEAD,
    LINE_HEAD,
    Sample,
    fec_line,
    line_cells,
    sound_fec,
    sound_rows,
    the_book,
    write_cn,
    write_csv,
    write_fec,
    write_t3,
)

FEC = Path(__file__).parents[2] / "baozhang" / "samples" / "data" / "fec_fr"


def lines_of(profile: str, root: Path) -> list[Line]:
    return list(the_book(profile, root).lines())


def read_all(profile: str, root: Path) -> int:
    book = the_book(profile, root)
    assert book.book.columns
    tables = (book.lines(), book.accounts(), book.balances(), book.invoices())
    return sum(1 for rows in tables for _ in rows)


def format_error(profile: str, root: Path) -> LedgerFormatError:
    with pytest.raises(LedgerFormatError) as caught:
        read_all(profile, root)
    assert caught.value.hint.endswith(".")
    return caught.value


def test_the_french_ledger_is_read_whole() -> None:
    lines = lines_of("fec", FEC)
    assert len(lines) == 10_756
    assert sum(line.debit or 0 for line in lines) == 825_808_373
    assert sum(line.credit or 0 for line in lines) == 825_808_373


def test_every_cell_of_the_french_ledger_is_in_its_line() -> None:
    first = next(iter(the_book("fec", FEC).lines()))
    assert first[:5] == ("2022", "2022-04", "ANO", "ANO000000001", 1)
    assert first.debit == 188_831
    assert first.posted is True
    assert first.other[:4] == ("A NOUVEAUX", "", "LIC412015875", "20220401")
    assert first.other[4:] == ("AAUK", "20220706", "20230724", "", "")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r\r\n"])
def test_any_number_of_carriage_returns_ends_a_line(tmp_path: Path, end: str) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", sound_fec(), end=end)
    assert [line.number for line in lines_of("fec", path)] == ["VE001"] * 3 + ["VE002"] * 2


def test_a_file_without_a_last_line_end_is_complete(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", sound_fec())
    path.write_bytes(path.read_bytes().removesuffix(b"\r\r\n"))
    assert len(lines_of("fec", path)) == 5


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", sound_fec())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert the_book("fec", path).book.columns["lines"][0] == "JournalCode"


def test_lines_are_numbered_within_their_voucher_even_when_it_is_torn(tmp_path: Path) -> None:
    rows = sound_fec()
    torn = [rows[0], rows[3], rows[1], rows[4], rows[2]]
    path = write_fec(tmp_path / "1FEC1.txt", torn)
    assert [line.line for line in lines_of("fec", path)] == [1, 1, 2, 2, 3]


def test_all_lines_of_a_fiscal_year_bear_the_year_of_the_first(tmp_path: Path) -> None:
    rows = [fec_line(), fec_line(EcritureNum="VE002", EcritureDate="20230103")]
    lines = lines_of("fec", write_fec(tmp_path / "1FEC1.txt", rows))
    assert [(line.year, line.period) for line in lines] == [
        ("2022", "2022-04"),
        ("2022", "2023-01"),
    ]


def test_quotation_marks_are_characters_where_the_profile_has_none(tmp_path: Path) -> None:
    rows = [fec_line(EcritureLib='say "hi')]
    assert lines_of("fec", write_fec(tmp_path / "1FEC1.txt", rows))[0].summary == 'say "hi'


def test_text_is_untouched(tmp_path: Path) -> None:
    rows = [fec_line(EcritureLib="  blanks  "), fec_line(EcritureLib="")]
    lines = lines_of("fec", write_fec(tmp_path / "1FEC1.txt", rows))
    assert [line.summary for line in lines] == ["  blanks  ", ""]


def test_a_quoted_text_may_hold_delimiters_and_line_feeds(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[0].summary = '逗号,引号"与\r\n换行'
    assert lines_of("cn_csv", write_cn(tmp_path, Sample(rows)))[0].summary == rows[0].summary


def test_thousands_commas_and_empty_sides_become_minor_units(tmp_path: Path) -> None:
    first, second = lines_of("cn_csv", write_cn(tmp_path))[:2]
    assert (first.debit, first.credit, second.debit, second.credit) == (
        10_000_000,
        0,
        0,
        10_000_000,
    )


def test_a_folder_is_one_book_with_all_its_tables(tmp_path: Path) -> None:
    write_cn(tmp_path / "账套")
    book = the_book("cn_csv", tmp_path)
    assert book.book.name == "账套"
    assert list(book.book.columns) == ["lines", "accounts", "balances", "invoices"]


def test_several_voucher_files_of_a_folder_are_read_in_the_order_of_their_names(
    tmp_path: Path,
) -> None:
    rows = [line_cells(row) for row in sound_rows()]
    write_csv(tmp_path / "凭证02.csv", [LINE_HEAD, *rows[7:]])
    write_csv(tmp_path / "凭证01.csv", [LINE_HEAD, *rows[:7]])
    assert [line.number for line in lines_of("cn_csv", tmp_path)] == [row[4] for row in rows]


def test_a_voucher_file_alone_is_a_book_without_a_chart(tmp_path: Path) -> None:
    write_cn(tmp_path)
    book = the_book("cn_csv", tmp_path / "凭证2026.csv")
    assert list(book.book.columns) == ["lines"]
    assert list(book.accounts()) == []


def test_the_chart_is_drawn_from_the_balance_table_each_account_once(tmp_path: Path) -> None:
    accounts = list(the_book("cn_csv", write_cn(tmp_path)).accounts())
    assert [(one.code, one.parent, one.leaf) for one in accounts[:3]] == [
        ("1002", None, False),
        ("100201", "1002", True),
        ("100202", "1002", True),
    ]


def test_balances_are_signed_debit_positive(tmp_path: Path) -> None:
    for book in (
        the_book("cn_csv", write_cn(tmp_path / "cn")),
        the_book("yonyou_t3", write_t3(tmp_path / "t3.db")),
    ):
        capital = [row for row in book.balances() if row.account == "3001"]
        assert [(row.opening, row.closing) for row in capital] == [
            (0, -10_000_000),
            (-10_000_000, -10_000_000),
        ]


def test_the_sums_that_a_signed_balance_joins_stay_in_the_fingerprint(tmp_path: Path) -> None:
    row = next(iter(the_book("cn_csv", write_cn(tmp_path)).balances()))
    assert row.other == ("银行存款", "借", "", "", "100,500.00", "")


def test_null_stays_null_in_a_database(tmp_path: Path) -> None:
    sample = Sample()
    sample.rows[0].debit, sample.rows[0].summary = None, None
    line = lines_of("yonyou_t3", write_t3(tmp_path / "t3.db", sample))[0]
    assert (line.debit, line.credit, line.summary) == (None, 0, None)


def test_the_first_filled_of_several_columns_is_the_party(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE GL_accvouch SET ccus_id = '', csup_id = 'S1' WHERE rowid = 1")
    line = lines_of("yonyou_t3", path)[0]
    assert line.party == "S1"
    assert line.other[-2:] == ("", "S1")


def test_a_database_is_read_in_the_order_of_vouchers(tmp_path: Path) -> None:
    shuffled = Sample(list(reversed(sound_rows())), balances=[["2026", "1", "1002", "", *[""] * 7]])
    lines = lines_of("yonyou_t3", write_t3(tmp_path / "t3.db", shuffled))
    assert [(line.period, line.number) for line in lines] == sorted(
        (line.period, line.number) for line in lines
    )


def test_reading_a_database_leaves_no_file_beside_it(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=WAL")
    assert len(lines_of("yonyou_t3", path)) == 12
    assert [one.name for one in tmp_path.iterdir()] == ["t3.db"]


def test_a_write_ahead_log_is_read_with_its_database(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("UPDATE GL_accvouch SET cdigest = 'in the log' WHERE rowid = 1")
        writer.commit()
        assert lines_of("yonyou_t3", path)[0].summary == "in the log"


def test_a_real_that_is_no_exact_amount_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE GL_accvouch SET md = 0.1 + 0.2 WHERE rowid = 3")
    facts = format_error("yonyou_t3", path).facts
    assert (facts["row"], facts["column"]) == (3, "md")


def test_a_voucher_without_a_number_is_refused_with_its_place(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE GL_accvouch SET ino_id = NULL WHERE iperiod = 1 AND ino_id = 1")
    facts = format_error("yonyou_t3", path).facts
    assert (facts["row"], facts["column"]) == (1, "ino_id")


def test_a_database_without_the_table_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE code (ccode TEXT)")
    assert format_error("yonyou_t3", path).facts["table"] == "GL_accvouch"


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t3.db"
    path.write_bytes(b"no database at all, but long enough to have a header " * 50)
    assert "SQLite" in str(format_error("yonyou_t3", path))


def test_a_text_that_is_no_utf8_is_refused_and_not_quoted(tmp_path: Path) -> None:
    path = write_t3(tmp_path / "t3.db")
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE GL_accvouch SET cdigest = CAST(x'C3D7BFD8' AS TEXT) WHERE rowid = 3")
    error = format_error("yonyou_t3", path)
    assert error.__cause__ is None
    assert "UTF-8" in str(error)


def test_a_wrong_encoding_names_row_byte_and_a_better_one(tmp_path: Path) -> None:
    rows = [LINE_HEAD, *map(line_cells, sound_rows())]
    path = write_csv(tmp_path / "凭证.csv", rows)
    text = path.read_bytes()
    offset = text.index(b"\r\n", 300) + 2
    path.write_bytes(text[:offset] + "公司€".encode() + b"\xff" + text[offset:])
    error = format_error("cn_csv", path)
    row = text[:offset].count(b"\n") + 1
    assert (error.facts["row"], error.facts["expected"]) == (row, "gb18030")
    assert offset <= int(str(error.facts["offset"])) <= offset + len("公司€".encode())


def test_a_utf8_file_for_a_gb18030_profile_is_told_to_be_utf8(tmp_path: Path) -> None:
    rows = [LINE_HEAD, *map(line_cells, sound_rows())]
    path = write_csv(tmp_path / "凭证.csv", rows, encoding="utf-8")
    assert "utf-8" in str(format_error("cn_csv", path).facts["encodings"])


def test_a_gb18030_file_for_a_utf8_profile_is_told_to_be_gb18030(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", [fec_line(EcritureLib="银行存款收到")])
    path.write_bytes(path.read_text(encoding="utf-8").encode("gb18030"))
    assert "gb18030" in str(format_error("fec", path).facts["encodings"])


def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", [])
    path.write_text(path.read_text(encoding="utf-8").replace("Credit", "Avoir"), encoding="utf-8")
    facts = format_error("fec", path).facts
    assert facts["column"] == "Credit"
    assert "Avoir" in str(facts["found"])


def test_a_column_that_occurs_twice_is_refused(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", [])
    text = path.read_text(encoding="utf-8").replace("CompAuxLib", "Debit")
    path.write_text(text, encoding="utf-8")
    assert format_error("fec", path).facts["column"] == "Debit"


def test_blanks_around_a_column_name_are_no_difference(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", sound_fec())
    path.write_bytes(path.read_bytes().replace(b"\tDebit\t", b"\t Debit \t", 1))
    assert len(lines_of("fec", path)) == 5


def test_a_row_cut_short_is_named(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", sound_fec())
    path.write_bytes(path.read_bytes()[:-40])
    facts = format_error("fec", path).facts
    assert (facts["row"], facts["expected"]) == (6, 18)


def test_a_row_too_long_is_named(tmp_path: Path) -> None:
    rows = sound_fec()
    rows[2].append("one more")
    facts = format_error("fec", write_fec(tmp_path / "1FEC1.txt", rows)).facts
    assert (facts["row"], facts["found"]) == (4, 19)


def test_empty_lines_are_no_rows_but_count_as_rows_of_the_file(tmp_path: Path) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", sound_fec())
    text = path.read_bytes().replace(b"\r\r\n", b"\r\r\n\r\r\n", 1)
    path.write_bytes(text.replace(b"6,05", b"6,O5", 1))
    facts = format_error("fec", path).facts
    assert (facts["row"], facts["column"]) == (6, "Debit")


def test_a_quotation_without_an_end_is_refused(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "凭证.csv", [LINE_HEAD, *map(line_cells, sound_rows())])
    path.write_bytes(path.read_bytes().replace("摘要3".encode("gb18030"), b'"', 1))
    assert "row" in format_error("cn_csv", path).facts


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ({"Debit": "12.00 EUR"}, "Debit"),
        ({"Credit": ""}, "Credit"),
        ({"EcritureDate": "05/04/2022"}, "EcritureDate"),
    ],
)
def test_a_cell_that_cannot_be_understood_is_named_and_not_quoted(
    tmp_path: Path, cell: dict[str, str], column: str
) -> None:
    path = write_fec(tmp_path / "1FEC1.txt", [fec_line(), fec_line(**cell)])
    error = format_error("fec", path)
    assert (error.facts["row"], error.facts["column"]) == (3, column)
    assert not [text for text in cell.values() if text and text in str(error)]


def test_an_empty_file_is_said_to_be_empty(tmp_path: Path) -> None:
    path = tmp_path / "1FEC1.txt"
    path.touch()
    assert "is empty" in str(format_error("fec", path))


def test_a_header_alone_is_a_book_without_lines(tmp_path: Path) -> None:
    assert lines_of("fec", write_fec(tmp_path / "1FEC1.txt", [])) == []


def test_parts_of_one_table_with_other_columns_are_refused(tmp_path: Path) -> None:
    write_csv(tmp_path / "凭证1.csv", [LINE_HEAD])
    write_csv(tmp_path / "凭证2.csv", [[*LINE_HEAD, "部门"]])
    assert format_error("cn_csv", tmp_path).facts["file"] == "凭证2.csv"


def test_a_path_that_is_not_there_is_no_empty_answer(tmp_path: Path) -> None:
    with pytest.raises(SourceUnreadableError):
        open_books(load_profile("fec"), tmp_path / "nowhere")


def test_a_file_that_vanishes_is_unreadable(tmp_path: Path) -> None:
    book = the_book("fec", write_fec(tmp_path / "1FEC1.txt", sound_fec()))
    (tmp_path / "1FEC1.txt").unlink()
    with pytest.raises(SourceUnreadableError):
        next(iter(book.lines()))


def test_a_folder_without_books_gives_none(tmp_path: Path) -> None:
    write_csv(tmp_path / "other.csv", [FEC_HEAD])
    assert open_books(load_profile("fec"), tmp_path) == []


def test_books_are_named_by_their_path_below_the_root_and_sorted(tmp_path: Path) -> None:
    for name in ("b/2FEC.txt", "a/1FEC.txt"):
        (tmp_path / name).parent.mkdir()
        write_fec(tmp_path / name, sound_fec())
    names = [book.book.name for book in open_books(load_profile("fec"), tmp_path)]
    assert names == ["a/1FEC.txt", "b/2FEC.txt"]


def test_a_glob_chooses_among_books(tmp_path: Path) -> None:
    for name in ("2025", "2026"):
        write_cn(tmp_path / name)
    (one,) = open_books(load_profile("cn_csv"), tmp_path, "2026")
    (other,) = open_books(load_profile("cn_csv"), tmp_path, "2026/凭证*.csv")
    assert one.book == other.book


def test_links_are_not_followed(tmp_path: Path) -> None:
    write_fec(tmp_path / "1FEC.txt", sound_fec())
    (tmp_path / "2FEC.txt").symlink_to(tmp_path / "1FEC.txt")
    assert len(open_books(load_profile("fec"), tmp_path)) == 1


def test_a_damaged_book_does_not_hide_the_others(tmp_path: Path) -> None:
    (tmp_path / "1FEC.txt").touch()
    write_fec(tmp_path / "2FEC.txt", sound_fec())
    damaged, sound = open_books(load_profile("fec"), tmp_path)
    assert len(list(sound.lines())) == 5
    with pytest.raises(BaozhangError):
        assert damaged.book


def test_a_signed_amount_is_a_debit_or_a_credit(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "title: {en: Own, zh: 自定}\nformat: delimited\ncurrency: JPY\nnumbering: none\n"
        'line: ordinal\nchart: derived\ndates: ["YYYY-MM-DD"]\ntables:\n  lines:\n'
        '    files: ["*.csv"]\n    columns: {number: No, date: Day, account: A, '
        "amount: {amount: Sum}}\n",
        encoding="utf-8",
    )
    book = write_csv(
        tmp_path / "x.csv", [["No", "Day", "A", "Sum"], ["1", "2026-01-01", "9", "-7"]], "utf-8"
    )
    (line,) = lines_of(str(own), book)
    assert (line.debit, line.credit, line.word) == (0, 7, "")


def test_one_amount_and_its_side_are_a_debit_or_a_credit(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(
        "title: {en: Own, zh: 自定}\nformat: delimited\ncurrency: CNY\nnumbering: none\n"
        'line: ordinal\nchart: derived\ndates: ["YYYY-MM-DD"]\ntables:\n  lines:\n'
        '    files: ["*.csv"]\n    columns: {number: No, date: Day, account: A, '
        'amount: {amount: Sum, side: {column: Side, debit: ["借"], credit: ["贷"]}}}\n',
        encoding="utf-8",
    )
    rows = [["No", "Day", "A", "Side", "Sum"]]
    rows += [["1", "2026-01-01", "9", "借", "7.00"], ["1", "2026-01-01", "9", "贷", "-7.00"]]
    lines = lines_of(str(own), write_csv(tmp_path / "x.csv", rows, "utf-8"))
    assert [(line.debit, line.credit, line.other) for line in lines] == [
        (700, 0, ("借",)),
        (0, -700, ("贷",)),
    ]
