"""Why a client is not well, in words: a sentence for everybody, what to do for the agency's people.

Also what the letters on months share: a month and a day as people write them, and the lines by
which somebody else can check a letter.
"""

from collections.abc import Sequence
from datetime import datetime

from babel.dates import format_skeleton

from baozhang import __version__
from baozhang.clock import business_day
from reports.months import Month
from reports.page import Fact, Remark
from reports.plaintext import clean
from reports.standing import WHOLE_CLIENT, Cause, Trouble
from reports.writing import Pen


def month_words(month: Month, pen: Pen) -> str:
    """Write a month, e.g. `2026年7月`."""
    return str(format_skeleton("yMMMM", month.first, locale=pen.locale))


def period_words(month: Month, at: datetime, pen: Pen) -> str:
    """Write a month, and up to which day it is told where it had not ended."""
    words = month_words(month, pen)
    if at >= month.end:
        return words
    return pen.gettext("%(month)s (up to %(day)s)", month=words, day=day_words(at, pen))


def day_words(instant: datetime, pen: Pen) -> str:
    """Write the day of an instant in the office, e.g. `2026年7月31日`."""
    return pen.day(business_day(instant))


def sentence(trouble: Trouble, pen: Pen, *, alone: bool = False) -> str:
    """Return what is wrong as one sentence; `alone`: there is but one set, it need not be named."""
    since = day_words(trouble.since, pen) if trouble.since else ""
    said = _sentences(since, pen)[trouble.cause]
    if alone or trouble.set == WHOLE_CLIENT:
        return said
    return pen.gettext("%(set)s: %(sentence)s", set=clean(trouble.set, 64), sentence=said)


def _sentences(since: str, pen: Pen) -> dict[Cause, str]:
    return {
        "never": pen.gettext("There is no complete backup point."),
        "late": pen.gettext(
            "The newest complete backup point is of %(day)s, older than promised.", day=since
        ),
        "failed": pen.gettext("The last backup, of %(day)s, failed.", day=since),
        "partial": pen.gettext(
            "The last backup, of %(day)s, lacks something or found something.", day=since
        ),
        "suspicious": pen.gettext(
            "The backup of %(day)s changed suddenly; nobody has vouched for it yet.", day=since
        ),
        "damaged": pen.gettext(
            "Reading back on %(day)s, damaged or missing bytes were found.", day=since
        ),
        "unclear": pen.gettext("What was begun on %(day)s could not be judged.", day=since),
        "unread": (
            pen.gettext("The stored bytes were last read back on %(day)s: overdue.", day=since)
            if since
            else pen.gettext("The stored bytes have never been read back: overdue.")
        ),
        "unproven": pen.gettext("The restore test of %(day)s did not pass.", day=since),
        "untried": pen.gettext("The restore test of %(day)s did not come to its end.", day=since),
        "overdue": (
            pen.gettext("A restore was last proven on %(day)s: overdue.", day=since)
            if since
            else pen.gettext("A restore has never been proven: overdue.")
        ),
    }


def remarks(troubles: Sequence[Trouble], client: str, pen: Pen) -> tuple[Remark, ...]:
    """Return what is wrong with a client and what to do about it, for the agency's people.

    What helps against several troubles in a row is said at the last of them.
    """
    hints = [_hint(each.cause, clean(client, 64), pen) for each in troubles]
    return tuple(
        Remark(sentence(each, pen), "" if hint == after else hint, "")
        for each, hint, after in zip(troubles, hints, [*hints[1:], ""], strict=True)
    )


def no_set(pen: Pen) -> tuple[Remark, ...]:
    """Return what is said of a client nothing of which is set up to be backed up."""
    return (
        Remark(
            pen.gettext("Nothing of this client is set up to be backed up."),
            pen.gettext("Give it a set in its file below `clients/`."),
            "",
        ),
    )


def _hint(cause: Cause, client: str, pen: Pen) -> str:
    if cause in ("never", "late", "failed"):
        return pen.gettext(
            "Run `baozhang backup --client %(client)s`, then follow docs/runbooks/backup.md.",
            client=client,
        )
    if cause in ("partial", "suspicious"):
        return pen.gettext("Open that night's letter and follow docs/runbooks/backup.md.")
    if cause in ("damaged", "unclear", "unread"):
        return pen.gettext(
            "Run `baozhang validate --client %(client)s`, then follow docs/runbooks/validation.md.",
            client=client,
        )
    return pen.gettext(
        "Run `baozhang restore-test --client %(client)s`, then follow "
        "docs/runbooks/restore_test.md.",
        client=client,
    )


def evidence(
    number: int, reader: str, month: Month, at: datetime, fingerprint: str, pen: Pen
) -> tuple[Fact, ...]:
    """Return what lets somebody else check a letter on a month."""
    return (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(pen.gettext("Written for"), reader),
        Fact(pen.gettext("Period"), period_words(month, at, pen)),
        Fact(pen.gettext("As it stood at (Shanghai time)"), pen.instant(at)),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), fingerprint),
        Fact(pen.gettext("To check"), "baozhang audit verify --letter"),
    )
