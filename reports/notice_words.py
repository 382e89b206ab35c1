"""What notices have in common: what happened, what is lost in accounting terms, what was done.

Nothing here guesses: where the news has no word, a blank says what is still to be found out.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from baozhang.clock import SHANGHAI
from baozhang.incidents.model import Kind, Loss, Recovered
from baozhang.incidents.notices import News
from baozhang.policies.law.register import load_register
from baozhang.words import say
from reports.page import Fact, Pairs, Section, Words
from reports.plaintext import clean
from reports.writing import Pen

MOST_PERIODS = 6  # named one by one; more are told as the first and the last

HAPPENED_TEMPLATES: dict[Kind, str] = {
    "lost": "accounting data was found to be missing",
    "damaged": "accounting data was found to be damaged",
    "tampered": "accounting data was found to have been changed without authority",
    "ransomware": "accounting data was found to be encrypted, as by ransomware",
    "leaked": "accounting data may have come into the wrong hands",
    "unavailable": "accounting data could not be reached",
}
KIND_TEMPLATES: dict[Kind, str] = {
    "lost": "loss of data",
    "damaged": "damaged data",
    "tampered": "data changed without authority",
    "ransomware": "ransomware (suspected)",
    "leaked": "leak of data (suspected)",
    "unavailable": "data or system out of reach",
}
ACTION_TEMPLATES: dict[Kind, str] = {
    "lost": "We have started to bring it back from its backup.",
    "damaged": "We have started to bring it back from its backup.",
    "tampered": "We have started to compare it with its backup, entry by entry.",
    "ransomware": "We have started to bring it back from its backup, which is kept apart.",
    "leaked": "We are finding out what is concerned, and preserve every trace.",
    "unavailable": "We have started to make it available again.",
}


NAME_TEMPLATES = {
    "clients": "client",
    "insurer": "insurer",
    "vendor": "vendor",
}
FACT_TEMPLATES = {
    "role": "the agency's role",
    "personal_data": "whether personal information is concerned",
    "persons": "how many persons",
    "loss_fen": "the direct loss",
    "client_data": "whether clients' data is concerned",
    "critical_infrastructure": "whether it is critical infrastructure",
    "central_organ": "whether a central organ is concerned",
    "harm_to_others": "whether others are harmed",
    "harm_avoided": "whether harm was avoided",
    "suspected_crime": "whether a crime is suspected",
    "paper_invoices_lost": "whether paper invoices were lost",
}
"""The facts that a duty may hang on."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Says a notice's words in one language."""

    pen: Pen

    def say(self, template: str, /, **facts: object) -> str:
        """Return the template in the letter's language, filled."""
        return say(template, spoken=self.pen.language, **facts)

    def moment(self, at: datetime) -> str:
        """Write an instant to the minute, as people say it."""
        local = at.astimezone(SHANGHAI)
        return f"{self.pen.day(local.date())} {local:%H:%M}"

    def span(self, seconds: int) -> str:
        """Write a span of time: whole days as days, else in its two top units."""
        time = timedelta(seconds=seconds)
        if time > timedelta(days=1) and not time % timedelta(days=1):
            return self.say("{count} days", count=time.days)
        return self.pen.duration(time)

    def blank(self, what: str) -> str:
        """Return the blank for something that is not known; `what` is in the letter's language."""
        return self.say("[to be added: {what}]", what=what)

    def stated(self, news: News, name: str, what: str) -> str:
        """Return what people stated of something, or its blank."""
        return clean(news.fact(name), 400) or self.blank(what)

    def item(self, place: int, words: str) -> str:
        """Return a heading with its number before it, as official letters write it."""
        if self.pen.language.startswith("zh"):
            return f"{'一二三四五六七八九十'[place - 1]}、{words}"
        return f"{place}. {words}"

    def joined(self, sentences: Iterable[str]) -> str:
        """Return sentences one behind the other: Chinese has no blanks between them."""
        return ("" if self.pen.language.startswith("zh") else " ").join(sentences)

    def listed(self, parts: Iterable[str]) -> str:
        """Return the parts one behind the other."""
        return self.say(", ").join(parts)


def notice_word(notice: str, voice: Voice) -> str:
    """Return whom a notice is for, in a word."""
    if notice in NAME_TEMPLATES:
        return voice.say(NAME_TEMPLATES[notice])
    clock = next((each for each in load_register().clocks if each.id == notice), None)
    return clock.to.said(voice.pen.language) if clock else clean(notice, 40)


def cause(news: News, voice: Voice) -> str:
    """Return the cause as far as it is believed, or its blank."""
    return voice.stated(news, "cause", voice.say("cause; it is being looked into"))


def periods(loss: Loss, voice: Voice) -> str:
    """Return the accounting periods that a loss hits."""
    named = loss.periods
    if len(named) > MOST_PERIODS:
        return voice.say("{first} to {last}", first=named[0], last=named[-1])
    return voice.listed(named) or voice.say("none")


def money(losses: Iterable[Loss], voice: Voice) -> str:
    """Return the debit of lost and changed vouchers, currency by currency."""
    sums: dict[str, int] = {}
    for each in losses:
        if each.amount:
            sums[each.currency] = sums.get(each.currency, 0) + each.amount
    told = (voice.pen.money(amount, currency) for currency, amount in sorted(sums.items()))
    return voice.listed(told) or voice.pen.money(0, "")


def loss_words(loss: Loss, voice: Voice) -> str:
    """Return one set's loss in accounting terms, in a sentence."""
    if not loss.clean:
        return voice.blank(voice.say("what is lost; there is nothing to compare with"))
    if loss.nothing:
        return voice.say("compared with the backup: nothing is missing and nothing differs.")
    words = []
    if not loss.readable:
        words.append(voice.say("It cannot be read now, so all of it counts as missing."))
    if loss.vouchers_lost or loss.vouchers_changed:
        words.append(
            voice.say(
                "Vouchers missing: {lost}, changed: {changed}; amount: {amount}; accounting "
                "periods: {periods}.",
                lost=voice.pen.number(loss.vouchers_lost),
                changed=voice.pen.number(loss.vouchers_changed),
                amount=money([loss], voice),
                periods=periods(loss, voice),
            )
        )
    if loss.files_lost or loss.files_changed:
        words.append(
            voice.say(
                "Files missing: {lost}, changed: {changed}.",
                lost=voice.pen.number(loss.files_lost),
                changed=voice.pen.number(loss.files_changed),
            )
        )
    return voice.joined(words)


def losses_of(news: News, voice: Voice) -> Pairs:
    """Return the losses of one client, set by set."""
    heading = voice.say("What is affected")
    if not news.scoped:
        waiting = voice.say("what is affected; it is being compared with the last sound backup")
        return Pairs(heading, (), note=voice.blank(waiting))
    facts = tuple(
        Fact(voice.say("Set {set}", set=clean(each.set, 64)), loss_words(each, voice))
        for each in news.losses
    )
    return Pairs(heading, facts, note="" if facts else voice.blank(voice.say("what is affected")))


def summed(news: News, voice: Voice) -> str:
    """Return the loss of everybody together, without a name."""
    if not news.scoped:
        return voice.blank(voice.say("extent of the loss; it is being compared"))
    hit = [each for each in news.losses if not each.nothing]
    if not hit:
        return voice.say("Compared with the backups: nothing is missing and nothing differs.")
    blind = sum(not each.clean for each in hit)
    words = voice.say(
        "clients: {clients}, sets: {sets}; vouchers missing: {lost}, changed: {changed}; amount: "
        "{amount}; files missing or changed: {files}.",
        clients=voice.pen.number(len({each.client for each in hit})),
        sets=voice.pen.number(len(hit)),
        lost=voice.pen.number(sum(each.vouchers_lost for each in hit)),
        changed=voice.pen.number(sum(each.vouchers_changed for each in hit)),
        amount=money(hit, voice),
        files=voice.pen.number(sum(each.files_lost + each.files_changed for each in hit)),
    )
    if blind:
        count = voice.say(
            "loss of further sets, {count} in number; there is nothing to compare with", count=blind
        )
        return words + voice.blank(count)
    return words


def done(news: News, voice: Voice) -> Iterator[str]:
    """Yield what was done so far, oldest first, each with its instant."""
    yield voice.say("{at}: the emergency plan was started.", at=voice.moment(news.opened))
    if news.stopped:
        yield voice.say("Work on the data concerned was stopped, to prevent further harm.")
    if news.preserved:
        yield voice.say(
            "What is there now was stored first, unchanged, as evidence and as the way back."
        )
    if at := news.reached("plan-approved"):
        yield _planned(news, at, voice)
    if (at := news.reached("restored")) and news.recovered:
        yield _restored(news, at, voice)
    if (at := news.reached("cut-over")) and news.put:
        yield voice.say("{at}: the recovered data was put back into use.", at=voice.moment(at))
        if news.missing:
            yield voice.say(
                "Not back in use so far: {count} of the sets that are affected.",
                count=voice.pen.number(len(news.missing)),
            )


def _planned(news: News, at: datetime, voice: Voice) -> str:
    words = voice.say("{at}: the recovery plan was approved", at=voice.moment(at))
    if news.point:
        words += voice.say("; data comes back as it was on {point}", point=voice.moment(news.point))
    if not news.seconds:
        return words + voice.say(".")
    if not news.measured:
        return words + voice.say(
            "; it should take about {time} (an estimate that no measurement backs).",
            time=voice.span(news.seconds),
        )
    return words + voice.say("; it should take about {time}.", time=voice.span(news.seconds))


def _restored(news: News, at: datetime, voice: Voice) -> str:
    books, proven = totals(news.recovered)
    if books and books == proven:
        return voice.say(
            "{at}: the data was brought back apart from the live system, and every book equals its "
            "backup in every voucher and every total.",
            at=voice.moment(at),
        )
    return voice.say(
        "{at}: the data was brought back apart from the live system, every file as it was backed "
        "up; it was not proven at ledger level.",
        at=voice.moment(at),
    )


def totals(recovered: Iterable[Recovered]) -> tuple[int, int]:
    """Return how many books came back, and how many equal their proofs."""
    found = tuple(recovered)
    return sum(each.books for each in found), sum(each.proven for each in found)


def rekeyed(news: News, voice: Voice) -> Section | None:
    """Return what must be entered again; None: nothing came back, or nothing has to be."""
    vouchers = sum(each.vouchers_to_key for each in news.recovered)
    invoices = sum(each.invoices_to_key for each in news.recovered)
    unknown = voice.say(
        "Whether anything that was entered after the backup has to be entered again, could not be "
        "found out in full; the accountant in charge clears it up with you."
    )
    blind = _is_blind(news)
    if not vouchers and not invoices:
        return Words(voice.say("What is to be entered again"), (unknown,)) if blind else None
    sums: dict[str, int] = {}
    for each in news.recovered:
        sums[each.currency] = sums.get(each.currency, 0) + each.amount_to_key
    amount = voice.listed(voice.pen.money(sums[c], c) for c in sorted(sums) if sums[c])
    words = voice.say(
        "Of after the backup, to be entered again: vouchers {vouchers} ({amount}), invoices "
        "{invoices}. We do that; the list of the source documents that are needed comes from the "
        "accountant in charge.",
        vouchers=voice.pen.number(vouchers),
        amount=amount or voice.pen.money(0, ""),
        invoices=voice.pen.number(invoices),
    )
    told = (words, unknown) if blind else (words,)
    return Words(voice.say("What is to be entered again"), told)


def _is_blind(news: News) -> bool:
    """Tell whether what was there could not be read, where something came back in its place."""
    back = {(each.client, each.set) for each in news.recovered}
    return any(not each.readable for each in news.losses if (each.client, each.set) in back)
