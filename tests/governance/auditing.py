"""Audits to test on: real controls, invented evidence for all of them, real folders and keys."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from baozhang.audit.log import AuditLog
from baozhang.audit.records import Anchor
from baozhang.audit.signing import PUBLIC_KEY, load_signer
from baozhang.governance import assessing
from baozhang.governance.audits import (
    Asked,
    Audit,
    Audits,
    Findings,
    Ground,
    Sampled,
    Yardstick,
    all_evidence,
)
from baozhang.governance.controls import catalogue, controls
from baozhang.governance.corrective import Audited, Corrective, after
from baozhang.governance.model import Control, Evidence
from baozhang.governance.pack import log_part, sealed
from baozhang.governance.sampling import Drawn, Sample, places, seed_of

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 31)
END = datetime(2026, 10, 31, 16, 0, tzinfo=UTC)
NOW = datetime(2026, 11, 2, 22, 40, tzinfo=UTC)
DAY = timedelta(days=1)
ALL = tuple(each.id for each in catalogue().sections)
REFS = ("audit:3", "letter:night/000003")


def asked(**more: object) -> Asked:
    value = {"audit": "", "kind": "regular", "first": FIRST, "last": LAST, "sections": ALL}
    return Asked.model_validate(value | {"by": "zhao", "at": NOW} | more)


def passes(control: Control, test: str, **more: object) -> Evidence:
    """Return a piece of evidence from our own records, a day before the period's end."""
    value = {
        "control": control.id,
        "source": "auto",
        "test": test,
        "result": "pass",
        "effective": END - DAY,
        "received": END - DAY,
        "says": "{count} records",
        "facts": {"count": 3},
        "digest": "0" * 64,
    }
    return Evidence.model_validate(value | more)


def attests(control: Control, **more: object) -> Evidence:
    people = {"source": "attested", "by": ("zhang",), "checked_by": "wang"}
    return passes(control, "", **(people | more))


def full(found: Iterable[Control]) -> tuple[Evidence, ...]:
    """Return all evidence that these controls can have."""
    pieces = []
    for control in found:
        pieces += [passes(control, test.name) for test in control.tests]
        if control.source != "auto":
            pieces.append(attests(control))
    return all_evidence([pieces])


def ground(evidence: Iterable[Evidence], **more: object) -> Ground:
    value = {
        "at": END,
        "genuine_since": None,
        "sample": False,
        "seed": "",
        "dues": {},
        "evidence": tuple(evidence),
    }
    return Ground.model_validate(value | more)


def sample(seed: str) -> Sample:
    where = places(300, seed, "backup")
    drawn = tuple(Drawn(id=f"backup-{place} c001/main") for place in where)
    return Sample(
        name="backup", of="outcomes of backups", population=300, places=where, drawn=drawn
    )


def judged(folder: Path, evidence: Iterable[Evidence], **more: object) -> Audit:
    """Return an audit with everything but its pack."""
    audit = Audits(folder).regular(asked(**more))
    pieces = all_evidence([evidence])
    seed = audit.asked.seed or seed_of(audit.id, [each.id for each in pieces])
    audit.keep("samples", Sampled(seed=seed, at=END, samples=(sample(seed),)))
    audit.keep("evidence", ground(pieces, seed=seed))
    known = catalogue()
    items = assessing.of_sections(known.items, audit.asked.sections)
    ours = assessing.concerned(controls(), items)
    audit.keep("controls", Yardstick(sections=known.sections, items=known.items, controls=ours))
    audit.keep("judged", assessing.verdict(items, controls(), audit.ground()))
    audit.keep("findings", Findings(actions=_actions(audit), conflicts=()))
    return audit


def _actions(audit: Audit) -> dict[str, Corrective]:
    return after({}, audited(audit))


def audited(audit: Audit, owners: Mapping[str, str] | None = None) -> Audited:
    known = {each.id: each for each in controls()}
    return Audited(
        audit=audit.id,
        at=audit.ground().at,
        today=date(2026, 11, 3),
        controls=known,
        judged=audit.verdict().judged,
        evidence={each.id: each for each in audit.ground().evidence},
        owners=owners or dict.fromkeys(known, "zhang"),
    )


def log(folder: Path) -> AuditLog:
    """Return a log of a few records, two of which evidence names."""
    made = AuditLog.open(folder, lambda: END - DAY)
    made.append(actor="system", action="journal.stored", subject="_agency")
    made.append(actor="run-1", action="backup.stored", subject="c001/main", bytes=12)
    made.append(actor="run-1", action="letter.written", subject="night/000003", number=3)
    made.append(actor="system", action="journal.stored", subject="_agency")
    return made


def packed(folder: Path, audit: Audit, pages: Mapping[str, bytes] | None = None) -> Path:
    """Write an audit's pack beside a log, and return it."""
    place = folder / "log"
    head = log(place).head
    content = sealed(
        audit,
        pages or {"page-en.html": b"<p>240 lines</p>", "report-en.txt": b"240 lines"},
        log_part(place, {ref for each in audit.ground().evidence for ref in each.refs}),
        [Anchor(head.seq, head.hash)],
        public_key=(place / PUBLIC_KEY).read_bytes(),
        signer=load_signer(place),
        at=NOW,
    )
    return audit.keep_file("pack.zip", content)
