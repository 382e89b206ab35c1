"""Attesting: a person hands in proof, another person checks it; each step counts once.

request file, or code ──► proofs looked at ──► kept ──► handed in
                                                          │
                     another person, with a code ──► accepted | rejected
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from baozhang.clock import SHANGHAI, business_day
from baozhang.errors import UsageError
from baozhang.governance.attestations import (
    ATTESTATIONS,
    CHECKED,
    REJECTED,
    REQUESTS,
    Again,
    Attestation,
    Flag,
    Refusal,
    Request,
    next_id,
    standings,
)
from baozhang.governance.obligations import Event, Owed, find
from baozhang.governance.proofs import Kept, Proof, examine, keep, state_of
from baozhang.governance.request_files import RequestFile, RequestRefusedError, opened, read
from baozhang.site import Site
from tasks.people import people, prove, require_person

BROKEN_TEMPLATES: dict[Kept, str] = {
    "missing": "a proof of {attestation} is gone: it cannot be accepted",
    "altered": "a proof of {attestation} was changed since it came: it cannot be accepted",
}
HANDED_IN = "attestation.handed_in"
APART = timedelta(days=31)
"""How far a file's own day may lie from the day it is handed in for: the month it is written in."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person says of the proofs they hand in.

    Attributes:
        effective: the day they speak of; None: the day they come.
        expires: their last day by their own words.
        again: why the same paper comes once more.
    """

    proofs: tuple[Path, ...]
    effective: date | None = None
    expires: date | None = None
    again: Again | None = None


@dataclass(frozen=True, slots=True)
class _Answer:
    """Which obligation is answered, by whom."""

    owed: Owed
    by: str
    due: date | None
    request: str = ""


def submit_file(site: Site, file: Path, said: Submission) -> str:
    """Take in what a request file hands in; return the attestation's id.

    The file stands for the person's code; it is used up.

    Raises:
        RequestRefusedError: the file opens nothing.
        ProofError: a proof is none.
        UsageError: too old, of a day to come, or the same paper as before.
    """
    return submit_request(site, read(file), said)


def submit_request(site: Site, file: RequestFile, said: Submission) -> str:
    """Take in what a request hands in; see `submit_file`."""
    found = opened(site, file)
    require_person(site, found.request.person)
    answer = _Answer(
        find(site, found.request.obligation), found.request.person, found.request.due, found.id
    )
    day = said.effective or found.effective
    return _taken(site, answer, Submission(said.proofs, day, said.expires, said.again))


def submit_coded(
    site: Site,
    obligation: str,
    said: Submission,
    *,
    person: str,
    code: str,
    events: Sequence[Event] = (),
) -> str:
    """Take in what a person hands in with a one-time code; return the attestation's id.

    The proofs are looked at first: a code is not used up by a file that is none.

    Raises:
        ProofError: a proof is none.
        UsageError: nobody of the agency, a wrong code, nothing of this id is owed, too old, of a
            day to come, or the same paper as before.
    """
    require_person(site, person)
    owed = find(site, obligation)
    due = next((each.due for each in standings(site, events) if each.owed.id == obligation), None)
    answer = _Answer(owed, person, due)
    row, files = _looked_at(site, answer, said)
    prove(site, person, code, what=f"attestation of {obligation}")
    return _entered(site, row, files)


def require_checker(site: Site, attestation: str, person: str) -> Attestation:
    """Return what is to be checked, after making sure that this person may.

    Raises:
        UsageError: there is none, or it was handed in by them; or they audit, and somebody else
            can check it.
    """
    row = _find(site, attestation)
    require_person(site, person)
    able = checkers(site, row)
    if person == row.by or (able and person not in able):
        raise UsageError(
            "{person} may not check {attestation}",
            hint="Ask one of {able}: not who handed it in, and who audits only where nobody else "
            "can.",
            person=person,
            attestation=attestation,
            able=", ".join(able) or "-",
        )
    return row


def checkers(site: Site, row: Attestation) -> tuple[str, ...]:
    """Return who can check what somebody handed in: others with a device, auditors last."""
    able = [each for each in people(site) if each.person != row.by and each.device]
    apart = [each for each in able if "auditor" not in each.roles]
    return tuple(each.person for each in apart or able)


def accept(site: Site, attestation: str, *, person: str, code: str) -> Attestation:
    """Count a second person's word that a proof is what it says.

    Raises:
        UsageError: not theirs to check, checked already, a proof that is gone or was changed, or a
            code that does not count.
    """
    row = require_checker(site, attestation, person)
    _require(row, attestation, "handed in")
    for sha256 in row.sha256:
        if (found := state_of(site, sha256)) != "sound":
            raise UsageError(
                BROKEN_TEMPLATES[found],
                hint="Reject it, and have it handed in again.",
                attestation=attestation,
            )
    prove(site, person, code, what=f"{attestation} {row.digest[:12]}")
    said = {"verdict": "accepted", "checked_by": person, "checked_at": site.clock()}
    return _checked(site, attestation, row, said, CHECKED)


def reject(site: Site, attestation: str, *, person: str, code: str, reason: Refusal) -> Attestation:
    """Count a second person's word that a proof is not enough; accepted ones can be taken back.

    Raises:
        UsageError: not theirs to check, rejected already, or a code that does not count.
    """
    row = require_checker(site, attestation, person)
    _require(row, attestation, "handed in", "accepted")
    prove(site, person, code, what=f"{attestation} {row.digest[:12]}")
    said = {
        "verdict": "rejected",
        "checked_by": person,
        "checked_at": site.clock(),
        "reason": reason,
    }
    return _checked(site, attestation, row, said, REJECTED)


def _find(site: Site, attestation: str) -> Attestation:
    row = ATTESTATIONS.rows(site).get(attestation)
    if row is None:
        raise UsageError(
            "there is no attestation {attestation}",
            hint="Choose one from `baozhang attest list --waiting`.",
            attestation=attestation[:40],
        )
    return row


def _require(row: Attestation, attestation: str, *verdicts: str) -> None:
    if row.verdict not in verdicts:
        raise UsageError(
            "{attestation} was checked already, by {person}",
            hint="Hand in another proof where this one does not do.",
            attestation=attestation,
            person=row.checked_by or "-",
        )


def _checked(
    site: Site, attestation: str, before: Attestation, said: Mapping[str, object], action: str
) -> Attestation:
    row = before.model_copy(update=said)
    with site.catalog.transaction():
        _require(_find(site, attestation), attestation, before.verdict)  # others check meanwhile
        # the log first: a row that is accepted without it would not count, the other way is undone
        site.audit.append(
            actor=row.checked_by, action=action, subject=attestation, sha256=row.digest
        )
        ATTESTATIONS.put(site, {attestation: row}, by=row.checked_by)
    return row


# --- what is handed in ----------------------------------------------------------------------------


def _taken(site: Site, answer: _Answer, said: Submission) -> str:
    row, files = _looked_at(site, answer, said)
    return _entered(site, row, files)


def _looked_at(
    site: Site, answer: _Answer, said: Submission
) -> tuple[Attestation, dict[Path, Proof]]:
    """Return the row that would be entered, and the files behind it; nothing is written yet."""
    if not said.proofs:
        raise UsageError("nothing was handed in", hint="Name at least one file: --proof FILE.")
    files = {path: examine(path) for path in dict.fromkeys(said.proofs)}
    proofs = {proof.sha256: proof for proof in files.values()}
    now = site.clock()
    effective = _effective(answer.owed, said.effective, now)
    _require_in_date(said.expires, now)
    flags = _flags(proofs.values(), effective, now)
    if _is_again(site, answer, tuple(proofs), said.again):
        flags = (*flags, "handed in again")
    row = Attestation(
        obligation=answer.owed.id,
        control=answer.owed.control,
        due=answer.due,
        by=answer.by,
        effective=effective,
        received=now,
        sha256=tuple(proofs),
        bytes=sum(proof.size for proof in proofs.values()),
        kinds=tuple(proof.kind for proof in proofs.values()),
        flags=flags,
        again=said.again,
        expires=said.expires,
        request=answer.request,
    )
    return row, files


def _effective(owed: Owed, day: date | None, now: datetime) -> datetime:
    """Return the instant that proofs speak of: the beginning of their day, for today this one."""
    today = business_day(now)
    if day is None or day == today:
        return now
    if day > today:
        raise UsageError(
            "what is handed in today cannot speak of {day}, which is to come",
            hint="Give the day of which it speaks with --effective, or wait for it.",
            day=day,
        )
    if (today - day).days > owed.fresh:
        raise UsageError(
            "proof of {day} is too old for {obligation}: it counts for {fresh} days",
            hint="Hand in what is newer.",
            day=day,
            obligation=owed.id,
            fresh=owed.fresh,
        )
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI)


def _require_in_date(expires: date | None, now: datetime) -> None:
    if expires is not None and expires < business_day(now):
        raise UsageError(
            "the proof has run out on {day}", hint="Hand in one that is still valid.", day=expires
        )


def _flags(files: Iterable[Proof], effective: datetime, now: datetime) -> tuple[Flag, ...]:
    """Return what the own day of any file says against the day it is handed in for."""
    days = [proof.dated for proof in files if proof.dated]
    day, today = business_day(effective), business_day(now)
    flags: dict[Flag, bool] = {
        "newer than it claims": any(each > min(day + APART, today) for each in days),
        "older than it claims": any(each < day - APART for each in days),
    }
    return tuple(flag for flag, raised in flags.items() if raised)


def _is_again(site: Site, answer: _Answer, hashes: Sequence[str], again: Again | None) -> bool:
    """Tell whether a file of these was handed in for the same obligation before.

    Raises:
        UsageError: it was, and nobody says why again.
    """
    for id_, row in ATTESTATIONS.rows(site).items():
        if row.obligation == answer.owed.id and set(row.sha256) & set(hashes):
            if again is None:
                raise UsageError(
                    "the same paper was handed in for {obligation} already, as {attestation}",
                    hint="Hand in a new one, or say why it counts once more: --again.",
                    obligation=answer.owed.id,
                    attestation=id_,
                )
            return True
    return False


def _entered(site: Site, row: Attestation, files: dict[Path, Proof]) -> str:
    for path, proof in files.items():
        keep(site, path, proof)
    with site.catalog.transaction():
        id_ = next_id({each.id for each in ATTESTATIONS.history(site)}, "a")
        ATTESTATIONS.put(site, {id_: row}, by=row.by)
        if row.request:
            _use(site, row.request, id_, row.by)
        site.audit.append(
            actor=row.by,
            action=HANDED_IN,
            subject=id_,
            obligation=row.obligation,
            request=row.request or "-",
            sha256=row.digest,
        )
    return id_


def _use(site: Site, request: str, attestation: str, by: str) -> None:
    """Use a request up; read inside the transaction, so that two at once cannot both use it."""
    asked: Request = REQUESTS.rows(site)[request]
    if asked.attestation:
        raise RequestRefusedError(
            "request {request} was used already, for {attestation}",
            hint="Look at it: `baozhang attest show {attestation}`.",
            request=request,
            attestation=asked.attestation,
        )
    REQUESTS.put(site, {request: asked.model_copy(update={"attestation": attestation})}, by=by)
