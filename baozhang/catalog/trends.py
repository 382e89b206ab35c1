"""How the agency's backups went over time: a few sums in the database, however many rows there are.

Nights, failures and bytes as figures by run or as one number; single outcomes are never loaded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Duty
from baozhang.catalog.rebuilding import AGENCY
from baozhang.catalog.schema import OutcomeRow, SnapshotRow


@dataclass(frozen=True, slots=True)
class Ran:
    """One run over clients' sets.

    Attributes:
        begun, ended: of its first and its last outcome, UTC.
        outcomes: how many there are.
        troubled: how many of them are not `ok`.
        failed: how many failed.
    """

    run: str
    begun: datetime
    ended: datetime
    outcomes: int
    troubled: int
    failed: int

    @property
    def length(self) -> timedelta:
        """From its first beginning to its last end."""
        return self.ended - self.begun


def runs_of(catalog: Catalog, since: datetime, *duties: Duty) -> tuple[Ran, ...]:
    """Return the runs of these duties whose outcomes began at an instant or after it, in order."""
    query = (
        select(
            OutcomeRow.run,
            func.min(OutcomeRow.started),
            func.max(OutcomeRow.ended),
            func.count(),
            func.sum(case((OutcomeRow.status != "ok", 1), else_=0)),
            func.sum(case((OutcomeRow.status == "failed", 1), else_=0)),
        )
        .where(OutcomeRow.duty.in_(duties), OutcomeRow.client != AGENCY)
        .where(OutcomeRow.started >= since)
        .group_by(OutcomeRow.run)
        .order_by(func.min(OutcomeRow.started), OutcomeRow.run)
    )
    with catalog.reading() as session:
        return tuple(Ran(*row) for row in session.execute(query))


def bytes_added(catalog: Catalog, before: datetime) -> int | None:
    """Return how many bytes all backup points of before an instant added; None: there are none."""
    query = select(func.sum(SnapshotRow.added)).where(SnapshotRow.at < before)
    with catalog.reading() as session:
        found = session.scalars(query).one()
        return None if found is None else int(found)


def mirror_troubles(catalog: Catalog, since: datetime) -> tuple[str, ...]:
    """Return the backup runs in which a mirror was not brought up to its vault, by id."""
    query = (
        select(OutcomeRow.run)
        .distinct()
        .where(OutcomeRow.client == AGENCY, OutcomeRow.set.like("%-mirror-%"))
        .where(OutcomeRow.status != "ok", OutcomeRow.started >= since)
        .order_by(OutcomeRow.run)
    )
    with catalog.reading() as session:
        return tuple(session.scalars(query))
