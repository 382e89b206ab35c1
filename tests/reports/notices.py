"""News to write notices of: small, fixed, and with figures a reader can add up."""

from dataclasses import replace
from datetime import UTC, date, datetime

from baozhang.incidents.model import CutOver, How, Loss, Recovered
from baozhang.incidents.notices import News, Passed
from reports.notice import Addressed
from reports.notice_log import Line, NoticeLog, Told

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)  # 09:30 in Shanghai
LINE = "咨询电话 010-65000000（工作日 9:00-18:00）"
CLIENT = Addressed(
    agency="样例代理记账有限公司",
    credit_code="91990000MA000017XP",
    to="样例云帆商贸有限公司",
    reference="",
    lead="张三",
    line=LINE,
    allowed=("样例云帆商贸有限公司", "010-65000000"),
    sample=False,
)
AUTHORITY = replace(
    CLIENT, to="样例省互联网信息办公室", lead="", allowed=("91990000MA000017XP", "010-65000000")
)
INSURER = replace(AUTHORITY, to="样例财产保险股份有限公司", reference="P-2026-0001")
VENDOR = replace(AUTHORITY, to="样例软件有限公司", reference="")


def at(hour: int, minute: int = 0) -> datetime:
    """Return an instant of that day, as a clock in Shanghai shows it."""
    return datetime(2026, 11, 22, hour - 8, minute, tzinfo=UTC)


def loss(client: str = "c001", name: str = "main") -> Loss:
    """Return the loss of a folder that was deleted by mistake."""
    return Loss(
        client=client,
        set=name,
        newest="main-000042-1a2b3c4d",
        clean="main-000041-1a2b3c4d",
        files_lost=2,
        files_changed=1,
        bytes_lost=1_048_576,
        vouchers_lost=3,
        vouchers_changed=1,
        lines_lost=8,
        amount=12_480_00,
        currency="CNY",
        periods=("2026-10", "2026-11"),
        readable=True,
    )


def recovered(client: str = "c001") -> Recovered:
    """Return what came back of a client, and two vouchers and an invoice to key in."""
    return Recovered(
        client=client,
        set="main",
        snapshot="main-000041-1a2b3c4d",
        files=128,
        bytes=48_000_000,
        books=1,
        proven=1,
        failed=0,
        vouchers_to_key=2,
        invoices_to_key=1,
        amount_to_key=3_120_50,
        currency="CNY",
        seconds=95,
    )


def put(client: str = "c001", *, checked: bool = True) -> CutOver:
    """Return a set that is in use again."""
    how: How = "atomic" if checked else "assisted"
    return CutOver(client=client, set="main", how=how, kept=True, checked=checked)


def in_part() -> News:
    """Return the notice that one set is back, by hand, and another is not."""
    two = (loss(), loss(name="papers"))
    return back().model_copy(update={"losses": two, "put": (put(checked=False),)})


def not_back() -> News:
    """Return the notice of a recovery that brought nothing of this client back."""
    return back().model_copy(update={"recovered": (), "put": ()})


def first() -> News:
    """Return the first notice of a client: nothing is compared yet."""
    return News(
        incident="i-20261122-01",
        notice="clients",
        number=1,
        stage="first",
        at=at(9, 40),
        nature="lost",
        discovered=AT,
        opened=at(9, 35),
        drill="",
        client="c001",
        clients=1,
        scoped=False,
        losses=(),
        point=None,
        deadline=None,
        seconds=0,
        measured=0,
        recovered=(),
        put=(),
        passed=(),
        preserved=False,
        stopped=True,
        stated=(),
        every=7200,
        follow_up=259_200,
    )


PASSED = (
    Passed(name="plan-approved", at=at(10, 5)),
    Passed(name="restored", at=at(10, 20)),
    Passed(name="cut-over", at=at(11, 10)),
)
PERSONAL = (
    ("advice", "留意以工资名义发来的陌生信息"),
    ("cause", "共享盘上的文件夹被误删"),
    ("harm", "可能被用于诈骗"),
    ("kinds", "姓名、工资、银行账号"),
    ("loss_fen", "1200000"),
    ("personal_data", "yes"),
    ("persons", "36"),
)


def progress() -> News:
    """Return a notice of progress: compared, planned, brought back, not yet in use."""
    return first().model_copy(
        update={
            "number": 2,
            "stage": "progress",
            "at": at(10, 30),
            "scoped": True,
            "losses": (loss(),),
            "point": datetime(2026, 11, 21, 14, tzinfo=UTC),
            "deadline": date(2026, 12, 15),
            "seconds": 900,
            "measured": 4,
            "recovered": (recovered(),),
            "passed": PASSED[:2],
            "preserved": True,
            "stated": PERSONAL,
        }
    )


def back() -> News:
    """Return the notice that all is back."""
    return progress().model_copy(
        update={
            "number": 3,
            "stage": "recovered",
            "at": at(11, 15),
            "passed": PASSED,
            "put": (put(),),
            "stated": (("cause", "共享盘上的文件夹被误删"), ("personal_data", "no")),
        }
    )


def follow_up() -> News:
    """Return the letter that asks whether all is well."""
    return back().model_copy(update={"number": 4, "stage": "follow-up"})


def ended() -> News:
    """Return the notice of an incident in which nothing had to be brought back."""
    whole = loss().model_copy(
        update={
            "files_lost": 0,
            "files_changed": 0,
            "vouchers_lost": 0,
            "vouchers_changed": 0,
            "amount": 0,
            "periods": (),
        }
    )
    return back().model_copy(update={"passed": (), "recovered": (), "put": (), "losses": (whole,)})


def to_authority(notice: str, *, known: bool = True, stage: str = "first") -> News:
    """Return a notice about three clients; `known`: people have stated what it asks for."""
    news = progress() if known else first()
    three = tuple(loss(client) for client in ("c001", "c002", "c003")) if known else ()
    return news.model_copy(
        update={
            "notice": notice,
            "number": 1,
            "stage": stage,
            "nature": "ransomware",
            "client": "",
            "clients": 3,
            "losses": three,
            "stated": (*news.stated, ("reviewed_grade", "large")) if known else (),
        }
    )


def log() -> NoticeLog:
    """Return a log with a word in time, a late one, and one without a receipt."""
    return NoticeLog(
        incident="i-20261122-01",
        at=at(18),
        discovered=AT,
        closed=at(12),
        lines=(
            Line("cyberspace-4h", "review", None, (), "", ""),
            Line("police", "unknown", None, ("suspected_crime",), "", ""),
            Line("tell-client", "yes", at(11, 30), (), "", ""),
            Line("lost-invoices", "no", None, (), "", ""),
        ),
        told=(
            Told(
                "clients",
                "c001",
                "first",
                1,
                12,
                at(11, 30),
                ("wang",),
                at(9, 50),
                at(10, 1),
                "smtp",
                "250 2.0.0",
            ),
            Told(
                "clients",
                "c002",
                "first",
                1,
                13,
                at(11, 30),
                ("wang",),
                at(9, 50),
                at(12, 10),
                "telephone",
                "",
            ),
            Told("insurer", "", "first", 1, 14, at(17, 30), ("wang",), at(10), None, "", ""),
        ),
    )
