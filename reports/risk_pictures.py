"""Pictures of the risk letter: the heat map, ranges of a year's loss, indicators over months."""

from collections.abc import Iterator

from baozhang.governance.risk.review import Measured, Review, Told
from baozhang.governance.risk.standard import scale
from baozhang.words import CHINESE
from reports.page import Chart, Picture, Series
from reports.risk_words import level_word
from reports.writing import Pen

GRADES = range(1, 6)
MOST_IN_A_CELL = 7
IN_A_LINE = 4
MOST_RANGES = 8
MOST_TRENDS = 2
MOVED = "→"
WAN = 1_000_000
"""Fen in 万元, the unit that people of this trade think in."""
IN_YUAN = 100
FIGURES = 2
THOUSAND_YUAN = 100_000


def heat(value: Review, pen: Pen) -> Picture:
    """Return the heat map: where each risk is now, and where it came from without treatment."""
    title = pen.gettext("Heat map")
    chinese = pen.language == CHINESE
    chart = Chart(
        form="heat",
        title=pen.gettext("Likelihood (upwards) and impact (to the right)"),
        unit=pen.gettext("numbers are risks"),
        ticks=tuple(f"{s.grade} {s.zh if chinese else s.en}" for s in scale().impact),
        series=tuple(
            Series(f"{s.grade} {s.zh if chinese else s.en}", _shades(s.grade))
            for s in scale().likelihood
        ),
        alt=_heat_words(value, pen),
        cells=tuple(tuple(_cell(value, row, col, pen) for col in GRADES) for row in GRADES),
    )
    return Picture(title, chart)


def _shades(likelihood: int) -> tuple[float, ...]:
    return tuple(float(scale().rank(scale().level(likelihood, impact))) for impact in GRADES)


def _cell(value: Review, likelihood: int, impact: int, pen: Pen) -> tuple[str, ...]:
    here = [short(each.id) for each in value.risks if each.now == (likelihood, impact)]
    gone = [
        f"({short(each.id)})"
        for each in value.risks
        if each.inherent == (likelihood, impact) and each.now != each.inherent
    ]
    found = [*here, *gone]
    more = [f"+{len(found) - MOST_IN_A_CELL}"] if len(found) > MOST_IN_A_CELL else []
    shown = [*found[:MOST_IN_A_CELL], *more]
    lines = (
        " ".join(shown[first : first + IN_A_LINE]) for first in range(0, len(shown), IN_A_LINE)
    )
    return (level_word(scale().level(likelihood, impact), pen), *lines)


def short(id_: str) -> str:
    """Return a risk's id as the map shows it: its number."""
    tail = id_.rpartition("-")[2]
    return tail.lstrip("0") or tail


def _heat_words(value: Review, pen: Pen) -> str:
    parts = [_place(each, pen) for each in value.risks if each.now]
    unscored = sum(each.now is None for each in value.risks)
    words = pen.gettext("; ").join(parts) or pen.gettext("no risk is scored")
    return pen.gettext(
        "Risks by likelihood and impact: %(risks)s. Not scored: %(unscored)s. In brackets: where "
        "a risk would be if nothing were done.",
        risks=words,
        unscored=pen.number(unscored),
    )


def _place(each: Told, pen: Pen) -> str:
    pair = each.now or (0, 0)
    moved = f"({each.inherent[0]}×{each.inherent[1]}) {MOVED} " if each.inherent else ""
    start = moved if each.inherent != each.now else ""
    return f"{short(each.id)}: {start}{pair[0]}×{pair[1]} {level_word(each.level, pen)}"


def loss(value: Review, pen: Pen) -> Picture:
    """Return the ranges of a year's loss: all risks together, then the largest ones."""
    ranked = sorted(
        (each for each in value.risks if each.spread),
        key=lambda each: -(each.spread.high if each.spread else 0),
    )
    rows = [(pen.gettext("All together"), value.loss.low, value.loss.high)]
    rows += [
        (f"{short(each.id)} {title(each, pen)}", each.spread.low, each.spread.high)
        for each in ranked[:MOST_RANGES]
        if each.spread
    ]
    chart = Chart(
        form="spans",
        title=pen.gettext("A year's loss, from 10 to 90 per cent of years"),
        unit=_wan_unit(pen),
        ticks=tuple(name for name, _, _ in rows),
        series=(
            Series("10 %", tuple(_wan(low, pen) for _, low, _ in rows)),
            Series("90 %", tuple(_wan(high, pen) for _, _, high in rows)),
        ),
        cells=(tuple((_ends(low, high, pen),) for _, low, high in rows),),
        alt=pen.gettext("; ").join(
            f"{name}: {about(low, pen)} – {about(high, pen)}" for name, low, high in rows
        ),
    )
    return Picture(pen.gettext("A year's loss as a range"), chart)


def about(fen: int, pen: Pen) -> str:
    """Return an estimate in whole yuan to two figures: it is not known any better."""
    yuan = fen // IN_YUAN
    step = 10 ** max(0, len(str(yuan)) - FIGURES)
    rounded = round(yuan / step) * step
    return pen.gettext("about %(yuan)s yuan", yuan=pen.number(rounded)) if rounded else "0"


def _wan(fen: int, pen: Pen) -> float:
    return fen / (WAN if pen.language == CHINESE else THOUSAND_YUAN)


def _ends(low: int, high: int, pen: Pen) -> str:
    return " – ".join(pen.decimal(round(_wan(each, pen), 1)) for each in (low, high))


def _wan_unit(pen: Pen) -> str:
    return pen.gettext("thousand yuan")


def title(each: Told, pen: Pen) -> str:
    """Return what could happen, in the letter's language."""
    return each.title.zh if pen.language == CHINESE else each.title.en


def trends(value: Review, pen: Pen) -> Iterator[Picture]:
    """Yield the course of the worst indicators that were measured for more than one month."""
    order = {"red": 0, "amber": 1, "green": 2, "unmeasured": 3}
    told = [each for each in value.indicators if sum(v is not None for v in each.series) > 1]
    for each in sorted(told, key=lambda one: order[one.band])[:MOST_TRENDS]:
        yield _trend(each, value.period, pen)


def _trend(each: Measured, period: str, pen: Pen) -> Picture:
    name = each.title.zh if pen.language == CHINESE else each.title.en
    year, month = int(period[:4]), int(period[5:])
    last = year * 12 + month - 1
    months = [last - back for back in reversed(range(len(each.series)))]
    values = tuple(None if value is None else float(value) for value in each.series)
    said = ("–" if value is None else pen.decimal(value) for value in values)
    chart = Chart(
        form="lines",
        title=name,
        unit="%" if each.unit == "percent" else "",
        ticks=tuple(f"{one // 12 % 100:02d}-{one % 12 + 1:02d}" for one in months),
        series=(Series(name, values),),
        alt=f"{name}: {', '.join(said)}",
        target=(float(each.red), pen.gettext("red from here on")),
    )
    return Picture(name, chart)
