"""Themes by words, calls after low scores, trust after an incident, and whether anything moved."""

from datetime import UTC, date, datetime, timedelta

import pytest

from baozhang.governance.voice.calendar import Hit
from baozhang.governance.voice.follow import before, calls, issue, low_scores, moved
from baozhang.governance.voice.records import Answer, Improvement, Wave
from baozhang.governance.voice.rules import rules
from baozhang.governance.voice.themes import dictionary, found_in, tally
from baozhang.governance.voice.trust import Curve, curve

DAY = date(2026, 11, 22)


def answer(client: str, day: date = DAY, *, wave: str = "w-1", **said: object) -> Answer:
    at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
    told = {"wave": wave, "client": client, "answered_at": at, "channel": "page"}
    return Answer(**(told | {"recorded_by": "test", "csat": 4} | said))  # type: ignore[arg-type]


# --- themes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("comment", "themes"),
    [
        ("报税太慢", {"filing", "speed"}),
        ("数据恢复了吗", {"data-safety"}),
        ("ＴＡＸ filing was late", {"filing", "speed"}),
        ("a taxing matter", {"filing"}),
        ("syntax", set()),
        ("还可以", set()),
        ("贵公司服务不错，合作愉快", set()),
        ("不错，就是有点贵，报表还出错", {"price", "software", "accuracy"}),
        ("Feel free to ask; we feed back our latest wishes", set()),
        ("the fee is high", {"price"}),
    ],
)
def test_a_comment_is_about_the_themes_whose_words_stand_in_it(
    comment: str, themes: set[str]
) -> None:
    assert set(found_in(comment)) == themes


def test_every_theme_is_counted_with_the_words_that_told_it() -> None:
    found = tally(["报税慢", "太慢了，真慢", "", "  "])
    assert (found.comments, found.unmatched) == (2, 0)
    assert [(each.theme, each.comments, each.words) for each in found.counts] == [
        ("speed", 2, (("慢", 2),)),
        ("filing", 1, (("报税", 1),)),
    ]


def test_comments_without_a_theme_are_counted() -> None:
    assert tally(["还可以", "报税"]).unmatched == 1


def test_no_word_stands_for_two_themes() -> None:
    words = [word for each in dictionary().values() for word in each.words]
    assert len(words) == len(set(words))


# --- calls, issues --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "low"),
    [
        ({"csat": 2, "nps": 7, "ces": 4}, ("csat=2",)),
        ({"csat": 3, "nps": 6, "ces": 3}, ("nps=6", "ces=3")),
        ({"csat": 3, "nps": 7, "ces": 4}, ()),
        ({"csat": None, "nps": 0}, ("nps=0",)),
    ],
)
def test_low_scores_are_those_of_the_rules(said: dict[str, int], low: tuple[str, ...]) -> None:
    assert low_scores(answer("c001", **said), rules()) == low


def test_a_low_score_owes_a_call_within_days_and_only_once() -> None:
    answers = {"a": answer("c001", csat=1), "b": answer("c002", csat=5)}
    owed = calls(answers, (), owner="wang", rules=rules())
    assert {id_: (each.client, each.due, each.owner) for id_, each in owed.items()} == {
        "a": ("c001", DAY + timedelta(days=3), "wang")
    }
    assert calls(answers, owed, owner="wang", rules=rules()) == {}


def test_an_issue_is_overdue_while_nobody_answers_and_then_while_nobody_resolves() -> None:
    found = issue("c001", "complaint", "x", opened=DAY, owner="wang", rules=rules())
    answered = found.model_copy(update={"answered": DAY})
    resolved = answered.model_copy(update={"resolved": DAY})
    days = [DAY + timedelta(days=n) for n in (1, 2, 11)]
    assert [found.overdue(day) for day in days] == [False, True, True]
    assert [answered.overdue(day) for day in days] == [False, False, True]
    assert not any(resolved.overdue(day) for day in days)


# --- trust ----------------------------------------------------------------------------------------

ENDED = date(2026, 6, 10)
HIT = Hit("i-1", frozenset(f"c{n}" for n in range(6)), date(2026, 6, 8), ENDED)
ALL = [*HIT.clients, *(f"d{n}" for n in range(6))]


def drawn(answers: list[Answer], *, day: date = DAY, troubled: tuple[str, ...] = ()) -> Curve:
    found = curve(HIT, answers, stretches=rules().curve, troubled=troubled, minimum=5, day=day)
    assert found is not None
    return found


def after(days: int, hit: int, others: int) -> list[Answer]:
    day = ENDED + timedelta(days=days)
    return [answer(each, day, csat=hit if each in HIT.clients else others) for each in ALL]


def test_clients_that_were_hit_stand_beside_the_others_at_each_point() -> None:
    found = drawn([*after(-30, 5, 5), *after(10, 1, 5), *after(90, 4, 5)])
    values = {each.name: (each.hit.value, each.others.value) for each in found.points}
    assert values == {"before": (100, 100), "30": (0, 100), "90": (100, 100), "180": (None, None)}
    assert [each.difference.verdict for each in found.points] == [
        *("unclear", "lower", "unclear", "too few")
    ]


def test_points_that_lie_ahead_are_not_there() -> None:
    found = drawn(after(10, 1, 5), day=ENDED + timedelta(days=20))
    assert [each.name for each in found.points] == ["before", "30"]


def test_a_client_counts_once_with_its_last_answer() -> None:
    found = drawn([*after(10, 1, 5), *after(20, 5, 5)])
    point = found.points[1]
    assert (point.hit.n, point.hit.value, point.others.n) == (6, 100, 6)


def test_whoever_another_incident_hit_is_no_comparison() -> None:
    assert drawn(after(10, 1, 5), troubled=("d0", "d1")).points[1].others.n == 4


def test_an_incident_that_is_open_has_no_curve() -> None:
    hit = Hit("i-1", frozenset({"c1"}), DAY, None)
    assert curve(hit, [], stretches=rules().curve, troubled=(), minimum=5, day=DAY) is None


# --- improvements ---------------------------------------------------------------------------------


def wave(opens: date, kind: str = "half-yearly") -> Wave:
    return Wave(
        kind=kind,  # type: ignore[arg-type]
        opens=opens,
        closes=opens + timedelta(days=20),
        questions="q1",
        form="0" * 64,
        audience=10,
    )


WAVES = {
    "w-1": wave(date(2026, 1, 1)),
    "w-2": wave(date(2026, 6, 1)),
    "w-3": wave(date(2026, 9, 1)),
    "w-i": wave(date(2026, 3, 1), "after-incident"),
}
IN_PLACE = date(2026, 2, 1)
IMPROVEMENT = Improvement(action="x", wave="w-1", measure="csat", owner="wang", due=DAY)


def verdict(
    first: int, second: int, *, count: int = 12, day: date = DAY, done: date | None = IN_PLACE
) -> tuple[str, str]:
    answers = [answer(f"c{n}", wave="w-1", csat=first) for n in range(count)]
    answers += [answer(f"c{n}", wave="w-2", csat=second) for n in range(count)]
    row = IMPROVEMENT.model_copy(update={"done": done})
    (found,) = moved({"m-1": row}, WAVES, answers, day=day, minimum=5)
    return found.after, found.difference.verdict if found.difference else ""


def test_the_next_wave_of_the_same_kind_shows_whether_a_measure_moved() -> None:
    assert verdict(2, 5) == ("w-2", "higher")
    assert verdict(4, 4) == ("w-2", "unclear")
    assert verdict(5, 2) == ("w-2", "lower")


def test_with_too_few_answers_nothing_is_said_to_have_moved() -> None:
    assert verdict(2, 5, count=4) == ("w-2", "too few")


def test_before_the_next_wave_is_over_nothing_is_said() -> None:
    assert verdict(2, 5, day=date(2026, 6, 21)) == ("", "")


def test_what_is_not_in_place_has_moved_nothing() -> None:
    assert verdict(2, 5, done=None) == ("", "")


def test_a_wave_that_opened_before_it_was_in_place_says_nothing_about_it() -> None:
    assert verdict(2, 5, done=date(2026, 6, 1)) == ("w-2", "higher")
    assert verdict(2, 5, done=date(2026, 6, 2)) == ("w-3", "too few")


def test_the_wave_before_is_of_the_same_kind() -> None:
    assert [before(each, WAVES) for each in ("w-1", "w-2", "w-3", "w-i")] == ["", "w-1", "w-2", ""]
