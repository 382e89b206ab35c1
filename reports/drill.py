"""The drill's report (演练报告): what was broken, who found it, how long it took, what to do.

The verdict is the score's and nobody's opinion: each target stands beside what was measured, what
was not measured is said to be so, and the last drill of the same scenario stands beside both.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.drills.model import Probe
from baozhang.drills.records import Entry, Journal, State
from baozhang.drills.scoring import ACTION_TEMPLATES, Measure, Name
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, say
from reports.canonical import fingerprint
from reports.page import Fact, Letter, Mark, Page, Pairs, Row, Section, Table, Words
from reports.plaintext import clean
from reports.render import render
from reports.writing import Pen, pen

KIND: Final[LetterKind] = "drill"
MOST_ROWS = 60  # of the course; the journal has them all
PLACEHOLDER = re.compile(r"\{[a-z_]+\}")

MEASURE_TEMPLATES: dict[Name, str] = {
    "detect": "found after",
    "acknowledge": "acknowledged after",
    "rto": "working again after (RTO)",
    "rpo": "vouchers to key in again (RPO)",
    "checks": "books equal to their proofs",
    "notices": "notices ready in time",
}
PROBE_TEMPLATES: dict[Probe, str] = {
    "sources-whole": "every source can be read, with every book",
    "vault-sound": "every stored byte reads back, in vault and mirrors",
    "copies-complete": "no mirror lacks anything",
    "restorable": "every set comes back, every book equals its proof",
    "nothing-open": "no decrypted copy, no hold, no incident is left",
}
FINDER_TEMPLATES = {
    "backup": "the night's backup",
    "validation": "the validation",
    "restore-test": "the restore test",
    "person": "somebody of the office",
}
STEP_TEMPLATES = {
    "vouch": "the accountant in charge vouched for ordinary corrections",
    "pass-night": "nights passed, with work and backups",
    "lose-folder": "broken: a client's folder was deleted",
    "fail-disk": "broken: the disk with all books was lost",
    "encrypt": "broken: files were encrypted",
    "wrong-year": "broken: last year's books were put over this year's",
    "drop-vouchers": "broken: vouchers were deleted",
    "damage-vault": "broken: stored objects were deleted and damaged",
    "lose-mirror": "broken: a copy of the vault was lost",
    "lose-key": "broken: the key file was lost",
    "take-copy": "broken: a decrypted copy was taken",
    "leave": "broken: somebody left",
    "cut-power": "broken: a backup was killed and a book was torn",
    "backup": "the night's backup ran",
    "validation": "the validation ran",
    "restore-test": "the restore test ran",
    "watch": "the watch looked",
    "found": "was it found?",
    "acknowledged": "did somebody acknowledge the alert?",
    "open-incident": "the incident was opened",
    "strike": "backup points that hold the damage were struck",
    "walk": "the recovery went on until people had to act, or to its end",
    "decide": "a person approved at a gate, with a one-time code",
    "wait": "nobody was there to approve: time passed, nothing was touched",
    "mend-vault": "the vault was mended from its mirrors",
    "new-mirror": "a new copy of the vault was made and read back",
    "open-escrow": "share holders opened the vault, and made a new key",
    "renew-keys": "the vault's master key was renewed",
    "judge-lost": "what was lost was searched for anything readable",
    "destroy-copies": "decrypted copies were destroyed",
    "state-facts": "facts that the law asks about were stated",
    "notices": "notices were drafted and sent",
    "close-incident": "the incident was closed",
    "destroy-sandbox": "the sandbox was destroyed",
}
"""By the name of what was done; `found`, `decide` and `wait` stand for all names that begin so."""
VERDICT_TEMPLATES = {
    "passed": "passed",
    "failed": "not passed",
    "aborted": "did not take place",
}
SENTENCE_TEMPLATES = {
    "passed": "The drill {title} was passed: everything was found, every target was reached.",
    "undetected": "The drill {title} was not passed: what was broken was not found.",
    "unreached": "The drill {title} was not passed: {count} of {all} targets were not reached.",
    "unsound": "The drill {title} was not passed: after the recovery not everything held again.",
    "stopped": "The drill {title} was not passed: a step could not be done.",
    "aborted": "The drill {title} did not take place: something did not hold before it began, or "
    "the guard refused it.",
}
MARKS: dict[bool, Status] = {True: "ok", False: "failed"}


def canonical(journal: Journal) -> str:
    """Return what the letter's fingerprint is made over: the journal as canonical JSON, ASCII."""
    value = journal.model_dump(mode="json")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def status_of(journal: Journal) -> Status:
    """Return a drill's end as a status; one that did not take place proves nothing either way."""
    if journal.passed:
        return "ok"
    return "inconclusive" if journal.status == "aborted" else "failed"


def render_drill(
    journal: Journal,
    *,
    number: int,
    previous: Journal | None = None,
    language: str = CHINESE,
    sample: bool = False,
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the report of a drill; `previous` is the last one of the same scenario.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(journal, previous, number, pen(language), sample=sample)
    return render(page, template="drill", language=language, gate=gate, pdf=pdf)


def _page(
    journal: Journal, previous: Journal | None, number: int, pen: Pen, *, sample: bool
) -> Page:
    language = pen.language
    sentence = sentence_of(journal, language)
    word = say(VERDICT_TEMPLATES[_verdict(journal)], spoken=language)
    subject = say(
        "[Drill {word}] {title} (Baozhang drill report no. {number})",
        spoken=language,
        word=word,
        title=journal.experiment.title.said(language),
        number=f"{number:06d}",
    )
    return Page(
        kind=KIND,
        number=number,
        language=language,
        audience="manager",
        reader=say("managers", spoken=language),
        title=say("Drill report", spoken=language),
        period=pen.instant(journal.start),
        sample=sample,
        verdict=Mark(status_of(journal), word),
        sentence=sentence,
        sections=tuple(_sections(journal, previous, pen)),
        evidence=_evidence(journal, number, pen),
        fingerprint=fingerprint(canonical(journal)),
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if sample else subject,
        as_of=journal.end,
        file_name=f"{KIND}-{journal.id}-{number:06d}",
    )


def _verdict(journal: Journal) -> str:
    if journal.passed:
        return "passed"
    return "aborted" if journal.status == "aborted" else "failed"


def sentence_of(journal: Journal, language: str) -> str:
    """Return a drill's verdict in one sentence: the first thing that went wrong."""
    score = journal.score
    missed = [each for each in score.measures if not each.met]
    if journal.passed:
        key = "passed"
    elif journal.status == "aborted":
        key = "aborted"
    elif not score.detected:
        key = "undetected"
    elif journal.stopped:
        key = "stopped"
    else:
        key = "unreached" if missed else "unsound"
    return say(
        SENTENCE_TEMPLATES[key],
        spoken=language,
        title=journal.experiment.title.said(language),
        count=len(missed),
        all=len(score.measures),
    )


def _sections(journal: Journal, previous: Journal | None, pen: Pen) -> Iterator[Section]:
    language = pen.language
    yield Words(say("What was played", spoken=language), (journal.experiment.story.said(language),))
    yield Pairs(say("Who and where", spoken=language), tuple(_circumstances(journal, pen)))
    yield _targets(journal, previous, pen)
    yield _found(journal, pen)
    yield _held(journal, pen)
    if journal.actions:
        yield _actions(journal, pen)
    yield _course(journal, pen)


def _circumstances(journal: Journal, pen: Pen) -> Iterator[Fact]:
    language = pen.language
    nobody = say("nobody named: the sandbox's players alone", spoken=language)
    yield Fact(say("took part", spoken=language), ", ".join(journal.people) or nobody)
    if journal.observers:
        yield Fact(say("looked on", spoken=language), ", ".join(journal.observers))
    if journal.place:
        yield Fact(say("place", spoken=language), clean(journal.place))
    away = journal.experiment.players.absent
    if away:
        yield Fact(say("could not be reached", spoken=language), ", ".join(away))
    if journal.surprise:
        text = say(
            "drawn beforehand and kept secret; the digest {digest} was in the audit log",
            spoken=language,
            digest=journal.surprise.sha256[:16],
        )
        yield Fact(say("surprise", spoken=language), text)


def _targets(journal: Journal, previous: Journal | None, pen: Pen) -> Table:
    language = pen.language
    before = {each.name: each for each in previous.score.measures} if previous else {}
    return Table(
        heading=say("Targets and what was measured", spoken=language),
        first=say("target", spoken=language),
        heads=(
            say("wanted", spoken=language),
            say("measured", spoken=language),
            say("last time", spoken=language),
        ),
        rows=tuple(
            Row(
                name=say(MEASURE_TEMPLATES[each.name], spoken=language),
                mark=_reached(each.met, language),
                cells=(
                    amount(each.name, each.target, pen),
                    amount(each.name, each.measured, pen),
                    _last(before.get(each.name), pen),
                ),
            )
            for each in journal.score.measures
        ),
    )


def _reached(met: bool, language: str) -> Mark:  # noqa: FBT001 - what the mark says
    word = say("reached", spoken=language) if met else say("not reached", spoken=language)
    return Mark(MARKS[met], word)


def _last(measure: Measure | None, pen: Pen) -> str:
    return "–" if measure is None else amount(measure.name, measure.measured, pen)


def amount(name: Name, value: int | None, pen: Pen) -> str:
    """Return a target or what was measured, as people write it."""
    if value is None:
        return say("not measured", spoken=pen.language)
    if name in {"detect", "acknowledge", "rto"}:
        return pen.duration(timedelta(seconds=value))
    return pen.number(value)


def _found(journal: Journal, pen: Pen) -> Table:
    language = pen.language
    return Table(
        heading=say("Who had to find it", spoken=language),
        first=say("finder", spoken=language),
        heads=(say("found (played time)", spoken=language),),
        rows=tuple(
            Row(
                name=say(FINDER_TEMPLATES[each.by], spoken=language),
                mark=Mark(
                    MARKS[each.at is not None],
                    say("found it", spoken=language)
                    if each.at is not None
                    else say("did not find it", spoken=language),
                ),
                cells=(pen.instant(each.at) if each.at else "–",),
                below=(words_of(each.finding, language),),
            )
            for each in journal.score.found
        ),
    )


def words_of(template: str, language: str) -> str:
    """Return a finding's sentence with dots in the place of its facts."""
    names = {each.group()[1:-1] for each in PLACEHOLDER.finditer(template)}
    return clean(say(template, spoken=language, **dict.fromkeys(names, "…")))


def _held(journal: Journal, pen: Pen) -> Table:
    language = pen.language
    before, after = journal.steady_states.before, journal.steady_states.after
    return Table(
        heading=say("What had to hold before and after", spoken=language),
        first=say("condition", spoken=language),
        heads=(say("before", spoken=language), say("after", spoken=language)),
        rows=tuple(
            Row(
                name=say(PROBE_TEMPLATES[probe], spoken=language),
                mark=_mark_of(_held_in(before, probe), _held_in(after, probe), language),
                cells=(
                    _yes(_held_in(before, probe), language),
                    _yes(_held_in(after, probe), language),
                ),
            )
            for probe in journal.experiment.steady
        ),
    )


def _held_in(state: State | None, probe: Probe) -> bool | None:
    """Tell whether a condition held; None: nobody asked."""
    found = [each for each in (state.probes if state else ()) if each.activity.name == probe]
    return found[0].tolerance_met if found else None


def _mark_of(before: bool | None, after: bool | None, language: str) -> Mark:  # noqa: FBT001
    if before is None or after is None:
        return Mark("inconclusive", say("not asked", spoken=language))
    word = say("holds", spoken=language) if before and after else say("broken", spoken=language)
    return Mark(MARKS[before and after], word)


def _yes(held: bool | None, language: str) -> str:  # noqa: FBT001
    if held is None:
        return "–"
    return say("yes", spoken=language) if held else say("no", spoken=language)


def _actions(journal: Journal, pen: Pen) -> Table:
    language = pen.language
    return Table(
        heading=say("What is to be done", spoken=language),
        first=say("action", spoken=language),
        heads=(say("owner", spoken=language), say("due", spoken=language)),
        rows=tuple(
            Row(
                name=said_action(each.matter, each.subject, language),
                mark=Mark("partial", say("open", spoken=language)),
                cells=(each.owner, each.due.isoformat()),
            )
            for each in journal.actions
        ),
    )


def said_action(matter: str, subject: str, language: str) -> str:
    """Return what an action asks for, in words."""
    about = say(FINDER_TEMPLATES[subject], spoken=language) if subject in FINDER_TEMPLATES else ""
    probes = [
        say(PROBE_TEMPLATES[probe], spoken=language)
        for probe in PROBE_TEMPLATES
        if probe in subject.split(", ")
    ]
    named = about or "; ".join(probes)
    template = next(text for name, text in ACTION_TEMPLATES.items() if name == matter)
    return say(template, spoken=language, subject=named)


def _course(journal: Journal, pen: Pen) -> Table:
    language = pen.language
    entries = [each for each in journal.run if each.activity.provider != "steady-state"]
    rows = tuple(_step(each, pen) for each in (*entries[:MOST_ROWS], *journal.rollbacks))
    return Table(
        heading=say("The course of the drill", spoken=language),
        first=say("step", spoken=language),
        heads=(
            say("played time", spoken=language),
            say("machine time, measured", spoken=language),
        ),
        rows=rows,
    )


def _step(entry: Entry, pen: Pen) -> Row:
    language = pen.language
    done = entry.status == "succeeded"
    name = entry.activity.name
    known = name if name in STEP_TEMPLATES else name.partition("-")[0]
    word = say("done", spoken=language) if done else say("failed", spoken=language)
    return Row(
        name=say(STEP_TEMPLATES[known], spoken=language),
        mark=Mark(MARKS[done], word),
        cells=(pen.instant(entry.start), pen.duration(timedelta(seconds=entry.duration))),
    )


def _evidence(journal: Journal, number: int, pen: Pen) -> Pairs:
    language = pen.language
    facts = (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(say("drill id", spoken=language), journal.id),
        Fact(say("scenario", spoken=language), journal.scenario),
        Fact(say("seed", spoken=language), str(journal.seed)),
        Fact(say("took", spoken=language), pen.duration(timedelta(seconds=journal.duration))),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), fingerprint(canonical(journal))),
        Fact(pen.gettext("Runbook"), say("docs/runbooks/drill.md", spoken=language)),
    )
    return Pairs(pen.gettext("Evidence"), facts)
