"""The different values of the restored lines of whole periods: what nearly every ledger passes."""

import great_expectations as gx

from checks import exact
from checks.frames import VALUE_COLUMNS
from checks.suites.lines import ISO_DATE, WHOLE_NUMBER
from checks.suites.parts import expect, frame_as_planned

_DATE, _NUMBER = (form.strip("^").removesuffix(r"\Z") for form in (ISO_DATE, WHOLE_NUMBER))
WRITTEN = (
    rf"^(?:date {_DATE}|(?:debit|credit) {_NUMBER}|(?:account|currency) [\s\S]*"
    r"|line \d+-\d+)\Z"
)


def build(*, rows: int) -> gx.ExpectationSuite:
    """Return the suite of a frame with a row per different value, and one per run of lines.

    kind      written             known               once
    date      "date 2026-03-31"   "date 2026-03-31"   "2026-03-31"
    account   "account 1002"      "account 1002"      "1002"          in the chart
    account   "account 9999"      None                "9999"          not there
    debit     "debit 000000"      "debit 000000"      "000000"        any amount of six digits
    line      "line 1-3"          "line 1-3"          "2026 2026-03 记 12"

    A run whose lines are numbered without a gap is wholly told by its voucher and two numbers; its
    lines occur once if the voucher does.

    Args:
        rows: how many rows the frame must have.
    """
    return gx.ExpectationSuite(
        name="ledger.values",
        expectations=[
            *frame_as_planned("S1", VALUE_COLUMNS, rows),
            expect(
                "S1",
                exact.ExpectValuesToBeWellFormed,
                "well formed",
                column="written",
                regex=WRITTEN,
            ),
            expect(
                "S3",
                exact.ExpectSidesToBeEqual,
                "known",
                column_A="written",
                column_B="known",
                ignore_row_if="neither",  # so a missing value equals nothing
            ),
            expect(
                "S2",
                exact.ExpectRowsToBeUnique,
                "once",
                column_list=["kind", "once"],
                ignore_row_if="never",
            ),
        ],
    )
