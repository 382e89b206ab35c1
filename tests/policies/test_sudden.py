"""When a change is more than everyday."""

import pytest

from baozhang.policies.sudden import RULES, SLOW, Change, adds_up, judge

CALM = Change(files=200, removed=1, written=4, sampled=4, lines=5000)


def test_a_quiet_night_is_normal() -> None:
    assert judge(CALM, [CALM]).state == "normal"


def test_without_a_clean_point_nothing_can_be_told() -> None:
    assert judge(None, [CALM]).state == "unknown"


@pytest.mark.parametrize(
    ("sign", "change"),
    [
        ("removed", Change(files=200, removed=40)),
        ("renamed", Change(files=200, renamed=40)),
        ("retyped", Change(files=200, retyped=10)),
        ("slow_removed", Change(files=120, slow_files=200, slow_removed=80)),
        ("slow_renamed", Change(files=200, slow_files=200, slow_renamed=80)),
        ("slow_retyped", Change(files=200, slow_files=200, slow_retyped=20)),
        ("scrambled", Change(files=200, written=8, sampled=8, scrambled=3)),
        ("lines_lost", Change(files=1, lines=5000, lines_lost=50)),
        ("lines_lost", Change(files=1, lines=2_600_000, lines_lost=500)),
        ("books_lost", Change(files=9, books=9, books_lost=1)),
        ("closed", Change(files=1, lines=5000, closed=1)),
        ("foreign", Change(files=1, foreign=1)),
        ("scrambled", Change(files=1, written=1, sampled=1, scrambled=1)),
    ],
)
def test_each_sign_alone_makes_a_change_suspicious(sign: str, change: Change) -> None:
    found = judge(change, [CALM])
    assert (found.state, [alarm.sign for alarm in found.alarms]) == ("suspicious", [sign])


@pytest.mark.parametrize(
    "change",
    [
        Change(files=200, removed=39),
        Change(files=200, renamed=39),
        Change(files=200, retyped=9),
        Change(files=121, slow_files=200, slow_removed=79),
        Change(files=200, slow_files=200, slow_renamed=79),
        Change(files=200, slow_files=200, slow_retyped=19),
        Change(files=3, slow_files=40, slow_removed=19),
        Change(files=200, written=31, sampled=31, scrambled=3),
        Change(files=1, lines=5000, lines_lost=49),
    ],
)
def test_a_little_less_is_everyday(change: Change) -> None:
    assert judge(change, []).state == "normal"


def test_what_is_usual_for_this_client_is_no_alarm() -> None:
    tidying = Change(files=200, removed=60)
    assert judge(tidying, [Change(files=200, removed=30)]).state == "normal"


def test_more_than_twice_the_usual_is_an_alarm_with_its_figures() -> None:
    (alarm,) = judge(Change(files=200, removed=61), [Change(files=200, removed=30)]).alarms
    assert (alarm.count, alarm.whole, alarm.usual) == (61, 200, 30)


@pytest.mark.parametrize(
    "change",
    [
        Change(lines=9, closed=1),
        Change(lines=500, lines_lost=20),
        Change(files=200, written=30, sampled=30, scrambled=8),
        Change(books=3, books_lost=1),
    ],
)
def test_of_noise_and_losses_nothing_is_ever_usual(change: Change) -> None:
    assert judge(change, [change, change]).state == "suspicious"


@pytest.mark.parametrize("sign", SLOW)
def test_a_little_more_each_night_never_becomes_usual(sign: str) -> None:
    nights = [Change(files=200, **{sign: count}) for count in (9, 18, 36, 72, 144)]
    assert judge(nights[-1], nights[:-1]).state == "suspicious"


@pytest.mark.parametrize("sign", SLOW)
def test_nights_that_took_much_together_are_held_against_an_older_point(sign: str) -> None:
    few = Change(files=200, **{sign: 5})
    assert not adds_up(few, [CALM])
    assert adds_up(few, [few] * 3)


def test_what_went_slowly_is_never_usual() -> None:
    slow = Change(files=120, slow_files=200, slow_removed=80)
    assert judge(slow, [slow, slow]).state == "suspicious"


def test_a_book_that_cannot_be_read_cannot_be_told() -> None:
    assert judge(Change(files=9, unproven=1), []).state == "unknown"


def test_a_small_set_that_lost_most_of_its_files_is_suspicious() -> None:
    assert judge(Change(files=5, removed=3), []).state == "suspicious"


def test_one_file_that_went_from_a_pair_is_everyday() -> None:
    assert judge(Change(files=2, removed=1), []).state == "normal"


def test_much_written_that_could_not_be_looked_into_cannot_be_told() -> None:
    assert judge(Change(files=10, written=9), []).state == "unknown"


def test_every_rule_names_a_figure_that_a_change_has() -> None:
    assert all(hasattr(CALM, sign) and hasattr(CALM, rule.whole) for sign, rule in RULES.items())
