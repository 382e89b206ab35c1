"""Invoices and attachments: each law kept and broken."""

from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.books.blocks import Passage
from baozhang.books.compare import compare
from baozhang.books.document_laws import BookedInvoices, rate_of
from baozhang.books.findings import sentence
from baozhang.books.model import Attachment, Book, Violation
from tests.books.beside import SOLD, Beside, found_in, said, sentences, taken
from tests.books.test_blocks import LINE, block

RED = "26112000000000000009"


def in_words(found: tuple[Violation, ...]) -> str:
    return " ".join(sentences(found))


# Invoices


def test_x1_allows_six_minor_units_between_tax_and_rate(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.papers["发票"][0][5:8] = ["1,000.00", "130.06", "1,130.06"]

    assert "X1" not in {one.law for one in found_in(tmp_path, change)}


@pytest.mark.parametrize(("tax", "off"), [("130.07", 7), ("129.93", -7)])
def test_x1_finds_a_tax_that_its_rate_does_not_make(tmp_path: Path, tax: str, off: int) -> None:
    def change(book: Beside) -> None:
        total = 1_000 + float(tax)
        book.papers["发票"][0][5:8] = ["1,000.00", tax, f"{total:.2f}"]

    found = said(found_in(tmp_path, change), "amount and rate")
    assert (found.law, found.period, found.difference) == ("X1", "2026-01", off)
    assert dict(found.facts)["row"] == 1


@pytest.mark.parametrize(
    ("text", "share"),
    [("13%", "0.13"), ("0.03", "0.03"), ("免税", "0"), ("1.5%", "0.015"), ("0", "0")],
)
def test_a_rate_is_read_as_people_write_it(text: str, share: str) -> None:
    assert str(rate_of(text)) == share


@pytest.mark.parametrize("text", ["", None, "***", "13", "13%/6%", "NaN", "-0.13"])
def test_a_rate_that_says_nothing_is_not_judged(text: str | None) -> None:
    assert rate_of(text) is None


def red(total: str, blue: str, number: str = RED) -> list[str]:
    amount = float(total)
    return [number, "2026-02-01", "专票", "", "", f"{amount:.2f}", "0.00", f"{amount:.2f}",
            "免税", blue, ""]  # fmt: skip


def with_red(*rows: list[str]) -> Callable[[Beside], None]:
    def change(book: Beside) -> None:
        book.papers["发票"] += rows

    return change


def test_x2_allows_a_red_invoice_up_to_its_blue_one(tmp_path: Path) -> None:
    assert found_in(tmp_path, with_red(red("-1130.00", SOLD))) == ()


def test_x2_finds_red_invoices_that_cancel_more_than_there_was(tmp_path: Path) -> None:
    rows = red("-1130.00", SOLD), red("-0.01", SOLD, RED[:-1] + "8")
    found = said(found_in(tmp_path, with_red(*rows)), "more than is left")
    assert (found.law, found.difference, dict(found.facts)["row"]) == ("X2", 1, 4)


def test_x2_finds_a_red_invoice_without_its_blue_one(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, with_red(red("-5.00", SOLD[:-1] + "7"))), "is not there")
    assert (found.law, dict(found.facts)["row"]) == ("X2", 3)


def test_x2_does_not_ask_for_a_blue_invoice_of_a_year_that_is_not_there(tmp_path: Path) -> None:
    assert found_in(tmp_path, with_red(red("-5.00", "25112000000000000007"))) == ()


def test_x2_warns_of_a_red_invoice_that_names_no_blue_one(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, with_red(red("-5.00", ""))), "names no blue one")
    assert (found.severity, found.period) == ("warning", "2026-02")


def test_invoices_are_never_named_by_their_number(tmp_path: Path) -> None:
    rows = red("-9999.00", SOLD), red("-5.00", SOLD[:-1] + "7", RED[:-1] + "8"), red("-1", "")
    text = in_words(found_in(tmp_path, with_red(*rows)))
    assert text
    assert "261120" not in text


# Vouchers and their papers


def test_x3_finds_a_voucher_whose_invoice_is_not_in_the_table(tmp_path: Path) -> None:
    found = said(
        found_in(tmp_path, lambda book: book.papers["发票"].pop(0)), "is not in the invoice"
    )
    assert (found.law, found.period, found.voucher) == ("X3", "2026-01", "记-3")


def test_x3_finds_a_booked_invoice_that_no_voucher_names(tmp_path: Path) -> None:
    found = said(found_in(tmp_path, lambda book: book.invoices_of.pop((1, 4))), "no voucher names")
    assert dict(found.facts)["row"] == 2


def test_x3_leaves_invoices_alone_that_are_not_booked_yet(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        del book.invoices_of[1, 4]
        book.papers["发票"][1][10] = ""

    assert found_in(tmp_path, change) == ()


def test_x3_finds_a_booked_invoice_whose_voucher_has_no_paper(tmp_path: Path) -> None:
    found = said(
        found_in(tmp_path, lambda book: book.files.pop("2026-01/记-4/发票.pdf")), "no attach"
    )
    assert (found.law, found.voucher) == ("X3", "记-4")


def test_x3_finds_attachments_of_a_voucher_that_does_not_exist(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.files["2026-02/记-3/回单.pdf"] = b"in order"
        book.files["2026-02/记-9/回单.pdf"] = b"astray"

    found = said(found_in(tmp_path, change), "has no such voucher")
    assert (found.period, found.voucher) == ("2026-02", "记-9")


def test_x3_asks_for_no_paper_where_there_are_no_attachments_at_all(tmp_path: Path) -> None:
    assert found_in(tmp_path, lambda book: book.files.clear()) == ()


# The list of attachments


def listed(change: Callable[[Beside], object]) -> Callable[[Beside], None]:
    def both(book: Beside) -> None:
        book.list_files()
        change(book)

    return both


def test_f3_keeps_silent_where_files_and_list_agree(tmp_path: Path) -> None:
    assert found_in(tmp_path, listed(lambda _: None)) == ()


def test_f3_names_the_voucher_whose_file_is_gone(tmp_path: Path) -> None:
    found = found_in(tmp_path, listed(lambda book: book.files.pop("2026-01/记-3/发票.pdf")))
    assert said(found, "is not there").voucher == "记-3"


def test_f3_names_the_voucher_whose_file_nobody_listed(tmp_path: Path) -> None:
    found = found_in(tmp_path, listed(lambda book: book.files.update({"2026-01/记-3/b.pdf": b"b"})))
    assert said(found, "is not in the list").voucher == "记-3"


def test_f3_tells_a_file_that_was_cut_short(tmp_path: Path) -> None:
    found = found_in(
        tmp_path, listed(lambda book: book.files.update({"2026-01/记-3/发票.pdf": b"%PDF"}))
    )
    assert (found[0].law, dict(found[0].facts)["size"]) == ("F3", 4)


def test_f3_tells_another_file_of_the_same_size(tmp_path: Path) -> None:
    found = found_in(
        tmp_path, listed(lambda book: book.files.update({"2026-01/记-3/发票.pdf": b"%PDF SOLD"}))
    )
    assert said(found, "another file").voucher == "记-3"


def swap(book: Beside) -> None:
    first, second = book.files
    book.files[first], book.files[second] = book.files[second], book.files[first]


def test_f3_names_both_vouchers_whose_attachments_changed_places(tmp_path: Path) -> None:
    found = found_in(tmp_path, listed(swap))
    assert [(one.voucher, dict(one.facts)["other"]) for one in found] == [
        ("记-3", "记-4"),
        ("记-4", "记-3"),
    ]


def test_f3_finds_an_attachment_listed_twice(tmp_path: Path) -> None:
    def twice(book: Beside) -> None:
        book.papers["附件清单"].append(book.papers["附件清单"][0])

    assert said(found_in(tmp_path, listed(twice)), "is not there").voucher == "记-3"


def test_findings_never_hold_the_name_of_a_file(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        swap(book)
        book.files["2026-01/记-3/b.pdf"] = b""
        del book.papers["附件清单"][1]

    found = found_in(tmp_path, listed(change))
    assert found
    assert ".pdf" not in in_words(found)


def restored(folder: Path, change: Callable[[Beside], object]) -> tuple[Violation, ...]:
    before, book = taken(folder / "source", Beside()), Beside()
    change(book)
    return tuple(one for one in compare(before, taken(folder / "back", book)) if one.law == "F3")


def test_f3_finds_no_difference_in_equal_attachments(tmp_path: Path) -> None:
    assert restored(tmp_path, lambda _: None) == ()


def test_attachments_are_marked_by_eight_digits_per_voucher(tmp_path: Path) -> None:
    (marks,) = taken(tmp_path, Beside()).attachments
    assert (marks.period, marks.vouchers) == ("2026-01", ("记-3", "记-4"))
    assert [len(mark) for mark in marks.marks] == [8, 8]


def test_f3_names_both_vouchers_whose_attachments_were_swapped_by_a_restore(tmp_path: Path) -> None:
    found = restored(tmp_path, swap)
    assert {(one.period, one.voucher) for one in found} == {
        ("2026-01", "记-3"),
        ("2026-01", "记-4"),
    }


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda book: book.files.pop("2026-01/记-3/发票.pdf"), "are missing"),
        (lambda book: book.files.update({"2026-02/记-1/x": b""}), "the source had not"),
        (lambda book: book.files.update({"2026-01/记-3/发票.pdf": b"x"}), "are not those"),
    ],
)
def test_f3_tells_what_a_restore_did_to_attachments(
    tmp_path: Path, change: Callable[[Beside], object], words: str
) -> None:
    assert words in sentence(restored(tmp_path, change)[0], spoken="en")


def test_f3_names_the_first_vouchers_and_counts_the_rest(tmp_path: Path) -> None:
    def change(book: Beside) -> None:
        book.files |= {f"2026-02/记-{n}/x": b"" for n in range(60)}

    assert dict(restored(tmp_path, change)[-1].facts)["count"] == 10


@pytest.mark.parametrize(("voided", "booked"), [(True, []), (False, [SOLD])])
def test_x3_a_voided_voucher_books_no_invoice(voided: bool, booked: list[str]) -> None:
    book = Book("book", "test", "CNY", "month", {}, roles={"invoice": 0})
    law = BookedInvoices(lambda _: None, book)
    law.see_lines(Passage(block([LINE._replace(other=(SOLD,), voided=voided)]), [0]))
    assert [*law.on_lines] == booked


def test_x3_takes_a_file_that_is_only_listed_for_no_paper() -> None:
    law = BookedInvoices(lambda _: None, Book("book", "test", "CNY", "month", {}))
    listed = Attachment("2026-01", "记-1", "发票.pdf", 0, "", ("9", "00"))
    law.see_attachments([listed, listed._replace(voucher="记-2", sha256="00")])
    assert [*law.papers] == [("2026-01", "记-2")]
