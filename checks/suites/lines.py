"""The restored rows themselves: the lines of whole periods, row by row."""

from collections.abc import Iterable

import great_expectations as gx
from great_expectations.expectations.expectation import Expectation

from checks import exact
from checks.frames import LINE_COLUMNS
from checks.suites.parts import expect, frame_as_planned

ISO_DATE = r"^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\Z"
WHOLE_NUMBER = r"^-?\d+\Z"  # minor units; a float or an exponent would not match
VOUCHER_LINE = ["year", "period", "word", "number", "line"]

PRESENT = {"number": "S1", "date": "S1", "currency": "S1", "account": "S3"}
AMOUNTS = {"debit": "S4", "credit": "S4"}
FORMS = {"date": ISO_DATE, "debit": WHOLE_NUMBER, "credit": WHOLE_NUMBER}


def build(*, rows: int, accounts: Iterable[str], currency: str) -> gx.ExpectationSuite:
    """Return the suite of the lines of one period or more.

    year  period   word  number  line  date        account  currency  debit     credit
    2026  2026-03  记    12      "1"   2026-03-31  1002     CNY       "104900"  None

    Args:
        rows: how many lines there must be, as the fingerprint counted them.
        accounts: the codes of the book's chart; none where the book has no chart to hold to.
        currency: the book's currency.
    """
    return gx.ExpectationSuite(
        name="ledger.lines",
        expectations=[
            *frame_as_planned("S1", LINE_COLUMNS, rows),
            *_present(),
            *_well_formed(),
            *_one_of("S3", "account", accounts),
            *_one_of("S1", "currency", [currency]),
            _unique(),
        ],
    )


def _present() -> list[Expectation]:
    kind = exact.ExpectValuesToBePresent
    return [
        expect(rule, kind, f"{column} present", column=column)
        for column, rule in {**PRESENT, **AMOUNTS}.items()
    ]


def _well_formed() -> list[Expectation]:
    kind = exact.ExpectValuesToBeWellFormed
    return [
        expect("S1", kind, f"{column} well formed", column=column, regex=regex)
        for column, regex in FORMS.items()
    ]


def _one_of(rule: str, column: str, values: Iterable[str]) -> list[Expectation]:
    allowed = sorted(values)
    kind = exact.ExpectValuesToBeKnown
    check = f"{column} known"
    return [expect(rule, kind, check, column=column, value_set=allowed)] if allowed else []


def _unique() -> Expectation:
    return expect(
        "S2",
        exact.ExpectRowsToBeUnique,
        "line unique",
        column_list=VOUCHER_LINE,
        ignore_row_if="never",
    )
