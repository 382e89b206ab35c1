"""What our records propose: risks that nobody registered, and scores that no longer fit.

    indicator amber or red ─► its risks of the library that the register does not have
    incident ───────────────► the same; a risk that is there is to be scored anew
    failed restore test ────► the risks of not being able to restore, scored anew
    treatment moved nothing ► the risk is open again

Nothing is proposed twice: a risk that somebody rejected stays rejected, and a proposal names what
it follows from.  A person decides every one of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from baozhang.governance.risk.model import CAUSE_OF, Kind, Proposal, Risk
from baozhang.governance.risk.standard import Indicator, Known, Scale
from baozhang.governance.risk.treatment import Effect

YEAR = timedelta(days=366)
WARNS = frozenset({"amber", "red"})
UNPROVEN = "failed-proofs"
"""The indicator whose risks a failed restore test speaks of."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An incident, or a restore test that failed.

    Attributes:
        ref: `incident:i-…` or `run:…`.
        kind: of the incident; None: a restore test.
    """

    ref: str
    day: date
    kind: Kind | None


def new_risks(
    risks: Mapping[str, Risk],
    bands: Mapping[str, str],
    happened: Iterable[Happened],
    library: Mapping[str, Known],
    indicators: Mapping[str, Indicator],
) -> dict[str, str]:
    """Return ids of the library that are to be proposed, with what proposes them."""
    there = {each.library for each in risks.values()}
    warned = (
        (name, f"indicator:{id_}")
        for id_, band in bands.items()
        if band in WARNS
        for name in indicators[id_].risks
    )
    struck = (
        (name, each.ref)
        for each in happened
        for name, known in library.items()
        if each.kind in known.incidents
    )
    found: dict[str, str] = {}
    for name, source in (*struck, *warned):
        if name not in there:
            found.setdefault(name, source)
    return found


def rescores(
    risks: Mapping[str, Risk],
    happened: Iterable[Happened],
    library: Mapping[str, Known],
    scale: Scale,
    unproven: Iterable[str],
) -> Iterator[Proposal]:
    """Yield a proposal for each open risk and each thing that happened since it was scored.

    Args:
        risks: by id.
        happened: incidents and failed restore tests.
        library: by id.
        scale: turns how often it happened within a year into a grade.
        unproven: ids of the library that a failed restore test speaks of.
    """
    events, unprovable = list(happened), set(unproven)
    for id_, risk in sorted(risks.items()):
        if risk.state == "open" and risk.scored:
            for each in events:
                is_news = risk.scored_on is None or each.day >= risk.scored_on
                if is_news and _concerns(each, risk, library, unprovable):
                    yield _rescore(id_, each, events, scale)


def _concerns(
    event: Happened, risk: Risk, library: Mapping[str, Known], unprovable: set[str]
) -> bool:
    if event.kind is None:
        return risk.library in unprovable
    known = library.get(risk.library)
    if known is not None:
        return event.kind in known.incidents
    return CAUSE_OF[event.kind] == risk.cause


def _rescore(id_: str, event: Happened, events: Iterable[Happened], scale: Scale) -> Proposal:
    if event.kind is None:
        return Proposal(risk=id_, change="rescore", why="restore-test", ref=event.ref)
    within = sum(each.kind == event.kind and event.day - each.day <= YEAR for each in events)
    often = scale.often(Decimal(within))
    return Proposal(risk=id_, change="rescore", why="incident", ref=event.ref, likelihood=often)


def reopened(
    risks: Mapping[str, Risk], effects: Mapping[str, Effect], period: str
) -> Iterator[Proposal]:
    """Yield a proposal for each reduced risk whose indicators did not move.

    Args:
        risks: by id.
        effects: of their treatments, by id of the risk.
        period: the month, `2026-11`.
    """
    for id_, risk in sorted(risks.items()):
        unmoved = effects.get(id_) in {"same", "worse"}
        if unmoved and (risk.state, risk.treatment) == ("open", "reduce"):
            yield Proposal(risk=id_, change="reopen", why="unmoved", ref=f"month:{period}")


def unheard(found: Iterable[Proposal], known: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Return the proposals that were not made before, each once.

    A treatment that moved nothing is not proposed again while the proposal before is open.
    """
    there = {(each.risk, each.change, each.ref) for each in known}
    waiting = {each.risk for each in known if (each.change, each.state) == ("reopen", "open")}
    kept: dict[tuple[str, str, str], Proposal] = {}
    for each in found:
        key = (each.risk, each.change, each.ref)
        if key not in there and not (each.change == "reopen" and each.risk in waiting):
            kept.setdefault(key, each)
    return tuple(kept.values())
