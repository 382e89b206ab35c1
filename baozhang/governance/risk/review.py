"""One look at all risks as a value: what a person signs and the letter tells.

It is kept as canonical JSON; its SHA-256 is what is signed.  Ids, figures and the risks' own titles
stand in it, no ledger content.
"""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from baozhang.governance.model import Words
from baozhang.governance.risk.coverage import Covered
from baozhang.governance.risk.loss import Range
from baozhang.governance.risk.model import Asset, Band, Cause, Change
from baozhang.governance.risk.standard import Level, Unit
from baozhang.governance.risk.treatment import Check
from baozhang.settings import Owner
from baozhang.settings.part import Part


class Spread(Part):
    """A year's loss by one risk, fen at 10, 50 and 90 per cent, and of an average year."""

    low: int
    middle: int
    high: int
    mean: int


class Told(Part):
    """One open risk.

    Attributes:
        person: id of who answers for it; "": nobody.
        inherent, now: likelihood and impact, without and with what is done.
        level_before: at the review before; None: it was not there or not scored.
        spread: None: nobody estimated it.
        estimate_grades: likelihood and impact that the estimates say, where they differ from `now`.
        drill: scenario that tries its answer out, "" for none; `ready`: how that stands.
        review_late: its day of review has passed.
    """

    id: str
    title: Words
    cause: Cause
    asset: Asset
    owner: Owner
    person: str
    inherent: tuple[int, int] | None
    now: tuple[int, int] | None
    level: Level | None
    level_before: Level | None
    check: Check
    spread: Spread | None
    estimate_grades: tuple[int, int] | None
    drill: str
    ready: str
    review_on: date | None
    review_late: bool
    accepted_because: str = ""


class Proposed(Part):
    """Something that waits for a person: a risk to take up, or a score to look at again.

    Attributes:
        change: None: a new risk.
        ref: what it follows from.
        likelihood: what our records say of how often; None: nothing.
    """

    id: str
    risk: str
    title: Words
    change: Change | None
    ref: str
    likelihood: int | None = None


class Measured(Part):
    """An indicator as it is now.

    Attributes:
        value: None: there was nothing to measure.
        series: of the months before and this one, oldest first; None: not measured that month.
        refs: where it stands, the first few.
    """

    id: str
    title: Words
    unit: Unit
    value: Decimal | None
    band: Band
    amber: Decimal
    red: Decimal
    series: tuple[Decimal | None, ...]
    refs: tuple[str, ...]


class Event(Part):
    """What happened since the review before: a failed restore test, or an incident's end."""

    ref: str
    day: date
    what: Literal["restore-test-failed", "incident-closed"]


class Review(Part):
    """One month's look.

    Attributes:
        at: when it was drawn up.
        since: what happened after the review before.
        before: the month of that; "": this is the first.
        made_by: ids of who scored its risks or decided about them: they do not sign it.
        audited: id of the audit whose judgement of controls was used; "": there is none.
    """

    period: str
    at: datetime
    before: str
    made_by: tuple[str, ...]
    since: tuple[Event, ...]
    risks: tuple[Told, ...]
    waiting: tuple[Proposed, ...]
    indicators: tuple[Measured, ...]
    loss: Range
    coverage: tuple[Covered, ...]
    audited: str
    sample: bool

    @property
    def measured(self) -> tuple[Measured, ...]:
        """The indicators that there was something to measure of."""
        return tuple(each for each in self.indicators if each.band != "unmeasured")


def encoded(review: Review) -> str:
    """Return a review as it is kept: canonical JSON, ASCII."""
    value = {"kind": "risk", "value": review.model_dump(mode="json")}
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def decoded(text: str) -> Review:
    """Return a review from its canonical JSON.

    Raises:
        ValueError: it is none.
    """
    return Review.model_validate(json.loads(text)["value"])


def digest_of(review: Review) -> str:
    """Return the SHA-256 of a review, which is what is signed."""
    return hashlib.sha256(encoded(review).encode("ascii")).hexdigest()
