"""Rows to values and back: nothing of SQLAlchemy leaves the catalog."""

from typing import cast

from baozhang.catalog.model import (
    AuditAnchor,
    Finding,
    KnownSnapshot,
    Letter,
    Outcome,
    SnapshotLike,
    Verified,
)
from baozhang.catalog.schema import (
    AnchorRow,
    FindingRow,
    LetterRow,
    OutcomeRow,
    SnapshotRow,
    VerifiedRow,
)


def snapshot_row(snapshot: SnapshotLike) -> SnapshotRow:
    """Return a snapshot as its row."""
    return SnapshotRow(
        client=snapshot.client,
        id=snapshot.id,
        set=snapshot.set,
        sequence=snapshot.sequence,
        at=snapshot.at,
        files=snapshot.files,
        size=snapshot.size,
        added=snapshot.added,
        partial=snapshot.partial,
        books=list(snapshot.books),
    )


def known_snapshot(row: SnapshotRow) -> KnownSnapshot:
    """Return a row as the snapshot it keeps."""
    return KnownSnapshot(
        id=row.id,
        client=row.client,
        set=row.set,
        sequence=row.sequence,
        at=row.at,
        files=row.files,
        size=row.size,
        added=row.added,
        partial=row.partial,
        books=tuple(row.books),
    )


def outcome_row(outcome: Outcome) -> OutcomeRow:
    """Return an outcome as its row, with the rows of its findings."""
    key = {"run": outcome.run, "client": outcome.client, "set": outcome.set}
    findings = [
        FindingRow(
            **key,
            number=number,
            severity=finding.severity,
            template=finding.template,
            facts=[list(fact) for fact in finding.facts],
            hint=finding.hint,
        )
        for number, finding in enumerate(outcome.findings, start=1)
    ]
    return OutcomeRow(
        **key,
        duty=outcome.duty,
        status=outcome.status,
        started=outcome.started,
        ended=outcome.ended,
        snapshot=outcome.snapshot,
        figures=[list(figure) for figure in outcome.figures],
        findings=findings,
    )


def outcome(row: OutcomeRow) -> Outcome:
    """Return a row as the outcome it keeps."""
    return Outcome(
        run=row.run,
        duty=row.duty,
        client=row.client,
        set=row.set,
        status=row.status,
        started=row.started,
        ended=row.ended,
        snapshot=row.snapshot,
        findings=tuple(_finding(finding) for finding in row.findings),
        figures=tuple((str(name), int(value)) for name, value in row.figures),
    )


def letter_row(letter: Letter) -> LetterRow:
    """Return a letter as its row."""
    return LetterRow(
        kind=letter.kind,
        number=letter.number,
        period=letter.period,
        roles=list(letter.roles),
        message_id=letter.message_id,
        sha256=letter.sha256,
        at=letter.at,
    )


def letter(row: LetterRow) -> Letter:
    """Return a row as the letter it keeps."""
    return Letter(
        kind=row.kind,
        number=row.number,
        period=row.period,
        roles=tuple(row.roles),
        message_id=row.message_id,
        sha256=row.sha256,
        at=row.at,
    )


def verified(row: VerifiedRow) -> Verified:
    """Return a row as the verification it keeps."""
    return Verified(row.client, row.at, row.objects, row.bytes, row.damaged)


def anchor(row: AnchorRow) -> AuditAnchor:
    """Return a row as the anchor it keeps."""
    return AuditAnchor(row.seq, row.hash, row.at)


def _finding(row: FindingRow) -> Finding:
    facts = tuple((cast("str", name), value) for name, value in row.facts)
    return Finding(template=row.template, facts=facts, hint=row.hint, severity=row.severity)
