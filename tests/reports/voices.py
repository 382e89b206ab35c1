"""Satisfaction reports and survey letters to lay out: a full round, and a month with little."""

from datetime import UTC, date, datetime, timedelta

from baozhang.governance.voice.calendar import Hit
from baozhang.governance.voice.records import MEASURES, Answer
from baozhang.governance.voice.rules import questionnaires, rules
from baozhang.governance.voice.scores import difference, estimate
from baozhang.governance.voice.themes import tally
from baozhang.governance.voice.trust import curve
from reports.satisfaction_value import (
    CallTold,
    Comment,
    ImprovementTold,
    IssueTold,
    Past,
    Satisfaction,
)
from reports.survey import Survey

AT = datetime(2026, 12, 12, 1, 0, tzinfo=UTC)
DAY = date(2026, 12, 12)
SCORES = {
    "csat": [5, 5, 4, 4, 4, 3, 5, 2, 4, 5, 4, 1],
    "nps": [10, 9, 8, 9, 7, 6, 10, 3, 8, 9, 10, 0],
    "ces": [7, 6, 6, 5, 6, 4, 7, 2, 5, 6, 6, 1],
}
EARLIER = {
    "csat": [5, 5, 5, 5, 4, 5, 4, 5, 5, 4],
    "nps": [10, 9, 9, 9, 8, 10, 9, 7, 9, 10],
    "ces": [7, 6, 6, 6, 6, 7, 6, 6, 7, 6],
}
COMMENTS = (
    Comment("c008", "出事以后三天才有人打电话，数据什么时候恢复也说不清。", low=True),
    Comment("c012", "<b>申报</b>晚了两天，滞纳金谁出？", low=True),
    Comment("c003", "Our accountant is patient and explains everything.", low=False),
    Comment("c005", "还可以。", low=False),
)


def answers(first: date, step: int, **scores: int) -> list[Answer]:
    """Return an answer of each client, some days apart from each other by `step` hours."""
    begin = datetime(first.year, first.month, first.day, 2, tzinfo=UTC)
    return [
        Answer(
            wave="w-x",
            client=client,
            answered_at=begin + timedelta(hours=step * n),
            channel="page",
            csat=score,
            recorded_by="test",
        )
        for n, (client, score) in enumerate(scores.items())
    ]


def found_after() -> list[Answer]:
    """Return answers around an incident: those it hit fall, and come back in part."""
    hit = [f"c{n:03d}" for n in range(1, 9)]
    others = [f"c{n:03d}" for n in range(20, 30)]
    whole: list[Answer] = []
    for first, ours, theirs in (
        (date(2026, 3, 1), (5, 5, 4, 4, 5, 4, 5, 3), (5, 4, 5, 4, 5, 4, 3, 5, 4, 5)),
        (date(2026, 5, 10), (2, 1, 4, 3, 2, 1, 3, 2), (5, 4, 5, 4, 4, 4, 3, 5, 4, 5)),
        (date(2026, 7, 10), (4, 3, 4, 3, 4, 2, 3, 4), (4, 4, 5, 4, 5, 4, 3, 5, 5, 5)),
    ):
        whole += answers(first, 1, **dict(zip(hit, ours, strict=True)))
        whole += answers(first, 1, **dict(zip(others, theirs, strict=True)))
    return whole


def full(*, sample: bool = False) -> Satisfaction:
    """Return a round with everything that can be shown."""
    minimum = rules().minimum
    hit = Hit(
        "i-20260501-01",
        frozenset(f"c{n:03d}" for n in range(1, 9)),
        date(2026, 5, 1),
        date(2026, 5, 4),
    )
    line = curve(hit, found_after(), stretches=rules().curve, troubled=(), minimum=minimum, day=DAY)
    assert line is not None
    past = [
        Past("w-2026h1", estimate("csat", EARLIER["csat"], of=18, minimum=minimum)),
        Past("w-2026h2", estimate("csat", SCORES["csat"], of=20, minimum=minimum)),
    ]
    counts = tuple(SCORES["nps"].count(score) for score in range(11))
    return Satisfaction(
        period="w-2026h2",
        scope="half-yearly",
        first=date(2026, 11, 20),
        last=date(2026, 12, 10),
        at=AT,
        incident="",
        asked=20,
        answered=12,
        excluded=(("unknown", 3), ("refused", 2), ("asked-lately", 1)),
        through=(("page", 7), ("import", 2), ("phone", 3)),
        estimates=tuple(estimate(m, SCORES[m], of=20, minimum=minimum) for m in MEASURES),
        before="w-2026h1",
        changes=tuple(difference(m, SCORES[m], EARLIER[m], minimum=minimum) for m in MEASURES),
        nps=counts,
        past=tuple(past),
        themes=tally(each.text for each in COMMENTS),
        comments=COMMENTS,
        curves=(line,),
        issues=(
            IssueTold("f-0003", "c008", "complaint", "open", confirmed=False, owner="wang",
                      due=date(2026, 12, 5), age=8, overdue=True),
            IssueTold("f-0002", "c001", "question", "resolved", confirmed=True, owner="wang",
                      due=date(2026, 12, 1), age=2, overdue=False),
        ),
        calls=(
            CallTold("c012", ("csat=1", "nps=0", "ces=1"), "wang", date(2026, 12, 10), None, "",
                     overdue=True),
            CallTold("c008", ("csat=2",), "wang", date(2026, 12, 3), date(2026, 12, 2), "settled",
                     overdue=False),
        ),
        improvements=(
            ImprovementTold("m-0001", "出事后一小时内给每个客户打电话", "nps", "wang", "w-2026h1",
                            "w-2026h2",
                            difference("nps", SCORES["nps"], EARLIER["nps"], minimum=minimum),
                            date(2026, 6, 30), date(2026, 7, 1), overdue=False),
            ImprovementTold("m-0002", "申报前三天发提醒", "csat", "zhang", "w-2026h2", "", None,
                            date(2027, 1, 31), None, overdue=False),
        ),
        minimum=minimum,
        sample=sample,
    )  # fmt: skip


def few(*, sample: bool = False) -> Satisfaction:
    """Return a month in which three clients answered and nothing is owed."""
    minimum, scores = rules().minimum, [4, 5, 3]
    return Satisfaction(
        period="2026-11",
        scope="month",
        first=date(2026, 11, 1),
        last=date(2026, 11, 30),
        at=AT,
        incident="",
        asked=14,
        answered=3,
        excluded=(),
        through=(("phone", 3),),
        estimates=tuple(estimate(m, scores, of=14, minimum=minimum) for m in MEASURES),
        before="",
        changes=(),
        nps=(),
        past=(),
        themes=tally(()),
        comments=(),
        curves=(),
        issues=(),
        calls=(),
        improvements=(),
        minimum=minimum,
        sample=sample,
    )


def survey(*, page: str = "https://www.example.cn/survey", **changes: object) -> Survey:
    """Return what one client is asked."""
    version = "q1-incident" if changes.get("kind") == "after-incident" else "q1"
    told: dict[str, object] = {
        "wave": "w-2026h2",
        "kind": "half-yearly",
        "client": "c001",
        "agency": "示例代理记账有限公司",
        "lead": "张三",
        "line": "",
        "code": "k7mfq2xw9c",
        "version": version,
        "form": questionnaires()[version].digest,
        "page": page,
        "asked": date(2026, 11, 20),
        "closes": date(2026, 12, 10),
        "at": datetime(2026, 11, 20, 1, tzinfo=UTC),
        "names": ("示例商贸有限公司", "陈经理"),
    }
    return Survey(**(told | changes))  # type: ignore[arg-type]
