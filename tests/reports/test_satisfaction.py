"""The satisfaction report and the survey letter are what was looked at, and claim nothing more."""

import os
from dataclasses import replace
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from baozhang import __version__
from baozhang.errors import UsageError
from baozhang.governance.voice.scores import Estimate
from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports import qr
from reports.canonical import fingerprint
from reports.page import Letter
from reports.satisfaction import canonical, render_satisfaction, sentence_of, status_of
from reports.satisfaction_words import moved_mark
from reports.survey import render_survey, value_of
from reports.writing import pen
from tests.reports import papers, voices
from tests.reports.qr_reader import link_in

GOLDEN = Path(__file__).parent / "golden"
NAMES = ["satisfaction-full", "satisfaction-few", "survey-page", "survey-reminder"]


@cache
def letters(language: str) -> dict[str, Letter]:
    after = voices.survey(
        page="", kind="after-incident", reminder=True, sample=True, line="010-12345678"
    )
    return {
        "satisfaction-full": render_satisfaction(
            voices.full(), number=3, language=language, pdf=True
        ),
        "satisfaction-few": render_satisfaction(
            voices.few(sample=True), number=4, language=language, pdf=True
        ),
        "survey-page": render_survey(voices.survey(), number=1, language=language, pdf=True),
        "survey-reminder": render_survey(after, number=2, language=language, pdf=True),
    }


def body(letter: Letter, form: str) -> str:
    forms = {"html": letter.html, "txt": f"{letter.subject}\n\n{letter.text}"}
    words = papers.told(letter.pdf) if form == "pdf" else forms[form]
    return words.replace(f"baozhang {__version__}", "baozhang X.Y.Z")


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["html", "txt", "pdf"])
def test_a_letter_is_the_one_that_was_looked_at(name: str, language: str, form: str) -> None:
    said = body(letters(language)[name], form)
    file = GOLDEN / f"{name}-{language}.{'pdf.txt' if form == 'pdf' else form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(said, encoding="utf-8")
    assert file.read_text("utf-8") == said


# --- the report -----------------------------------------------------------------------------------


def test_too_few_answers_give_no_figure_anywhere() -> None:
    text = " ".join(letters(ENGLISH)["satisfaction-few"].text.split())
    assert "too few answers (3 of 14)" in text
    assert "95 % intervals" in text
    assert not letters(ENGLISH)["satisfaction-few"].pictures


def test_too_few_answers_are_neither_good_nor_bad() -> None:
    assert status_of(voices.few()) == "inconclusive"


def test_what_is_overdue_is_the_verdict_though_answers_are_few() -> None:
    late = replace(voices.few(), issues=voices.full().issues)
    assert status_of(late) == "partial"
    assert "Overdue: issues 1, call-backs 0" in sentence_of(late, pen(ENGLISH))


def test_figures_without_anything_overdue_or_lower_are_well() -> None:
    full = voices.full()
    known = replace(full, issues=(), calls=(), changes=(), improvements=())
    assert status_of(known) == "ok"
    fallen = replace(known, changes=(replace(full.changes[0], verdict="lower"),))
    assert status_of(fallen) == "partial"
    late = replace(known, improvements=(replace(full.improvements[1], overdue=True),))
    assert status_of(late) == "partial"


def test_an_improvement_says_how_far_it_is() -> None:
    done, waiting = voices.full().improvements
    late = replace(waiting, overdue=True)
    unmoved = replace(done, difference=None)
    words = [moved_mark(each, ENGLISH).word for each in (done, waiting, late, unmoved)]
    assert words == [
        *("not shown to have moved", "not in place yet", "overdue", "no later round yet")
    ]


def test_a_full_report_has_its_four_pictures() -> None:
    assert len(letters(ENGLISH)["satisfaction-full"].pictures) == 4


def test_what_clients_wrote_is_masked_and_escaped() -> None:
    told = voices.full()
    named = replace(told.comments[0], text="示例商贸有限公司的 13800138000 <script>")
    gate = Gate(["示例商贸有限公司"])
    letter = render_satisfaction(
        replace(told, comments=(named,)), number=1, language=CHINESE, gate=gate
    )
    assert "示例商贸有限公司" not in letter.html
    assert "13800138000" not in letter.html
    assert "<script>" not in letter.html


def test_brand_is_said_not_to_be_proven() -> None:
    assert "Nothing about our brand" in " ".join(letters(ENGLISH)["satisfaction-full"].text.split())


def test_the_hash_is_of_all_that_is_reported() -> None:
    letter = letters(ENGLISH)["satisfaction-full"]
    assert letter.fingerprint == fingerprint(canonical(voices.full()))
    other = replace(voices.full(), estimates=(Estimate("csat", 1, 20),))
    assert fingerprint(canonical(other)) != letter.fingerprint


# --- the survey letter ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("https://a.cn/s", "https://a.cn/s?code=k7mfq2xw9c"),
        ("https://a.cn/s?x=1", "https://a.cn/s?x=1&code=k7mfq2xw9c"),
        ("https://a.cn/s?sojumpparm={code}", "https://a.cn/s?sojumpparm=k7mfq2xw9c"),
        ("", ""),
    ],
)
def test_the_link_carries_the_code(page: str, link: str) -> None:
    assert voices.survey(page=page).link == link


def test_a_letter_without_a_page_works_by_mail_and_telephone() -> None:
    letter = letters(ENGLISH)["survey-reminder"]
    assert letter.pictures == ()
    assert "k7mfq2xw9c" in letter.text
    assert "010-12345678" in letter.text


def test_the_code_to_scan_is_inside_the_letter() -> None:
    letter = letters(ENGLISH)["survey-page"]
    (picture,) = letter.pictures
    assert f"cid:{picture.cid}" in letter.html
    assert "k7mfq2xw9c" in picture.alt


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_a_telephone_reads_the_agencys_own_page_from_the_letter(language: str) -> None:
    (picture,) = letters(language)["survey-page"].pictures
    assert link_in(picture.png) == "https://www.example.cn/survey?code=k7mfq2xw9c"


@pytest.mark.parametrize("length", [30, 120, 400, 800])
def test_a_link_of_any_length_is_read_back(length: int) -> None:
    link = "https://a.cn/s?code=k7mfq2xw9c&x=".ljust(length, "a")[:length]
    assert link_in(qr.draw(link).png) == link


def test_a_code_has_a_margin_and_stays_the_same() -> None:
    one, two = (qr.draw("https://a.cn/s?code=k7mfq2xw9c") for _ in range(2))
    assert (one.png, one.svg) == (two.png, two.svg)
    with Image.open(BytesIO(one.png)) as picture:
        grey = picture.convert("L")
        assert grey.width == grey.height
        assert grey.crop((0, 0, grey.width, 4 * 6)).getextrema() == (255, 255)


def test_a_link_that_is_too_long_for_paper_is_refused() -> None:
    with pytest.raises(UsageError, match="too long"):
        qr.draw("https://a.cn/" + "a" * 800)


def test_the_code_is_no_part_of_what_is_filed() -> None:
    assert "k7mfq2xw9c" not in value_of(voices.survey())


def test_changed_questions_are_never_sent() -> None:
    with pytest.raises(UsageError, match="are not those"):
        render_survey(voices.survey(form="0" * 64), number=1)
