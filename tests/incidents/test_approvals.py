"""Gates: this very plan, the right people, each once, in time; a refusal closes it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from baozhang.errors import UsageError
from baozhang.incidents.approvals import (
    Request,
    Standing,
    Verdict,
    digest_of,
    require_allowed,
    standing,
)
from baozhang.settings import Role

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PLAN = digest_of({"client": "c001", "snapshot": "s1"})
REQUEST = Request(
    incident="i-1",
    gate="plan",
    digest=PLAN,
    asked_by="zhang",
    roles=("approver",),
    people=2,
    at=NOW,
    expires=NOW + timedelta(hours=4),
)
LI = Verdict("plan", PLAN, "li", "approve", NOW + timedelta(minutes=1))
WANG = replace(LI, person="wang")


def test_two_people_open_a_gate() -> None:
    assert standing(REQUEST, [LI, WANG], NOW) == Standing("approved", ("li", "wang"), 0)


def test_one_person_twice_is_one_person() -> None:
    again = replace(LI, at=NOW + timedelta(minutes=2))
    assert standing(REQUEST, [LI, again], NOW) == Standing("waiting", ("li",), 1)


@pytest.mark.parametrize(
    "other",
    [
        replace(WANG, digest=digest_of({"client": "c001", "snapshot": "s0"})),
        replace(WANG, gate="cut-over"),
        replace(WANG, at=REQUEST.expires),
        replace(WANG, at=NOW - timedelta(seconds=1)),
        replace(WANG, person="zhang"),
    ],
    ids=["older plan", "other gate", "too late", "before it was asked", "who asked"],
)
def test_a_word_on_something_else_does_not_count(other: Verdict) -> None:
    assert standing(REQUEST, [LI, other], NOW).state == "waiting"


def test_a_refusal_closes_the_gate_whatever_others_said() -> None:
    assert standing(REQUEST, [LI, WANG, replace(WANG, word="refuse")], NOW).state == "refused"


def test_what_nobody_approved_in_time_expires() -> None:
    assert standing(REQUEST, [LI], REQUEST.expires).state == "expired"


def test_what_was_approved_in_time_stays_approved() -> None:
    assert standing(REQUEST, [LI, WANG], REQUEST.expires).state == "approved"


def test_who_asked_may_approve_where_one_is_enough() -> None:
    alone = replace(REQUEST, people=1)
    assert standing(alone, [replace(LI, person="zhang")], NOW).state == "approved"


def allow(
    *,
    person: str = "wang",
    roles: tuple[Role, ...] = ("approver",),
    digest: str = PLAN,
    now: datetime = NOW,
    said: tuple[Verdict, ...] = (LI,),
) -> None:
    require_allowed(REQUEST, said, person=person, roles=roles, digest=digest, now=now)


def test_who_may_is_let_through() -> None:
    allow()


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"person": "li"}, "approved this already"),
        ({"person": "zhang"}, "asked for this"),
        ({"roles": ("operator",)}, "may not approve"),
        ({"digest": "0" * 64}, "not what is to be approved now"),
        ({"now": REQUEST.expires}, "is over"),
        ({"said": (replace(LI, word="refuse"),)}, "was refused"),
        ({"said": (LI, replace(LI, person="zhao"))}, "open already"),
    ],
)
def test_whose_word_would_not_count_is_told_before_the_code_is_used(
    asked: dict[str, object], why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        allow(**asked)  # type: ignore[arg-type]


def test_one_changed_figure_is_another_plan() -> None:
    assert digest_of({"lines": 1}) != digest_of({"lines": 2})
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
