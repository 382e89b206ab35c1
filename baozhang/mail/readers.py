"""Who reads which letter, in which language, and how soon: the site file, or what is usual.

    readers(agency, "night")            managers and operators, one copy per language
    readers(agency, "certificate", client=…)  the client's lead, and the auditors

A letter that reports trouble is never held back: see `urgency`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from baozhang.errors import UsageError
from baozhang.mail.message import Correspondent, Urgency
from baozhang.settings import (
    Agency,
    ClientFile,
    Contact,
    Language,
    LetterKind,
    LetterRule,
    Person,
    Role,
)

USUAL_READERS: dict[LetterKind, tuple[Role, ...]] = {
    "night": ("manager", "operator"),
    "validation": ("manager", "operator"),
    "restore-test": ("manager", "operator"),
    "monthly": ("manager",),
    "certificate": ("auditor",),
    "digest": ("manager", "operator"),
    "notice": ("approver", "manager"),
    "recovery": ("manager", "approver", "operator"),
    "recovery-legal": ("manager", "auditor"),
    "one-page": ("manager", "approver"),
    "public-statement": ("manager",),
    "review": ("manager", "approver", "operator", "auditor"),
    "actions": ("manager",),
    "drill": ("manager", "approver", "operator"),
    "audit": ("manager", "approver", "auditor"),
    "governance": ("manager", "approver"),
    "risk": ("manager", "approver", "auditor"),
    "cost": ("manager", "approver"),
    "satisfaction": ("manager",),
}
"""Who answers for it, and who mends it; a client's own letters go to its people first."""

USUALLY_WITH_PDF: frozenset[LetterKind] = frozenset(
    {
        "restore-test",
        "monthly",
        "client-statement",
        "certificate",
        "notice",
        "recovery",
        "recovery-legal",
        "one-page",
        "public-statement",
        "rekey-list",
        "review",
        "drill",
        "audit",
        "governance",
        "risk",
        "cost",
        "satisfaction",
    }
)
"""Those that are filed or handed over."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One language of a letter, and who reads it."""

    language: Language
    people: tuple[Correspondent, ...]


def readers(
    agency: Agency, kind: LetterKind, *, client: ClientFile | None = None, step: int = 0
) -> tuple[Copy, ...]:
    """Return who reads a letter of this kind, one copy per language, languages sorted.

    Args:
        agency: the site's files; `mail.letters` overrides what is usual.
        kind: of the letter.
        client: whose letter it is: for statements and certificates.
        step: of an alert: how often it has gone up; beyond the last step it stays there.

    Raises:
        UsageError: nobody is to receive it.
    """
    roles = rule(agency, kind).to
    people = _with_roles(agency, roles) if roles else _usual(agency, kind, client, step)
    found = {person.email: person for person in people}
    if not found:
        raise UsageError(
            "nobody is to receive letters of the kind {kind}",
            hint="Give one of `people` in agency.yaml a role that reads them, or name roles"
            " in mail.letters.",
            kind=kind,
        )
    return tuple(_copies(agency, found.values()))


def urgency(agency: Agency, kind: LetterKind, *, trouble: bool) -> Urgency:
    """Return how soon a letter goes out; one that reports trouble waits for nothing."""
    if trouble or kind in ("alert", "notice"):
        return "incident"
    if kind == "digest":
        return "immediate"
    return rule(agency, kind).when or "immediate"


def with_pdf(agency: Agency, kind: LetterKind) -> bool:
    """Tell whether a PDF goes with letters of this kind."""
    wanted = rule(agency, kind).pdf
    return kind in USUALLY_WITH_PDF if wanted is None else wanted


def rule(agency: Agency, kind: LetterKind) -> LetterRule:
    """Return what the site file says of this kind of letter."""
    return agency.file.mail.letters.get(kind, LetterRule())


def _usual(
    agency: Agency, kind: LetterKind, client: ClientFile | None, step: int
) -> Iterator[Person | Contact]:
    if kind == "alert":
        yield from _of_step(agency, step)
        return
    if client and kind == "client-statement":
        yield client.contact or agency.people[client.lead]
    if client and kind == "certificate":
        yield agency.people[client.lead]
    if client and kind == "rekey-list":  # whoever keys in, and whoever looks over it
        ids = (client.lead, client.reviewer, client.deputy)
        yield from (agency.people[each] for each in ids if each)
    yield from _with_roles(agency, USUAL_READERS.get(kind, ()))


def _of_step(agency: Agency, step: int) -> tuple[Person, ...]:
    """Return the people of a step, or of the nearest one above, else below, that has any."""
    steps = agency.file.alerts.steps
    at = min(step, len(steps) - 1)
    for role in (*steps[at:], *reversed(steps[:at])):
        if people := agency.with_role(role):
            return people
    return ()


def _with_roles(agency: Agency, roles: Iterable[Role]) -> Iterator[Person]:
    for role in roles:
        yield from agency.with_role(role)


def _copies(agency: Agency, people: Iterable[Person | Contact]) -> Iterator[Copy]:
    def language(one: Person | Contact) -> Language:
        return one.language or agency.language

    for spoken, group in groupby(sorted(people, key=language), key=language):
        yield Copy(spoken, tuple(Correspondent(one.name, one.email) for one in group))
