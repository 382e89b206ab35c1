"""A recovery on a real site leaves its letters: what they rest on, and that none comes twice."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from baozhang.incidents.incidents import Incident
from baozhang.site import Site
from baozhang.wiring import open_site
from reports.rekey_letter import RekeyLetter
from tasks.recovery_letters import recovery_drafts, recovery_of, rekey_of, timeline, write_recovery
from tests.flows.recovering import Team, book, opened
from tests.flows.site import ledger, make_site
from tests.flows.walking import night

NO_PAPER = """\
  letters:
    recovery: {pdf: false}
    recovery-legal: {pdf: false}
    one-page: {pdf: false}
    public-statement: {pdf: false}
    rekey-list: {pdf: false}
"""


@dataclass(frozen=True)
class Over:
    """A recovery that is over."""

    site: Site
    incident: Incident

    def list(self) -> RekeyLetter:
        found = rekey_of(self.site, self.incident, recovery_of(self.site, self.incident), "c001")
        assert found is not None
        return found


@pytest.fixture(scope="module")
def over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Over]:
    """The second voucher was lost and brought back, a third had been typed in since."""
    home = tmp_path_factory.mktemp("over") / "site"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAOZHANG_HOME", str(home))
        patch.setenv("BAOZHANG_LANG", "en")
        make_site(home, "c001", "c002")
        _without_paper(home)
        night("c001", "c002")
        with open_site(home) as site:
            third = ledger("100,00", "250,50", "7,00").splitlines(keepends=True)[-2:]
            book(home).write_bytes((ledger("100,00") + "".join(third)).encode())
            incident = opened(site)
            assert Team(site).recover(incident) is None
            yield Over(site, incident)


def _without_paper(home: Path) -> None:
    text = (home / "agency.yaml").read_text("utf-8")
    mail = "mail: {sender: zhang@example.cn}\n"
    assert mail in text
    written = text.replace(mail, f"mail:\n  sender: zhang@example.cn\n{NO_PAPER}")
    (home / "agency.yaml").write_text(written, "utf-8")


def test_every_kind_of_letter_was_written_once(over: Over) -> None:
    kinds = ("recovery", "recovery-legal", "one-page", "public-statement", "rekey-list")
    assert [len(over.site.catalog.letters(kind)) for kind in kinds] == [1] * len(kinds)


def test_writing_again_writes_nothing(over: Over) -> None:
    assert write_recovery(over.site, over.incident, actor="test") == ()


def test_the_letters_rest_on_what_was_before_them(over: Over) -> None:
    value = recovery_of(over.site, over.incident)
    told = over.incident.journal.events()[value.events - 1]
    assert value.head == told.digest()
    assert value.timeline.at("closed") is None


def test_the_recovery_time_is_measured_until_the_service_was_found_well(over: Over) -> None:
    line = timeline(over.site, over.incident)
    checked = line.at("service-checked")
    assert checked is not None
    assert line.rto == checked - over.incident.opening().discovered


def test_the_objective_is_that_of_the_policy(over: Over) -> None:
    assert recovery_of(over.site, over.incident).objective == timedelta(hours=4)


def test_moments_come_in_their_order(over: Over) -> None:
    line = timeline(over.site, over.incident)
    known = [each.at for each in line.moments if each.name not in {"paged", "acknowledged"}]
    assert known == sorted(known)
    assert {"opened", "plan-approved", "proven", "cut-over-approved", "closed"} <= {
        each.name for each in line.moments
    }


def test_both_approvers_of_the_cut_over_are_told(over: Over) -> None:
    words = timeline(over.site, over.incident).words
    assert [(each.gate, each.person) for each in words] == [
        ("plan", "wang"),
        ("cut-over", "wang"),
        ("cut-over", "zhang"),
    ]


def test_what_was_typed_in_later_is_owed_and_what_came_back_is_not(over: Over) -> None:
    part = over.list().parts[0]
    assert [(row.name, row.state) for row in part.due] == [("VE-3", "missing")]
    assert part.known


def test_the_re_key_list_goes_to_the_accountant_of_the_client(over: Over) -> None:
    drafts = [each for each in recovery_drafts(over.site, over.incident) if each.client]
    assert [(each.kind, each.client) for each in drafts] == [("rekey-list", "c001")]
    assert [p.address for copy in drafts[0].copies for p in copy.people] == ["zhang@example.cn"]


def test_the_evidence_of_what_was_there_is_told(over: Over) -> None:
    ((client, part, point, reason),) = recovery_of(over.site, over.incident).evidence
    assert (client, part, reason) == ("c001", "main", "")
    assert point.startswith("main-")


def test_every_copy_is_told_with_its_end(over: Over) -> None:
    copies = recovery_of(over.site, over.incident).copies
    assert [each.how for each in copies] == ["removed", "removed"]


def test_a_restore_is_told_as_it_was_measured(over: Over) -> None:
    (record,) = timeline(over.site, over.incident).sets
    done = over.incident.journal.done(f"quarantine.c001.main.{record.point}")
    assert done is not None
    assert record.measured_ms == done["seconds_ms"]


def test_duties_are_told_as_the_law_register_answers(over: Over) -> None:
    answers = {each.answer for each in recovery_of(over.site, over.incident).duties}
    assert "unknown" in answers


def test_no_letter_of_managers_names_a_company(over: Over) -> None:
    for each in over.site.outbox.letters("waiting"):
        if each.kind in {"recovery", "one-page", "public-statement"}:
            assert "示例商贸" not in each.subject
