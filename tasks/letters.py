"""Letters: a run is told to the people who answer for it, before it is judged.

A letter's number, its file in the outbox and its row in the catalog are one transaction: numbers
have no gaps, so that a letter that never came is noticed.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from pathlib import Path

from baozhang.catalog.model import Duty, Outcome, Run
from baozhang.catalog.model import Letter as Sent
from baozhang.errors import UsageError
from baozhang.mail.message import POLICY, Correspondent, build_message
from baozhang.settings import Agency, Person, Role
from baozhang.site import Site
from baozhang.wiring import open_site
from reports.night import render_night
from reports.render import Letter
from reports.restore_test import render_restore_test
from reports.validation import render_validation
from tasks.options import effect

RECIPIENTS: tuple[Role, ...] = ("manager", "operator")
"""Who answers for the night, and who mends it."""

RENDERERS: dict[Duty, Callable[..., Letter]] = {
    "backup": render_night,
    "validation": render_validation,
    "restore_test": render_restore_test,
}
KINDS: dict[Duty, str] = {
    "backup": "night",
    "validation": "validation",
    "restore_test": "restore-test",
}
LOOK_BACK: dict[Duty, timedelta] = {
    "backup": timedelta(days=8),
    "validation": timedelta(days=40),
    "restore_test": timedelta(days=120),
}
"""How far back the run before is looked for: a little more than each duty's longest rhythm."""


@effect("write the letter of {run.id}")
def write_night_letter(run: Run) -> tuple[Path, ...]:
    """Put the letter of a backup or a validation into the outbox; return its files."""
    with open_site() as site:
        return send(site, run)


@effect("write the letter of {run.id}")
def write_restore_test_letter(run: Run) -> tuple[Path, ...]:
    """Put the letter of a restore test into the outbox; return its files."""
    with open_site() as site:
        return send(site, run)


@dataclass(frozen=True, slots=True)
class _Copy:
    """One language of a letter, and who reads it."""

    language: str
    people: tuple[Person, ...]


def send(site: Site, run: Run) -> tuple[Path, ...]:
    """Write a run's letter in every language its recipients read.

    Raises:
        UsageError: nobody of the agency is to receive it.
        StoreFullError, UnreachableError: it cannot be written; its number is not taken.
    """
    kind, at = KINDS[run.duty], site.clock()
    copies = tuple(_copies(site.agency))
    with site.catalog.transaction():
        number = site.catalog.next_letter(kind)
        previous = before(site, run)
        messages = [
            build_message(
                number=number,
                kind=kind,
                language=copy.language,
                subject=letter.subject,
                text=letter.text,
                html=letter.html,
                fingerprint=letter.fingerprint,
                sender=Correspondent(site.agency.name, site.agency.file.mail.sender),
                recipients=[Correspondent(one.name, one.email) for one in copy.people],
                at=at,
            )
            for copy in copies
            for letter in (_rendered(site, run, number, previous, copy.language),)
        ]
        paths = tuple(site.outbox.put(message) for message in messages)
        content = b"".join(message.as_bytes(policy=POLICY) for message in messages)
        site.catalog.record_letter(
            Sent(
                kind=kind,
                number=number,
                period=run.day.isoformat(),
                roles=RECIPIENTS,
                message_id=str(messages[0]["Message-ID"]),
                sha256=hashlib.sha256(content).hexdigest(),
                at=at,
            )
        )
    return paths


def _rendered(site: Site, run: Run, number: int, previous: Run | None, language: str) -> Letter:
    return RENDERERS[run.duty](
        run,
        number=number,
        previous=previous,
        language=language,
        sample=site.agency.file.sample,
    )


def _copies(agency: Agency) -> Iterator[_Copy]:
    people = {p.email: p for role in RECIPIENTS for p in agency.with_role(role)}.values()
    if not people:
        raise UsageError(
            "nobody is to receive the letters",
            hint="Give one of `people` in agency.yaml the role manager or operator.",
        )
    by_language = sorted(people, key=agency.language_of)
    for language, readers in groupby(by_language, key=agency.language_of):
        yield _Copy(language, tuple(readers))


def before(site: Site, run: Run) -> Run | None:
    """Return how the run's own pairs fared the last time each had its turn.

    Duties take turns, so the run before may have been about others altogether.
    """
    wanted = {(each.client, each.set) for each in run.outcomes}
    since = site.clock() - LOOK_BACK[run.duty]
    last: dict[tuple[str, str], Outcome] = {}
    for outcome in site.catalog.outcomes(duty=run.duty, since=since):
        if outcome.run != run.id and (outcome.client, outcome.set) in wanted:
            last[outcome.client, outcome.set] = outcome
    if not last:
        return None
    newest = max(last.values(), key=lambda each: each.started)
    day = site.catalog.run(newest.run).day
    return Run(newest.run, run.duty, day, tuple(last.values()))
