"""The log of a drill while it is played: every probe and action with its times and its end."""

from collections.abc import Callable
from time import perf_counter
from typing import Literal

from baozhang.clock import Clock
from baozhang.drills.ground import Facts
from baozhang.drills.records import Activity, Entry, State
from baozhang.errors import BaozhangError

Answer = tuple[bool, Facts]
"""Whether something holds, and the figures behind it."""


class Log:
    """What was done so far, in order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.entries: list[Entry] = []

    def act(self, name: str, provider: str, work: Callable[[], Facts]) -> Facts:
        """Do something and write it down; what it raises is written down and raised."""
        start, began = self._clock(), perf_counter()
        try:
            done = work()
        except (BaozhangError, OSError) as error:
            why = {"error": type(error).__name__}
            self.entries.append(self._entry("action", name, provider, start, began, "failed", why))
            raise
        entry = self._entry("action", name, provider, start, began, "succeeded", done)
        self.entries.append(entry)
        return done

    def ask(self, name: str, provider: str, work: Callable[[], Answer]) -> Entry:
        """Ask whether something holds; what cannot be asked does not hold."""
        start, began = self._clock(), perf_counter()
        try:
            holds, figures = work()
        except (BaozhangError, OSError) as error:
            holds, figures = False, {"error": type(error).__name__}
        entry = self._entry("probe", name, provider, start, began, "succeeded", figures)
        found = entry.model_copy(
            update={"tolerance_met": holds, "status": "succeeded" if holds else "failed"}
        )
        self.entries.append(found)
        return found

    def _entry(
        self,
        kind: Literal["probe", "action"],
        name: str,
        provider: str,
        start: object,
        began: float,
        status: str,
        output: Facts,
    ) -> Entry:
        return Entry.model_validate(
            {
                "activity": Activity(type=kind, name=name, provider=provider),
                "status": status,
                "start": start,
                "end": self._clock(),
                "duration": round(perf_counter() - began, 3),
                "output": dict(output),
            }
        )


def state_of(probes: list[Entry]) -> State:
    """Return the steady state that probes make up together."""
    return State(
        steady_state_met=all(bool(each.tolerance_met) for each in probes), probes=tuple(probes)
    )
