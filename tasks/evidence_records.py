"""The audit log as evidence needs it: verified once, and what other evidence leans on picked out.

A log that does not verify proves nothing: whatever leans on it could not be judged then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from baozhang.audit.letters import WRITTEN
from baozhang.audit.records import Record, decode_record
from baozhang.audit.signing import PUBLIC_KEY, load_public_key
from baozhang.audit.verification import AuditReport, lines_of, verify_log
from baozhang.catalog.model import AuditAnchor
from baozhang.errors import BaozhangError
from baozhang.site import Site

COUNTED = frozenset({"code.counted", "seal.opened"})
ENROLLED, ENDED = "person.enrolled", "drill.ended"
_PICKED = tuple(f'{{"action":"{each}"'.encode() for each in (*COUNTED, ENROLLED, ENDED, WRITTEN))
_AT = b'"at":"'
_STAMP = 27  # characters of `2026-07-31T14:00:00.000000Z`


@dataclass(slots=True)
class Logged:
    """What a log says until an instant.

    Attributes:
        report: its verification; None: it could not be read, and `error` is the class of why.
        last: the newest record before the instant.
        anchors: what was noted of it elsewhere before the instant, oldest first.
        broken: number of the first anchor's record that is not the one that was noted; 0: none.
        counted: number of the record of a person's code, by who and what for; the newest.
        enrolled: a person's newest device.
        drills: SHA-256 of each drill's journal.
        letters: the newest letter of each kind about each client.
    """

    report: AuditReport | None = None
    error: str = ""
    last: Record | None = None
    anchors: tuple[AuditAnchor, ...] = ()
    broken: int = 0
    counted: dict[tuple[str, str], Record] = field(default_factory=dict)
    enrolled: dict[str, Record] = field(default_factory=dict)
    drills: dict[str, str] = field(default_factory=dict)
    letters: dict[tuple[str, str], Record] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether other evidence may lean on it."""
        return self.report is not None and self.report.holds and not self.broken


def logged(site: Site, until: datetime) -> Logged:
    """Verify a site's log and pick out what evidence needs; a log out of reach is told as one."""
    folder = site.home / "state" / "audit"
    known = tuple(each for each in site.catalog.anchors() if each.at < until)
    try:
        report = verify_log(folder, load_public_key(folder / PUBLIC_KEY))
        found = Logged(report, anchors=known)
        if report.holds:
            _pick(found, site, until)
        return found
    except BaozhangError as error:
        return Logged(error=type(error).__name__, anchors=known)


def _pick(found: Logged, site: Site, until: datetime) -> None:
    """Go through a log that verified: record n stands in line n."""
    end = until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").encode()
    noted: Mapping[int, str] = {each.seq: each.hash for each in found.anchors}
    last, total = b"", 0
    for seq, line in lines_of(site.home / "state" / "audit"):
        total = seq
        if seq in noted and decode_record(line).hash != noted[seq]:
            found.broken = found.broken or seq
        at = line.index(_AT) + len(_AT)
        if line[at : at + _STAMP] < end:
            last = line
            if line.startswith(_PICKED):
                _take(found, decode_record(line))
    found.last = decode_record(last) if last else None
    found.broken = found.broken or min((each for each in noted if each > total), default=0)


def _take(found: Logged, record: Record) -> None:
    entry = record.entry
    if entry.action in COUNTED:
        found.counted[entry.actor, entry.subject] = record
    elif entry.action == ENROLLED:
        found.enrolled[entry.subject] = record
    elif entry.action == ENDED:
        found.drills[entry.actor] = str(dict(entry.facts)["sha256"])
    elif client := dict(entry.facts).get("client"):
        found.letters[str(dict(entry.facts)["kind"]), str(client)] = record
