"""What is in trouble now: each trouble once, however many clients it hits.

    catalog ─┬─ damage      stored bytes that are not what was stored, a vault put back
             ├─ suspicion   backup points that changed too suddenly, and nobody accepted
             ├─ outcomes    sets not protected or not proven, one alert per duty
             ├─ silence …   see `tasks.silence`
             └─ channels    bots and mail that did not take what they were given last
    incidents ─ those that are open, what in them is overdue
    registers ─ what people owe, corrective actions that are late, one that was changed by hand
    outbox ──── parked, damaged-letters, unsent, mail-server

Everything is read off the present state, so an alert is raised when its trouble appears here and
mended when it is gone; no run has to remember to tell.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from baozhang.catalog.alerts import AlertBook
from baozhang.catalog.clean import state_of
from baozhang.catalog.memory import Seen
from baozhang.catalog.model import Alert, AlertClass, Outcome
from baozhang.catalog.rebuilding import AGENCY
from baozhang.catalog.standing import Standings, standings
from baozhang.clock import business_day
from baozhang.errors import BaozhangError, UnreachableError
from baozhang.site import Site
from tasks.digests import last_moment
from tasks.drill_troubles import drill_troubles
from tasks.incident_stopping import stop_troubles
from tasks.incident_troubles import incident_troubles
from tasks.letters import KINDS
from tasks.notices import deadline_troubles
from tasks.register_troubles import register_troubles
from tasks.silence import silences
from tasks.verdict import HINT_TEMPLATES
from tasks.verdict import TEMPLATES as OUTCOME_TEMPLATES

MOST_NAMED = 5  # ids in an alert; the letter names all
MAIL = "@mail"  # as a carrier of alerts, beside the channels, whose names have no such sign
UNSENT = timedelta(hours=1)
"""How long nobody may come for letters that wait: twelve runs of the post."""
LATE_DIGEST = timedelta(hours=2)
UNWELL = frozenset({"failed", "inconclusive"})

TROUBLE_TEMPLATES = {
    "damage": "what is stored is damaged or was put back: {count} of {total} ({sets})",
    "damage_hint": "Delete and repair nothing; follow docs/runbooks/validation.md.",
    "suspicion": "{count} sets changed so suddenly that their newest backup points are not trusted:"
    " {sets}",
    "suspicion_hint": "Stop work on these books and ask the accountants in charge; follow "
    "docs/runbooks/backup.md.",
    "parked": "{count} letters could not be delivered and wait for a person: {letters}",
    "parked_hint": "Run `baozhang mail list`, mend what it names, then run `baozhang mail retry "
    "--all`.",
    "damaged-letters": "{count} files in the outbox are no letters any more: {letters}",
    "damaged-letters_hint": "Look at the disk; send their readers the pages of the library by hand,"
    " and take the files out of the outbox.",
    "unsent": "{count} letters lie in the outbox and nobody carries them: {letters}",
    "unsent_hint": "Run `baozhang mail send`, then see why the deployment post does not run.",
    "mail-server": "no letter leaves this machine: {why}",
    "channel": "the bot {channel} did not take its last message: {why}",
    "mail": "the last alert could not be put into the outbox: {why}",
}

OF_THE_OUTBOX = frozenset({"parked", "damaged-letters", "unsent"})

Facts = tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """What is in trouble, and of which kinds of trouble nothing could be found out."""

    troubles: tuple[Alert, ...]
    unseen: frozenset[str] = frozenset()


def look(site: Site, before: Seen | None) -> Look:
    """Return what is in trouble now, each trouble as an alert without an id.

    Args:
        site: the site.
        before: what the look before this one knew.

    Raises:
        BaozhangError: the catalog cannot be read.
    """
    now = site.clock()
    found = [
        *_of_outcomes(site, standings(site.catalog), now),
        *silences(site.catalog, before, now),
        *_of_channels(site, now),
        *incident_troubles(site),
        *stop_troubles(site, now),
        *deadline_troubles(site, now),
        *drill_troubles(site, now),
        *register_troubles(site, now),
    ]
    try:
        return Look((*found, *_of_mail(site, now)))
    except (BaozhangError, OSError) as error:
        away = error if isinstance(error, BaozhangError) else _unreadable(error)
        facts, hint = why_of(away), away.hint
        alert = _troubled(now, "urgent", "mail-server", "mail", _day(now), facts, hint)
        return Look((*found, alert), OF_THE_OUTBOX)


def _unreadable(error: OSError) -> BaozhangError:
    return UnreachableError(
        "the outbox cannot be read: {reason}",
        hint="Make room and check the rights of the outbox folder.",
        reason=error.strerror or type(error).__name__,
    )


def _of_outcomes(site: Site, known: Standings, now: datetime) -> Iterator[Alert]:
    newest = tuple(_present(site, known))
    suspicious = [each for each in newest if _is_suspicious(each, known)]
    damaged = [each for each in newest if each not in suspicious and _is_damage(each)]
    others = [each for each in newest if each.status in UNWELL]
    rest = [each for each in others if each not in suspicious and each not in damaged]
    if suspicious:
        yield _summed(now, "suspicion", "backup", suspicious, newest)
    if damaged:
        yield _summed(now, "damage", "vault", damaged, newest)
    for duty in dict.fromkeys(each.duty for each in rest):
        mine = [each for each in rest if each.duty == duty]
        total = sum(each.duty == duty for each in newest)
        facts = (("count", len(mine)), ("total", total), ("sets", _named(mine)))
        template, hint = OUTCOME_TEMPLATES[duty], HINT_TEMPLATES[duty]
        yield Alert("", "urgent", "outcomes", duty, _run(mine), template, facts, hint, now)


def _present(site: Site, known: Standings) -> Iterator[Outcome]:
    """Yield the newest outcomes that still count; those of clients that left do not."""
    pairs = set(site.agency.sets())
    for (duty, client, name), outcome in sorted(known.newest.items()):
        theirs = (client, name) in pairs or (duty == "validation" and client in site.agency.clients)
        if duty != "acceptance" and (theirs or (client == AGENCY and _goes_on(site, outcome))):
            yield outcome


def _goes_on(site: Site, outcome: Outcome) -> bool:
    """Tell whether what was said of the agency's own still holds.

    It is written down only where there is something to say.  So it holds until a run after its own
    has come to its end without saying it again: until a second letter has been written.
    """
    if outcome.status not in UNWELL:
        return False
    return sum(each.at >= outcome.ended for each in site.catalog.letters(KINDS[outcome.duty])) < 2


def _is_suspicious(outcome: Outcome, known: Standings) -> bool:
    if outcome.duty != "backup" or state_of(outcome) != "suspicious":
        return False
    word = known.newest.get(("acceptance", outcome.client, outcome.set))
    return word is None or word.snapshot != outcome.snapshot


def _is_damage(outcome: Outcome) -> bool:
    """Tell whether bytes were lost or put back; a place that could not be read is no damage yet."""
    if outcome.status != "failed":
        return False
    witness = outcome.client == AGENCY and outcome.set.endswith("-witness")
    return outcome.duty == "validation" or witness


def _summed(
    now: datetime, kind: str, subject: str, hit: list[Outcome], of: Iterable[Outcome]
) -> Alert:
    total = len({(each.client, each.set) for each in of})
    facts = (("count", len(hit)), ("total", total), ("sets", _named(hit)))
    template, hint = TROUBLE_TEMPLATES[kind], TROUBLE_TEMPLATES[f"{kind}_hint"]
    return Alert("", "urgent", kind, subject, _run(hit), template, facts, hint, now)


def _named(outcomes: list[Outcome]) -> str:
    names = sorted(f"{each.client}/{each.set}" for each in outcomes)
    return ", ".join(names[:MOST_NAMED]) + ", …" * (len(names) > MOST_NAMED)


def _run(outcomes: list[Outcome]) -> str:
    return max(outcomes, key=lambda each: each.started).run


def _of_channels(site: Site, now: datetime) -> Iterator[Alert]:
    configured = {MAIL, *site.agency.file.alerts.channels}
    for event in AlertBook(site.catalog).deliveries():
        if event.what == "refused" and event.who in configured:
            facts, hint = read_note(event.note)
            kind = "mail" if event.who == MAIL else "channel"
            named: Facts = (("channel", event.who), *facts)
            yield _troubled(now, "notice", kind, event.who, _day(event.at), named, hint)


def _of_mail(site: Site, now: datetime) -> Iterator[Alert]:
    troubled = {
        "parked": site.outbox.parked(),
        "damaged-letters": site.outbox.damaged(),
        "unsent": unsent(site, now),
    }
    for kind, letters in troubled.items():
        if letters:
            shown = ", ".join(letters[:MOST_NAMED]) + ", …" * (len(letters) > MOST_NAMED)
            facts: Facts = (("count", len(letters)), ("letters", shown))
            hint = TROUBLE_TEMPLATES[f"{kind}_hint"]
            period = _day(now) if kind == "unsent" else _together(letters)
            yield _troubled(now, "urgent", kind, "mail", period, facts, hint)
    if (trouble := site.outbox.trouble()) and trouble.pressing:
        facts = (("why", trouble.template), *trouble.facts.items())
        day = _day(trouble.since)
        yield _troubled(now, "urgent", "mail-server", "mail", day, facts, trouble.hint)


def unsent(site: Site, now: datetime) -> tuple[str, ...]:
    """Return the letters that nobody came for, though a server is named; by name.

    The post may wait for the server, for a limit, for an hour of the day; that it comes at all is
    what is asked here.
    """
    if site.postman is None:
        return ()
    round_, moment = site.outbox.last_round(), last_moment(now)
    left = round_ is None or not timedelta(0) <= now - round_ < UNSENT
    return tuple(
        each.name
        for each in site.outbox.letters("waiting")
        if each.state == "waiting"
        and (
            each.at < moment and now - moment >= LATE_DIGEST
            if each.urgency == "digest"
            else left and not timedelta(0) <= now - each.at < UNSENT
        )
    )


def is_carried(site: Site, now: datetime) -> bool:
    """Tell whether what is laid into the outbox gets to people, as far as can be known here."""
    trouble = site.outbox.trouble()
    return bool(site.postman) and not (trouble and trouble.pressing) and not unsent(site, now)


def _together(names: tuple[str, ...]) -> str:
    """Return what stands for these names alone: one more is something new."""
    return f"{len(names)}-{hashlib.sha256(' '.join(names).encode()).hexdigest()[:8]}"


def _troubled(
    now: datetime,
    alert_class: AlertClass,
    kind: str,
    subject: str,
    period: str,
    facts: Facts,
    hint: str,
) -> Alert:
    return Alert("", alert_class, kind, subject, period, TROUBLE_TEMPLATES[kind], facts, hint, now)


def _day(at: datetime) -> str:
    return business_day(at).isoformat()


def why_of(error: BaozhangError) -> Facts:
    """Return an error as facts: its template as `why`, filled from the others when it is said."""
    facts = ((name, _plain(value)) for name, value in error.facts.items())
    return (("why", error.template), *facts)


def note_of(error: BaozhangError) -> str:
    """Return an error as the note of an event; `read_note` reads it."""
    return json.dumps([error.hint, why_of(error)], ensure_ascii=False)


def read_note(note: str) -> tuple[Facts, str]:
    """Return the facts and the hint of a note."""
    hint, facts = json.loads(note)
    return tuple((str(name), _plain(value)) for name, value in facts), str(hint)


def _plain(value: object) -> str | int:
    return value if isinstance(value, int) else str(value)
