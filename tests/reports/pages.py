"""A page with every form of section, as a letter could have it."""

from datetime import UTC, datetime

from baozhang.words import CHINESE
from reports import telling
from reports.page import (
    Card,
    Cards,
    Chart,
    Fact,
    Page,
    Pairs,
    Picture,
    Remark,
    Row,
    Section,
    Series,
    Signatures,
    Table,
    Tally,
    Words,
)
from reports.writing import pen

WORDS = {
    "zh_CN": (
        "示例信件", "2026年7月", "客户", "1 户正常，1 户失败。", "与上月相比", "本月没有变化。",
        "数据", "客户数", "需要处理", "请核对凭证。", "全部客户", "文件数", "最多丢失时长", "小时",
        "最长", "中位数", "目标 24 小时", "恢复用时", "分钟", "用时", "各类异常", "件", "来源",
        "文件", "致客户", "本月贵公司的账套每天备份一次。", "签字盖章", "编制人", "复核人",
        "档案号：________", "报告依据", "数据 SHA-256", "信件编号",
    ),
    "en": (
        "Example letter", "July 2026", "client", "1 client fine, 1 failed.", "What changed",
        "Nothing changed this month.", "Figures", "Clients", "Needs attention",
        "Compare the voucher.", "All clients", "Files", "Greatest loss", "hours", "longest",
        "median", "target 24 hours", "Time to restore", "minutes", "took", "Exceptions by kind",
        "cases", "source", "file", "To our client", "Your books were backed up once a day.",
        "Signature and stamp", "Prepared by", "Reviewed by", "Archive number: ________", "Evidence",
        "SHA-256 of the figures", "Letter number",
    ),
}  # fmt: skip
FINGERPRINT = "0c3a7974bc53200d5a81af135500f718a95f4cd3327f3c9b083131ee494b423c"


def charts(language: str = CHINESE) -> tuple[Chart, Chart, Chart]:
    """Return one chart of each form; the first has a gap of two days."""
    said = WORDS[language]
    loss = tuple(None if day in (8, 9) else 20.0 + day * 7 % 9 for day in range(1, 32))
    days = tuple(f"7-{day}" for day in range(1, 32))
    half = tuple(None if value is None else value * 0.6 for value in loss)
    return (
        Chart("lines", said[12], said[13], days, (Series(said[14], loss), Series(said[15], half)),
              f"{said[12]}: 20–28 {said[13]}", (24.0, said[16])),
        Chart("bars", said[17], said[18], ("c001", "c002", "c003"),
              (Series(said[19], (4.1, None, 12.5)),), f"{said[17]}: 4.1, –, 12.5 {said[18]}"),
        Chart("stacked", said[20], said[21], ("5", "6", "7"),
              (Series(said[22], (5, 3, 2)), Series(said[23], (2, 0, 1))),
              f"{said[20]}: 7, 3, 3 {said[21]}"),
    )  # fmt: skip


def sections(language: str = CHINESE, *, rows: int = 60) -> tuple[Section, ...]:
    """Return one section of each form; the table is longer than a page."""
    said, write = WORDS[language], pen(language)
    well, failed = telling.mark("ok", write), telling.mark("failed", write)
    card = Card("c002/main", failed, "main-000031-5e6f7a8b", (Remark(said[9], said[9], ""),), "")
    lines = tuple(
        Row(f"c{i:03d}/main", failed if i == 2 else well, (write.number(i * 1000),), (said[9],))
        for i in range(1, rows + 1)
    )
    return (
        Pairs(said[4], (), said[5]),
        Tally(said[6], ((well, 1), (failed, 1)), (Fact(said[7], "2"),)),
        Cards(said[8], (card,)),
        *(Picture(each.title, each) for each in charts(language)),
        Words(said[24], (said[25], said[5])),
        Table(said[10], said[2], (said[11],), lines),
        Signatures(said[26], (said[27], said[28]), said[29]),
    )


def page(language: str = CHINESE, *, sample: bool = False, **changed: object) -> Page:
    """Return the page; `changed` replaces what it says."""
    said = WORDS[language]
    values: dict[str, object] = {
        "kind": "monthly",
        "number": 7,
        "language": language,
        "audience": "client",
        "reader": said[2],
        "title": said[0],
        "period": said[1],
        "sample": sample,
        "verdict": telling.mark("failed", pen(language)),
        "sentence": said[3],
        "sections": sections(language),
        "evidence": Pairs(said[30], (Fact(said[32], "000007"), Fact(said[31], FINGERPRINT))),
        "fingerprint": FINGERPRINT,
        "subject": f"{said[0]} {said[1]}",
        "file_name": f"{said[0]}_000007_2026-07",
        "as_of": datetime(2026, 7, 31, 16, 0, tzinfo=UTC),
        **changed,
    }
    return Page(**values)  # type: ignore[arg-type]
