"""An alert as a letter: what is wrong, what to do, how to say that somebody is looking.

A person reads it on a telephone at night: the sentence and the one thing to do stand first, and the
command that ends the escalation is whole, to be typed as it stands.
"""

import hashlib
import json
from dataclasses import dataclass

from baozhang import __version__
from baozhang.catalog.model import KnownAlert
from baozhang.masking import Gate
from baozhang.settings import LetterKind
from baozhang.words import CHINESE, say
from reports.page import Fact, Letter, Mark, Page, Pairs, Words
from reports.plaintext import clean
from reports.render import render
from reports.writing import Pen, pen

KIND: LetterKind = "alert"
LONGEST_NEWS = 80  # characters of the sentence that a subject shows

CLASS_TEMPLATES = {
    "urgent": "urgent",
    "notice": "notice",
    "morning": "morning line",
    "mended": "mended",
}
ROLE_TEMPLATES = {
    "on_call": "on call",
    "operator": "IT operator",
    "manager": "management",
    "approver": "approver",
    "accountant": "accountant",
    "auditor": "auditor",
}


@dataclass(frozen=True, slots=True)
class Step:
    """How far an alert has gone up: the step, from 1, of how many, and its role."""

    number: int
    of: int
    role: str


def told(known: KnownAlert, language: str) -> tuple[str, str]:
    """Return an alert's sentence and what to do about it, in a language.

    A fact `why` is the template of an error; the other facts fill it.
    """
    facts: dict[str, object] = dict(known.alert.facts)
    if why := facts.get("why"):
        facts["why"] = say(str(why), spoken=language, **facts)
    sentence = say(known.alert.template, spoken=language, **facts)
    hint = say(known.alert.hint, spoken=language, **facts) if known.alert.hint else ""
    return clean(sentence, 1000), clean(hint, 1000)


def fingerprint(known: KnownAlert, step: Step | None) -> str:
    """Return the SHA-256 of what a letter tells of an alert, as canonical JSON.

    An object of `alert` (its id), `kind`, `subject`, `period`, `template`, `facts` (pairs), `state`
    and `step` (a number, 0 for none); keys sorted, no blanks, non-ASCII escaped.
    """
    value = {
        "alert": known.alert.id,
        "kind": known.alert.kind,
        "subject": known.alert.subject,
        "period": known.period,
        "template": known.alert.template,
        "facts": known.alert.facts,
        "state": known.state,
        "step": step.number if step else 0,
    }
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def render_alert(
    known: KnownAlert,
    *,
    number: int,
    step: Step | None = None,
    language: str = CHINESE,
    below: tuple[str, ...] = (),
    sample: bool = False,
    gate: Gate | None = None,
) -> Letter:
    """Return the letter of an alert; of a mended one, the letter that says so.

    Args:
        known: the alert.
        number: the letter's place among those of its kind.
        step: how far up it has gone; None: it asks for no acknowledgement.
        language: of the letter.
        below: further lines: the clients of a morning line.
        sample: the clients are invented.
        gate: covers what must not leave.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(known, number, step, pen(language), below, sample=sample)
    return render(page, template="alert", language=language, gate=gate)


def _page(
    known: KnownAlert,
    number: int,
    step: Step | None,
    pen: Pen,
    below: tuple[str, ...],
    *,
    sample: bool,
) -> Page:
    sentence, hint = told(known, pen.language)
    mended = known.state == "mended"
    word = say(
        CLASS_TEMPLATES["mended" if mended else known.alert.alert_class], spoken=pen.language
    )
    urgent = known.alert.alert_class == "urgent"
    mark = Mark("ok" if mended else "failed" if urgent else "partial", word)
    if mended:
        sentence = say("this is over: {sentence}", spoken=pen.language, sentence=sentence)
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=step.role if step else "operator",
        reader=_role(step, pen),
        title=say("Alert", spoken=pen.language),
        period=pen.instant(known.alert.at),
        sample=sample,
        verdict=mark,
        sentence=sentence,
        advice="" if mended else hint,
        sections=(*_clients(below, pen), *_sections(known, step, pen)),
        evidence=_evidence(known, number, step, pen),
        fingerprint=fingerprint(known, step),
        subject=_subject(word, sentence, known.alert.id, pen, sample=sample),
        file_name=f"{KIND}-{known.alert.id}",
    )


def _role(step: Step | None, pen: Pen) -> str:
    return say(ROLE_TEMPLATES[step.role if step else "operator"], spoken=pen.language)


def _clients(below: tuple[str, ...], pen: Pen) -> tuple[Words, ...]:
    lines = tuple(map(clean, below))
    return (Words(say("Clients that are not well", spoken=pen.language), lines),) if lines else ()


def _sections(known: KnownAlert, step: Step | None, pen: Pen) -> tuple[Words, ...]:
    if known.state == "mended" or step is None:
        return ()
    command = f"baozhang ack {known.alert.id} --by …"
    lines = (
        say(
            "Type: {command} (with your id in place of the dots), or run the deployment "
            "`acknowledge` in the Prefect UI.",
            spoken=pen.language,
            command=command,
        ),
        say(
            "Until then it goes one step up each time; this is step {step} of {of}.",
            spoken=pen.language,
            step=step.number,
            of=step.of,
        ),
    )
    return (Words(say("Say that you are looking", spoken=pen.language), lines),)


def _evidence(known: KnownAlert, number: int, step: Step | None, pen: Pen) -> Pairs:
    facts = (
        Fact(pen.gettext("Letter number"), f"{number:06d}"),
        Fact(say("alert id", spoken=pen.language), known.alert.id),
        Fact(say("raised (Shanghai time)", spoken=pen.language), pen.instant(known.alert.at)),
        Fact(say("about", spoken=pen.language), f"{known.alert.subject} {known.period}"),
        Fact(pen.gettext("Software"), f"baozhang {__version__}"),
        Fact(pen.gettext("SHA-256 of the figures"), fingerprint(known, step)),
        Fact(pen.gettext("Runbook"), pen.gettext("docs/runbooks/alert.md")),
    )
    reader = [Fact(pen.gettext("Written for"), _role(step, pen))] if step else []
    return Pairs(pen.gettext("Evidence"), (*facts[:1], *reader, *facts[1:]))


def _subject(word: str, sentence: str, alert: str, pen: Pen, *, sample: bool) -> str:
    line = say(
        "[{word}] {news} (Baozhang alert {alert})",
        spoken=pen.language,
        word=word,
        news=clean(sentence, LONGEST_NEWS),
        alert=alert,
    )
    return pen.gettext("[SAMPLE] %(subject)s", subject=line) if sample else line
