"""Letters on governance: what they say, and that nothing unproven is ever drawn green."""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from baozhang.errors import UsageError
from baozhang.words import CHINESE
from reports.attestation import render_attestation
from reports.attestation import status as request_status
from reports.governance import MARKS, STATES, Governance, render_governance, status
from reports.page import Letter
from tests.reports import governance_values as values
from tests.reports.test_golden import GOLDEN, body

INK = "#1a6b33"  # of what is well, in every letter
NAMES = ("request-owner", "request-managers", "register", "register-nothing", "register-attested")


@cache
def letters(language: str) -> dict[str, Letter]:
    how = {"language": language, "pdf": True}
    return {
        "request-owner": render_attestation(values.to_the_owner(), number=7, **how),
        "request-managers": render_attestation(values.to_managers(), number=8, **how),
        "register": render_governance(values.register(), number=3, **how),
        "register-nothing": render_governance(values.nothing_yet(), number=1, **how),
        "register-attested": render_governance(values.all_attested(), number=4, **how),
    }


@pytest.mark.parametrize("language", [CHINESE, "en"])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf"])
def test_a_letter_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    said = body(letters(language)[name], form)
    file: Path = GOLDEN / f"{name}-{language}.{'pdf.txt' if form == 'pdf' else form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


def shown(html: str) -> str:
    """Return the page below its styles, which name every colour."""
    return html.partition("</style>")[2]


@pytest.mark.parametrize("language", [CHINESE, "en"])
def test_what_nobody_has_shown_is_never_green(language: str) -> None:
    letter = letters(language)["register-nothing"]
    assert status(values.nothing_yet()) == "inconclusive"
    assert "t-ok" not in shown(letter.html)
    assert "b-ok" not in shown(letter.html)
    assert INK not in shown(letter.html)
    assert "[+]" not in letter.text


@pytest.mark.parametrize("language", [CHINESE, "en"])
def test_what_was_attested_is_green(language: str) -> None:
    letter = letters(language)["register-attested"]
    assert "t-ok" in shown(letter.html)
    assert INK in shown(letter.html)
    assert "[+]" in letter.text


def test_only_what_was_attested_has_the_green_mark() -> None:
    assert [state for state in STATES if MARKS[state] == "ok"] == ["attested"]


def test_a_request_is_never_green() -> None:
    for name in ("request-owner", "request-managers"):
        assert "t-ok" not in shown(letters("en")[name].html)
    assert request_status(values.to_the_owner()) == "failed"


def test_an_empty_register_is_not_well() -> None:
    empty = Governance(values.DAY, values.AT, (), values.office())
    assert status(empty) == "inconclusive"


def test_everything_attested_is_well() -> None:
    assert status(values.all_attested()) == "ok"


def test_a_changed_proof_fails_though_everything_is_attested() -> None:
    assert status(replace(values.all_attested(), altered=("a-001",))) == "failed"


def test_a_letter_holds_no_token() -> None:
    letter = letters("en")["request-owner"]
    assert "token" not in letter.html + letter.text


def test_a_sample_says_so() -> None:
    assert letters("en")["register-nothing"].subject.startswith("[SAMPLE]")
    assert "样例" in letters(CHINESE)["request-managers"].subject


def test_no_letter_is_written_in_other_languages() -> None:
    with pytest.raises(UsageError):
        render_governance(values.register(), number=1, language="fr")
