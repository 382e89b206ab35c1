"""The custody register (解密副本登记) in the journal: a row for each copy, another for its end.

Rows are never changed, so the journal's export holds all of it and a rebuild brings it back.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from baozhang.catalog.catalog import Catalog
from baozhang.catalog.model import Copy, CopyEnd, End, KnownCopy
from baozhang.catalog.schema import CustodyEndRow, CustodyRow


class CustodyBook:
    """The decrypted copies that a catalog knows of."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def add(self, copy: Copy) -> None:
        """Record a copy; one that is known already is left alone."""
        with self._catalog.writing() as session:
            if _row(session, copy.id) is None:
                session.add(
                    CustodyRow(
                        id=copy.id,
                        client=copy.client,
                        set=copy.set,
                        snapshot=copy.snapshot,
                        reason=copy.reason,
                        opener=copy.opener,
                        opened=copy.opened,
                        due=copy.due,
                        place=copy.place,
                    )
                )
                session.flush()

    def end(self, end: End) -> None:
        """Record the end of a copy that was recorded; the first one counts."""
        with self._catalog.writing() as session:
            if _end_row(session, end.copy) is None:
                session.add(
                    CustodyEndRow(
                        copy=end.copy,
                        at=end.at,
                        by=end.by,
                        how=end.how,
                        files=end.files,
                        bytes=end.bytes,
                    )
                )
                session.flush()

    def find(self, copy_id: str) -> KnownCopy | None:
        """Return a copy; None: there is none of this id."""
        with self._catalog.reading() as session:
            row = _row(session, copy_id)
            return _known(row, _end_row(session, copy_id)) if row else None

    def all(self) -> tuple[KnownCopy, ...]:
        """Return every copy, in the order in which they were opened."""
        with self._catalog.reading() as session:
            ends = {row.copy: row for row in session.scalars(select(CustodyEndRow))}
            found = session.scalars(select(CustodyRow).order_by(CustodyRow.position))
            return tuple(_known(row, ends.get(row.id)) for row in found)

    def open_ones(self) -> tuple[KnownCopy, ...]:
        """Return the copies whose end is not recorded, in the order in which they were opened."""
        query = select(CustodyRow).where(CustodyRow.id.not_in(select(CustodyEndRow.copy)))
        with self._catalog.reading() as session:
            found = session.scalars(query.order_by(CustodyRow.position))
            return tuple(_known(row, None) for row in found)


def _row(session: Session, copy_id: str) -> CustodyRow | None:
    return session.scalars(select(CustodyRow).where(CustodyRow.id == copy_id)).one_or_none()


def _end_row(session: Session, copy_id: str) -> CustodyEndRow | None:
    query = select(CustodyEndRow).where(CustodyEndRow.copy == copy_id)
    return session.scalars(query).one_or_none()


def _known(row: CustodyRow, end: CustodyEndRow | None) -> KnownCopy:
    copy = Copy(
        id=row.id,
        client=row.client,
        set=row.set,
        snapshot=row.snapshot,
        reason=row.reason,
        opener=row.opener,
        opened=row.opened,
        due=row.due,
        place=row.place,
    )
    if end is None:
        return KnownCopy(copy)
    how: CopyEnd = end.how
    return KnownCopy(copy, End(end.copy, end.at, end.by, how, end.files, end.bytes))
