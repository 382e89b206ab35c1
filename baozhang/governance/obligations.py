"""What people owe, and by when: of every control that people attest, and of the agency's own.

    controls (attested, both) ──┐
    register obligations ───────┼──► Owed ──► due day ──► Standing
    register contracts, vendors ┘              ▲
                 plan of the first year, last attestation, events (incident, drill, survey, change)

Nothing here decides whether what was handed in counts: that is `judging`, by its evidence alone.
An obligation that nobody has fulfilled yet is `not evidenced`, however far away its day is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from baozhang.errors import UsageError
from baozhang.governance.controls import control, controls
from baozhang.governance.model import EVERY, Cadence, Control, Severity, Words
from baozhang.governance.offices import CONTRACTS, VENDORS, review_day
from baozhang.governance.rhythm import BY_EVENT, event_due, next_due, spread
from baozhang.registers import Register, Row
from baozhang.settings import Owner
from baozhang.settings.part import Text
from baozhang.site import Site

Theme = Literal[
    "training", "hand-offs", "support", "partners", "staff", "outside", "contracts", "operations"
]
"""What an obligation is about, for the register's letter; `outside`: market, research, brand,
social responsibility, sustainability."""
Kind = Literal[
    "contract",
    "insurance",
    "training plan",
    "hand-off",
    "vendor review",
    "support",
    "recognition",
    "review",
    "other",
]
ControlId = Annotated[str, Field(pattern=r"^([a-z]+\.[a-z_]+)?$")]

ONCE_BEFORE = timedelta(days=120)
"""What is due once is done by what was handed in so long before its day; later days are others."""

THEME_OF_KIND: Mapping[Kind, Theme] = {
    "contract": "contracts",
    "insurance": "contracts",
    "training plan": "training",
    "hand-off": "hand-offs",
    "vendor review": "partners",
    "support": "support",
    "recognition": "staff",
    "review": "outside",
    "other": "operations",
}
THEME_OF_AREA: Mapping[str, Theme] = {
    "training": "training",
    "dept": "hand-offs",
    "support": "support",
    "docs": "support",
    "tech": "support",
    "software": "support",
    "hardware": "support",
    "partner": "partners",
    "hr": "staff",
    "market": "outside",
    "innov": "outside",
    "brand": "outside",
    "csr": "outside",
    "crm": "outside",
    "csat": "outside",
    "contract": "contracts",
    "legal": "contracts",
}
"""By the part of a control's id before the dot; what is not here is `operations`."""


class Obligation(Row):
    """One obligation of the agency's own, beside those of the controls.

    Attributes:
        title: what is owed, in the agency's words.
        kind: what it is.
        owner: who answers for it.
        control: which control it serves; "": none.
        cadence: how often.
        next: by when it is due the first time, or next.
        severity: how bad it is when it is not done.
        proof: what is handed in.
    """

    title: Text
    kind: Kind
    owner: Owner
    control: ControlId = ""
    cadence: Cadence = "yearly"
    next: date
    severity: Severity = "medium"
    proof: str = ""


class FirstDue(Row):
    """By when one obligation is due for the first time; the plan of the first year."""

    obligation: str
    first: date
    since: date  # the day the plan was made: events of before it ask for nothing


class Change(Row):
    """Something that happened, and that asks for an attestation: entered by people.

    Attributes:
        control: id; "": every control with this cadence.
    """

    cadence: Literal["on change", "per survey", "per incident", "per drill"] = "on change"
    control: ControlId = ""
    day: date
    what: Literal["software", "hardware", "staff", "provider", "office", "law", "other"] = "other"


OBLIGATIONS = Register("obligations", Obligation, "the agency's own obligations")
FIRST_DUES = Register("first-dues", FirstDue, "first due days of obligations")
CHANGES = Register("changes", Change, "changes that ask for an attestation")
REGISTERS = (OBLIGATIONS, FIRST_DUES, CHANGES)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that asks for an attestation: a closed incident, a drill, a survey, a change."""

    cadence: Cadence
    day: date
    ref: str = ""
    control: str = ""  # of this one alone; "": of every control with the cadence


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that somebody owes.

    Attributes:
        id: the control's id, or the id of a row: `o-001`, `contract-c-001`.
        owner: id of the person; "": nobody answers for it.
        duty: in which capacity.
        control: id of the control it serves; "": none.
        fresh: days after which what was handed in is stale.
        first: its first due day where it says so itself.
        once: due on its day and never again.
    """

    id: str
    title: Words
    owner: str
    duty: Owner
    control: str
    cadence: Cadence
    severity: Severity
    proof: Words
    fresh: int
    theme: Theme
    first: date | None = None
    once: bool = False


@cache
def people_controls() -> tuple[Control, ...]:
    """Return the controls that people attest, in whole or in part."""
    return tuple(each for each in controls() if each.source != "auto")


def owed(site: Site) -> tuple[Owed, ...]:
    """Return everything that people owe, by id.

    Raises:
        CorruptObjectError: a register was changed by hand.
    """
    own = [_of_row(site, row, each) for row, each in OBLIGATIONS.rows(site).items()]
    found = [_of_control(site, each) for each in people_controls()]
    return tuple(sorted((*found, *own, *_of_papers(site)), key=lambda each: each.id))


def find(site: Site, id_: str) -> Owed:
    """Return one thing that is owed.

    Raises:
        UsageError: nobody owes anything of this id.
    """
    for each in owed(site):
        if each.id == id_:
            return each
    raise UsageError(
        "nobody owes anything called {obligation}",
        hint="Choose an id from `baozhang attest list`.",
        obligation=id_[:60],
    )


def row_of(id_: str) -> str:
    """Return the id of the row that the plan keeps for an obligation: a row has no dots."""
    return id_.replace(".", "-")


def plan(site: Site, *, today: date, by: str) -> int:
    """Give every obligation that has none its first due day; return how many were new.

    Raises:
        CorruptObjectError: a register was changed by hand.
    """
    known = FIRST_DUES.rows(site)
    new = [each for each in owed(site) if row_of(each.id) not in known and each.first is None]
    days = spread(new, today)
    rows = {
        row_of(id_): FirstDue(obligation=id_, first=day, since=today) for id_, day in days.items()
    }
    if rows:
        FIRST_DUES.put(site, rows, by=by)
    return len(rows)


def due_day(
    each: Owed, first: FirstDue | None, covered: Sequence[date], events: Iterable[Event]
) -> date | None:
    """Return by when it is due next; None: it is not planned yet, or was due once and is done.

    Args:
        each: what is owed.
        first: its first due day of the plan.
        covered: effective days of what was handed in and not refused.
        events: that may ask for it earlier.
    """
    last = max(covered, default=None)
    begin = each.first or (first.first if first else None)
    if last is None:
        usual = begin
    elif each.once:
        usual = None if begin and last >= begin - ONCE_BEFORE else begin
    else:
        usual = next_due(last, each.cadence, each.fresh)
        if each.first and each.first > last:  # entered anew for a later day
            usual = max(usual, each.first)
    since = last or (first.since if first else None)
    asked = [event_due(event.day) for event in events if _asks(event, each, since)]
    known = [day for day in (usual, *asked) if day is not None]
    return min(known, default=None)


def _asks(event: Event, each: Owed, since: date | None) -> bool:
    mine = event.cadence == each.cadence and event.control in ("", each.control)
    return each.cadence in BY_EVENT and mine and since is not None and event.day >= since


def changes(site: Site) -> tuple[Event, ...]:
    """Return the changes that people entered, as events."""
    return tuple(
        Event(each.cadence, each.day, f"entry:{CHANGES.name}/{row}", each.control)
        for row, each in CHANGES.rows(site).items()
    )


# --- where obligations come from ------------------------------------------------------------------


def _of_control(site: Site, each: Control) -> Owed:
    assert each.proof is not None
    return Owed(
        id=each.id,
        title=each.title,
        owner=site.agency.owner(each.owner),
        duty=each.owner,
        control=each.id,
        cadence=each.cadence,
        severity=each.severity,
        proof=each.proof,
        fresh=each.fresh,
        theme=THEME_OF_AREA.get(each.id.partition(".")[0], "operations"),
    )


def _of_row(site: Site, row: str, each: Obligation) -> Owed:
    says = Words(zh=each.title, en=each.title)
    serves = each.control if _is_control(each.control) else ""
    return Owed(
        id=row,
        title=says,
        owner=site.agency.owner(each.owner),
        duty=each.owner,
        control=serves,
        cadence=each.cadence,
        severity=each.severity,
        proof=Words(zh=each.proof, en=each.proof) if each.proof else PAPER,
        fresh=control(serves).fresh if serves else EVERY[each.cadence].days,
        theme=THEME_OF_KIND[each.kind],
        first=each.next,
    )


PAPER = Words(zh="能证明已办理的文件", en="the paper that shows it was done")
RENEWAL = Words(
    zh="续签的合同、终止通知，或写明决定的书面记录",
    en="the renewed contract, the notice to end it, or a note of what was decided",
)
REVIEW = Words(zh="供应商评价记录", en="the record of the vendor review")


def _of_papers(site: Site) -> list[Owed]:
    """Return what contracts that run out and vendors that are due for review ask for."""
    found = []
    for row, paper in CONTRACTS.rows(site).items():
        if paper.decide_by is not None:
            title = Words(
                zh=f"合同 {row} 到期前作出续签或终止的决定",
                en=f"decide on contract {row} before it runs out",
            )
            found.append(
                _paper(site, f"contract-{row}", title, RENEWAL, "contracts", paper.decide_by)
            )
    for row, vendor in VENDORS.rows(site).items():
        title = Words(zh=f"供应商 {row} 年度评价", en=f"yearly review of vendor {row}")
        found.append(_paper(site, f"vendor-{row}", title, REVIEW, "partners", review_day(vendor)))
    return found


def _paper(site: Site, id_: str, title: Words, proof: Words, theme: Theme, day: date) -> Owed:
    duty: Owner = "finance_owner" if theme == "contracts" else "partner_owner"
    return Owed(
        id=id_,
        title=title,
        owner=site.agency.owner(duty),
        duty=duty,
        control="",
        cadence="yearly",
        severity="medium",
        proof=proof,
        fresh=EVERY["yearly"].days,
        theme=theme,
        first=day,
        once=theme == "contracts",
    )


def _is_control(id_: str) -> bool:
    return bool(id_) and any(each.id == id_ for each in controls())


State = Literal["attested", "handed in", "not evidenced", "due", "overdue"]
"""`attested`: checked by a second person and in date; `handed in`: waits for the second person;
`due`: asked for, in two weeks or less; `not evidenced`: nothing counts, and its day is not near."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one obligation stands.

    Attributes:
        due: by when it is due next; None: not planned, or done for good.
        last: id of the newest attestation that was not refused; "": none.
        effective: the instant that one speaks of.
    """

    owed: Owed
    due: date | None
    state: State
    last: str = ""
    effective: datetime | None = None
