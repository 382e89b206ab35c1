"""What the letters of a recovery say, and above all what they do not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from baozhang.incidents.set_records import Owed
from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports import recovery_value as words
from reports.actions import render_actions
from reports.onepager import render_onepager
from reports.public_statement import render_public_statement
from reports.recovery import phases_chart, render_recovery
from reports.recovery_legal import render_recovery_legal
from reports.rekey_letter import render_rekey_letter, status
from reports.review import render_review
from reports.review import status as review_status
from reports.writing import pen
from tests.reports import papers, recoveries

ENGLISH_PEN = pen(ENGLISH)


def text(value: words.Recovery) -> str:
    """Return the managers' report as one line of English."""
    return " ".join(render_recovery(value, number=1, language=ENGLISH).text.split())


# --- the verdict ----------------------------------------------------------------------------------


def test_a_recovery_is_green_when_nothing_is_left_to_do() -> None:
    assert words.verdict_status(recoveries.sound()) == "ok"


def test_something_to_key_in_is_something_left_to_do() -> None:
    value = recoveries.of(recoveries.line(recoveries.record()), duties=())
    assert words.verdict_status(value) == "partial"


def test_a_missed_objective_is_told() -> None:
    late = replace(recoveries.sound(), objective=timedelta(hours=1))
    assert words.verdict_status(late) == "partial"
    assert "1 hr 26 min, longer than the objective of 1 hr" in text(late)


def test_a_set_that_did_not_come_back_makes_the_whole_red() -> None:
    assert words.verdict_status(recoveries.mixed()) == "failed"


def test_a_recovery_whose_service_nobody_checked_is_not_over() -> None:
    value = recoveries.of(recoveries.line(recoveries.record(), until="cut-over"))
    assert words.verdict_status(value) == "failed"
    assert "That people can work again is not established." in text(value)


def test_nothing_brought_back_is_no_success() -> None:
    assert words.verdict_status(recoveries.of(recoveries.line())) == "inconclusive"


def test_an_unproven_destruction_is_never_green() -> None:
    value = replace(recoveries.sound(), copies=(recoveries.custody("c-1", ended=False),))
    assert words.verdict_status(value) == "partial"


# --- what is not known ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"owed": Owed(False, 0, 0, 0, "CNY")}, "rekey-unknown"),
        ({"books": 0, "proven": 0}, "no-books"),
        ({"lost": replace(recoveries.LOST, readable=False)}, "counted-as-lost"),
        ({"lost": None}, "not-compared"),
        ({"failed": 1}, "not-proven"),
        ({"in_use": False}, "not-in-use"),
        ({"checked": False}, "not-read-again"),
        ({"point": ""}, "not-back"),
        ({"left_out": "no-clean-point"}, "left-out"),
    ],
)
def test_every_gap_of_a_set_is_named(change: dict[str, object], gap: str) -> None:
    value = recoveries.of(recoveries.line(recoveries.record(**change)))
    assert (gap, ("c001/main",)) in words.gaps(value)


def test_a_book_that_could_not_be_compared_is_a_gap_of_its_own() -> None:
    part = recoveries.record(owed=Owed(False, 0, 0, 0, "CNY"))
    value = recoveries.of(recoveries.line(part), uncompared=(("c001", "main"),))
    assert [gap for gap, _ in words.gaps(value)] == ["rekey-in-part"]


def test_a_guessed_plan_says_that_it_was_a_guess() -> None:
    guessed = replace(recoveries.line(recoveries.record()), estimate_rests_on=0)
    assert "The plan's time was a guess" in text(recoveries.of(guessed))


def test_notices_that_were_not_sent_are_named() -> None:
    assert "Notices that were drafted and not sent. (client)" in text(
        replace(recoveries.sound(), unsent=("clients",))
    )


def test_a_time_that_people_could_work_is_told_of_what_is_back_alone() -> None:
    back, missing = recoveries.record(), recoveries.record("c002", in_use=False)
    told = text(recoveries.of(recoveries.line(back, missing)))
    assert "people could work with these: 1 hr 26 min (objective: 4 hr); the others are not" in told
    assert "within the objective" not in told


def test_a_recovery_that_brought_nothing_back_claims_no_recovery_time() -> None:
    left_out = recoveries.record(in_use=False, point="", left_out="no-clean-point")
    told = text(recoveries.of(recoveries.line(left_out)))
    assert "could work" not in told
    assert "That people can work again is not established." in told
    assert "Recovery time not known; promised 4 hr" in told


def test_chinese_letters_name_notices_in_chinese() -> None:
    value = replace(recoveries.sound(), unsent=("clients", "police"))
    told = render_recovery(value, number=1, language=CHINESE).text
    assert "（客户，公安机关）" in told.replace("、", "，")


def test_the_complete_version_tells_until_when_an_open_question_would_be_late() -> None:
    open_one = replace(recoveries.DUTIES[1], by=recoveries.FOUND + timedelta(hours=4))
    value = replace(recoveries.sound(), duties=(open_one,))
    told = render_recovery_legal(value, number=1, language=ENGLISH).text
    assert "if so, by 2026-11-20" in " ".join(told.split())


def test_a_duty_that_nobody_could_answer_names_the_fact_it_lacks() -> None:
    value = recoveries.of(recoveries.line(recoveries.record()))
    assert (
        "Whether the cyberspace administration must be told is not known: it depends on how many "
        "persons, the direct loss." in text(value)
    )


def test_an_unknown_amount_is_no_zero() -> None:
    table = text(recoveries.mixed()).partition("Client by client")[2]
    assert "? ?" in table.partition("To be keyed in again")[0]


def test_what_is_known_in_part_does_not_pass_for_all() -> None:
    assert "6 vouchers, CN¥12,480.00, 2 invoices. That is not all" in text(recoveries.mixed())


# --- one page -------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
@pytest.mark.parametrize("value", [recoveries.many, recoveries.mixed, recoveries.halted])
def test_one_page_is_one_page(value: object, language: str) -> None:
    assert callable(value)
    made = render_onepager(
        replace(value(), sample=True, cause="长" * 200), number=1, language=language, pdf=True
    )
    assert len(papers.pages(made.pdf)) == 1


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_one_page_is_one_page_when_nothing_came_back(language: str) -> None:
    lost = [recoveries.record(f"c{n:03d}", point="", in_use=False) for n in range(200)]
    value = recoveries.of(recoveries.line(*lost), sample=True, unsent=("clients", "insurer"))
    made = render_onepager(value, number=1, language=language, pdf=True)
    assert len(papers.pages(made.pdf)) == 1


# --- to the public --------------------------------------------------------------------------------


def wording(value: words.Recovery) -> str:
    """Return what the draft would have the agency say."""
    made = render_public_statement(value, number=1, language=ENGLISH)
    return made.text.partition("Wording (draft)")[2].partition("To be settled")[0]


def test_a_statement_counts_no_clients() -> None:
    assert wording(recoveries.many(1)) == wording(recoveries.many(200))


def test_a_statement_names_no_client() -> None:
    assert "c00" not in render_public_statement(recoveries.mixed(), number=1).text


def test_a_statement_is_a_draft_whatever_happened() -> None:
    made = render_public_statement(recoveries.sound(), number=1, language=CHINESE)
    assert "草稿" in made.subject


def test_a_statement_says_nothing_of_the_cause_that_is_believed() -> None:
    made = render_public_statement(recoveries.mixed(), number=1, language=CHINESE)
    assert "附件" not in made.text


def test_a_statement_claims_no_recovery_that_is_not_complete() -> None:
    made = render_public_statement(recoveries.mixed(), number=1, language=ENGLISH)
    assert "was in use again" not in made.text


def test_a_statement_promises_nothing_of_what_was_left_out() -> None:
    left_out = recoveries.record(in_use=False, point="", left_out="no-clean-point")
    made = render_public_statement(
        recoveries.of(recoveries.line(left_out)), number=1, language=ENGLISH
    )
    assert "is being brought back" not in made.text


def test_a_statement_claims_no_proof_of_books_that_nobody_read() -> None:
    bytes_only = recoveries.of(recoveries.line(recoveries.record(books=0, proven=0)))
    made = render_public_statement(bytes_only, number=1, language=ENGLISH)
    assert "equals them" not in made.text


def test_a_statement_claims_no_stop_that_nobody_ordered() -> None:
    value = recoveries.of(recoveries.line(recoveries.record(), until="acknowledged"), evidence=())
    said = render_public_statement(value, number=1, language=ENGLISH).text
    assert "We stopped work" not in said
    assert "kept as evidence" not in said


# --- complete -------------------------------------------------------------------------------------


def test_the_complete_version_has_every_hash_that_was_approved() -> None:
    made = render_recovery_legal(recoveries.mixed(), number=1, language=ENGLISH)
    assert made.text.count(recoveries.PLAN) == 1
    assert made.text.count(recoveries.CUT) == 2
    assert recoveries.mixed().head in made.text


def test_the_complete_version_tells_which_moment_no_event_tells() -> None:
    made = render_recovery_legal(recoveries.halted(), number=1, language=ENGLISH)
    assert made.text.count("not recorded") == len(recoveries.MINUTES) - 8


def test_a_client_of_the_agency_is_masked_if_somebody_wrote_its_name() -> None:
    value = replace(recoveries.mixed(), cause="示例商贸有限公司的电脑中毒")
    gate = Gate(["示例商贸有限公司"])
    for render in (render_recovery, render_recovery_legal, render_onepager):
        assert "示例商贸" not in render(value, number=1, gate=gate).text


# --- to key in ------------------------------------------------------------------------------------


def test_a_re_key_list_may_name_its_own_client_alone() -> None:
    gate = Gate(["示例商贸有限公司", "别家有限公司"])
    made = render_rekey_letter(recoveries.rekey(lead="别家有限公司"), number=1, gate=gate)
    assert "示例商贸有限公司" in made.text
    assert "别家有限公司" not in made.text


def test_a_re_key_list_leaves_out_what_came_back_and_counts_it() -> None:
    made = render_rekey_letter(recoveries.rekey(), number=1, language=ENGLISH)
    assert "记-39" not in made.text
    assert "1 voucher or invoice came back" in " ".join(made.text.split())


def test_a_re_key_list_says_when_nobody_knows_what_belongs_on_it() -> None:
    value = recoveries.rekey(parts=(recoveries.part(known=False, rows=(), evidence=""),))
    assert status(value) == "inconclusive"


def test_a_long_re_key_list_says_where_all_of_it_is() -> None:
    rows = tuple(recoveries.keyed(f"记-{n}", 100, "missing", (), ("bank",)) for n in range(500))
    value = recoveries.rekey(parts=(recoveries.part(rows=rows),))
    made = render_rekey_letter(value, number=1, language=ENGLISH)
    assert "400 of 500 rows are shown" in made.text


# --- the picture ----------------------------------------------------------------------------------


def test_the_picture_has_a_span_for_each_stretch_that_is_known() -> None:
    chart = phases_chart(recoveries.sound(), ENGLISH_PEN)
    assert chart is not None
    begun, ended = (series.values for series in chart.series)
    place = chart.ticks.index("approval of the cut-over")
    assert (begun[place], ended[place]) == (38.5, 71)


def test_a_stretch_that_is_not_known_is_not_drawn() -> None:
    chart = phases_chart(recoveries.halted(), ENGLISH_PEN)
    assert chart is not None
    assert "cut-over" not in chart.ticks


def test_the_picture_is_drawn() -> None:
    made = render_recovery(recoveries.sound(), number=1, language=CHINESE)
    assert len(made.pictures) == 1


# --- review and actions ---------------------------------------------------------------------------


def test_a_review_that_nobody_filled_in_invents_nothing() -> None:
    made = render_review(recoveries.unwritten(), number=1, language=CHINESE)
    assert made.text.count("尚未填写。") == 10


def test_a_review_that_nobody_signed_is_a_draft() -> None:
    assert review_status(recoveries.reviewed(signed=None)) == "inconclusive"


def test_a_signed_review_is_green_when_its_actions_are_done() -> None:
    done = (recoveries.task(done=recoveries.FOUND),)
    assert review_status(recoveries.reviewed(tasks=done)) == "ok"


def test_a_signed_review_with_an_open_action_is_not_green() -> None:
    assert review_status(recoveries.reviewed()) == "partial"


def test_a_review_tells_what_the_figures_say() -> None:
    said = " ".join(render_review(recoveries.reviewed(), number=1, language=ENGLISH).text.split())
    assert "The recovery time objective was met: 1 hr 26 min of 4 hr." in said
    assert "46 min 54 sec of it passed waiting for approvals, 55%." in said
    assert "1 step had to be begun again." in said


def test_a_late_action_is_shown_as_late() -> None:
    made = render_actions(recoveries.open_tasks(), number=1, language=ENGLISH)
    assert "[x] Overdue" in made.text
    assert "1 of 2 open actions are overdue, the oldest by 4 days." in made.text
