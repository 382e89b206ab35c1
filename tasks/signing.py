"""Signatures: a person's one-time code, counted for exactly one thing with exactly one content.

    sign ──► may they? ──► code counted ──► register `signatures`, audit log
    signed(subject, digest) ──► who has signed this very content

What is signed is named by a subject (`audit:a-2026-11`, `risk:2026-11`) and bound by the SHA-256 of
its content: what was changed afterwards is not signed.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Literal

from baozhang.errors import UsageError
from baozhang.registers import Register, Row
from baozhang.settings import Role
from baozhang.site import Site
from tasks.people import as_of, prove, require_person

Word = Literal["sign", "refuse"]


class Signature(Row):
    """One person's word on one content.

    Attributes:
        subject: what it is, e.g. `audit:a-2026-11`.
        digest: SHA-256 of its content, 64 hexadecimal digits.
        person: id.
        word: signed, or refused.
        means: by a device's code, or by a sealed one.
        at: when, UTC.
    """

    subject: str
    digest: str
    person: str
    word: Word
    means: Literal["code", "seal"]
    at: datetime


SIGNATURES = Register("signatures", Signature, "signatures")
REGISTERS = (SIGNATURES,)


def signed(site: Site, subject: str, digest: str) -> tuple[Signature, ...]:
    """Return everybody's word on a content, oldest first; one refusal is a refusal."""
    found = SIGNATURES.rows(site).values()
    ours = (each for each in found if (each.subject, each.digest) == (subject, digest))
    return tuple(sorted(ours, key=lambda each: each.at))


def signers(site: Site, roles: Collection[Role], not_by: Collection[str] = ()) -> tuple[str, ...]:
    """Return who may sign: those with one of the roles, without those who made it.

    Where only they are left, they may: a small agency cannot avoid it, and its pages say so.
    """
    able = [person for person, each in site.agency.people.items() if set(each.roles) & set(roles)]
    return tuple(person for person in able if person not in not_by) or tuple(able)


def sign(
    site: Site,
    subject: str,
    digest: str,
    *,
    person: str,
    code: str,
    roles: Collection[Role],
    not_by: Collection[str] = (),
    word: Word = "sign",
    at: datetime | None = None,
) -> Signature:
    """Take a person's word on a content; their one-time code is used up by it.

    Args:
        site: the site.
        subject: what is signed.
        digest: SHA-256 of its content as the person was shown it.
        person: id.
        code: six digits of their device, or their sealed code.
        roles: who may sign.
        not_by: ids of who made it; they may sign only where nobody else can.
        word: `sign`, or `refuse`.
        at: when they typed the code, where that was a while ago (`tasks.people.as_of`).

    Raises:
        UsageError: they may not, they have already, or the code does not count.
    """
    require_person(site, person)
    able = signers(site, roles, not_by)
    if person not in able:
        raise UsageError(
            "{person} may not sign {subject}",
            hint="Ask one of {able}: somebody with the right role who did not make it.",
            person=person,
            subject=subject,
            able=", ".join(able) or ", ".join(roles),
        )
    if any(each.person == person for each in signed(site, subject, digest)):
        raise UsageError(
            "{person} has signed or refused {subject} already",
            hint="Nothing more to do for {person}.",
            person=person,
            subject=subject,
        )
    means = prove(as_of(site, at), person, code, what=f"{subject} {digest[:12]}")
    made = Signature(
        subject=subject, digest=digest, person=person, word=word, means=means, at=site.clock()
    )
    number = len(SIGNATURES.history(site)) + 1
    SIGNATURES.put(site, {f"s-{number:05d}": made}, by=person)
    return made
