"""Handing in and checking: what counts, what is refused and named, and what never counts."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.governance.attestations import (
    ATTESTATIONS,
    REQUESTS,
    attested,
    dues,
    standings,
)
from baozhang.governance.controls import control
from baozhang.governance.judging import judge
from baozhang.governance.model import Evidence
from baozhang.governance.obligations import FIRST_DUES, FirstDue, row_of
from baozhang.governance.proofs import ProofError, folder
from baozhang.governance.request_files import RequestRefusedError
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks import attesting
from tasks.attesting import Submission, accept, reject, submit_coded, submit_file
from tasks.governance import held, send_requests
from tests.flows.approving import Devices, Hand, four_people
from tests.flows.site import make_site
from tests.governance.offices import (
    PLAN,
    a_proof,
    an_office,
    letters,
    owing,
    request_files,
    token_of,
)
from tests.governance.proof_files import laid


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "site"


@pytest.fixture
def devices(home: Path, hand: Hand) -> Devices:
    return an_office(home, hand)


@pytest.fixture
def site(home: Path, hand: Hand, devices: Devices) -> Iterator[Site]:
    with open_site(home, clock=hand) as opened:
        yield opened


def given(site: Site, devices: Devices, tmp_path: Path, **said: object) -> str:
    """Hand in for the control, by zhang with a code."""
    submission = Submission(proofs=(a_proof(tmp_path),), **said)  # type: ignore[arg-type]
    return submit_coded(site, PLAN, submission, person="zhang", code=devices.code("zhang"))


def asked(site: Site, tmp_path: Path) -> Path:
    """Ask for the control's proof; return the request file."""
    day = FirstDue(obligation=PLAN, first=date(2026, 12, 1), since=date(2026, 11, 22))
    FIRST_DUES.put(site, {row_of(PLAN): day}, by="li")
    send_requests(site)
    return request_files(site, tmp_path / "mail")[0]


def one(site: Site) -> Evidence:
    return attested(site)[0]


def status(site: Site) -> str:
    found = [each for each in attested(site) if each.control == PLAN]
    judged = judge(control(PLAN), found, at=site.clock(), due=dues(site).get(PLAN))
    return str(judged.attested)


# --- what counts ----------------------------------------------------------------------------------


def test_what_another_person_accepted_counts(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    accept(site, made, person="wang", code=devices.code("wang"))
    assert status(site) == "attested"
    assert (one(site).result, one(site).by, one(site).checked_by) == ("pass", ("zhang",), "wang")


def test_nothing_handed_in_is_not_evidenced(site: Site) -> None:
    assert attested(site) == ()
    assert status(site) == "not evidenced"


def test_what_nobody_checked_does_not_count(site: Site, devices: Devices, tmp_path: Path) -> None:
    given(site, devices, tmp_path)
    assert one(site).result == "inconclusive"
    assert status(site) == "not evidenced"


def test_what_was_rejected_does_not_count(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    reject(site, made, person="wang", code=devices.code("wang"), reason="not signed")
    assert one(site).result == "fail"
    assert status(site) == "not evidenced"


def test_what_was_accepted_can_be_taken_back(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    accept(site, made, person="wang", code=devices.code("wang"))
    reject(site, made, person="li", code=devices.code("li"), reason="not true")
    assert status(site) == "not evidenced"


def test_a_proof_that_was_changed_afterwards_fails(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path)
    accept(site, made, person="wang", code=devices.code("wang"))
    (folder(site) / ATTESTATIONS.rows(site)[made].sha256[0]).write_bytes(b"else")
    assert (one(site).result, status(site)) == ("fail", "not evidenced")
    assert held(site).altered == (made,)


def test_a_proof_that_is_gone_fails(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    accept(site, made, person="wang", code=devices.code("wang"))
    (folder(site) / ATTESTATIONS.rows(site)[made].sha256[0]).unlink()
    assert (one(site).result, status(site)) == ("fail", "not evidenced")


def test_a_row_that_is_called_accepted_by_hand_does_not_count(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path)
    row = ATTESTATIONS.rows(site)[made]
    by_hand = row.model_copy(update={"verdict": "accepted", "checked_by": "wang"})
    ATTESTATIONS.put(site, {made: by_hand}, by="zhang")
    assert (one(site).result, one(site).checked_by) == ("inconclusive", "")
    assert status(site) == "not evidenced"
    assert held(site).unknown == (made,)


def test_a_row_whose_day_was_changed_after_the_check_does_not_count(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path)
    row = accept(site, made, person="wang", code=devices.code("wang"))
    later = row.model_copy(update={"expires": date(2030, 1, 1)})
    ATTESTATIONS.put(site, {made: later}, by="zhang")
    assert status(site) == "not evidenced"


def test_a_row_that_names_its_own_maker_as_checker_never_counts(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path)
    row = ATTESTATIONS.rows(site)[made]
    site.audit.append(actor="zhang", action="attestation.checked", subject=made, sha256=row.digest)
    own = row.model_copy(update={"verdict": "accepted", "checked_by": "zhang"})
    ATTESTATIONS.put(site, {made: own}, by="zhang")
    assert status(site) == "not evidenced"
    assert held(site).own == (made,)


def test_a_proof_counts_no_longer_than_it_says(
    site: Site, devices: Devices, hand: Hand, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path, expires=date(2026, 11, 30))
    accept(site, made, person="wang", code=devices.code("wang"))
    before = status(site)
    hand.move(days=10)
    assert (before, status(site)) == ("attested", "stale")


# --- who may check --------------------------------------------------------------------------------


def test_nobody_checks_what_they_handed_in(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    with pytest.raises(UsageError, match="may not check"):
        accept(site, made, person="zhang", code=devices.code("zhang"))


def test_nobody_checks_their_own_even_where_nobody_else_can(
    home: Path, hand: Hand, tmp_path: Path
) -> None:
    make_site(home)
    four_people(home)
    alone = Devices(home, hand, "zhang")
    with open_site(home, clock=hand) as site:
        made = given(site, alone, tmp_path)
        with pytest.raises(UsageError, match="may not check"):
            accept(site, made, person="zhang", code=alone.code("zhang"))


def test_who_audits_checks_only_where_nobody_else_can(
    home: Path, hand: Hand, devices: Devices, tmp_path: Path
) -> None:
    file = home / "agency.yaml"
    text = file.read_text("utf-8").replace("roles: [approver]", "roles: [approver, auditor]")
    file.write_text(text, "utf-8")
    with open_site(home, clock=hand) as site:
        made = given(site, devices, tmp_path)
        with pytest.raises(UsageError, match="may not check"):
            accept(site, made, person="li", code=devices.code("li"))
    file.write_text(text.replace("roles: [manager]", "roles: [manager, auditor]"), "utf-8")
    with open_site(home, clock=hand) as site:
        assert accept(site, made, person="li", code=devices.code("li")).checked_by == "li"


def test_a_wrong_code_decides_nothing(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    with pytest.raises(UsageError):
        accept(site, made, person="wang", code=devices.wrong("wang"))
    assert ATTESTATIONS.rows(site)[made].verdict == "handed in"


def test_a_proof_is_checked_once(site: Site, devices: Devices, tmp_path: Path) -> None:
    made = given(site, devices, tmp_path)
    accept(site, made, person="wang", code=devices.code("wang"))
    with pytest.raises(UsageError, match="checked already"):
        accept(site, made, person="li", code=devices.code("li"))


def test_of_two_who_check_at_once_the_first_counts(
    site: Site, devices: Devices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = given(site, devices, tmp_path)
    real = attesting.prove

    def meanwhile(*told: object, **said: object) -> None:
        monkeypatch.setattr(attesting, "prove", real)
        reject(site, made, person="li", code=devices.code("li"), reason="not true")
        real(*told, **said)  # type: ignore[arg-type]

    monkeypatch.setattr(attesting, "prove", meanwhile)
    with pytest.raises(UsageError, match="checked already, by li"):
        accept(site, made, person="wang", code=devices.code("wang"))
    assert ATTESTATIONS.rows(site)[made].verdict == "rejected"
    assert status(site) == "not evidenced"


def test_a_proof_that_changed_before_its_check_cannot_be_accepted(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path)
    (folder(site) / ATTESTATIONS.rows(site)[made].sha256[0]).write_bytes(b"else")
    with pytest.raises(UsageError, match="was changed"):
        accept(site, made, person="wang", code=devices.code("wang"))


# --- days and papers ------------------------------------------------------------------------------


def test_a_day_to_come_is_refused(site: Site, devices: Devices, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is to come"):
        given(site, devices, tmp_path, effective=date(2026, 11, 24))


def test_a_day_older_than_the_control_takes_is_refused(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="too old"):
        given(site, devices, tmp_path, effective=date(2024, 1, 1))


def test_what_has_run_out_is_refused(site: Site, devices: Devices, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has run out"):
        given(site, devices, tmp_path, expires=date(2026, 11, 1))


def test_an_earlier_day_begins_at_midnight_in_shanghai(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    made = given(site, devices, tmp_path, effective=date(2026, 11, 20))
    effective = ATTESTATIONS.rows(site)[made].effective
    assert effective == datetime(2026, 11, 19, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("made", "effective", "flag"),
    [
        ("20261120", date(2026, 11, 20), ()),
        ("20261201", date(2026, 11, 20), ("newer than it claims",)),
        ("20261120", date(2026, 9, 20), ("newer than it claims",)),
        ("20240520", date(2026, 11, 20), ("older than it claims",)),
    ],
)
def test_a_file_that_says_another_day_is_named(
    site: Site, devices: Devices, tmp_path: Path, made: str, effective: date, flag: tuple[str, ...]
) -> None:
    said = Submission((a_proof(tmp_path, made),), effective)
    id_ = submit_coded(site, PLAN, said, person="zhang", code=devices.code("zhang"))
    assert ATTESTATIONS.rows(site)[id_].flags == flag


def test_one_old_file_among_new_ones_is_named(site: Site, devices: Devices, tmp_path: Path) -> None:
    papers = a_proof(tmp_path, "20240520"), a_proof(tmp_path, "20261120")
    said = Submission(papers, date(2026, 11, 20))
    id_ = submit_coded(site, PLAN, said, person="zhang", code=devices.code("zhang"))
    assert ATTESTATIONS.rows(site)[id_].flags == ("older than it claims",)


def test_an_odd_day_stays_with_the_evidence(site: Site, devices: Devices, tmp_path: Path) -> None:
    said = Submission((a_proof(tmp_path, "20240520"),), date(2026, 11, 20))
    id_ = submit_coded(site, PLAN, said, person="zhang", code=devices.code("zhang"))
    accept(site, id_, person="wang", code=devices.code("wang"))
    assert "older than it claims" in one(site).says


def test_the_same_paper_again_is_refused_without_a_reason(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    first = given(site, devices, tmp_path)
    with pytest.raises(UsageError, match=f"already, as {first}"):
        given(site, devices, tmp_path)


def test_the_same_paper_again_with_a_reason_is_named(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    given(site, devices, tmp_path)
    again = given(site, devices, tmp_path, again="still in force")
    assert ATTESTATIONS.rows(site)[again].flags == ("handed in again",)


def test_a_bad_proof_uses_up_no_code(site: Site, devices: Devices, tmp_path: Path) -> None:
    bad = laid(tmp_path, "empty.pdf", b"")
    code = devices.code("zhang")
    with pytest.raises(ProofError):
        submit_coded(site, PLAN, Submission((bad,)), person="zhang", code=code)
    good = Submission((a_proof(tmp_path),))
    assert submit_coded(site, PLAN, good, person="zhang", code=code) == "a-001"


def test_nothing_handed_in_is_refused(site: Site, devices: Devices) -> None:
    with pytest.raises(UsageError, match="nothing was handed in"):
        submit_coded(site, PLAN, Submission(()), person="zhang", code=devices.code("zhang"))


def test_nothing_that_nobody_owes_is_taken(site: Site, devices: Devices, tmp_path: Path) -> None:
    said = Submission((a_proof(tmp_path),))
    with pytest.raises(UsageError, match="nobody owes"):
        submit_coded(site, "no.such", said, person="zhang", code=devices.code("zhang"))


def test_an_obligation_of_the_agencys_own_is_attested_too(
    site: Site, devices: Devices, tmp_path: Path
) -> None:
    owing(site)
    said = Submission((a_proof(tmp_path),))
    made = submit_coded(site, "o-001", said, person="zhang", code=devices.code("zhang"))
    accept(site, made, person="wang", code=devices.code("wang"))
    standing = next(each for each in standings(site) if each.owed.id == "o-001")
    assert (standing.state, standing.due) == ("attested", date(2027, 11, 22))
    assert attested(site) == ()  # it speaks for no control


# --- one-time files -------------------------------------------------------------------------------


def test_a_request_file_needs_no_code(site: Site, tmp_path: Path) -> None:
    file = asked(site, tmp_path)
    made = submit_file(site, file, Submission((a_proof(tmp_path),)))
    row = ATTESTATIONS.rows(site)[made]
    assert (row.by, row.obligation, row.due) == ("zhang", PLAN, date(2026, 12, 1))


def test_a_request_file_counts_once(site: Site, tmp_path: Path) -> None:
    file = asked(site, tmp_path)
    submit_file(site, file, Submission((a_proof(tmp_path),)))
    with pytest.raises(RequestRefusedError, match="used already, for a-001"):
        submit_file(site, file, Submission((a_proof(tmp_path, "20261119"),)))


def test_a_refused_proof_leaves_the_request_file_good(site: Site, tmp_path: Path) -> None:
    file = asked(site, tmp_path)
    with pytest.raises(ProofError):
        submit_file(site, file, Submission((laid(tmp_path, "empty.pdf", b""),)))
    assert submit_file(site, file, Submission((a_proof(tmp_path),))) == "a-001"


def test_a_request_file_expires(site: Site, hand: Hand, tmp_path: Path) -> None:
    file = asked(site, tmp_path)
    hand.move(days=100)
    with pytest.raises(RequestRefusedError, match="has expired"):
        submit_file(site, file, Submission((a_proof(tmp_path),)))


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("person", "wang", "bound to one person"),
        ("obligation", "training.security", "bound to one person"),
        ("due", "2027-12-01", "bound to one person"),
        ("token", "0" * 32, "bound to one person"),
        ("site", "0" * 64, "another site"),
        ("request", "q-099", "no request q-099"),
        ("token", "short", "no request file"),
        ("format", 2, "no request file"),
    ],
)
def test_a_request_file_that_was_changed_opens_nothing(
    site: Site, tmp_path: Path, name: str, value: object, why: str
) -> None:
    file = asked(site, tmp_path)
    content = json.loads(file.read_text("utf-8")) | {name: value}
    file.write_text(json.dumps(content), "utf-8")
    with pytest.raises(RequestRefusedError, match=why):
        submit_file(site, file, Submission((a_proof(tmp_path),)))
    assert ATTESTATIONS.rows(site) == {}


def test_what_is_no_request_file_is_named(site: Site, tmp_path: Path) -> None:
    with pytest.raises(RequestRefusedError, match=r"plan\.pdf is no request file"):
        submit_file(site, laid(tmp_path, "plan.pdf", b"\xff\xfe"), Submission(()))


def test_a_day_filled_into_the_file_is_the_day_it_speaks_of(site: Site, tmp_path: Path) -> None:
    file = asked(site, tmp_path)
    content = json.loads(file.read_text("utf-8")) | {"effective": "2026-11-20"}
    file.write_text(json.dumps(content), "utf-8")
    made = submit_file(site, file, Submission((a_proof(tmp_path),)))
    assert ATTESTATIONS.rows(site)[made].effective == datetime(2026, 11, 19, 16, tzinfo=UTC)


def test_the_token_is_nowhere_but_in_its_file(site: Site, tmp_path: Path) -> None:
    token = token_of(asked(site, tmp_path))
    outbox = site.agency.path(site.agency.file.mail.outbox)
    kept = [p for p in site.home.rglob("*") if p.is_file() and not p.is_relative_to(outbox)]
    assert not [path for path in kept if token.encode() in path.read_bytes()]
    assert len(letters(site)) == 1


def test_somebody_who_left_hands_in_nothing(
    home: Path, hand: Hand, site: Site, tmp_path: Path
) -> None:
    file = asked(site, tmp_path)
    agency = home / "agency.yaml"
    text = agency.read_text("utf-8").replace("lead: zhang", "lead: li")
    agency.write_text(text.replace("  zhang:", "  chen:"), "utf-8")
    for client in (home / "clients").iterdir():
        client.write_text(client.read_text("utf-8").replace("zhang", "chen"), "utf-8")
    with open_site(home, clock=hand) as later, pytest.raises(UsageError, match="nobody of this"):
        submit_file(later, file, Submission((a_proof(tmp_path),)))
    assert REQUESTS.rows(site)["q-001"].attestation == ""
