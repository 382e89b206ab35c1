"""The daily governance run, under a real server of Prefect: its promise on a real tiny site."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.clock import business_day, system_clock
from baozhang.governance.attestations import ATTESTATIONS
from baozhang.governance.obligations import FIRST_DUES, FirstDue, row_of
from baozhang.governance.proofs import folder
from baozhang.wiring import open_site
from flows.governance import governance
from tasks.attesting_inbox import inbox
from tasks.governance_steps import AttestationsChangedError
from tests.flows.approving import four_people
from tests.flows.site import without_pdf
from tests.governance.offices import PLAN, a_proof, request_files
from tests.governance.proof_files import laid

pytestmark = [pytest.mark.server, pytest.mark.usefixtures("server")]


@pytest.fixture
def office(home: Path) -> Path:
    four_people(home)
    without_pdf(home)
    today = business_day(system_clock())
    with open_site(home) as site:
        day = FirstDue(obligation=PLAN, first=today + timedelta(days=5), since=today)
        FIRST_DUES.put(site, {row_of(PLAN): day}, by="li")
    return home


def drop(home: Path, tmp_path: Path) -> None:
    """Lay the file of the letter and a proof into the drop folder."""
    with open_site(home) as site:
        files = request_files(site, tmp_path / "mail")
        place = inbox(site) / "one"
    (file,) = [each for each in files if json.loads(each.read_text("utf-8"))["obligation"] == PLAN]
    laid(place, file.name, file.read_bytes())
    laid(place, "plan.pdf", a_proof(tmp_path).read_bytes())


def test_owners_are_asked_once_and_what_they_lay_down_is_taken_in(
    office: Path, tmp_path: Path
) -> None:
    first = governance()
    drop(office, tmp_path)
    second = governance()
    # On a working day the plan of the first year begins at once, and asks for more than PLAN.
    assert (first.due.planned, first.due.due > 0, first.sent.letters > 0) == (127, True, True)
    assert (first.letter, second.letter) == (1, 0)
    assert second.taken.taken == ("a-001",)
    assert (second.held.waiting, second.sent.letters) == (("a-001",), 0)
    assert second.due.due == first.due.due - 1


def test_a_changed_proof_ends_the_run_as_failed_and_the_letter_is_out(
    office: Path, tmp_path: Path
) -> None:
    governance()
    drop(office, tmp_path)
    governance()
    with open_site(office) as site:
        (folder(site) / ATTESTATIONS.rows(site)["a-001"].sha256[0]).write_bytes(b"else")
    with pytest.raises(AttestationsChangedError) as caught:
        governance()
    assert caught.value.facts["ids"] == "a-001"
