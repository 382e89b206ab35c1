"""Independence: who audits has neither made nor checked what is audited.

Judging leaves out evidence that its own maker checked.  Here it is about the auditor: for each
person, every line whose evidence they had a hand in.  Somebody without any signs; where a small
agency has nobody such, the report names the lines.
"""

from collections.abc import Iterable, Mapping
from typing import Literal

from baozhang.governance.model import Control, Evidence
from baozhang.settings.part import Part

Hand = Literal["made", "checked"]


class Conflict(Part):
    """A person had a hand in evidence that an item rests on."""

    person: str
    item: str
    control: str
    evidence: str  # id
    did: Hand


def conflicts(
    people: Iterable[str], controls: Iterable[Control], evidence: Iterable[Evidence]
) -> tuple[Conflict, ...]:
    """Return what each of the people had a hand in, by person, control and item."""
    served = {each.id: each.items for each in controls}
    pieces = sorted(evidence, key=lambda each: (each.control, each.id))
    return tuple(
        Conflict(person=person, item=item, control=piece.control, evidence=piece.id, did=did)
        for person in people
        for piece in pieces
        for did in _hands(piece, person)
        for item in served.get(piece.control, ())
    )


def lines_by_person(found: Iterable[Conflict]) -> Mapping[str, tuple[str, ...]]:
    """Return the items that each person is not independent of, in the order they were found."""
    lines: dict[str, dict[str, None]] = {}
    for each in found:
        lines.setdefault(each.person, {})[each.item] = None
    return {person: tuple(items) for person, items in lines.items()}


def _hands(piece: Evidence, person: str) -> tuple[Hand, ...]:
    made: tuple[Hand, ...] = ("made",) if person in piece.by else ()
    checked: tuple[Hand, ...] = ("checked",) if person == piece.checked_by else ()
    return made + checked
