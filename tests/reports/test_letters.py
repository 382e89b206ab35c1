"""What every letter promises its reader, whatever the run was and whoever wrote its facts."""

import gettext
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from hypothesis import given, settings
from hypothesis import strategies as st

from baozhang import words
from baozhang.catalog.model import Duty, Finding, Run, Status
from baozhang.errors import UsageError
from baozhang.words import CHINESE, ENGLISH
from reports.compose import MOST_ROWS
from reports.night import render_night
from reports.page import Letter
from reports.plaintext import WIDTH, display_width
from reports.restore_test import render_restore_test
from reports.telling import MOST_CARDS, MOST_REMARKS
from reports.validation import render_validation
from tests.reports import runs

WORDS: dict[tuple[str, Status], str] = {
    (CHINESE, "ok"): "正常",
    (CHINESE, "partial"): "部分完成",
    (CHINESE, "failed"): "失败",
    (CHINESE, "inconclusive"): "无法判定",
    (ENGLISH, "ok"): "OK",
    (ENGLISH, "partial"): "Partial",
    (ENGLISH, "failed"): "Failed",
    (ENGLISH, "inconclusive"): "Inconclusive",
}
STATUSES: tuple[Status, ...] = ("ok", "partial", "failed", "inconclusive")
RENDER = {
    "backup": render_night,
    "validation": render_validation,
    "restore_test": render_restore_test,
}
GREEN = "#1a6b33"
INJECTIONS = (
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><script>alert(1)</script>",
    "{{7*7}}",
    "{% for x in page %}{{ x }}{% endfor %}",
    "{0.__class__}",
    "%(number)s %s %d",
    "\r\nBcc: thief@example.com\r\n\r\n",
    '" style="display:none',
    "\u202egnp.exe\u202c",
    "\udcff\udc80 name of bytes",
    "\x1b[31mred\x1b[0m\x00",
)


def visible(html: str) -> str:
    """Return the text a browser would show."""
    shown: list[str] = []

    class Reader(HTMLParser):
        skipping = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.skipping = tag in ("style", "title")

        def handle_endtag(self, tag: str) -> None:
            self.skipping = False

        def handle_data(self, data: str) -> None:
            if not self.skipping:
                shown.append(data)

    Reader().feed(html)
    return " ".join(" ".join(shown).split())


def one(status: Status, duty: Duty = "backup", **figures: int) -> Run:
    return Run("r", duty, runs.DAY, (runs.outcome("c001", status, duty=duty, **figures),))


@pytest.mark.parametrize(("language", "status"), sorted(WORDS))
@pytest.mark.parametrize("duty", ["backup", "validation", "restore_test"])
def test_every_status_is_said_in_words(duty: Duty, language: str, status: Status) -> None:
    letter = RENDER[duty](one(status, duty), number=1, language=language)
    word = WORDS[language, status]
    assert word in letter.subject
    assert f"] {word}  " in letter.text
    assert visible(letter.html).count(word) >= 3  # verdict, tally and table


@pytest.mark.parametrize("status", ["partial", "failed", "inconclusive"])
@pytest.mark.parametrize("duty", ["backup", "validation", "restore_test"])
def test_nothing_is_drawn_green_unless_something_is_well(duty: Duty, status: Status) -> None:
    letter = RENDER[duty](one(status, duty), number=1)
    assert GREEN not in letter.html
    assert 'class="t-ok"' not in letter.html
    assert 'class="b-ok"' not in letter.html


@pytest.mark.parametrize("duty", ["backup", "validation", "restore_test"])
def test_a_run_without_outcomes_is_never_well(duty: Duty) -> None:
    letter = RENDER[duty](Run("r", duty, runs.DAY), number=1)
    assert "没有任何客户被处理" in letter.subject
    assert "没有任何客户被处理" in letter.text
    assert "没有任何客户被处理" in visible(letter.html)
    assert GREEN not in letter.html
    assert "全部" not in letter.text


def test_a_night_that_kept_only_the_agencys_own_journal_is_not_well() -> None:
    run = runs.night(runs.outcome("_agency", set_name="journal"))
    letter = render_night(run, number=1)
    assert letter.subject.startswith("【无法判定】")
    assert "没有任何客户被处理" in letter.text


def test_trouble_with_the_agencys_own_data_is_in_verdict_and_subject() -> None:
    run = runs.night(runs.outcome("c001"), runs.outcome("_agency", "failed", set_name="journal"))
    letter = render_night(run, number=1)
    assert letter.subject.startswith("【失败】")
    assert "本机构自有数据异常" in letter.subject
    assert "[x] 失败  1 户客户全部正常。本机构自有数据异常，见下文。" in letter.text
    assert "[x] 失败  本机构/journal" in letter.text


def test_the_agency_is_not_counted_as_a_client() -> None:
    run = runs.night(runs.outcome("c001"), runs.outcome("_agency", set_name="journal"))
    assert "全部 1 户客户备份完成。" in render_night(run, number=1).text


def test_a_duty_over_a_whole_client_names_the_client_alone() -> None:
    outcome = runs.outcome("c001", "failed", duty="validation", set_name="*")
    letter = render_validation(Run("r", "validation", runs.DAY, (outcome,)), number=1)
    assert "[x] 失败  c001\n" in letter.text


def test_one_client_in_trouble_takes_the_well_verdict_away() -> None:
    letter = render_night(runs.troubled_night(), number=1, language=ENGLISH)
    assert "4 clients: 2 fine, 2 in trouble (1 failed, 1 partial)." in letter.text
    assert "backed up." not in visible(letter.html)


def test_the_verdict_is_said_before_anything_is_counted() -> None:
    said = visible(render_night(runs.troubled_night(), number=1, language=ENGLISH).html)
    order = ["2 in trouble", "What changed", "Figures", "Needs attention", "All clients",
             "Evidence"]  # fmt: skip
    places = [said.rindex(words) for words in order]
    assert places == sorted(places)


@pytest.mark.parametrize("poison", INJECTIONS)
@pytest.mark.parametrize("duty", ["backup", "validation", "restore_test"])
def test_markup_in_any_value_stays_words(duty: Duty, poison: str) -> None:
    finding = Finding("found {what} at {place}", (("what", poison), ("place", poison)), poison)
    outcome = runs.outcome(
        poison, "failed", duty=duty, set_name=poison, snapshot=poison, findings=(finding,)
    )
    run = Run(poison, duty, runs.DAY, (outcome, replace(outcome, status="ok")))
    plain = RENDER[duty](one("failed", duty), number=1)
    letter = RENDER[duty](run, number=1, previous=Run("p", duty, runs.DAY), audience=poison)

    tags = {tag.lower() for tag in re.findall(r"<\s*(\w+)", letter.html)}
    assert tags <= set(re.findall(r"<\s*(\w+)", plain.html)) | {"br", "b", "strong"}
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", letter.html)
    assert 'style="display:none"' not in letter.html
    assert "49" not in visible(letter.html).replace(letter.fingerprint, "")
    assert "\nBcc: thief@example.com\n" not in letter.text
    assert "\r" not in letter.text + letter.subject
    assert "\n" not in letter.subject
    assert not set("\u202e\x1b\x00") & set(letter.text + letter.html)
    letter.text.encode("utf-8")
    letter.html.encode("utf-8")


@given(poison=st.text(max_size=60))
@settings(max_examples=40, deadline=None)
def test_no_fact_adds_a_tag_or_a_line(poison: str) -> None:
    finding = Finding("found {what}", (("what", poison),))
    harmless = replace(finding, facts=(("what", "x"),))

    def tags(found: Finding) -> list[str]:
        outcome = runs.outcome("c001", "failed", findings=(found,))
        letter = render_night(runs.night(outcome), number=1)
        return re.findall(r"<[^>]*>", letter.html)

    assert tags(finding) == tags(harmless)


def test_an_injected_audience_or_run_cannot_reach_the_subject() -> None:
    run = Run("r\r\nBcc: x", "backup", runs.DAY, (runs.outcome("c001\r\nBcc: x", "failed"),))
    subject = render_night(run, number=1, audience="x\r\n").subject
    assert "Bcc" not in subject


def test_a_subject_names_no_client() -> None:
    run = runs.night(runs.outcome("wangs-noodles", "failed"))
    assert "wangs-noodles" not in render_night(run, number=1).subject


def test_a_finding_says_what_to_do() -> None:
    letter = render_restore_test(runs.failed_restore_test(), number=1, language=ENGLISH)
    assert "voucher 记-12 of 2026-03: account 1002 differs by 0.01 CNY" in visible(letter.html)
    assert "To do: Compare voucher 记-12 with the source" in visible(letter.html)
    assert "voucher 记-12 of 2026-03: account 1002 differs by 0.01 CNY" in letter.text


@pytest.fixture
def twins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of findings with one Chinese twin."""
    catalogue = Catalog("zh_CN")
    catalogue.add("lost {count} files", "丢失 {count} 个文件")
    content = io.BytesIO()
    write_mo(content, catalogue)
    file = tmp_path / "zh_CN" / "LC_MESSAGES" / "baozhang.mo"
    file.parent.mkdir(parents=True)
    file.write_bytes(content.getvalue())
    monkeypatch.setattr(words, "_LOCALE", tmp_path)
    monkeypatch.setattr(gettext, "_translations", {})
    words._catalogue.cache_clear()
    yield
    words._catalogue.cache_clear()


@pytest.mark.usefixtures("twins")
@pytest.mark.parametrize(
    ("language", "said"), [(CHINESE, "丢失 3 个文件"), (ENGLISH, "lost 3 files")]
)
def test_a_finding_speaks_the_language_of_its_letter(language: str, said: str) -> None:
    finding = Finding("lost {count} files", (("count", 3),))
    run = runs.night(runs.outcome("c001", "failed", findings=(finding,)))
    assert said in render_night(run, number=1, language=language).text


@pytest.mark.parametrize(
    "template", ["lost {nothing}", "lost {", "lost {0}", "lost {count.real.x}"]
)
def test_a_finding_with_a_broken_template_does_not_cost_the_letter(template: str) -> None:
    finding = Finding(template, (("count", 3),))
    run = runs.night(runs.outcome("c001", "failed", findings=(finding,)))
    assert "lost" in render_night(run, number=1, language=ENGLISH).text


def test_trouble_without_a_finding_is_still_shown() -> None:
    letter = render_night(one("failed"), number=1, language=ENGLISH)
    assert "No reason was recorded." in letter.text
    assert "No reason was recorded." in visible(letter.html)


def test_a_well_client_with_a_warning_is_worth_knowing() -> None:
    finding = Finding("the source already broke {count} laws", (("count", 2),), severity="info")
    run = runs.night(runs.outcome("c001", findings=(finding,)))
    letter = render_night(run, number=1, language=ENGLISH)
    assert "Needs attention" not in letter.text
    assert "(for information) the source already broke 2 laws" in letter.text


def many(count: int, status: Status) -> Run:
    return runs.night(*(runs.outcome(f"c{i:04d}", status) for i in range(count)))


def test_the_table_is_capped_and_says_so() -> None:
    run = many(MOST_ROWS + 1, "ok")
    letter = render_night(run, number=1, language=ENGLISH)
    assert letter.text.count("/main  [") == MOST_ROWS
    assert f"{MOST_ROWS} of {MOST_ROWS + 1} rows are shown, the worst first." in letter.text
    assert f"All {MOST_ROWS + 1} clients are backed up." in letter.text


def test_the_cap_never_hides_trouble_behind_health() -> None:
    run = many(MOST_ROWS, "ok")
    run = replace(run, outcomes=(*run.outcomes, runs.outcome("z999", "failed")))
    letter = render_night(run, number=1, language=ENGLISH)
    table = letter.text[letter.text.index("All clients") :]
    assert re.search(r"z999/main +\[x\] Failed", table)


def test_more_troubled_clients_than_fit_are_counted() -> None:
    letter = render_night(many(MOST_CARDS + 7, "failed"), number=1, language=ENGLISH)
    assert "\nand 7 more\n" in letter.text
    assert f"({MOST_CARDS + 7} failed)" in letter.text


def test_more_findings_than_fit_are_counted() -> None:
    findings = tuple(Finding(f"finding {i}") for i in range(MOST_REMARKS + 2))
    run = runs.night(runs.outcome("c001", "failed", findings=findings))
    letter = render_night(run, number=1, language=ENGLISH)
    assert "    and 2 more\n" in letter.text


def test_a_critical_finding_is_never_pushed_out_by_lesser_ones() -> None:
    lesser = tuple(Finding(f"note {i}", severity="info") for i in range(MOST_REMARKS))
    findings = (*lesser, Finding("the voucher is gone"))
    run = runs.night(runs.outcome("c001", "failed", findings=findings))
    assert "* the voucher is gone" in render_night(run, number=1, language=ENGLISH).text


def test_bytes_alone_are_called_unproven() -> None:
    run = one("ok", "restore_test", files=3)
    letter = render_restore_test(run, number=1)
    assert "未做账务核对" in visible(letter.html)
    assert "其中 1 户有备份集未做账务核对" in letter.text
    assert "账务核对（数据指纹" not in letter.text


def test_a_part_without_books_is_called_unproven_too() -> None:
    letter = render_restore_test(one("partial", "restore_test", files=3), number=1)
    assert "仅部分核对，见“需要处理”；未做账务核对" in letter.text


def test_proven_books_are_not_called_unproven() -> None:
    run = one("ok", "restore_test", files=3, books=1, lines=2)
    text = render_restore_test(run, number=1).text
    table = text[text.index("全部客户") : text.index("说明")]
    assert "1 个账套的账务核对" in table
    assert "未做账务核对" not in table


@pytest.mark.parametrize("status", ["partial", "failed", "inconclusive"])
@pytest.mark.parametrize("books", [0, 1])
def test_what_did_not_pass_is_never_said_to_be_checked_well(status: Status, books: int) -> None:
    text = render_restore_test(one(status, "restore_test", books=books), number=1).text
    assert "已核对" not in text


def test_debit_and_credit_are_shown_with_their_currency() -> None:
    letter = render_restore_test(runs.passed_restore_test(), number=1, language=ENGLISH)
    assert "debit = credit = €8,258,083.73" in visible(letter.html)
    assert "debit = credit = CN¥12,045,188.33" in visible(letter.html)


def test_books_out_of_balance_by_one_fen_are_not_called_equal() -> None:
    run = one("failed", "restore_test", books=1, debit_CNY=101, credit_CNY=100)
    text = render_restore_test(run, number=1).text
    assert "借贷不平：借方 ¥1.01，贷方 ¥1.00，差额 ¥0.01" in text
    assert "借贷平衡" not in text


def test_an_amount_of_unknown_currency_gets_no_sign() -> None:
    run = one("ok", "restore_test", books=1, debit_minor=100, credit_minor=100)
    assert "合计 1.00" in render_restore_test(run, number=1).text


def test_sample_data_is_marked_everywhere() -> None:
    letter = render_night(runs.perfect_night(), number=1, sample=True)
    assert letter.subject.startswith("【样例】")
    assert visible(letter.html).index("样例") < visible(letter.html).index("夜间备份报告")
    assert "样例" in letter.text.splitlines()[0]


def test_real_data_is_not_marked_as_sample() -> None:
    letter = render_night(runs.perfect_night(), number=1)
    assert "样例" not in letter.subject + letter.html + letter.text


def test_a_client_that_was_there_last_time_is_missed() -> None:
    now, before = runs.night(*runs.perfect_night().outcomes[:3]), runs.perfect_night()
    letter = render_night(now, number=2, previous=before, language=ENGLISH)
    assert re.search(r"Not in this run +fec/main", letter.text)


def test_the_evidence_lets_somebody_else_check() -> None:
    run = runs.perfect_night()
    letter = render_night(run, number=17, language=ENGLISH)
    for proof in ("000017", run.id, letter.fingerprint, "docs/runbooks/backup.md"):
        assert proof in letter.text
        assert proof in visible(letter.html)


def test_both_languages_report_the_same_figures() -> None:
    run = runs.perfect_night()
    twins = [render_night(run, number=1, language=spoken) for spoken in (CHINESE, ENGLISH)]
    assert twins[0].fingerprint == twins[1].fingerprint


def test_a_letter_rendered_twice_is_the_same() -> None:
    letters = [render_night(runs.troubled_night(), number=1) for _ in range(2)]
    assert letters[0] == letters[1]


def every_letter() -> list[Letter]:
    cases = (runs.troubled_night(), runs.failed_restore_test(), runs.damaged_validation())
    return [
        RENDER[run.duty](run, number=1, language=spoken)
        for run in cases
        for spoken in (CHINESE, ENGLISH)
    ]


def test_no_letter_runs_or_fetches_anything() -> None:
    for letter in every_letter():
        assert not re.search(r"<(script|img|link|iframe|object|form)|url\(|https?:", letter.html)


def test_no_line_of_text_is_wider_than_a_screen() -> None:
    for letter in every_letter():
        wide = [line for line in letter.text.splitlines() if display_width(line) > WIDTH]
        assert [line for line in wide if letter.fingerprint not in line] == []


def test_tags_of_a_letter_are_closed_in_order() -> None:
    class Reader(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in ("meta", "br", "wbr"):
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            assert self.open.pop() == tag

    for letter in every_letter():
        reader = Reader()
        reader.feed(letter.html)
        assert reader.open == []


def test_a_letter_of_another_duty_is_refused() -> None:
    with pytest.raises(UsageError):
        render_night(runs.failed_restore_test(), number=1)


def test_a_language_without_letters_is_refused() -> None:
    with pytest.raises(UsageError):
        render_night(runs.perfect_night(), number=1, language="../../etc")
