"""What keeps the server from taking any letter: all wait, and a person is told once.

A letter cannot help a wrong password or a server that is down, so nothing is written to the
letters: one file beside them says since when, why, and when it is tried again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from baozhang.errors import BaozhangError
from baozhang.mail.backoff import FOR_LOGINS, FOR_SERVERS, Jitter
from baozhang.mail.files import read_count, read_instant, read_values, write_values

FILE = ".server.json"
LONG = timedelta(hours=1)
"""A server that is away for longer is a matter for a person."""


@dataclass(frozen=True, slots=True)
class ServerTrouble:
    """Why nothing goes out; template, facts and hint as in `baozhang.errors`."""

    template: str
    hint: str
    facts: dict[str, str]
    lasting: bool  # it stays until a person has looked: a wrong password, a bad certificate
    since: datetime
    tried: datetime  # the last time
    due: datetime  # the next time
    attempts: int

    @property
    def pressing(self) -> bool:
        """A person must look: now, or because it has lasted for an hour."""
        return self.lasting or self.tried - self.since >= LONG

    def holds(self, now: datetime) -> bool:
        """Tell whether the server is still left alone."""
        return not (FOR_LOGINS if self.lasting else FOR_SERVERS).is_over(self.due, now)


def after(
    error: BaozhangError, before: ServerTrouble | None, now: datetime, jitter: Jitter
) -> ServerTrouble:
    """Return the trouble after one more attempt that ended with this error."""
    same = before is not None and before.lasting == (not error.transient)
    attempts = before.attempts + 1 if before and same else 1
    pace = FOR_SERVERS if error.transient else FOR_LOGINS
    return ServerTrouble(
        template=error.template,
        hint=error.hint,
        facts={name: str(value) for name, value in error.facts.items()},
        lasting=not error.transient,
        since=min(before.since, now) if before else now,
        tried=now,
        due=pace.after(attempts, now, jitter),
        attempts=attempts,
    )


def read_trouble(folder: Path) -> ServerTrouble | None:
    """Return what is wrong with the server as far as is known; None: nothing."""
    found = read_values(folder / FILE)
    facts = found.get("facts")
    since, tried, due = (read_instant(found.get(name)) for name in ("since", "tried", "due"))
    if not (since and tried and due and isinstance(found.get("template"), str)):
        return None  # none, or a file nobody can read: the next attempt will tell
    return ServerTrouble(
        template=str(found["template"]),
        hint=str(found.get("hint") or ""),
        facts=dict(facts) if isinstance(facts, dict) else {},
        lasting=bool(found.get("lasting")),
        since=since,
        tried=tried,
        due=due,
        attempts=read_count(found.get("attempts")),
    )


def write_trouble(folder: Path, trouble: ServerTrouble | None) -> None:
    """Keep what is wrong with the server; None: it takes letters again."""
    if trouble is None:
        (folder / FILE).unlink(missing_ok=True)
        return
    times = {name: getattr(trouble, name).isoformat() for name in ("since", "tried", "due")}
    words = {"template": trouble.template, "hint": trouble.hint, "facts": trouble.facts}
    write_values(
        folder / FILE,
        {**words, **times, "lasting": trouble.lasting, "attempts": trouble.attempts},
    )
