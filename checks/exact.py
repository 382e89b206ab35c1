"""The expectations a suite may use: exactly those that are exact on strings.

Great Expectations takes sums, means and bounds of money through floats, which has been seen both to
fail a perfect ledger and to pass a damaged one.  What is not on this list is not used.

Each is the built-in one but for its name and for one thing: it makes its configuration once.  The
built-in ones make it anew some seventy times in every run, which took half of the whole time.
"""

from great_expectations.compatibility.pydantic import PrivateAttr
from great_expectations.expectations.core.expect_column_pair_values_to_be_equal import (
    ExpectColumnPairValuesToBeEqual,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import (
    ExpectColumnValuesToBeInSet,
)
from great_expectations.expectations.core.expect_column_values_to_match_regex import (
    ExpectColumnValuesToMatchRegex,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.expect_compound_columns_to_be_unique import (
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.core.expect_table_columns_to_match_ordered_list import (
    ExpectTableColumnsToMatchOrderedList,
)
from great_expectations.expectations.core.expect_table_row_count_to_equal import (
    ExpectTableRowCountToEqual,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration


class _Settled(Expectation):
    """An expectation that nobody changes once it is made: its configuration is made once."""

    _made: ExpectationConfiguration | None = PrivateAttr(None)

    @property
    def configuration(self) -> ExpectationConfiguration:
        """What Great Expectations makes of the expectation's fields."""
        if self._made is None:
            self._made = super().configuration
        return self._made


class ExpectSidesToBeEqual(_Settled, ExpectColumnPairValuesToBeEqual):
    """Two columns have the same value in every row."""


class ExpectValuesToBeKnown(_Settled, ExpectColumnValuesToBeInSet):
    """Every value of a column is one of a set."""


class ExpectValuesToBeWellFormed(_Settled, ExpectColumnValuesToMatchRegex):
    """Every value of a column matches a pattern."""


class ExpectValuesToBePresent(_Settled, ExpectColumnValuesToNotBeNull):
    """No value of a column is NULL."""


class ExpectRowsToBeUnique(_Settled, ExpectCompoundColumnsToBeUnique):
    """No two rows have the same values in some columns."""


class ExpectColumnsAsPlanned(_Settled, ExpectTableColumnsToMatchOrderedList):
    """The frame has these columns, in this order."""


class ExpectRowCountAsPlanned(_Settled, ExpectTableRowCountToEqual):
    """The frame has so many rows."""


__all__ = [
    "ExpectColumnsAsPlanned",
    "ExpectRowCountAsPlanned",
    "ExpectRowsToBeUnique",
    "ExpectSidesToBeEqual",
    "ExpectValuesToBeKnown",
    "ExpectValuesToBePresent",
    "ExpectValuesToBeWellFormed",
]
