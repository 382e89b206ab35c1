"""What the office keeps lists of: training, hand-offs, contracts, vendors; and what runs out.

The lists feed obligations: a contract asks for a decision before its notice period begins, a vendor
for its review.  A list is no proof by itself: its owner hands it in (`baozhang attest export`), and
a second person checks it.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from baozhang.governance.rhythm import months_on
from baozhang.registers import Register, Row
from baozhang.settings.part import Text
from baozhang.settings.values import Id

SOON = timedelta(days=60)
"""What runs out within it is shown as soon: a course is booked, a contract talked about in it."""
AHEAD = timedelta(days=30)
"""A decision on a contract is asked for so long before the last day for notice."""

Score = Annotated[int, Field(ge=1, le=5)]
State = Literal["in order", "soon", "over", "failed", "waiting"]


class Training(Row):
    """One person and one course.

    Attributes:
        score: of 100; None: none was given.
        expires: when it has to be repeated; None: never.
    """

    person: Id
    course: Text
    planned: date
    attended: date | None = None
    score: Annotated[int, Field(ge=0, le=100)] | None = None
    passed: bool | None = None
    expires: date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Training":
        if self.attended is None and (self.score is not None or self.passed is not None):
            raise ValueError("nobody has a result of what they did not attend")
        return self

    def state(self, today: date) -> State:
        """Return how it stands."""
        if self.attended is None:
            return "over" if self.planned < today else "waiting"
        if self.passed is False:
            return "failed"
        return _runs_out(self.expires, today)


class HandOff(Row):
    """One hand-off between departments, and when it was answered."""

    sender: Text
    receiver: Text
    what: Text
    asked: AwareDatetime
    answered: AwareDatetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "HandOff":
        if self.answered is not None and self.answered < self.asked:
            raise ValueError("it was answered before it was asked")
        return self

    def response(self) -> timedelta | None:
        """Return how long the answer took; None: there is none yet."""
        return None if self.answered is None else self.answered - self.asked

    def state(self, now: datetime) -> State:
        """Return how it stands; a week without an answer is too long."""
        if self.answered is not None:
            return "in order"
        return "over" if now - self.asked > timedelta(days=7) else "waiting"


class Contract(Row):
    """One contract or insurance.

    Attributes:
        end: its last day; None: until it is given notice.
        notice_days: how long before the end notice is to be given.
        conditions: what must be kept for it to hold, e.g. of an insurance.
    """

    party: Text
    kind: Literal["client", "vendor", "partner", "lease", "insurance", "employment", "other"]
    begin: date
    end: date | None = None
    notice_days: Annotated[int, Field(ge=0, le=730)] = 30
    conditions: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> "Contract":
        if self.end is not None and self.end < self.begin:
            raise ValueError("it ends before it begins")
        return self

    @property
    def notice_by(self) -> date | None:
        """The last day on which notice can be given; None: it has no end."""
        return None if self.end is None else self.end - timedelta(days=self.notice_days)

    @property
    def decide_by(self) -> date | None:
        """By when it is decided whether it goes on; None: it has no end."""
        return None if self.notice_by is None else self.notice_by - AHEAD

    def state(self, today: date) -> State:
        """Return how it stands: soon where notice is to be given soon, over past its end."""
        if self.end is not None and self.end < today:
            return "over"
        return "soon" if self.notice_by and self.notice_by - today <= SOON else "in order"


class Vendor(Row):
    """One vendor and its newest review, each part from 1 (poor) to 5."""

    vendor: Text
    reviewed: date
    service: Score
    security: Score
    price: Score
    continuity: Score

    @property
    def total(self) -> int:
        """The sum of the four parts, of 20."""
        return self.service + self.security + self.price + self.continuity

    def state(self, today: date) -> State:
        """Return how it stands; two and below in any part is a vendor to talk to."""
        if min(self.service, self.security, self.price, self.continuity) <= 2:
            return "failed"
        return _runs_out(review_day(self), today)


def review_day(vendor: Vendor) -> date:
    """Return by when a vendor is reviewed again: after a year."""
    return months_on(vendor.reviewed, 12)


def _runs_out(day: date | None, today: date) -> State:
    if day is None or day - today > SOON:
        return "in order"
    return "over" if day < today else "soon"


TRAINING = Register("training", Training, "training: plans, attendance, results")
HANDOFFS = Register("handoffs", HandOff, "hand-offs between departments")
CONTRACTS = Register("contracts", Contract, "contracts and insurance")
VENDORS = Register("vendors", Vendor, "vendors and their reviews")
REGISTERS = (TRAINING, HANDOFFS, CONTRACTS, VENDORS)
