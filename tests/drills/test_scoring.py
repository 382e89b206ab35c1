"""A drill passes when everything was found, reached and mended; what was not measured is missed."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from baozhang.drills.scenarios import scenario
from baozhang.drills.scoring import Found, Measure, Score, Timings, actions_of, measures_of
from baozhang.settings import Agency
from baozhang.settings.loading import load_agency
from tests.drills.journals import START
from tests.flows.site import make_site

DAY = date(2026, 11, 22)
WELL = Score(
    found=(Found(by="backup", finding="x", at=START),),
    measures=(Measure(name="rto", target=60, measured=60),),
    before=True,
    after=True,
)


@pytest.fixture
def agency(tmp_path: Path) -> Agency:
    return load_agency(make_site(tmp_path / "site", "p001"))


@pytest.mark.parametrize(
    ("name", "target", "measured", "met"),
    [
        ("rto", 60, 60, True),
        ("rto", 60, 61, False),
        ("rpo", 0, 1, False),
        ("detect", 60, None, False),
        ("checks", 2, 2, True),
        ("checks", 2, 1, False),
        ("notices", 1, 0, False),
        ("notices", 2, 3, True),
    ],
)
def test_a_target_is_reached(name: str, target: int, measured: int | None, met: bool) -> None:
    assert Measure.model_validate({"name": name, "target": target, "measured": measured}).met is met


def test_all_well_is_passed() -> None:
    assert WELL.passed


@pytest.mark.parametrize(
    "change",
    [
        {"before": False},
        {"after": False},
        {"found": ()},
        {"found": (*WELL.found, Found(by="validation", finding="y", at=None))},
        {"measures": (Measure(name="rto", target=60, measured=None),)},
    ],
)
def test_anything_less_is_not_passed(change: dict[str, object]) -> None:
    assert not WELL.model_copy(update=change).passed


def test_a_drill_that_nobody_detected_has_no_times() -> None:
    found = measures_of(scenario("lost-folder"), Timings(broken=START))
    assert {m.name: m.measured for m in found} == dict.fromkeys(
        ["detect", "acknowledge", "rto", "rpo"]
    )


def test_times_count_from_the_break_and_from_the_finding() -> None:
    times = Timings(
        broken=START,
        found=START + timedelta(hours=1),
        acknowledged=START + timedelta(hours=1, minutes=5),
        working=START + timedelta(hours=3),
        missing=4,
        books=2,
        proven=1,
    )
    found = {m.name: m.measured for m in measures_of(scenario("lost-folder"), times)}
    assert found == {"detect": 3600, "acknowledge": 300, "rto": 7200, "rpo": 4, "checks": 1}


def test_a_notice_that_never_became_due_is_not_a_pass() -> None:
    found = measures_of(scenario("leaked-data"), Timings(broken=START))
    (notices,) = [each for each in found if each.name == "notices"]
    assert not notices.met


def test_a_passed_drill_asks_for_nothing(agency: Agency) -> None:
    assert actions_of(WELL, agency, DAY) == ()


def test_what_was_not_found_is_an_action_within_two_weeks(agency: Agency) -> None:
    blind = WELL.model_copy(update={"found": (Found(by="backup", finding="x", at=None),)})
    (action,) = actions_of(blind, agency, DAY)
    assert (action.matter, action.subject, action.owner) == ("undetected", "backup", "zhang")
    assert action.due == date(2026, 12, 6)


def test_what_was_slow_is_an_action_within_a_month(agency: Agency) -> None:
    slow = WELL.model_copy(update={"measures": (Measure(name="rto", target=1, measured=2),)})
    assert [(a.matter, a.due) for a in actions_of(slow, agency, DAY)] == [
        ("rto", date(2026, 12, 22))
    ]


def test_notices_are_the_managers_business(agency: Agency) -> None:
    late = WELL.model_copy(update={"measures": (Measure(name="notices", target=1, measured=0),)})
    assert [a.owner for a in actions_of(late, agency, DAY)] == ["wang"]


def test_what_is_broken_afterwards_is_named(agency: Agency) -> None:
    broken = WELL.model_copy(update={"after": False})
    (action,) = actions_of(broken, agency, DAY, broken=["restorable"])
    assert (action.matter, action.subject) == ("unsound", "restorable")


def test_what_did_not_hold_before_is_no_fault_of_the_recovery(agency: Agency) -> None:
    unsteady = WELL.model_copy(update={"before": False, "after": False})
    assert [a.matter for a in actions_of(unsteady, agency, DAY)] == ["unsteady"]
