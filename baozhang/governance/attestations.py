"""What people have attested: handed in, checked by a second person, kept, and counted or not.

    request (a one-time file, or a code) ──► proof looked at ──► handed in
                                                                    │ another person, with a code
                                                        accepted ◄──┴──► rejected
                                                            │
                              its files are still those? ───┴──► Evidence of its control

A row counts where the audit log knows its check: whoever writes `accepted` into the register by
hand has attested nothing.  What does not count is handed on all the same, so that the audit names
it and says why.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, model_validator

from baozhang.audit.records import decode_record
from baozhang.audit.verification import lines_of
from baozhang.catalog.model import Entry
from baozhang.clock import business_day
from baozhang.governance.model import Evidence
from baozhang.governance.obligations import (
    FIRST_DUES,
    ControlId,
    Event,
    FirstDue,
    Owed,
    Standing,
    State,
    changes,
    due_day,
    owed,
)
from baozhang.governance.proofs import state_of
from baozhang.governance.rhythm import STAGES, Stage, end_of
from baozhang.registers import Register, Row
from baozhang.settings.values import Id
from baozhang.site import Site

Verdict = Literal["handed in", "accepted", "rejected"]
Refusal = Literal[
    "wrong paper", "not complete", "not readable", "wrong period", "not signed", "not true"
]
"""Why a second person does not accept a proof; a choice, so that no register holds a sentence about
a colleague."""
Again = Literal["still in force", "covers both periods", "entered wrongly before"]
"""Why the same paper is handed in once more."""
Flag = Literal["newer than it claims", "older than it claims", "handed in again"]
"""What the second person should look at."""
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]

CHECKED, REJECTED = "attestation.checked", "attestation.rejected"
"""What the audit log keeps of every check: id, and the digest of what was checked."""


class Attestation(Row):
    """What one person handed in for one obligation.

    Attributes:
        obligation: its id: a control's, or a row's.
        control: which control it speaks for; "": none.
        due: the due day that it answers; None: it was not planned.
        by: id of who handed it in.
        effective: the instant it speaks of.
        received: when it came.
        sha256: of its files.
        bytes: of all of them together.
        kinds: of its files, in the order of `sha256`.
        flags: what is odd about it.
        again: why the same paper came once more.
        expires: its last day by its own words; None: it says none.
        request: id of the request that it answers; "": it was handed in with a code.
        verdict: what the second person said.
        reason: why it was rejected.
    """

    obligation: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
    control: ControlId = ""
    due: date | None = None
    by: Id
    effective: AwareDatetime
    received: AwareDatetime
    sha256: Annotated[tuple[Sha256, ...], Field(min_length=1)]
    bytes: Annotated[int, Field(gt=0)]
    kinds: tuple[str, ...]
    flags: tuple[Flag, ...] = ()
    again: Again | None = None
    expires: date | None = None
    request: str = ""
    verdict: Verdict = "handed in"
    checked_by: str = ""
    checked_at: AwareDatetime | None = None
    reason: Refusal | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "Attestation":
        if self.effective > self.received:
            raise ValueError("it speaks of an instant after it came")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of what is checked: who, for what, when, which files; no word of the check."""
        names = ("obligation", "control", "by", "effective", "received", "sha256", "expires")
        value = self.model_dump(mode="json", include=set(names))
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


class Request(Row):
    """One time that somebody was asked: of an owner with a one-time file, of those above without.

    Attributes:
        person: who was asked; "": those above.
        token: SHA-256 of the file's token; the token itself is nowhere.
        sent: when the letter was out; None: it may not have been.
        attestation: id of what came back.
    """

    obligation: str
    due: date
    stage: Stage
    person: str = ""
    token: Sha256 | None = None
    expires: AwareDatetime | None = None
    sent: AwareDatetime | None = None
    attestation: str = ""


ATTESTATIONS = Register("attestations", Attestation, "attestations: what people have shown")
REQUESTS = Register("requests", Request, "requests for attestations")
REGISTERS = (ATTESTATIONS, REQUESTS)

EVIDENCE_TEMPLATES = {
    "accepted": "{files} files were handed in for {day}, looked through and accepted",
    "newer than it claims": "{files} files were handed in for {day} and accepted, though one is "
    "newer than it claims",
    "older than it claims": "{files} files were handed in for {day} and accepted, though one is "
    "older than it claims",
    "handed in again": "{files} files were handed in for {day} and accepted, though one of them "
    "was handed in before",
    "handed in": "{files} files were handed in for {day}, and no second person has checked them",
    "rejected": "what was handed in for {day} was not accepted: {reason}",
    "missing": "{files} files were handed in for {day}, and a file of them is gone",
    "altered": "{files} files were handed in for {day}, and a file of them was changed since",
    "unknown": "{files} files for {day} are called accepted, and the audit log knows of no check",
}


def attested(site: Site) -> tuple[Evidence, ...]:
    """Return everything that people handed in for controls as evidence, oldest first.

    What does not count comes too: unchecked and with an unknown check without `checked_by`,
    rejected and with a file that is gone or was changed as a fail.  Every kept file is read.

    Raises:
        CorruptObjectError: the register or the audit log was changed by hand.
    """
    rows = ATTESTATIONS.rows(site)
    newest = {entry.id: entry for entry in ATTESTATIONS.history(site)}
    known = checks(site)
    states = {sha: state_of(site, sha) for sha in {s for r in rows.values() for s in r.sha256}}
    found = [
        _evidence(newest[id_], row, sound=known.get(id_) == row.digest, states=states)
        for id_, row in rows.items()
        if row.control
    ]
    return tuple(sorted(found, key=lambda each: (each.received, each.refs)))


def dues(site: Site, events: Iterable[Event] = ()) -> dict[str, datetime]:
    """Return, by control, the instant by which people are to attest.

    A control that nobody was asked for is not there.

    Args:
        site: the site.
        events: that ask for an attestation, beside the changes that people entered; what the daily
            run has asked for because of others is known from its requests.

    Raises:
        CorruptObjectError: a register was changed by hand.
    """
    found: dict[str, datetime] = {}
    for each in standings(site, events):
        if each.owed.control and each.due is not None:
            at = end_of(each.due)
            found[each.owed.control] = min(at, found.get(each.owed.control, at))
    return found


def standings(site: Site, events: Iterable[Event] = ()) -> tuple[Standing, ...]:
    """Return how every obligation stands, by id; raises as `attested`."""
    rows, requests = ATTESTATIONS.rows(site), REQUESTS.rows(site)
    first = {each.obligation: each for each in FIRST_DUES.rows(site).values()}
    by_id: dict[str, dict[str, Attestation]] = {}
    for id_, row in rows.items():
        by_id.setdefault(row.obligation, {})[id_] = row
    open_days: dict[str, list[date]] = {}
    for request in requests.values():
        open_days.setdefault(request.obligation, []).append(request.due)
    known, everything = checks(site), (*events, *changes(site))
    context = _Context(site.clock(), known, everything)
    return tuple(
        context.standing(
            each, first.get(each.id), by_id.get(each.id, {}), open_days.get(each.id, ())
        )
        for each in owed(site)
    )


class _Context:
    """What all obligations are looked at with."""

    def __init__(self, now: datetime, checks: Mapping[str, str], events: tuple[Event, ...]) -> None:
        self._now, self._checks, self._events = now, checks, events

    def standing(
        self,
        each: Owed,
        first: FirstDue | None,
        rows: Mapping[str, Attestation],
        asked: Iterable[date],
    ) -> Standing:
        """Return how one obligation stands.

        Args:
            each: what is owed.
            first: its row of the plan.
            rows: what was handed in for it, by id.
            asked: due days that requests named.
        """
        live = {id_: row for id_, row in rows.items() if row.verdict != "rejected"}
        covered = [business_day(row.effective) for row in live.values()]
        answered = {row.due for row in live.values()}
        last = max(covered, default=date.min)
        due = due_day(each, first, covered, self._events)
        days = [day for day in asked if day not in answered and day > last]
        due = min([day for day in (due, *days) if day is not None], default=None)
        newest = max(live, key=lambda id_: (live[id_].effective, id_), default="")
        return Standing(
            owed=each,
            due=due,
            state=self._state(each, due, live),
            last=newest,
            effective=live[newest].effective if newest else None,
        )

    def _state(self, each: Owed, due: date | None, live: Mapping[str, Attestation]) -> State:
        today = business_day(self._now)
        if any(self._counts(id_, row, each, today) for id_, row in live.items()):
            return "attested" if due is None or today <= due else "overdue"
        if any(row.verdict == "handed in" for row in live.values()):
            return "handed in"
        if due is None:
            return "not evidenced"
        if today > due:
            return "overdue"
        return "due" if (due - today).days <= -STAGES[0][1] else "not evidenced"

    def _counts(self, id_: str, row: Attestation, each: Owed, today: date) -> bool:
        checked = row.verdict == "accepted" and self._checks.get(id_) == row.digest
        fresh = (today - business_day(row.effective)).days <= each.fresh
        return checked and fresh and (row.expires is None or today <= row.expires)


def checks(site: Site) -> dict[str, str]:
    """Return what the audit log knows of checks: id of an attestation to the digest checked.

    Raises:
        CorruptObjectError: a line of it is no record.
    """
    found = dict[str, str]()
    if not (site.home / "state" / "audit" / "log.jsonl").exists():
        return found
    for _, line in lines_of(site.home / "state" / "audit"):
        if b'"attestation.' in line:
            entry = decode_record(line).entry
            if entry.action == CHECKED:
                found[entry.subject] = str(dict(entry.facts)["sha256"])
            elif entry.action == REJECTED:
                found.pop(entry.subject, None)
    return found


def next_id(rows: Iterable[str], prefix: str) -> str:
    """Return the next free id of a register: `a-001`."""
    numbers = [int(id_.rpartition("-")[2]) for id_ in rows if id_.rpartition("-")[2].isdigit()]
    return f"{prefix}-{max(numbers, default=0) + 1:03d}"


def _evidence(
    entry: Entry, row: Attestation, *, sound: bool, states: Mapping[str, str]
) -> Evidence:
    broken = next((s for sha in row.sha256 if (s := states[sha]) != "sound"), "")
    accepted = row.verdict == "accepted"
    if accepted and not sound:
        said = "unknown"
    elif row.verdict != "rejected" and broken:
        said = broken
    else:
        said = row.flags[0] if accepted and row.flags else row.verdict
    facts: dict[str, str | int] = {
        "files": len(row.sha256),
        "day": business_day(row.effective).isoformat(),
    }
    if said == "rejected":
        facts["reason"] = row.reason or "-"
    fails = said in {"missing", "altered", "rejected"}
    passes = accepted and not fails and said != "unknown"
    return Evidence(
        control=row.control,
        source="attested",
        result="pass" if passes else "fail" if fails else "inconclusive",
        effective=row.effective,
        received=row.received,
        says=EVIDENCE_TEMPLATES[said],
        facts=facts,
        refs=(f"entry:{entry.register}/{entry.id}/{entry.version}",),
        digest=entry.hash,
        by=(row.by,),
        checked_by="" if said == "unknown" else row.checked_by,
        expires=end_of(row.expires) if row.expires else None,
    )
