"""Who may sign a review, and what they are shown of it.  Knows nothing of gates.

Whoever led a recovery does not sign what is said of it, as long as somebody else can.
"""

from collections.abc import Iterator

from baozhang.errors import UsageError
from baozhang.incidents.incidents import Incident
from baozhang.incidents.review import actions_of, review_of
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.words import say

SIGNERS: tuple[Role, ...] = ("approver", "manager")

BODY_TEMPLATES = {
    "led": "Led by: {person}",
    "unled": "Led by: not known",
    "counts": "Root cause: {root}; lessons: {lessons}; proposals: {proposals}; actions: {actions}",
    "read": "Read it first: `baozhang review show {incident}`; its words do not leave this site.",
    "yes": "filled in",
    "no": "not filled in yet",
}


def leader_of(site: Site, incident: Incident) -> str:
    """Return who led a recovery: as the review says, else who answered, else who noticed it."""
    named = review_of(incident).led_by
    answered = (e.actor for e in incident.journal.events() if e.kind == "acknowledged")
    found = (named, *answered, incident.opening().noticed_by)
    return next((person for person in found if person in site.agency.people), "")


def require_signer(site: Site, incident: Incident, person: str) -> None:
    """Make sure that it is not the leader of the recovery who signs, where somebody else can.

    Raises:
        UsageError: it is.
    """
    others = [each for each in signers(site) if each != person]
    if person == leader_of(site, incident) and others:
        raise UsageError(
            "{person} led the recovery and does not sign its review",
            hint="Ask one of {others}.",
            person=person,
            others=", ".join(others),
        )


def signers(site: Site) -> tuple[str, ...]:
    """Return who of the agency may sign a review."""
    people = site.agency.people.items()
    return tuple(person for person, each in people if set(each.roles) & set(SIGNERS))


def review_body(site: Site, incident: Incident, spoken: str) -> list[str]:
    """Return what a signer is shown, as lines of Markdown: counts, and no word of anybody's."""
    return list(_lines(site, incident, spoken))


def _lines(site: Site, incident: Incident, spoken: str) -> Iterator[str]:
    review, leader = review_of(incident), leader_of(site, incident)
    led = BODY_TEMPLATES["led" if leader else "unled"]
    yield "- " + say(led, spoken=spoken, person=leader)
    yield "- " + say(
        BODY_TEMPLATES["counts"],
        spoken=spoken,
        root=say(BODY_TEMPLATES["yes" if review.of("root") else "no"], spoken=spoken),
        lessons=len(review.of("lesson")),
        proposals=sum(len(review.of(part)) for part in ("plan", "risk", "training")),
        actions=len(actions_of(incident)),
    )
    yield "- " + say(BODY_TEMPLATES["read"], spoken=spoken, incident=incident.id)
