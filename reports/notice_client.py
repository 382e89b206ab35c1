"""Notices to a client: what happened to its books, how far we are, what we ask, whom to call.

For the owner of a company: calm, concrete, sorry.  It is about this client alone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from baozhang.incidents.model import Kind
from baozhang.incidents.notices import News
from reports.notice_words import (
    ACTION_TEMPLATES,
    HAPPENED_TEMPLATES,
    Voice,
    cause,
    done,
    loss_words,
    losses_of,
    rekeyed,
    totals,
)
from reports.page import Fact, Mark, Pairs, Section, Words
from reports.plaintext import clean

ADVICE_TEMPLATES: dict[Kind, str] = {
    "lost": "please keep all source documents and e-invoices, and enter nothing again for now.",
    "damaged": "please keep all source documents and e-invoices, and enter nothing again for now.",
    "tampered": "please do not rely on reports of late before you have asked us.",
    "ransomware": "please keep all source documents and e-invoices, and open no file that seems to "
    "come from us before you have asked us.",
    "leaked": "please distrust calls and messages that cite your accounting data, and pay nothing "
    "before you have asked us.",
    "unavailable": "please tell your accountant in charge what you need urgently.",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What one kind of notice says, in one language."""

    title: str
    mark: Mark
    sentence: str
    sections: tuple[Section, ...]
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Desk:
    """Who writes to the client, and whom it can ask."""

    agency: str
    lead: str  # the accountant in charge, by name
    line: str  # whom anybody may call or write to; "" where the settings say nothing


def client_notice(news: News, desk: Desk, voice: Voice) -> Said:
    """Return the notice of one client at its stage."""
    if news.stage == "follow-up":
        return _follow_up(news, desk, voice)
    if news.stage == "recovered":
        return _recovered(news, desk, voice)
    return _under_way(news, desk, voice)


def _under_way(news: News, desk: Desk, voice: Voice) -> Said:
    first = news.stage == "first"
    happened = voice.say(HAPPENED_TEMPLATES[news.nature])
    at = voice.moment(news.discovered)
    if first:
        title = voice.say("About your accounting data")
        sentence = voice.say(
            "On {at} {happened}. {action} We are sorry for the trouble this causes you.",
            at=at,
            happened=happened,
            action=voice.say(ACTION_TEMPLATES[news.nature]),
        )
    else:
        title = voice.say("Your accounting data: how far we are")
        sentence = voice.say(
            "Since our last notice we have gone on with the recovery of your accounting data. "
            "Thank you for your patience; here is where we stand."
        )
    return Said(
        title=title,
        mark=Mark("partial", voice.say("we are at it")),
        sentence=sentence,
        sections=tuple(_sections(news, desk, voice)),
        advice=voice.say(ADVICE_TEMPLATES[news.nature]),
    )


def _sections(news: News, desk: Desk, voice: Voice) -> Iterator[Section]:
    yield Words(
        voice.say("What happened"),
        (
            voice.say(
                "On {at} {happened}.",
                at=voice.moment(news.discovered),
                happened=voice.say(HAPPENED_TEMPLATES[news.nature]),
            ),
            voice.say("Cause, as far as we know: {cause}", cause=cause(news, voice)),
        ),
    )
    yield losses_of(news, voice)
    yield Words(voice.say("What we have done"), tuple(done(news, voice)))
    if again := rekeyed(news, voice):
        yield again
    yield Words(voice.say("Personal information"), tuple(_personal(news, voice)))
    yield Words(voice.say("Until then"), tuple(_until(news, voice)))
    yield _contact(news, desk, voice)


def _until(news: News, voice: Voice) -> Iterator[str]:
    """Yield what the client can count on while it waits."""
    yield voice.say(
        "We tell you how far we are at least every {time} until your data is back, and at once "
        "when there is something new.",
        time=voice.span(news.every),
    )
    if news.deadline:
        yield voice.say(
            "Your next filing day is {day}; the order of our work heeds it.",
            day=voice.pen.day(news.deadline),
        )
    if news.nature != "leaked" and (not news.scoped or any(e.clean for e in news.losses)):
        yield voice.say(
            "Should you need reports, ledgers or a filing before, ask the accountant in charge: we "
            "can give them to you from the last sound backup, for reading."
        )


def _personal(news: News, voice: Voice) -> Iterator[str]:
    """Yield what the client needs for its own duty to notify (PIPL arts. 57, 59)."""
    concerned = news.fact("personal_data")
    if concerned == "no":
        yield voice.say("As far as we have established, no personal information is concerned.")
        return
    if not concerned:
        yield voice.blank(voice.say("whether personal information is concerned"))
        yield voice.say(
            "Should your data hold personal information, such as pay or identity numbers, you may "
            "have to notify authority and persons under article 57 of the Personal Information "
            "Protection Law. We tell you what we find, and help you with it."
        )
        return
    yield voice.say(
        "Personal information is concerned. Under article 57 of the Personal Information "
        "Protection Law you may have to notify authority and persons; this is what we know for it."
    )
    kinds = voice.stated(news, "kinds", voice.say("kinds of information"))
    harm = voice.stated(news, "harm", voice.say("possible harm"))
    advice = voice.stated(news, "advice", voice.say("what the persons can do"))
    yield voice.say("Kinds: {kinds}. Possible harm: {harm}.", kinds=kinds, harm=harm)
    yield voice.say("What the persons can do: {advice}.", advice=advice)


def _contact(news: News, desk: Desk, voice: Voice) -> Pairs:
    facts = [
        Fact(voice.say("Organisation"), desk.agency),
        Fact(voice.say("Accountant in charge"), desk.lead),
    ]
    if desk.line:
        facts.append(Fact(voice.say("Call or write to us"), desk.line))
    facts.append(Fact(voice.say("Please name"), news.incident))
    return Pairs(voice.say("Whom to ask"), tuple(facts))


def _recovered(news: News, desk: Desk, voice: Voice) -> Said:
    back = news.reached("cut-over")
    if not back or not news.put:
        return _not_back(news, desk, voice) if news.missing else _ended(news, desk, voice)
    if news.missing:
        sentence = voice.say(
            "Part of your accounting data is back in use since {at}, part of it is not. We are "
            "sorry for that; below is what is back and what is still missing.",
            at=voice.moment(back),
        )
    else:
        sentence = voice.say(
            "Your accounting data is back in use since {at}. {well} Once more we apologise, and "
            "thank you for your patience.",
            at=voice.moment(back),
            well=_well(news, voice),
        )
    sections: list[Section] = [_result(news, voice)]
    if news.missing:
        sections.append(_still_missing(news, voice))
    if again := rekeyed(news, voice):
        sections.append(again)
    sections += [
        Words(
            voice.say("What happened"),
            (voice.say("Cause, as far as we know: {cause}", cause=cause(news, voice)),),
        ),
        Words(voice.say("Personal information"), tuple(_personal(news, voice))),
        Words(
            voice.say("What comes next"),
            (
                voice.say(
                    "In {time} we ask you whether all is well. How we keep this from happening "
                    "again is worked out in a review; you may ask us for its outcome.",
                    time=voice.span(news.follow_up),
                ),
            ),
        ),
        _contact(news, desk, voice),
    ]
    title, mark = voice.say("Your accounting data is back"), Mark("ok", voice.say("recovered"))
    if news.missing:
        title = voice.say("Your accounting data is back in part")
        mark = Mark("partial", voice.say("recovered in part"))
    return Said(
        title=title,
        mark=mark,
        sentence=sentence,
        sections=tuple(sections),
        advice=voice.say("please look at your latest reports and balances, and tell us of doubts."),
    )


def _well(news: News, voice: Voice) -> str:
    """Return how far what is in use was compared with its backup."""
    books, proven = totals(news.recovered)
    if not books or books != proven:
        return voice.say("Every file came back as it was backed up.")
    if all(each.checked for each in news.put):
        return voice.say("Every book was compared with its backup and equals it to the cent.")
    return voice.say(
        "Before that, every book was compared with its backup and equalled it to the cent; it was "
        "put into use by hand and has not been compared once more there."
    )


def _still_missing(news: News, voice: Voice) -> Pairs:
    facts = tuple(
        Fact(voice.say("Set {set}", set=clean(each.set, 64)), loss_words(each, voice))
        for each in news.missing
    )
    note = voice.say(
        "The accountant in charge gets in touch with you about how this is made up for; please "
        "keep all source documents until then."
    )
    return Pairs(voice.say("What is not back"), facts, note=note)


def _not_back(news: News, desk: Desk, voice: Voice) -> Said:
    """Return the notice of a recovery that is over and has brought nothing of a client's back."""
    return Said(
        title=voice.say("Your accounting data: not recovered so far"),
        mark=Mark("failed", voice.say("not recovered")),
        sentence=voice.say(
            "What we told you of on {at} could not be made good: your accounting data is not back "
            "in use. We are very sorry; below is what is missing.",
            at=voice.moment(news.discovered),
        ),
        sections=(
            _still_missing(news, voice),
            Words(voice.say("What we have done"), tuple(done(news, voice))),
            Words(voice.say("Personal information"), tuple(_personal(news, voice))),
            _contact(news, desk, voice),
        ),
        advice=voice.say("please keep all source documents and e-invoices, and talk to us."),
    )


def _ended(news: News, desk: Desk, voice: Voice) -> Said:
    """Return the notice of an incident that ended without anything being put back into use."""
    at = voice.moment(news.discovered)
    if news.scoped:
        sentence = voice.say(
            "What we told you of on {at} has been looked into, and the matter is closed. Nothing of"
            " yours had to be brought back. We are sorry for the worry.",
            at=at,
        )
    else:
        sentence = voice.say(
            "What we told you of on {at} is closed. Nothing of yours was brought back. We are "
            "sorry for the worry.",
            at=at,
        )
    return Said(
        title=voice.say("About your accounting data: the matter is closed"),
        mark=Mark("ok", voice.say("closed")),
        sentence=sentence,
        sections=(
            losses_of(news, voice),
            Words(voice.say("Personal information"), tuple(_personal(news, voice))),
            _contact(news, desk, voice),
        ),
    )


def _result(news: News, voice: Voice) -> Pairs:
    books, proven = totals(news.recovered)
    number = voice.pen.number
    facts = []
    if news.point:
        facts.append(Fact(voice.say("Data as it was on"), voice.moment(news.point)))
    if news.recovered:
        files = sum(each.files for each in news.recovered)
        facts.append(Fact(voice.say("Files brought back"), number(files)))
        told = voice.say(
            "{books}, equal to their backup: {proven}", books=number(books), proven=proven
        )
        facts.append(
            Fact(voice.say("Books"), told if books else voice.say("not proven at ledger level"))
        )
    if at := news.reached("cut-over"):
        facts.append(Fact(voice.say("In use again since"), voice.moment(at)))
        facts.append(
            Fact(
                voice.say("From discovery until then"),
                voice.pen.duration(at - news.discovered),
            )
        )
    note = "" if facts else voice.blank(voice.say("result of the recovery"))
    return Pairs(voice.say("What came back"), tuple(facts), note=note)


def _follow_up(news: News, desk: Desk, voice: Voice) -> Said:
    checks = (
        voice.say("The balances of the latest closed period agree with your own copy."),
        voice.say("The vouchers of the latest period are complete, and their numbers have no gap."),
        voice.say("Reports and tax returns that you need can be made."),
    )
    questions = (
        voice.say("Were you told in time, and in words that helped?"),
        voice.say("Are you satisfied with what came back, and how soon?"),
        voice.say("What should we do better?"),
    )
    return Said(
        title=voice.say("Is all well with your accounting data?"),
        mark=Mark("ok", voice.say("follow-up")),
        sentence=voice.say(
            "Some days ago your accounting data came back into use. We should like to be sure that "
            "all is well, and to hear how you found it; a few words in reply are enough."
        ),
        sections=(
            Words(voice.say("Please look whether"), numbered(checks)),
            Words(voice.say("We should like to know"), numbered(questions)),
            _contact(news, desk, voice),
        ),
    )


def numbered(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return lines with their numbers before them."""
    return tuple(f"{place}. {line}" for place, line in enumerate(lines, 1))
