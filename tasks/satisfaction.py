"""The steps of the daily look at the client's voice; small values between them, never a text.

Each step is told by the registers what is left to do, so that a run that was killed is gone on with
by the next, and nobody is asked, called or reported on twice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from baozhang.errors import BaozhangError
from baozhang.wiring import open_site
from tasks.options import effect
from tasks.satisfaction_asking import Asked, open_wave, planned_now, write_asking
from tasks.satisfaction_queue import owe_calls
from tasks.satisfaction_report import due_reports, report_on
from tasks.satisfaction_site import voice_of
from tasks.satisfaction_taking import Received, take_inbox

Ids = tuple[str, ...]


class AnswersUnreadError(BaozhangError):
    """A file of answers could not be read; the others are taken."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one look at the client's voice came to."""

    opened: Ids  # waves
    asked: tuple[Asked, ...]
    received: tuple[Received, ...]
    owed: int  # new call-backs
    reports: Ids  # waves and months that were reported on


@effect("open the rounds of questions that are due")
def open_due_waves() -> Ids:
    """Open the waves that are due and have somebody to ask; return their ids."""
    with open_site() as site:
        return tuple(each.id for each in planned_now(site) if open_wave(site, each))


@effect("ask clients")
def ask_clients() -> tuple[Asked, ...]:
    """Write the letters and reminders of every wave that takes answers."""
    with open_site() as site:
        return tuple(write_asking(site, each) for each in voice_of(site).open_waves())


@effect("take the answers that were dropped")
def take_answers() -> tuple[Received, ...]:
    """Take every file of the inbox; return what each came to."""
    with open_site() as site:
        return take_inbox(site)


@effect("note the call-backs that low scores ask for")
def owe_call_backs() -> int:
    """Note new call-backs; return how many."""
    with open_site() as site:
        return owe_calls(site)


@effect("report what is over")
def write_reports() -> Ids:
    """Write the reports that are due; return what on."""
    with open_site() as site:
        due = due_reports(site)
        for each in due:
            report_on(site, each)
        return due


def conclude_satisfaction(
    opened: Ids, asked: tuple[Asked, ...], received: tuple[Received, ...], owed: int, reports: Ids
) -> Heard:
    """Return what was done, when every file could be read.

    Raises:
        AnswersUnreadError: one could not; it lies where it was.
    """
    lost = _unread(received)
    if lost:
        raise AnswersUnreadError(
            "{count} files of answers could not be read: {files}",
            hint="Look at them in state/surveys/inbox: `baozhang survey import FILE --dry-run` "
            "says what is wrong.",
            count=len(lost),
            files=", ".join(lost),
        )
    return Heard(opened, asked, received, owed, reports)


def _unread(received: Iterable[Received]) -> list[str]:
    return [each.sha256[:16] or "-" for each in received if each.problem]
