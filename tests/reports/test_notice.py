"""Notices in both languages are what was looked at; what is not known is a blank; nobody else's.

After a wanted change: `BAOZHANG_WRITE_GOLDEN=1 pytest tests/reports/test_notice.py`, then look at
the files, and at the PDF as pictures, before committing them.
"""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from baozhang import __version__
from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports.notice import Addressed, render_notice, words_of
from reports.notice_log import Told, render_notice_log
from reports.page import Letter
from tests.reports import notices, papers

GOLDEN = Path(__file__).parent / "golden"
NEWS = {
    "first": (notices.first, notices.CLIENT),
    "progress": (notices.progress, notices.CLIENT),
    "recovered": (notices.back, notices.CLIENT),
    "follow-up": (notices.follow_up, notices.CLIENT),
    "ended": (notices.ended, notices.CLIENT),
    "in-part": (notices.in_part, notices.CLIENT),
    "not-back": (notices.not_back, notices.CLIENT),
    "cyberspace-blank": (
        lambda: notices.to_authority("cyberspace-4h", known=False),
        notices.AUTHORITY,
    ),
    "cyberspace": (
        lambda: notices.to_authority("cyberspace-4h", stage="supplement"),
        notices.AUTHORITY,
    ),
    "final-report": (lambda: notices.to_authority("final-report"), notices.AUTHORITY),
    "privacy-authority": (lambda: notices.to_authority("privacy-authority"), notices.AUTHORITY),
    "privacy-persons": (lambda: notices.to_authority("privacy-persons"), notices.AUTHORITY),
    "interested": (lambda: notices.to_authority("interested-parties"), notices.AUTHORITY),
    "police": (lambda: notices.to_authority("police"), notices.AUTHORITY),
    "tax": (lambda: notices.to_authority("lost-invoices"), notices.AUTHORITY),
    "insurer": (lambda: notices.to_authority("insurer"), notices.INSURER),
    "vendor": (lambda: notices.to_authority("vendor"), notices.VENDOR),
}
WHOLE = ("first", "recovered", "cyberspace", "log")
"""Those of which HTML and PDF are kept as well; the others have the same pieces."""
FORMS = [
    *((name, "txt") for name in (*NEWS, "log")),
    *((name, form) for name in WHOLE for form in ("html", "pdf.txt")),
]


@cache
def letter(name: str, language: str) -> Letter:
    """Return one of the letters that are kept."""
    if name == "log":
        return render_notice_log(notices.log(), number=9, language=language, pdf=True)
    news, to = NEWS[name]
    return render_notice(news(), to, number=7, language=language, pdf=name in WHOLE)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize(("name", "form"), FORMS)
def test_a_notice_is_the_one_that_was_looked_at(name: str, form: str, language: str) -> None:
    made = letter(name, language)
    body = {
        "html": made.html,
        "txt": f"{made.subject}\n\n{made.text}",
        "pdf.txt": papers.told(made.pdf) if made.pdf else "",
    }[form]
    body = body.replace(f"baozhang {__version__}", "baozhang X.Y.Z")  # a release changes no letter
    file = GOLDEN / f"notice-{name}-{language}.{form}"
    if os.environ.get("BAOZHANG_WRITE_GOLDEN"):
        file.write_text(body, encoding="utf-8")
    assert file.read_text("utf-8") == body


def test_what_nobody_stated_is_a_blank() -> None:
    text = letter("cyberspace-blank", CHINESE).text
    assert text.count("〔待补充：") >= 10


def test_a_loss_is_told_in_vouchers_periods_and_money() -> None:
    text = "".join(letter("progress", CHINESE).text.split())
    assert "丢失记账凭证3张，被改动1张，涉及金额¥12,480.00，会计期间2026-10、2026-11" in text


def test_a_grade_reached_by_number_is_said_to_be_by_number() -> None:
    news = notices.to_authority("cyberspace-4h").model_copy(
        update={"stated": (("persons", "1000000"),)}
    )
    made = render_notice(news, notices.AUTHORITY, number=1)
    assert "较大（按数值判断）" in made.text


def test_a_knowledge_row_is_to_be_confirmed_by_counsel() -> None:
    assert "待法律顾问确认" in letter("tax", CHINESE).text


def test_the_gate_covers_every_name_but_the_clients_own() -> None:
    gate = Gate(["样例云帆商贸有限公司", "样例远山餐饮有限公司"], own=["样例代理记账有限公司"])
    news = notices.progress().model_copy(
        update={"stated": (("cause", "样例远山餐饮有限公司的文件夹被误删"),)}
    )
    text = render_notice(news, notices.CLIENT, number=1, gate=gate).text
    assert "远山" not in text
    assert "样例云帆商贸有限公司" not in text.replace("样例云帆商贸有限公司", "", 1) or "＊" in text


def test_a_notice_without_a_backup_to_compare_with_says_so() -> None:
    blind = notices.loss().model_copy(update={"clean": ""})
    news = notices.progress().model_copy(update={"losses": (blind,)})
    assert "没有可供比对的备份" in render_notice(news, notices.CLIENT, number=1).text


def test_what_people_put_into_use_is_not_said_to_have_been_compared_there() -> None:
    by_hand = notices.back().model_copy(update={"put": (notices.put(checked=False),)})
    told = "".join(render_notice(by_hand, notices.CLIENT, number=1).text.split())
    assert "启用后尚未再次核对" in told


def test_where_nothing_could_be_read_what_is_to_be_entered_again_is_not_known() -> None:
    unread = notices.loss().model_copy(update={"readable": False})
    news = notices.back().model_copy(update={"losses": (unread,)})
    assert "未能全部查明" in render_notice(news, notices.CLIENT, number=1).text


def test_a_client_is_offered_no_backup_that_nobody_knows() -> None:
    blind = notices.loss().model_copy(update={"clean": ""})
    news = notices.progress().model_copy(update={"losses": (blind,)})
    assert "只读资料" not in render_notice(news, notices.CLIENT, number=1).text


def test_an_authority_is_not_told_that_all_is_back_where_a_set_is_missing() -> None:
    news = notices.to_authority("cyberspace-4h").model_copy(
        update={"passed": notices.PASSED, "put": (notices.put(),)}
    )
    told = render_notice(news, notices.AUTHORITY, number=1, language=ENGLISH).text
    assert "The data is back in use" not in told
    assert "Not back in use so far: 2 of the sets" in " ".join(told.split())


def test_a_sample_says_so_in_its_subject() -> None:
    sample = replace(notices.CLIENT, sample=True)
    assert "【样例】" in render_notice(notices.first(), sample, number=1).subject
    log = replace(notices.log(), sample=True)
    assert "【样例】" in render_notice_log(log, number=1).subject


def test_a_word_without_a_receipt_is_late_when_its_time_is_over() -> None:
    assert "逾期 2 份" in letter("log", CHINESE).text
    in_time = replace(notices.log(), at=notices.at(17))
    assert "逾期 1 份" in render_notice_log(in_time, number=1).text


def test_the_log_names_whom_nobody_told() -> None:
    never = Told("police", "", "first", 0, 0, None, (), None, None, "", "")
    made = render_notice_log(replace(notices.log(), told=(never,)), number=1)
    assert "另有 1 份应告知而未告知" in made.text
    assert "公安机关" in made.text


def test_a_drill_is_marked_in_title_and_subject() -> None:
    made = render_notice(
        notices.first().model_copy(update={"drill": "lost-folder"}), notices.CLIENT, number=1
    )
    assert "【演练】" in made.subject
    assert "【演练】" in made.text


def test_the_hash_of_the_words_changes_with_a_word_and_not_with_the_number() -> None:
    def hashed(to: Addressed) -> str:
        return words_of(notices.first(), to, None)

    assert hashed(notices.CLIENT) == hashed(notices.CLIENT)
    assert hashed(notices.CLIENT) != hashed(replace(notices.CLIENT, to="somebody else"))
    assert hashed(notices.CLIENT) != hashed(replace(notices.CLIENT, lead="李四"))
