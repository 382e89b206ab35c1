"""A run that waits for people: suspended, its worker freed, and a form on its page.

    wait_at ──► answers that came in ──► decide ──► approved: go on
       ▲                                     │       refused, expired: halt
       └── resumed: the flow begins anew ◄── suspended, with what was wrong on the form

The form's key holds the gate and the hash that was shown, so a form that was filled in for an older
plan is known as such.  An answer is deleted before it is looked at: no code stays where it was
typed.  A form that is sent empty means: look into the journal (`baozhang approve` does that).
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRunInput
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.settings import PREFECT_API_URL
from pydantic import Field, ValidationError

from baozhang.errors import CorruptObjectError, UsageError
from baozhang.incidents.approvals import Request, Standing
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import CHINESE, ENGLISH, say
from tasks.gate_pages import shown
from tasks.gates import IncidentHaltedError, decide, request_of, run_of, standing_of, waits

Woken = Literal["woken", "working", "gone", "unreachable", "nobody"]
"""Resumed now; at work already; ended or not known there; no answer; no server or no run."""
WORK_WITHIN = timedelta(days=7)  # people work off a checklist; longer, and it is looked at anew
_HASH = 12  # hexadecimal digits of it in a form's key
_MOST_FORMS = 200  # one page of the server; nobody fills in as many
_ANSWER_WITHIN = 5.0  # seconds
_SUSPENDED_WITHIN = 20.0  # seconds a run has that is about to be suspended
HALTED_TEMPLATES = {
    "refused": "the gate {gate} of {incident} was refused; what lies behind it was not begun",
    "expired": "the gate {gate} of {incident} ran out of time; what lies behind it was not begun",
    "hint": "Settle it with who decides; then go on: `baozhang incident go-on {incident}`.",
}
NOTE_TEMPLATES = {
    "unread": "What was sent is not what the form asks for.",
    "older": "What you were shown is older than what is to be approved now: read it again.",
    "missing": "Fill in who you are and your one-time code, and tick one of the two boxes.",
}


class Approval(RunInput):
    """What a person who approves fills in; sent empty, it only wakes the run.

    Two boxes and no list to choose from: in the page's dialog a list does not open (Prefect 3.8).
    """

    person: str = Field(
        "",
        title="审批人 / Your id",
        description="本人在 agency.yaml 里的编号",
        max_length=63,
    )
    approve: bool = Field(False, title="批准 / Approve")
    refuse: bool = Field(False, title="拒绝 / Refuse")
    code: str = Field(
        "",
        title="动态口令 / One-time code",
        description="本人设备上显示的六位数字，或密封信封内的口令；用后即失效",
        max_length=120,
    )


class Resumption(RunInput):
    """A form with nothing to fill in: sending it wakes the run."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One form that came back."""

    digest: str  # the beginning of the hash that was shown
    given: Approval | None  # None: not what the form asks for
    at: datetime | None  # when it was sent, by the server's clock


def wait_at(incident_id: str, gate: str) -> Standing:
    """Return when a gate is open; suspend the run as long as it is not decided.  In a flow alone.

    Raises:
        IncidentHaltedError: it was refused, or nobody decided in time.
        UsageError: the gate was not asked for.
    """
    run = this_run()
    while True:
        answers = list(answers_of(run, gate))
        with open_site() as site:
            incident = incidents_of(site).get(incident_id)
            notes = [_taken(site, incident, gate, each) for each in answers]
            standing = standing_of(site, incident, gate)
            if standing is not None and standing.state == "approved":
                return standing
            request = _open(incident, gate, standing)
            text = "\n\n".join([*filter(None, notes), shown(site, incident, gate)])
            left = request.expires - site.clock()
        suspend(run, gate, Approval, text, digest=request.digest, within=left)


def wait_for_people(incident_id: str, key: str, text: str) -> None:
    """Suspend the run until somebody says that people's work is done.  In a flow alone.

    Resumed, the flow begins anew and looks into the journal by itself.

    Args:
        incident_id: the incident.
        key: what is waited for, e.g. `cut-over-steps`: lower-case letters, digits and dashes.
        text: Markdown, shown above the form.
    """
    run = this_run()
    with open_site() as site:
        waits(incidents_of(site).get(incident_id), key, str(run))
    suspend(run, key, Resumption, text, within=WORK_WITHIN)


def resume_waiting(incident: Incident, gate: str) -> Woken:
    """Wake the run that waits at a gate, where an orchestrator is configured and has it.

    Args:
        incident: the incident.
        gate: the gate, or the key of `wait_for_people`.
    """
    return resume_run(run_of(incident, gate))


def resume_run(run: str) -> Woken:
    """Wake a run by its id, where an orchestrator is configured and has it; "": nobody waits."""
    if not run or not PREFECT_API_URL.value():
        return "nobody"
    try:
        with get_client(httpx_settings={"timeout": _ANSWER_WITHIN}, sync_client=True) as client:
            return woken(client, UUID(run))
    except ObjectNotFound:
        return "gone"
    except httpx.HTTPError:
        return "unreachable"


def woken(client: SyncPrefectClient, run: UUID) -> Woken:
    """Resume a run; one that is about to be suspended has a moment to come to it."""
    limit = time.monotonic() + _SUSPENDED_WITHIN
    while True:
        state = client.read_flow_run(run).state
        if state is not None and state.is_paused():
            if client.resume_flow_run(run, run_input={}).status == SetStateStatus.ACCEPT:
                return "woken"
        elif state is None or state.is_final():
            return "gone"
        if time.monotonic() > limit:
            return "working"
        time.sleep(1)


# --- forms ----------------------------------------------------------------------------------------


def this_run() -> UUID:
    """Return the id of the run that this is."""
    return UUID(str(flow_run.id))


def suspend(
    run: UUID, key: str, form: type[RunInput], text: str, *, within: timedelta, digest: str = ""
) -> None:
    """End this process; the server keeps the form and starts the flow anew when it is sent."""
    with get_client(sync_client=True) as client:
        forms = sum(each.key.endswith("-schema") for each in _inputs(client, run, key))
    named = [key, digest[:_HASH], str(forms + 1)]  # the server takes each key once
    suspend_flow_run(
        wait_for_input=form.with_initial_data(description=text),
        key="-".join(filter(None, named)),
        timeout=max(1, round(within.total_seconds())),
    )


def answers_of(run: UUID, gate: str) -> Iterator[Answer]:
    """Yield the forms of a gate that came back; each is deleted first, for it holds a code."""
    pattern = re.compile(rf"suspended-{re.escape(gate)}-(?P<hash>[0-9a-f]+)-\d+-response")
    with get_client(sync_client=True) as client:
        for each in _inputs(client, run, gate):
            if found := pattern.fullmatch(each.key):
                client.delete_flow_run_input(flow_run_id=run, key=each.key)
                yield Answer(found["hash"], _read(each.decoded_value), each.created)


def _inputs(client: SyncPrefectClient, run: UUID, key: str) -> list[FlowRunInput]:
    """Return what a run's forms left on the server: their fields, texts and answers."""
    prefix = f"suspended-{key}-"
    return client.filter_flow_run_input(
        flow_run_id=run, key_prefix=prefix, limit=_MOST_FORMS, exclude_keys=set()
    )


def _read(value: object) -> Approval | None:
    try:
        return Approval.model_validate(value)
    except ValidationError:
        return None


def _taken(site: Site, incident: Incident, gate: str, answer: Answer) -> str:
    """Take what a form says; return what is wrong with it, "" where nothing is."""
    given, request = answer.given, request_of(incident, gate)
    if given is None:
        return note(NOTE_TEMPLATES["unread"])
    if given == Approval():
        return ""
    if request is None or not request.digest.startswith(answer.digest):
        return note(NOTE_TEMPLATES["older"])
    if not given.person.strip() or not given.code.strip() or given.approve == given.refuse:
        return note(NOTE_TEMPLATES["missing"])
    try:
        decide(
            site,
            incident,
            gate,
            person=given.person.strip(),
            code=given.code,
            word="approve" if given.approve else "refuse",
            digest=request.digest,
            at=answer.at,
        )
    except (UsageError, CorruptObjectError) as error:
        return note(error.template, error.hint, **error.facts)
    return ""


def note(*templates: str, **facts: object) -> str:
    """Return what was wrong with the form before, in both languages, as a quotation."""
    lines = [
        " – ".join(say(each, spoken=spoken, **facts) for each in templates if each)
        for spoken in (CHINESE, ENGLISH)
    ]
    return "> **⚠** " + "\n>\n> ".join(lines)


def _open(incident: Incident, gate: str, standing: Standing | None) -> Request:
    """Return the request that people can still decide.

    Raises:
        IncidentHaltedError: it is closed.
        UsageError: there is none.
    """
    request = request_of(incident, gate)
    if request is None or standing is None:
        raise UsageError(
            "nobody has asked for the gate {gate} of {incident}",
            hint="Look at what waits: `baozhang incident show {incident}`.",
            gate=gate,
            incident=incident.id,
        )
    if standing.state != "waiting":
        raise IncidentHaltedError(
            HALTED_TEMPLATES[standing.state],
            hint=HALTED_TEMPLATES["hint"],
            gate=gate,
            incident=incident.id,
        )
    return request
