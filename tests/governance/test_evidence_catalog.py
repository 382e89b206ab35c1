"""What letters, alerts and decrypted copies show, on a real catalog."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, text

from baozhang.audit.letters import WRITTEN
from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.custody import CustodyBook
from baozhang.catalog.model import Alert, AlertClass, AlertEvent, AlertStage, Copy, End
from baozhang.catalog.schema import LetterRow
from baozhang.site import Site
from tests.flows.approving import Hand
from tests.governance.evidence_office import answered, ask, at_end, letter, on, outcome

MINUTE = timedelta(minutes=1)


@pytest.fixture
def after(office: Site, clock: Hand) -> Site:
    at_end(clock)
    return office


# --- letters --------------------------------------------------------------------------------------


def test_letters_without_gaps_and_new_enough_pass(after: Site) -> None:
    for day in (1, 2, 29):
        letter(after, "night", on(day))
    found = answered(after, "letters", kind="night", within=2)
    assert (found.result, found.effective) == ("pass", on(29))
    assert (found.facts["count"], found.facts["last"]) == (3, 3)
    assert found.refs[0] == "letter:night/000003"


def test_without_a_letter_of_the_kind_nothing_is_said(after: Site) -> None:
    letter(after, "night", on(29))
    letter(after, "monthly", on(2, month=12))
    assert ask(after, "letters", kind="monthly", within=40) is None
    assert ask(after, "record", kind="monthly") is None


def test_a_newest_letter_that_is_too_old_fails(after: Site) -> None:
    letter(after, "night", on(28))
    assert answered(after, "letters", kind="night", within=2).result == "fail"
    assert answered(after, "letters", kind="night", within=3).result == "pass"


def test_a_missing_number_fails_and_is_named(after: Site) -> None:
    for day in (27, 28, 29):
        letter(after, "night", on(day))
    lose_letter(after, 2)
    found = answered(after, "letters", kind="night", within=2)
    assert (found.result, found.facts["numbers"]) == ("fail", "2")


def lose_letter(site: Site, number: int) -> None:
    """Take a row out of the journal, as only somebody with the database in hand can."""
    with site.catalog.writing() as session:
        triggers = session.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'letters'")
        ).scalars()
        for name in list(triggers):
            session.execute(text(f'DROP TRIGGER "{name}"'))
        session.execute(delete(LetterRow).where(LetterRow.number == number))


def test_the_newest_report_of_a_kind_is_a_record(after: Site) -> None:
    letter(after, "risk", on(3))
    letter(after, "risk", on(9))
    found = answered(after, "record", kind="risk")
    assert (found.result, found.effective, found.refs) == ("pass", on(9), ("letter:risk/000002",))


def written(site: Site, clock: Hand, client: str, at: datetime, kind: str = "certificate") -> None:
    clock.now = at
    site.audit.append(
        actor="system", action=WRITTEN, subject=f"{kind}/000001", kind=kind, client=client
    )


def test_every_client_needs_a_letter_of_its_own(after: Site, clock: Hand) -> None:
    for client in ("c001", "c002"):
        outcome(after, on(1, month=9), client=client)
    written(after, clock, "c001", on(2))
    at_end(clock)
    found = answered(after, "letters", kind="certificate", within=40)
    assert (found.result, found.facts["clients"]) == ("fail", "c002")
    written(after, clock, "c002", on(3))
    written(after, clock, "c002", on(3), kind="client-statement")
    at_end(clock)
    assert answered(after, "letters", kind="certificate", within=40).result == "pass"
    assert answered(after, "letters", kind="client-statement", within=40).result == "fail"


def test_a_client_that_came_lately_is_not_asked_for_its_letter(after: Site, clock: Hand) -> None:
    outcome(after, on(1, month=9))
    outcome(after, on(20), client="c002")
    written(after, clock, "c001", on(2))
    at_end(clock)
    found = answered(after, "letters", kind="certificate", within=40)
    assert (found.result, found.facts["all"]) == ("pass", 1)
    assert ask(after, "letters", kind="client-statement", within=40) is None


# --- alerts ---------------------------------------------------------------------------------------


def alert(
    site: Site,
    at: datetime,
    *events: tuple[AlertStage, int],
    grade: AlertClass = "urgent",
    subject: str = "backup",
) -> str:
    """Raise an alert; what became of it so many minutes later follows."""
    book = AlertBook(site.catalog)
    made = Alert("", grade, "outcomes", subject, at.isoformat(), "a template", (), "", at)
    known, _ = book.raised(made)
    book.add(*(AlertEvent(known.alert.id, what, at + n * MINUTE, "zhang") for what, n in events))
    return known.alert.id


def test_urgent_alerts_that_were_answered_in_time_pass(after: Site) -> None:
    alert(after, on(3), ("told", 0), ("acknowledged", 30))
    alert(after, on(4), ("told", 0), ("mended", 5), subject="validation")
    found = answered(after, "alerts")
    assert (found.result, found.facts["good"], found.facts["all"]) == ("pass", 2, 2)
    assert found.effective == on(4) + 5 * MINUTE


@pytest.mark.parametrize("events", [(), (("acknowledged", 31),), (("mended", 31),)])
def test_one_that_was_answered_late_or_never_fails(
    after: Site, events: tuple[tuple[AlertStage, int], ...]
) -> None:
    alert(after, on(3), ("acknowledged", 1), subject="validation")
    late = alert(after, on(4), ("told", 0), *events)
    found = answered(after, "alerts")
    assert (found.result, found.facts["late"], found.refs[0]) == ("fail", late, f"alert:{late}")


def test_without_an_urgent_alert_in_the_period_nothing_is_said(after: Site) -> None:
    alert(after, on(3), ("mended", 1), grade="notice")
    alert(after, on(3, month=10), ("acknowledged", 1))
    alert(after, on(3, month=12))
    assert ask(after, "alerts") is None


def test_one_whose_time_is_not_over_speaks_neither_way(office: Site, clock: Hand) -> None:
    alert(office, on(3), ("acknowledged", 1))
    alert(office, clock.now - 10 * MINUTE, subject="validation")
    found = answered(office, "alerts")
    assert (found.result, found.facts["all"], found.facts["open"]) == ("pass", 1, 1)
    clock.now += 21 * MINUTE
    assert answered(office, "alerts").result == "fail"


# --- decrypted copies -----------------------------------------------------------------------------

COPY = Copy(
    id="c-20261103-220000",
    client="c001",
    set="main",
    snapshot="000001-aa",
    reason="restore",
    opener="zhang",
    opened=on(3),
    due=on(10),
    place="a" * 64,
)


def ended(site: Site, copy: Copy, at: datetime) -> None:
    CustodyBook(site.catalog).end(End(copy.id, at, "zhang", "removed", 1, 1))


def test_copies_that_were_destroyed_or_have_time_pass(after: Site) -> None:
    book = CustodyBook(after.catalog)
    book.add(COPY)
    ended(after, COPY, on(9))
    book.add(replace(COPY, id="c-2", opened=on(29), due=on(6, month=12)))
    found = answered(after, "custody")
    assert (found.result, found.effective) == ("pass", on(29))
    assert (found.facts["ended"], found.facts["all"], found.facts["late"]) == (1, 2, 0)


def test_a_copy_that_lies_about_past_its_day_fails_until_it_is_gone(after: Site) -> None:
    CustodyBook(after.catalog).add(COPY)
    found = answered(after, "custody")
    assert (found.result, found.refs) == ("fail", (f"copy:{COPY.id}",))
    ended(after, COPY, on(11))
    found = answered(after, "custody")
    assert (found.result, found.facts["late"]) == ("pass", 1)


def test_an_end_after_the_period_does_not_help_it(after: Site) -> None:
    CustodyBook(after.catalog).add(COPY)
    ended(after, COPY, on(2, month=12))
    assert answered(after, "custody").result == "fail"


@pytest.mark.parametrize("lacking", ["reason", "opener"])
def test_a_copy_that_says_not_who_or_why_fails(after: Site, lacking: str) -> None:
    nameless = replace(COPY, **{lacking: ""})
    CustodyBook(after.catalog).add(nameless)
    ended(after, COPY, on(9))
    assert answered(after, "custody").result == "fail"


def test_where_no_copy_was_ever_made_nothing_is_said(after: Site) -> None:
    assert ask(after, "custody") is None
    CustodyBook(after.catalog).add(replace(COPY, opened=on(1, month=12), due=on(9, month=12)))
    assert ask(after, "custody") is None
