"""An audit's steps on a real tiny site: by evidence alone, once, and whatever kills them."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from baozhang.catalog.model import Letter
from baozhang.clock import system_clock
from baozhang.errors import CorruptObjectError, UsageError
from baozhang.governance.audits import Audit, Gathered, audits_of, encoded
from baozhang.governance.controls import controls
from baozhang.governance.corrective import CORRECTIVE
from baozhang.governance.judging import RANK
from baozhang.governance.packed import verify_pack
from baozhang.wiring import open_site
from reports.library import Library
from tasks.audit_packing import draft_of, finish, pack, publish, sign_audit, signing_of
from tasks.audit_steps import (
    Order,
    asked_of,
    auditors,
    begin,
    draw_samples,
    gather_attested,
    gather_auto,
    ground_of,
    judge_all,
    settle,
    settle_ground,
    yardstick_of,
)
from tasks.audit_value import readiness, value_of
from tests.flows.approving import Devices
from tests.flows.auditing import audited, this_month, with_auditor, worked
from tests.flows.walking import night
from tests.governance.auditing import attests

NOW = datetime.fromisoformat("2026-11-02T22:40:00+00:00")
SECTIONS = ("A1", "A7")


@pytest.fixture
def home(home: Path) -> Path:
    return with_auditor(home)


def statuses(audit: Audit) -> set[str]:
    return set(audit.verdict().statuses.values())


# --- what is asked ------------------------------------------------------------------------------


def test_without_a_period_it_is_the_month_before_the_scheduled_start() -> None:
    asked = asked_of(Order(), NOW, NOW)
    assert (asked.month, asked.kind) == ("2026-10", "regular")


def test_a_month_that_is_not_over_is_on_demand() -> None:
    assert asked_of(Order(period="2026-11"), NOW, NOW).kind == "demand"


def test_some_sections_of_a_month_are_on_demand() -> None:
    assert asked_of(Order(sections=["a7"]), NOW, NOW).kind == "demand"


def test_sections_are_kept_in_the_documents_order() -> None:
    assert asked_of(Order(sections=["B9", "a7", "A7"]), NOW, NOW).sections == ("A7", "B9")


def test_days_are_taken_as_they_are() -> None:
    asked = asked_of(Order(period="2026-10-05..2026-10-09"), NOW, NOW)
    assert (asked.first.day, asked.last.day, asked.kind) == (5, 9, "demand")


@pytest.mark.parametrize(
    "order",
    [
        Order(period="2026-12"),
        Order(period="2026-10-09..2026-10-05"),
        Order(period="2026-02-30..2026-03-01"),
        Order(period="last week"),
        Order(sections=["A21"]),
        Order(sections=[]),
        Order(seed="a b"),
        Order(seed="x" * 65),
    ],
)
def test_what_cannot_be_audited_is_refused(order: Order) -> None:
    with pytest.raises(UsageError):
        asked_of(order, NOW, NOW)


# --- the whole ----------------------------------------------------------------------------------


def test_a_site_that_did_nothing_proves_nothing(home: Path) -> None:
    assert statuses(audited(*SECTIONS)) == {"not evidenced"}


def test_what_a_night_did_is_proven_and_the_rest_is_not(home: Path) -> None:
    worked()
    assert statuses(audited()) == {"proven", "not evidenced"}


def test_the_pack_of_an_audit_holds(home: Path) -> None:
    worked()
    report = verify_pack(audited(*SECTIONS).pack)
    assert report.troubles == ()
    assert report.same_controls is True


def test_the_audit_log_knows_the_pack(home: Path) -> None:
    audit = audited(*SECTIONS)
    with open_site() as site:
        text = (site.home / "state" / "audit" / "log.jsonl").read_text("ascii")
    assert audit.packed().manifest in text


def test_a_finished_audit_is_not_made_again(home: Path) -> None:
    audit = audited(*SECTIONS)
    before = {each.name: each.read_bytes() for each in audit.folder.iterdir()}
    with open_site() as site:
        finish(site, audit)
    assert {each.name: each.read_bytes() for each in audit.folder.iterdir()} == before


def test_a_trial_keeps_nothing_and_judges_the_same(home: Path) -> None:
    worked()
    with open_site() as site:
        order = Order(period=this_month(), sections=SECTIONS)
        asked = asked_of(order, site.clock(), site.clock())
        tried = {each.id for each in ground_of(site, asked).evidence}
        assert audits_of(site).all() == ()
    assert len(tried) == len(audited(*SECTIONS).ground().evidence)


def test_a_sample_site_says_so_in_its_pack(home: Path) -> None:
    agency = home / "agency.yaml"
    agency.write_text(agency.read_text("utf-8") + "sample: true\n", "utf-8")
    assert verify_pack(audited("A7").pack).sample is True


def test_what_a_sample_site_did_counts_for_nothing_once_it_is_real(home: Path) -> None:
    agency = home / "agency.yaml"
    text = agency.read_text("utf-8")
    agency.write_text(text + "sample: true\n", "utf-8")
    worked()
    assert "proven" in statuses(audited("A1"))

    agency.write_text(text, "utf-8")

    assert "proven" not in statuses(audited("A1"))


def test_an_audit_measures_by_what_its_first_step_found(home: Path) -> None:
    with open_site() as site:
        audit = begin(site, Order(period=this_month(), sections=["A7"]), site.clock())
        known = yardstick_of(audit)
        older = known.model_copy(update={"controls": known.controls[:1]})
        (audit.folder / "controls.json").write_bytes(encoded(older))
        finish(site, audit)
        assert value_of(site, audit).controls == older.controls
    assert [each.control for each in audit.verdict().judged] == [older.controls[0].id]
    report = verify_pack(audit.pack)
    assert (report.troubles, report.same_controls) == ((), False)


# --- killed -------------------------------------------------------------------------------------


class _Killed(BaseException):
    """The end of a process; nothing in the product catches it."""


class _Dying:
    """A clock that ends the process at the n-th time it is asked."""

    def __init__(self, left: int) -> None:
        self.left = left

    def __call__(self) -> datetime:
        self.left -= 1
        if self.left == 0:
            raise _Killed
        return system_clock()


def _killed_everywhere() -> Iterator[int]:
    """Kill an audit at the first, second, … instant until it comes through; yield each try."""
    for left in range(1, 60):
        try:
            audited("A7", clock=_Dying(left), run="r1")
        except _Killed:
            yield left
        else:
            return
    raise AssertionError("it never came through")


def test_an_audit_that_is_killed_at_every_instant_goes_on_to_the_same_pack(home: Path) -> None:
    worked()
    kills = list(_killed_everywhere())

    with open_site() as site:
        known = audits_of(site).all()
    assert len(kills) >= 5
    assert len(known) == 1
    assert verify_pack(known[0].pack).troubles == ()


# --- changed by hand ----------------------------------------------------------------------------


def _by_hand(file: Path) -> None:
    """Change every row of a register as somebody would who knows SQLite."""
    with closing(sqlite3.connect(file)) as opened, opened:
        opened.execute("DROP TRIGGER entries_no_update")
        assert opened.execute("UPDATE entries SET by = 'nobody'").rowcount > 0


def test_a_register_that_was_changed_by_hand_is_named_and_nothing_is_packed(home: Path) -> None:
    night()
    audited("A1")  # opens corrective actions
    with open_site() as site:
        _by_hand(site.catalog.path)
    with pytest.raises(CorruptObjectError) as caught:
        audited("A1")
    assert caught.value.facts["register"] == "corrective"
    with open_site() as site:
        assert [each.stage for each in audits_of(site).all()] == ["packed", "judged"]


# --- samples ------------------------------------------------------------------------------------


def _sampled(audit: Audit) -> dict[str, tuple[int, int]]:
    found = audit.sampled().samples
    return {each.name: (len(each.drawn), len(each.deviating)) for each in found}


def test_records_that_lead_to_each_other_do_not_deviate(home: Path) -> None:
    worked()
    found = _sampled(audited("A1"))
    assert found["backup"] == (2, 0)
    assert {deviating for _, deviating in found.values()} == {0}


def test_the_drawn_records_are_kept_in_full(home: Path) -> None:
    worked()
    drawn = audited("A1").sampled().samples[0].drawn[0]
    assert {"client", "set", "status", "snapshot", "bytes"} <= drawn.facts.keys()


def test_a_run_without_a_letter_deviates_and_turns_what_rests_on_it(home: Path) -> None:
    night()
    audit = audited("A1")
    assert _sampled(audit)["backup"] == (2, 2)
    failed = [each for each in audit.ground().evidence if each.result == "fail"]
    assert {each.test.split()[0] for each in failed} <= {"rhythm", "outcomes"}
    assert failed


def test_a_letter_whose_file_was_changed_deviates(home: Path) -> None:
    worked()
    with open_site() as site:
        folder = Library(site.agency.path(site.agency.file.reports)).folder
    for file in folder.glob("*/*/*.json"):
        file.write_text(file.read_text("ascii").replace("ok", "no"), "ascii")
    found = audited("A1").sampled().samples[-1]
    assert {text for each in found.drawn for text in each.deviations} == {
        "its file in the library is not what was written"
    }


def test_a_letter_that_the_audit_log_does_not_know_deviates(home: Path) -> None:
    with open_site() as site, site.catalog.transaction():
        slipped = Letter("night", 1, "2026-11-01", ("manager",), "", "0" * 64, site.clock())
        site.catalog.record_letter(slipped)
    found = audited("A1").sampled().samples[-1]
    assert [each.deviations for each in found.drawn] == [
        ("the audit log does not know this letter as it was sent",)
    ]


def test_a_seed_that_was_asked_for_is_recorded(home: Path) -> None:
    audit = audited("A7", seed="dice-4")
    assert (audit.sampled().seed, audit.ground().seed) == ("dice-4", "dice-4")


# --- actions ------------------------------------------------------------------------------------


def test_a_deviation_opens_a_corrective_action_with_its_evidence(home: Path) -> None:
    night()
    audit = audited("A1")
    with open_site() as site:
        rows = CORRECTIVE.rows(site)
    pieces = {each.id for each in audit.ground().evidence}
    assert rows
    assert {each.evidence for each in rows.values()} <= pieces
    assert audit.findings().actions == rows


def test_settling_twice_counts_once(home: Path) -> None:
    night()
    audit = audited("A1")
    (audit.folder / "findings.json").unlink()
    with open_site() as site:
        settle(site, audit)
        assert {each.times for each in CORRECTIVE.rows(site).values()} == {1}


# --- signature and letter -----------------------------------------------------------------------


def test_the_auditor_may_sign(home: Path) -> None:
    audit = audited("A7")
    with open_site() as site:
        assert signing_of(site, audit).able == ("zhao",)


def test_without_a_signature_no_letter_goes_out(home: Path) -> None:
    audit = audited("A7")
    with open_site() as site, pytest.raises(UsageError):
        publish(site, audit, actor="zhao")


def test_a_signed_audit_is_written_once(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    with open_site() as site:
        sign_audit(site, audit, person="zhao", code=devices.code("zhao"))
        first = publish(site, audit, actor="zhao")
        (audit.folder / "letter.json").unlink()
        assert publish(site, audit, actor="zhao").number == first.number
        assert len(site.catalog.letters("audit")) == 1


def test_somebody_else_may_not_sign(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "wang"), audited("A7")
    with open_site() as site, pytest.raises(UsageError):
        sign_audit(site, audit, person="wang", code=devices.code("wang"))


BENT = {"asked.json": "by", "evidence.json": "seed", "packed.json": "manifest", "pack.zip": ""}
"""What of an audit somebody changes who knows its form; of the pack, its end."""


@pytest.mark.parametrize("name", BENT)
def test_what_was_changed_after_it_was_packed_is_not_signed(home: Path, name: str) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    file, key = audit.folder / name, BENT[name]
    if key:
        told = json.loads(file.read_bytes())
        bent = told | {key: told[key][::-1]}
        text = json.dumps(bent, sort_keys=True, separators=(",", ":"))
        file.write_text(f"{text}\n", "ascii")
    else:
        file.write_bytes(file.read_bytes() + b"x")
    with open_site() as site, pytest.raises(CorruptObjectError) as caught:
        sign_audit(site, audit, person="zhao", code=devices.code("zhao"))
    assert caught.value.facts["file"] == name


def test_a_line_that_is_made_better_after_the_signature_is_not_sent(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    with open_site() as site:
        sign_audit(site, audit, person="zhao", code=devices.code("zhao"))
        file = audit.folder / "judged.json"
        file.write_bytes(file.read_bytes().replace(b'"not evidenced"', b'"proven"'))
        with pytest.raises(CorruptObjectError) as caught:
            publish(site, audit, actor="zhao")
    assert caught.value.facts["file"] == "judged.json"


def test_another_pack_in_its_place_is_not_signed(home: Path) -> None:
    devices, audit, other = Devices(home, system_clock, "zhao"), audited("A7"), audited("A7")
    for name in ("pack.zip", "packed.json"):
        (audit.folder / name).write_bytes((other.folder / name).read_bytes())
    with open_site() as site, pytest.raises(CorruptObjectError) as caught:
        sign_audit(site, audit, person="zhao", code=devices.code("zhao"))
    assert caught.value.facts["file"] == "packed.json"


def test_a_refused_audit_is_not_sent(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    with open_site() as site:
        sign_audit(site, audit, person="zhao", code=devices.code("zhao"), refuse=True)
        with pytest.raises(UsageError):
            publish(site, audit, actor="zhao")


def test_the_letter_tells_who_signed_and_what(home: Path) -> None:
    devices, audit = Devices(home, system_clock, "zhao"), audited("A7")
    with open_site() as site:
        sign_audit(site, audit, person="zhao", code=devices.code("zhao"))
        draft = draft_of(site, audit, signing_of(site, audit).words, actor="zhao")
    assert audit.packed().manifest in draft.value
    assert '"person":"zhao"' in draft.value


def test_where_nobody_is_auditor_managers_sign_and_the_report_says_so(home: Path) -> None:
    agency = home / "agency.yaml"
    agency.write_text(agency.read_text("utf-8").replace("[auditor]", "[accountant]"), "utf-8")
    audit = audited("A7")
    with open_site() as site:
        assert auditors(site) == ("wang",)
        notes = value_of(site, audit).independence
    assert notes[0].says == "nobody of the agency has the role auditor: {people} may sign instead"


def test_whoever_may_sign_and_had_no_hand_in_it_is_told_to_be_independent(home: Path) -> None:
    audit = audited("A7")
    with open_site() as site:
        notes = value_of(site, audit).independence
    assert [dict(each.facts)["person"] for each in notes] == ["zhao"]


def _with_hand_of_zhao() -> Audit:
    """Return a packed audit whose evidence zhao made."""
    control = next(each for each in controls() if each.source == "attested")
    section = control.items[0].partition(".")[0]
    with open_site() as site:
        audit = begin(site, Order(period=this_month(), sections=[section]), site.clock())
        now = site.clock()
        made = attests(control, by=("zhao",), effective=now, received=now)
        audit.keep("attested", Gathered(at=now, evidence=(made,)))
        finish(site, audit)
    return audit


def test_whoever_made_its_evidence_may_not_sign_where_somebody_else_can(home: Path) -> None:
    agency = home / "agency.yaml"
    second = "  qian: {name: 钱七, email: qian@example.cn, roles: [auditor]}\n"
    agency.write_text(agency.read_text("utf-8").replace("vaults:", f"{second}vaults:", 1), "utf-8")
    devices, audit = Devices(home, system_clock, "zhao"), _with_hand_of_zhao()
    with open_site() as site:
        assert signing_of(site, audit).able == ("qian",)
        with pytest.raises(UsageError):
            sign_audit(site, audit, person="zhao", code=devices.code("zhao"))


def test_where_nobody_else_is_left_they_may_and_the_report_names_the_lines(home: Path) -> None:
    audit = _with_hand_of_zhao()
    with open_site() as site:
        assert signing_of(site, audit).able == ("zhao",)
        [note] = value_of(site, audit).independence
    assert note.says.startswith("{person}, who may sign, made or checked evidence")
    assert dict(note.facts)["person"] == "zhao"


# --- the report ---------------------------------------------------------------------------------


def test_the_report_shows_the_audit_before(home: Path) -> None:
    first = audited("A7")
    second = audited("A7")
    with open_site() as site:
        before = value_of(site, second).before
    assert before is not None
    assert (before.audit, dict(before.statuses)) == (first.id, first.verdict().statuses)


def test_the_report_shows_every_line_that_was_asked_for(home: Path) -> None:
    audit = audited(*SECTIONS)
    with open_site() as site:
        value = value_of(site, audit)
    assert [each.item.section for each in value.lines] == ["A1"] * 6 + ["A7"] * 6
    assert max(RANK[each.status] for each in value.lines) == 0


def test_a_quiet_month_has_neither_incidents_nor_drills(home: Path) -> None:
    audit = audited("A7")
    with open_site() as site:
        found = readiness(site, audit.asked.period)
    assert (found.incidents, found.drills, found.slowest_recovery) == (0, 0, None)


def test_each_step_may_be_repeated(home: Path) -> None:
    with open_site() as site:
        audit = begin(site, Order(period=this_month(), sections=["A7"], run="r1"), site.clock())
        steps = (gather_auto, gather_attested, draw_samples, settle_ground, judge_all, settle, pack)
        for step in steps:
            assert step(site, audit) == step(site, audit)
