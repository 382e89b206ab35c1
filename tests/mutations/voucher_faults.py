"""Faults in vouchers: lines, amounts, accounts, dates, texts; and files of vouchers as a whole."""

import shutil
from dataclasses import replace

from baozhang.samples.book import make_book
from tests.mutations.choosing import FIRST, LAST, Row, last_of, quiet, quiet_ones, without
from tests.mutations.declaring import WISH, edit, fault
from tests.mutations.exporting import Export, Sheet, write_export


@fault("L1", "one line of a voucher is lost", breaks="L1 L2 L6", differs="F1 C1")
def drop_a_line(export: Export) -> None:
    edit(export, "lines", lambda sheet: without(sheet, quiet(sheet)[-1:]))


@fault("L3", "a whole voucher is lost", breaks="L3 L6 P6 P2@-balances", differs="F1 C1")
def drop_a_voucher(export: Export) -> None:
    edit(export, "lines", lambda sheet: without(sheet, quiet(sheet)))


@fault("S2", "a voucher stands there twice", breaks="S2 L6 P6 P2@-balances", differs="F1 C1")
def double_a_voucher(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        twice = quiet(sheet)
        sheet.rows.extend([*row] for row in twice)

    edit(export, "lines", change)


@fault(
    "L6", "debit and credit of a voucher are swapped", breaks="L6 P6 P2@-balances", differs="F1 C1"
)
def swap_the_sides(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for row in quiet(sheet):
            debit, credit = sheet.amounts(row)
            sheet.put_amounts(row, credit or 0, debit or 0)

    edit(export, "lines", change)


@fault("L6", "0.01 moves from one account to another", breaks="L6 P6 P2@-balances", differs="F1 C1")
def move_a_cent_between_accounts(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        one = quiet(sheet)[0]
        twin = [*one]
        if sheet.column("line"):
            sheet.put(twin, "line", "3")
        sheet.put(twin, "account", "560103")
        debit, _ = sheet.amounts(one)
        sheet.put_amounts(one, (debit or 0) - 1, 0)
        sheet.put_amounts(twin, 1, 0)
        sheet.rows.insert(sheet.rows.index(one) + 2, twin)

    edit(export, "lines", change)


@fault("L1", "one amount is a cent higher", breaks="L1 L2 L6 P6 P2@-balances", differs="F1 C1")
def add_a_cent(export: Export) -> None:
    edit(export, "lines", lambda sheet: _add(sheet, quiet(sheet)[0], 1))


@fault("L2", "one amount is a thousand higher", breaks="L1 L2 L6 P6 P2@-balances", differs="F1 C1")
def add_a_thousand(export: Export) -> None:
    edit(export, "lines", lambda sheet: _add(sheet, quiet(sheet)[0], 100_000))


def _add(sheet: Sheet, row: Row, minor: int) -> None:
    debit, credit = sheet.amounts(row)
    assert debit
    sheet.put_amounts(row, debit + minor, credit or 0)


@fault("L1", "two amounts of one account change, a cent up and a cent down", breaks="L1")
def add_and_take_a_cent(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        by_account: dict[str | None, list[Row]] = {}
        for rows in quiet_ones(sheet):
            by_account.setdefault(sheet.get(rows[0], "account"), []).append(rows[0])
        one, other = next(same for same in by_account.values() if len(same) > 1)[:2]
        _add(sheet, one, 1)
        _add(sheet, other, -1)

    edit(export, "lines", change)


@fault("F1", "the summary of a line is another")
def change_a_summary(export: Export) -> None:
    edit(export, "lines", lambda sheet: sheet.put(quiet(sheet)[0], "summary", "报销差旅"))


@fault("F2", "a closed month was changed before the backup", differs="F2", past=True)
def change_a_closed_month(export: Export) -> None:
    change_a_summary(export)


@fault("F1", "a summary gets a space at its end")
def add_a_space(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = quiet(sheet)[0]
        sheet.put(row, "summary", f"{sheet.get(row, 'summary')} ")

    edit(export, "lines", change)


@fault("F1", "a summary becomes a piece of markup")
def put_markup_in_a_summary(export: Export) -> None:
    text = "<img onerror=alert(1)>"
    edit(export, "lines", lambda sheet: sheet.put(quiet(sheet)[0], "summary", text))


@fault(
    "S3",
    "a line stands on an account that the chart has not",
    breaks="S3 L6 P2@-balances",
    differs="F1 C1",
)
def post_to_no_account(export: Export) -> None:
    edit(export, "lines", lambda sheet: sheet.put(quiet(sheet)[0], "account", "560299"))


@fault(
    "L6",
    "a line stands on another account of the chart",
    breaks="L6 P6 P2@-balances",
    differs="F1 C1",
)
def post_to_another_account(export: Export) -> None:
    edit(export, "lines", lambda sheet: sheet.put(quiet(sheet)[0], "account", "560103"))


@fault("S1", "a voucher is dated 32 January", breaks="S1 L4")
def date_on_no_day(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for row in quiet(sheet):
            sheet.put_date(row, "2026-01-32")

    edit(export, "lines", change)


@fault("S2", "two lines of a voucher have one number", breaks="S2", needs="line")
def number_two_lines_alike(export: Export) -> None:
    edit(export, "lines", lambda sheet: sheet.put(quiet(sheet)[1], "line", "1"))


@fault("S4", "a line without any amount comes in", breaks="S4", differs="F1 C1")
def add_an_empty_line(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        rows = quiet(sheet)
        empty = [*rows[-1]]
        sheet.put_amounts(empty, 0, 0)
        if sheet.column("line"):
            sheet.put(empty, "line", "3")
        sheet.rows.insert(sheet.rows.index(rows[-1]) + 1, empty)

    edit(export, "lines", change)


@fault("S4", "a debit has no value", breaks="S4 L1 L2 L6 P6", differs="F1 C1", needs="null")
def lose_a_debit(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = quiet(sheet)[0]
        row[sheet.places[sheet.layout.amounts["amount"].debit]] = None

    edit(export, "lines", change)


@fault("F1", "an empty text becomes NULL", needs="null")
def make_a_blank_null(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        row = quiet(sheet)[0]
        row[row.index("")] = None

    edit(export, "lines", change)


@fault("S5", "texts went through a wrong decoding", breaks="S5")
def decode_wrongly(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for row in quiet(sheet):
            text = sheet.get(row, "summary") or ""
            sheet.put(row, "summary", text.encode("gb18030").decode("utf-8", "replace"))

    edit(export, "lines", change)


@fault("L4", "two vouchers have exchanged their dates", breaks="L4")
def exchange_two_dates(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        one, *rest = quiet_ones(sheet)
        other = next(rows for rows in rest if sheet.iso(rows[0]) > sheet.iso(one[0]))
        early, late = sheet.iso(one[0]), sheet.iso(other[0])
        for row in one:
            sheet.put_date(row, late)
        for row in other:
            sheet.put_date(row, early)

    edit(export, "lines", change)


@fault("F1", "the export ends at a voucher's boundary", breaks="L6", differs="F1 C1")
def cut_at_a_voucher(export: Export) -> None:
    edit(export, "lines", lambda sheet: without(sheet, last_of(sheet, LAST)))


@fault(
    "L6",
    "the voucher that closes profit and loss is lost",
    breaks="L6 P2@-balances L3@year",
    differs="F1 C1",
)
def lose_the_close(export: Export) -> None:
    edit(export, "lines", lambda sheet: without(sheet, last_of(sheet, FIRST)))


@fault(
    "F1",
    "the table of vouchers is empty",
    breaks="S0 L6 L11@payroll P4 P5 P6 X3 X4",
    differs="F1 C1",
)
def empty_the_vouchers(export: Export) -> None:
    edit(export, "lines", lambda sheet: sheet.rows.clear())


@fault("F1", "a column is called otherwise", breaks="S1", differs="S1")
def rename_a_column(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        column = sheet.layout.columns["number"]
        column = next(iter(sheet.layout.shape.cut), column)
        sheet.header[sheet.places[column]] = "<img src=x>"

    edit(export, "lines", change)


@fault("P1", "a voucher of a closed period was never reviewed", breaks="P1", needs="reviewed")
def take_back_a_review(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for row in quiet(sheet):
            sheet.put(row, "reviewed", "")

    edit(export, "lines", change)


@fault("P1", "a voucher of a closed period is not posted", breaks="P1", needs="posted")
def take_back_a_posting(export: Export) -> None:
    def change(sheet: Sheet) -> None:
        for row in quiet(sheet):
            sheet.put(row, "posted", "")

    edit(export, "lines", change)


@fault("S1", "the file was saved in another encoding", breaks="S1", differs="S1", needs="text")
def save_in_another_encoding(export: Export) -> None:
    path = export.sheet("lines").parts[0].file
    text = path.read_bytes().decode(export.profile.encoding)
    path.write_bytes(text.encode("cp936" if export.profile.encoding == "utf-8" else "utf-8"))


@fault("S1", "the file ends within a row", breaks="S1", differs="S1", needs="text")
def cut_within_a_row(export: Export) -> None:
    path = export.sheet("lines").parts[0].file
    body = path.read_bytes()
    delimiter = export.profile.delimiter.encode()
    path.write_bytes(body[: body.rindex(delimiter, 0, body.rindex(delimiter, 0, -40))])


@fault(
    "I1", "another client's book stands under this client's name", differs="F1 C1 F3@attachments"
)
def bring_another_clients_book(export: Export) -> None:
    shutil.rmtree(export.root)
    write_export(make_book(replace(WISH, serial=2)), export.profile, export.root)
