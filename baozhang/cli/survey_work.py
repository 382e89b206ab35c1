"""The half of `baozhang survey` that needs the duty's steps: values, and how a person sees them."""

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.table import Table

from baozhang.cli.speaking import printable
from baozhang.errors import UsageError
from baozhang.governance.voice.audience import REASON_TEMPLATES, Choice
from baozhang.governance.voice.records import (
    MEASURES,
    Answer,
    Callback,
    Channel,
    Invitation,
    Issue,
    IssueClass,
    Measure,
    Outcome,
    Wave,
)
from baozhang.governance.voice.taking import REASON_TEMPLATES as REFUSED_TEMPLATES
from baozhang.governance.voice.taking import Taken
from baozhang.grids import Grid, write_grid
from baozhang.registers import Row
from baozhang.settings import Language
from baozhang.wiring import open_site
from baozhang.words import language, say
from reports.satisfaction_value import Satisfaction
from reports.satisfaction_words import (
    CLASS_TEMPLATES,
    MEASURE_TEMPLATES,
    OUTCOME_TEMPLATES,
    STATE_TEMPLATES,
    change,
    figure,
    moved_mark,
    title_of,
)
from reports.writing import pen
from tasks import satisfaction_asking as asking
from tasks import satisfaction_queue as queue
from tasks import satisfaction_report as reporting
from tasks import satisfaction_taking as taking
from tasks.people import require_person
from tasks.satisfaction_site import Voice, hits_of, voice_of

Human = Callable[[Console], None]
Shown = tuple[dict[str, object], Human]
MOST_REFUSED = 40  # rows that a person sees; --json has all


def consented(
    client: str, by: str, channel: Channel, spoken: Language | None, *, consent: bool
) -> Shown:
    """Note whether a client agrees to be asked."""
    with open_site() as site:
        row = asking.agree(site, client, consent=consent, by=by, channel=channel, language=spoken)
    return {"client": client, **row.cells()}, _line(say("noted for {client}", client=client))


def opened(wave: str, incident: str, by: str, *, dry_run: bool) -> Shown:
    """Open a wave and write its letters, or show who would be asked.

    Raises:
        UsageError: nobody may be asked, the wave is there already, or no such incident has ended.
    """
    with open_site() as site:
        require_person(site, by)
        named = wave or ("" if incident else asking.usual_wave(site))
        (planned,) = asking.planned_now(site, named, incident=incident)
        choice = asking.choice_for(site, voice_of(site), planned, hits_of(site))
        value: dict[str, object] = {
            "wave": planned.id,
            "closes": planned.closes.isoformat(),
            "asked": list(choice.asked),
            "left_out": dict(choice.left_out),
        }
        if not choice.asked and not dry_run:
            raise UsageError(
                "nobody may be asked: {count} clients are left out",
                hint="See why with --dry-run; note who agrees with `baozhang survey consent`.",
                count=len(choice.left_out),
            )
        if not dry_run:
            asking.open_wave(site, planned, by=by)
            value["letters"] = asking.write_asking(site, planned.id).letters
    return value, lambda console: _choice(console, planned.id, choice, dry_run=dry_run)


def _choice(console: Console, wave: str, choice: Choice, *, dry_run: bool) -> None:
    told = (
        say("{wave}: {count} clients would be asked", wave=wave, count=len(choice.asked))
        if dry_run
        else say("{wave}: {count} clients are asked", wave=wave, count=len(choice.asked))
    )
    console.print(told, markup=False)
    for reason, count in choice.counts:
        console.print(f"  {count}  {say(REASON_TEMPLATES[reason])}", markup=False)


def closed(wave: str, by: str) -> Shown:
    """End a wave today."""
    with open_site() as site:
        row = asking.end_wave(site, wave, by=by)
    text = say("{wave} ends on {day}", wave=wave, day=row.closes)
    return {"wave": wave, **row.cells()}, _line(text)


def waves() -> Shown:
    """List the waves, the newest last."""
    with open_site() as site:
        voice = voice_of(site)
    rows = sorted(voice.waves.items(), key=lambda each: (each[1].opens, each[0]))
    found = [_wave_value(voice, id_, each) for id_, each in rows]
    heads = (say("round"), say("first day"), say("ends on"), say("clients asked"), say("answered"))
    table = [
        (str(v["wave"]), str(w.opens), str(w.closes), str(w.audience), str(v["answered"]))
        for v, (_, w) in zip(found, rows, strict=True)
    ]
    return {"waves": found}, _table(heads, table)


def _wave_value(voice: Voice, id_: str, wave: Wave) -> dict[str, object]:
    return {"wave": id_, **wave.cells(), "answered": len(voice.answers_of(id_))}


def wave(named: str) -> Shown:
    """Show who was asked in a wave, with the codes, and who is silent."""
    with open_site() as site:
        voice = voice_of(site)
        id_ = _newest(voice, named)
    row = voice.wave(id_)
    answered = {each.client for each in voice.answers_of(id_)}
    asked = sorted(voice.asked_in(id_), key=lambda each: (each.client in answered, each.client))
    value = _wave_value(voice, id_, row) | {
        "invitations": [{**each.cells(), "silent": each.client not in answered} for each in asked]
    }
    heads = (say("client"), say("reached by"), say("reference code"), say("answered"))
    return value, _table(heads, [_invitation(each, answered) for each in asked])


def _invitation(each: Invitation, answered: set[str]) -> tuple[str, ...]:
    state = say("yes") if each.client in answered else say("silent")
    return each.client, each.channel, each.code, state


def imported(
    path: Path, mapping: Path | None, by: str, *, dry_run: bool
) -> tuple[dict[str, object], Human, int]:
    """Take a file's answers; return what was taken, and how many rows were refused."""
    with open_site() as site:
        found = taking.take_file(site, path, by=by, mapping=mapping, dry_run=dry_run)
        if not dry_run:
            queue.owe_calls(site)
    value: dict[str, object] = {
        "taken": sorted(found.answers),
        "known": found.known,
        "refused": [{"row": each.row, "reason": each.reason} for each in found.refused],
        "absent": list(found.absent),
        "dry_run": dry_run,
    }
    return value, lambda console: _taken(console, found, dry_run=dry_run), len(found.refused)


def _taken(console: Console, found: Taken, *, dry_run: bool) -> None:
    count, known = len(found.answers), found.known
    told = (
        say("{count} answers would be taken, {known} are known", count=count, known=known)
        if dry_run
        else say("{count} answers taken, {known} were known", count=count, known=known)
    )
    console.print(told, markup=False)
    if found.absent:
        text = say("the file has no column for {fields}", fields=", ".join(found.absent))
        console.print(text, markup=False)
    for each in found.refused[:MOST_REFUSED]:
        why = say(REFUSED_TEMPLATES[each.reason])
        console.print(say("row {row} refused: {why}", row=each.row, why=why), markup=False)
    if len(found.refused) > MOST_REFUSED:
        console.print(say("{count} rows refused in all", count=len(found.refused)), markup=False)


def recorded(
    whose: str, by: str, *, csat: int | None, nps: int | None, ces: int | None, comment: str
) -> Shown:
    """Note an answer by telephone, and the call-back it may ask for."""
    with open_site() as site:
        id_, answer = taking.record(
            site, whose, by=by, csat=csat, nps=nps, ces=ces, comment=comment
        )
        owed = queue.owe_calls(site)
    value: dict[str, object] = {"id": id_, **answer.cells(), "call_backs": owed}
    return value, _line(say("noted for {client}", client=answer.client))


def answers(named: str, to: Path | None) -> Shown:
    """Show or export what was answered in a wave."""
    with open_site() as site:
        voice = voice_of(site)
        id_ = _newest(voice, named)
    found = voice.answers_of(id_)
    if to is not None:
        write_grid(to, _grid(found))
    names = ("client", "answered_at", "channel", *MEASURES, "comment")
    rows = [tuple(str(each.cells().get(name, "–")) for name in names) for each in found]
    heads = (
        *(say("client"), say("when"), say("through")),
        *(each.upper() for each in MEASURES),
        say("comment"),
    )
    return {"wave": id_, "answers": [each.cells() for each in found]}, _table(heads, rows)


def _grid(found: Sequence[Answer]) -> Grid:
    columns = tuple(Answer.model_fields)
    rows = tuple(tuple(str(each.cells().get(name, "")) for name in columns) for each in found)
    return Grid(columns, rows)


def scores(named: str) -> Shown:
    """Show a wave's figures."""
    value, told = _figures(named)
    spoken = pen(language())
    changes = {each.measure: each for each in told.changes}
    heads = (say("measure"), say("figure"), say("change"))
    rows = [
        (
            say(MEASURE_TEMPLATES[each.measure]),
            figure(each, spoken),
            change(changes.get(each.measure), spoken),
        )
        for each in told.estimates
    ]
    return value, _table(heads, rows)


def _figures(named: str) -> tuple[dict[str, object], Satisfaction]:
    with open_site() as site:
        told = reporting.of_wave(site, _newest(voice_of(site), named))
    value: dict[str, object] = {
        "wave": told.period,
        "asked": told.asked,
        "answered": told.answered,
        "minimum": told.minimum,
        "scores": [
            {
                "measure": each.measure,
                "n": each.n,
                "of": each.of,
                "value": _number(each.value),
                "low": _number(each.low),
                "high": _number(each.high),
            }
            for each in told.estimates
        ],
    }
    return value, told


def _number(value: object) -> str | None:
    return None if value is None else str(value)


def themes(named: str) -> Shown:
    """Show what comments are about."""
    _, told = _figures(named)
    tally, spoken = told.themes, language()
    value: dict[str, object] = {
        "wave": told.period,
        "comments": tally.comments,
        "unmatched": tally.unmatched,
        "themes": [
            {"theme": each.theme, "comments": each.comments, "words": dict(each.words)}
            for each in tally.counts
        ],
    }
    rows = [
        (
            title_of(each.theme, spoken),
            str(each.comments),
            ", ".join(word for word, _ in each.words),
        )
        for each in tally.counts
    ]
    rows.append((say("about no theme"), str(tally.unmatched), ""))
    return value, _table((say("theme"), say("comments"), say("by the words")), rows)


def issues(*, everything: bool) -> Shown:
    """List issues, the overdue ones first."""
    with open_site() as site:
        voice = voice_of(site)
    found = [
        (id_, each) for id_, each in voice.issues.items() if everything or each.resolved is None
    ]
    found.sort(key=lambda each: (not each[1].overdue(voice.day), each[1].due))
    value: dict[str, object] = {
        "issues": [
            {"id": id_, **each.cells(), "state": each.state, "overdue": each.overdue(voice.day)}
            for id_, each in found
        ]
    }
    heads = (
        say("id"),
        say("client"),
        say("kind of issue"),
        say("state"),
        say("owner"),
        say("to be done by"),
    )
    return value, _table(heads, [_issue_row(id_, each, voice.day) for id_, each in found])


def _issue_row(id_: str, each: Issue, day: date) -> tuple[str, ...]:
    state = say("overdue") if each.overdue(day) else say(STATE_TEMPLATES[each.state])
    return id_, each.client, say(CLASS_TEMPLATES[each.kind]), state, each.owner, str(each.due)


def issue(client: str, kind: IssueClass, text: str, by: str, linked: str) -> Shown:
    """Note an issue."""
    with open_site() as site:
        id_, row = queue.open_issue(site, client, kind, text, by=by, linked=linked)
    told = say("{id}: to be answered by {owner} until {day}", id=id_, owner=row.owner,
               day=row.answer_due)  # fmt: skip
    return {"id": id_, **row.cells()}, _line(told)


def moved(
    id_: str, by: str, *, answered: bool, resolved: bool, confirmed: bool, owner: str
) -> Shown:
    """Note how far an issue is."""
    with open_site() as site:
        row = queue.move_issue(
            site,
            id_,
            by=by,
            answered=answered,
            resolved=resolved,
            confirmed=confirmed,
            owner=owner,
        )
    text = f"{id_}: {say(STATE_TEMPLATES[row.state])}"
    return {"id": id_, **row.cells(), "state": row.state}, _line(text)


def call_back(id_: str, by: str, outcome: Outcome, note: str) -> Shown:
    """List the calls that are owed, or note one."""
    with open_site() as site:
        if id_:
            row = queue.called(site, id_, by=by, outcome=outcome, note=note)
            text = f"{id_}: {say(OUTCOME_TEMPLATES[row.outcome])}"
            return {"id": id_, **row.cells()}, _line(text)
        voice = voice_of(site)
    found = sorted(
        ((id_, each) for id_, each in voice.calls.items() if each.done is None),
        key=lambda each: each[1].due,
    )
    value: dict[str, object] = {
        "call_backs": [
            {"id": id_, **each.cells(), "overdue": each.overdue(voice.day)} for id_, each in found
        ]
    }
    heads = (
        say("id"),
        say("client"),
        say("low scores"),
        say("owner"),
        say("to be done by"),
        say("state"),
    )
    return value, _table(heads, [_call_row(id_, each, voice.day) for id_, each in found])


def _call_row(id_: str, each: Callback, day: date) -> tuple[str, ...]:
    state = say("overdue") if each.overdue(day) else say(OUTCOME_TEMPLATES[each.outcome])
    return id_, each.client, ", ".join(each.why), each.owner, str(each.due), state


def improve(
    wave: str, measure: Measure, action: str, *, owner: str, due: str, by: str, theme: str
) -> Shown:
    """List improvements and whether they moved anything, or note one."""
    with open_site() as site:
        if wave:
            id_, row = queue.improve(
                site, wave, measure, action, owner=owner, due=_day(due), by=by, theme=theme
            )
            return _noted(id_, row)
        told = reporting.improvements_of(site)
    spoken = pen(language())
    value: dict[str, object] = {
        "improvements": [
            {
                "id": each.id,
                "measure": each.measure,
                "wave": each.wave,
                "after": each.after,
                "verdict": each.difference.verdict if each.difference else "",
                "due": each.due.isoformat(),
                "done": each.done.isoformat() if each.done else "",
                "overdue": each.overdue,
            }
            for each in told
        ]
    }
    rows = [
        (
            each.id,
            each.measure.upper(),
            each.owner,
            moved_mark(each, spoken.language).word,
            change(each.difference, spoken),
        )
        for each in told
    ]
    heads = (say("id"), say("measure"), say("owner"), say("state"), say("change"))
    return value, _table(heads, rows)


def improved(id_: str, by: str) -> Shown:
    """Note that an improvement is in place."""
    with open_site() as site:
        return _noted(id_, queue.improved(site, id_, by=by))


def _noted(id_: str, row: Row) -> Shown:
    return {"id": id_, **row.cells()}, _line(say("{id} is noted", id=id_))


def report(what: str) -> Shown:
    """Write a report now."""
    with open_site() as site:
        written = reporting.report_on(site, what, actor="operator")
    pages = [str(page) for page in written.pages]
    value: dict[str, object] = {
        "number": written.filed.number,
        "status": written.filed.status,
        "pages": pages,
    }

    def human(console: Console) -> None:
        for page in pages:
            console.print(say("report: {path}", path=page), markup=False)

    return value, human


# --- how it is told -------------------------------------------------------------------------------


def _newest(voice: Voice, named: str) -> str:
    """Return the wave that is meant: the newest where none is named.

    Raises:
        UsageError: there is none.
    """
    if named:
        voice.wave(named)
        return named
    rows = sorted((each.opens, id_) for id_, each in voice.waves.items())
    if not rows:
        raise UsageError(
            "no client was asked yet",
            hint="Note who agrees (`baozhang survey consent`), then `baozhang survey open`.",
        )
    return rows[-1][1]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            "{text} is no day", hint="Write it as YYYY-MM-DD.", text=text[:20] or "-"
        ) from error


def _line(text: str) -> Human:
    return lambda console: console.print(printable(text), markup=False)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Human:
    drawn = Table()
    for head in heads:
        drawn.add_column(head, overflow="fold")
    for row in rows:
        drawn.add_row(*map(printable, row))
    return lambda console: console.print(drawn)
