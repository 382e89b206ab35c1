"""Audits for tests: a small one in which every situation occurs, and one over the real controls."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from baozhang.governance.controls import catalogue, controls
from baozhang.governance.judging import Judged, judge, lines
from baozhang.governance.model import Control, Evidence, Item, Period, Section, Status, Test, Words
from baozhang.words import CHINESE
from reports.audit_laws import articles
from reports.audit_value import (
    Action,
    AuditValue,
    Before,
    Note,
    Readiness,
    Sample,
    Signed,
)

AT = datetime(2026, 10, 31, 16, tzinfo=UTC)
DAY = timedelta(days=1)
PERIOD = Period(date(2026, 10, 1), date(2026, 10, 31))
OWNERS = (
    ("gm", "wang"),
    ("it_owner", "zhang"),
    ("security_officer", "zhang"),
    ("backup_owner", "zhang"),
    ("compliance_officer", "wang"),
    ("client_manager", "li"),
    ("marketing_owner", "li"),
    ("partner_owner", "li"),
    ("finance_owner", "li"),
    ("hr_owner", "li"),
    ("accounting_lead", "chen"),
    ("incident_commander", "zhang"),
    ("on_call", "zhang"),
)
"""Who answers for what in the office of the tests."""


def words(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


def said(language: str, zh: str, en: str) -> str:
    """Return a sentence of evidence: the tests need no catalogue of twins."""
    return zh if language == CHINESE else en


def evidence(control: str, says: str, **more: object) -> Evidence:
    """Return a passing record of yesterday, or what is asked for beside it."""
    made: dict[str, object] = {
        "control": control,
        "source": "auto",
        "result": "pass",
        "effective": AT - DAY,
        "received": AT - DAY,
        "says": says,
        "digest": hashlib.sha256(control.encode()).hexdigest(),
    }
    return Evidence.model_validate({**made, **more})


# --- the small one -----------------------------------------------------------------------------

SECTIONS = (
    Section(id="A3", title=words("备份存储与维护", "Storage and upkeep")),
    Section(id="B19", title=words("品牌建设与推广", "Brand building and promotion")),
    Section(id="AP", title=words("服务见解（备份）", "Principles of backup")),
)
ITEMS = tuple(
    Item(id=id_, title=words(zh, en))
    for id_, zh, en in (
        ("A3.1", "存储环境", "Storage environment"),
        ("A3.2", "定期检查", "Regular inspection"),
        ("A3.3", "数据迁移", "Moving data"),
        ("A3.4", "数据更新", "Refreshing data"),
        ("A3.5", "数据销毁", "Destroying data"),
        ("A3.6", "数据恢复", "Restoring data"),
        ("B19.1", "品牌定位", "Brand position"),
        ("B19.2", "品牌传播", "Spreading the brand"),
        ("AP.1", "安全第一", "Safety first"),
    )
)


def control(id_: str, title: Words, items: tuple[str, ...], source: str, **more: object) -> Control:
    made: dict[str, object] = {
        "id": id_,
        "title": title,
        "items": items,
        "flows": ("backup",),
        "owner": "backup_owner",
        "cadence": "continuous" if source == "auto" else "yearly",
        "source": source,
        "fresh": 45,
        "severity": "medium",
        "proof": None if source == "auto" else words("证明文件", "A document"),
        "remedy": words("由责任人补齐证据。", "Have the owner supply the evidence."),
    }
    return Control.model_validate({**made, **more})


RHYTHM = Test(kind="rhythm", args={"duty": "validation"})
LOG = Test(kind="log")
CONTROLS = (
    control("storage.room", words("机房环境", "The server room"), ("A3.1",), "attested"),
    control(
        "backup.verify",
        words("定期完整性校验", "Regular verification"),
        ("A3.2", "AP.1"),
        "auto",
        tests=(RHYTHM,),
        flows=("backup", "validation"),
        articles=("vouchers", "activate-plan"),
    ),
    control(
        "backup.refresh",
        words("每晚备份", "Nightly backup"),
        ("A3.4",),
        "auto",
        tests=(Test(kind="rhythm", args={"duty": "backup"}), LOG),
        severity="high",
        remedy=words("查明缺失的备份并当日补做。", "Find the missing backups; make them today."),
    ),
    control(
        "copies.move",
        words("介质更换", "Change of media"),
        ("A3.3",),
        "both",
        owner="it_owner",
        tests=(LOG,),
    ),
    control(
        "data.destroy", words("销毁登记", "Destruction register"), ("A3.5",), "attested", owner="gm"
    ),
    control("restore.test", words("恢复测试", "Restore test"), ("A3.6",), "both", fresh=30),
    control(
        "brand.position",
        words("品牌定位评审", "Review of the brand"),
        ("B19.1", "B19.2"),
        "attested",
        yearly_page=True,
        owner="marketing_owner",
        severity="low",
        fresh=400,
    ),
)


def _pieces(language: str) -> Iterator[Evidence]:
    people = {"source": "attested", "by": ("zhang",), "checked_by": "wang"}
    photo = said(language, "机房温湿度记录与照片", "Photographs and records of the room")
    yield evidence("storage.room", photo, **{**people, "effective": AT - 9 * DAY})
    yield evidence(
        "backup.verify",
        said(
            language,
            "{sets} 个备份集全部按期完成完整性校验",
            "All {sets} sets were verified in time",
        ),
        test=RHYTHM.name,
        facts={"sets": 24},
        refs=("run:validation-2026-10-30",),
    )
    yield evidence(
        "backup.refresh",
        said(
            language,
            "{sets} 个备份集中有 {gaps} 个未按期备份，最长间隔 {days} 天",
            "{gaps} of {sets} sets were not backed up in time, at worst for {days} days",
        ),
        test="rhythm duty=backup",
        result="fail",
        facts={"sets": 24, "gaps": 2, "days": 3},
        refs=("run:backup-2026-10-30", "letter:night/000030"),
    )
    yield evidence(
        "copies.move",
        said(language, "审计日志首尾相符", "The audit log agrees with its head"),
        test=LOG.name,
        effective=AT - 80 * DAY,
        received=AT - 80 * DAY,
        refs=("audit:1042",),
    )
    own = said(language, "品牌评审纪要", "Minutes of the brand review")
    yield evidence("brand.position", own, **{**people, "by": ("li",), "checked_by": "li"})


DUES = (("data.destroy", AT - 9 * DAY),)


def _judged(
    known: Iterable[Control], pieces: tuple[Evidence, ...], dues: tuple[tuple[str, datetime], ...]
) -> list[tuple[Control, Judged]]:
    due = dict(dues)
    return [(each, judge(each, pieces, at=AT, due=due.get(each.id))) for each in known]


def value(
    sections: tuple[Section, ...],
    items: tuple[Item, ...],
    known: tuple[Control, ...],
    pieces: tuple[Evidence, ...],
    dues: tuple[tuple[str, datetime], ...] = (),
) -> AuditValue:
    """Return an audit of these controls by this evidence."""
    judged = _judged(known, pieces, dues)
    return AuditValue(
        agency="示例代理记账有限公司",
        audit="a-2026-10",
        period=PERIOD,
        at=AT,
        sections=sections,
        controls=known,
        lines=lines(items, judged),
        evidence=pieces,
        owners=OWNERS,  # type: ignore[arg-type]
        dues=dues,
        articles=articles([(each, found.status) for each, found in judged]),
        seed="a-2026-10",
    )


@cache
def small(language: str = CHINESE) -> AuditValue:
    """Return a signed audit of three sections in which every status and mark occurs."""
    pieces = tuple(_pieces(language))
    failed = next(each for each in pieces if each.result == "fail")
    before: dict[str, Status] = {
        "A3.1": "not evidenced",
        "A3.2": "proven",
        "A3.3": "proven",
        "A3.4": "proven",
    }
    return replace(
        value(SECTIONS, ITEMS, CONTROLS, pieces, DUES),
        before=Before("a-2026-09", date(2026, 9, 30), tuple(before.items())),
        samples=(
            Sample(
                said(language, "十月的备份结果", "Outcomes of backups in October"),
                744,
                3,
                "a-2026-10",
                ("run-17", "run-244", "run-601"),
                ("run-244",),
            ),
        ),
        actions=(
            Action(
                "ca-001",
                "backup.refresh",
                failed.says,
                "high",
                "zhang",
                date(2026, 10, 1),
                date(2026, 10, 15),
                times=2,
                facts=tuple(failed.facts.items()),
                evidence=failed.id,
            ),
            Action(
                "ca-002",
                "backup.verify",
                said(language, "有一次校验迟到", "One verification was late"),
                "medium",
                "zhang",
                date(2026, 9, 2),
                date(2026, 10, 2),
                closed=date(2026, 9, 30),
            ),
        ),
        independence=(
            Note(
                said(
                    language,
                    "{person} 参与了 {count} 条所依据的证据",
                    "{person} had a hand in the evidence of {count} lines",
                ),
                (("person", "wang"), ("count", 1)),
            ),
        ),
        readiness=Readiness(
            incidents=1,
            slowest_recovery=timedelta(hours=1, minutes=52),
            drills=3,
            drills_passed=2,
            slowest_drill=timedelta(minutes=47),
            objective=timedelta(hours=4),
            newest_drill=date(2026, 10, 20),
            people=2,
        ),
        pack="a-2026-10.zip",
        pack_digest="c0ffee" + "0" * 58,
        signed=(Signed("wang", "auditor", AT + DAY),),
    )


# --- the whole one -----------------------------------------------------------------------------


@cache
def empty() -> AuditValue:
    """Return the audit of a site that has no evidence at all."""
    known = catalogue()
    return value(known.sections, known.items, controls(), ())


@cache
def whole(language: str = CHINESE) -> AuditValue:
    """Return an audit over all controls of the product, with evidence for about half of them."""
    known, every = catalogue(), controls()
    pieces = tuple(
        piece
        for place, each in enumerate(every)
        if place % 7
        for piece in _made(each, place, language)
    )
    dues = tuple(
        (each.id, AT - (place % 40) * DAY) for place, each in enumerate(every) if place % 5
    )
    found = value(known.sections, known.items, every, pieces, dues)
    then = value(known.sections, known.items, every, pieces[::2])
    statuses = tuple((each.item.id, each.status) for each in then.lines)
    return replace(
        small(language),
        sections=known.sections,
        controls=every,
        lines=found.lines,
        evidence=pieces,
        dues=dues,
        articles=found.articles,
        before=Before("a-2026-09", date(2026, 9, 30), statuses),
    )


def _made(each: Control, place: int, language: str) -> Iterator[Evidence]:
    for test in each.tests:
        shown = said(language, "{n} 个备份集全部符合要求", "All {n} sets do what they have to do")
        missed = said(
            language,
            "{n} 个备份集中有 2 个不符合要求",
            "2 of {n} sets did not do what they have to",
        )
        fails = place % 11 == 3
        yield evidence(
            each.id,
            missed if fails else shown,
            test=test.name,
            result="fail" if fails else "pass",
            facts={"n": 20 + place},
            refs=(f"run:backup-2026-10-{place % 30 + 1:02d}",),
            effective=AT - (400 * DAY if place % 13 == 5 else DAY),
        )
    if each.source != "auto" and place % 3:
        yield evidence(
            each.id,
            said(language, "签到表、试卷与成绩汇总", "Attendance, papers and results"),
            source="attested",
            by=("zhang",),
            checked_by="" if place % 17 == 1 else "wang",
            effective=AT - (place % 60 + 1) * DAY,
            refs=(f"entry:attestations/at-{place:03d}/1",),
        )
