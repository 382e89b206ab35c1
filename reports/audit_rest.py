"""What the audit report says of the sections, of law, readiness, samples and how to verify it."""

from collections.abc import Iterator

from baozhang.governance.judging import weakest
from baozhang.governance.model import Status
from reports.audit_sections import counted
from reports.audit_words import (
    BEST_FIRST,
    Reading,
    day,
    failed_mark,
    in_order,
    mark,
    said,
    whole,
)
from reports.notice_words import Voice
from reports.page import Fact, Mark, Pairs, Row, Signatures, Table, Words


def by_section(reading: Reading, voice: Voice) -> Table:
    """Return the sections, each with its lines by status."""
    return Table(
        heading=voice.say("Sections"),
        first=voice.say("Section"),
        heads=tuple(mark(status, voice).word for status in BEST_FIRST),
        rows=tuple(_section_rows(reading, voice)),
    )


def _section_rows(reading: Reading, voice: Voice) -> Iterator[Row]:
    for section in reading.value.sections:
        lines = [each for each in reading.value.lines if each.item.section == section.id]
        if lines:
            found = counted(lines)
            yield Row(
                name=f"{section.id} {said(section.title, voice)}",
                mark=mark(weakest([each.status for each in lines]), voice),
                cells=tuple(voice.pen.number(n) for n in found.values()),
            )


def yearly(reading: Reading, voice: Voice) -> Table | Words:
    """Return the yearly register page: what only people can show, and once a year."""
    heading = voice.say("Yearly register: market, research, partners, people, brand, society")
    found = [each for each in reading.value.controls if each.yearly_page]
    if not found:
        return Words(heading, (voice.say("None of the sections asked for has such a matter."),))
    rows = []
    for control in found:
        judged = reading.judged.get(control.id)
        status: Status = judged.status if judged else "not evidenced"
        rows.append(
            Row(
                name=f"{voice.listed(control.items)}  {said(control.title, voice)}",
                mark=mark(status, voice),
                cells=(
                    reading.person(control) or "–",
                    day(judged.until) if judged and judged.until else "–",
                ),
            )
        )
    return Table(
        heading=heading,
        first=voice.say("Matter"),
        heads=(voice.say("responsible"), voice.say("holds until")),
        rows=tuple(rows),
        more=voice.say("People look at these once a year. No program can make them green."),
    )


def law(reading: Reading, voice: Voice) -> Table | Words:
    """Return the articles of the law register, and how the controls that answer them stand."""
    heading = voice.say("Articles of law")
    if not reading.value.articles:
        return Words(heading, (voice.say("No article was asked about."),))
    counsel = voice.say("to be confirmed by counsel")
    return Table(
        heading=heading,
        first=voice.say("Article"),
        heads=(voice.say("controls"),),
        rows=tuple(
            Row(
                name=said(each.article, voice),
                mark=mark(each.status, voice),
                cells=(voice.pen.number(len(each.controls)),),
                below=tuple(
                    words
                    for words in (
                        said(each.duty, voice),
                        voice.say("Controls: {ids}", ids=voice.listed(each.controls))
                        if each.controls
                        else voice.say("No control answers this article."),
                        counsel if each.confidence == "knowledge" else "",
                    )
                    if words
                ),
            )
            for each in reading.value.articles
        ),
        more=voice.say("This is nobody's legal advice: counsel has the last word."),
    )


def law_in_short(reading: Reading, voice: Voice) -> Pairs:
    """Return the articles as figures."""
    found = reading.value.articles
    unsure = sum(each.confidence == "knowledge" for each in found)
    good = sum(in_order(each.status) for each in found)
    return Pairs(
        voice.say("Articles of law"),
        (
            Fact(voice.say("In order"), voice.say("{good} of {all}", good=good, all=len(found))),
            Fact(voice.say("To be confirmed by counsel"), voice.pen.number(unsure)),
        ),
    )


def readiness(reading: Reading, voice: Voice) -> Pairs:
    """Return incidents and drills of the period, apart from each other."""
    found, pen = reading.value.readiness, voice.pen
    unknown = voice.say("not measured")
    recovery = pen.duration(found.slowest_recovery) if found.slowest_recovery else unknown
    drill = pen.duration(found.slowest_drill) if found.slowest_drill else unknown
    facts = [
        Fact(
            voice.say("Incidents"),
            voice.say(
                "{all}, of these open: {open}", all=found.incidents, open=found.incidents_open
            ),
        ),
        Fact(voice.say("Slowest recovery from an incident"), recovery),
        Fact(
            voice.say("Drills"),
            voice.say(
                "{all}, of these passed: {passed}", all=found.drills, passed=found.drills_passed
            ),
        ),
        Fact(voice.say("Slowest recovery in a drill"), drill),
        Fact(
            voice.say("Promised recovery time"),
            pen.duration(found.objective) if found.objective else "–",
        ),
        Fact(
            voice.say("Newest drill"), found.newest_drill.isoformat() if found.newest_drill else "–"
        ),
        Fact(
            voice.say("People who have restored something themselves"),
            voice.say("unknown") if found.people is None else pen.number(found.people),
        ),
    ]
    return Pairs(
        voice.say("Incidents and drills"),
        tuple(facts),
        voice.say("A drill shows readiness; it is no incident, and counts as none."),
    )


def independence(reading: Reading, voice: Voice) -> Words:
    """Return where somebody could not be independent, and what was left out for it."""
    rule = voice.say(
        "Nobody audits or approves their own evidence; where they did, it is left out."
    )
    own = sum(out.reason == "own" for out in reading.left_out.values())
    notes = reading.value.independence
    told = [whole(each.says, dict(each.facts), voice) for each in notes]
    left = voice.say("Pieces left out because their maker checked them: {count}.", count=own)
    if not told:
        told = [voice.say("No conflict was found.")]
    return Words(voice.say("Independence"), (rule, left, *told))


def samples(reading: Reading, voice: Voice) -> Table | Words:
    """Return what was drawn and looked at one by one."""
    heading = voice.say("Samples")
    if not reading.value.samples:
        return Words(heading, (voice.say("No sample was drawn."),))
    return Table(
        heading=heading,
        first=voice.say("Drawn from"),
        heads=(voice.say("population"), voice.say("drawn"), voice.say("deviations")),
        rows=tuple(
            Row(
                name=voice.say(each.of),
                mark=failed_mark(voice)
                if each.deviations
                else Mark("none", voice.say("no deviation")),
                cells=tuple(map(voice.pen.number, (each.size, each.drawn, len(each.deviations)))),
                below=tuple(
                    words
                    for words in (
                        voice.say("Seed {seed}", seed=each.seed),
                        voice.say("Drawn: {ids}", ids=voice.listed(each.ids)) if each.ids else "",
                        voice.say("Deviating: {ids}", ids=voice.listed(each.deviations))
                        if each.deviations
                        else "",
                    )
                    if words
                ),
            )
            for each in reading.value.samples
        ),
        more=voice.say("With the seed and the population anybody draws the same records."),
    )


def verifying(reading: Reading, voice: Voice) -> Words:
    """Return how somebody else, elsewhere, checks all this."""
    value = reading.value
    how = [
        voice.say(
            "Take the evidence pack {pack} to another machine, where Baozhang is installed and "
            "nothing of this site is known: `baozhang audit verify {pack}`.",
            pack=value.pack or "pack.zip",
        )
    ]
    if value.pack_digest:
        how.append(voice.say("It must show this fingerprint: {digest}", digest=value.pack_digest))
    else:
        how.append(voice.say("Its fingerprint stands in the signed letter."))
    how.append(
        voice.say("Is this letter what was written? `baozhang audit verify --letter FILE` says so.")
    )
    return Words(voice.say("How to verify this"), tuple(how))


def signed(reading: Reading, voice: Voice) -> Pairs:
    """Return who has signed with a one-time code."""
    facts = tuple(
        Fact(
            voice.say("{person} ({duty})", person=each.person, duty=voice.say(each.role)),
            voice.pen.instant(each.at),
        )
        for each in reading.value.signed
    )
    none = "" if facts else voice.say("Nobody has signed yet: this is a draft.")
    return Pairs(voice.say("Signed with a one-time code"), facts, none)


def opinion(voice: Voice) -> Words:
    """Return what people declare when they sign the printed pages."""
    return Words(
        voice.say("Declaration on signing"),
        (
            voice.say(
                "I have read this report and drawn on the evidence it names. I have neither made "
                "nor checked that evidence myself, except where the part on independence says so."
            ),
            voice.say("The auditor's opinion, in the auditor's own hand:"),
        ),
    )


def signatures(voice: Voice) -> Signatures:
    """Return where people sign and stamp."""
    return Signatures(
        voice.say("Signatures and stamp"),
        (
            voice.say("Auditor (signature)"),
            voice.say("Second reader (signature)"),
            voice.say("Head of the agency (signature)"),
        ),
        voice.say("Archive number: ____________________"),
    )
