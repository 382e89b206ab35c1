"""What drills show, by journals that the audit log knows."""

from pathlib import Path

import pytest

from baozhang.drills.records import FILE, Drills, digest_of
from baozhang.drills.records import Journal as Drill
from baozhang.site import Site
from tests.drills.journals import journal
from tests.flows.approving import Hand
from tests.governance.evidence_office import answered, ask, at_end, on


@pytest.fixture
def site(office: Site, clock: Hand) -> Site:
    """The same site on the first of November."""
    clock.now = on(1)
    return office


def kept(site: Site, clock: Hand, day: int, *, name: str = "lost-folder", **about: object) -> Drill:
    """Keep a drill of a day, with its word in the audit log."""
    made = journal(name, id_=f"d-202611{day:02d}-01", start=on(day)).model_copy(update=about)
    return noted(site, clock, made)


def noted(site: Site, clock: Hand, made: Drill) -> Drill:
    clock.now = made.end
    Drills(site.home / "state" / "drills").keep(made)
    site.audit.append(
        actor=made.id, action="drill.ended", subject=made.scenario, sha256=digest_of(made)
    )
    at_end(clock)
    return made


def file(site: Site, made: Drill) -> Path:
    return site.home / "state" / "drills" / made.id / FILE


def test_a_scenario_that_was_passed_is_proven_by_its_drill(site: Site, clock: Hand) -> None:
    made = kept(site, clock, 3)
    found = answered(site, "drill", scenario="lost-folder")
    assert (found.result, found.effective) == ("pass", made.end)
    assert found.refs == (f"drill:{made.id}",)


def test_the_newest_drill_of_a_scenario_counts(site: Site, clock: Hand) -> None:
    kept(site, clock, 3)
    noted(site, clock, journal(id_="d-20261104-01", start=on(4), passed=False))
    assert answered(site, "drill", scenario="lost-folder").result == "fail"
    kept(site, clock, 5)
    assert answered(site, "drill", scenario="lost-folder").result == "pass"


def test_another_scenario_proves_nothing_but_any(site: Site, clock: Hand) -> None:
    assert ask(site, "drill", scenario="any") is None
    kept(site, clock, 3)
    assert ask(site, "drill", scenario="key-lost") is None
    assert answered(site, "drill", scenario="any").result == "pass"


def test_of_any_one_that_was_passed_is_enough(site: Site, clock: Hand) -> None:
    noted(site, clock, journal(id_="d-20261102-01", start=on(2), passed=False))
    assert answered(site, "drill", scenario="any").result == "fail"
    made = kept(site, clock, 3)
    noted(site, clock, journal(id_="d-20261104-01", start=on(4), passed=False))
    found = answered(site, "drill", scenario="any")
    assert (found.result, found.effective) == ("pass", made.end)


def test_a_drill_that_never_began_shows_nothing(site: Site, clock: Hand) -> None:
    noted(site, clock, journal(id_="d-20261104-01", start=on(4), passed=False, status="aborted"))
    assert answered(site, "drill", scenario="lost-folder").result == "inconclusive"


def test_a_drill_after_the_period_is_not_of_it(site: Site, clock: Hand) -> None:
    noted(site, clock, journal(id_="d-20261202-01", start=on(2, month=12)))
    assert ask(site, "drill", scenario="any") is None


def test_a_journal_that_was_edited_is_named_and_not_used(site: Site, clock: Hand) -> None:
    made = noted(site, clock, journal(id_="d-20261104-01", start=on(4), passed=False))
    better = journal(id_=made.id, start=on(4))
    Drills(site.home / "state" / "drills").keep(better)
    found = answered(site, "drill", scenario="lost-folder")
    assert (found.result, found.facts["drills"]) == ("inconclusive", made.id)


def test_a_journal_that_cannot_be_read_is_named(site: Site, clock: Hand) -> None:
    made = kept(site, clock, 3)
    file(site, made).write_text("{")
    found = answered(site, "drill", scenario="lost-folder")
    assert (found.result, found.facts["drills"]) == ("inconclusive", made.id)


def test_a_drill_after_a_damaged_one_speaks(site: Site, clock: Hand) -> None:
    file(site, kept(site, clock, 3)).write_text("{")
    kept(site, clock, 4)
    assert answered(site, "drill", scenario="lost-folder").result == "pass"
