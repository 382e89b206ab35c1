"""A test letter: the whole way to one person's mailbox, told step by step.

It goes past the outbox, so that what is set up wrong is seen at once and by whom set it up.
"""

from dataclasses import dataclass

from baozhang.errors import BaozhangError, UsageError
from baozhang.mail.message import POLICY, Correspondent, build_message
from baozhang.mail.smtp import Session, Step
from baozhang.site import Site
from baozhang.words import say
from tasks.standings import no_server, why

STEP_TEMPLATES: dict[Step, str] = {
    "connect": "connected",
    "tls": "encrypted, the certificate is trusted",
    "auth": "logged in",
    "sender": "the sender is accepted",
    "recipient": "the recipient is accepted",
    "letter": "the letter is accepted",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """How far a test letter came."""

    steps: tuple[tuple[Step, str], ...]  # those that went well, with a fact of each
    error: BaozhangError | None  # why the next one did not


def try_mail(site: Site, person: str) -> Trial:
    """Send a test letter to somebody of the agency.

    Raises:
        UsageError: no such person, or no mail server is named.
    """
    reader = site.agency.people.get(person)
    if reader is None:
        raise UsageError(
            "nobody has the id {person}",
            hint="Choose an id of `people` in agency.yaml.",
            person=repr(person[:40]),
        )
    if site.postman is None:
        raise no_server()
    at, language = site.clock(), site.agency.language_of(reader)
    words = say("This is a test letter: mail works.", spoken=language)
    message = build_message(
        number=1,
        kind="test",
        language=language,
        subject=say("[Baozhang] Test letter", spoken=language),
        text=f"{words}\n",
        html=f"<p>{words}</p>",
        fingerprint=at.isoformat(),  # each one is another letter
        sender=Correspondent(site.agency.name, site.agency.file.mail.sender),
        recipients=[Correspondent(reader.name, reader.email)],
        at=at,
    )
    steps: list[tuple[Step, str]] = []
    error: BaozhangError | None = None
    try:
        with Session(
            site.postman.account, lambda step, fact: steps.append((step, fact))
        ) as session:
            content = message.as_bytes(policy=POLICY)
            answer = session.send(site.agency.file.mail.sender, [reader.email], content)
    except BaozhangError as caught:
        error = caught
    else:
        reply = answer.replies[reader.email]
        if not reply.accepted:
            error = BaozhangError(
                "the letter was refused: {why} ({code})", why=why(reply), code=reply.code
            )
    return Trial(tuple(steps), error)
