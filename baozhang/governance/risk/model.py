"""The rows of the risk registers: risks, proposals to score them anew, readings of indicators.

A likelihood or an impact that nobody scored is not there; it is never a default.
"""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from baozhang.registers import Register, Row
from baozhang.settings import Owner
from baozhang.settings.part import Text

Cause = Literal[
    "malware",
    "loss",
    "damage",
    "tampering",
    "leak",
    "outage",
    "key",
    "people",
    "mistake",
    "deadline",
    "vendor",
    "capacity",
    "coverage",
]
"""恶意软件, 丢失, 损坏, 篡改, 泄露, 不可用, 密钥, 人员, 操作差错, 期限, 供应商, 容量, 覆盖不全."""
Asset = Literal["books", "papers", "vault", "keys", "people", "systems", "service"]
"""账簿, 凭证资料, 备份库, 密钥, 人员, 系统, 服务."""
Treatment = Literal["avoid", "reduce", "transfer", "accept"]
"""规避, 降低, 转移, 接受 (GB/T 24353, 6.5)."""
State = Literal["proposed", "open", "closed", "rejected"]
Grade = Annotated[int, Field(ge=1, le=5)]
Band = Literal["green", "amber", "red", "unmeasured"]
Change = Literal["rescore", "reopen"]
Kind = Literal["lost", "damaged", "tampered", "ransomware", "leaked", "unavailable"]
"""The kinds of an incident."""

MOST_EVENTS = 366
"""Per year: one a day.  What happens more often is no risk but the way things are."""
CAUSE_OF: dict[Kind, Cause] = {
    "lost": "loss",
    "damaged": "damage",
    "tampered": "tampering",
    "ransomware": "malware",
    "leaked": "leak",
    "unavailable": "outage",
}
"""The class of cause that an incident of each kind belongs to."""
Events = Annotated[Decimal, Field(ge=0, le=MOST_EVENTS, max_digits=9, decimal_places=4)]
Fen = Annotated[int, Field(ge=0, le=10**13)]


class Risk(Row):
    """One risk.

    Attributes:
        title, title_en: what could happen, in Chinese and in English; `title_en` may be missing.
        library: id in the standard library; "" for one of the agency's own.
        cause: class of cause.
        asset: what it hits.
        owner: the duty that answers for it.
        state: `proposed` counts for nothing until a person accepts it.
        source: what proposed it: `library`, `indicator:<id>`, `incident:<id>` or a person's id.
        likelihood, impact: as if nothing were done about it (inherent), 1 to 5 on the scale.
        residual_likelihood, residual_impact: with what is done.
        events_low, events_likely, events_high: events per year, with what is done.
        loss_low, loss_likely, loss_high: fen per event, with what is done.
        treatment: what is done; None: nobody decided.
        controls: ids of the controls that do it, or that a policy's conditions rest on.
        insurance: id of the contract (transfer).
        conditions: ids of the controls without which that contract does not pay.
        accept_until: the last day of an acceptance.
        treat_by: by when the treatment is to be in place.
        treated_on, treated_by: when the treatment was decided, and by whom.
        review_on: when it is to be looked at again.
        drill: id of the scenario that tries its answer out.
        reason: a person's, for an acceptance or a rejection.
        scored_by, scored_on: who scored it, and when.
    """

    title: Text
    title_en: str = ""
    library: str = ""
    cause: Cause
    asset: Asset
    owner: Owner
    state: State = "proposed"
    source: str = ""
    likelihood: Grade | None = None
    impact: Grade | None = None
    residual_likelihood: Grade | None = None
    residual_impact: Grade | None = None
    events_low: Events | None = None
    events_likely: Events | None = None
    events_high: Events | None = None
    loss_low: Fen | None = None
    loss_likely: Fen | None = None
    loss_high: Fen | None = None
    treatment: Treatment | None = None
    controls: tuple[str, ...] = ()
    insurance: str = ""
    conditions: tuple[str, ...] = ()
    accept_until: date | None = None
    treat_by: date | None = None
    treated_on: date | None = None
    treated_by: str = ""
    review_on: date | None = None
    drill: str = ""
    reason: str = ""
    scored_by: str = ""
    scored_on: date | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        _require_pair(self.likelihood, self.impact)
        _require_pair(self.residual_likelihood, self.residual_impact)
        _require_estimate(self.events_low, self.events_likely, self.events_high)
        _require_estimate(self.loss_low, self.loss_likely, self.loss_high)
        return self

    @property
    def estimated(self) -> bool:
        """Whether both estimates are there."""
        return self.events_high is not None and self.loss_high is not None

    @property
    def scored(self) -> bool:
        """Whether a person scored it."""
        return self.likelihood is not None

    def now(self) -> tuple[int, int] | None:
        """Return likelihood and impact as they are today: residual where scored, else inherent."""
        if self.residual_likelihood is not None and self.residual_impact is not None:
            return self.residual_likelihood, self.residual_impact
        if self.likelihood is not None and self.impact is not None:
            return self.likelihood, self.impact
        return None


def _require_pair(one: int | None, other: int | None) -> None:
    if (one is None) != (other is None):
        raise ValueError("likelihood and impact are scored together")


def _require_estimate(*points: Decimal | int | None) -> None:
    given = [each for each in points if each is not None]
    if given and len(given) < len(points):
        raise ValueError("an estimate has three points")
    if list(given) != sorted(given):
        raise ValueError("low, likely and high must not fall")


class Proposal(Row):
    """A change of a risk that our records ask for; a person decides.

    Attributes:
        risk: id of the risk.
        change: `rescore`: score it anew; `reopen`: its treatment moved nothing.
        why: what asks for it: an incident, a failed restore test, or an indicator that stood still.
        ref: what it follows from: `incident:i-…`, `run:…`, `indicator:<id>`.
        likelihood: what the records say of how often; None: they say nothing of that.
        state: what became of it.
    """

    risk: str
    change: Change
    why: Literal["incident", "restore-test", "unmoved"]
    ref: str
    likelihood: Grade | None = None
    state: Literal["open", "accepted", "rejected"] = "open"
    reason: str = ""


class Reading(Row):
    """One measurement of an indicator; its register's versions are the series.

    Attributes:
        period: the month it was measured in, `2026-11`.
        value: in the indicator's unit; None: there was nothing to measure.
        band: the colour of the value by the thresholds of that day.
        refs: where it stands in our records, the first few.
    """

    period: Annotated[str, Field(pattern=r"^\d{4}-\d{2}$")]
    value: Decimal | None = None
    band: Band
    refs: tuple[str, ...] = ()


RISKS = Register("risks", Risk, "risk register")
PROPOSALS = Register("risk-proposals", Proposal, "proposals to score risks anew")
READINGS = Register("risk-indicators", Reading, "readings of risk indicators")
REGISTERS = (RISKS, PROPOSALS, READINGS)
