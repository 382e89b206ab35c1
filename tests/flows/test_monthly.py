"""The flow of the monthly letters: everybody gets theirs, and the page links to the library."""

from pathlib import Path

import pytest
from prefect.artifacts import Artifact

from baozhang.clock import business_day, system_clock
from baozhang.errors import UsageError
from baozhang.wiring import open_site
from flows.monthly import monthly_letters
from reports.months import month_of
from tests.flows.walking import night

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


def test_a_month_gives_a_summary_and_two_letters_per_client(home: Path) -> None:
    night()
    month = month_of(business_day(system_clock()))

    receipts = monthly_letters(str(month))

    assert [each.written for each in receipts] == [1, 2, 2]
    with open_site() as site:
        kinds = [letter.kind for letter in site.catalog.letters()]
    assert sorted(kinds) == ["certificate"] * 2 + ["client-statement"] * 2 + ["monthly"]
    link = Artifact.get("reports")
    assert link is not None
    assert "index.html" in str(link.data)


def test_a_month_that_has_not_begun_is_refused(home: Path) -> None:
    with pytest.raises(UsageError):
        monthly_letters("9999-01")
