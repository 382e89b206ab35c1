"""What the page of a recovery shows: the plan, and how far bringing back has come.

Ids, bytes, counts and seconds only.  The remaining time follows from the bytes that this recovery
has moved so far; before the first of them it is the plan's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID

from prefect.artifacts import (
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)

from baozhang.incidents.model import Plan, Restoration
from baozhang.vault.model import Progress, Report
from baozhang.words import say

EVERY = 2.0  # seconds between two movements of the bar: each is a call to the server
_WHOLE = 100.0


class Shown:
    """The bar of one recovery, moved by whichever sets are brought back at the moment."""

    def __init__(self, bar: UUID, plan: Plan) -> None:
        self._bar, self._plan = bar, plan
        self._lock = Lock()
        self._done: dict[tuple[str, str], int] = {}
        self._ended: set[tuple[str, str]] = set()
        self._began = self._moved = time.monotonic()

    def at(self, restoration: Restoration, done: int) -> None:
        """Note how many bytes of a set are back; the bar moves now and then."""
        with self._lock:
            self._done[restoration.client, restoration.set] = min(done, restoration.bytes)
            if time.monotonic() - self._moved >= EVERY:
                self._show()

    def ended(self, restoration: Restoration) -> None:
        """Note that a set is back and judged."""
        with self._lock:
            self._done[restoration.client, restoration.set] = restoration.bytes
            self._ended.add((restoration.client, restoration.set))
            self._show()

    def _show(self) -> None:
        self._moved = time.monotonic()
        total = sum(each.bytes for each in self._plan.restorations)
        done = sum(self._done.values())
        share = _WHOLE * done / total if total else _WHOLE
        update_progress_artifact(self._bar, min(_WHOLE, round(share, 1)))
        create_table_artifact([self._row(done, total)], _key(self._plan, "state"), say("progress"))

    def _row(self, done: int, total: int) -> dict[str, object]:
        known = self._plan.restorations
        books = sum(e.books for e in known if (e.client, e.set) in self._ended)
        return {
            say("sets"): f"{len(self._ended)} / {len(known)}",
            say("bytes"): f"{done} / {total}",
            say("books"): f"{books} / {sum(each.books for each in known)}",
            say("seconds left"): self._left(done, total),
        }

    def _left(self, done: int, total: int) -> int:
        if not done:
            return self._plan.seconds
        return round((self._moved - self._began) / done * (total - done))


def start(plan: Plan) -> Shown:
    """Show a bar at zero."""
    made = create_progress_artifact(0.0, _key(plan, "progress"), say("bytes brought back"))
    assert isinstance(made, UUID)
    return Shown(made, plan)


@contextmanager
def report_to(shown: Shown, restoration: Restoration) -> Iterator[Report]:
    """Yield what moves the bar while one set is brought back."""

    def report(progress: Progress) -> None:
        shown.at(restoration, progress.done)

    yield report
    shown.ended(restoration)


def show_plan(plan: Plan) -> None:
    """Show the plan, a row per set."""
    rows = [
        {
            say("order"): each.order,
            say("client"): each.client,
            say("set"): each.set,
            say("backup point"): each.snapshot,
            say("bytes"): each.bytes,
            say("seconds"): each.seconds,
            say("filing deadline"): each.deadline.isoformat() if each.deadline else "-",
        }
        for each in plan.restorations
    ]
    text = say("plan {number} of {incident}", number=plan.number, incident=plan.incident)
    create_table_artifact(rows, _key(plan, "plan"), text)


def _key(plan: Plan, what: str) -> str:
    return f"{plan.incident}-{what}"
