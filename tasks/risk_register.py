"""What people do with the risk register: begin it, take risks up, score them, decide about them.

Every verb enters a new version of a row by the person who did it; nothing is overwritten, and the
audit log keeps each change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation

from pydantic import ValidationError

from baozhang.clock import business_day
from baozhang.errors import LedgerFormatError, UsageError
from baozhang.governance.controls import controls
from baozhang.governance.risk.model import PROPOSALS, RISKS, Proposal, Risk, Treatment
from baozhang.governance.risk.standard import library
from baozhang.money import parse_amount
from baozhang.registers import fields_of
from baozhang.site import Site
from tasks.people import require_person
from tasks.risk_ground import contracts

POINTS = 3
LONGEST_ACCEPTANCE = timedelta(days=366)
"""What is accepted is looked at again within a year."""
UNDECIDED = {"treatment": None, "treated_on": None, "treated_by": "", "reason": ""}


@dataclass(frozen=True, slots=True)
class Scores:
    """What a person says of a risk; None: they say nothing of it.

    Attributes:
        inherent: likelihood and impact as if nothing were done.
        residual: the same, with what is done.
        events: per year, as `low,likely,high`.
        loss: yuan per event, as `low,likely,high`.
    """

    inherent: tuple[int, int] | None = None
    residual: tuple[int, int] | None = None
    events: str = ""
    loss: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What is decided about a risk."""

    treatment: Treatment
    controls: tuple[str, ...] = ()
    insurance: str = ""
    conditions: tuple[str, ...] = ()
    until: date | None = None  # last day of an acceptance
    by_day: date | None = None  # by when it is in place
    review_on: date | None = None
    reason: str = ""


def start(site: Site, *, by: str) -> tuple[str, ...]:
    """Propose every risk of the standard library that the register does not have; return ids.

    Raises:
        UsageError: nobody of the agency.
    """
    require_person(site, by)
    return propose_risks(site, dict.fromkeys(library(), "library"), by=by)


def propose_risks(site: Site, sources: Mapping[str, str], *, by: str) -> tuple[str, ...]:
    """Propose risks of the library by id, with what proposes each; return the rows' ids."""
    known = RISKS.rows(site)
    there = {each.library for each in known.values()}
    wanted = [(name, source) for name, source in sources.items() if name not in there]
    first = _next(each.id for each in RISKS.history(site))
    rows = {
        f"r-{first + place:03d}": library()[name].proposed(source)
        for place, (name, source) in enumerate(wanted)
    }
    RISKS.put(site, rows, by=by)
    return tuple(rows)


def propose_changes(site: Site, found: Iterable[Proposal], *, by: str) -> tuple[str, ...]:
    """Enter proposals to change risks; return their ids."""
    first = _next(each.id for each in PROPOSALS.history(site))
    rows = {f"p-{first + place:03d}": each for place, each in enumerate(found)}
    PROPOSALS.put(site, rows, by=by)
    return tuple(rows)


def _next(ids: Iterable[str]) -> int:
    """Return the number after the highest; rows people named otherwise count for none."""
    tails = (each.rpartition("-")[2] for each in ids)
    return max((int(tail) for tail in tails if tail.isdecimal()), default=0) + 1


def risk_of(site: Site, id_: str) -> Risk:
    """Return a risk.

    Raises:
        UsageError: there is none.
    """
    found = RISKS.rows(site).get(id_)
    if found is None:
        raise UsageError(
            "the register has no risk {risk}",
            hint="Choose one from `baozhang risk list`; `baozhang risk start` proposes the usual.",
            risk=id_[:40],
        )
    return found


def accept(site: Site, id_: str, *, by: str) -> Risk:
    """Take up a proposed risk (`r-…`), or a proposal to change one (`p-…`).

    Raises:
        UsageError: there is none that waits, or the change needs a score.
    """
    require_person(site, by)
    if id_ in PROPOSALS.rows(site):
        return _accept_change(site, id_, by)
    risk = risk_of(site, id_)
    if risk.state not in {"proposed", "rejected"}:
        raise _not_waiting(id_)
    return _put(site, id_, risk, by, state="open", reason="")


def _accept_change(site: Site, id_: str, by: str) -> Risk:
    proposal = _waiting(site, id_)
    risk = risk_of(site, proposal.risk)
    if proposal.change == "rescore" and proposal.likelihood is None:
        raise UsageError(
            "proposal {proposal} names no grade: somebody has to score {risk}",
            hint="Look at what happened, then run `baozhang risk score {risk}`.",
            proposal=id_,
            risk=proposal.risk,
        )
    if proposal.change == "reopen":
        changed = _put(site, proposal.risk, risk, by, **UNDECIDED)
    else:
        name = "likelihood" if risk.residual_likelihood is None else "residual_likelihood"
        grade = max(proposal.likelihood or 0, getattr(risk, name) or 0)
        scored = {"scored_by": by, "scored_on": business_day(site.clock())}
        changed = _put(site, proposal.risk, risk, by, **{name: grade}, **scored)
    _decide(site, {id_: proposal}, "accepted", by)
    return changed


def reject(site: Site, id_: str, reason: str, *, by: str) -> None:
    """Reject a proposed risk or a proposed change, with a reason; it is not proposed again.

    Raises:
        UsageError: there is none that waits, or no reason.
    """
    require_person(site, by)
    if not reason.strip():
        raise UsageError("a rejection needs a reason", hint="Say why in a few words.")
    if id_ in PROPOSALS.rows(site):
        proposal = _waiting(site, id_).model_copy(update={"reason": reason.strip()})
        _decide(site, {id_: proposal}, "rejected", by)
        return
    risk = risk_of(site, id_)
    if risk.state != "proposed":
        raise _not_waiting(id_)
    _put(site, id_, risk, by, state="rejected", reason=reason)


def score(site: Site, id_: str, scores: Scores, *, by: str) -> Risk:
    """Score an open risk; proposals to score it anew are settled by it.

    Raises:
        UsageError: not an open risk, nothing said, or something that cannot be.
    """
    require_person(site, by)
    risk = _open(site, id_)
    changes: dict[str, object] = {}
    for pair, prefix in ((scores.inherent, ""), (scores.residual, "residual_")):
        if pair:
            changes |= {f"{prefix}likelihood": pair[0], f"{prefix}impact": pair[1]}
    if scores.events:
        changes |= _points("events", [_number(each) for each in _three(scores.events, "--events")])
    if scores.loss:
        changes |= _points("loss", [_fen(each) for each in _three(scores.loss, "--loss")])
    if not changes:
        raise UsageError(
            "nothing was said of {risk}",
            hint="Give likelihood and impact, or three points of events and of loss.",
            risk=id_,
        )
    day = business_day(site.clock())
    changed = _put(site, id_, risk, by, **changes, scored_by=by, scored_on=day)
    proposals = PROPOSALS.rows(site).items()
    _decide(
        site,
        {
            name: each
            for name, each in proposals
            if (each.risk, each.change, each.state) == (id_, "rescore", "open")
        },
        "accepted",
        by,
    )
    return changed


def treat(site: Site, id_: str, decision: Decision, *, by: str) -> Risk:
    """Decide about an open risk.

    Raises:
        UsageError: not an open risk, controls or a contract that nobody knows, an acceptance
            without a last day within a year or a reason, a day that is past, or something that
            belongs to another treatment.
    """
    require_person(site, by)
    risk, today = _open(site, id_), business_day(site.clock())
    _require_controls((*decision.controls, *decision.conditions))
    _require_fitting(decision, today)
    if decision.treatment == "transfer":
        _require_contract(site, decision.insurance)
    return _put(
        site,
        id_,
        risk,
        by,
        treatment=decision.treatment,
        controls=decision.controls or risk.controls,
        insurance=decision.insurance,
        conditions=decision.conditions,
        accept_until=decision.until if decision.treatment == "accept" else None,
        treat_by=decision.by_day,
        review_on=decision.review_on or risk.review_on,
        treated_on=today,
        treated_by=by,
        reason=decision.reason.strip(),
    )


def close(site: Site, id_: str, reason: str, *, by: str) -> Risk:
    """Close a risk that is no more; its history stays.

    Raises:
        UsageError: not an open risk, or no reason.
    """
    require_person(site, by)
    if not reason.strip():
        raise UsageError("a closed risk needs a reason", hint="Say why it is no more.")
    return _put(site, id_, _open(site, id_), by, state="closed", reason=reason)


# --- what is refused ------------------------------------------------------------------------------


def _open(site: Site, id_: str) -> Risk:
    risk = risk_of(site, id_)
    if risk.state != "open":
        raise UsageError(
            "risk {risk} is not open",
            hint="Take it up first: `baozhang risk accept-proposal {risk} --by YOUR-ID`.",
            risk=id_,
        )
    return risk


def _waiting(site: Site, id_: str) -> Proposal:
    proposal = PROPOSALS.rows(site)[id_]
    if proposal.state != "open":
        raise _not_waiting(id_)
    return proposal


def _not_waiting(id_: str) -> UsageError:
    return UsageError(
        "{proposal} does not wait for anybody",
        hint="Look at what waits: `baozhang risk list`.",
        proposal=id_[:40],
    )


def _require_controls(names: Iterable[str]) -> None:
    known = {each.id for each in controls()}
    if lost := [name for name in names if name not in known]:
        raise UsageError(
            "there are no controls {controls}",
            hint="Choose ids of the control catalogue: see docs/coverage.md.",
            controls=", ".join(name[:40] for name in lost),
        )


def _require_fitting(decision: Decision, today: date) -> None:
    if decision.treatment == "accept":
        last = decision.until
        in_time = last is not None and today < last <= today + LONGEST_ACCEPTANCE
        if not in_time or not decision.reason.strip():
            raise UsageError(
                "an acceptance needs a reason and a last day within a year",
                hint="Give --until and --reason: nothing is accepted for ever.",
            )
    elif decision.until is not None:
        raise _misplaced("--until", "accept")
    if decision.treatment != "transfer" and (decision.insurance or decision.conditions):
        raise _misplaced("--insurance, --condition", "transfer")
    past = [day for day in (decision.by_day, decision.review_on) if day and day < today]
    if past:
        raise UsageError(
            "{day} is past: nothing can be due by then",
            hint="Give a day that is to come.",
            day=past[0],
        )


def _misplaced(options: str, treatment: Treatment) -> UsageError:
    return UsageError(
        "{options} belongs to the treatment {treatment} alone",
        hint="Leave it out, or decide otherwise.",
        options=options,
        treatment=treatment,
    )


def _require_contract(site: Site, id_: str) -> None:
    known = contracts(site)
    if id_ not in known:
        raise UsageError(
            "there is no insurance contract {contract} in the register",
            hint="Enter it first: `baozhang register put contracts`; known are {known}.",
            contract=id_[:40] or "-",
            known=", ".join(known) or "-",
        )


def _three(text: str, what: str) -> Sequence[str]:
    found = text.replace("，", ",").split(",")
    if len(found) != POINTS:
        raise UsageError(
            "{what} takes three points: low, likely and high",
            hint="Write them with commas between, as in 0.1,0.5,2.",
            what=what,
        )
    return found


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text.strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise UsageError(
            "{text} is no number of events per year",
            hint="Write digits with a point, as in 0.5.",
            text=repr(text[:20]),
        )
    return number


def _fen(text: str) -> int:
    try:
        return parse_amount(text)
    except LedgerFormatError as error:
        raise UsageError(
            "{text} is no amount of yuan",
            hint="Write digits with at most two decimals, without separators.",
            text=repr(text[:20]),
        ) from error


def _points(name: str, points: Sequence[Decimal | int]) -> dict[str, object]:
    if list(points) != sorted(points):
        raise UsageError(
            "the points of {what} fall: low, likely and high must not",
            hint="Write the lowest first.",
            what=f"--{name}",
        )
    return dict(zip((f"{name}_low", f"{name}_likely", f"{name}_high"), points, strict=True))


def _put(site: Site, id_: str, risk: Risk, by: str, **changes: object) -> Risk:
    try:
        changed = Risk.model_validate({**risk.model_dump(), **changes})
    except ValidationError as error:
        raise UsageError(
            "risk {risk} cannot say that of {fields}",
            hint="Grades go from 1 to 5, events from 0 to 366 a year, amounts are not negative.",
            risk=id_,
            fields=fields_of(error),
        ) from error
    RISKS.put(site, {id_: changed}, by=by)
    return changed


def _decide(site: Site, proposals: Mapping[str, Proposal], state: str, by: str) -> None:
    decided = {name: each.model_copy(update={"state": state}) for name, each in proposals.items()}
    PROPOSALS.put(site, decided, by=by)
