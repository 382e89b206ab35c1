"""Runs to write letters about: small, fixed, and with figures a reader can add up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from baozhang.catalog.model import Duty, Finding, Outcome, Run, Status
from baozhang.words import CHINESE, ENGLISH

DAY = date(2026, 7, 31)
TEN_AT_NIGHT = datetime(2026, 7, 31, 14, 0, tzinfo=UTC)  # 22:00 in Shanghai


def outcome(
    client: str,
    status: Status = "ok",
    *,
    duty: Duty = "backup",
    set_name: str = "main",
    run: str = "backup-2026-07-31-8f3a",
    start: int = 0,
    seconds: float = 3.2,
    snapshot: str = "",
    findings: tuple[Finding, ...] = (),
    **figures: int,
) -> Outcome:
    """Return an outcome; `figures` named `debit_EUR` stand for `debit_minor:EUR`."""
    money = {"debit_": "debit_minor:", "credit_": "credit_minor:"}
    named = []
    for name, value in figures.items():
        for short, full in money.items():
            name = full + name.removeprefix(short) if name.startswith(short) else name
        named.append((name, value))
    started = TEN_AT_NIGHT + timedelta(seconds=start)
    return Outcome(
        run=run,
        duty=duty,
        client=client,
        set=set_name,
        status=status,
        started=started,
        ended=started + timedelta(seconds=seconds),
        snapshot=snapshot,
        findings=findings,
        figures=tuple(named),
    )


def night(*outcomes: Outcome, day: date = DAY, run: str = "backup-2026-07-31-8f3a") -> Run:
    return Run(id=run, duty="backup", day=day, outcomes=outcomes)


def perfect_night(day: date = DAY) -> Run:
    return night(
        outcome(
            "c001",
            snapshot="main-000031-1a2b3c4d",
            files=128,
            bytes=48_213_004,
            bytes_added=1_204_113,
            books=1,
            vouchers=1_842,
            lines=6_203,
        ),
        outcome(
            "c002",
            snapshot="main-000031-5e6f7a8b",
            files=97,
            bytes=36_118_240,
            bytes_added=803_552,
            books=1,
            vouchers=1_120,
            lines=4_377,
            start=3,
            seconds=2.8,
        ),
        outcome(
            "c003",
            snapshot="main-000030-9c0d1e2f",
            files=211,
            bytes=90_554_871,
            bytes_added=0,
            books=2,
            vouchers=3_006,
            lines=11_940,
            start=6,
            seconds=75,
        ),
        outcome(
            "fec",
            snapshot="main-000012-3a4b5c6d",
            files=2,
            bytes=1_830_442,
            bytes_added=1_830_442,
            books=1,
            vouchers=2_613,
            lines=10_756,
            start=81,
        ),
        day=day,
    )


def finding(
    spoken: str, english: str, chinese: str, hints: tuple[str, str], **facts: str | int
) -> Finding:
    """Return a finding whose template is written in the language spoken: it needs no twin."""
    say = chinese if spoken == CHINESE else english
    return Finding(say, tuple(facts.items()), hint=hints[spoken == CHINESE])


def troubled_night(spoken: str = ENGLISH) -> Run:
    unreadable = finding(
        spoken,
        "{count} files could not be read, the first is {path}",
        "{count} 个文件无法读取，第一个是 {path}",
        (
            "Check the rights of the inbox folder, then back up client {client} again.",
            "请检查收件文件夹的权限，然后重新备份客户 {client}。",
        ),
        count=3,
        path="2026/发票/扫描件 0417.pdf",
        client="c003",
    )
    dead = finding(
        spoken,
        "the source of client {client} cannot be reached: {reason}",
        "客户 {client} 的数据来源无法连接：{reason}",
        (
            "Switch the office server on and run `baozhang backup --client {client}`.",
            "请打开办公室服务器，然后运行 `baozhang backup --client {client}`。",
        ),
        client="c002",
        reason="[Errno 113] No route to host",
    )
    well = perfect_night()
    partial = outcome(
        "c003", "partial", snapshot="main-000031-0f1e2d3c", files=208, bytes=90_101_200,
        bytes_added=12_400, books=2, vouchers=3_006, lines=11_940, start=6, seconds=75,
        findings=(replace(unreadable, severity="warning"),),
    )  # fmt: skip
    failed = outcome("c002", "failed", start=3, seconds=31.5, findings=(dead,))
    return night(well.outcomes[0], failed, partial, well.outcomes[3])


RESTORE_RUN = "restore_test-2026-07-31-77c0"


def failed_restore_test(spoken: str = ENGLISH) -> Run:
    """One set proven, one with bytes only, one whose books differ by a cent, one not ended."""
    differs = finding(
        spoken,
        "voucher {voucher} of {period}: account {account} differs by {difference} {currency}",
        "{period} 记账凭证 {voucher}：科目 {account} 相差 {difference} {currency}",
        (
            "Compare voucher {voucher} with the source, then restore the snapshot before it.",
            "请将记账凭证 {voucher} 与源账套核对，再恢复前一个备份点。",
        ),
        voucher="记-12",
        period="2026-03",
        account="1002",
        difference="0.01",
        currency="CNY",
    )
    stopped = finding(
        spoken,
        "the sandbox has no room for {bytes} bytes",
        "隔离环境空间不足，需要 {bytes} 字节",
        (
            "Make room below the scratch folder and run the restore test again.",
            "请腾出临时文件夹的空间，然后重新运行恢复测试。",
        ),
        bytes=90_554_871,
    )
    return Run(RESTORE_RUN, "restore_test", DAY, (
        outcome("c001", duty="restore_test", run=RESTORE_RUN, snapshot="main-000031-1a2b3c4d",
                files=128, bytes=48_213_004, books=1, vouchers=1_842, lines=6_203,
                debit_CNY=1_204_518_833, credit_CNY=1_204_518_833, seconds_ms=4_120),
        outcome("c001", duty="restore_test", run=RESTORE_RUN, set_name="contracts", start=5,
                snapshot="contracts-000004-aa01bb02", files=41, bytes=20_113_870,
                seconds_ms=1_480),
        outcome("c002", "failed", duty="restore_test", run=RESTORE_RUN, start=7,
                snapshot="main-000032-5e6f7a8b", files=97, bytes=36_118_240, books=1,
                vouchers=1_120, lines=4_377, debit_CNY=88_120_001, credit_CNY=88_120_000,
                seconds_ms=3_075, findings=(differs,)),
        outcome("c003", "inconclusive", duty="restore_test", run=RESTORE_RUN, start=11,
                snapshot="main-000031-0f1e2d3c", seconds=0.4, findings=(stopped,)),
        outcome("fec", duty="restore_test", run=RESTORE_RUN, snapshot="main-000012-3a4b5c6d",
                start=12, files=2, bytes=1_830_442, books=1, vouchers=2_613, lines=10_756,
                debit_EUR=825_808_373, credit_EUR=825_808_373, seconds_ms=905),
    ))  # fmt: skip


def passed_restore_test() -> Run:
    whole = failed_restore_test()
    return Run(whole.id, whole.duty, whole.day, (whole.outcomes[0], whole.outcomes[4]))


def damaged_validation(spoken: str = ENGLISH) -> Run:
    run = "validation-2026-07-31-10be"
    damage = finding(
        spoken,
        "object {object} is damaged: snapshot {snapshot} cannot give back {files} files",
        "对象 {object} 已损坏：备份点 {snapshot} 有 {files} 个文件无法恢复",
        (
            "Run `baozhang vault verify --read-data`, then repair from the mirror.",
            "请运行 `baozhang vault verify --read-data`，然后用副本修复。",
        ),
        object="packs/9f3c71",
        snapshot="main-000031-5e6f7a8b",
        files=12,
    )
    return Run(run, "validation", DAY, (
        outcome("c001", duty="validation", run=run, set_name="*", objects=42,
                bytes=40_118_204, damaged=0),
        outcome("c002", "failed", duty="validation", run=run, set_name="*", objects=31,
                bytes=31_004_118,
                damaged=1, start=4, findings=(damage,)),
    ))  # fmt: skip
