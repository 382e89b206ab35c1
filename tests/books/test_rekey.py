"""The re-key list names what a restored book lacks, in money and with where its papers are."""

from pathlib import Path

import pytest

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import load_profile
from baozhang.books.reading import open_books
from baozhang.books.rekey import RekeyList, places_of, rekey_list
from baozhang.books.standards import load_standard
from baozhang.books.taking import take_proof
from tests.books.making import Sample, sound_rows, voucher, write_cn

SBE = load_standard("sbe")


def book(folder: Path, sample: Sample) -> LedgerReader:
    (found,) = open_books(load_profile("cn_csv"), write_cn(folder, sample))
    return found


def listed(tmp_path: Path, restored: Sample, wanted: Sample) -> RekeyList:
    books = book(tmp_path / "restored", restored), book(tmp_path / "wanted", wanted)
    proofs = take_proof(books[0]), take_proof(books[1])
    return rekey_list(*books, proofs=proofs, standard=SBE)


def without(month: int, number: int) -> Sample:
    return Sample([r for r in sound_rows() if (r.month, r.number) != (month, number)])


def test_two_equal_books_leave_nothing_to_key_in(tmp_path: Path) -> None:
    found = listed(tmp_path, Sample(), Sample())
    assert (found.vouchers, found.invoices, found.amount) == ((), (), 0)
    assert found.counts == {"missing": 0, "differs": 0, "extra": 0}


def test_a_voucher_that_is_missing_is_named_with_its_money(tmp_path: Path) -> None:
    (one,) = listed(tmp_path, without(1, 2), Sample()).vouchers
    assert (one.state, one.period, one.voucher, one.date) == (
        *("missing", "2026-01", "记-2"),
        "2026-01-10",
    )
    assert (one.lines, one.debit, one.credit) == (3, 300_000, 300_000)


def test_a_voucher_that_differs_shows_what_it_should_be(tmp_path: Path) -> None:
    rows = sound_rows()
    rows[0].debit = 1
    (one,) = listed(tmp_path, Sample(rows), Sample()).vouchers
    assert (one.state, one.voucher, one.debit) == ("differs", "记-1", 10_000_000)


def test_a_voucher_that_was_deleted_later_is_shown_as_extra(tmp_path: Path) -> None:
    found = listed(tmp_path, Sample(), without(2, 2))
    (one,) = found.vouchers
    assert (one.state, one.voucher, one.debit) == ("extra", "记-2", 200)
    assert found.amount == 0


def test_the_amount_is_that_of_all_vouchers_to_key_in(tmp_path: Path) -> None:
    only = Sample([row for row in sound_rows() if row.month == 1])
    found = listed(tmp_path, only, Sample())
    assert (found.counts["missing"], found.amount) == (2, 120_055 + 200)


def test_two_papers_of_one_number_are_two_papers(tmp_path: Path) -> None:
    wanted = Sample()
    twice = Sample(invoices=[wanted.invoices[0], *wanted.invoices])
    (one,) = listed(tmp_path, wanted, twice).invoices
    assert (one.state, one.number) == ("missing", wanted.invoices[0][0])


def test_an_invoice_that_is_missing_is_listed_with_its_total(tmp_path: Path) -> None:
    wanted = Sample()
    restored = Sample(invoices=wanted.invoices[1:])
    (one,) = listed(tmp_path, restored, wanted).invoices
    assert (one.state, one.number, one.total) == ("missing", wanted.invoices[0][0], 103_000)


@pytest.mark.parametrize(
    ("accounts", "places"),
    [
        ({"100201", "5001"}, ("tax_account", "bank")),
        ({"1122", "5001"}, ("tax_account",)),
        ({"221101", "5602"}, ("payroll",)),
        ({"1602", "5602"}, ("assets",)),
        ({"3103", "5001", "5602"}, ("ledger",)),
        ({"3103", "3104"}, ("ledger",)),
        ({"3001", "1001"}, ("client",)),
    ],
)
def test_the_accounts_of_a_voucher_say_where_its_papers_are(
    accounts: set[str], places: tuple[str, ...]
) -> None:
    assert places_of(accounts, SBE) == places


def test_an_invoiced_voucher_has_its_paper_in_the_tax_account() -> None:
    assert places_of({"5602", "1001"}, SBE, invoiced=True) == ("tax_account",)


def test_a_book_of_many_vouchers_is_compared_by_the_periods_that_differ(tmp_path: Path) -> None:
    rows = [row for n in range(1, 200) for row in voucher(3, n, 5, ("1122", 7, 0), ("5001", 0, 7))]
    cut = Sample([*sound_rows(), *rows[:-2]])
    (one,) = listed(tmp_path, cut, Sample([*sound_rows(), *rows])).vouchers
    assert (one.period, one.voucher) == ("2026-03", "记-199")
