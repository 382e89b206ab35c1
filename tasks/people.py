"""People who approve: their devices, their sealed envelopes, and the proof that it is they.

What counts is what the audit log knows: a device or a seal whose fingerprint it never saw, or saw
replaced, proves nothing.  Renewing somebody's device takes that person's own code, or their sealed
code and another person's one-time code: nobody resets a colleague alone.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from baozhang.audit.records import decode_record
from baozhang.audit.verification import lines_of
from baozhang.errors import UsageError
from baozhang.keys.codes import Codes, Enrolment
from baozhang.keys.seals import Seals
from baozhang.settings import Role
from baozhang.site import Site

Means = Literal["code", "seal"]
_ENROLLED, _SEALED = "person.enrolled", "person.sealed"
_DIGITS = 6
READ_WITHIN = timedelta(minutes=15)
"""A busy worker needs minutes to read a form; a code typed longer ago has run out."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How one person can approve."""

    person: str
    roles: tuple[Role, ...]
    device: bool  # one that the audit log knows
    envelope: bool  # sealed and unopened


def folder(site: Site) -> Path:
    """Return where devices and seals are kept."""
    return site.home / "state" / "people"


def people(site: Site) -> tuple[Standing, ...]:
    """Return everybody of the agency, in the file's order."""
    codes, seals = _codes(site), _seals(site)
    found = []
    for person, each in site.agency.people.items():
        device = codes.enrolled(person)
        known = known_fingerprint(site, person, _ENROLLED)
        sound = device is not None and device.fingerprint == known
        found.append(Standing(person, each.roles, sound, seals.unopened(person)))
    return tuple(found)


def prove(site: Site, person: str, code: str, *, what: str) -> Means:
    """Count a person's code, from the device or from the envelope, for one thing.

    Args:
        site: the site.
        person: id.
        code: six digits, or the sealed code.
        what: what it is counted for, an id; stands in the audit log.

    Raises:
        UsageError: nobody of the agency, no device, or a code that does not count.
    """
    require_person(site, person)
    means: Means = "code" if len("".join(code.split())) <= _DIGITS else "seal"
    try:
        if means == "code":
            known = known_fingerprint(site, person, _ENROLLED)
            _codes(site).use(person, code, known=known)
        else:
            _seals(site).open(person, code, known=known_fingerprint(site, person, _SEALED))
    except UsageError:
        site.audit.append(actor=person, action="code.refused", subject=what)
        raise
    action = "code.counted" if means == "code" else "seal.opened"
    site.audit.append(actor=person, action=action, subject=what)
    return means


def as_of(site: Site, at: datetime | None) -> Site:
    """Return the site as its clock stood when a code was typed; a used code stays used.

    Args:
        site: the site.
        at: when it was typed, at most `READ_WITHIN` ago; None: now.
    """
    if at is None:
        return site
    now = site.clock()
    then = min(max(at, now - READ_WITHIN), now)
    return replace(site, clock=lambda: then)


def may_enrol(site: Site, person: str) -> bool:
    """Tell whether a person has never enrolled, and so needs to prove nothing first."""
    require_person(site, person)
    return known_fingerprint(site, person, _ENROLLED) is None


def require_renewal(
    site: Site, person: str, code: str, *, witness: str = "", witness_code: str = ""
) -> None:
    """Count what renewing a device takes: the old device, or the envelope and another person.

    Raises:
        UsageError: not enough, or not right.
    """
    sealed = len("".join(code.split())) > _DIGITS
    if sealed and (not witness or witness == person):
        raise UsageError(
            "the sealed code of {person} needs a second person",
            hint="Ask somebody else to type their own code: --witness and --witness-code.",
            person=person,
        )
    if sealed:
        prove(site, witness, witness_code, what=f"renewal of {person}")
    prove(site, person, code, what=f"renewal of {person}")


def enrol(site: Site, person: str, secret: str, code: str) -> Enrolment:
    """Take a person's device into use, and write its fingerprint into the audit log.

    Raises:
        WrongCodeError: the device does not have the secret.
    """
    require_person(site, person)
    renewed = not may_enrol(site, person)
    made = _codes(site).enrol(person, secret, code)
    site.audit.append(
        actor=person,
        action=_ENROLLED,
        subject=person,
        fingerprint=made.fingerprint,
        renewed=renewed,
    )
    return made


def seal(site: Site, person: str) -> str:
    """Return the code for a person's sealed envelope; an older envelope ends."""
    require_person(site, person)
    code, fingerprint = _seals(site).make(person)
    site.audit.append(actor=person, action=_SEALED, subject=person, fingerprint=fingerprint)
    return code


def require_person(site: Site, person: str) -> None:
    """Make sure that somebody is of the agency.

    Raises:
        UsageError: nobody of that id.
    """
    if person not in site.agency.people:
        raise UsageError(
            "{person} is nobody of this agency",
            hint="Use one of {known}.",
            person=person[:40],
            known=", ".join(site.agency.people),
        )


def known_fingerprint(site: Site, person: str, action: str) -> str | None:
    """Return the fingerprint that the audit log last had of a person's device or seal."""
    found = None
    for _, line in lines_of(site.home / "state" / "audit"):
        if action.encode() in line:
            entry = decode_record(line).entry
            if entry.action == action and entry.subject == person:
                found = str(dict(entry.facts)["fingerprint"])
    return found


def _codes(site: Site) -> Codes:
    return Codes(folder(site), site.clock)


def _seals(site: Site) -> Seals:
    return Seals(folder(site), site.clock)
