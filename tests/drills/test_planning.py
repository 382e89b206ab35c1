"""The drill plan: due on its day, missed after it, surprises drawn from a sealed seed."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from baozhang.drills.planning import (
    DrillPlan,
    Planned,
    Window,
    commitment,
    draw,
    due,
    honest,
    missed,
    read_plan,
    seal,
    unplanned,
)
from baozhang.errors import UsageError
from tests.drills.journals import journal

SCENARIOS = ("leaver", "lost-folder", "vault-damage")
FIXED = Planned(
    id="q4",
    on=date(2026, 12, 5),
    scenario="lost-folder",
    people=("zhang",),
    place="A",
)
SURPRISE = Planned(
    id="s1",
    window=Window(first=date(2026, 12, 1), last=date(2026, 12, 10)),
    people=("zhang",),
    place="A",
)
PLAN = DrillPlan(drills=(FIXED, SURPRISE))
TEN = datetime(2026, 12, 5, 2, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.mark.parametrize(
    ("now", "found"),
    [
        (TEN - timedelta(seconds=1), None),
        (TEN, "q4"),
        (TEN + timedelta(hours=13), "q4"),
        (TEN + timedelta(hours=14), None),
    ],
)
def test_a_drill_is_due_on_its_day_from_its_hour_on(now: datetime, found: str | None) -> None:
    entry = due(PLAN, (), (), now)
    assert (entry.id if entry else None) == found


def test_a_drill_that_was_run_is_not_due_again() -> None:
    assert due(PLAN, [journal(planned="q4")], (), TEN) is None


def test_a_drill_out_of_turn_replaces_none_of_the_plan() -> None:
    assert due(PLAN, [journal()], (), TEN) is FIXED


def test_a_surprise_that_was_not_drawn_is_never_due() -> None:
    assert due(DrillPlan(drills=(SURPRISE,)), (), (), TEN) is None


def test_a_surprise_is_due_from_the_drawn_instant_on() -> None:
    drawn = seal(SURPRISE, "ab" * 16, SCENARIOS)
    plan = DrillPlan(drills=(SURPRISE,))
    assert due(plan, (), [drawn], drawn.at - timedelta(seconds=1)) is None
    assert due(plan, (), [drawn], drawn.at) is SURPRISE


@pytest.mark.parametrize("number", range(40))
def test_a_surprise_is_drawn_within_its_window(number: int) -> None:
    scenario, at = draw(SURPRISE, f"{number:032x}", SCENARIOS)
    local = at + timedelta(hours=8)
    assert date(2026, 12, 1) <= local.date() <= date(2026, 12, 10)
    assert 9 <= local.hour < 17
    assert scenario in SCENARIOS


def test_seeds_draw_different_things() -> None:
    assert len({draw(SURPRISE, f"{n:032x}", SCENARIOS) for n in range(20)}) > 10


def test_a_named_scenario_of_a_surprise_is_kept() -> None:
    named = SURPRISE.model_copy(update={"scenario": "leaver"})
    assert draw(named, "00", SCENARIOS)[0] == "leaver"


def test_the_same_seed_draws_the_same() -> None:
    assert draw(SURPRISE, "ab", SCENARIOS) == draw(SURPRISE, "ab", SCENARIOS)


def test_a_sealed_choice_is_honest() -> None:
    assert honest(seal(SURPRISE, "ab", SCENARIOS), SURPRISE, SCENARIOS)


@pytest.mark.parametrize(
    "change", [{"scenario": "other"}, {"seed": "cd"}, {"at": TEN}, {"sha256": "0" * 64}]
)
def test_whatever_is_changed_afterwards_is_found_out(change: dict[str, object]) -> None:
    drawn = seal(SURPRISE, "ab", SCENARIOS)
    assert not honest(drawn.model_copy(update=change), SURPRISE, SCENARIOS)


def test_a_choice_that_fits_its_digest_but_not_its_seed_is_found_out() -> None:
    drawn = seal(SURPRISE, "ab", SCENARIOS)
    bent = drawn.model_copy(
        update={"at": TEN, "sha256": commitment("s1", "ab", drawn.scenario, TEN)}
    )
    assert not honest(bent, SURPRISE, SCENARIOS)


def test_what_was_not_run_by_its_last_day_was_missed() -> None:
    assert missed(PLAN, (), TEN) == ()
    assert missed(PLAN, (), TEN + timedelta(days=1)) == (FIXED,)
    assert missed(PLAN, (), TEN + timedelta(days=6)) == (FIXED, SURPRISE)


def test_what_was_run_was_not_missed() -> None:
    assert missed(PLAN, [journal(planned="q4")], TEN + timedelta(days=1)) == ()


def test_scenarios_that_nobody_planned_are_named() -> None:
    assert unplanned(PLAN, SCENARIOS, 2026) == ("leaver", "vault-damage")
    assert unplanned(PLAN, SCENARIOS, 2027) == SCENARIOS


def read(home: Path, text: str) -> DrillPlan:
    (home / "drills.yaml").write_text(text, "utf-8")
    return read_plan(home, people=("zhang", "wang"), scenarios=SCENARIOS)


def test_no_file_is_an_empty_plan(tmp_path: Path) -> None:
    assert read_plan(tmp_path, people=(), scenarios=()) == DrillPlan()


def test_a_plan_is_read(tmp_path: Path) -> None:
    plan = read(
        tmp_path,
        "sandbox: /srv/drills\n"
        "drills:\n"
        "  - {id: q4, on: 2026-12-05, at: '14:30', scenario: leaver, people: [zhang], place: A}\n"
        "  - id: s1\n"
        "    window: {first: 2026-12-01, last: 2026-12-10, from_hour: 8, to_hour: 12}\n"
        "    people: [wang]\n"
        "    place: B\n",
    )
    assert plan.sandbox == Path("/srv/drills")
    assert [each.surprise for each in plan.drills] == [False, True]


ENTRY = "{id: q4, on: 2026-12-05, scenario: leaver, people: [zhang], place: A}"


@pytest.mark.parametrize(
    "change",
    [
        ("scenario: leaver", "scenario: flood"),
        ("[zhang]", "[li]"),
        ("[zhang]", "[]"),
        ("on: 2026-12-05, ", ""),
        ("scenario: leaver, ", ""),
        ("on: 2026-12-05", "on: 2026-13-05"),
        ("place: A", "colour: A"),
        ("place: A", "place: A, window: {first: 2026-12-01, last: 2026-12-02}"),
    ],
)
def test_a_plan_that_does_not_hold_is_refused(tmp_path: Path, change: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match=r"drills\.yaml does not hold"):
        read(tmp_path, f"drills:\n  - {ENTRY.replace(*change)}\n")


def test_an_entry_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not hold"):
        read(tmp_path, f"drills:\n  - {ENTRY}\n  - {ENTRY}\n")
