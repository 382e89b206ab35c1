"""Who is asked, when a wave opens, and what the questions are bound to."""

from datetime import date, timedelta

import pytest

from baozhang.errors import UsageError
from baozhang.governance.voice.audience import Circumstances, beside, choose, last_asked
from baozhang.governance.voice.calendar import Hit, due, half_of
from baozhang.governance.voice.records import Audience, Invitation, answer_id, next_id
from baozhang.governance.voice.rules import asked_in, newest, questionnaires, rules

DAY = date(2026, 11, 22)
YES = Audience(consent=True, since=DAY)
SHIPPED = {
    "q1": "59dccab852129bb78cf02ded2169e6d3c14b736c9916c3ad29bb06a5819fc635",
    "q1-incident": "8c73ce7297117c668c94d35446d4b93ae338acb7a80441ab6af53a76fa6e2292",
}


def known(**changes: object) -> Circumstances:
    usual: dict[str, object] = {
        "day": DAY,
        "spacing": 60,
        "reachable": {"c001", "c002"},
        "hit": (),
        "asked": {},
    }
    return Circumstances(**(usual | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "changes", "reason"),
    [
        (None, {}, "unknown"),
        (Audience(consent=False, since=DAY), {}, "refused"),
        (Audience(consent=True, since=DAY, channel="none"), {}, "no-channel"),
        (YES, {"reachable": ()}, "no-address"),
        (YES, {"hit": {"c001"}}, "open-incident"),
        (YES, {"asked": {"c001": DAY - timedelta(days=59)}}, "asked-lately"),
    ],
)
def test_each_client_that_is_left_out_has_its_reason(
    said: Audience | None, changes: dict[str, object], reason: str
) -> None:
    found = choose(["c001"], {"c001": said} if said else {}, known(**changes))
    assert (found.asked, found.left_out) == ((), {"c001": reason})


def test_whoever_agreed_and_can_be_reached_is_asked() -> None:
    found = choose(["c001"], {"c001": YES}, known(asked={"c001": DAY - timedelta(days=60)}))
    assert found.asked == ("c001",)


def test_a_client_that_is_called_needs_no_address() -> None:
    phone = Audience(consent=True, since=DAY, channel="phone")
    assert choose(["c009"], {"c009": phone}, known()).asked == ("c009",)


def test_reasons_are_counted() -> None:
    found = choose(["c001", "c002", "c003"], {"c001": YES}, known())
    assert found.counts == (("unknown", 2),)


def test_those_asked_beside_are_never_those_that_were_hit() -> None:
    clients = [f"c{n:03d}" for n in range(30)]
    found = beside(clients[:3], clients, least=10, wave="w-1")
    assert len(found) == 10
    assert not set(found) & set(clients[:3])
    assert found == beside(clients[:3], clients, least=10, wave="w-1")
    assert found != beside(clients[:3], clients, least=10, wave="w-2")


def test_the_last_time_counts() -> None:
    code = "abcdefghjk"
    asked = [
        Invitation(
            wave=f"w-{n}",
            client="c001",
            asked=day,
            channel="mail",
            code=code,
            questions="q1",
            form="0" * 64,
        )
        for n, day in enumerate((DAY, DAY - timedelta(days=200)))
    ]
    assert last_asked(asked) == {"c001": DAY}


# --- the calendar ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "waves"),
    [
        (date(2026, 11, 19), []),
        (date(2026, 11, 20), ["w-2026h2"]),
        (date(2026, 12, 10), ["w-2026h2"]),
        (date(2026, 12, 11), []),
        (date(2026, 5, 20), ["w-2026h1"]),
    ],
)
def test_a_wave_opens_every_half_year(day: date, waves: list[str]) -> None:
    assert [each.id for each in due(day, (), (), rules())] == waves


def test_a_wave_is_opened_once() -> None:
    assert due(DAY, (), {"w-2026h2"}, rules()) == []


@pytest.mark.parametrize(
    ("days", "waves"),
    [
        (2, []),
        (3, ["w-i-1"]),
        (7, ["w-i-1"]),
        (8, []),
        (85, ["w-i-1-90"]),
        (180, ["w-i-1-180"]),
        (191, []),
    ],
)
def test_clients_are_asked_some_days_after_an_incident(days: int, waves: list[str]) -> None:
    ended = date(2026, 1, 10)
    hit = Hit("i-1", frozenset({"c001"}), ended - timedelta(days=1), ended)
    assert [each.id for each in due(ended + timedelta(days=days), [hit], (), rules())] == waves


def test_nobody_is_asked_while_an_incident_is_open() -> None:
    hit = Hit("i-1", frozenset({"c001"}), date(2026, 1, 1), None)
    assert due(date(2026, 1, 6), [hit], (), rules()) == []


def test_a_half_year_is_named_by_its_number() -> None:
    assert [half_of(date(2026, month, 1)) for month in (6, 7)] == ["2026h1", "2026h2"]


# --- questions and ids ----------------------------------------------------------------------------


@pytest.mark.parametrize("version", SHIPPED)
def test_a_version_that_was_shipped_is_never_worded_anew(version: str) -> None:
    assert questionnaires()[version].digest == SHIPPED[version]


def test_changed_questions_are_refused() -> None:
    with pytest.raises(UsageError, match="are not those"):
        asked_in("q1", "0" * 64)


@pytest.mark.parametrize("kind", ["half-yearly", "after-incident"])
def test_every_kind_of_wave_asks_all_measures_and_for_words(kind: str) -> None:
    asked = questionnaires()[newest(kind)].questions  # type: ignore[arg-type]
    assert [each.measure for each in asked] == ["csat", "nps", "ces", None]


def test_a_client_has_one_place_in_a_wave_however_long_its_id() -> None:
    assert answer_id("w-2026h2", "c001") == "w-2026h2-c001"
    long = answer_id("w-i-20261122-01-180", "c" * 63)
    assert len(long) <= 63
    assert long != answer_id("w-i-20261122-01-180", "c" * 62)


def test_numbers_go_on_after_the_highest() -> None:
    assert next_id("f", ["f-0001", "f-0009", "m-0020", "other"]) == "f-0010"
