"""Drawing single outcomes out of very many, by their places in the order of time.

A year of a thousand clients is a third of a million outcomes; a sample looks at sixty of them.  The
database numbers the rows itself, in one pass over an index, and hands over those that were drawn.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select

from baozhang.catalog import rows
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty, Outcome
from baozhang.catalog.schema import OutcomeRow


def population(catalog: Catalog, duty: Duty, since: datetime, until: datetime) -> int:
    """Return how many outcomes a duty had that began from `since` on and before `until`."""
    query = select(func.count()).select_from(OutcomeRow)
    query = query.where(*_within(duty, since, until))
    with catalog.reading() as session:
        return session.scalars(query).one()


def outcomes_at(
    catalog: Catalog, duty: Duty, since: datetime, until: datetime, places: Collection[int]
) -> tuple[Outcome, ...]:
    """Return the outcomes at these places, from 0, in the order of time."""
    order = (OutcomeRow.started, OutcomeRow.position)
    numbered = (
        select(
            OutcomeRow.position.label("position"),
            (func.row_number().over(order_by=order) - 1).label("place"),
        )
        .where(*_within(duty, since, until))
        .subquery()
    )
    drawn: Select[tuple[int]] = select(numbered.c.position).where(numbered.c.place.in_(places))
    query = select(OutcomeRow).where(OutcomeRow.position.in_(drawn)).order_by(*order)
    with catalog.reading() as session:
        return tuple(rows.outcome(row) for row in session.scalars(query))


def _within(duty: Duty, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    return OutcomeRow.duty == duty, OutcomeRow.started >= since, OutcomeRow.started < until
