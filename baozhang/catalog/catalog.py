"""The catalog's verbs: what may be recorded, and what may be asked.

    with Catalog.open(path) as catalog:
        catalog.record_snapshot(receipt.snapshot)
        catalog.append(outcome)
        with catalog.transaction():                      # numbers without gaps
            number = catalog.next_letter("night")
            ...                                          # write the letter, put it in the outbox
            catalog.record_letter(Letter("night", number, ...))

Each verb is a transaction of its own, or part of the one around it.  There is no verb that changes
or deletes a row of the journal.  What is recorded twice (a replayed step) stays one row.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session, selectinload

from baozhang.catalog import rows
from baozhang.catalog.journal import export_rows, import_rows
from baozhang.catalog.model import (
    AuditAnchor,
    Duty,
    KnownSnapshot,
    Letter,
    Outcome,
    Run,
    SnapshotLike,
    Status,
    Verified,
)
from baozhang.catalog.opening import WRITING, catalog_path, open_engine, translated
from baozhang.catalog.schema import (
    AnchorRow,
    HeadRow,
    LetterRow,
    OutcomeRow,
    RunRow,
    SnapshotRow,
    VerifiedRow,
)
from baozhang.clock import business_day
from baozhang.errors import BaozhangError, ObjectMissingError


class Catalog:
    """An open catalog.  Threads may share it: each has transactions of its own."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine
        self._writing_engine = engine.execution_options(**{WRITING: True})
        self._current = threading.local()

    @classmethod
    def open(cls, url_or_path: str | Path) -> Self:
        """Open the catalog, make it if there is none, and upgrade it if it is older.

        Raises:
            UsageError: the URL names no database that a catalog can be kept in.
            NewerFormatError: a newer release has upgraded it.
            CorruptObjectError: the file is no catalog, or damaged.
            UnreachableError: it cannot be opened, or somebody holds it too long.
        """
        path = catalog_path(url_or_path)
        return cls(path, open_engine(path))

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- transactions --------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make one transaction of everything recorded in the block: all of it, or nothing.

        It holds the write lock: other processes wait.  Inside another one it is part of that.
        """
        with self.writing():
            yield

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield the session of the transaction around, or of a new one; for the catalog's parts."""
        if (session := self._session) is not None:
            yield session
            return
        with translated(self.path), Session(self._writing_engine) as session, session.begin():
            self._current.session = session
            try:
                yield session
            finally:
                self._current.session = None

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees one state of the catalog; for the catalog's parts."""
        if (session := self._session) is not None:
            yield session
            return
        with translated(self.path), Session(self._engine) as session, session.begin():
            yield session

    @property
    def _session(self) -> Session | None:
        session = getattr(self._current, "session", None)
        return session if isinstance(session, Session) else None

    # --- derived half --------------------------------------------------------------------------

    def record_snapshot(self, snapshot: SnapshotLike) -> None:
        """Remember a snapshot of a vault, and which one is its set's newest."""
        with self.writing() as session:
            session.merge(rows.snapshot_row(snapshot))
            newest = session.scalars(_newest(snapshot.client, snapshot.set)).one()
            session.merge(HeadRow(client=newest.client, set=newest.set, snapshot=newest.id))

    def snapshots(
        self, client: str | None = None, set_name: str | None = None
    ) -> tuple[KnownSnapshot, ...]:
        """Return the snapshots of a client, of a set, or of all, by client, set and sequence."""
        query = select(SnapshotRow).order_by(
            SnapshotRow.client, SnapshotRow.set, SnapshotRow.sequence, SnapshotRow.id
        )
        if client is not None:
            query = query.where(SnapshotRow.client == client)
        if set_name is not None:
            query = query.where(SnapshotRow.set == set_name)
        with self.reading() as session:
            return tuple(rows.known_snapshot(row) for row in session.scalars(query))

    def head(self, client: str, set_name: str) -> KnownSnapshot | None:
        """Return the newest snapshot of a set; None when the catalog knows of none."""
        joined = (SnapshotRow.client == HeadRow.client) & (SnapshotRow.id == HeadRow.snapshot)
        query = select(SnapshotRow).join(HeadRow, joined)
        query = query.where(HeadRow.client == client, HeadRow.set == set_name)
        with self.reading() as session:
            row = session.scalars(query).one_or_none()
            return rows.known_snapshot(row) if row else None

    def record_verified(self, verified: Verified) -> None:
        """Remember a client's last verification; an older one does not replace a newer one."""
        with self.writing() as session:
            known = session.get(VerifiedRow, verified.client)
            if known is None or known.at <= verified.at:
                session.merge(
                    VerifiedRow(
                        client=verified.client,
                        at=verified.at,
                        objects=verified.objects,
                        bytes=verified.bytes,
                        damaged=verified.damaged,
                    )
                )

    def verified(self) -> tuple[Verified, ...]:
        """Return the last verification of each client that ever had one, by client."""
        with self.reading() as session:
            found = session.scalars(select(VerifiedRow).order_by(VerifiedRow.client))
            return tuple(rows.verified(row) for row in found)

    # --- journal -------------------------------------------------------------------------------

    def begin(self, run: Run) -> None:
        """Record that a run has begun, so that a run with no outcome is still a run.

        Only its id, duty and day are kept; a run that was begun before stays as it was.
        """
        with self.writing() as session:
            known = session.scalars(select(RunRow).where(RunRow.run == run.id)).one_or_none()
            if known is None:
                session.add(RunRow(run=run.id, duty=run.duty, day=run.day))

    def append(self, outcome: Outcome) -> Outcome:
        """Record an outcome, and return the one that stands: the first of its run, client and set.

        A step that is replayed may come to another end; the journal keeps what was found first.
        """
        query = _outcomes().where(
            OutcomeRow.run == outcome.run,
            OutcomeRow.client == outcome.client,
            OutcomeRow.set == outcome.set,
        )
        with self.writing() as session:
            if known := session.scalars(query).one_or_none():
                return rows.outcome(known)
            session.add(rows.outcome_row(outcome))
            return outcome

    def outcomes(
        self,
        *,
        run: str | None = None,
        client: str | None = None,
        duty: Duty | None = None,
        since: datetime | None = None,
    ) -> tuple[Outcome, ...]:
        """Return the outcomes that fit all that is given, by their start, client and set."""
        query = _outcomes().order_by(OutcomeRow.started, OutcomeRow.client, OutcomeRow.set)
        for column, wanted in (
            (OutcomeRow.run, run),
            (OutcomeRow.client, client),
            (OutcomeRow.duty, duty),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if since is not None:
            query = query.where(OutcomeRow.started >= since)
        with self.reading() as session:
            return tuple(rows.outcome(row) for row in session.scalars(query))

    def clients(self, duty: Duty, since: datetime) -> tuple[str, ...]:
        """Return the clients that a duty had to do with from an instant on, by id."""
        query = select(OutcomeRow.client).distinct().order_by(OutcomeRow.client)
        query = query.where(OutcomeRow.duty == duty, OutcomeRow.started >= since)
        with self.reading() as session:
            return tuple(session.scalars(query))

    def run(self, run_id: str) -> Run:
        """Return a run with its outcomes.

        A run that nobody began has the business day on which its first outcome started.

        Raises:
            ObjectMissingError: there is no such run.
        """
        with self.reading() as session:
            outcomes = self.outcomes(run=run_id)
            row = session.scalars(select(RunRow).where(RunRow.run == run_id)).one_or_none()
            if row is not None:
                return Run(row.run, row.duty, row.day, outcomes)
        if not outcomes:
            raise ObjectMissingError(
                "the catalog knows no run {run}",
                hint="Compare the id with the one that the run itself printed.",
                run=run_id,
            )
        return Run(run_id, outcomes[0].duty, business_day(outcomes[0].started), outcomes)

    def last(self, duty: Duty, client: str, set_name: str, status: Status = "ok") -> Outcome | None:
        """Return the newest outcome of a duty that has this status; None when there is none."""
        query = _outcomes().where(
            OutcomeRow.client == client,
            OutcomeRow.set == set_name,
            OutcomeRow.duty == duty,
            OutcomeRow.status == status,
        )
        newest = (OutcomeRow.started.desc(), OutcomeRow.position.desc())
        with self.reading() as session:
            row = session.scalars(query.order_by(*newest).limit(1)).one_or_none()
            return rows.outcome(row) if row else None

    def next_letter(self, kind: str) -> int:
        """Return the number that the next letter of this kind bears.

        Only inside `transaction()`, which keeps others from taking the same number.
        """
        if (session := self._session) is None:
            raise BaozhangError("a letter is numbered inside a transaction only")
        highest = select(func.max(LetterRow.number)).where(LetterRow.kind == kind)
        return (session.scalars(highest).one() or 0) + 1

    def record_letter(self, letter: Letter) -> None:
        """Record a letter that went out under the number `next_letter` gave; see there."""
        expected = self.next_letter(letter.kind)
        if letter.number != expected:
            raise BaozhangError(
                "letter {number} of kind {kind} is out of order, {expected} is next",
                number=letter.number,
                kind=letter.kind,
                expected=expected,
            )
        with self.writing() as session:
            session.add(rows.letter_row(letter))
            session.flush()

    def letters(self, kind: str | None = None) -> tuple[Letter, ...]:
        """Return the letters that went out, in the order they were recorded."""
        query = select(LetterRow).order_by(LetterRow.position)
        if kind is not None:
            query = query.where(LetterRow.kind == kind)
        with self.reading() as session:
            return tuple(rows.letter(row) for row in session.scalars(query))

    def record_anchor(self, anchor: AuditAnchor) -> None:
        """Keep the audit log's head away from the log."""
        query = select(AnchorRow).where(AnchorRow.seq == anchor.seq, AnchorRow.hash == anchor.hash)
        with self.writing() as session:
            if session.scalars(query).one_or_none() is None:
                session.add(AnchorRow(seq=anchor.seq, hash=anchor.hash, at=anchor.at))

    def anchors(self) -> tuple[AuditAnchor, ...]:
        """Return the audit log's anchors, in the order they were recorded."""
        with self.reading() as session:
            found = session.scalars(select(AnchorRow).order_by(AnchorRow.position))
            return tuple(rows.anchor(row) for row in found)

    def export_journal(self, folder: Path) -> int:
        """Write the journal half into the folder, durably, and return the number of rows.

        All files show one state of the catalog; each replaces the one that was there, and begins
        with its bytes.
        """
        with self.reading() as session:
            return export_rows(session, folder)

    def import_journal(self, folder: Path) -> int:
        """Put exported rows that the journal does not have into it, and return their number.

        Rows it has stay as they are, so a journal that went on since the export loses nothing.
        All rows are put in, or none.

        Raises:
            CorruptObjectError: a file is missing, or a line is not a row of its table.
            NewerFormatError: a newer release has written the files.
        """
        with self.writing() as session:
            return import_rows(session, folder)


def _outcomes() -> Select[tuple[OutcomeRow]]:
    return select(OutcomeRow).options(selectinload(OutcomeRow.findings))


def _newest(client: str, set_name: str) -> Select[tuple[SnapshotRow]]:
    """Select a set's newest snapshot; of a fork (two of one sequence), the later one."""
    query = select(SnapshotRow).where(SnapshotRow.client == client, SnapshotRow.set == set_name)
    newest = (SnapshotRow.sequence.desc(), SnapshotRow.at.desc(), SnapshotRow.id.desc())
    return query.order_by(*newest).limit(1)
