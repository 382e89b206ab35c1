"""What an accountant goes on with while a client's books come back: read-only, and proven.

person's code ──► the point of the plan, or the last clean one ──► what lies proven in quarantine
                                       └── else restored for this alone ──┐
                  statements and ledgers, in custody for a week ◄── proven ◄┘

It needs no plan, no approval of the recovery and no other run: reading a copy changes nothing.
What is handed on is decrypted, so a person answers for it by a code, and the register knows it.
"""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from baozhang.books.coding import decode_proof
from baozhang.books.proof import Proof
from baozhang.errors import (
    BaozhangError,
    LedgerFormatError,
    ProofFailedError,
    SourceUnreadableError,
    StoreFullError,
    UnreachableError,
    UsageError,
)
from baozhang.incidents.alternative import Mark, Written, require_own, write_books
from baozhang.incidents.choosing import choose, struck
from baozhang.incidents.custody import destroy, find, held, open_copy, temporary, withdraw
from baozhang.incidents.incidents import Incident
from baozhang.incidents.model import Plan
from baozhang.incidents.quarantine import RESTORED, lies_there, place_of
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.vault.model import Report, Snapshot, silent
from baozhang.vault.reader import restore
from tasks.incident import ALL_SETS
from tasks.incident_recovery import named_readers
from tasks.people import prove, require_person

BOOKS = "books"  # what the copy in quarantine is for; what the incident's note tells
ROLES: frozenset[Role] = frozenset({"operator", "approver", "manager"})
"""Who may have any client's books; the accountants of a client may have theirs."""
_PLAN, _NOTE = "plan", "note"


@dataclass(frozen=True, slots=True)
class Offered:
    """What was handed on.

    Attributes:
        place: the folder; all in it is decrypted.
        copy: its id in the custody register.
        due: when it is to be destroyed.
        snapshot, at: the backup point, and the instant that it shows.
    """

    place: Path
    copy: str
    due: datetime
    snapshot: str
    at: datetime
    books: int
    files: int
    vouchers: int
    lines: int


def offer(
    site: Site,
    incident: Incident,
    client: str,
    set_name: str,
    into: Path,
    *,
    person: str,
    code: str,
    report: Report = silent,
) -> Offered:
    """Write a client's account books as of the last clean point, for as long as a recovery takes.

    Args:
        site: the site.
        incident: the incident, open, that hit this set.
        client: id.
        set_name: the set.
        into: a folder that is not there, or is empty, in one that is there.
        person: who answers for the copy: an accountant of the client, or one of `ROLES`.
        code: that person's one-time code, or sealed code; used up.
        report: is told of progress in bytes, where it is restored for this.

    Raises:
        UsageError: not this incident's set, not this person's client, a wrong code, no clean
            point, no proven book in it, a book of another owner, or something lies at `into`.
        ProofFailedError: what came back is not what was backed up; nothing is left at `into`.
        CorruptObjectError, ObjectMissingError: the backup point is damaged.
        StoreFullError: no room; nothing is left behind.
    """
    _require_hit(site, incident, client, set_name)
    _require_allowed(site, client, person)
    _require_folder(into)
    snapshot = _point(site, incident, client, set_name, person)
    side = site.vault(client, set_name).client(client)
    proofs = {name: decode_proof(each) for name, each in side.proofs(snapshot).items()}
    if not proofs:
        raise UsageError(
            "the backup point {snapshot} of {client}/{set} holds no book that was proven",
            hint="Restore its files instead: `baozhang restore`.",
            snapshot=snapshot.id,
            client=client,
            set=set_name,
        )
    prove(site, person, code, what=f"{incident.id} {BOOKS} {client}/{set_name}")
    work = partial(_handed_on, site, incident, snapshot, proofs, into, person)
    there = place_of(site, incident, client, set_name) / RESTORED
    if _lies_proven(site, incident, snapshot) and there.exists():
        with suppress(ProofFailedError, LedgerFormatError, SourceUnreadableError):
            return work(there)  # unless it is put into use meanwhile
    with _brought_back(site, incident, snapshot, person, report) as restored:
        return work(restored)


# --- whether, and what ----------------------------------------------------------------------------


def _require_hit(site: Site, incident: Incident, client: str, set_name: str) -> None:
    site.client_set(client, set_name)
    hit = incident.opening().sets
    if (client, set_name) not in hit and (client, ALL_SETS) not in hit:
        raise UsageError(
            "incident {incident} did not hit {client}/{set}",
            hint="Look at what it hit: `baozhang incident show {incident}`.",
            incident=incident.id,
            client=client,
            set=set_name,
        )
    if incident.closed():
        raise UsageError(
            "incident {incident} is over: the books themselves are there again",
            hint="Restore a backup point instead: `baozhang restore`.",
            incident=incident.id,
        )


def _require_allowed(site: Site, client: str, person: str) -> None:
    require_person(site, person)
    own = site.client(client)
    if person in {own.lead, own.reviewer, own.deputy}:
        return
    if not ROLES & {*site.agency.people[person].roles}:
        raise UsageError(
            "{person} keeps no books of client {client}",
            hint="Ask the client's accountant, or the operator.",
            person=person,
            client=client,
        )


def _require_folder(into: Path) -> None:
    """Raise before a code is used up, as far as it can be known by then."""
    if os.path.lexists(into) and (not into.is_dir() or into.is_symlink() or any(into.iterdir())):
        raise UsageError(
            "{target} is in use",
            hint="Give a folder that does not exist yet, or an empty one that is no mount point.",
            target=into,
        )
    if not into.absolute().parent.is_dir():
        raise UsageError(
            "there is no folder {folder}",
            hint="Make it first, on a disk that only you can read.",
            folder=into.absolute().parent,
        )


def _point(site: Site, incident: Incident, client: str, set_name: str, actor: str) -> Snapshot:
    """Return the point of the plan, else the last clean one that can be read."""
    if incident.has(_PLAN):
        passed = struck(incident, client, set_name)
        for each in incident.value(_PLAN, Plan).restorations:
            if (each.client, each.set) == (client, set_name) and each.snapshot not in passed:
                side = site.vault(client, set_name).client(client)
                return side.find(each.snapshot, set_name=set_name)
    opened = incident.opening().opened
    chosen = choose(
        site, incident, client, set_name, opened=opened, in_time=lambda: False, actor=actor
    )
    if chosen.point is None:
        raise UsageError(
            "{client}/{set} has no clean backup point that can be read",
            hint="Look at its backup points: `baozhang point list {client}`.",
            client=client,
            set=set_name,
        )
    return chosen.point


# --- where it is read from ------------------------------------------------------------------------


def _lies_proven(site: Site, incident: Incident, snapshot: Snapshot) -> bool:
    """Tell whether the recovery has this point in quarantine, every book of it proven."""
    done = incident.journal.done(f"prove.{snapshot.client}.{snapshot.set}.{snapshot.id}")
    return done is not None and not done["failed"] and lies_there(site, incident, snapshot)


@contextmanager
def _brought_back(
    site: Site, incident: Incident, snapshot: Snapshot, person: str, report: Report
) -> Iterator[Path]:
    """Restore a point to a place of its own in quarantine, which is destroyed afterwards.

    What a run that was killed left there is destroyed first; the end of the incident would do so.
    """
    place = place_of(site, incident, snapshot.client, snapshot.set, BOOKS)
    for left in held(site):
        if left.path is not None and left.path.is_relative_to(place.absolute()):
            destroy(site, left.copy.id, by=person, gone=True)
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    with temporary(
        site,
        place,
        client=snapshot.client,
        set_name=snapshot.set,
        snapshot=snapshot.id,
        reason=incident.id,
        opener=person,
    ):
        place.mkdir(mode=0o700)
        side = site.vault(snapshot.client, snapshot.set).client(snapshot.client)
        restore(side, snapshot, place / RESTORED, report=report)
        yield place / RESTORED


def _handed_on(
    site: Site,
    incident: Incident,
    snapshot: Snapshot,
    proofs: Mapping[str, Proof],
    into: Path,
    person: str,
    restored: Path,
) -> Offered:
    """Write the books into custody; whatever goes wrong, nothing of them is left."""
    copy = open_copy(
        site,
        into,
        client=snapshot.client,
        set_name=snapshot.set,
        snapshot=snapshot.id,
        reason=f"{incident.id} {BOOKS}",
        opener=person,
    )
    language = site.agency.language
    mark = Mark(snapshot.client, snapshot.id, snapshot.at, incident.id, copy.due, language)
    try:
        with _told(into):
            written = _write(site, snapshot, proofs, restored, into, mark)
    except (BaozhangError, OSError):
        if find(site, copy.id).there():
            destroy(site, copy.id, by=person)
        else:
            withdraw(site, copy.id, by=person)
        raise
    _tell(site, incident, snapshot, person, copy.id, written)
    return Offered(
        place=into,
        copy=copy.id,
        due=copy.due,
        snapshot=snapshot.id,
        at=snapshot.at,
        books=written.books,
        files=written.files,
        vouchers=written.vouchers,
        lines=written.lines,
    )


def _write(
    site: Site,
    snapshot: Snapshot,
    proofs: Mapping[str, Proof],
    restored: Path,
    into: Path,
    mark: Mark,
) -> Written:
    """Write every proven book of the set; one that is not there is not what was backed up."""
    client, set_name = snapshot.client, snapshot.set
    into.mkdir(mode=0o700, exist_ok=True)
    into.chmod(0o700)
    with (
        tempfile.TemporaryDirectory(dir=into, prefix=".sorting-") as private,
        site.source(client, set_name).restored_books(restored) as readers,
    ):
        found = named_readers(readers)
        require_own(found.values(), site.client(client).credit_code)
        if not proofs.keys() <= found.keys():
            raise ProofFailedError(
                "{count} books of the backup point {snapshot} are not in what came back of it",
                hint="Use an older backup point: `baozhang point list`.",
                count=len(proofs.keys() - found.keys()),
                snapshot=snapshot.id,
            )
        books = [(found[name], proof) for name, proof in sorted(proofs.items())]
        return write_books(into, books, mark, private=Path(private))


@contextmanager
def _told(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise (StoreFullError if full else UnreachableError)(
            "the books cannot be written to {folder}: {reason}",
            hint="Make room there, or name another folder.",
            folder=into,
            reason=os.strerror(error.errno or 0),
        ) from error


def _tell(
    site: Site, incident: Incident, snapshot: Snapshot, person: str, copy: str, written: Written
) -> None:
    facts: dict[str, str | int] = {
        "copy": copy,
        "snapshot": snapshot.id,
        "books": written.books,
        "lines": written.lines,
    }
    incident.journal.append(
        _NOTE, actor=person, what=BOOKS, client=snapshot.client, set=snapshot.set, **facts
    )
    site.audit.append(
        actor=person,
        action="books.offered",
        subject=f"{snapshot.client}/{snapshot.set}",
        incident=incident.id,
        **facts,
    )
