"""The morning line: how many clients are well, and which are not, in words for a telephone.

    600 户: 正常 597, 异常 3
    c012  备份失败: …

A client fares as badly as the worst of its sets in the newest backup, validation and restore test.
One that was never backed up, or whose last success lies too far back, is not well, whatever its
newest outcome says: nothing that did not happen is a pass.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.model import Alert, Duty, Outcome
from baozhang.catalog.standing import Standings, standings
from baozhang.clock import business_day
from baozhang.notify.channel import Wait
from baozhang.policies.model import Policy
from baozhang.settings import ClientFile
from baozhang.site import Site
from baozhang.wiring import open_site
from baozhang.words import say
from tasks.alert_words import sampled
from tasks.alerts import Voice, unheard_of
from tasks.choosing import WHOLE_CLIENT
from tasks.gate import told
from tasks.options import effect
from tasks.silence import MORNING
from tasks.verdict import STATE_TEMPLATES, WORST_FIRST

SLACK: Mapping[Duty, timedelta] = {
    "backup": timedelta(hours=6),
    "validation": timedelta(days=2),
    "restore_test": timedelta(days=8),
}
"""How late a promise may be kept: the time to the end of the run, or to the next one."""
LONGEST_REASON = 60  # characters; the letter tells the rest

LINE_TEMPLATES = {
    "line": "{total} clients: {well} normal, {ill} abnormal",
    "none": "no client is known: nothing is protected",
    "never": "never backed up",
    "backup late": "not backed up for {days} days",
    "validation late": "not read back for {days} days",
    "restore_test late": "not restore-tested for {days} days",
    "backup": "backup {state}",
    "validation": "validation {state}",
    "restore_test": "restore test {state}",
}


@dataclass(frozen=True, slots=True)
class Ill:
    """Why one client is not well: the worst there is to say."""

    client: str
    set: str
    template: str
    days: int = 0  # since the last success, where that is what is wrong
    outcome: Outcome | None = None  # that is not well


@dataclass(frozen=True, slots=True)
class Line:
    """What a morning line says."""

    day: date
    total: int
    ill: tuple[Ill, ...]


@effect("gather the morning line")
def gather_line(day: date | None) -> Line:
    """Return how every client stands."""
    with open_site() as site:
        return line_of(site, day or business_day(site.clock()))


@effect("tell the morning line")
def tell_line(line: Line) -> str:
    """Tell the line to the bots that take it, by mail where none does; return its alert's id."""
    with open_site() as site:
        return tell_morning(site, line)


def line_of(site: Site, day: date) -> Line:
    """Return how every client of the site stands now."""
    known, now = standings(site.catalog), site.clock()
    ill = [
        worst for each in site.agency.clients.values() if (worst := _worst(site, each, known, now))
    ]
    return Line(day, len(site.agency.clients), tuple(sorted(ill, key=_rank)))


def tell_morning(site: Site, line: Line, *, wait: Wait = time.sleep) -> str:
    """Tell a line, and write down that it was told; return its alert's id.

    Raises:
        UnreachableError: nothing could carry it.
    """
    counts = (("total", line.total), ("well", line.total - len(line.ill)), ("ill", len(line.ill)))
    alert = Alert(
        id="",
        alert_class="morning",
        kind=MORNING,
        subject=MORNING,
        period=line.day.isoformat(),
        template=LINE_TEMPLATES["line" if line.total else "none"],
        facts=counts,
        hint="",
        at=site.clock(),
    )
    known, _ = AlertBook(site.catalog).raised(alert)
    if not Voice(site, wait).tell(known, None, lambda language: lines_of(site, line, language)):
        raise unheard_of([known.alert.id])
    return known.alert.id


def lines_of(site: Site, line: Line, language: str) -> list[str]:
    """Return the line and, below it, one for each client that is not well, the worst first."""
    counts = {"total": line.total, "well": line.total - len(line.ill), "ill": len(line.ill)}
    head = say(LINE_TEMPLATES["line" if line.total else "none"], spoken=language, **counts)
    return [sampled(site, head, language), *(_told(each, language) for each in line.ill)]


def _told(ill: Ill, language: str) -> str:
    facts: dict[str, object] = {"days": ill.days}
    if ill.outcome:
        facts["state"] = say(STATE_TEMPLATES[ill.outcome.status], spoken=language)
    reason = say(ill.template, spoken=language, **facts)
    critical = (f for f in ill.outcome.findings if f.severity != "info") if ill.outcome else ()
    if found := next(iter(critical), None):
        reason = say("{what}: {why}", spoken=language, what=reason, why=told(found, language))
    name = ill.client if ill.set in ("main", WHOLE_CLIENT) else f"{ill.client}/{ill.set}"
    short = reason if len(reason) <= LONGEST_REASON else f"{reason[: LONGEST_REASON - 1]}…"
    return f"{name}  {short}"


def _worst(site: Site, client: ClientFile, known: Standings, now: datetime) -> Ill | None:
    found = (
        each
        for name in client.sets
        for each in _of_set(site.agency.policy(name), client.id, name, known, now)
    )
    return min(found, key=_rank, default=None)


def _of_set(
    policy: Policy, client: str, name: str, known: Standings, now: datetime
) -> Iterator[Ill]:
    first = known.first.get((client, name))
    newest = known.newest.get(("backup", client, name))
    if first is None and newest is None:
        yield Ill(client, name, LINE_TEMPLATES["never"])
        return
    promises: tuple[tuple[Duty, str, timedelta], ...] = (
        ("backup", name, policy.every),
        ("validation", WHOLE_CLIENT, policy.every_byte_within),
        ("restore_test", name, policy.restore_test_every),
    )
    for duty, part, every in promises:
        outcome = known.newest.get((duty, client, part))
        if outcome and outcome.status != "ok" and not _is_accepted(outcome, known):
            yield Ill(client, part, LINE_TEMPLATES[duty], outcome=outcome)
        last = known.well.get((duty, client, part), first)
        if last and not timedelta(0) <= now - last <= every + SLACK[duty]:
            yield Ill(client, part, LINE_TEMPLATES[f"{duty} late"], max(0, (now - last).days))


def _is_accepted(outcome: Outcome, known: Standings) -> bool:
    """Tell whether a person vouched for the backup point that an outcome made."""
    word = known.newest.get(("acceptance", outcome.client, outcome.set))
    return bool(word and outcome.snapshot and word.snapshot == outcome.snapshot)


def _rank(ill: Ill) -> tuple[int, int, str, str]:
    """Put first what was never backed up, then failures, then what is late, the latest first."""
    worst = WORST_FIRST.index(ill.outcome.status) + 1 if ill.outcome else 0
    late = len(WORST_FIRST) + 1 if ill.days else worst
    return late, -ill.days, ill.client, ill.set
