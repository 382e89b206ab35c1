"""Notices to authorities, persons and the public: what the law says they must say, item by item.

The items of each report come from the law register, in its words; each is filled from what is known
or holds a blank that says what is missing.  No client is named: authorities ask, and are told then.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from baozhang.incidents.notices import FINAL, News
from baozhang.policies.law.register import Cited, Contents, Register, load_register
from reports.notice_client import Said, numbered
from reports.notice_words import (
    HAPPENED_TEMPLATES,
    KIND_TEMPLATES,
    Voice,
    cause,
    done,
    summed,
)
from reports.page import Fact, Mark, Pairs, Section, Signatures, Words

TITLE_TEMPLATES = {
    "cyberspace-4h": "Report of a cybersecurity incident",
    "protection-1h": "Report of an incident of critical information infrastructure",
    "central-2h": "Report of a cybersecurity incident",
    FINAL: "Final report of a cybersecurity incident",
    "privacy-authority": "Notice of a personal information incident",
    "privacy-persons": "Notice to persons whose information is concerned",
    "interested-parties": "Announcement about an incident with accounting data",
    "police": "Report of a suspected crime",
    "lost-invoices": "Written report of lost invoices",
    "insurer": "Notice of loss to the insurer",
    "vendor": "Request for technical support",
}
STAGE_TEMPLATES = {
    "first": "first report",
    "supplement": "supplementary report",
    "final": "final report",
}
SENTENCE_TEMPLATES = {
    "cyberspace-4h": "On {at} {happened}. It is reported as follows.",
    "protection-1h": "On {at} {happened}. It is reported as follows.",
    "central-2h": "On {at} {happened}. It is reported as follows.",
    FINAL: "The incident of {at} has been dealt with. This is the final report.",
    "privacy-authority": "On {at} {happened}; personal information is concerned. It is notified as "
    "follows.",
    "privacy-persons": "On {at} {happened}; information about you may be concerned. We apologise, "
    "and tell you what we know and what you can do.",
    "interested-parties": "On {at} {happened}. We tell all who may be concerned what has happened "
    "and what we have done.",
    "police": "On {at} {happened}. A crime is suspected, and is reported herewith.",
    "lost-invoices": "On {at} it was found that paper invoices are lost. It is reported in writing "
    "as follows.",
    "insurer": "On {at} {happened}. We give notice of it under our policy and ask for your "
    "instructions.",
    "vendor": "On {at} {happened}. We ask for your technical support in finding the cause.",
}
GRADE_TEMPLATES = {
    "gravest": "especially serious",
    "grave": "serious",
    "large": "relatively serious",
    "below": "below the grades that are to be reported, as decided after a qualitative review",
}
CONFIDENCE_TEMPLATES = {
    "text": "read in full",
    "page": "seen quoted",
    "fragment": "seen in part",
    "knowledge": "to be confirmed by counsel",
}
AT_REPORTS = frozenset({"cyberspace-4h", "protection-1h", "central-2h"})
SEALED = frozenset(TITLE_TEMPLATES) - {"vendor", "privacy-persons", "interested-parties"}
"""Those that are signed and stamped on paper."""


@dataclass(frozen=True, slots=True)
class Sender:
    """What the agency says of itself, and by which number the reader knows it."""

    agency: str
    credit_code: str
    reference: str  # of a policy or a contract; "" where there is none
    line: str  # whom to call or write to; "" where the settings say nothing


Items = Callable[[News, Sender, Voice], tuple[tuple[str, ...], ...]]
"""Returns the paragraphs of each item, in the order of the items."""


def official_notice(news: News, sender: Sender, register: Register, voice: Voice) -> Said:
    """Return a notice that is not a client's."""
    at = voice.moment(news.discovered)
    happened = voice.say(HAPPENED_TEMPLATES[news.nature])
    stage = STAGE_TEMPLATES["final" if news.notice == FINAL else news.stage]
    sections = _items(news, sender, register, voice)
    return Said(
        title=voice.say(TITLE_TEMPLATES[news.notice]),
        mark=Mark("partial", voice.say(stage) if _reports(news) else voice.say("notice")),
        sentence=voice.say(SENTENCE_TEMPLATES[news.notice], at=at, happened=happened),
        sections=(*sections, *_ending(news, register, voice)),
    )


def _reports(news: News) -> bool:
    return news.notice in AT_REPORTS | {FINAL}


def _items(news: News, sender: Sender, register: Register, voice: Voice) -> tuple[Section, ...]:
    if news.notice in AT_REPORTS:
        return _by_law(register.contents["cyberspace"], _cyberspace(news, sender, voice), voice)
    if news.notice in ("privacy-authority", "privacy-persons"):
        return _by_law(register.contents["privacy"], _privacy(news, sender, voice), voice)
    if news.notice == "interested-parties":
        told = _by_law(register.contents["interested"], _interested(news, voice), voice)
        return (*told, _whom(sender, voice))
    return OWN[news.notice](news, sender, voice)


def _by_law(
    contents: Contents, said: tuple[tuple[str, ...], ...], voice: Voice
) -> tuple[Section, ...]:
    items = contents.zh if voice.pen.language.startswith("zh") else contents.en
    return tuple(
        Words(voice.item(place, item), paragraphs)
        for place, (item, paragraphs) in enumerate(zip(items, said, strict=True), 1)
    )


def _cyberspace(news: News, sender: Sender, voice: Voice) -> tuple[tuple[str, ...], ...]:
    """Return the eight items of the report of a cybersecurity incident (CIRR art. 5)."""
    stated, say = voice.stated, voice.say
    return (
        (
            _organisation(sender, voice),
            say(
                "Concerned: accounting data of clients whose books the organisation keeps, {count} "
                "in number.",
                count=news.clients,
            ),
            say("Systems: {text}", text=stated(news, "systems", say("systems and their level"))),
        ),
        _event(news, voice),
        (stated(news, "trend", say("how it may develop, and what further harm it may do")),),
        (cause(news, voice),),
        (stated(news, "leads", say("leads on its origin: attacker, path, weakness")),),
        (
            _further(news, voice),
            say("Help asked for: {text}", text=stated(news, "help", say("what help is asked for"))),
        ),
        (_evidence(news, voice),),
        (_reach(sender, voice),),
    )


def _organisation(sender: Sender, voice: Voice) -> str:
    code = sender.credit_code or voice.blank(voice.say("unified social credit code"))
    return voice.say(
        "Organisation: {agency}, unified social credit code {code}.",
        agency=sender.agency,
        code=code,
    )


def _event(news: News, voice: Voice) -> tuple[str, ...]:
    say, stated = voice.say, voice.stated
    lines = [
        say("Discovered: {at}", at=voice.moment(news.discovered)),
        say("Occurred: {text}", text=stated(news, "occurred", say("when it occurred"))),
        say("Place: {text}", text=stated(news, "place", say("where it occurred"))),
        say("Kind: {kind}", kind=say(KIND_TEMPLATES[news.nature])),
        say("Grade: {grade}", grade=_grade(news, voice)),
        say("Extent: {text}", text=summed(news, voice)),
        say("Persons whose information is concerned: {count}", count=_persons(news, voice)),
        say("Direct loss: {amount}", amount=_loss(news, voice)),
    ]
    if news.nature == "ransomware":
        ransom = stated(news, "ransom", say("amount, way and day of the ransom"))
        lines.append(say("Ransom: {text}", text=ransom))
    return (*lines, say("Measures taken and their effect:"), *numbered(tuple(done(news, voice))))


def _grade(news: News, voice: Voice) -> str:
    """Return the grade that a person decided on, else the one that the numbers reach."""
    decided = news.fact("reviewed_grade")
    if decided in GRADE_TEMPLATES:
        return voice.say("{grade} (decided by review)", grade=voice.say(GRADE_TEMPLATES[decided]))
    numbers = (("persons", news.fact("persons")), ("loss_fen", news.fact("loss_fen")))
    for level in load_register().severity.levels:  # the gravest first
        if any(text and int(text) >= getattr(level, name) for name, text in numbers):
            return voice.say("{grade} (by number)", grade=level.said(voice.pen.language))
    return voice.blank(voice.say("the grade, by the guide on grades"))


def _persons(news: News, voice: Voice) -> str:
    count = news.fact("persons")
    return voice.pen.number(int(count)) if count else voice.blank(voice.say("how many persons"))


def _loss(news: News, voice: Voice) -> str:
    fen = news.fact("loss_fen")
    return voice.pen.money(int(fen), "CNY") if fen else voice.blank(voice.say("direct loss"))


def _further(news: News, voice: Voice) -> str:
    if news.reached("cut-over") and news.put and not news.missing:
        return voice.say(
            "The data is back in use. What is to be entered again is listed and worked off; a "
            "review says how this is kept from happening again."
        )
    return voice.say(
        "The data is brought back from the last sound backup apart from the live system, proven "
        "entry by entry, and put into use only when two people have approved it."
    )


def _evidence(news: News, voice: Voice) -> str:
    if not news.preserved:
        return voice.blank(voice.say("how the evidence is preserved"))
    return voice.say(
        "What was there when it was discovered is stored unchanged, with hashes, beside the "
        "backups; the recovery works on copies. What was done stands in a chained, signed log."
    )


def _reach(sender: Sender, voice: Voice) -> str:
    line = sender.line or voice.blank(voice.say("name and telephone of the contact"))
    return voice.say("Contact: {line}", line=line)


def _privacy(news: News, sender: Sender, voice: Voice) -> tuple[tuple[str, ...], ...]:
    """Return the three items of the notice of a personal information incident (PIPL art. 57)."""
    say, stated = voice.say, voice.stated
    kinds = stated(news, "kinds", say("kinds of information"))
    harm = stated(news, "harm", say("possible harm"))
    advice = stated(news, "advice", say("what the persons can do"))
    lines = [
        say("Kinds of information: {kinds}", kinds=kinds),
        say("Cause: {cause}", cause=cause(news, voice)),
        say("Possible harm: {harm}", harm=harm),
    ]
    if news.notice == "privacy-authority":
        lines.insert(1, say("Persons concerned: {count}", count=_persons(news, voice)))
    return (
        tuple(lines),
        (*done(news, voice), say("What the persons can do: {advice}", advice=advice)),
        (_organisation(sender, voice), _reach(sender, voice)),
    )


def _interested(news: News, voice: Voice) -> tuple[tuple[str, ...], ...]:
    """Return the three items of the notice to interested parties (NDSR art. 11)."""
    say = voice.say
    return (
        (
            say(
                "On {at} {happened}.",
                at=voice.moment(news.discovered),
                happened=say(HAPPENED_TEMPLATES[news.nature]),
            ),
            say("Cause: {cause}", cause=cause(news, voice)),
        ),
        (voice.stated(news, "harm", say("harm that has come of it")),),
        tuple(done(news, voice)),
    )


def _whom(sender: Sender, voice: Voice) -> Pairs:
    line = sender.line or voice.blank(voice.say("whom the public may call or write to"))
    facts = (
        Fact(voice.say("Organisation"), sender.agency),
        Fact(voice.say("Call or write to us"), line),
    )
    return Pairs(voice.say("Whom to ask"), facts)


def _final(news: News, sender: Sender, voice: Voice) -> tuple[Section, ...]:
    """Return the items of the final report (CIRR art. 7)."""
    say, stated = voice.say, voice.stated
    who = stated(news, "accountability", say("who was held responsible, and how"))
    mending = stated(news, "improvement", say("what was mended and improved"))
    return _headed(
        voice,
        (say("Organisation"), (_organisation(sender, voice),)),
        (say("Cause of the incident"), (cause(news, voice),)),
        (say("Measures taken"), tuple(done(news, voice))),
        (
            say("Harm that it did"),
            (
                summed(news, voice),
                say("Persons whose information is concerned: {count}", count=_persons(news, voice)),
                say("Direct loss: {amount}", amount=_loss(news, voice)),
            ),
        ),
        (say("Accountability"), (who,)),
        (say("Mending and improvement"), (mending,)),
        (say("Lessons"), (stated(news, "lessons", say("what was learnt")),)),
    )


def _police(news: News, sender: Sender, voice: Voice) -> tuple[Section, ...]:
    say = voice.say
    leads = voice.stated(news, "leads", say("leads on its origin: attacker, path, weakness"))
    return _headed(
        voice,
        (say("Who reports"), (_organisation(sender, voice), _reach(sender, voice))),
        (say("What happened"), _event(news, voice)),
        (say("First view of the cause"), (cause(news, voice),)),
        (say("Leads on its origin"), (leads,)),
        (say("How the evidence is preserved"), (_evidence(news, voice),)),
        (
            say("What we ask for"),
            (say("Taking up of the case; we assist the investigation and keep the scene."),),
        ),
    )


def _tax(news: News, sender: Sender, voice: Voice) -> tuple[Section, ...]:
    say = voice.say
    what = voice.stated(news, "invoices", say("kinds, codes, numbers and count of the invoices"))
    return _headed(
        voice,
        (say("Who reports"), (_organisation(sender, voice), _reach(sender, voice))),
        (say("When it was found"), (voice.moment(news.discovered),)),
        (say("Invoices that are lost"), (what,)),
        (
            say("How they were lost"),
            (voice.stated(news, "how_lost", say("how and where they were lost")),),
        ),
        (
            say("What we did"),
            (say("We search for them, and follow your instructions on declaring them void."),),
        ),
    )


def _insurer(news: News, sender: Sender, voice: Voice) -> tuple[Section, ...]:
    say = voice.say
    policy = sender.reference or voice.blank(say("number of the policy"))
    return _headed(
        voice,
        (
            say("Insured, and policy"),
            (_organisation(sender, voice), say("Policy: {number}", number=policy)),
        ),
        (
            say("When, where and what"),
            (
                say("Discovered: {at}", at=voice.moment(news.discovered)),
                say(
                    "Occurred: {text}",
                    text=voice.stated(news, "occurred", say("when it occurred")),
                ),
                say("Place: {text}", text=voice.stated(news, "place", say("where it occurred"))),
                say("Kind: {kind}", kind=say(KIND_TEMPLATES[news.nature])),
            ),
        ),
        (say("First view of the cause"), (cause(news, voice),)),
        (
            say("Extent and loss"),
            (summed(news, voice), say("Direct loss: {amount}", amount=_loss(news, voice))),
        ),
        (say("What we did to limit the loss"), tuple(done(news, voice))),
        (
            say("What we ask for"),
            (
                say(
                    "Please confirm that you have this notice, give us the number of the case, and "
                    "tell us whether you inspect and which papers you need. Until then the evidence"
                    " is kept as it is."
                ),
                _reach(sender, voice),
            ),
        ),
    )


def _vendor(news: News, sender: Sender, voice: Voice) -> tuple[Section, ...]:
    say = voice.say
    contract = sender.reference or voice.blank(say("number of the contract"))
    systems = voice.stated(news, "systems", say("product, version, server"))
    return _headed(
        voice,
        (
            say("Who asks"),
            (
                _organisation(sender, voice),
                say("Contract: {number}", number=contract),
                _reach(sender, voice),
            ),
        ),
        (
            say("What we see"),
            (
                say("Kind: {kind}", kind=say(KIND_TEMPLATES[news.nature])),
                say("Systems: {text}", text=systems),
                say("Extent: {text}", text=summed(news, voice)),
                say("Cause, as far as we know: {cause}", cause=cause(news, voice)),
            ),
        ),
        (say("What we did"), tuple(done(news, voice))),
        (
            say("What we ask for"),
            numbered(
                (
                    say("The number under which you keep this case, and who works on it."),
                    say("Whether a defect or an update of the product is known to do this."),
                    say("Which logs we should keep, and how we get them."),
                    say("Please change nothing on our systems before we have agreed to it."),
                )
            ),
        ),
    )


OWN: Mapping[str, Callable[[News, Sender, Voice], tuple[Section, ...]]] = {
    FINAL: _final,
    "police": _police,
    "lost-invoices": _tax,
    "insurer": _insurer,
    "vendor": _vendor,
}
"""Notices whose items the law register does not hold."""


def _headed(voice: Voice, *parts: tuple[str, tuple[str, ...]]) -> tuple[Section, ...]:
    return tuple(
        Words(voice.item(place, head), paragraphs)
        for place, (head, paragraphs) in enumerate(parts, 1)
    )


def _ending(news: News, register: Register, voice: Voice) -> tuple[Section, ...]:
    """Return what it stands on, and where it is signed."""
    rows = _rows(news.notice, register)
    basis = [Words(voice.say("Legal basis"), tuple(_cited(r, register, voice) for r in rows))]
    signed = Signatures(
        heading=voice.say("Signed and stamped"),
        signers=(voice.say("Head of the organisation"), voice.say("Handled by")),
        archive=voice.say("Document no.: ______________"),
    )
    return (*(basis if rows else ()), *((signed,) if news.notice in SEALED else ()))


def _rows(notice: str, register: Register) -> tuple[Cited, ...]:
    clock = next((each for each in register.clocks if each.id == notice), None)
    if clock is None:
        return ()
    if notice in AT_REPORTS:
        return clock, register.contents["cyberspace"]
    return (clock,)


def _cited(row: Cited, register: Register, voice: Voice) -> str:
    """Return an article; one that nobody has seen is marked, for whoever approves the letter."""
    if row.confidence != "knowledge":
        return register.cited(row.article, voice.pen.language)
    return voice.say(
        "{article} ({sure})",
        article=register.cited(row.article, voice.pen.language),
        sure=voice.say(CONFIDENCE_TEMPLATES[row.confidence]),
    )
