"""Clean points (最近可信备份点): which backup points the outcomes of runs call normal or accepted.

    outcomes of a set ──► each point: normal, unknown, suspicious, accepted ──► the last clean one

How a backup was judged is a figure of its outcome, so that whoever has the journal knows: the
catalog, and every vault, which holds the journal of each night.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from baozhang.catalog.model import Outcome, SnapshotLike
from baozhang.policies.sudden import State

SUSPICION = "suspicion"
STATES: tuple[State, ...] = ("normal", "unknown", "suspicious")
"""The figure's values, by their place."""


def state_of(outcome: Outcome) -> State | None:
    """Return how a backup was judged; None for one that was not, or stored nothing."""
    place = dict(outcome.figures).get(SUSPICION)
    return None if place is None else STATES[place]


def is_word(outcome: Outcome) -> bool:
    """Tell whether an outcome says anything of its point: a judgement, or a person's acceptance."""
    return bool(outcome.snapshot and (state_of(outcome) or outcome.duty == "acceptance"))


def evidence_among(outcomes: Iterable[Outcome]) -> frozenset[str]:
    """Return the points that are evidence of an incident, and that nobody vouched for since.

    They show a source as it was found; whoever asks for a set's newest backup means none of them.

    Args:
        outcomes: of one client; on each point, the newest word last.
    """
    said = {each.snapshot: each.duty for each in outcomes if is_word(each)}
    return frozenset(point for point, duty in said.items() if duty == "evidence")


def clean_point(points: Sequence[str], words: Iterable[Outcome]) -> str | None:
    """Return the newest point that was normal or accepted, else the first that is not suspicious.

    Newest by its place in the vault: a word on an old point makes no newer one less clean.

    Args:
        points: ids of the set's backup points that there are, oldest first.
        words: what outcomes say of them (`is_word`), oldest first.
    """
    states = {each.snapshot: _standing(each) for each in words}
    clean = [point for point in points if states.get(point) == "normal"]
    unjudged = [point for point in points if states.get(point) != "suspicious"]
    return (*clean[-1:], *unjudged[:1], None)[0]


def older_clean_point(
    points: Sequence[SnapshotLike],
    clean: str | None,
    words: Iterable[Outcome],
    *,
    within: timedelta,
) -> str | None:
    """Return the oldest clean point that is at most so much older than the last clean one.

    None goes further back than one that a person vouched for: who did answers for all before it.
    While nights are suspicious the last clean point stays, and so does this one.

    Args:
        points: the set's backup points that there are, oldest first.
        clean: id of the last clean one.
        words: as for `clean_point`.
        within: how much older.
    """
    said = {each.snapshot: each for each in words}
    place = next((n for n, point in enumerate(points) if point.id == clean), -1)
    found: str | None = None
    for point in reversed(points[: place + 1]):
        if points[place].at - point.at > within:
            break
        word = said.get(point.id)
        if word is not None and _standing(word) == "normal":
            found = point.id
        if word is not None and word.duty == "acceptance":
            break
    return None if found == clean else found


def _standing(outcome: Outcome) -> State | None:
    return "normal" if outcome.duty == "acceptance" else state_of(outcome)
