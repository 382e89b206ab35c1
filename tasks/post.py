"""The post: letters that are due go to the server, and a person hears of those that cannot.

Letters are shown by name and people by id: pages keep what they are given, and an address is
nobody's business there.
"""

from datetime import timedelta

from prefect.artifacts import create_table_artifact

from baozhang.errors import BaozhangError
from baozhang.mail.delivery import Delivery
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.digests import write_digests
from tasks.options import effect
from tasks.standings import Standing, standing, why, words_of

SHOWN_SENT = timedelta(days=1)
KEY = "post-letters"
MOST_NAMED = 20


@effect("write the digests")
def digest_letters() -> tuple[str, ...]:
    """Let one letter a day stand for those that nobody must read at once; return their names."""
    with open_site() as site:
        return write_digests(site)


@effect("deliver the letters")
def deliver_letters() -> Delivery:
    """Send what is due; a site without a mail server keeps its letters in the outbox."""
    with open_site() as site:
        if site.postman is None:
            return Delivery(waiting=len(site.outbox.letters("waiting")))
        return site.postman.deliver()


@effect("show the letters")
def show_letters(delivery: Delivery) -> None:
    """Show where each letter stands: those that wait, those parked, and those of the last day."""
    with open_site() as site:
        standings = standing(site, since=site.clock() - SHOWN_SENT)
        rows = [row(each) for each in standings]
    words = say("{sent} sent, {waiting} wait", sent=len(delivery.sent), waiting=delivery.waiting)
    create_table_artifact(rows, KEY, words)


def conclude_post(delivery: Delivery) -> Delivery:
    """Return the delivery when it parked nothing, and the server takes letters.

    Raises:
        BaozhangError: in the run that finds out, and in no later one: who looks at every five
            minutes sees what is new.
    """
    if delivery.parked:
        raise BaozhangError(
            "letters are parked, for a recipient was refused: {letters}",
            hint="Run `baozhang mail show` on each; then follow docs/guides/mail.md.",
            letters=", ".join(delivery.parked[:MOST_NAMED]),
        )
    if delivery.newly_pressing and delivery.trouble:
        raise BaozhangError(
            delivery.trouble.template, hint=delivery.trouble.hint, **delivery.trouble.facts
        )
    return delivery


def row(each: Standing) -> dict[str, object]:
    """Return where a letter stands as a row of the table."""
    refused = [
        f"{name}: {why(its.reply)} ({its.reply.code})"
        for name, its in each.people
        if its.attempts and its.state != "sent"
    ]
    return {
        say("letter"): each.letter.name,
        say("state"): words_of(each),
        say("with"): f"{sum(its.state == 'sent' for _, its in each.people)}/{len(each.people)}",
        say("to look at"): "; ".join(refused),
    }
