"""Recoveries to write letters on: small, fixed, and with figures a reader can add up."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from baozhang.incidents.set_records import Lost, Owed, SetRecord
from baozhang.incidents.timeline import Asked, Moment, Name, Step, StopTold, Timeline, Word
from reports.actions import Actions, Listed
from reports.recovery_value import Custody, Duty, Involved, Recovery, Sent
from reports.rekey_letter import Keyed, RekeyLetter, RekeyPart
from reports.review import ReviewTold, Signed, Task, Written

FOUND = datetime(2026, 11, 20, 0, 40, tzinfo=UTC)  # 08:40 in Shanghai
POINT = datetime(2026, 11, 19, 14, 0, 12, tzinfo=UTC)
AFTER_HALF_AN_HOUR = FOUND + timedelta(minutes=30)
PLAN, CUT = "3f9a" * 16, "b07c" * 16
MINUTES: dict[Name, tuple[float, str]] = {
    "discovered": (0, "zhang"),
    "opened": (4, "zhang"),
    "paged": (5, "incident-1a2b3c4d"),
    "acknowledged": (11, "wang"),
    "stopped": (6, "incident-1a2b3c4d"),
    "scoped": (9, "incident-1a2b3c4d"),
    "planned": (9.5, "incident-1a2b3c4d"),
    "plan-asked": (9.6, "incident-1a2b3c4d"),
    "plan-approved": (24, "wang"),
    "restored": (31, "incident-1a2b3c4d"),
    "proven": (38, "incident-1a2b3c4d"),
    "cut-over-asked": (38.5, "incident-1a2b3c4d"),
    "cut-over-approved": (71, "zhao"),
    "cut-over": (73, "incident-1a2b3c4d"),
    "service-checked": (86, "zhang"),
    "lifted": (87, "incident-1a2b3c4d"),
}
LOST = Lost(3, 1, 14, 2, 61, 18_204_050, "CNY", ("2026-10", "2026-11"), readable=True)


def record(client: str = "c001", **changes: object) -> SetRecord:
    """Return a set that came back well; its last morning is to be keyed in."""
    sound = SetRecord(
        client=client,
        set="main",
        lost=LOST,
        point="main-000128-7c1d22ab",
        point_at=POINT,
        deadline=date(2026, 12, 15),
        behind=38_388,
        planned=210,
        measured_ms=184_000,
        files=128,
        bytes=52_402_118,
        books=1,
        proven=1,
        owed=Owed(True, 6, 2, 1_248_000, "CNY"),
        evidence="main-000129-09ffe1aa",
        how="atomic",
        in_use=True,
        checked=True,
        kept=True,
    )
    return replace(sound, **changes)  # type: ignore[arg-type]


def moments(*, until: Name = "lifted") -> tuple[Moment, ...]:
    """Return the moments of a recovery up to one of them."""
    names = list(MINUTES)
    return tuple(
        Moment(name, FOUND + timedelta(minutes=MINUTES[name][0]), MINUTES[name][1])
        for name in names[: names.index(until) + 1]
    )


def line(*sets: SetRecord, until: Name = "lifted", drill: str = "") -> Timeline:
    """Return a timeline of these sets."""
    asked = FOUND + timedelta(minutes=9.6)
    return Timeline(
        incident="d-20261120-01" if drill else "i-20261120-01",
        drill=drill,
        kind="ransomware",
        discovered=FOUND,
        opened=FOUND + timedelta(minutes=4),
        noticed_by="zhang",
        moments=moments(until=until),
        steps=(Step("quarantine.c001.main.x", asked, asked, 2, "incident-1a2b3c4d"),),
        gates=(Asked("plan", PLAN, asked, 1, "incident-1a2b3c4d"),),
        words=(
            Word("plan", PLAN, "wang", "approve", "code", FOUND + timedelta(minutes=24)),
            Word("cut-over", CUT, "wang", "approve", "code", FOUND + timedelta(minutes=52)),
            Word("cut-over", CUT, "zhao", "approve", "seal", FOUND + timedelta(minutes=71)),
        ),
        sets=sets,
        plans=1,
        estimate_rests_on=5,
        stop=StopTold(sources=4, read_only=3, people=2, acknowledged=2),
        struck=(),
    )


def of(timeline: Timeline, **changes: object) -> Recovery:
    """Return what is known of a recovery."""
    value = Recovery(
        timeline=timeline,
        at=FOUND + timedelta(minutes=90),
        objective=timedelta(hours=4),
        cause="财务电脑打开了邮件附件中的程序",
        events=94,
        head="5e1f" * 16,
        agency="示例代理记账有限公司",
        people=(
            Involved("zhang", ("operator", "accountant")),
            Involved("wang", ("manager", "approver")),
            Involved("zhao", ("approver",)),
        ),
        copies=(custody("c-20261120-090431"), custody("c-20261120-090512")),
        duties=DUTIES,
        notices=(
            Sent("clients", "c001", 4, AFTER_HALF_AN_HOUR, AFTER_HALF_AN_HOUR, "telephone"),
            Sent("insurer", "", 5, AFTER_HALF_AN_HOUR, None, ""),
        ),
        evidence=(("c001", "main", "main-000129-09ffe1aa", ""),),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def custody(name: str, *, ended: bool = True) -> Custody:
    """Return a decrypted copy."""
    return Custody(
        copy=name,
        client="c001",
        set="main",
        snapshot="main-000128-7c1d22ab",
        opener="incident-1a2b3c4d",
        opened=FOUND + timedelta(minutes=25),
        ended=FOUND + timedelta(minutes=88) if ended else None,
        how="removed" if ended else "",
        files=128 if ended else 0,
    )


DUTIES = (
    Duty(
        id="clients",
        to=("受影响的客户", "the clients concerned"),
        do=("书面通知数据受损情况", "tell them in writing what was harmed"),
        article="代理记账管理办法 第十四条",
        confidence="text",
        answer="yes",
        by=FOUND + timedelta(hours=24),
        lawful=True,
        missing=(),
    ),
    Duty(
        id="cyberspace",
        to=("网信部门", "the cyberspace administration"),
        do=("报告网络安全事件", "report the incident"),
        article="国家网络安全事件报告管理办法 第五条",
        confidence="page",
        answer="unknown",
        by=None,
        lawful=False,
        missing=("persons", "loss_fen"),
    ),
    Duty(
        "police", ("公安机关", "the police"), ("报案", "report"), "x", "text", "no", None, False, ()
    ),
)


def sound() -> Recovery:
    """Return a recovery after which nothing is left to do."""
    quiet = record(owed=Owed(True, 0, 0, 0, "CNY"))
    return of(line(quiet), duties=DUTIES[:1])


def mixed() -> Recovery:
    """Return a recovery of four clients, each with another end."""
    sets = (
        record("c001"),
        record("c002", books=0, proven=0, owed=Owed(False, 0, 0, 0, "")),
        record(
            "c003",
            lost=replace(LOST, readable=False),
            owed=Owed(False, 0, 0, 0, "CNY"),
            evidence="",
            how="assisted",
            checked=False,
        ),
        SetRecord("c004", "main", LOST, left_out="no-clean-point"),
    )
    return of(line(*sets), copies=(custody("c-20261120-090431", ended=False),))


def many(count: int = 200) -> Recovery:
    """Return a recovery of many clients, all with something to find out."""
    sets = [
        record(f"c{n:03d}", evidence="", owed=Owed(False, 0, 0, 0, "CNY")) for n in range(count)
    ]
    return of(line(*sets))


def halted() -> Recovery:
    """Return a recovery that came to a plan and no further."""
    waiting = record(
        point="", measured_ms=None, books=None, proven=0, owed=None, in_use=False, checked=False
    )
    return of(line(waiting, until="plan-asked"), copies=(), notices=(), duties=())


def drilled() -> Recovery:
    """Return a drill."""
    return of(line(record(), drill="lost-folder"), sample=True)


def rekey(**changes: object) -> RekeyLetter:
    """Return a client's re-key list."""
    value = RekeyLetter(
        incident="i-20261120-01",
        drill="",
        at=FOUND + timedelta(minutes=90),
        client="c001",
        name="示例商贸有限公司",
        credit_code="91310000MA1FL0000X",
        lead="zhang",
        agency="示例代理记账有限公司",
        parts=(part(),),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def part(**changes: object) -> RekeyPart:
    """Return the list of one set."""
    value = RekeyPart(
        set="main",
        snapshot="main-000128-7c1d22ab",
        evidence="main-000129-09ffe1aa",
        known=True,
        currency="CNY",
        amount=1_248_000,
        rows=(
            keyed("记-41", 800_000, "missing", ("25312000000123456789",), ("tax_account", "bank")),
            keyed("记-42", 448_000, "differs", (), ("payroll",)),
            keyed("记-39", 12_000, "extra", (), ("client",)),
            Keyed(
                "invoice", "book", "missing", "2026-11", "25312000000123456789", "2026-11-19", 0,
                904_000, 0, (), ("tax_account",),
            ),
        ),
    )  # fmt: skip
    return replace(value, **changes)  # type: ignore[arg-type]


def keyed(
    name: str, amount: int, state: str, invoices: tuple[str, ...], places: tuple[str, ...]
) -> Keyed:
    """Return a voucher of a re-key list."""
    return Keyed(
        kind="voucher",
        book="book",
        state=state,  # type: ignore[arg-type]
        period="2026-11",
        name=name,
        date="2026-11-19",
        lines=3,
        amount=amount,
        credit=amount,
        invoices=invoices,
        places=places,
    )


WHY = (
    ("why", "备份点之后的凭证丢失：当天上午的录入只在本机。", ()),
    ("why", "本机文件被恶意程序加密：附件被打开时没有拦截。", ("event:12",)),
    ("root", "财务电脑以管理员身份使用，附件中的程序可以运行。", ("event:12", "value:scope")),
    ("well", "值班人员 7 分钟内应答。", ()),
    ("badly", "第二位审批人的动态口令设备不在身边。", ()),
    ("lesson", "审批人应当备有密封口令。", ()),
    ("plan", "预案中补充：夜间至少两位审批人可以联系到。", ()),
    ("risk", "将“以管理员身份办公”列入风险登记册。", ()),
)


def entries() -> tuple[Written, ...]:
    """Return what people wrote."""
    return tuple(Written(part, text, "wang", links) for part, text, links in WHY)  # type: ignore[arg-type]


def task(number: int = 1, **changes: object) -> Task:
    """Return an open action."""
    value = Task(number, "收回财务电脑的管理员权限", "zhang", date(2026, 12, 1), None, 0)
    return replace(value, **changes)  # type: ignore[arg-type]


def reviewed(**changes: object) -> ReviewTold:
    """Return a review that is signed, with an action that is done and one that is late."""
    value = ReviewTold(
        recovery=of(line(record())),
        led_by="zhang",
        entries=entries(),
        tasks=(task(1, done=FOUND + timedelta(days=3)), task(2, overdue=4)),
        signed=Signed("wang", FOUND + timedelta(days=2), "7a3c" * 16),
    )
    return replace(value, **changes)  # type: ignore[arg-type]


def unwritten() -> ReviewTold:
    """Return a review in which nobody has written anything."""
    return reviewed(recovery=of(line(record())), entries=(), tasks=(), signed=None)


def open_tasks(**changes: object) -> Actions:
    """Return open actions of two incidents, one of them late."""
    value = Actions(
        day=date(2026, 12, 5),
        at=datetime(2026, 12, 4, 16, tzinfo=UTC),
        owner="",
        listed=(
            Listed("i-20261120-01", task(2, overdue=4)),
            Listed("d-20261105-01", task(1, owner="wang", due=date(2026, 12, 20))),
        ),
        leavers=(),
    )
    return replace(value, **changes)  # type: ignore[arg-type]
