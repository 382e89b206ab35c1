"""The recovery report for managers (数据恢复报告): what happened, how long, what is left to do.

Short: the verdict in a sentence, the figures that were promised beside those measured, what nobody
knows, when what happened, each set in a row, and what has to be keyed in again.
"""

from datetime import timedelta
from typing import Final

from baozhang.catalog.model import Status
from baozhang.incidents.planning import LEFT_OUT_TEMPLATES
from baozhang.incidents.set_records import SetRecord
from baozhang.incidents.timeline import PHASES, Name
from baozhang.masking import Gate
from baozhang.words import CHINESE, say
from reports import recovery_value as words
from reports import telling
from reports.figures import WORST_FIRST
from reports.page import (
    Chart,
    Fact,
    Letter,
    Mark,
    Pairs,
    Picture,
    Row,
    Section,
    Series,
    Table,
    Words,
)
from reports.plaintext import clean
from reports.recovery_value import Envelope, Recovery, Said
from reports.writing import Pen, pen

KIND: Final = "recovery"
MOST_ROWS = 60  # sets in the table, the worst first; the complete version has them all
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
SHORT = 3 * MINUTE  # what took no longer is drawn in seconds


def render_recovery(
    value: Recovery,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the report on a recovery for managers.

    Raises:
        UsageError: a language without letters.
    """
    writer = pen(language)
    said = Said(
        template="recovery",
        title=words.title_of(value, writer.gettext("Recovery report"), writer),
        reader=telling.audience_word(audience, writer),
        verdict=words.verdict(value, writer),
        sentence=words.sentence(value, writer),
        news=news(value, writer),
        sections=tuple(_sections(value, writer)),
    )
    return words.letter(value, said, Envelope(KIND, number, audience, gate, pdf), writer)


def news(value: Recovery, pen: Pen) -> str:
    """Return the verdict in a few words, for a subject."""
    rto = value.timeline.rto
    if rto is None:
        return pen.gettext("the recovery is not over")
    if value.timeline.sets and not value.back:
        return pen.gettext("no set is in use again")
    return pen.gettext(
        "%(back)s of %(all)s sets in use, after %(took)s",
        back=pen.number(len(value.back)),
        all=pen.number(len(value.timeline.sets)),
        took=pen.duration(rto),
    )


def _sections(value: Recovery, pen: Pen) -> list[Section]:
    return [
        Pairs(pen.gettext("Promised and measured"), figures(value, pen)),
        Words(pen.gettext("What is not known, or was not done"), words.gap_sentences(value, pen)),
        *pictures(value, pen),
        *([table(value, pen, MOST_ROWS)] if value.timeline.sets else []),
        Words(pen.gettext("To be keyed in again"), tuple(owed(value, pen))),
    ]


def figures(value: Recovery, pen: Pen, longest: int = words.LONGEST_CAUSE) -> tuple[Fact, ...]:
    """Return what was promised and what was measured; of the cause so many characters."""
    line = value.timeline
    cause = value.cause or pen.gettext("not filled in yet")
    return (
        Fact(pen.gettext("What happened"), words.kind_word(line.kind, pen)),
        Fact(pen.gettext("Cause, as believed so far"), clean(cause, longest)),
        Fact(pen.gettext("Clients hit"), pen.number(len(line.clients))),
        Fact(pen.gettext("Discovered (Shanghai time)"), pen.instant(line.discovered)),
        Fact(pen.gettext("Recovery time"), _recovery_time(value, pen)),
        Fact(pen.gettext("Data lost, in time"), _behind(value, pen)),
        Fact(pen.gettext("Restores, planned and measured"), _restores(value, pen)),
        Fact(pen.gettext("Waited for approvals"), span(line.waited, pen)),
    )


def span(time: timedelta | None, pen: Pen) -> str:
    """Return a duration, or that it is not known."""
    return pen.gettext("not known") if time is None else pen.duration(time)


def _recovery_time(value: Recovery, pen: Pen) -> str:
    rto = value.timeline.rto
    promised = pen.duration(value.objective)
    if rto is None or (value.timeline.sets and not value.back):
        return pen.gettext("not known; promised %(promised)s", promised=promised)
    opened = value.timeline.between("opened", "service-checked")
    return pen.gettext(
        "%(took)s from discovery, %(opened)s from opening; promised %(promised)s",
        took=pen.duration(rto),
        opened=span(opened, pen),
        promised=promised,
    )


def _behind(value: Recovery, pen: Pen) -> str:
    behind = value.timeline.behind
    if behind is None:
        return pen.gettext("not known")
    return pen.gettext("at most %(time)s before the discovery", time=pen.duration(behind))


def _restores(value: Recovery, pen: Pen) -> str:
    line = value.timeline
    if line.planned is None or line.measured is None:
        return pen.gettext("not known")
    told = pen.gettext(
        "%(planned)s planned, %(measured)s measured",
        planned=pen.duration(line.planned),
        measured=pen.duration(line.measured),
    )
    return told + (pen.gettext("; the plan was a guess") if not line.estimate_rests_on else "")


# --- the picture ----------------------------------------------------------------------------------


def pictures(value: Recovery, pen: Pen) -> list[Picture]:
    """Return the chart of what took how long; none where nothing is known."""
    chart = phases_chart(value, pen)
    return [Picture(pen.gettext("What took how long"), chart)] if chart else []


def phases_chart(value: Recovery, pen: Pen) -> Chart | None:
    """Return when each stretch of the recovery began and ended since the discovery."""
    found = [
        (phase_word(pair, pen), begun, ended)
        for pair in PHASES
        if (begun := value.timeline.between("discovered", pair[0])) is not None
        and (ended := value.timeline.between("discovered", pair[1])) is not None
        and ended >= begun
    ]
    if not found:
        return None
    told = [
        pen.gettext(
            "%(phase)s: %(time)s, from %(begun)s after the discovery",
            phase=phase,
            time=pen.duration(ended - begun),
            begun=pen.duration(begun),
        )
        for phase, begun, ended in found
    ]
    brief = max(ended for _, _, ended in found) <= SHORT
    unit = SECOND if brief else MINUTE
    return Chart(
        form="spans",
        title=pen.gettext("From the discovery on"),
        unit=pen.gettext("seconds") if brief else pen.gettext("minutes"),
        ticks=tuple(phase for phase, _, _ in found),
        series=(
            Series(pen.gettext("begun"), tuple(begun / unit for _, begun, _ in found)),
            Series(pen.gettext("ended"), tuple(ended / unit for _, _, ended in found)),
        ),
        alt=pen.gettext("; ").join(told) + pen.gettext("."),
        target=(value.objective / unit, pen.gettext("recovery time objective")),
    )


def phase_word(pair: tuple[Name, Name], pen: Pen) -> str:
    """Return what a stretch of the recovery is called."""
    words = {
        ("discovered", "opened"): pen.gettext("until it was opened"),
        ("opened", "acknowledged"): pen.gettext("until somebody answered"),
        ("opened", "planned"): pen.gettext("stopping, scoping, planning"),
        ("plan-asked", "plan-approved"): pen.gettext("approval of the plan"),
        ("plan-approved", "proven"): pen.gettext("restoring and proving"),
        ("cut-over-asked", "cut-over-approved"): pen.gettext("approval of the cut-over"),
        ("cut-over-approved", "cut-over"): pen.gettext("cut-over"),
        ("cut-over", "service-checked"): pen.gettext("service check"),
        ("service-checked", "lifted"): pen.gettext("lifting the stop"),
    }
    return words[pair]


# --- sets -----------------------------------------------------------------------------------------


def table(value: Recovery, pen: Pen, most: int) -> Table:
    """Return each set in a row, those that are not back first."""
    sets = sorted(value.timeline.sets, key=lambda each: WORST_FIRST.index(_status(each, value)))
    shown = sets[:most]
    return Table(
        heading=pen.gettext("Client by client"),
        first=pen.gettext("Client"),
        heads=(
            pen.gettext("Vouchers to key in"),
            pen.gettext("Debit of these"),
        ),
        rows=tuple(_row(each, value, pen) for each in shown),
        more=""
        if len(shown) == len(sets)
        else pen.gettext(
            "%(shown)s of %(all)s rows are shown, the worst first.",
            shown=pen.number(len(shown)),
            all=pen.number(len(sets)),
        ),
    )


def _status(each: SetRecord, value: Recovery) -> Status:
    if not words.is_back(each):
        return "failed"
    return "partial" if words.is_owed(each) or words.gaps_of(each, value) else "ok"


def mark(each: SetRecord, value: Recovery, pen: Pen) -> Mark:
    """Return how a set ended, in a word."""
    status = _status(each, value)
    if each.left_out:
        return Mark(status, pen.gettext("Left out"))
    if status == "failed":
        return Mark(status, pen.gettext("Not back"))
    return Mark(status, pen.gettext("In use"))


def _row(each: SetRecord, value: Recovery, pen: Pen) -> Row:
    owed_ = each.owed
    known = owed_ is not None and owed_.known
    return Row(
        name=telling.called(f"{each.client}/{each.set}", pen),
        mark=mark(each, value, pen),
        cells=(
            pen.number(owed_.vouchers) if owed_ and known else "?" if owed_ else "–",
            pen.money(owed_.amount, owed_.currency) if owed_ and known else "?" if owed_ else "–",
        ),
        below=tuple(
            filter(
                None, (_point(each, pen), _times(each, pen), lost_words(each, pen), _why(each, pen))
            )
        ),
    )


def _why(each: SetRecord, pen: Pen) -> str:
    """Return why a set is not in the plan, "" where it is."""
    template = LEFT_OUT_TEMPLATES.get(each.left_out, each.left_out)
    return clean(say(template, spoken=pen.language)) if template else ""


def _times(each: SetRecord, pen: Pen) -> str:
    """Return what a set's restore should have taken and what it took."""
    if each.planned is None or each.measured_ms is None:
        return ""
    return pen.gettext(
        "restore: %(planned)s planned, %(measured)s measured",
        planned=pen.duration(timedelta(seconds=each.planned)),
        measured=pen.duration(timedelta(milliseconds=each.measured_ms)),
    )


def _point(each: SetRecord, pen: Pen) -> str:
    if not each.point or each.point_at is None:
        return ""
    told = pen.gettext(
        "back as of %(at)s, %(behind)s before the discovery",
        at=pen.instant(each.point_at),
        behind=pen.duration(timedelta(seconds=each.behind or 0)),
    )
    if not each.books:
        return told + pen.gettext("; not proven at ledger level")
    return told + pen.ngettext(
        "; %(proven)s of %(n)s book proven",
        "; %(proven)s of %(n)s books proven",
        each.books,
        proven=pen.number(each.proven),
    )


def lost_words(each: SetRecord, pen: Pen) -> str:
    """Return what a set had lost, in vouchers and money, or in files where it has no books."""
    lost = each.lost
    if lost is None:
        return ""
    if not lost.readable:
        return pen.gettext("was lost: all of it, nothing could be read")
    if lost.vouchers or lost.vouchers_changed:
        return pen.gettext(
            "was lost: %(lost)s; changed: %(changed)s; %(amount)s",
            lost=words.vouchers_words(lost.vouchers, pen),
            changed=words.vouchers_words(lost.vouchers_changed, pen),
            amount=pen.money(lost.amount, lost.currency),
        )
    return pen.gettext(
        "was lost: %(lost)s; changed: %(changed)s",
        lost=pen.ngettext("%(n)s file", "%(n)s files", lost.files),
        changed=pen.ngettext("%(n)s file", "%(n)s files", lost.files_changed),
    )


def owed(value: Recovery, pen: Pen) -> list[str]:
    """Return what must be keyed in, and where the full lists lie."""
    found = [each for each in value.timeline.sets if words.is_owed(each)]
    told = [words.owed_sentence(value, pen).strip()] if value.timeline.sets else []
    if not found:
        return told or [pen.gettext("Nothing is known to be keyed in again.")]
    clients = tuple(dict.fromkeys(each.client for each in found))
    return [
        *told,
        pen.gettext(
            "Each client's accountants got its re-key list as a letter of its own: %(clients)s. "
            "As a table: `baozhang review rekey %(incident)s --to FOLDER`.",
            clients=words.listed(clients, pen),
            incident=value.timeline.incident,
        ),
    ]
