"""Alerts in the journal: raised once, then only told of, acknowledged or mended.

    alerts = AlertBook(catalog)
    with catalog.transaction():
        known = alerts.raise_(trouble…)      # the same trouble is one alert while it is open
        alerts.add(AlertEvent(known.alert.id, "acknowledged", at, who="zhang"))

Rows are never changed: what became of an alert are rows of their own, so the journal's export holds
all of it and `baozhang catalog rebuild` brings it back.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Alert, AlertEvent, AlertStage, KnownAlert
from baozhang.catalog.schema import AlertEventRow, AlertRow
from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError

_SHORTEST = 4  # hexadecimal digits of an id behind its day: people type it from a telephone


class AlertBook:
    """The alerts of a catalog."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def raised(self, alert: Alert) -> tuple[KnownAlert, bool]:
        """Record an alert, unless it is one already; return the one that stands, and if it is new.

        One already is: the open one of the same kind and subject, whatever its period (it comes to
        hold for that one as well), and one of the same kind, subject and period that was
        acknowledged and not mended.  A morning line already is while nobody was told it.

        Args:
            alert: without an id; it is given one.
        """
        with self._catalog.writing() as session:
            known = self._standing(alert)
            if known is None:
                named = replace(alert, id=self._free_id(alert))
                session.add(_alert_row(named))
                session.flush()
                return KnownAlert(named), True
            if known.period != alert.period:
                self.add(AlertEvent(known.alert.id, "again", alert.at, note=alert.period))
            return known, False

    def add(self, *events: AlertEvent) -> None:
        """Record what became of alerts."""
        with self._catalog.writing() as session:
            for event in events:
                highest = select(func.max(AlertEventRow.number)).where(
                    AlertEventRow.alert == event.alert
                )
                number = (session.scalars(highest).one() or 0) + 1
                session.add(_event_row(event, number))
                session.flush()

    def find(self, alert_id: str) -> KnownAlert:
        """Return an alert.

        Raises:
            UsageError: there is none of this id.
        """
        query = _alerts().where(AlertRow.id == alert_id)
        with self._catalog.reading() as session:
            row = session.scalars(query).one_or_none()
            if row is None:
                raise UsageError(
                    "there is no alert {alert}",
                    hint="Run `baozhang alert list` and choose one from it.",
                    alert=alert_id[:40],
                )
            return _known(row)

    def all(self) -> tuple[KnownAlert, ...]:
        """Return all alerts, in the order they were raised."""
        return self._found(_alerts())

    def unmended(self) -> tuple[KnownAlert, ...]:
        """Return the alerts whose trouble goes on, acknowledged or not; no morning lines."""
        over = select(AlertEventRow.alert).where(AlertEventRow.what == "mended")
        query = _alerts().where(AlertRow.alert_class != "morning", AlertRow.id.not_in(over))
        return self._found(query)

    def unclosed(self) -> tuple[KnownAlert, ...]:
        """Return the alerts that were mended, and nobody has been told so yet."""
        over = select(AlertEventRow.alert).where(AlertEventRow.what == "mended")
        told = select(AlertEventRow.alert).where(AlertEventRow.what == "closed")
        query = _alerts().where(AlertRow.id.in_(over), AlertRow.id.not_in(told))
        return self._found(query)

    def newest(self, kind: str, upto: str) -> str | None:
        """Return the newest period, none after `upto`, that somebody was told; None: none ever."""
        told = select(AlertEventRow.alert).where(AlertEventRow.what == "told")
        query = select(func.max(AlertRow.period)).where(
            AlertRow.kind == kind, AlertRow.period <= upto, AlertRow.id.in_(told)
        )
        with self._catalog.reading() as session:
            return session.scalars(query).one()

    def deliveries(self) -> tuple[AlertEvent, ...]:
        """Return the newest word of each channel: whether it carried what it was given last."""
        newest = (
            select(func.max(AlertEventRow.position))
            .where(AlertEventRow.what.in_(("carried", "refused")))
            .group_by(AlertEventRow.who)
        )
        query = select(AlertEventRow).where(AlertEventRow.position.in_(newest))
        with self._catalog.reading() as session:
            return tuple(map(_event, session.scalars(query.order_by(AlertEventRow.who))))

    def _standing(self, alert: Alert) -> KnownAlert | None:
        if alert.alert_class == "morning":
            same = (AlertRow.kind == alert.kind, AlertRow.period == alert.period)
            lines = self._found(_alerts().where(*same))
            return next((line for line in lines if line.last("told") is None), None)
        found = [
            known
            for known in self.unmended()
            if (known.alert.kind, known.alert.subject) == (alert.kind, alert.subject)
            and (known.state == "open" or known.period == alert.period)
        ]
        return found[-1] if found else None

    def _found(self, query: Select[tuple[AlertRow]]) -> tuple[KnownAlert, ...]:
        with self._catalog.reading() as session:
            return tuple(map(_known, session.scalars(query.order_by(AlertRow.position))))

    def _free_id(self, alert: Alert) -> str:
        said = f"{alert.kind}\n{alert.subject}\n{alert.period}\n{alert.at.isoformat()}"
        digits = hashlib.sha256(said.encode()).hexdigest()
        day = f"{alert.at.astimezone(SHANGHAI):%m%d}"
        with self._catalog.reading() as session:
            taken = set(session.scalars(select(AlertRow.id)))
        lengths: Iterable[int] = range(_SHORTEST, len(digits))
        return next(name for each in lengths if (name := f"{day}-{digits[:each]}") not in taken)


def _alerts() -> Select[tuple[AlertRow]]:
    return select(AlertRow).options(selectinload(AlertRow.events))


def _known(row: AlertRow) -> KnownAlert:
    alert = Alert(
        id=row.id,
        alert_class=row.alert_class,
        kind=row.kind,
        subject=row.subject,
        period=row.period,
        template=row.template,
        facts=tuple((str(name), value) for name, value in row.facts),
        hint=row.hint,
        at=row.at,
    )
    return KnownAlert(alert, tuple(map(_event, row.events)))


def _event(row: AlertEventRow) -> AlertEvent:
    stage: AlertStage = row.what
    return AlertEvent(row.alert, stage, row.at, row.who, row.step, row.note)


def _alert_row(alert: Alert) -> AlertRow:
    return AlertRow(
        id=alert.id,
        alert_class=alert.alert_class,
        kind=alert.kind,
        subject=alert.subject,
        period=alert.period,
        template=alert.template,
        facts=[list(fact) for fact in alert.facts],
        hint=alert.hint,
        at=alert.at,
    )


def _event_row(event: AlertEvent, number: int) -> AlertEventRow:
    return AlertEventRow(
        alert=event.alert,
        number=number,
        what=event.what,
        at=event.at,
        who=event.who,
        step=event.step,
        note=event.note,
    )
