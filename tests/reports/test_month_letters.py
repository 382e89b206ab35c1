"""What the letters on months promise: nothing fluffy is green, and nobody reads of another."""

import hashlib
from dataclasses import replace

import pytest

from baozhang.catalog.model import Duty, Status
from baozhang.words import CHINESE, ENGLISH
from reports.canonical import canonical, fingerprint
from reports.certificate import render_certificate
from reports.month_charts import charts
from reports.monthly import render_monthly
from reports.months import Month
from reports.page import Letter
from reports.standing import SUSPICIOUS, ClientMonth
from reports.statement import render_statement
from reports.writing import pen
from tests.reports import offices

GREEN = "#1a6b33"


def certificate(client: ClientMonth, language: str = CHINESE) -> Letter:
    return render_certificate(offices.letter_to(client), number=1, language=language)


def statement(client: ClientMonth, language: str = CHINESE) -> Letter:
    return render_statement(offices.letter_to(client), number=1, language=language)


def monthly(*clients: ClientMonth, language: str = CHINESE) -> Letter:
    return render_monthly(offices.agency(*clients), number=1, language=language)


@pytest.mark.parametrize(
    ("client", "word"),
    [
        (offices.sound(), "系统已证实"),
        (offices.bytes_only(), "未做账务核对"),
        (offices.differing(), "失败"),
        (offices.overdue(), "证据过期"),
        (offices.untested(), "无证据"),
        (offices.unknown(), "无证据"),
    ],
    ids=["proven", "bytes", "failed", "stale", "none", "unknown"],
)
def test_a_certificate_says_in_a_word_what_it_is_worth(client: ClientMonth, word: str) -> None:
    assert certificate(client).subject.startswith(f"【{word}】")


@pytest.mark.parametrize(
    "client",
    [
        offices.bytes_only(),
        offices.differing(),
        offices.overdue(),
        offices.untested(),
        offices.unknown(),
    ],
    ids=["bytes", "failed", "stale", "none", "unknown"],
)
def test_only_a_proven_certificate_is_green(client: ClientMonth) -> None:
    assert GREEN not in certificate(client).html
    assert GREEN in certificate(offices.sound()).html


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_a_certificate_claims_no_electronic_signature(language: str) -> None:
    words = {CHINESE: "不是《电子签名法》所称的可靠电子签名", ENGLISH: "no reliable electronic"}
    text = certificate(offices.sound(), language).text
    assert "".join(words[language].split()) in "".join(text.split())


def test_a_certificate_has_room_for_signatures_stamp_and_archive_number() -> None:
    text = certificate(offices.sound()).text
    assert "签字盖章" in text
    assert "档案号" in text


def test_a_certificate_of_bytes_says_so_where_books_would_stand() -> None:
    text = certificate(offices.bytes_only()).text
    assert text.count("未做账务核对") >= 3


def test_a_statement_of_bytes_says_that_no_books_were_checked() -> None:
    assert "未做账务核对" in statement(offices.bytes_only()).text


def test_a_statement_says_when_a_restore_was_never_tried() -> None:
    assert "尚无通过的恢复测试" in statement(offices.untested()).text


def test_a_statement_of_an_unknown_client_is_not_well() -> None:
    letter = statement(offices.unknown())
    assert letter.subject.startswith("【无法判定】")
    assert GREEN not in letter.html


def test_a_statement_tells_of_a_restore_on_request() -> None:
    client = replace(offices.sound(), restored=(offices.TESTED,))
    assert "应要求为您恢复数据 1 次：2026年7月13日" in statement(client).text.replace("\n", "")


def test_a_statement_of_one_set_does_not_name_it_in_sentences() -> None:
    assert "main：" not in statement(offices.late("c001")).text


def test_a_statement_gives_no_orders_to_a_client() -> None:
    assert "baozhang backup" not in statement(offices.late("c001")).text


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_a_month_without_rows_is_never_well(language: str) -> None:
    for letter in (monthly(offices.unknown(), language=language), monthly(language=language)):
        word = {CHINESE: "无法判定", ENGLISH: "Inconclusive"}[language]
        assert word in letter.subject
        assert GREEN not in letter.html


def test_the_summary_has_every_picture_that_has_something_to_show() -> None:
    assert len(render_monthly(offices.full(), number=1).pictures) == 6


def test_without_prices_no_cost_is_told() -> None:
    letter = render_monthly(offices.agency(offices.sound(), priced=False), number=1)
    assert "费用" not in letter.text


def test_the_summary_names_no_client_but_by_id() -> None:
    assert offices.OWNER.name not in render_monthly(offices.full(), number=1).text


def test_the_summary_lists_what_is_overdue() -> None:
    assert "c004/main" in monthly(offices.overdue()).text


def test_a_month_that_has_not_ended_says_up_to_when() -> None:
    value = replace(offices.letter_to(offices.sound()), at=offices.TESTED)
    assert "截至2026年7月13日" in render_statement(value, number=1).text


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_the_hash_is_that_of_the_canonical_value_in_every_language(language: str) -> None:
    value = offices.letter_to(offices.sound())
    text = canonical("certificate", value)
    letter = render_certificate(value, number=1, language=language)
    assert letter.fingerprint == hashlib.sha256(text.encode()).hexdigest()
    assert letter.fingerprint in letter.text


def test_number_and_language_are_no_part_of_the_hash() -> None:
    value = offices.letter_to(offices.sound())
    first = render_statement(value, number=1, language=CHINESE)
    second = render_statement(value, number=2, language=ENGLISH)
    assert first.fingerprint == second.fingerprint


def test_another_name_on_a_certificate_is_another_hash() -> None:
    value = offices.letter_to(offices.sound())
    forged = replace(value, owner=replace(value.owner, name="别的公司"))
    assert fingerprint(canonical("certificate", value)) != fingerprint(
        canonical("certificate", forged)
    )


def test_a_float_has_no_canonical_form() -> None:
    with pytest.raises(TypeError):
        canonical("x", (1.5,))


def test_a_month_is_written_as_its_number() -> None:
    assert canonical("x", Month(2026, 7)) == '{"kind":"x","value":"2026-07"}'


FAILED_SINCE = offices.TESTED + 7 * offices.DAY


def again(duty: Duty, status: Status, set_name: str = "main") -> ClientMonth:
    """Return a client whose restore was proven on 12 July, and what came a week later."""
    first = offices.told(
        "c001", "restore_test", offices.TESTED, snapshot=KEPT, figures=offices.PROVEN
    )
    later = offices.told("c001", duty, FAILED_SINCE, status, set_name=set_name)
    points = [offices.point("c001", n) for n in range(1, 39)]
    return offices.of("c001", points, [*offices.nights("c001"), first, later])


KEPT = "main-000018-1a2b3c4d"


def words(letter: Letter) -> str:
    return "".join(letter.text.split())


@pytest.mark.parametrize("status", ["failed", "partial"])
def test_a_newer_test_that_did_not_pass_ends_a_certificate(status: Status) -> None:
    assert certificate(again("restore_test", status)).subject.startswith("【失败】")


def test_damage_found_since_the_last_proof_ends_a_certificate() -> None:
    made = certificate(again("validation", "failed", "*"))
    assert made.subject.startswith("【失败】")
    assert "备份库中发现数据损坏或缺失" in words(made)
    assert GREEN not in made.html


def test_a_restore_proven_after_damage_was_found_is_certified() -> None:
    damage = offices.told("c001", "validation", offices.NIGHT, "failed", set_name="*")
    tested = offices.told(
        "c001", "restore_test", offices.TESTED, snapshot=KEPT, figures=offices.PROVEN
    )
    points = [offices.point("c001", n) for n in range(1, 39)]
    client = offices.of("c001", points, [damage, *offices.nights("c001"), tested])
    assert certificate(client).subject.startswith("【系统已证实】")


def test_a_newer_test_that_did_not_end_is_told_on_the_certificate() -> None:
    made = certificate(again("restore_test", "inconclusive"))
    assert made.subject.startswith("【系统已证实】")
    assert "2026年7月20日又做过一次恢复测试，但没有做完" in words(made)


def test_a_client_without_a_complete_backup_point_is_not_certified() -> None:
    tested = offices.told("c001", "restore_test", offices.TESTED, figures=offices.PROVEN)
    torn = [offices.point("c001", n, partial=True) for n in range(1, 39)]
    assert certificate(offices.of("c001", torn, [tested])).subject.startswith("【无证据】")


def test_a_certificate_says_when_its_backup_point_is_no_longer_kept() -> None:
    said = "上列备份点已不再保留"
    tested = offices.told(
        "c001", "restore_test", offices.TESTED, snapshot=KEPT, figures=offices.PROVEN
    )
    left = [offices.point("c001", n) for n in range(30, 39)]
    assert said in words(certificate(offices.of("c001", left, [tested])))
    assert said not in words(certificate(offices.sound()))


@pytest.mark.parametrize("kind", ["certificate", "statement"])
def test_a_source_never_tried_where_it_runs_is_named(kind: str) -> None:
    client = offices.sound()
    untried = replace(client, sets=(replace(client.sets[0], unaccepted=("erp",)),))
    made = {"certificate": certificate, "statement": statement}[kind](untried)
    assert "未经真机验证：数据来源erp尚未通过验收" in words(made)


def test_a_copy_that_lags_is_in_the_summary_s_first_sentence() -> None:
    value = offices.agency(offices.sound(), amiss=(("mirror", "failed"),))
    made = render_monthly(value, number=1, language=CHINESE)
    assert made.subject.startswith("【失败】")
    assert "客户全部正常，本机构自有数据异常" in made.subject
    assert "机构自身截至期末仍有异常：副本滞后" in words(made)


def test_a_client_nobody_ever_restored_is_not_said_to_be_tested_in_part() -> None:
    assert "恢复测试尚未覆盖全部数据" in words(statement(offices.untested()))


def test_a_statement_says_that_an_older_proof_is_not_the_newest_word() -> None:
    said = words(statement(offices.differing()))
    assert "最近一次恢复测试（2026年7月20日）未通过；以下为此前最后一次通过的测试。" in said
    assert "未通过；以下为" not in words(statement(offices.sound()))


def test_a_statement_does_not_call_damaged_bytes_whole() -> None:
    found_whole = "逐字节回读，完整无缺"
    damage = offices.told("c001", "validation", FAILED_SINCE, "failed", set_name="*")
    well = offices.told("c001", "validation", offices.TESTED, set_name="*")
    points = [offices.point("c001", n) for n in range(1, 39)]
    assert found_whole not in words(statement(offices.of("c001", points, [well, damage])))
    assert found_whole in words(statement(offices.of("c001", points, [well])))


def test_a_client_whose_books_differ_is_not_said_to_have_had_none_checked() -> None:
    table = words(monthly(offices.differing())).rpartition("全部客户")[2]
    assert "未做账务核对" not in table.partition("签字盖章")[0]


def test_a_restored_point_that_lacks_something_is_certified_as_such() -> None:
    tested = offices.told(
        "c001", "restore_test", offices.TESTED, snapshot=KEPT, figures=offices.PROVEN
    )
    points = [offices.point("c001", n, partial=n == 18) for n in range(1, 39)]
    made = certificate(offices.of("c001", points, [tested]))
    assert made.subject.startswith("【备份不完整】")
    assert GREEN not in made.html


@pytest.mark.parametrize(
    ("figures", "said"),
    [((SUSPICIOUS,), "出现突变，尚无人确认"), ((), "不完整或发现问题")],
    ids=["suspicious", "partial"],
)
def test_a_certificate_tells_of_a_last_backup_that_is_not_well(
    figures: tuple[tuple[str, int], ...], said: str
) -> None:
    last = offices.NIGHT + 37 * offices.DAY
    tested = offices.told(
        "c001", "restore_test", offices.TESTED, snapshot=KEPT, figures=offices.PROVEN
    )
    night = offices.told("c001", "backup", last, "partial", figures=figures)
    points = [offices.point("c001", n) for n in range(1, 39)]
    unchecked = words(certificate(offices.of("c001", points, [tested, night])))
    assert said in unchecked.partition("未核对的内容")[2]
    assert said not in words(certificate(offices.sound()))


def test_clients_without_a_backup_point_are_not_left_out_of_the_picture_unsaid() -> None:
    said = "另有1户的备份集没有备份点，未画入图中"
    assert said in words(monthly(offices.sound(), offices.unknown()))
    assert said not in words(monthly(offices.sound()))


def test_a_line_of_the_promise_is_drawn_only_where_there_is_but_one() -> None:
    weekly = offices.sound("c002")
    weekly = replace(weekly, sets=(replace(weekly.sets[0], every=7 * offices.DAY),))
    alone = dict(charts(offices.agency(offices.sound()), pen(CHINESE)))["最多丢失时长"]
    mixed = dict(charts(offices.agency(offices.sound(), weekly), pen(CHINESE)))["最多丢失时长"]
    assert alone.target == (24, "约定值")
    assert mixed.target is None
    assert "约定不超过 24小时 – 168小时" in mixed.alt
