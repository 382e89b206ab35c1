"""What the audit report shows, as one frozen value: lines, evidence, samples, articles, people.

    AuditValue ─┬─ audit.render_audit   a letter for managers; its PDF has every line and is signed
                └─ audit_page.audit_page  one file to filter, with every line linked to its evidence

It rests on the values of governance as they are: a line names the controls that serve it as they
were judged, a control the ids of the evidence it rests on, and every piece of evidence is here.
People and clients appear by id.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from baozhang.governance.judging import Line, Nonconformity
from baozhang.governance.model import (
    Control,
    Evidence,
    Fact,
    Item,
    Period,
    Section,
    Severity,
    Status,
    Words,
)
from baozhang.policies.law.register import Confidence
from baozhang.settings import Owner
from reports import canonical as plain

KIND = "audit"


@dataclass(frozen=True, slots=True)
class Before:
    """The audit before this one."""

    audit: str  # its id
    last: date  # the last day it was about
    statuses: tuple[tuple[str, Status], ...]  # by item id


@dataclass(frozen=True, slots=True)
class Sample:
    """Records drawn from a population and looked at one by one (抽样).

    Attributes:
        of: what was drawn from, an English template for people: "outcomes of backups".
        size: how many there were; `drawn`: how many were looked at, by id in `ids`.
        seed: with it and the population anybody draws the same.
        deviations: ids of those that did not show what they had to show.
    """

    of: str
    size: int
    drawn: int
    seed: str
    ids: tuple[str, ...] = ()
    deviations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A non-conformity and what is done about it (不符合项与纠正措施).

    Attributes:
        says: English template of what was found, filled by `facts`.
        owner: id of the person who answers for it.
        times: in how many audits in a row it was found, this one included.
        closed: None while it is open.
    """

    id: str
    control: str
    says: str
    severity: Severity
    owner: str
    opened: date
    due: date
    closed: date | None = None
    times: int = 1
    facts: tuple[tuple[str, Fact], ...] = ()
    evidence: str = ""  # id


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence about independence: an English template and the facts that fill it."""

    says: str
    facts: tuple[tuple[str, Fact], ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """A row of the law register, and the controls that answer it.

    Attributes:
        confidence: how sure the row is; `knowledge` is 待法律顾问确认.
        status: of the weakest of its controls; `not evidenced` of none.
    """

    id: str
    article: Words  # instrument and article
    duty: Words
    confidence: Confidence
    controls: tuple[str, ...]
    status: Status


@dataclass(frozen=True, slots=True)
class Readiness:
    """Incidents and drills of the period, apart: a drill is readiness and no incident."""

    incidents: int = 0
    incidents_open: int = 0
    slowest_recovery: timedelta | None = None  # of incidents; None: none was measured
    drills: int = 0
    drills_passed: int = 0
    slowest_drill: timedelta | None = None  # recovery time of drills
    objective: timedelta | None = None  # the shortest that policies promise
    newest_drill: date | None = None
    people: int | None = None  # how many have restored something themselves; None: unknown


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was given with a one-time code."""

    person: str
    role: str  # "auditor"
    at: datetime


@dataclass(frozen=True, slots=True)
class AuditValue:
    """All that the audit report shows.

    Attributes:
        agency: its name.
        at: the aware instant that everything was judged for.
        sections: the sections that were asked for, principles included; in the documents' order.
        revision: of this audit, from 1; a later one takes the place of the one before.
        seed: of its samples.
        sample: a sample site: its report is marked on every page and proves nothing.
        genuine_since: when the site became a real one; what is older does not count.
        controls: every control of the items that were asked for.
        lines: one per item that was asked for, in the documents' order.
        evidence: every piece, what counts and what was left out.
        owners: person id by duty.
        dues: by when people were to attest, by control id.
        pack: file name of the evidence pack; `pack_digest`: what `baozhang audit verify` must
            show for it, 64 hexadecimal digits; "" where there is none.
        signed: who has signed with a code so far.
    """

    agency: str
    audit: str  # id
    period: Period
    at: datetime
    sections: tuple[Section, ...]
    controls: tuple[Control, ...]
    lines: tuple[Line, ...]
    evidence: tuple[Evidence, ...]
    owners: tuple[tuple[Owner, str], ...] = ()
    dues: tuple[tuple[str, datetime], ...] = ()
    before: Before | None = None
    samples: tuple[Sample, ...] = ()
    actions: tuple[Action, ...] = ()
    independence: tuple[Note, ...] = ()
    articles: tuple[Article, ...] = ()
    readiness: Readiness = Readiness()
    revision: int = 1
    seed: str = ""
    sample: bool = False
    genuine_since: datetime | None = None
    pack: str = ""
    pack_digest: str = ""
    signed: tuple[Signed, ...] = ()

    @property
    def nonconformities(self) -> tuple[Nonconformity, ...]:
        """Return what failed, once each, in the order of the lines."""
        found = {
            (each.control, each.evidence): each
            for line in self.lines
            for judged in line.controls
            for each in judged.nonconformities
        }
        return tuple(found.values())


def is_principle(item: Item) -> bool:
    """Tell whether it is one of the 12 closing principles, which are beside the 240 items."""
    return item.section in {"AP", "BP"}


def canonical(value: AuditValue) -> str:
    """Return what the letter's fingerprint is made over: the value as canonical JSON, ASCII."""
    return plain.canonical(KIND, value)
