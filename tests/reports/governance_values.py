"""What letters on governance could report: a request, an escalation, the register."""

from datetime import UTC, date, datetime

from baozhang.governance.model import Words
from baozhang.governance.obligations import State, Theme
from reports.attestation import Asked, Requested
from reports.governance import Governance, Line, Office

DAY = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 0, 20, tzinfo=UTC)


def asked(number: int, *, late: int = 0, file: str = "") -> Asked:
    """Return one thing that is due."""
    titles = (
        Words(zh="技术培训", en="Technical training"),
        Words(zh="机房门禁年检", en="Yearly check of the server room's locks"),
        Words(zh="与合作方的沟通协作", en="Working with partners"),
    )
    return Asked(
        id=("training.technical", "o-001", "partner.cooperation")[number],
        title=titles[number],
        why=(("A5.4", "B8.4"), (), ("B15.2",))[number],
        proof=Words(zh="培训计划、签到表和成绩", en="the plan, who attended, and their results"),
        owner="zhang",
        due=date(2026, 12, 7) if not late else date(2026, 11, 23 - late),
        late=late,
        severity="high" if late else "medium",
        file=file,
        remedy=Words(zh="补办培训并留存签到表", en="Hold the course and keep the list of who came"),
    )


def to_the_owner() -> Requested:
    """Return what an owner is asked."""
    items = (
        asked(0, late=3, file="request-q-004.json"),
        asked(1, file="request-q-005.json"),
        asked(2),
    )
    return Requested(day=DAY, person="zhang", role="", items=items)


def to_managers() -> Requested:
    """Return what managers are told, at a sample site."""
    return Requested(DAY, "", "manager", (asked(0, late=8), asked(1, late=7)), sample=True)


def line(number: int, theme: Theme, state: State, *, owner: str = "zhang") -> Line:
    """Return one obligation."""
    due = {"overdue": date(2026, 11, 16), "due": date(2026, 12, 4)}.get(state, date(2027, 5, 3))
    return Line(
        id=f"{theme[:5]}.matter_{'abcdefgh'[number]}",
        title=Words(zh=f"应办事项之{'一二三四五六七八'[number]}", en=f"Matter {number + 1}"),
        theme=theme,
        owner=owner,
        state=state,
        due=due,
        effective=date(2026, 11, 2) if state in ("attested", "handed in") else None,
        late=7 if state == "overdue" else 0,
    )


def office() -> Office:
    """Return what the office's lists come to."""
    return Office(
        courses=12,
        courses_over=2,
        courses_failed=1,
        handoffs=9,
        handoffs_open=1,
        response=2,
        contracts=31,
        contracts_soon=3,
        contracts_over=1,
        vendors=4,
        vendors_poor=1,
    )


def register() -> Governance:
    """Return a register with every state, and things that do not hold any more."""
    return Governance(
        day=DAY,
        at=AT,
        lines=(
            line(0, "training", "attested"),
            line(1, "training", "overdue"),
            line(2, "hand-offs", "handed in", owner="wang"),
            line(3, "support", "due"),
            line(4, "partners", "not evidenced", owner=""),
            line(5, "outside", "not evidenced", owner="wang"),
            line(6, "contracts", "attested", owner="li"),
            line(7, "operations", "not evidenced", owner="li"),
        ),
        office=office(),
        refused=1,
        altered=("a-003",),
        unknown=("a-005",),
        own=("a-007",),
    )


def nothing_yet() -> Governance:
    """Return the register of a new sample agency: nobody has shown anything."""
    themes: tuple[Theme, ...] = ("training", "partners", "staff", "outside")
    lines = tuple(line(number, theme, "not evidenced") for number, theme in enumerate(themes))
    return Governance(DAY, AT, lines, Office(), sample=True)


def all_attested() -> Governance:
    """Return a register in which everything is attested."""
    return Governance(DAY, AT, (line(0, "training", "attested"),), office())
