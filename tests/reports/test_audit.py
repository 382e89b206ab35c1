"""The audit report: every line stands in it once, and nothing that is not proven is green."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import baozhang
from baozhang.governance.controls import catalogue, controls
from baozhang.governance.model import Status
from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports.audit import page_of, render_audit, status_of, whole
from reports.audit_laws import articles
from reports.audit_page import audit_page
from reports.audit_value import AuditValue, canonical
from reports.audit_words import STATUS_TEMPLATES, TEST_TEMPLATES, TONES, read
from reports.audit_words import test_words as words_of_test
from reports.canonical import fingerprint
from reports.library import standalone
from reports.notice_words import Voice
from reports.page import Cards, Grid, Lines, Page
from reports.writing import pen
from tests.reports import audits, papers

LANGUAGES = (CHINESE, ENGLISH)
GREEN = {"proven", "ok"}
GREEN_INK = "#1a6b33"
ENTRY = re.compile(
    r'<details class="entry" id="item-([^"]+)" data-status="([^"]+)".*?</details>', re.DOTALL
)
SECRET = "绿源净水设备有限公司 13812345678"


@cache
def page(language: str = CHINESE) -> str:
    return audit_page(audits.whole(language), language=language, number=7)


@cache
def empty_page(language: str) -> str:
    return audit_page(audits.empty(), language=language)


def values(value: AuditValue, language: str = CHINESE) -> Page:
    reading, voice = read(value), Voice(pen(language))
    return page_of(reading, voice, 7, "manager", whole(reading, voice))


def entries(html: str) -> Iterator[tuple[str, str, str]]:
    """Yield id, tone and body of each line of the page."""
    for each in ENTRY.finditer(html):
        yield each[1], each[2], each[0]


def with_facts(value: AuditValue, secret: str) -> AuditValue:
    """Return the audit with a secret in every field that a person could have filled."""
    pieces = tuple(
        each.model_copy(update={"facts": {**each.facts, "sets": secret}}) for each in value.evidence
    )
    return replace(
        value,
        evidence=pieces,
        samples=tuple(replace(each, ids=(secret,)) for each in value.samples),
        actions=tuple(
            replace(each, facts=(*each.facts, ("sets", secret))) for each in value.actions
        ),
        independence=tuple(
            replace(each, facts=(("person", secret), ("count", 1))) for each in value.independence
        ),
    )


# --- every line, once ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_of_the_items_and_principles_stands_in_the_page_exactly_once(language: str) -> None:
    told = [id_ for id_, _, _ in entries(page(language))]
    assert sorted(told) == sorted(each.id for each in catalogue().items)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_item_is_a_square_of_the_grid_that_leads_to_its_line(language: str) -> None:
    led = re.findall(r'<a class="square \S+" href="#item-([^"]+)"', page(language))
    assert sorted(led) == sorted(each.id for each in catalogue().items)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_line_says_its_title_in_the_page_s_language(language: str) -> None:
    titles = {
        each.id: each.title.zh if language == CHINESE else each.title.en
        for each in catalogue().items
    }
    said = {
        id_: re.search(r'<span class="name">([^<]+)</span>', body)[1]  # type: ignore[index]
        for id_, _, body in entries(page(language).replace("&#39;", "'").replace("&#34;", '"'))
    }
    assert said == {id_: f"{id_} {title}" for id_, title in titles.items()}


def test_every_link_of_the_page_has_its_place() -> None:
    html = page()
    places = re.findall(r' id="([^"]+)"', html)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= set(places)


def test_each_line_links_to_all_evidence_that_counts_for_it() -> None:
    value = audits.whole()
    bodies = {id_: body for id_, _, body in entries(page())}
    for line in value.lines:
        linked = set(re.findall(r'href="#evidence-([^"]+)"', bodies[line.item.id]))
        failed = {bad.evidence for each in line.controls for bad in each.nonconformities}
        assert linked == {id_ for each in line.controls for id_ in each.counted} | failed


def test_the_paper_tells_every_line_too() -> None:
    lined = [each for each in values(audits.whole()).sections if isinstance(each, Lines)]
    told = [entry.anchor for each in lined for entry in each.entries]
    items = [each for each in told if each.startswith("item-")]
    assert sorted(items) == sorted(f"item-{each.id}" for each in catalogue().items)


# --- colours ------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_line_of_the_page_is_green_only_where_it_is_proven(language: str) -> None:
    proven = {each.item.id for each in audits.whole(language).lines if each.status == "proven"}
    green = {
        id_
        for id_, _, body in entries(page(language))
        if re.search(r'class="marks"><span class="badge (proven|ok)"', body)
    }
    assert green == proven


def test_a_square_is_green_only_where_its_line_is_proven() -> None:
    proven = {each.item.id for each in audits.whole().lines if each.status == "proven"}
    grids = [each for each in values(audits.whole()).sections if isinstance(each, Grid)]
    green = {
        square.anchor
        for grid in grids
        for _, rows in grid.columns
        for row in rows
        for square in row.squares
        if square.mark.status in GREEN
    }
    assert green == {f"item-{id_}" for id_ in proven}


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_evidence_nothing_is_green(language: str) -> None:
    html = empty_page(language)
    assert {tone for _, tone, _ in entries(html)} == {"none"}
    shown = html[html.index("<main>") :]
    shown = re.sub(r'<p class="key">.*?</p>', "", shown)  # it explains the marks
    assert not re.search(r'class="[^"]*\b(proven|ok|attested)\b', shown)


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_evidence_the_letter_counts_no_pass(language: str) -> None:
    letter = render_audit(audits.empty(), number=0, language=language)
    assert "240" in letter.text
    assert re.search(r"(系统已证实|Proven) 0 +(人工已确认|Attested) 0 ", letter.text)
    assert status_of(audits.empty()) == "inconclusive"


def test_a_status_always_comes_with_a_sign_and_a_word() -> None:
    for badge in re.findall(r'<span class="badge [^"]+">([^<]*)</span>', page()):
        assert re.fullmatch(r"\S\xa0.+", badge.replace("&nbsp;", "\xa0"))


def test_a_yearly_matter_that_nobody_looked_at_is_not_evidenced() -> None:
    rows = audits.empty()
    yearly = {each.id for each in rows.controls if each.yearly_page}
    assert yearly
    assert {
        judged.status for line in rows.lines for judged in line.controls if judged.control in yearly
    } == {"not evidenced"}


# --- what it says -------------------------------------------------------------------------------


def test_the_verdict_is_worst_where_a_check_failed() -> None:
    assert status_of(audits.small()) == "failed"


def test_the_letter_is_well_only_where_every_line_is() -> None:
    small = audits.small()
    kept = tuple(each for each in small.lines if each.status in {"proven", "attested"})
    assert kept
    assert status_of(replace(small, lines=kept, actions=())) == "ok"


def test_an_overdue_line_says_by_how_many_days() -> None:
    text = render_audit(audits.small(ENGLISH), number=7, language=ENGLISH).text
    assert "It was asked for by 2026-10-23 and is 9 days late." in " ".join(text.split())


def test_what_was_left_out_says_why() -> None:
    html = audit_page(audits.small(ENGLISH), language=ENGLISH)
    assert "checked by the person who made it" in html


def test_a_fact_that_lacks_is_a_dash() -> None:
    value = audits.small(ENGLISH)
    bare = tuple(each.model_copy(update={"facts": {}}) for each in value.evidence)
    html = audit_page(replace(value, evidence=bare), language=ENGLISH)
    assert "No record was found" in html
    assert "{sets}" not in html


def test_the_most_serious_are_failed_checks_then_promises_that_were_broken() -> None:
    cards = next(
        each for each in values(audits.small(ENGLISH), ENGLISH).sections if isinstance(each, Cards)
    )
    assert [each.mark.status for each in cards.cards][:2] == ["failed", "overdue"]


def test_a_line_says_how_it_moved_since_last_time() -> None:
    found = {
        id_: body for id_, _, body in entries(audit_page(audits.small(ENGLISH), language=ENGLISH))
    }
    assert "↑ better than last time" in found["A3.1"]
    assert "→ as last time" in found["A3.2"]
    assert "↓ worse than last time" in found["A3.4"]
    assert "last time" not in found["A3.5"]


def test_an_article_that_only_knowledge_supports_waits_for_counsel() -> None:
    found = {each.id: each for each in articles(())}
    assert found["lost-invoices"].confidence == "knowledge"
    assert "待法律顾问确认" in page()


def test_an_article_stands_as_the_weakest_of_its_controls() -> None:
    first, second = audits.CONTROLS[0], audits.CONTROLS[1]
    named = [each.model_copy(update={"articles": ("vouchers",)}) for each in (first, second)]
    found = {each.id: each for each in articles([(named[0], "attested"), (named[1], "stale")])}
    assert found["vouchers"].status == "stale"
    assert found["vouchers"].controls == (first.id, second.id)


def test_an_article_that_nobody_names_is_answered_by_its_instrument() -> None:
    control = audits.CONTROLS[0].model_copy(update={"articles": ("KJDA",)})
    found = {each.id: each for each in articles([(control, "attested")])}
    assert found["vouchers"].controls == (control.id,)
    assert found["police"].controls == ()
    assert found["police"].status == "not evidenced"


def test_what_the_law_register_does_not_hold_is_shown_as_unsure() -> None:
    control = audits.CONTROLS[0].model_copy(update={"articles": ("no-such",)})
    found = {each.id: each for each in articles([(control, "proven")])}
    assert found["no-such"].confidence == "knowledge"


# --- the letter ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_without_a_number_is_an_unsigned_draft(language: str) -> None:
    letter = render_audit(audits.small(language), number=0, language=language, pdf=True)
    word = "待签稿" if language == CHINESE else "nsigned draft"
    for told in (letter.subject, letter.html, letter.text, papers.words(letter.pdf)):
        assert word in told
        assert "000000" not in told.replace("0" * 58, "")


def test_the_fingerprint_is_that_of_the_value() -> None:
    letter = render_audit(audits.small(), number=7)
    assert letter.fingerprint == fingerprint(canonical(audits.small()))


def test_a_changed_piece_of_evidence_changes_the_fingerprint() -> None:
    small = audits.small()
    changed = (small.evidence[0].model_copy(update={"digest": "0" * 64}), *small.evidence[1:])
    assert canonical(replace(small, evidence=changed)) != canonical(small)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sample_is_marked_on_every_page(language: str) -> None:
    value = replace(audits.small(language), sample=True)
    letter = render_audit(value, number=7, language=language, pdf=True)
    word = "样例" if language == CHINESE else "SAMPLE"
    assert all(word in each for each in papers.pages(letter.pdf))
    assert word in letter.subject
    assert word in letter.text
    assert audit_page(value, language=language).count(word) >= 2  # on the screen, and in print


def test_the_paper_ends_with_where_to_sign_and_stamp() -> None:
    letter = render_audit(audits.small(), number=7, pdf=True)
    last = papers.pages(letter.pdf)[-1]
    for word in ("审计人员（签字）", "机构负责人（签字）", "盖章", "日期", "档案号"):
        assert word in last


def test_the_page_needs_nothing_beside_it() -> None:
    html = page()
    assert not re.search(r"(?:src|href)=\"(?!#)", html)
    assert "http" not in html.replace("http-equiv", "")


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_secret_leaves_in_the_letter_or_the_page(language: str) -> None:
    gate = Gate(["绿源净水设备有限公司"])
    value = with_facts(audits.small(language), SECRET)
    letter = render_audit(value, number=7, language=language, gate=gate, pdf=True)
    told = (standalone(letter), letter.text, letter.subject, papers.words(letter.pdf))
    for each in (*told, audit_page(value, language=language, gate=gate)):
        assert "绿源净水" not in each
        assert "13812345678" not in each


def test_the_gate_leaves_every_link_whole() -> None:
    html = audit_page(audits.whole(), gate=Gate(["绿源净水设备有限公司"]))
    places = set(re.findall(r' id="([^"]+)"', html))
    assert set(re.findall(r'href="#([^"]+)"', html)) <= places


# --- what no audit may do -----------------------------------------------------------------------

CLIPPED = 102 * 1024
"""Gmail hides what comes after so many bytes of a mail's HTML."""


def many(language: str) -> AuditValue:
    """Return the whole audit with more open actions than any office should have."""
    value = audits.whole(language)
    first = value.actions[0]
    more = tuple(replace(first, id=f"ca-{n:03d}") for n in range(1, 200))
    return replace(value, actions=more, sample=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_stays_below_what_mail_programs_cut(language: str) -> None:
    letter = render_audit(many(language), number=7, language=language)
    assert len(letter.html.encode()) < CLIPPED


def test_actions_that_the_mail_leaves_out_are_counted_in_it_and_stand_on_paper() -> None:
    text = render_audit(many(ENGLISH), number=7, language=ENGLISH).text
    assert "187 more stand in the printed report." in text
    assert "ca-199" not in text
    told = [str(each) for each in values(many(ENGLISH), ENGLISH).sections]
    assert any("ca-199" in each for each in told)


def stood(status: Status) -> AuditValue:
    """Return the small audit with every control judged to stand like this, and no failure."""
    small = audits.small(ENGLISH)
    lined = tuple(
        replace(
            line,
            status=status,
            controls=tuple(
                replace(each, status=status, nonconformities=()) for each in line.controls
            ),
        )
        for line in small.lines
    )
    return replace(small, lines=lined, actions=(), samples=(), articles=())


def coloured(html: str) -> set[str]:
    """Return the tones that a page shows, but for the key and the count that explain them."""
    shown = html[html.index("<body") :]
    for explained in (
        r'<p class="key">.*?</p>',
        r'<ul class="tally">.*?</ul>',
        r"<select.*?</select>",
    ):
        shown = re.sub(explained, "", shown, flags=re.DOTALL)
    names = " ".join(re.findall(r'class="([^"]*)"', shown)).split()
    return {each.removeprefix("g-").removeprefix("t-").removeprefix("b-") for each in names}


@pytest.mark.parametrize("status", sorted(set(STATUS_TEMPLATES) - {"proven"}))
def test_no_page_draws_another_status_green(status: Status) -> None:
    shown = coloured(audit_page(stood(status), language=ENGLISH))
    # The verdict is green where all lines are in order; a line never is.
    assert "proven" not in shown
    assert ("ok" in shown) == (status == "attested")


@pytest.mark.parametrize("status", sorted(set(STATUS_TEMPLATES) - {"proven"}))
def test_no_mail_draws_another_status_in_green_ink(status: Status) -> None:
    html = render_audit(stood(status), number=7, language=ENGLISH).html
    lines = html[html.index("Every line at one glance") :]
    tiles = re.findall(r'<td class="g-([a-z]+)"[^>]*style="color:(#\w+)"', lines)
    assert {tone for tone, _ in tiles} == {TONES[status]}
    assert GREEN_INK not in {ink for _, ink in tiles}


def test_green_belongs_to_what_is_proven_alone() -> None:
    assert [status for status, tone in TONES.items() if tone in GREEN] == ["proven"]


def test_brand_and_charity_without_a_proof_are_not_evidenced_and_never_green() -> None:
    sections = {"A18", "B7", "B19"}
    found = {id_: tone for id_, tone, _ in entries(empty_page(ENGLISH))}
    ours = {id_: tone for id_, tone in found.items() if id_.split(".")[0] in sections}
    assert len(ours) == 6 * len(sections)
    assert set(ours.values()) == {"none"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_test_has_words(language: str) -> None:
    voice = Voice(pen(language))
    kinds = {test.kind for control in controls() for test in control.tests}
    assert kinds <= set(TEST_TEMPLATES)
    told = [words_of_test(each.name, voice) for control in controls() for each in control.tests]
    assert not [each for each in told if "=" in each or "–" in each or "{" in each]


def test_a_sentence_that_several_tests_share_is_told_once() -> None:
    text = " ".join(render_audit(audits.empty(), number=0, language=ENGLISH).text.split())
    assert not re.search(r"(No record was found: [^.]+\.) \1", text)


def test_words_of_the_audit_have_no_other_meaning_elsewhere() -> None:
    folder = Path(baozhang.__file__).parent / "locale" / "zh_CN"

    def twins(file: Path) -> dict[str, str]:
        return {str(m.id): str(m.string) for m in read_po(io.BytesIO(file.read_bytes())) if m.id}

    ours = twins(folder / "auditreport.po")
    others = [each for each in folder.glob("*.po") if each.name != "auditreport.po"]
    assert {
        (file.name, id_)
        for file in others
        for id_, said in twins(file).items()
        if id_ in ours and ours[id_] != said
    } == set()
