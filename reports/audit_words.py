"""What the audit report says of a status, a control and a piece of evidence, in one language.

Nothing is decided here but words: `baozhang.governance.judging` has judged.  A status always comes
as a word, a sign and a colour, and green is for what our own records prove, alone.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from baozhang.clock import business_day
from baozhang.governance.judging import RANK, Judged, LeftOut, Line, Reason
from baozhang.governance.model import Control, Evidence, Fact, Severity, Source, Status, Words
from baozhang.settings import Owner
from reports.audit_value import AuditValue
from reports.notice_words import Voice
from reports.page import Mark, Tone

FIELD = re.compile(r"\{([a-z_]+)")

TONES: Mapping[Status, Tone] = MappingProxyType(
    {
        "proven": "proven",
        "attested": "attested",
        "stale": "stale",
        "overdue": "overdue",
        "not evidenced": "none",
    }
)
BEST_FIRST: tuple[Status, ...] = tuple(sorted(RANK, key=RANK.__getitem__, reverse=True))

STATUS_TEMPLATES: dict[Status, str] = {
    "proven": "Proven",
    "attested": "Attested",
    "stale": "Out of date",
    "overdue": "Overdue",
    "not evidenced": "Not evidenced",
}
SOURCE_TEMPLATES: dict[Source, str] = {
    "auto": "the system's own records",
    "attested": "people who attest",
    "both": "the system's own records, and people",
}
SEVERITY_TEMPLATES: dict[Severity, str] = {
    "high": "high severity",
    "medium": "medium severity",
    "low": "low severity",
}
REASON_TEMPLATES: dict[Reason, str] = {
    "sample": "from before this site was a real one: sample data",
    "later": "from after the day that is judged",
    "backdated": "said to be of a day after it was handed in",
    "unchecked": "not checked by a second person",
    "own": "checked by the person who made it",
    "refused": "not accepted by the person who checked it",
}
STOPS = (".", "。", "!", "?", "！", "？")
DUTY_TEMPLATES = {
    "backup": "backup",
    "validation": "verification",
    "restore_test": "restore test",
}
TEST_TEMPLATES = {
    "rhythm": "every set in its rhythm: {duty}",
    "outcomes": "how many went well: {duty}",
    "restore-time": "measured restore times",
    "proofs": "restored books equal to their proofs",
    "letters": "reports of the kind {kind}",
    "log": "the audit log holds",
    "alerts": "alerts acknowledged in time",
    "custody": "decrypted copies destroyed in time",
    "incident": "incidents or drills with “{event}”",
    "incident-signed": "approval of “{gate}” by code",
    "notices": "notices sent in time",
    "reviews": "incidents reviewed and signed",
    "actions": "actions done in time",
    "drill": "a drill that was passed: {scenario}",
    "register": "register “{name}”",
    "signed": "signature on “{subject}”",
    "people": "people who can approve by code",
    "law": "law register reviewed by counsel",
    "record": "newest record of the kind {kind}",
    "asked-after": "clients asked within {within} days after an incident",
    "in-time": "what the register “{register}” promises, done in time",
}
"""What each kind of test looks at; its arguments fill the fields."""
OWNER_TEMPLATES: dict[Owner, str] = {
    "gm": "general manager",
    "it_owner": "IT owner",
    "security_officer": "security officer",
    "backup_owner": "backup owner",
    "compliance_officer": "compliance officer",
    "client_manager": "client manager",
    "marketing_owner": "marketing owner",
    "partner_owner": "partner owner",
    "finance_owner": "finance owner",
    "hr_owner": "HR owner",
    "accounting_lead": "accounting lead",
    "incident_commander": "incident commander",
    "on_call": "person on call",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """The value by its ids, so that words find what they speak of."""

    value: AuditValue
    controls: Mapping[str, Control]
    evidence: Mapping[str, Evidence]
    judged: Mapping[str, Judged]
    left_out: Mapping[str, LeftOut]
    owners: Mapping[Owner, str]
    dues: Mapping[str, datetime]
    before: Mapping[str, Status]

    def person(self, control: Control) -> str:
        """Return the id of who answers for a control; "" where nobody does."""
        return self.owners.get(control.owner, "")

    def worst(self, line: Line) -> Judged | None:
        """Return the control that decides a line: failed before weak, and grave before light."""
        return min(line.controls, key=self._weight, default=None)

    def _weight(self, judged: Judged) -> tuple[bool, int, int]:
        severity = self.controls[judged.control].severity
        return not judged.nonconformities, RANK[judged.status], WEIGHTS[severity]

    def trend(self, line: Line) -> int | None:
        """Return 1, -1, 0 for better, worse, the same; None: nothing to compare with."""
        if line.item.id not in self.before:
            return None
        now, then = RANK[line.status], RANK[self.before[line.item.id]]
        return (now > then) - (now < then)


WEIGHTS: Mapping[Severity, int] = MappingProxyType({"high": 0, "medium": 1, "low": 2})


def read(value: AuditValue) -> Reading:
    """Return the value by its ids."""
    judged = {each.control: each for line in value.lines for each in line.controls}
    return Reading(
        value,
        controls={each.id: each for each in value.controls},
        evidence={each.id: each for each in value.evidence},
        judged=judged,
        left_out={out.evidence: out for each in judged.values() for out in each.left_out},
        owners=dict(value.owners),
        dues=dict(value.dues),
        before=dict(value.before.statuses) if value.before else {},
    )


def in_order(status: Status) -> bool:
    """Tell whether evidence that counts is there, and in date."""
    return status in {"proven", "attested"}


def said(words: Words, voice: Voice) -> str:
    """Return the words in the voice's language."""
    return words.zh if voice.pen.language.startswith("zh") else words.en


def sentence(template: str, facts: Mapping[str, Fact], voice: Voice) -> str:
    """Return a sentence filled with its facts; a dash where one lacks."""
    blanks = dict.fromkeys(FIELD.findall(template), "–")
    return voice.say(template, **{**blanks, **facts})


def capital(words: str) -> str:
    """Return the words with their first letter in upper case."""
    return words[:1].upper() + words[1:]


def stopped(words: str, voice: Voice) -> str:
    """Return words with a full stop behind them."""
    stop = "。" if voice.pen.language.startswith("zh") else "."
    return words if words.endswith(STOPS) else words + stop


def whole(template: str, facts: Mapping[str, Fact], voice: Voice) -> str:
    """Return a clause as a sentence of its own; an id that begins it stays as it is."""
    words = stopped(sentence(template, facts, voice), voice)
    return words if template.startswith("{") else capital(words)


def test_words(name: str, voice: Voice) -> str:
    """Return what a test of our own records looks at, from its name; an unknown one as it is."""
    kind, *rest = name.split(" ") if name else [""]
    if kind not in TEST_TEMPLATES:
        return name
    args = dict(each.split("=", 1) for each in rest if "=" in each)
    if args.get("duty") in DUTY_TEMPLATES:
        args["duty"] = voice.say(DUTY_TEMPLATES[args["duty"]])
    if args.get("scenario") == "any":
        args["scenario"] = voice.say("any scenario")
    return sentence(TEST_TEMPLATES[kind], args, voice)


def mark(status: Status, voice: Voice) -> Mark:
    """Return a status with its word."""
    return Mark(TONES[status], voice.say(STATUS_TEMPLATES[status]))


def failed_mark(voice: Voice) -> Mark:
    """Return the mark of a non-conformity."""
    return Mark("failed", voice.say("Non-conformity"))


def marks(status: Status, voice: Voice, *, failed: bool) -> tuple[Mark, ...]:
    """Return a status, and beside it that something failed."""
    return (mark(status, voice), *((failed_mark(voice),) if failed else ()))


def trend_word(trend: int | None, voice: Voice) -> str:
    """Return how a line moved since last time, as a sign and a word; "" with nothing before."""
    if trend is None:
        return ""
    if trend > 0:
        return voice.say("↑ better than last time")
    return voice.say("↓ worse than last time") if trend else voice.say("→ as last time")


def day(instant: datetime) -> str:
    """Return the day of an instant in the office."""
    return business_day(instant).isoformat()


def owner_word(control: Control, reading: Reading, voice: Voice) -> str:
    """Return who answers for a control: the person, and as what."""
    duty = voice.say(OWNER_TEMPLATES[control.owner])
    person = reading.person(control)
    return voice.say("{person} ({duty})", person=person, duty=duty) if person else duty


def why(judged: Judged, reading: Reading, voice: Voice) -> tuple[str, ...]:
    """Return why a control stands as it does: a sentence per test, and one on people."""
    control = reading.controls[judged.control]
    told: list[str] = []
    if control.source != "attested":
        told += _tested(control, judged, reading, voice)
    if control.source != "auto":
        told.append(_attested(judged, reading, voice))
    return tuple(dict.fromkeys(told))


def _tested(control: Control, judged: Judged, reading: Reading, voice: Voice) -> Iterator[str]:
    if not control.tests:
        yield voice.say("The system keeps no record yet that could show this.")
    found = {each.test: each for each in _usable(judged, reading)}
    for test in control.tests:
        if test.name in found:
            yield _shown(found[test.name], judged, voice)
        else:
            yield voice.say("No record was found: {test}.", test=test_words(test.name, voice))


def _shown(each: Evidence, judged: Judged, voice: Voice) -> str:
    what = sentence(each.says, each.facts, voice)
    if each.result == "inconclusive":
        return stopped(voice.say("Could not be judged: {what}", what=what), voice)
    if each.result == "fail":
        return stopped(voice.say("Did not conform: {what}", what=what), voice)
    if judged.auto == "stale":
        return stopped(voice.say("As of {day}: {what}", day=day(each.effective), what=what), voice)
    return whole(each.says, each.facts, voice)


def _usable(judged: Judged, reading: Reading) -> list[Evidence]:
    """Return the records of a control that were not left out, the newest last."""
    ours = [
        each
        for each in reading.evidence.values()
        if each.control == judged.control and each.source == "auto"
    ]
    kept = [each for each in ours if each.id not in reading.left_out]
    return sorted(kept, key=lambda each: (each.effective, each.received, each.id))


def _attested(judged: Judged, reading: Reading, voice: Voice) -> str:
    if judged.attested == "overdue":
        return _overdue(judged, reading, voice)
    counted = [reading.evidence[each] for each in judged.counted if each in reading.evidence]
    shown = next((each for each in counted if each.source == "attested"), None)
    if shown is None:
        return voice.say("Nobody has handed in a proof that counts.")
    words = voice.say(
        "Handed in by {by} and checked by {checked}, as of {day}: {what}",
        by=voice.listed(shown.by),
        checked=shown.checked_by,
        day=day(shown.effective),
        what=sentence(shown.says, shown.facts, voice),
    )
    if judged.attested == "stale":
        return voice.joined([stopped(words, voice), voice.say("This has run out.")])
    return stopped(words, voice)


def _overdue(judged: Judged, reading: Reading, voice: Voice) -> str:
    due = reading.dues.get(judged.control)
    if due is None:
        return voice.say("It was asked for, and is not there in time.")
    late = max(1, (reading.value.at - due).days)
    return voice.say("It was asked for by {due} and is {days} days late.", due=day(due), days=late)


def left_out_words(judged: Judged, voice: Voice) -> tuple[str, ...]:
    """Return what does not count, and why."""
    return tuple(
        voice.say(
            "{evidence}: {why}",
            evidence=each.evidence,
            why=voice.say(REASON_TEMPLATES[each.reason]),
        )
        for each in judged.left_out
    )
