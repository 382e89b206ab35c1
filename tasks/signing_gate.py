"""How a run waits for a signature: suspended, woken by the form or by the command line.

    wanted ──► signed? ──► go on
                  │ no
                  └──► suspend with a form (person, sign or refuse, code) ──► resumed ──► signed?

The form's code is counted by `tasks.signing`, exactly as one that is typed at the command line.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect.runtime import flow_run

from baozhang import durable
from baozhang.errors import BaozhangError, UsageError
from baozhang.settings import Role
from baozhang.site import Site
from baozhang.wiring import open_site
from tasks.signing import Word, sign, signed
from tasks.waiting import (
    NOTE_TEMPLATES,
    Answer,
    Approval,
    Woken,
    answers_of,
    note,
    resume_run,
    suspend,
    this_run,
)


class NotSignedError(BaozhangError):
    """It was refused, or nobody signed in time; what was found stays as it is."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A signature that a run waits for.

    Attributes:
        subject: what is signed, `audit:a-2026-11`.
        digest: SHA-256 of its content.
        roles: who may sign.
        not_by: ids of who made it.
        text: Markdown, Chinese first: what is signed; shown above the form.
        until: after this instant nobody need sign any more.
    """

    subject: str
    digest: str
    roles: tuple[Role, ...]
    not_by: tuple[str, ...]
    text: str
    until: datetime


def wait_signed(wanted: Wanted) -> str:
    """Return the id of who signed; suspend the run as long as nobody has.  In a flow alone.

    Raises:
        NotSignedError: it was refused, or nobody signed in time.
    """
    key = wanted.subject.replace(":", "-")
    notes: list[str] = []
    while True:
        with open_site() as site:
            notes = [_taken(site, wanted, each) for each in answers_of(this_run(), key)]
            found = signed(site, wanted.subject, wanted.digest)
            left = wanted.until - site.clock()
            _remember(site, wanted.subject, str(flow_run.id))
        if found:
            return _decided(wanted, found[-1].word, found[-1].person)
        if left <= timedelta(0):
            raise _late(wanted)
        text = "\n\n".join([*filter(None, notes), wanted.text])
        suspend(this_run(), key, Approval, text, digest=wanted.digest, within=left)


def wake(site: Site, subject: str) -> Woken:
    """Wake the run that waits for a signature, where there is one."""
    file = site.home / "state" / "waiting" / subject.replace(":", "-")
    return resume_run(file.read_text("utf-8")) if file.exists() else "nobody"


def _remember(site: Site, subject: str, run: str) -> None:
    file = site.home / "state" / "waiting" / subject.replace(":", "-")
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    durable.replace(file, run.encode())


def _taken(site: Site, wanted: Wanted, answer: Answer) -> str:
    """Take what a form says; return what is wrong with it, "" where nothing is."""
    given = answer.given
    if given is None:
        return note(NOTE_TEMPLATES["unread"])
    if given == Approval():
        return ""
    if not wanted.digest.startswith(answer.digest):
        return note(NOTE_TEMPLATES["older"])
    if not given.person.strip() or not given.code.strip() or given.approve == given.refuse:
        return note(NOTE_TEMPLATES["missing"])
    word: Word = "sign" if given.approve else "refuse"
    try:
        sign(
            site,
            wanted.subject,
            wanted.digest,
            person=given.person.strip(),
            code=given.code,
            roles=wanted.roles,
            not_by=wanted.not_by,
            word=word,
            at=answer.at,
        )
    except UsageError as error:
        return note(error.template, error.hint, **error.facts)
    return ""


def _decided(wanted: Wanted, word: Word, person: str) -> str:
    if word == "refuse":
        raise NotSignedError(
            "{person} refused to sign {subject}",
            hint="Ask {person} why, put it right and run it again.",
            person=person,
            subject=wanted.subject,
        )
    return person


def _late(wanted: Wanted) -> NotSignedError:
    return NotSignedError(
        "nobody signed {subject} in time",
        hint="Run it again, and ask somebody to sign.",
        subject=wanted.subject,
    )
