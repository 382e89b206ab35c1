"""What registers, signatures and the law register show."""

from datetime import date

import pytest
from sqlalchemy import text

from baozhang.catalog.entries import RegisterBook
from baozhang.policies.law.register import Register, Review, load_register
from baozhang.site import Site
from tasks.evidence_asking import Asking
from tasks.evidence_registers import reviewed
from tasks.signing import SIGNATURES, Signature, Word, sign
from tests.flows.approving import Devices, Hand
from tests.governance.evidence_office import NOVEMBER, answered, ask, at_end, on

DIGEST = "a" * 64


# --- registers ------------------------------------------------------------------------------------


def put(site: Site, clock: Hand, row: str, day: int, *, value: str = "a") -> None:
    clock.now = on(day)
    RegisterBook(site.catalog).put("vendors", row, {"name": value}, by="wang", at=clock.now)


def test_enough_rows_pass_by_their_newest_change(office: Site, clock: Hand) -> None:
    put(office, clock, "v-001", 3)
    put(office, clock, "v-002", 4)
    at_end(clock)
    found = answered(office, "register", name="vendors", rows=2)
    assert (found.result, found.effective) == ("pass", on(4))
    assert found.refs == ("entry:vendors/v-002/1", "entry:vendors/v-001/1")
    assert answered(office, "register", name="vendors", rows=3).result == "fail"


def test_of_a_register_without_rows_nothing_is_said(office: Site, clock: Hand) -> None:
    put(office, clock, "v-001", 3)
    at_end(clock)
    assert ask(office, "register", name="contracts", rows=1) is None
    assert ask(office, "register", name="contracts", rows=0) is None


def test_rows_that_ended_do_not_stand(office: Site, clock: Hand) -> None:
    put(office, clock, "v-001", 3)
    RegisterBook(office.catalog).end("vendors", "v-001", by="wang", at=on(4))
    at_end(clock)
    assert answered(office, "register", name="vendors", rows=1).result == "fail"
    assert answered(office, "register", name="vendors", rows=0).result == "fail"


def test_rows_of_after_the_period_do_not_count(office: Site, clock: Hand) -> None:
    clock.now = on(2, month=12)
    RegisterBook(office.catalog).put("vendors", "v-001", {"name": "a"}, by="wang", at=clock.now)
    at_end(clock)
    assert ask(office, "register", name="vendors", rows=1) is None


def test_a_register_that_was_changed_by_hand_is_named(office: Site, clock: Hand) -> None:
    put(office, clock, "v-001", 3)
    falsify(office, "vendors")
    at_end(clock)
    found = answered(office, "register", name="vendors", rows=1)
    assert (found.result, found.facts) == ("inconclusive", {"register": "vendors"})


def falsify(site: Site, register: str) -> None:
    """Change a register in the database, past its triggers."""
    with site.catalog.writing() as session:
        found = session.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entries'")
        )
        for name in list(found.scalars()):
            session.execute(text(f'DROP TRIGGER "{name}"'))
        session.execute(text("UPDATE entries SET hash = 'b' WHERE register = :r"), {"r": register})


def owe(site: Site, clock: Hand, row: str, **cells: str) -> None:
    clock.now = on(3)
    RegisterBook(site.catalog).put("issues", row, cells, by="wang", at=clock.now)


@pytest.mark.parametrize(
    ("cells", "result"),
    [
        ({"due": "2026-11-30"}, "pass"),
        ({"due": "2026-11-29"}, "fail"),
        ({"due": "2026-11-29", "done": "2026-11-12"}, "pass"),
        ({"due": "2026-11-29", "closed": "2026-11-12"}, "pass"),
        ({"due": "2026-11-10", "done": "2026-11-10"}, "pass"),
        ({"due": "2026-11-10", "done": "2026-11-11"}, "fail"),
        ({"due": "2026-10-10", "done": "2026-10-11"}, "pass"),
        ({"due": "2026-10-10", "done": "2026-11-01"}, "fail"),
        ({"due": "2026-11-29", "answer_due": "2026-11-12", "answered": "2026-11-13"}, "fail"),
        ({"due": "", "answer_due": "2026-11-12", "answered": "2026-11-12"}, "pass"),
        ({"due": "2026-11-29", "answered": "2026-11-12"}, "fail"),
        ({"due": "2026-12-29", "answer_due": "2026-11-12"}, "fail"),
        ({"due": "2026-12-29", "answer_due": "2026-11-12", "answered": "2026-11-12"}, "pass"),
    ],
)
def test_what_is_owed_is_done_or_has_time(
    office: Site, clock: Hand, cells: dict[str, str], result: str
) -> None:
    owe(office, clock, "i-0001", **cells)
    at_end(clock)
    found = answered(office, "in-time", register="issues")
    assert (found.result, found.refs) == (result, ("entry:issues/i-0001/1",))


def test_where_nothing_was_ever_owed_nothing_is_said(office: Site, clock: Hand) -> None:
    owe(office, clock, "i-0001", name="a")
    at_end(clock)
    assert ask(office, "in-time", register="issues") is None
    assert ask(office, "in-time", register="corrective") is None


@pytest.mark.parametrize(("day", "result"), [(10, "pass"), (11, "fail")])
def test_a_row_that_is_ended_past_its_day_was_late(
    office: Site, clock: Hand, day: int, result: str
) -> None:
    owe(office, clock, "i-0001", due="2026-11-10")
    RegisterBook(office.catalog).end("issues", "i-0001", by="wang", at=on(day))
    at_end(clock)
    assert answered(office, "in-time", register="issues").result == result


def test_what_is_owed_of_a_register_changed_by_hand_is_not_judged(
    office: Site, clock: Hand
) -> None:
    owe(office, clock, "i-0001", due="2026-11-30")
    falsify(office, "issues")
    at_end(clock)
    assert answered(office, "in-time", register="issues").result == "inconclusive"


# --- signatures -----------------------------------------------------------------------------------


@pytest.fixture
def devices(office: Site, clock: Hand) -> Devices:
    clock.now = on(2)
    return Devices(office.home, clock, "wang", "li")


def word(
    site: Site,
    devices: Devices,
    person: str = "wang",
    *,
    subject: str = "audit:a-2026-11",
    said: Word = "sign",
) -> None:
    sign(
        site,
        subject,
        DIGEST,
        person=person,
        code=devices.code(person),
        roles=("manager", "approver"),
        word=said,
    )


def test_a_signature_with_its_code_passes(office: Site, clock: Hand, devices: Devices) -> None:
    word(office, devices)
    at_end(clock)
    found = answered(office, "signed", subject="audit:")
    assert (found.result, found.effective) == ("pass", on(2))
    assert found.refs == ("entry:signatures/s-00001/1",)


def test_of_what_nobody_signed_nothing_is_said(office: Site, clock: Hand, devices: Devices) -> None:
    word(office, devices, subject="risk:2026-11")
    at_end(clock)
    assert ask(office, "signed", subject="audit:") is None


def test_a_refusal_fails(office: Site, clock: Hand, devices: Devices) -> None:
    word(office, devices)
    word(office, devices, "li", said="refuse")
    at_end(clock)
    assert answered(office, "signed", subject="audit:").result == "fail"


def test_a_later_content_counts_by_itself(office: Site, clock: Hand, devices: Devices) -> None:
    word(office, devices, said="refuse")
    word(office, devices, subject="audit:a-2026-12")
    at_end(clock)
    assert answered(office, "signed", subject="audit:").result == "pass"


def test_a_signature_without_a_code_fails(office: Site, clock: Hand, devices: Devices) -> None:
    forged = Signature(
        subject="audit:a-2026-11",
        digest=DIGEST,
        person="li",
        word="sign",
        means="code",
        at=clock.now,
    )
    SIGNATURES.put(office, {"s-00001": forged}, by="li")
    at_end(clock)
    found = answered(office, "signed", subject="audit:")
    assert (found.result, found.facts["people"]) == ("fail", "li")


def test_signatures_that_were_changed_by_hand_are_not_judged(
    office: Site, clock: Hand, devices: Devices
) -> None:
    word(office, devices)
    falsify(office, SIGNATURES.name)
    at_end(clock)
    assert answered(office, "signed", subject="audit:").result == "inconclusive"


# --- the law --------------------------------------------------------------------------------------


def printed(on_: date) -> Register:
    """Return the register as it would be if counsel had seen every row in print."""
    known, sure = load_register(), {"confidence": "text"}
    severity = known.severity.model_copy(
        update={"levels": tuple(e.model_copy(update=sure) for e in known.severity.levels)}
    )
    rows = {
        "retention": tuple(each.model_copy(update=sure) for each in known.retention),
        "clocks": tuple(each.model_copy(update=sure) for each in known.clocks),
        "contents": {name: each.model_copy(update=sure) for name, each in known.contents.items()},
        "instruments": {n: each.model_copy(update=sure) for n, each in known.instruments.items()},
    }
    review = Review(by="counsel", on=on_)
    return known.model_copy(update={**rows, "severity": severity, "reviewed": review})


@pytest.fixture
def asking(office: Site, clock: Hand) -> Asking:
    at_end(clock)
    return Asking(office, NOVEMBER)


def test_a_register_that_counsel_reviewed_and_saw_in_print_passes(asking: Asking) -> None:
    found = reviewed(printed(date(2026, 11, 3)), asking)
    assert found is not None
    assert (found.result, found.facts["open"]) == ("pass", 0)


def test_what_nobody_reviewed_is_no_evidence(asking: Asking, office: Site) -> None:
    nobody = printed(date(2026, 11, 3)).model_copy(update={"reviewed": None})
    assert reviewed(nobody, asking) is None
    assert reviewed(printed(date(2026, 12, 1)), asking) is None
    assert ask(office, "law") is None


@pytest.mark.parametrize("part", ["instruments", "retention", "clocks", "contents", "severity"])
def test_a_row_that_nobody_has_seen_never_passes(asking: Asking, part: str) -> None:
    known, seen = load_register(), printed(date(2026, 11, 3))
    found = reviewed(seen.model_copy(update={part: unseen(known, part)}), asking)
    assert found is not None
    assert found.result == "inconclusive"


def unseen(known: Register, part: str) -> object:
    """Return a part of the register of which one row is known from hearsay."""
    hearsay, value = {"confidence": "knowledge"}, getattr(known, part)
    if part == "severity":
        first, *rest = value.levels
        return value.model_copy(update={"levels": (first.model_copy(update=hearsay), *rest)})
    if isinstance(value, dict):
        return {name: each.model_copy(update=hearsay) for name, each in value.items()}
    return (value[0].model_copy(update=hearsay), *value[1:])
