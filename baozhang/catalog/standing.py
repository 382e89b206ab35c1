"""How every set stands now, in a few questions to the catalog however many sets there are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from baozhang.catalog import rows
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty, Outcome
from baozhang.catalog.schema import LetterRow, OutcomeRow, SnapshotRow

Key = tuple[Duty, str, str]
"""Duty, client, set."""


@dataclass(frozen=True, slots=True)
class Standings:
    """What the catalog knows of every set."""

    newest: dict[Key, Outcome]
    """The newest outcome, whatever its status."""
    well: dict[Key, datetime]
    """When the newest outcome began that was `ok`."""
    first: dict[tuple[str, str], datetime]
    """When the first backup point of a client and set was made, UTC."""


def standings(catalog: Catalog) -> Standings:
    """Return how every set stands; one state of the catalog."""
    key = (OutcomeRow.duty, OutcomeRow.client, OutcomeRow.set)
    newest = select(func.max(OutcomeRow.position)).group_by(*key)
    with catalog.reading() as session:
        found = session.scalars(
            select(OutcomeRow)
            .where(OutcomeRow.position.in_(newest))
            .options(selectinload(OutcomeRow.findings))
        )
        outcomes = tuple(map(rows.outcome, found))
        well = session.execute(
            select(*key, func.max(OutcomeRow.started))
            .where(OutcomeRow.status == "ok")
            .group_by(*key)
        )
        first = session.execute(
            select(SnapshotRow.client, SnapshotRow.set, func.min(SnapshotRow.at)).group_by(
                SnapshotRow.client, SnapshotRow.set
            )
        )
        return Standings(
            {(each.duty, each.client, each.set): each for each in outcomes},
            {(duty, client, name): at for duty, client, name, at in well},
            {(client, name): at for client, name, at in first},
        )


def letter_numbers(catalog: Catalog) -> dict[str, tuple[int, ...]]:
    """Return the numbers of all letters by kind, ascending."""
    query = select(LetterRow.kind, LetterRow.number).order_by(LetterRow.kind, LetterRow.number)
    found: dict[str, list[int]] = {}
    with catalog.reading() as session:
        for kind, number in session.execute(query):
            found.setdefault(kind, []).append(number)
    return {kind: tuple(numbers) for kind, numbers in found.items()}


def letter_periods(catalog: Catalog, upto: str) -> dict[str, str]:
    """Return the newest period that letters of each kind reported on.

    Args:
        catalog: where letters are written down.
        upto: the present day; a period after it comes of a wrong clock, or of a slip of the pen,
            and would hide every later silence.
    """
    query = (
        select(LetterRow.kind, func.max(LetterRow.period))
        .where(LetterRow.period <= upto)
        .group_by(LetterRow.kind)
    )
    with catalog.reading() as session:
        return {kind: period for kind, period in session.execute(query)}  # noqa: C416 - typed rows


def newest_letter_at(catalog: Catalog) -> datetime | None:
    """Return when the newest letter was written; None: there is none."""
    with catalog.reading() as session:
        return session.scalars(select(func.max(LetterRow.at))).one()
