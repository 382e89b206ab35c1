"""Prevention: whether every cause we know of has at least one control that is proven.

Causes are those of open risks and of incidents that happened.  A cause without a proven control is
named; planned controls and those that people only attested do not cover it.
"""

from collections.abc import Iterable, Mapping

from baozhang.governance.model import Status
from baozhang.governance.risk.model import Cause, Risk
from baozhang.settings.part import Part


class Covered(Part):
    """One class of cause.

    Attributes:
        risks: ids of its open risks.
        incidents: how many incidents it had.
        controls: ids of the controls that its risks name.
        proven: those of them that are proven.
    """

    cause: Cause
    risks: tuple[str, ...]
    incidents: int
    controls: tuple[str, ...]
    proven: tuple[str, ...]


def coverage(
    risks: Mapping[str, Risk], causes: Iterable[Cause], statuses: Mapping[str, Status]
) -> tuple[Covered, ...]:
    """Return every cause with what prevents it, by name.

    Args:
        risks: by id; only open ones count.
        causes: of incidents, one for each incident.
        statuses: of controls by id.
    """
    happened = list(causes)
    counted = {id_: each for id_, each in sorted(risks.items()) if each.state == "open"}
    known = sorted({each.cause for each in counted.values()} | set(happened))
    return tuple(
        _covered(cause, counted, sum(each == cause for each in happened), statuses)
        for cause in known
    )


def _covered(
    cause: Cause, risks: Mapping[str, Risk], incidents: int, statuses: Mapping[str, Status]
) -> Covered:
    ours = {id_: each for id_, each in risks.items() if each.cause == cause}
    controls = tuple(dict.fromkeys(name for each in ours.values() for name in each.controls))
    return Covered(
        cause=cause,
        risks=tuple(ours),
        incidents=incidents,
        controls=controls,
        proven=tuple(each for each in controls if statuses.get(each) == "proven"),
    )


def share(found: Iterable[Covered]) -> int | None:
    """Return how many of a hundred causes are covered, rounded down; None: there are none."""
    all_ = list(found)
    return 100 * sum(bool(each.proven) for each in all_) // len(all_) if all_ else None
