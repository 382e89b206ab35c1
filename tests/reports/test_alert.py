"""The letter of an alert: the sentence, the one thing to do, and the command that ends it."""

from datetime import UTC, datetime

import pytest

from baozhang.catalog.model import Alert, AlertEvent, KnownAlert
from baozhang.masking import Gate
from reports.alert import Step, fingerprint, render_alert, told

AT = datetime(2026, 7, 31, 14, 40, tzinfo=UTC)
ALERT = Alert(
    id="0731-8f3a",
    alert_class="urgent",
    kind="silence",
    subject="night",
    period="2026-07-31",
    template="no report of the backup of {period} has been written",
    facts=(("period", "2026-07-31"),),
    hint="Follow docs/runbooks/silence.md.",
    at=AT,
)
OPEN = KnownAlert(ALERT)
MENDED = KnownAlert(ALERT, (AlertEvent(ALERT.id, "mended", AT),))
FIRST = Step(1, 3, "on_call")


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("zh_CN", ["紧急", "2026-07-31 的夜间备份没有报告", "第 1 级，共 3 级", "值班"]),
        ("en", ["urgent", "no report of the backup of 2026-07-31", "step 1 of 3", "on call"]),
    ],
)
def test_it_says_what_is_wrong_how_urgent_and_who_is_told(language: str, words: list[str]) -> None:
    letter = render_alert(OPEN, number=7, step=FIRST, language=language)
    for word in (*words, "baozhang ack 0731-8f3a --by", "silence", "000007"):
        assert word in " ".join(letter.text.split())
        assert word in " ".join(letter.html.split())


def test_a_mended_one_says_so_and_asks_for_nothing() -> None:
    letter = render_alert(MENDED, number=8, step=FIRST, language="zh_CN")
    assert "已解除" in letter.subject
    assert "baozhang ack" not in letter.text


def test_sample_data_says_so() -> None:
    assert "样例" in render_alert(OPEN, number=7, step=FIRST, sample=True).subject


def test_an_error_behind_an_alert_is_said_in_the_readers_language() -> None:
    facts = (
        ("channel", "duty"),
        ("why", "no answer over the network: {reason}"),
        ("reason", "timed out"),
    )
    template = "the bot {channel} did not take its last message: {why}"
    known = KnownAlert(Alert("x", "notice", "channel", "duty", "d", template, facts, "", AT))
    assert told(known, "zh_CN")[0] == "群机器人 duty 没有接收最近一条消息：网络无应答：超时"


def test_markup_and_secrets_in_facts_do_no_harm() -> None:
    facts = (("period", "<script>alert(1)</script> {{ 7*7 }} 6222021234567890123\r\nBcc: x"),)
    known = KnownAlert(Alert("x", "urgent", "k", "s", "p", ALERT.template, facts, "", AT))
    letter = render_alert(known, number=1, step=FIRST, language="en", gate=Gate(()))
    assert "<script>" not in letter.html
    assert "49" not in letter.text.replace("{{ 7*7 }}", "")
    assert "6222021234567890123" not in letter.html + letter.text + letter.subject
    assert "\n" not in letter.subject


def test_lines_below_stand_in_the_letter() -> None:
    letter = render_alert(OPEN, number=1, language="zh_CN", below=("c001  备份失败",))
    assert "c001 备份失败" in " ".join(letter.text.split())


def test_each_step_is_another_letter_and_the_same_one_is_the_same() -> None:
    assert fingerprint(OPEN, FIRST) == fingerprint(OPEN, FIRST)
    assert fingerprint(OPEN, FIRST) != fingerprint(OPEN, Step(2, 3, "operator"))
    assert fingerprint(OPEN, FIRST) != fingerprint(MENDED, FIRST)
