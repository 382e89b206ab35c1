"""Both languages can say everything, and the compiled words are the written ones."""

import pytest

from baozhang.words import CHINESE, ENGLISH
from reports import catalogue
from reports.writing import LANGUAGES

STALE = "run `python -m reports.catalogue`"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_lacks_a_translation(language: str) -> None:
    assert catalogue.untranslated(catalogue.updated(language)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_written_catalogue_holds_exactly_what_is_used(language: str) -> None:
    there = catalogue.path(language, "po").read_bytes()
    assert there == catalogue.written(catalogue.updated(language)), STALE


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_up_to_date(language: str) -> None:
    there = catalogue.path(language, "mo").read_bytes()
    assert there == catalogue.compiled(catalogue.updated(language)), STALE


def test_headings_of_templates_are_found() -> None:
    assert "What changed" in catalogue.used()


def test_words_of_modules_are_found() -> None:
    assert "Nightly backup" in catalogue.used()


def test_english_says_its_own_words() -> None:
    assert catalogue.updated(ENGLISH)["Figures"].string == "Figures"


def test_chinese_is_not_english_left_standing() -> None:
    said = [m for m in catalogue.updated(CHINESE) if m.id and m.string == m.id]
    assert said == []
