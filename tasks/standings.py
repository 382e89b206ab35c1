"""Where letters stand, in words: what each waits for, who has it, and why somebody has it not.

People are named by id, never by address.  Nothing here needs Prefect: the command line starts at
once.
"""

from dataclasses import dataclass
from datetime import datetime

from baozhang.clock import SHANGHAI
from baozhang.errors import UsageError
from baozhang.mail.delivery import Hold
from baozhang.mail.queued import Queued, Recipient, State
from baozhang.mail.smtp import Reply
from baozhang.settings import Agency
from baozhang.site import Site
from baozhang.words import say

STATE_TEMPLATES: dict[State, str] = {"waiting": "waits", "sent": "sent", "parked": "parked"}
HOLD_TEMPLATES: dict[Hold, str] = {
    "now": "goes with the next post",
    "digest": "waits for the digest",
    "quiet": "waits for the end of the quiet hours",
    "later": "is tried again at {at}",
    "server": "waits for the mail server",
    "nobody": "no mail server is named: it stays in the outbox",
}
WHY_TEMPLATES = {
    "": "no answer came",
    "unknown": "no such mailbox, or it takes no letters",
    "full": "the mailbox is full",
    "big": "the letter is too big",
    "rules": "the server's rules forbid it",
    "busy": "not now, says the server",
    "other": "the server refused it",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one letter stands, and with whom."""

    letter: Queued
    hold: Hold | None  # None: it does not wait
    people: tuple[tuple[str, Recipient], ...]  # by id


def standing(site: Site, *, since: datetime | None = None) -> tuple[Standing, ...]:
    """Return the letters that wait or are parked; with `since`, those written after it as well.

    Those that were sent come last, the newest first.
    """
    found = [*site.outbox.letters("waiting"), *site.outbox.letters("parked")]
    if since is not None:
        sent = site.outbox.letters("sent", since=since)
        found += sorted(sent, key=lambda each: each.at, reverse=True)
    return tuple(standing_of(site, each) for each in found)


def standing_of(site: Site, letter: Queued) -> Standing:
    """Return where one letter stands."""
    hold: Hold | None = None
    if letter.state == "waiting":
        hold = site.postman.held(letter) if site.postman else "nobody"
    people = tuple((who(site.agency, each.address), each) for each in letter.recipients)
    return Standing(letter, hold, people)


def no_server() -> UsageError:
    """Return the error of a site that wants to send and names no server."""
    return UsageError(
        "no mail server is named: letters stay in the outbox",
        hint="Write `server` into the mail section of agency.yaml; see docs/guides/mail.md.",
    )


def who(agency: Agency, address: str) -> str:
    """Return the id of whom an address belongs to; never the address."""
    for name, person in agency.people.items():
        if person.email == address:
            return name
    for name, client in agency.clients.items():
        if client.contact and client.contact.email == address:
            return say("contact of {client}", client=name)
    return say("somebody who is no longer in the site's files")


def why(reply: Reply) -> str:
    """Return what an answer means, in words; the server's own are not kept."""
    return say(WHY_TEMPLATES[_meaning(reply)])


def words_of(each: Standing) -> str:
    """Return in words where a letter stands."""
    if each.hold is None:
        if each.letter.told_in:
            return say("told in {digest}", digest=each.letter.told_in)
        return say(STATE_TEMPLATES[each.letter.state])
    due = each.letter.due
    at = due.astimezone(SHANGHAI).strftime("%m-%d %H:%M") if due else ""
    return say(HOLD_TEMPLATES[each.hold], at=at)


def _meaning(reply: Reply) -> str:
    """Return the key of an answer's words (RFC 3463, section 3; without a status RFC 5321)."""
    subject = reply.status[2:]
    if not reply.code:
        return ""
    if subject == "2.2" or (not subject and reply.code in {452, 552}):
        return "full"
    if subject in {"3.4", "2.3"}:
        return "big"
    if subject.startswith("1.") or (not subject and reply.code in {550, 551}):
        return "unknown"
    if subject.startswith("7.") or (not subject and reply.code in {553, 554}):
        return "rules"
    return "other" if reply.permanent else "busy"
