"""Alerts by mail: a letter of kind `alert` to the people of a step, at once."""

import hashlib
from collections.abc import Callable, Sequence
from email.message import EmailMessage

from baozhang.catalog.model import KnownAlert
from baozhang.catalog.model import Letter as Sent
from baozhang.mail.message import POLICY, Correspondent, build_message
from baozhang.mail.readers import Copy, readers
from baozhang.site import Site
from reports.alert import KIND, Step, render_alert
from tasks.gate import gate


def write_alert(
    site: Site, known: KnownAlert, step: Step | None, said: Callable[[str], Sequence[str]]
) -> str:
    """Put an alert's letter into the outbox, one copy per language; return its Message-ID.

    Number, files and the catalog's row are one transaction.

    Args:
        site: the site.
        known: the alert; a mended one makes the letter that says so.
        step: how far up it has gone; None: a notice, for the first step's people.
        said: what bots say of it, in a language; a morning line is told in full by mail too.

    Raises:
        UsageError: nobody is to receive it.
        StoreFullError, UnreachableError: it cannot be written; its number is not taken.
    """
    at = site.clock()
    copies = readers(site.agency, KIND, step=step.number - 1 if step else 0)
    with site.catalog.transaction():
        number = site.catalog.next_letter(KIND)
        messages = [_message(site, known, step, number, copy, said) for copy in copies]
        for message in messages:
            site.outbox.put(message)
        content = b"".join(message.as_bytes(policy=POLICY) for message in messages)
        letter = Sent(
            kind=KIND,
            number=number,
            period=known.alert.id,
            roles=(step.role,) if step else site.agency.file.alerts.steps[:1],
            message_id=str(messages[0]["Message-ID"]),
            sha256=hashlib.sha256(content).hexdigest(),
            at=at,
        )
        site.catalog.record_letter(letter)
    return letter.message_id


def _message(
    site: Site,
    known: KnownAlert,
    step: Step | None,
    number: int,
    copy: Copy,
    said: Callable[[str], Sequence[str]],
) -> EmailMessage:
    is_line = known.alert.alert_class == "morning"
    letter = render_alert(
        known,
        number=number,
        step=step,
        language=copy.language,
        below=tuple(said(copy.language)[1:]) if is_line else (),
        sample=site.agency.file.sample,
        gate=gate(site),
    )
    return build_message(
        number=number,
        kind=KIND,
        language=copy.language,
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        fingerprint=letter.fingerprint,
        sender=Correspondent(site.agency.name, site.agency.file.mail.sender),
        recipients=copy.people,
        at=site.clock(),
        when="incident",
    )
