"""What the audit report says of its lines together: figures, changes, and who sees to what."""

from collections import Counter
from collections.abc import Iterable, Sequence

from baozhang.clock import business_day
from baozhang.governance.judging import Judged, Line
from baozhang.governance.model import Status
from reports.audit_value import Action, is_principle
from reports.audit_words import (
    BEST_FIRST,
    SEVERITY_TEMPLATES,
    WEIGHTS,
    Reading,
    capital,
    failed_mark,
    in_order,
    mark,
    owner_word,
    said,
    whole,
    why,
)
from reports.notice_words import Voice
from reports.page import (
    Card,
    Cards,
    Fact,
    Mark,
    Pairs,
    Remark,
    Row,
    Table,
    Tally,
    Words,
)
from reports.plaintext import clean

MOST_SERIOUS = 10
MOST_NAMED = 20  # lines in one sentence of changes; the page to filter has them all
MOST_ACTIONS = 12  # in the mail, which is cut by mail programs where it is large
MOST_TASKS = 3  # told per person; the lines have them all
URGENCY: dict[Status, int] = {
    "overdue": 0,
    "not evidenced": 1,
    "stale": 2,
    "attested": 3,
    "proven": 4,
}
"""What is looked at first: a promise that was broken before evidence that never was."""


def counted(lines: Iterable[Line]) -> dict[Status, int]:
    """Return how many lines have each status, the best first."""
    found = Counter(each.status for each in lines)
    return {status: found[status] for status in BEST_FIRST}


def items(reading: Reading) -> list[Line]:
    """Return the lines of the 240 items; where only principles were asked for, those."""
    lines = [each for each in reading.value.lines if not is_principle(each.item)]
    return lines or list(reading.value.lines)


def tally(reading: Reading, voice: Voice) -> Tally:
    """Return the lines by status, now and last time."""
    value, lines = reading.value, items(reading)
    facts = [
        Fact(voice.say("Non-conformities"), voice.pen.number(len(value.nonconformities))),
        Fact(
            voice.say("Corrective actions open"),
            voice.pen.number(sum(each.closed is None for each in value.actions)),
        ),
    ]
    if value.before:
        then = Counter(
            reading.before[each.item.id] for each in lines if each.item.id in reading.before
        )
        shown = voice.listed(
            f"{mark(status, voice).word} {voice.pen.number(then[status])}" for status in BEST_FIRST
        )
        label = voice.say("Last time ({audit})", audit=value.before.audit)
        facts.insert(0, Fact(label, shown))
    principles = [each for each in value.lines if is_principle(each.item)]
    if principles and principles != lines:
        good = sum(in_order(each.status) for each in principles)
        shown = voice.say("{good} of {all} in order", good=good, all=len(principles))
        facts.append(Fact(voice.say("The documents' closing principles"), shown))
    return Tally(
        voice.say("Lines by status"),
        tuple((mark(status, voice), n) for status, n in counted(lines).items()),
        tuple(facts),
    )


def changes(reading: Reading, voice: Voice) -> Pairs:
    """Return what became better and what worse."""
    heading = voice.say("What changed since last time")
    before = reading.value.before
    if before is None:
        return Pairs(heading, (), voice.say("There is no earlier audit to compare with."))
    trends = [(reading.trend(each), each.item.id) for each in reading.value.lines]
    worse = [id_ for trend, id_ in trends if trend == -1]
    better = [id_ for trend, id_ in trends if trend == 1]
    if not worse and not better:
        note = voice.say("Every line stands as in {audit}.", audit=before.audit)
        return Pairs(heading, (), note)
    return Pairs(
        heading,
        tuple(
            Fact(f"{label} ({len(ids)})", _named(ids, voice))
            for label, ids in (
                (voice.say("↓ Worse"), worse),
                (voice.say("↑ Better"), better),
            )
            if ids
        ),
    )


def _named(ids: Sequence[str], voice: Voice) -> str:
    shown = voice.listed(ids[:MOST_NAMED])
    if len(ids) <= MOST_NAMED:
        return shown
    return voice.say("{shown} and {more} more", shown=shown, more=len(ids) - MOST_NAMED)


# --- what to do ----------------------------------------------------------------------------------


def weak(reading: Reading) -> list[Judged]:
    """Return the controls that are not in order, the most serious first."""
    judged = [
        each
        for each in reading.judged.values()
        if each.nonconformities or not in_order(each.status)
    ]
    return sorted(judged, key=lambda each: _seriousness(each, reading))


def _seriousness(judged: Judged, reading: Reading) -> tuple[bool, int, int, str]:
    severity = reading.controls[judged.control].severity
    return (
        not judged.nonconformities,
        WEIGHTS[severity],
        URGENCY[judged.status],
        judged.control,
    )


def serious(reading: Reading, voice: Voice) -> Cards:
    """Return the most serious lines, each with its reason and what to do; one per control."""
    found = weak(reading)
    return Cards(
        heading=voice.say("The most serious"),
        cards=tuple(_card(each, reading, voice) for each in found[:MOST_SERIOUS]),
        more=voice.say("{count} more controls are not in order.", count=len(found) - MOST_SERIOUS)
        if len(found) > MOST_SERIOUS
        else "",
    )


def _card(judged: Judged, reading: Reading, voice: Voice) -> Card:
    control = reading.controls[judged.control]
    served = [each.item for each in reading.value.lines if judged in each.controls]
    shown = mark(judged.status, voice)
    reasons = clean(voice.joined(why(judged, reading, voice)), 400)
    owner = voice.say(
        "Answers for it: {owner}. {severity}.",
        owner=owner_word(control, reading, voice),
        severity=capital(voice.say(SEVERITY_TEMPLATES[control.severity])),
    )
    return Card(
        name=f"{voice.listed(each.id for each in served)}  {said(control.title, voice)}",
        mark=failed_mark(voice) if judged.nonconformities else shown,
        snapshot="",
        remarks=(
            Remark(reasons, said(control.remedy, voice), ""),
            Remark(owner, "", ""),
        ),
        more="",
    )


def tasks(reading: Reading, voice: Voice) -> Table:
    """Return what each person has to see to, whoever has most to mend first."""
    by_person: dict[str, list[Judged]] = {}
    for each in weak(reading):
        control = reading.controls[each.control]
        person = reading.person(control) or owner_word(control, reading, voice)
        by_person.setdefault(person, []).append(each)
    ordered = sorted(by_person.items(), key=lambda each: (-_failures(each[1]), -len(each[1])))
    return Table(
        heading=voice.say("Who sees to what"),
        first=voice.say("Person responsible"),
        heads=(
            voice.say("to mend"),
            voice.say("overdue"),
            voice.say("failed checks"),
        ),
        rows=tuple(_task_row(person, found, reading, voice) for person, found in ordered),
    )


def _failures(found: Iterable[Judged]) -> int:
    return sum(bool(each.nonconformities) for each in found)


def _task_row(person: str, found: Sequence[Judged], reading: Reading, voice: Voice) -> Row:
    failed = _failures(found)
    status = min((each.status for each in found), key=URGENCY.__getitem__)
    overdue = sum(each.status == "overdue" for each in found)
    first = [
        voice.say(
            "{control}: {remedy}",
            control=said(reading.controls[each.control].title, voice),
            remedy=said(reading.controls[each.control].remedy, voice),
        )
        for each in found[:MOST_TASKS]
    ]
    return Row(
        name=person,
        mark=failed_mark(voice) if failed else mark(status, voice),
        cells=tuple(map(voice.pen.number, (len(found), overdue, failed))),
        below=tuple(first),
    )


def actions(reading: Reading, voice: Voice, most: int | None = None) -> Table | Words:
    """Return what failed and what is done about it, late first; at most `most` and a count."""
    heading = voice.say("Non-conformities and corrective actions")
    found = reading.value.actions
    if not found:
        lone = reading.value.nonconformities
        note = voice.say("No check of our own records failed, and no corrective action is open.")
        told = tuple(f"{each.control}: {whole(each.says, each.facts, voice)}" for each in lone)
        return Words(heading, _at_most(told or (note,), most, voice))
    ordered = sorted(found, key=lambda each: (each.closed is not None, each.due, each.id))
    return Table(
        heading=heading,
        first=voice.say("Corrective action"),
        heads=(voice.say("due by"),),
        rows=tuple(_action_row(each, reading, voice) for each in ordered[:most]),
        more=_more(len(ordered), most, voice),
    )


def _at_most(told: tuple[str, ...], most: int | None, voice: Voice) -> tuple[str, ...]:
    more = _more(len(told), most, voice)
    return (*told[:most], more) if more else told


def _more(every: int, most: int | None, voice: Voice) -> str:
    if most is None or every <= most:
        return ""
    return voice.say("{count} more stand in the printed report.", count=every - most)


def _action_row(action: Action, reading: Reading, voice: Voice) -> Row:
    control = reading.controls.get(action.control)
    title = said(control.title, voice) if control else ""
    return Row(
        name=f"{action.id} {title}",
        mark=_action_mark(action, reading, voice),
        cells=(action.due.isoformat(),),
        below=(
            whole(action.says, dict(action.facts), voice),
            voice.say(
                "Responsible: {owner}. {severity}; opened {opened}, found {times} times. Control "
                "{control}.",
                owner=action.owner,
                times=action.times,
                severity=capital(voice.say(SEVERITY_TEMPLATES[action.severity])),
                opened=action.opened.isoformat(),
                control=action.control,
            ),
        ),
    )


def _action_mark(action: Action, reading: Reading, voice: Voice) -> Mark:
    if action.closed:
        return Mark("none", voice.say("corrected"))
    if action.due < business_day(reading.value.at):
        return Mark("overdue", voice.say("correction late"))
    return Mark("failed", voice.say("being corrected"))
