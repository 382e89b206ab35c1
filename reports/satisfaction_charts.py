"""The pictures of the satisfaction report: satisfaction, recommendation, themes, trust."""

from collections.abc import Iterator
from decimal import Decimal

from baozhang.governance.voice.scores import Estimate
from baozhang.governance.voice.trust import Curve
from baozhang.words import say
from reports.page import Chart, Series
from reports.satisfaction_value import Satisfaction
from reports.satisfaction_words import percent, point_name, title_of
from reports.writing import Pen

MOST_THEMES = 9


def charts(value: Satisfaction, pen: Pen) -> Iterator[tuple[str, Chart]]:
    """Yield the pictures that have something to show, each with its heading."""
    language = pen.language
    if any(each.estimate.value is not None for each in value.past):
        yield say("Satisfaction, round by round", spoken=language), _rounds(value, pen)
    if value.nps:
        yield say("Would they recommend us?", spoken=language), _nps(value, pen)
    if value.themes.counts:
        yield say("What comments are about", spoken=language), _themes(value, pen)
    for each in value.curves:
        if any(point.hit.value is not None for point in each.points):
            heading = say("Trust after {incident}", spoken=language, incident=each.incident)
            yield heading, _curve(each, pen)


def _rounds(value: Satisfaction, pen: Pen) -> Chart:
    language, past = pen.language, [each.estimate for each in value.past]
    shown = pen.gettext(", ").join(
        say(
            "{wave}: {value} % (from {low} to {high}, {n} answers)",
            spoken=language,
            wave=each.wave,
            value=each.estimate.value,
            low=each.estimate.low,
            high=each.estimate.high,
            n=each.estimate.n,
        )
        for each in value.past
        if each.estimate.value is not None
    )
    return Chart(
        form="lines",
        title=say("Share of satisfied clients (4 or 5 of 5)", spoken=language),
        unit="%",
        ticks=tuple(each.wave for each in value.past),
        series=(
            Series(
                say("share of satisfied clients", spoken=language),
                tuple(_float(each.value) for each in past),
            ),
            Series(say("at most", spoken=language), tuple(_float(each.high) for each in past)),
            Series(say("at least", spoken=language), tuple(_float(each.low) for each in past)),
        ),
        alt=say("Share of satisfied clients: {rounds}.", spoken=language, rounds=shown),
    )


def _nps(value: Satisfaction, pen: Pen) -> Chart:
    language = pen.language
    told = pen.gettext(", ").join(
        f"{score}: {pen.number(count)}" for score, count in enumerate(value.nps)
    )
    return Chart(
        form="bars",
        title=say("How likely they recommend us, 0 to 10", spoken=language),
        unit=say("clients", spoken=language),
        ticks=tuple(str(score) for score in range(len(value.nps))),
        series=(Series(say("clients", spoken=language), tuple(map(float, value.nps))),),
        alt=say("How many gave which figure: {counts}.", spoken=language, counts=told),
    )


def _themes(value: Satisfaction, pen: Pen) -> Chart:
    language = pen.language
    shown = value.themes.counts[:MOST_THEMES]
    told = [(title_of(each.theme, language), each.comments) for each in shown]
    return Chart(
        form="bars",
        title=say("Comments by theme", spoken=language),
        unit=say("comments", spoken=language),
        ticks=tuple(title for title, _ in told),
        series=(
            Series(say("comments", spoken=language), tuple(float(count) for _, count in told)),
        ),
        alt=say(
            "Comments by theme: {themes}.",
            spoken=language,
            themes=pen.gettext(", ").join(f"{title} {pen.number(count)}" for title, count in told),
        ),
    )


def _curve(curve: Curve, pen: Pen) -> Chart:
    language = pen.language
    told = pen.gettext(", ").join(
        say(
            "{point}: clients hit {hit} and others {others}",
            spoken=language,
            point=point_name(each.name, language),
            hit=_share(each.hit, language),
            others=_share(each.others, language),
        )
        for each in curve.points
    )
    return Chart(
        form="lines",
        title=say("Satisfied clients, those hit and the others", spoken=language),
        unit="%",
        ticks=tuple(point_name(each.name, language) for each in curve.points),
        series=(
            Series(
                say("clients that were hit", spoken=language),
                tuple(_float(each.hit.value) for each in curve.points),
            ),
            Series(
                say("clients that were not", spoken=language),
                tuple(_float(each.others.value) for each in curve.points),
            ),
        ),
        alt=say("Share of satisfied clients after {incident}: {points}.", spoken=language,
                incident=curve.incident, points=told),
    )  # fmt: skip


def _share(estimate: Estimate, language: str) -> str:
    if estimate.value is None:
        return say("too few answers", spoken=language)
    return percent(estimate.value, language)


def _float(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
