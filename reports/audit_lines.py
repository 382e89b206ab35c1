"""The audit's lines and its evidence, told at length: an entry each, linked to one another."""

from collections.abc import Iterator

from baozhang.governance.judging import Judged, Line
from baozhang.governance.model import Control, Evidence, Section
from baozhang.words import CHINESE, ENGLISH
from reports.audit_value import is_principle
from reports.audit_words import (
    REASON_TEMPLATES,
    SEVERITY_TEMPLATES,
    SOURCE_TEMPLATES,
    TONES,
    Reading,
    day,
    failed_mark,
    in_order,
    left_out_words,
    mark,
    marks,
    owner_word,
    said,
    stopped,
    test_words,
    trend_word,
    whole,
    why,
)
from reports.notice_words import Voice
from reports.page import Entry, Fact, Grid, GridRow, Lines, Link, Mark, Part, Square

SEMICOLON = {CHINESE: "；", ENGLISH: "; "}
SHORT = 8  # characters of an evidence id in a link's words; its own place shows it whole


def item_anchor(item: str) -> str:
    """Return the place of a line in the page."""
    return f"item-{item}"


def evidence_anchor(evidence: str) -> str:
    """Return the place of a piece of evidence in the page."""
    return f"evidence-{evidence}"


def grid(reading: Reading, voice: Voice) -> Grid:
    """Return every line as a square, the sections of a document below each other."""
    documents = (
        (voice.say("A: backup"), "A"),
        (voice.say("B: recovery"), "B"),
    )
    columns = tuple(
        (title, tuple(_grid_rows(letter, reading, voice))) for title, letter in documents
    )
    return Grid(
        heading=voice.say("Every line at one glance"),
        columns=tuple((title, rows) for title, rows in columns if rows),
        key=(*(mark(status, voice) for status in TONES), failed_mark(voice)),
    )


def _grid_rows(document: str, reading: Reading, voice: Voice) -> Iterator[GridRow]:
    for section in reading.value.sections:
        lines = _of(section, reading)
        if section.id.startswith(document) and lines:
            good = sum(in_order(each.status) for each in lines)
            squares = tuple(
                Square(
                    item_anchor(each.item.id),
                    f"{each.item.id} {said(each.item.title, voice)}",
                    failed_mark(voice) if _failed(each) else mark(each.status, voice),
                )
                for each in lines
            )
            yield GridRow(section.id, squares, f"{good}/{len(lines)}")


def _failed(line: Line) -> bool:
    return any(each.nonconformities for each in line.controls)


def _of(section: Section, reading: Reading) -> list[Line]:
    return [each for each in reading.value.lines if each.item.section == section.id]


def sections(reading: Reading, voice: Voice) -> Iterator[Lines]:
    """Yield the lines section by section, the principles after the 40 sections."""
    ordered = sorted(reading.value.sections, key=lambda each: each.id in {"AP", "BP"})
    for section in ordered:
        found = _of(section, reading)
        if found:
            good = sum(in_order(each.status) for each in found)
            yield Lines(
                heading=f"{section.id} {said(section.title, voice)}",
                anchor=f"section-{section.id}",
                note=voice.say(
                    "{good} of {all} lines in order. Done by: {flows}",
                    good=good,
                    all=len(found),
                    flows=voice.listed(_flows(found, reading)) or "–",
                ),
                entries=tuple(line_entry(each, reading, voice) for each in found),
            )


def _flows(lines: list[Line], reading: Reading) -> list[str]:
    named = (
        flow
        for line in lines
        for judged in line.controls
        for flow in reading.controls[judged.control].flows
    )
    return sorted(set(named))


def line_entry(line: Line, reading: Reading, voice: Voice) -> Entry:
    """Return a line: how it stands, and each control behind it."""
    worst = reading.worst(line)
    failed = _failed(line)
    owner = reading.controls[worst.control].owner if worst else ""
    person = reading.person(reading.controls[worst.control]) if worst else ""
    return Entry(
        anchor=item_anchor(line.item.id),
        name=f"{line.item.id} {said(line.item.title, voice)}",
        marks=marks(line.status, voice, failed=failed),
        note=trend_word(reading.trend(line), voice),
        parts=tuple(_control_part(each, line, reading, voice) for each in line.controls)
        or (_unserved(voice),),
        keys=(
            ("status", TONES[line.status]),
            ("failed", "yes" if failed else "no"),
            ("section", line.item.section),
            ("owner", person or owner),
            ("document", line.item.id[0]),
            ("principle", "yes" if is_principle(line.item) else "no"),
        ),
    )


def _unserved(voice: Voice) -> Part:
    return Part("", None, (Fact(voice.say("Why"), voice.say("No control serves this line.")),))


def _control_part(judged: Judged, line: Line, reading: Reading, voice: Voice) -> Part:
    control = reading.controls[judged.control]
    linked = [*judged.counted, *(each.evidence for each in judged.nonconformities)]
    return Part(
        name=voice.say("{title} ({id})", title=said(control.title, voice), id=control.id),
        mark=mark(judged.status, voice) if len(line.controls) > 1 else None,
        facts=tuple(_control_facts(control, judged, reading, voice)),
        links=tuple(
            Link(evidence_anchor(each), voice.say("Evidence {id}", id=each[:SHORT]))
            for each in dict.fromkeys(linked)
        ),
    )


def _control_facts(
    control: Control, judged: Judged, reading: Reading, voice: Voice
) -> Iterator[Fact]:
    yield Fact(voice.say("Why"), voice.joined(why(judged, reading, voice)))
    if judged.left_out:
        out = voice.joined(stopped(each, voice) for each in left_out_words(judged, voice))
        yield Fact(voice.say("Not counted"), out)
    if not in_order(judged.status) or judged.nonconformities:
        yield Fact(voice.say("What to do"), said(control.remedy, voice))
    standing = (
        owner_word(control, reading, voice),
        voice.say(SEVERITY_TEMPLATES[control.severity]) if judged.nonconformities else "",
        voice.say(SOURCE_TEMPLATES[control.source]),
        voice.say("holds until {day}", day=day(judged.until)) if judged.until else "",
    )
    shown = SEMICOLON[voice.pen.language].join(each for each in standing if each)
    yield Fact(voice.say("Who answers for it"), shown)


def evidence(reading: Reading, voice: Voice) -> Lines:
    """Return every piece of evidence, by control."""
    ordered = sorted(
        reading.value.evidence, key=lambda each: (each.control, each.effective, each.id)
    )
    none = voice.say("There is no evidence.")
    note = voice.say(
        "{count} pieces. The name of each is drawn from its own SHA-256.", count=len(ordered)
    )
    return Lines(
        heading=voice.say("Evidence"),
        anchor="evidence",
        note=note if ordered else none,
        entries=tuple(_evidence_entry(each, reading, voice) for each in ordered),
    )


def _evidence_entry(each: Evidence, reading: Reading, voice: Voice) -> Entry:
    title = reading.controls.get(each.control)
    name = each.control
    if title:
        name = voice.say("{title} ({id})", title=said(title.title, voice), id=each.control)
    found = _evidence_mark(each, reading, voice)
    return Entry(
        anchor=evidence_anchor(each.id),
        name=voice.say("{id} for {control}", id=each.id, control=name),
        marks=(found,) if found else (),
        note="" if found else voice.say("counts"),
        parts=(
            Part(
                "",
                None,
                tuple(_evidence_facts(each, reading, voice)),
                tuple(_back(each, reading, voice)),
            ),
        ),
    )


def _evidence_mark(each: Evidence, reading: Reading, voice: Voice) -> Mark | None:
    """Return how a piece speaks; what passed has a colour only where its control has it too."""
    if each.id in reading.left_out:
        return Mark("none", voice.say("Not counted"))
    if each.result == "fail":
        return Mark("failed", voice.say("Did not conform"))
    if each.result == "inconclusive":
        return Mark("inconclusive", voice.say("Not to be judged"))
    judged = reading.judged.get(each.control)
    counts = judged is not None and each.id in judged.counted
    return None if counts else Mark("none", voice.say("A newer one counts"))


def _evidence_facts(each: Evidence, reading: Reading, voice: Voice) -> Iterator[Fact]:
    yield Fact(voice.say("Says"), whole(each.says, each.facts, voice))
    out = reading.left_out.get(each.id)
    if out:
        yield Fact(voice.say("Not counted because"), voice.say(REASON_TEMPLATES[out.reason]))
    between = SEMICOLON[voice.pen.language]
    yield Fact(voice.say("Speaks of"), between.join(_when_and_who(each, voice)))
    found_by = test_words(each.test, voice) or voice.say(SOURCE_TEMPLATES[each.source])
    yield Fact(voice.say("Found by"), between.join((found_by, *each.refs)))
    yield Fact("SHA-256", each.digest)


def _when_and_who(each: Evidence, voice: Voice) -> Iterator[str]:
    yield voice.pen.instant(each.effective)
    if each.received != each.effective:
        yield voice.say("received {instant}", instant=voice.pen.instant(each.received))
    if each.expires:
        yield voice.say("ends on {day} by its own words", day=day(each.expires))
    if each.by:
        yield voice.say("handed in by {people}", people=voice.listed(each.by))
    if each.checked_by:
        yield voice.say("checked by {person}", person=each.checked_by)
    elif each.by:
        yield voice.say("not checked by anybody")


def _back(each: Evidence, reading: Reading, voice: Voice) -> Iterator[Link]:
    control = reading.controls.get(each.control)
    asked = {line.item.id for line in reading.value.lines}
    for item in control.items if control else ():
        if item in asked:
            yield Link(item_anchor(item), voice.say("Line {item}", item=item))
