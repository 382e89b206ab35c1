"""The frame itself: opening and saving changes nothing, and the matrix says what was found."""

from collections.abc import Callable
from pathlib import Path

import pytest

from baozhang.books.profiles import profile_names
from baozhang.books.taking import take_proof
from baozhang.samples.book import SampleBook
from tests.mutations.conftest import Clean, prove
from tests.mutations.matrix import Matrix, cell


@pytest.mark.parametrize("name", profile_names())
def test_a_table_opened_and_saved_is_what_it_was(
    name: str, clean_of: Callable[[str], Clean], tmp_path: Path
) -> None:
    clean = clean_of(name)
    export = clean.copy(tmp_path / "copy")
    for table, layout in clean.profile.tables.items():
        if layout.within is None:
            export.sheet(table).save()
    assert prove(clean.profile, export.root).root == clean.proof.root


@pytest.mark.parametrize("name", profile_names())
def test_an_export_has_every_line_and_amount_of_the_book(
    name: str, book: SampleBook, clean_of: Callable[[str], Clean]
) -> None:
    whole, exported = take_proof(book), clean_of(name).proof
    assert (exported.line_count, exported.voucher_count) == (whole.line_count, whole.voucher_count)
    assert (exported.debit, exported.credit) == (whole.debit, whole.credit)


def test_the_matrix_names_law_reason_and_miss() -> None:
    matrix = Matrix()
    found = [
        (cell("drop", "fec", "L3", caught="L3"), True),
        (cell("drop", "csv", "L3", caught="L3"), False),
        (cell("swap", "fec", "L6", caught="F1"), True),
        (cell("swap", "csv", "L6", reason="no balance table"), True),
    ]
    for (_, one), passed in found:
        matrix.add(one, passed=passed)
    assert list(matrix.lines()) == [
        "              csv    fec",
        "L3   drop  MISSED     L3",
        "L6   swap       -     F1",
        "-: cannot be carried",
        "   csv: no balance table",
    ]
