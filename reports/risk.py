"""The risk letter (风险报告): the agency's risks this month, and what is to be done about them.

    since last time ─ heat map ─ top risks ─ treatment ─ a year's loss ─ indicators ─ prevention
                                                                                    ─ who signed

A year's loss is a range and never one number; what nobody scored, estimated or measured is said to
be so and is drawn in no colour that could be taken for good.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from baozhang import __version__
from baozhang.catalog.model import Status
from baozhang.governance.risk.review import Review, digest_of
from baozhang.governance.risk.standard import scale
from baozhang.masking import Gate
from baozhang.words import CHINESE
from reports import telling
from reports.causes import month_words
from reports.compose import file_name
from reports.months import parse_month
from reports.owner import subject_line
from reports.page import Fact, Letter, Mark, Page, Pairs, Section, Signatures, Words
from reports.render import render
from reports.risk_pictures import heat, loss, trends
from reports.risk_tables import (
    answers,
    estimates,
    happened,
    indicators,
    prevention,
    risks,
    treatments,
    waiting,
)
from reports.writing import Pen, pen

KIND: Final = "risk"
GRAVE = frozenset({"high", "extreme"})


@dataclass(frozen=True, slots=True)
class SignedBy:
    """Who signed, and when."""

    person: str
    at: datetime


def status_of(review: Review) -> Status:
    """Return `failed` where something must be done now, `ok` only where all is known and well."""
    if _pressing(review):
        return "failed"
    if not any(each.level for each in review.risks) or not review.measured:
        return "inconclusive"
    unsettled = any(not each.check.good or each.level is None for each in review.risks)
    warned = any(each.band == "amber" for each in review.indicators)
    return "partial" if unsettled or warned or review.waiting else "ok"


def _pressing(review: Review) -> bool:
    checks = [(each.check, each.level) for each in review.risks]
    return any(each.band == "red" for each in review.indicators) or any(
        check.verdict in {"overdue", "void"} or (check.verdict == "open" and level in GRAVE)
        for check, level in checks
    )


def render_risk(
    value: Review,
    *,
    number: int,
    language: str = CHINESE,
    audience: str = "manager",
    signed: Sequence[SignedBy] = (),
    gate: Gate | None = None,
    pdf: bool = False,
) -> Letter:
    """Return the letter on the agency's risks.

    Raises:
        UsageError: a language without letters.
    """
    page = _page(value, number, audience, tuple(signed), pen(language))
    return render(page, template="risk", language=language, gate=gate, pdf=pdf)


def _page(
    value: Review, number: int, audience: str, signed: tuple[SignedBy, ...], pen: Pen
) -> Page:
    title, period = pen.gettext("Risk report"), value.period
    reader = telling.audience_word(audience, pen)
    mark = _mark(status_of(value), pen)
    subject = subject_line(mark, title, period, _news(value, pen), number, pen)
    digest = digest_of(value)
    return Page(
        kind=KIND,
        number=number,
        language=pen.language,
        audience=audience,
        reader=reader,
        title=title,
        period=month_words(parse_month(period), pen),
        sample=value.sample,
        verdict=mark,
        sentence=_sentence(value, pen),
        sections=_sections(value, signed, pen),
        evidence=_evidence(value, number, reader, digest, pen),
        fingerprint=digest,
        subject=pen.gettext("[SAMPLE] %(subject)s", subject=subject) if value.sample else subject,
        as_of=value.at,
        file_name=file_name(title, number, period, pen, sample=value.sample),
    )


def _mark(status: Status, pen: Pen) -> Mark:
    words: dict[Status, str] = {
        "ok": pen.gettext("All in order"),
        "partial": pen.gettext("Open points"),
        "failed": pen.gettext("Act now"),
        "inconclusive": pen.gettext("Not assessed"),
    }
    return Mark(status, words[status])


def _news(value: Review, pen: Pen) -> str:
    return pen.gettext(
        "%(open)s risks, %(red)s indicators red",
        open=pen.number(len(value.risks)),
        red=pen.number(sum(each.band == "red" for each in value.indicators)),
    )


def _sentence(value: Review, pen: Pen) -> str:
    if not value.risks:
        return pen.gettext(
            "The register has no open risk: %(waiting)s wait for somebody to take them up.",
            waiting=pen.number(len(value.waiting)),
        )
    return pen.gettext(
        "%(open)s open risks, %(grave)s of them high or extreme, %(unscored)s not scored; "
        "%(red)s of %(measured)s measured indicators are red, %(unmeasured)s were not measured; "
        "%(todo)s treatments need somebody.",
        open=pen.number(len(value.risks)),
        grave=pen.number(sum(each.level in GRAVE for each in value.risks)),
        unscored=pen.number(sum(each.level is None for each in value.risks)),
        red=pen.number(sum(each.band == "red" for each in value.indicators)),
        measured=pen.number(len(value.measured)),
        unmeasured=pen.number(len(value.indicators) - len(value.measured)),
        todo=pen.number(sum(not each.check.good for each in value.risks)),
    )


def _sections(value: Review, signed: tuple[SignedBy, ...], pen: Pen) -> tuple[Section, ...]:
    found: list[Section] = [happened(value, pen)]
    if value.risks:
        found += [heat(value, pen), risks(value, pen), treatments(value, pen)]
    found.append(estimates(value, pen))
    if value.loss.estimated:
        found.append(loss(value, pen))
    found += [indicators(value, pen), *trends(value, pen), prevention(value, pen)]
    if value.risks:
        found.append(answers(value, pen))
    if value.waiting:
        found.append(waiting(value, pen))
    found += [_method(pen), _signed(signed, value.made_by, pen)]
    return (*found, _boxes(pen))


def _method(pen: Pen) -> Words:
    source = scale().source
    return Words(
        pen.gettext("How this is reckoned"),
        (
            source.zh if pen.language == CHINESE else source.en,
            *(_grades(kind, pen) for kind in ("likelihood", "impact")),
            pen.gettext(
                "A year's loss: events per year and loss per event are three-point estimates "
                "(PERT); a Poisson number of events is drawn for many years. One year in ten "
                "stays below the first figure, half below the second, nine in ten below the third."
            ),
        ),
    )


def _grades(kind: str, pen: Pen) -> str:
    chinese = pen.language == CHINESE
    steps = scale().likelihood if kind == "likelihood" else scale().impact
    words = (f"{s.grade} {s.zh}({s.says.zh})" if chinese else f"{s.grade} {s.en} ({s.says.en})"
             for s in steps)  # fmt: skip
    name = pen.gettext("Likelihood") if kind == "likelihood" else pen.gettext("Impact")
    return pen.gettext("%(name)s: %(grades)s.", name=name, grades=pen.gettext("; ").join(words))


def _signed(signed: tuple[SignedBy, ...], made_by: Collection[str], pen: Pen) -> Pairs:
    return Pairs(
        pen.gettext("Signed with a one-time code"),
        tuple(Fact(each.person, _when(each, made_by, pen)) for each in signed),
        "" if signed else pen.gettext("Nobody has signed yet."),
    )


def _when(each: SignedBy, made_by: Collection[str], pen: Pen) -> str:
    at = pen.instant(each.at)
    if each.person not in made_by:
        return at
    return pen.gettext(
        "%(at)s; scored or decided it as well: nobody else of the agency could sign", at=at
    )


def _boxes(pen: Pen) -> Signatures:
    return Signatures(
        pen.gettext("Signature and stamp"),
        (pen.gettext("Risk owner"), pen.gettext("General manager")),
        pen.gettext("Archive number: ________"),
    )


def _evidence(value: Review, number: int, reader: str, digest: str, pen: Pen) -> Pairs:
    return Pairs(
        pen.gettext("Evidence"),
        (
            Fact(pen.gettext("Letter number"), f"{number:06d}"),
            Fact(pen.gettext("Written for"), reader),
            Fact(pen.gettext("As of"), pen.instant(value.at)),
            Fact(
                pen.gettext("Controls as judged by"), value.audited or pen.gettext("no audit yet")
            ),
            Fact(pen.gettext("Random seed"), str(value.loss.seed)),
            Fact(pen.gettext("Software"), f"baozhang {__version__}"),
            Fact(pen.gettext("SHA-256 of the figures"), digest),
            Fact(pen.gettext("Runbook"), pen.gettext("docs/runbooks/risk.md")),
        ),
    )
