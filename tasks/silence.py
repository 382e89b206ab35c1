"""What should have been heard and was not: judged from the catalog and a memory of it, no site.

So the same judgement can be made on another machine, over a copy of the catalog, by cron alone
(`baozhang watch --catalog`): it tells as well when Prefect, or this whole machine, never ran.
"""

from collections.abc import Iterator
from datetime import datetime

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.catalog import Catalog
from baozhang.catalog.memory import Seen
from baozhang.catalog.model import Alert
from baozhang.catalog.standing import letter_numbers, letter_periods, newest_letter_at
from baozhang.clock import SHANGHAI, business_day
from baozhang.policies.silence import RHYTHMS, gaps, is_backwards, lost, silent

MORNING = "morning"
MOST_NUMBERS = 10  # missing numbers that are named; the first of them says where to look

SILENCE_TEMPLATES = {
    "night": "no report of the backup of {period} has been written",
    "validation": "no report of the validation of {period} has been written",
    "restore-test": "no report of the restore test of {period} has been written",
    "monthly": "no monthly report of {period} has been written",
    "morning": "no morning line of {period} has been sent",
}
ALARM_TEMPLATES = {
    "numbers": "letters of the kind {kind} are missing from the sequence: {numbers}",
    "lost": "the catalog has lost rows: letters of the kind {kind} went up to {known}, now only to "
    "{number}",
    "clock": "this machine's clock was put back: it showed {earlier}, and now {now}",
    "hint": "Follow docs/runbooks/silence.md.",
}


def looked(before: Seen | None, catalog: Catalog, now: datetime) -> Seen:
    """Return what is known after this look."""
    numbers = {kind: found[-1] for kind, found in letter_numbers(catalog).items()}
    if before is None:
        return Seen(now, now, numbers)
    highest = dict(before.letters)
    for kind, number in numbers.items():
        highest[kind] = max(number, highest.get(kind, 0))
    return Seen(min(before.since, now), now, highest)


def silences(catalog: Catalog, before: Seen | None, now: datetime) -> Iterator[Alert]:
    """Yield what is silent, missing or lost, each as an alert without an id.

    Args:
        catalog: where letters are written down.
        before: what the look before this one knew; None: there was none.
        now: the present instant.
    """
    yield from _silent(catalog, min(before.since, now) if before else now, now)
    numbers = letter_numbers(catalog)
    for kind, found in numbers.items():
        if missing := gaps(found):
            yield _gap(kind, missing, now)
    if before is not None:
        highest = {kind: found[-1] for kind, found in numbers.items()}
        for kind, (known, number) in lost(before.letters, highest).items():
            fell = (("kind", kind), ("known", known), ("number", number))
            yield _alarm("lost", kind, str(known), fell, now)
    seen = (before.last if before else None, newest_letter_at(catalog))
    earlier = max((at for at in seen if at), default=now)
    if is_backwards(earlier, now):
        facts = (("earlier", _shown(earlier)), ("now", _shown(now)))
        yield _alarm("clock", "clock", business_day(earlier).isoformat(), facts, now)


def _silent(catalog: Catalog, since: datetime, now: datetime) -> Iterator[Alert]:
    today = business_day(now).isoformat()
    periods = letter_periods(catalog, today)
    if (line := AlertBook(catalog).newest(MORNING, today)) is not None:
        periods[MORNING] = line
    for rhythm in RHYTHMS:
        due = silent(rhythm, periods.get(rhythm.kind), since=since, now=now)
        if due is not None:
            yield Alert(
                id="",
                alert_class="urgent",
                kind="silence",
                subject=rhythm.kind,
                period=due,
                template=SILENCE_TEMPLATES[rhythm.kind],
                facts=(("period", due),),
                hint=ALARM_TEMPLATES["hint"],
                at=now,
            )


def _shown(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _gap(kind: str, missing: tuple[int, ...], now: datetime) -> Alert:
    shown = ", ".join(map(str, missing[:MOST_NUMBERS])) + ", …" * (len(missing) > MOST_NUMBERS)
    return _alarm("numbers", kind, str(missing[-1]), (("kind", kind), ("numbers", shown)), now)


def _alarm(
    kind: str, subject: str, period: str, facts: tuple[tuple[str, str | int], ...], now: datetime
) -> Alert:
    template, hint = ALARM_TEMPLATES[kind], ALARM_TEMPLATES["hint"]
    return Alert("", "urgent", kind, subject, period, template, facts, hint, now)
