"""The law register: complete in both languages, every article's instrument known, its age told."""

from datetime import date

import pytest
from pydantic import ValidationError

from baozhang.policies.law.register import Register, load_register

REGISTER = load_register()


def changed(**rows: object) -> Register:
    return Register.model_validate(REGISTER.model_dump(by_alias=True) | rows)


def test_every_clock_cites_an_instrument_that_the_register_names() -> None:
    assert all("《" in REGISTER.cited(clock.article, "zh_CN") for clock in REGISTER.clocks)


def test_an_article_is_cited_with_its_instruments_full_name() -> None:
    assert REGISTER.cited("PIPL 第21条、第59条；委托合同", "zh_CN") == (
        "《中华人民共和国个人信息保护法》第21条、第59条；委托合同"
    )


def test_an_article_of_an_unknown_instrument_is_refused() -> None:
    clock = REGISTER.clocks[0].model_dump(by_alias=True) | {"article": "XYZ 第1条"}
    with pytest.raises(ValidationError, match="XYZ is no instrument"):
        changed(clocks=[clock])


def test_a_misspelt_fact_is_refused() -> None:
    clock = REGISTER.clocks[0].model_dump(by_alias=True) | {"when": {"rolle": "processor"}}
    with pytest.raises(ValidationError, match="rolle"):
        changed(clocks=[clock])


def test_a_report_whose_languages_differ_in_items_is_refused() -> None:
    contents = {
        name: each.model_dump(by_alias=True) | {"en": ("one",)}
        for name, each in REGISTER.contents.items()
    }
    with pytest.raises(ValidationError, match="different numbers of items"):
        changed(contents=contents)


def test_ids_are_used_once() -> None:
    ids = [clock.id for clock in REGISTER.clocks]
    assert len(ids) == len(set(ids))


def test_where_law_gives_no_number_there_is_a_target_of_our_own() -> None:
    open_ended = [c for c in REGISTER.clocks if c.deadline_minutes is None and c.deadline is None]
    assert open_ended
    assert all(clock.target_minutes for clock in open_ended)


def test_permanent_archives_have_no_term() -> None:
    terms = {term.id: term.years for term in REGISTER.retention}
    assert terms["annual-reports"] is None
    assert terms["vouchers"] == 30


def test_the_register_falls_due_for_review() -> None:
    assert REGISTER.reviewed is None
    assert REGISTER.review_due == date(2027, 5, 21)
    reviewed = changed(reviewed={"by": "counsel", "on": date(2027, 1, 1)})
    assert reviewed.review_due == date(2027, 6, 30)


def test_grades_go_from_the_gravest_down() -> None:
    numbers = [level.persons for level in REGISTER.severity.levels]
    assert numbers == sorted(numbers, reverse=True)
