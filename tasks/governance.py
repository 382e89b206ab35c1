"""Governance day by day: who owes what, who is asked and asked again, what came, what is told.

plan ──► due ──┬─► asked, those above told ──┐
               └─► drop folder taken in ─────┴──► standings ──► register letter
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial

from baozhang.clock import business_day
from baozhang.governance.attestations import (
    ATTESTATIONS,
    REQUESTS,
    Request,
    checks,
    next_id,
    standings,
)
from baozhang.governance.controls import control
from baozhang.governance.model import Words
from baozhang.governance.obligations import Event, Owed, Standing
from baozhang.governance.proofs import state_of
from baozhang.governance.request_files import content, digest_of, expiry, name_of
from baozhang.governance.rhythm import STAGES, Stage, stage_of
from baozhang.governance.voice.records import WAVES
from baozhang.incidents.incidents import CLOSED, incidents_of
from baozhang.mail.message import Attachment, Correspondent
from baozhang.mail.readers import Copy
from baozhang.settings import Role
from baozhang.site import Site
from reports import attestation as request_letter
from reports import canonical
from reports.attestation import Asked, Requested, render_attestation
from tasks.drill_troubles import drills_of
from tasks.letters import Draft, Written, write

OF_OWNERS: tuple[Stage, ...] = ("request", "due", "late")
ABOVE: Mapping[Stage, Role] = {"manager": "manager", "approver": "approver"}
TOKEN_BYTES = 16

Token = Callable[[], str]
"""Returns 128 random bits as 32 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What a round of requests came to: figures alone."""

    letters: int = 0
    files: int = 0
    told_above: int = 0


def new_token() -> str:
    """Return a token for a request file."""
    return secrets.token_hex(TOKEN_BYTES)


def events_of(site: Site) -> tuple[Event, ...]:
    """Return what asks for attestations: closed incidents, drills, survey waves that are over.

    Raises:
        CorruptObjectError: a journal or a register cannot be read.
    """
    today = business_day(site.clock())
    return (
        *_closed_incidents(site),
        *(
            Event("per drill", business_day(each.end), f"drill:{each.id}")
            for each in drills_of(site).all()
        ),
        *(
            Event("per survey", wave.closes, f"entry:{WAVES.name}/{id_}")
            for id_, wave in WAVES.rows(site).items()
            if wave.closes < today
        ),
    )


def _closed_incidents(site: Site) -> Iterator[Event]:
    for incident in incidents_of(site).all():
        for event in incident.journal.events():
            if event.kind == CLOSED:
                yield Event("per incident", business_day(event.at), f"incident:{incident.id}")


def due_now(found: Sequence[Standing], today: date) -> tuple[Standing, ...]:
    """Return what is asked for now: due within two weeks, or late."""
    return tuple(each for each in found if each.due and stage_of(each.due, today))


# --- asking ---------------------------------------------------------------------------------------


def send_requests(site: Site, *, token: Token = new_token, actor: str = "system") -> Sent:
    """Write to each owner whose obligations have come a stage further, one letter each.

    Requests are entered before their letter is written, and said to be sent after: whoever dies in
    between has asked twice, never not at all.

    Raises:
        CorruptObjectError: a register or a journal cannot be read.
        StoreFullError, UnreachableError: a letter cannot be written; the next run writes it.
    """
    today, letters, files = business_day(site.clock()), 0, 0
    found = due_now(standings(site, events_of(site)), today)
    for owner in dict.fromkeys(each.owed.owner for each in found):
        if owner not in site.agency.people:
            continue  # the register's letter names what nobody answers for
        own = tuple(each for each in found if each.owed.owner == owner)
        if new := _new(site, own, today, OF_OWNERS):
            asked = _enter(site, owner, new, token=token, actor=actor)
            _write(site, owner, own, asked, actor)
            letters, files = letters + 1, files + len(asked)
    return Sent(letters, files)


def escalate(site: Site, *, actor: str = "system") -> Sent:
    """Tell managers, then approvers, of what stays overdue: one letter for all of it and step.

    Raises:
        as `send_requests`.
    """
    today, letters = business_day(site.clock()), 0
    found = due_now(standings(site, events_of(site)), today)
    for stage, role in ABOVE.items():
        late = tuple(each for each, _ in _new(site, found, today, (stage,)))
        copies = _copies_above(site, role, late)
        if late and copies:
            rows = [(each, stage) for each in late]
            ids = _enter_rows(site, "", rows, {}, actor)
            value = _requested(site, "", late, {}, role=role)
            write(site, [_draft(value, copies, (), actor)])
            _sent(site, ids, actor)
            letters += 1
    return Sent(letters=letters, told_above=letters)


def _new(
    site: Site, found: Sequence[Standing], today: date, stages: Sequence[Stage]
) -> list[tuple[Standing, Stage]]:
    """Return what has come to a stage of these that nobody was written to about yet."""
    told = {
        (each.obligation, each.due, each.stage)
        for each in REQUESTS.rows(site).values()
        if each.sent is not None
    }
    new = []
    for each in found:
        assert each.due is not None
        reached = [
            name for name, after in STAGES if name in stages and (today - each.due).days >= after
        ]
        if reached and (each.owed.id, each.due, reached[-1]) not in told:
            new.append((each, reached[-1]))
    return new


def _enter(
    site: Site,
    owner: str,
    new: Sequence[tuple[Standing, Stage]],
    *,
    token: Token,
    actor: str,
) -> dict[str, tuple[str, bytes]]:
    """Enter requests with their tokens; return, by obligation, the request's id and its file."""
    tokens = {each.owed.id: token() for each, _ in new}
    ids = _enter_rows(site, owner, new, tokens, actor)
    rows = REQUESTS.rows(site)
    return {
        rows[id_].obligation: (id_, content(site, id_, rows[id_], tokens[rows[id_].obligation]))
        for id_ in ids
    }


def _enter_rows(
    site: Site,
    owner: str,
    new: Sequence[tuple[Standing, Stage]],
    tokens: Mapping[str, str],
    actor: str,
) -> tuple[str, ...]:
    today, rows = business_day(site.clock()), dict[str, Request]()
    with site.catalog.transaction():
        used = {each.id for each in REQUESTS.history(site)}
        for each, stage in new:
            assert each.due is not None
            token = tokens.get(each.owed.id)
            rows[next_id({*used, *rows}, "q")] = Request(
                obligation=each.owed.id,
                person=owner,
                due=each.due,
                stage=stage,
                token=digest_of(token) if token else None,
                expires=expiry(each.due, today) if token else None,
            )
        REQUESTS.put(site, rows, by=actor)
    return tuple(rows)


def _write(
    site: Site,
    owner: str,
    own: Sequence[Standing],
    asked: Mapping[str, tuple[str, bytes]],
    actor: str,
) -> Written:
    person = site.agency.people[owner]
    to = Correspondent(person.name, person.email)
    value = _requested(site, owner, own, {id_: made for id_, (made, _) in asked.items()})
    files = tuple(
        Attachment(name_of(id_), "application/json", file) for id_, file in asked.values()
    )
    copies = (Copy(site.agency.language_of(person), (to,)),)
    written = write(site, [_draft(value, copies, files, actor)])[0]
    _sent(site, tuple(id_ for id_, _ in asked.values()), actor)
    return written


def _sent(site: Site, ids: Sequence[str], actor: str) -> None:
    rows, now = REQUESTS.rows(site), site.clock()
    said = {id_: rows[id_].model_copy(update={"sent": now}) for id_ in ids}
    REQUESTS.put(site, said, by=actor)


def _draft(
    value: Requested, copies: tuple[Copy, ...], files: tuple[Attachment, ...], actor: str
) -> Draft:
    return Draft(
        kind=request_letter.KIND,
        period=value.day.isoformat(),
        status=request_letter.status(value),
        value=canonical.canonical(request_letter.KIND, value),
        render=partial(render_attestation, value),
        copies=copies,
        actor=actor,
        attachments=files,
    )


def _copies_above(site: Site, role: Role, late: Sequence[Standing]) -> tuple[Copy, ...]:
    """Return who of a role is told: not whoever owes all of it, who was told as the owner."""
    owners = {each.owed.owner for each in late}
    able = {
        id_: each
        for id_, each in site.agency.people.items()
        if role in each.roles and owners != {id_}
    }
    by_language = dict[str, list[Correspondent]]()
    for each in able.values():
        spoken = site.agency.language_of(each)
        by_language.setdefault(spoken, []).append(Correspondent(each.name, each.email))
    return tuple(
        Copy(spoken, tuple(by_language[spoken]))
        for spoken in ("en", "zh_CN")
        if spoken in by_language
    )


def _requested(
    site: Site,
    owner: str,
    found: Sequence[Standing],
    files: Mapping[str, str],
    *,
    role: Role | None = None,
) -> Requested:
    today = business_day(site.clock())
    items = (_asked(each, today, files.get(each.owed.id, "")) for each in found)
    return Requested(
        day=today,
        person=owner,
        role=role or "",
        items=tuple(sorted(items, key=lambda each: (each.due, each.id))),
        sample=site.agency.file.sample,
    )


def _asked(each: Standing, today: date, file: str) -> Asked:
    assert each.due is not None
    return Asked(
        id=each.owed.id,
        title=each.owed.title,
        why=serves(each.owed),
        proof=each.owed.proof,
        owner=each.owed.owner,
        due=each.due,
        late=max(0, (today - each.due).days),
        severity=each.owed.severity,
        file=name_of(file) if file else "",
        remedy=remedy_of(each.owed),
    )


def serves(each: Owed) -> tuple[str, ...]:
    """Return the items of the two documents that an obligation serves."""
    return control(each.control).items if each.control else ()


def remedy_of(each: Owed) -> Words | None:
    """Return what to do where it cannot be shown; None: nobody said."""
    return control(each.control).remedy if each.control else None


# --- what is kept ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Held:
    """How what was handed in holds; ids of attestations.

    Attributes:
        altered: accepted or waiting, and a proof is gone or was changed.
        unknown: accepted in the register, and the audit log knows of no check.
        own: checked by who handed it in.
        waiting: for a second person.
    """

    altered: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    waiting: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing was changed by hand."""
        return not (self.altered or self.unknown or self.own)


def held(site: Site) -> Held:
    """Look at every proof and every check once more.

    Raises:
        CorruptObjectError: a register or the audit log was changed by hand.
    """
    rows, known = ATTESTATIONS.rows(site), checks(site)
    live = {id_: row for id_, row in rows.items() if row.verdict != "rejected"}
    accepted = {id_: row for id_, row in live.items() if row.verdict == "accepted"}
    return Held(
        altered=tuple(
            id_
            for id_, row in live.items()
            if any(state_of(site, sha256) != "sound" for sha256 in row.sha256)
        ),
        unknown=tuple(id_ for id_, row in accepted.items() if known.get(id_) != row.digest),
        own=tuple(id_ for id_, row in accepted.items() if row.checked_by == row.by),
        waiting=tuple(id_ for id_, row in live.items() if row.verdict == "handed in"),
    )
