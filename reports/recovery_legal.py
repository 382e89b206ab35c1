"""The complete report on a recovery (数据恢复报告·完整版): for whoever has to answer for it.

Every moment, loss, approval, backup point, copy, notice and gap, each with its time, hash and hand.
It claims nothing that the journal, the custody register or the law register does not hold.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from baozhang.incidents.set_records import SetRecord
from baozhang.incidents.timeline import Moment, Name, Word
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import recovery, telling
from reports import recovery_value as words
from reports.notice_words import Voice, notice_word
from reports.page import Fact, Letter, Mark, Pairs, Row, Section, Signatures, Table, Words
from reports.plaintext import clean
from reports.recovery_value import Custody, Duty, Envelope, Recovery, Said, Sent
from reports.writing import Pen, pen

KIND: Final = "recovery-legal"
MOST_ROWS = 400
SHOWN_HASH = 16  # hexadecimal digits in a table; the evidence at the end has the whole of one


def render_recovery_legal(
    value: Recovery,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "auditor",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the complete report on a recovery.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    said = Said(
        template="recovery_legal",
        title=words.title_of(value, writer.gettext("Recovery report, complete"), writer),
        reader=writer.gettext("management, counsel and auditors"),
        verdict=words.verdict(value, writer),
        sentence=words.sentence(value, writer),
        news=recovery.news(value, writer),
        sections=tuple(_sections(value, writer)),
        more_evidence=(
            Fact(writer.gettext("Events of the journal"), writer.number(value.events)),
            Fact(writer.gettext("Hash of the last event"), value.head),
        ),
    )
    return words.letter(value, said, Envelope(KIND, number, audience, gate, pdf), writer)


def _sections(value: Recovery, pen: Pen) -> list[Section]:
    return [
        Pairs(pen.gettext("Facts"), _facts(value, pen)),
        Words(pen.gettext("What is not known, or was not done"), words.gap_sentences(value, pen)),
        moments(value, pen),
        *recovery.pictures(value, pen),
        *([_sets(value, pen)] if value.timeline.sets else []),
        _approvals(value, pen),
        Pairs(
            pen.gettext("People"),
            tuple(
                Fact(each.person, pen.gettext(", ").join(_roles(each.roles, pen)))
                for each in value.people
            ),
            pen.gettext("Nobody of the agency stands in the journal.") if not value.people else "",
        ),
        _custody(value, pen),
        *_law(value, pen),
        _notices(value, pen),
        Words(pen.gettext("Begun again"), _again(value, pen)),
        Words(pen.gettext("To be keyed in again"), tuple(recovery.owed(value, pen))),
        Signatures(
            pen.gettext("Signatures and stamp"),
            (
                pen.gettext("Prepared by"),
                pen.gettext("Reviewed by"),
                pen.gettext("Person in charge"),
            ),
            pen.gettext("Archive number:"),
        ),
    ]


def _facts(value: Recovery, pen: Pen) -> tuple[Fact, ...]:
    line = value.timeline
    return (
        Fact(pen.gettext("Agency"), clean(value.agency, 80)),
        Fact(pen.gettext("Noticed by"), clean(line.noticed_by, 64)),
        *recovery.figures(value, pen),
        Fact(pen.gettext("Plans made"), pen.number(line.plans)),
        Fact(
            pen.gettext("The plan's time rests on"),
            _estimate(line.estimate_rests_on, pen),
        ),
        Fact(
            pen.gettext("Stop orders"),
            pen.gettext(
                "%(sources)s sources, %(read_only)s of them set read-only; %(people)s people told, "
                "%(acknowledged)s acknowledged",
                sources=pen.number(line.stop.sources),
                read_only=pen.number(line.stop.read_only),
                people=pen.number(line.stop.people),
                acknowledged=pen.number(line.stop.acknowledged),
            ),
        ),
        Fact(
            pen.gettext("Damaged backup points passed over"),
            words.listed(line.struck, pen) or pen.gettext("none"),
        ),
    )


def _estimate(measured: int | None, pen: Pen) -> str:
    if measured is None:
        return pen.gettext("there was no plan")
    if not measured:
        return pen.gettext("a guess")
    return pen.ngettext("%(n)s measured restore", "%(n)s measured restores", measured)


# --- when, and who said so ------------------------------------------------------------------------


def moments(value: Recovery, pen: Pen) -> Pairs:
    """Return every moment, its instant and who did it; one that no event tells says so."""
    called = moment_words(pen)
    order = _order(value, called)
    there = {each.name: each for each in value.timeline.moments}
    return Pairs(
        pen.gettext("Timeline (Shanghai time)"),
        tuple(
            Fact(words_, _moment(value, there.get(name), pen))
            for name, words_ in sorted(called.items(), key=lambda pair: order[pair[0]])
        ),
    )


def _moment(value: Recovery, each: Moment | None, pen: Pen) -> str:
    if each is None:
        return pen.gettext("not recorded")
    told = {"at": pen.instant(each.at), "who": clean(each.actor, 40)}
    if each.name == "discovered":
        return pen.gettext("%(at)s, %(who)s", **told)
    after = pen.duration(each.at - value.timeline.discovered)
    return pen.gettext("%(at)s, after %(after)s, %(who)s", after=after, **told)


def _order(value: Recovery, names: Iterable[Name]) -> dict[Name, datetime]:
    """Return where each moment stands: what no event tells stands where it should have come."""
    last, found = value.timeline.discovered, {}
    for name in names:
        found[name] = value.timeline.at(name) or last
        last = max(last, found[name])
    return found


def moment_words(pen: Pen) -> dict[Name, str]:
    """Return what each moment is called, in their order; the closing comes after the report."""
    return {
        "discovered": pen.gettext("Discovered"),
        "opened": pen.gettext("Opened"),
        "paged": pen.gettext("People called"),
        "acknowledged": pen.gettext("Somebody answered"),
        "stopped": pen.gettext("Stop ordered"),
        "scoped": pen.gettext("Loss scoped"),
        "planned": pen.gettext("First plan"),
        "plan-asked": pen.gettext("Plan put up for approval"),
        "plan-approved": pen.gettext("Plan approved"),
        "restored": pen.gettext("Last set restored"),
        "proven": pen.gettext("Last set proven"),
        "cut-over-asked": pen.gettext("Cut-over put up for approval"),
        "cut-over-approved": pen.gettext("Cut-over approved"),
        "cut-over": pen.gettext("Everything in use"),
        "service-checked": pen.gettext("Service found well"),
        "lifted": pen.gettext("Stop lifted"),
    }


def _approvals(value: Recovery, pen: Pen) -> Section:
    line = value.timeline
    heading = pen.gettext("Approvals")
    if not line.words:
        return Words(heading, (pen.gettext("Nobody approved or refused anything."),))
    return Table(
        heading=heading,
        first=pen.gettext("Gate"),
        heads=(pen.gettext("Who"), pen.gettext("When")),
        rows=tuple(_word(each, pen) for each in line.words),
    )


def _word(each: Word, pen: Pen) -> Row:
    approved = each.word == "approve"
    mark = Mark(
        "ok" if approved else "failed",
        pen.gettext("approved") if approved else pen.gettext("refused"),
    )
    means = {"code": pen.gettext("one-time code"), "seal": pen.gettext("sealed code")}
    return Row(
        gate_word(each.gate, pen),
        mark,
        (clean(each.person, 40), pen.instant(each.at)),
        (
            pen.gettext(
                "hash of what was approved: %(hash)s; proved by: %(means)s",
                hash=each.digest,
                means=means.get(each.means, clean(each.means, 20) or "–"),
            ),
        ),
    )


def gate_word(gate: str, pen: Pen) -> str:
    """Return what a gate is called."""
    words_ = {
        "plan": pen.gettext("Plan"),
        "cut-over": pen.gettext("Cut-over"),
        "review": pen.gettext("Review"),
        "notices": pen.gettext("Notices"),
    }
    return words_.get(gate, clean(gate, 40))


def _roles(roles: tuple[str, ...], pen: Pen) -> list[str]:
    called = {
        "operator": pen.gettext("IT operator"),
        "on_call": pen.gettext("on call"),
        "approver": pen.gettext("approver"),
        "accountant": pen.gettext("accountant"),
        "manager": pen.gettext("manager"),
        "auditor": pen.gettext("auditor"),
    }
    return [called.get(role, clean(role, 20)) for role in roles]


# --- sets and copies ------------------------------------------------------------------------------


def _sets(value: Recovery, pen: Pen) -> Table:
    sets = value.timeline.sets
    shown = sets[:MOST_ROWS]
    reasons = {(client, part): (point, why) for client, part, point, why in value.evidence}
    return Table(
        heading=pen.gettext("Set by set"),
        first=pen.gettext("Set"),
        heads=(
            pen.gettext("Files"),
            pen.gettext("Books proven"),
            pen.gettext("Vouchers to key in"),
        ),
        rows=tuple(
            _set(each, value, reasons.get((each.client, each.set), ("", "")), pen) for each in shown
        ),
        more=""
        if len(shown) == len(sets)
        else pen.gettext(
            "%(shown)s of %(all)s rows are shown.",
            shown=pen.number(len(shown)),
            all=pen.number(len(sets)),
        ),
    )


def _set(each: SetRecord, value: Recovery, kept: tuple[str, str], pen: Pen) -> Row:
    owed = each.owed
    return Row(
        name=telling.called(f"{each.client}/{each.set}", pen),
        mark=recovery.mark(each, value, pen),
        cells=(
            "–" if each.files is None else pen.number(each.files),
            "–" if each.books is None else f"{pen.number(each.proven)}/{pen.number(each.books)}",
            "–" if owed is None else pen.number(owed.vouchers) if owed.known else "?",
        ),
        below=tuple(filter(None, _below(each, kept, pen))),
    )


def _below(each: SetRecord, kept: tuple[str, str], pen: Pen) -> list[str]:
    evidence = kept[0] or each.evidence
    told = [recovery.lost_words(each, pen)]
    if each.lost is not None and each.lost.periods:
        periods = words.listed(each.lost.periods, pen)
        told.append(pen.gettext("periods hit: %(periods)s", periods=periods))
    if each.point and each.point_at:
        told.append(
            pen.gettext(
                "came back from %(point)s of %(at)s",
                point=clean(each.point, 64),
                at=pen.instant(each.point_at),
            )
        )
    told.append(
        pen.gettext("evidence of what was there: %(point)s", point=clean(evidence, 64))
        if evidence
        else pen.gettext("no evidence of what was there: %(why)s", why=clean(kept[1], 40) or "–")
    )
    if each.in_use:
        told.append(_use(each, pen))
    return told


def _use(each: SetRecord, pen: Pen) -> str:
    how = (
        pen.gettext("put into use in one step")
        if each.how == "atomic"
        else pen.gettext("put into use by people, step by step")
    )
    read = pen.gettext("read again and equal") if each.checked else pen.gettext("not read again")
    kept = pen.gettext("what was there lies beside it") if each.kept else ""
    return pen.gettext("; ").join(filter(None, (how, read, kept)))


def _custody(value: Recovery, pen: Pen) -> Section:
    heading = pen.gettext("Decrypted copies, and the proof of their destruction")
    if not value.copies:
        return Words(heading, (pen.gettext("The custody register holds none of this incident."),))
    return Table(
        heading=heading,
        first=pen.gettext("Copy"),
        heads=(pen.gettext("Destroyed on"), pen.gettext("Files")),
        rows=tuple(_copy(each, pen) for each in value.copies[:MOST_ROWS]),
    )


def _copy(each: Custody, pen: Pen) -> Row:
    ended = each.ended
    ways = {
        "removed": pen.gettext("counted, removed, looked for"),
        "gone": pen.gettext("was gone already"),
        "withdrawn": pen.gettext("never made"),
    }
    return Row(
        clean(each.copy, 40),
        Mark("ok", pen.gettext("Destroyed"))
        if ended
        else Mark("failed", pen.gettext("Still there")),
        (
            pen.instant(ended) if ended else "–",
            pen.number(each.files),
        ),
        (
            pen.gettext(
                "%(set)s, %(point)s, opened by %(who)s on %(at)s",
                at=pen.instant(each.opened),
                set=f"{each.client}/{each.set}",
                point=clean(each.snapshot, 64),
                who=clean(each.opener, 40),
            )
            + (pen.gettext("; ") + ways.get(each.how, clean(each.how, 20)) if ended else ""),
        ),
    )


# --- law and notices ------------------------------------------------------------------------------


def _law(value: Recovery, pen: Pen) -> list[Section]:
    heading = pen.gettext("Duties of the law register")
    if not value.duties:
        return [Words(heading, (pen.gettext("They were not looked at for this incident."),))]
    shown = [each for each in value.duties if each.answer != "no"]
    no = len(value.duties) - len(shown)
    return [
        Table(
            heading=heading,
            first=pen.gettext("To whom"),
            heads=(pen.gettext("By (Shanghai time)"),),
            rows=tuple(_duty(each, pen) for each in shown),
            more=pen.ngettext("%(n)s does not apply.", "%(n)s do not apply.", no) if no else "",
        )
    ]


def _duty(each: Duty, pen: Pen) -> Row:
    marks = {
        "yes": Mark("partial", pen.gettext("required")),
        "review": Mark("inconclusive", pen.gettext("a qualitative review is required")),
        "unknown": Mark("inconclusive", pen.gettext("not known")),
    }
    sure = {
        "text": pen.gettext("read in full"),
        "page": pen.gettext("seen quoted"),
        "fragment": pen.gettext("seen in part"),
        "knowledge": pen.gettext("to be confirmed by counsel"),
    }
    return Row(
        words.twin(each.to, pen),
        marks[each.answer],
        (_limit(each, pen),),
        (
            words.twin(each.do, pen),
            pen.gettext(
                "%(article)s (%(sure)s)",
                article=each.article,
                sure=sure.get(each.confidence, each.confidence),
            ),
        ),
    )


def _limit(each: Duty, pen: Pen) -> str:
    if each.by is None:
        return "–"
    at = pen.instant(each.by)
    if each.answer != "yes":
        return pen.gettext("if so, by %(at)s", at=at)
    return at if each.lawful else pen.gettext("%(at)s (our own measure)", at=at)


def _notices(value: Recovery, pen: Pen) -> Section:
    heading = pen.gettext("Notices and their receipts")
    if not value.notices:
        return Words(heading, (pen.gettext("None stands in the journal."),))
    return Table(
        heading=heading,
        first=pen.gettext("Notice"),
        heads=(pen.gettext("Sent"),),
        rows=tuple(_notice(each, pen) for each in value.notices[:MOST_ROWS]),
    )


def _notice(each: Sent, pen: Pen) -> Row:
    notice = notice_word(each.notice, Voice(pen))
    name = f"{notice} {each.client}" if each.client else notice
    mark = Mark("ok", pen.gettext("received"))
    if each.receipt is None:
        mark = Mark("partial", pen.gettext("no receipt"))
    return Row(
        clean(name, 60),
        mark,
        (pen.instant(each.sent) if each.sent else "–",),
        _receipt(each, pen),
    )


def _receipt(each: Sent, pen: Pen) -> tuple[str, ...]:
    if each.receipt is None:
        return ()
    return (
        pen.gettext(
            "receipt of %(at)s, known by: %(means)s",
            at=pen.instant(each.receipt),
            means=_means(each.means, pen),
        ),
    )


def _means(means: str, pen: Pen) -> str:
    known = {
        "smtp": pen.gettext("mail server"),
        "telephone": pen.gettext("telephone"),
        "portal": pen.gettext("portal"),
        "paper": pen.gettext("paper"),
        "drill": pen.gettext("played in the drill"),
    }
    return known.get(means, clean(means, 20) or "–")


def _again(value: Recovery, pen: Pen) -> tuple[str, ...]:
    again = value.timeline.again
    if not again:
        return (pen.gettext("No step had to be begun a second time."),)
    return tuple(
        pen.gettext(
            "%(step)s: begun %(times)s times, done %(at)s",
            step=clean(each.name, 80),
            times=pen.number(each.attempts),
            at=pen.instant(each.done) if each.done else pen.gettext("never"),
        )
        for each in again[:MOST_ROWS]
    )
