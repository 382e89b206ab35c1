"""The review of an incident or a drill: people's words, the signature under them, and the actions.

say, act ──► ask (gate `review`) ──► somebody else signs ──► letter
                                                               │
actions ── open until closed ──► every month: letters to managers and to whoever is late
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from prefect.runtime import flow_run

from baozhang.catalog.custody import CustodyBook
from baozhang.clock import business_day
from baozhang.errors import UsageError
from baozhang.incidents.approvals import Request, Standing, digest_of
from baozhang.incidents.incidents import Incident, incidents_of
from baozhang.incidents.journal import FILE, Journal
from baozhang.incidents.review import (
    ACTIONS,
    GATE,
    REVIEW,
    Action,
    Actions,
    Aged,
    Entry,
    Part,
    Review,
    Sheet,
    actions_of,
    aged,
    plain,
    review_of,
    sheet_of,
    with_entry,
    without_entry,
)
from baozhang.mail.message import Correspondent
from baozhang.mail.readers import Copy, readers
from baozhang.site import Site
from baozhang.wiring import open_site
from reports import actions as actions_letter
from reports import canonical
from reports import review as review_letter
from reports.actions import Listed, render_actions
from reports.months import midnight
from reports.review import ReviewTold, Signed, Task, Written, render_review
from tasks.drill_troubles import FOLDER
from tasks.gates import APPROVAL, ask, request_of, standing_of
from tasks.letters import Draft, library, write
from tasks.options import effect
from tasks.people import require_person
from tasks.recovery_letters import recovery_of, told_events
from tasks.review_signers import leader_of

PUBLISHED = "review.published"
ADDED, DONE = "action.added", "action.done"


@dataclass(frozen=True, slots=True)
class Reminded:
    """What one look at the open actions came to."""

    open: int
    overdue: int
    letters: int


# --- what people write ----------------------------------------------------------------------------


def say_it(
    site: Site,
    incident: Incident,
    part: Part,
    text: str,
    *,
    by: str,
    evidence: Iterable[str] = (),
) -> Review:
    """Add one entry to a review; another root cause replaces the one before.

    Raises:
        UsageError: nobody of the agency, no text, too many entries, or evidence that is none.
    """
    require_person(site, by)
    links = tuple(evidence)
    entry = Entry(part=part, text=plain(text), by=by, at=site.clock(), evidence=links)
    review = with_entry(review_of(incident), entry)
    _require_there(site, incident, links)
    incident.keep(REVIEW, review, actor=by)
    return review


def unsay(site: Site, incident: Incident, part: Part, number: int, *, by: str) -> Review:
    """Take one entry back.

    Raises:
        UsageError: nobody of the agency, or there is no such entry.
    """
    require_person(site, by)
    review = without_entry(review_of(incident), part, number)
    incident.keep(REVIEW, review, actor=by)
    return review


def name_leader(site: Site, incident: Incident, person: str, *, by: str) -> Review:
    """Say who led the recovery; somebody else signs its review.

    Raises:
        UsageError: nobody of the agency.
    """
    require_person(site, person)
    require_person(site, by)
    review = review_of(incident).model_copy(update={"led_by": person})
    incident.keep(REVIEW, review, actor=by)
    return review


def _require_there(site: Site, incident: Incident, links: Iterable[str]) -> None:
    """Make sure that evidence is there, where it can be looked up.

    Raises:
        UsageError: it is not.
    """
    for link in links:
        if not _is_there(site, incident, link):
            raise UsageError(
                "there is no {link}",
                hint="Look at what there is: `baozhang incident show {incident}`.",
                link=link,
                incident=incident.id,
            )


def _is_there(site: Site, incident: Incident, link: str) -> bool:
    kind, _, name = link.partition(":")
    if kind == "event":
        return int(name) <= len(incident.journal.events())
    if kind == "value":
        return incident.has(name)
    if kind == "letter":
        letter, _, number = name.partition("/")
        return any(each.number == int(number) for each in site.catalog.letters(letter))
    if kind == "point":
        return any(each.id == name for each in site.catalog.snapshots())
    if kind == "copy":
        return CustodyBook(site.catalog).find(name) is not None
    return kind == "url"  # for people to open


# --- actions --------------------------------------------------------------------------------------


def add_action(
    site: Site, incident: Incident, *, owner: str, due: date, text: str, by: str
) -> Action:
    """Add an action to an incident or a drill.

    Args:
        site: the site.
        incident: the incident, or a drill's.
        owner: id of who does it.
        due: by which day.
        text: what is to be done, in somebody's words.
        by: id of a person, or of the run of a drill.

    Raises:
        UsageError: nobody of the agency, a day that has passed, or no text.
    """
    require_person(site, owner)
    today = business_day(site.clock())
    if due < today:
        raise UsageError(
            "an action cannot be due on {day}, which has passed",
            hint="Give a day from {today} on.",
            day=due.isoformat(),
            today=today.isoformat(),
        )
    known = actions_of(incident)
    made = Action(
        number=len(known) + 1, text=plain(text), owner=owner, due=due, by=by, at=site.clock()
    )
    incident.keep(ACTIONS, Actions(actions=(*known, made)), actor=by)
    incident.journal.append(ADDED, actor=by, number=made.number, owner=owner, due=due.isoformat())
    return made


def finish_action(
    site: Site, incident: Incident, number: int, *, by: str, evidence: Iterable[str] = ()
) -> Action:
    """Say that an action is done; said again, it stays as it was.

    Raises:
        UsageError: nobody of the agency, no such action, or evidence that is none.
    """
    require_person(site, by)
    known = actions_of(incident)
    found = next((each for each in known if each.number == number), None)
    if found is None:
        raise UsageError(
            "{incident} has no action {number}",
            hint="Look at what is open: `baozhang review action list`.",
            incident=incident.id,
            number=number,
        )
    if found.done is not None:
        return found
    links = tuple(evidence)
    _require_there(site, incident, links)
    done = found.model_copy(update={"done": site.clock(), "done_by": by, "proof": links})
    incident.keep(
        ACTIONS,
        Actions(actions=tuple(done if each is found else each for each in known)),
        actor=by,
    )
    incident.journal.append(DONE, actor=by, number=number)
    return done


def holders(site: Site) -> tuple[Incident, ...]:
    """Return everything that actions follow from: incidents, and what drills have filed."""
    drills = sorted((site.home / "state" / FOLDER).glob(f"*/{FILE}"))
    filed = (Incident(each.parent, Journal.open(each.parent, site.clock)) for each in drills)
    return (*incidents_of(site).all(), *filed)


def holder(site: Site, name: str) -> Incident:
    """Return an incident by its id, or what a drill has filed.

    Raises:
        UsageError: there is none.
    """
    found = {each.id: each for each in holders(site)}
    return found[name] if name in found else incidents_of(site).get(name)


def open_actions(site: Site) -> tuple[Aged, ...]:
    """Return every open action of every incident and drill, the latest first."""
    today = business_day(site.clock())
    found = [
        each
        for incident in holders(site)
        for each in aged(incident.id, actions_of(incident), today)
    ]
    return tuple(sorted(found, key=lambda each: -each.overdue))


# --- signature and letter -------------------------------------------------------------------------


def ask_signature(site: Site, incident: Incident, *, asked_by: str, run: str = "") -> Request:
    """Ask for the signature under a review as it stands now.

    Raises:
        UsageError: the incident is not closed, or its review has no root cause yet.
    """
    if not incident.closed():
        raise UsageError(
            "incident {incident} is not closed yet",
            hint="Write down what people know meanwhile; it is signed when the recovery is over.",
            incident=incident.id,
        )
    if not review_of(incident).of("root"):
        raise UsageError(
            "the review of {incident} has no root cause yet",
            hint="Write it down: `baozhang review say {incident} root --by YOUR-ID`.",
            incident=incident.id,
        )
    return ask(site, incident, GATE, _sheet(incident), asked_by=asked_by, run=run)


def publish(site: Site, incident: Incident, *, actor: str) -> bool:
    """Write the letter of a signed review, once for each signature; tell whether one was written.

    Raises:
        UsageError: nobody has signed it as it stands now.
    """
    request, standing = request_of(incident, GATE), standing_of(site, incident, GATE)
    if not _is_signed(incident, request, standing) or request is None:
        raise UsageError(
            "nobody has signed the review of {incident} as it stands",
            hint="Ask for it: `baozhang review ask {incident} --by YOUR-ID`.",
            incident=incident.id,
        )
    told = (e for e in incident.journal.events() if e.kind == PUBLISHED)
    if any(event.facts["digest"] == request.digest for event in told):
        return False
    written = write(site, [review_draft(site, incident, actor)])
    incident.journal.append(
        PUBLISHED, actor=actor, digest=request.digest, number=written[0].filed.number
    )
    return True


def _is_signed(incident: Incident, request: Request | None, standing: Standing | None) -> bool:
    """Tell whether what is signed is what stands in the review now."""
    if request is None or standing is None or standing.state != "approved":
        return False
    return digest_of(_sheet(incident).model_dump(mode="json")) == request.digest


def _sheet(incident: Incident) -> Sheet:
    """Return a review as it stands now, bound to the journal up to the recovery's letters."""
    return sheet_of(incident, told_events(incident.journal.events())[-1].digest())


def review_draft(site: Site, incident: Incident, actor: str) -> Draft:
    """Return the letter of a review as it stands, signed or not."""
    value = told_of(site, incident)
    return Draft(
        kind=review_letter.KIND,
        period=incident.id,
        status=review_letter.status(value),
        value=canonical.canonical(review_letter.KIND, value),
        render=partial(render_review, value),
        copies=readers(site.agency, review_letter.KIND),
        actor=actor,
    )


def told_of(site: Site, incident: Incident) -> ReviewTold:
    """Return what a review's letter reports."""
    today = business_day(site.clock())
    return ReviewTold(
        recovery=recovery_of(site, incident),
        led_by=leader_of(site, incident),
        entries=tuple(
            Written(each.part, each.text, each.by, each.evidence)
            for each in review_of(incident).entries
        ),
        tasks=tuple(_task(each, today) for each in actions_of(incident)),
        signed=_signed(site, incident),
    )


def _task(each: Action, today: date) -> Task:
    late = 0 if each.done else max(0, (today - each.due).days)
    return Task(each.number, each.text, each.owner, each.due, each.done, late)


def _signed(site: Site, incident: Incident) -> Signed | None:
    request, standing = request_of(incident, GATE), standing_of(site, incident, GATE)
    if request is None or not _is_signed(incident, request, standing):
        return None
    said = next(
        event
        for event in reversed(incident.journal.events())
        if event.kind == APPROVAL and event.facts["digest"] == request.digest
    )
    return Signed(str(said.facts["person"]), said.at, request.digest)


# --- ageing ---------------------------------------------------------------------------------------


def remind(site: Site, *, actor: str) -> Reminded:
    """Write to managers about every open action, and to each owner who is late, once a day.

    Raises:
        UsageError: nobody is to receive such letters.
    """
    found = open_actions(site)
    drafts = list(action_drafts(site, found, actor=actor))
    there = {each.fingerprint for each in library(site).reports() if each.kind == "actions"}
    wanted = [each for each in drafts if canonical.fingerprint(each.value) not in there]
    written = write(site, wanted) if wanted else ()
    late = sum(each.overdue > 0 for each in found)
    return Reminded(open=len(found), overdue=late, letters=len(written))


def action_drafts(site: Site, found: Iterable[Aged], *, actor: str) -> Iterator[Draft]:
    """Yield the letter to managers, and one to each owner who is late."""
    listed = tuple(Listed(each.incident, _task(each.action, _today(site))) for each in found)
    if not listed:
        return
    people = site.agency.people
    owners = tuple(dict.fromkeys(each.task.owner for each in listed))
    day, at = _today(site), midnight(_today(site))
    everybody = actions_letter.Actions(
        day=day,
        at=at,
        owner="",
        listed=listed,
        leavers=tuple(owner for owner in owners if owner not in people),
        sample=site.agency.file.sample,
    )
    yield _action_draft(everybody, readers(site.agency, actions_letter.KIND), actor)
    for owner in owners:
        own = tuple(each for each in listed if each.task.owner == owner)
        value = replace(everybody, owner=owner, listed=own, leavers=())
        if owner in people and value.late:
            yield _action_draft(value, (_copy(site, owner),), actor)


def _action_draft(value: actions_letter.Actions, copies: tuple[Copy, ...], actor: str) -> Draft:
    return Draft(
        kind=actions_letter.KIND,
        period=value.day.isoformat(),
        status=actions_letter.status(value),
        value=canonical.canonical(actions_letter.KIND, value),
        render=partial(render_actions, value),
        copies=copies,
        actor=actor,
    )


def _copy(site: Site, owner: str) -> Copy:
    person = site.agency.people[owner]
    return Copy(site.agency.language_of(person), (Correspondent(person.name, person.email),))


def _today(site: Site) -> date:
    return business_day(site.clock())


# --- as the orchestrator sees it ------------------------------------------------------------------


def named_review() -> str:
    """Return what a run of Prefect is called."""
    return f"review {flow_run.parameters.get('incident') or 'open actions'}"


def _actor() -> str:
    """Return the id under which the run at hand writes into journals."""
    return f"review-{str(flow_run.id)[-8:]}"


@effect("ask for a signature under {incident}")
def ask_for_signature(incident: str) -> None:
    """Ask for the signature under a review."""
    with open_site() as site:
        found = incidents_of(site).get(incident)
        ask_signature(site, found, asked_by=_actor(), run=str(flow_run.id))


@effect("publish the review of {incident}")
def publish_review(incident: str) -> bool:
    """Write the letter of a signed review."""
    with open_site() as site:
        return publish(site, incidents_of(site).get(incident), actor=_actor())


@effect("remind of open actions")
def remind_owners() -> Reminded:
    """Write to managers and to whoever is late."""
    with open_site() as site:
        return remind(site, actor=_actor())
