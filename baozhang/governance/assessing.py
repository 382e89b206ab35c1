"""Judging a whole audit: every control by the evidence, every item by its controls.

A pure function of what an evidence pack holds, so that whoever checks a pack comes to the same
lines as the audit did, or to know that they differ.
"""

from collections.abc import Collection, Iterable, Sequence

from baozhang.governance.audits import Ground, Verdict
from baozhang.governance.judging import Judged, Line, judge, lines
from baozhang.governance.model import Control, Evidence, Item


def concerned(controls: Iterable[Control], items: Iterable[Item]) -> tuple[Control, ...]:
    """Return the controls that serve any of the items."""
    wanted = {each.id for each in items}
    return tuple(each for each in controls if wanted & set(each.items))


def of_sections(items: Iterable[Item], sections: Collection[str]) -> tuple[Item, ...]:
    """Return the items of these sections, in the documents' order."""
    return tuple(each for each in items if each.section in sections)


def judged_one(control: Control, ground: Ground) -> Judged:
    """Return how one control stands by an audit's evidence."""
    return judge(
        control,
        ground.evidence,
        at=ground.at,
        due=ground.dues.get(control.id),
        genuine_since=ground.genuine_since,
    )


def judged_all(controls: Sequence[Control], ground: Ground) -> tuple[Judged, ...]:
    """Return how all controls stand, in their order."""
    by_control: dict[str, list[Evidence]] = {each.id: [] for each in controls}
    for piece in ground.evidence:
        if piece.control in by_control:
            by_control[piece.control].append(piece)
    return tuple(
        judge(
            control,
            by_control[control.id],
            at=ground.at,
            due=ground.dues.get(control.id),
            genuine_since=ground.genuine_since,
        )
        for control in controls
    )


def lines_of(
    items: Iterable[Item], controls: Sequence[Control], judged: Iterable[Judged]
) -> tuple[Line, ...]:
    """Return a line for each item."""
    found = {each.control: each for each in judged}
    return lines(items, [(each, found[each.id]) for each in controls])


def verdict(items: Sequence[Item], controls: Sequence[Control], ground: Ground) -> Verdict:
    """Return how the controls of these items stand, and the items."""
    ours = concerned(controls, items)
    judged = judged_all(ours, ground)
    told = lines_of(items, ours, judged)
    return Verdict(judged=judged, statuses={each.item.id: each.status for each in told})
