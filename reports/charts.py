"""Charts of a letter: drawn once, as PNG for the mail and as SVG for the PDF.

    Chart ── draw ──► Drawn(png, svg)

Everybody must be able to read them: the colours are those of Okabe and Ito ("Color Universal
Design", 2008), and no series is told by its colour alone, but by a marker, a stroke or a hatch
too.  Figures are made object by object, without pyplot: nothing is kept between charts, and
threads do not meet.  The same chart gives the same bytes: no date, no random names.

Where things stand is reckoned from the words, two columns for a Chinese character, and not found
out by drawing: matplotlib's own layout takes longer than the drawing.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import MaxNLocator
from PIL import Image

from baozhang.errors import UsageError
from reports.heat import paint
from reports.page import Chart
from reports.plaintext import display_width
from reports.writing import Pen

FONT = "Noto Sans CJK SC"  # Debian: fonts-noto-cjk
WIDTH, HEIGHT = 584, 304  # CSS pixels: what a letter of 640 leaves between its edges
_DPI = 96  # of a CSS pixel
_SHADES = 64  # of a PNG: seven colours and what lies between them and white
_SHARP = 2  # pixels of the PNG per CSS pixel, for phones
_PIXEL = 72 / _DPI  # in points, in which matplotlib counts type and strokes
_TITLE, _SMALL = 14, 13  # type, in pixels: a phone shows it at 60 per cent
_COLUMN = 7.4  # pixels of a display column in small type; a Chinese character takes two
_ROW = 21  # pixels of a row of small type
_TOP = 40  # pixels above the plot: title and unit
_EDGE = 8  # pixels of blank ground on every side: a dark letter shows the chart as a card
_KEY = 48  # pixels of a legend's sample and the blanks beside it

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
"""Okabe and Ito without their yellow, which is too pale on white; the strongest first."""
_MARKERS = "osD^vPX"
_STROKES = ("-", (0, (5, 2)), (0, (6, 2, 1, 2)), (0, (1, 1.5)))
_HATCHES = ("", "///", "\\\\\\", "xxx", "|||", "---", "+++")
_INK, _PALE, _GRID, _TARGET = "#1f2430", "#5b6372", "#dfe3ea", "#a8201a"
_MOST_TICKS = 13  # labels below a chart; of more, some are left out
_STEPS = (1, 2, 2.5, 5, 10)  # times a power of ten, between lines of the grid

mpl.rcParams["svg.hashsalt"] = "baozhang"  # else the names inside an SVG are random


GIVES_UP = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What drawing and printing libraries raise when a value is too much for them: they promise no
exceptions of their own, and a letter must not be lost for a picture."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One chart, for screens and for paper."""

    png: bytes
    svg: bytes  # empty where it was not asked for


def draw(chart: Chart, pen: Pen, *, vector: bool = True) -> Drawn:
    """Draw a chart, its axis numbered as the pen writes; a value that is None leaves a gap.

    Raises:
        UsageError: the font is not installed, or the chart cannot be drawn as it stands.
    """
    file = installed_font()
    if not chart.ticks or any(len(each.values) != len(chart.ticks) for each in chart.series):
        raise UsageError("a chart needs ticks, and in each series one value for each of them")
    try:
        return _printed(_Plot(chart, file, pen).figure(), vector=vector)
    except GIVES_UP as error:
        name = type(error).__name__
        raise UsageError("the drawing library gave up ({name})", name=name) from error


@cache
def installed_font() -> str:
    """Return the file of the one font that has Chinese characters for sure.

    Raises:
        UsageError: it is not installed.
    """
    try:
        return font_manager.findfont(FontProperties(family=[FONT]), fallback_to_default=False)
    except ValueError as error:
        raise UsageError(
            "the font {family} is not installed",
            hint="Install the Debian package fonts-noto-cjk.",
            family=FONT,
        ) from error


def _printed(figure: Figure, *, vector: bool) -> Drawn:
    svg = io.BytesIO()
    if vector:  # without a ground, so that a watermark below is seen
        figure.savefig(
            svg, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    return Drawn(_png(figure), svg.getvalue())


def _png(figure: Figure) -> bytes:
    """Return the figure in few colours: a quarter of the bytes, and as good to the eye."""
    raw = io.BytesIO()
    figure.savefig(raw, format="rgba", dpi=_DPI * _SHARP)
    many = Image.frombytes("RGBA", (WIDTH * _SHARP, HEIGHT * _SHARP), raw.getvalue())
    png = io.BytesIO()
    many.convert("RGB").quantize(_SHADES, method=Image.Quantize.FASTOCTREE).save(png, "PNG")
    return png.getvalue()


class _Plot:
    """One figure while it is made."""

    def __init__(self, chart: Chart, font: str, pen: Pen) -> None:
        self._chart, self._pen = chart, pen
        self._keys: list[tuple[Artist, str]] = []  # what the legend names
        self._title = FontProperties(fname=font, size=_TITLE * _PIXEL)
        self._small = FontProperties(fname=font, size=_SMALL * _PIXEL)

    def figure(self) -> Figure:
        figure = Figure(figsize=(WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI)
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        if self._chart.form == "spans":
            self._spans(figure, axes)
            self._frame(figure, axes)
            return figure
        if self._chart.form == "heat":
            self._heat(figure, axes)
            self._frame(figure, axes)
            axes.grid(visible=False)
            return figure
        {"lines": self._lines, "bars": self._bars, "stacked": self._stacked}[self._chart.form](axes)
        self._target(axes)
        numbers = self._heights(axes)
        left = (_EDGE + 8 + max(map(display_width, numbers)) * _COLUMN) / WIDTH
        foot = (_ROW + _EDGE + 6 + _ROW * self._legend(figure)) / HEIGHT
        figure.subplots_adjust(left, foot, 1 - _EDGE / WIDTH, 1 - _TOP / HEIGHT)
        self._places(axes, WIDTH * (1 - left) - _EDGE)
        self._frame(figure, axes)
        return figure

    def _lines(self, axes: Axes) -> None:
        for i, series in enumerate(self._chart.series):
            (line,) = axes.plot(
                range(len(series.values)),
                [float("nan") if value is None else value for value in series.values],
                color=COLOURS[i % len(COLOURS)],
                linestyle=_STROKES[i % len(_STROKES)],
                linewidth=1.5,
                marker=_MARKERS[i % len(_MARKERS)],
                markersize=4,
            )
            self._keys.append((line, series.label))

    def _bars(self, axes: Axes) -> None:
        count = len(self._chart.series)
        width = min(0.5, 0.72 / max(1, count))
        for i, series in enumerate(self._chart.series):
            shift = (i - (count - 1) / 2) * width
            places = [place + shift for place in range(len(series.values))]
            self._blocks(axes, i, places, width, [0.0] * len(places))
            for place, value in zip(places, series.values, strict=True):
                if value is None:  # a bar of nothing would look like a zero
                    axes.text(
                        place, 0, "–", ha="center", va="bottom", color=_PALE, font=self._small
                    )

    def _stacked(self, axes: Axes) -> None:
        places = [float(place) for place in range(len(self._chart.ticks))]
        feet = [0.0] * len(places)
        for i, series in enumerate(self._chart.series):
            self._blocks(axes, i, places, 0.5, feet)
            feet = [foot + (value or 0) for foot, value in zip(feet, series.values, strict=True)]

    def _blocks(
        self, axes: Axes, i: int, places: Sequence[float], width: float, feet: Sequence[float]
    ) -> None:
        series = self._chart.series[i]
        blocks = axes.bar(
            places,
            [value or 0 for value in series.values],
            width,
            bottom=feet,
            color=COLOURS[i % len(COLOURS)],
            edgecolor="white",
            linewidth=0.6,
            hatch=_HATCHES[i % len(_HATCHES)],
        )
        self._keys.append((blocks[0], series.label))

    def _spans(self, figure: Figure, axes: Axes) -> None:
        """Draw bars that lie below each other, each from its begin to its end."""
        begun, ended = (each.values for each in self._chart.series)
        ticks, most = self._chart.ticks, max(value or 0 for value in ended)
        room = int(WIDTH * 0.4 / _COLUMN)
        words = [_fitted(tick, room) for tick in ticks]
        lengths = [(end or 0) - (start or 0) for start, end in zip(begun, ended, strict=True)]
        axes.barh(
            range(len(ticks)),
            [max(length, most / 200) for length in lengths],  # what took no time is seen too
            0.6,
            left=[start or 0 for start in begun],
            color=[COLOURS[i % 2] for i in range(len(ticks))],
            edgecolor="white",
            linewidth=0.6,
        )
        for place, (end, length) in enumerate(zip(ended, lengths, strict=True)):
            said = self._chart.cells[0][place] if self._chart.cells else ()
            beside = " ".join(said) or self._pen.decimal(round(length, 1))
            axes.text(
                (end or 0) + most / 100, place, beside, va="center", color=_INK, font=self._small
            )
        self._across(axes, most)
        axes.set_yticks(range(len(ticks)), words, font=self._small, color=_INK, parse_math=False)
        axes.set_ylim(len(ticks) - 0.5, -0.5)
        left = (_EDGE + 8 + max(map(display_width, words)) * _COLUMN) / WIDTH
        foot = (_ROW + _EDGE + 6 + _ROW * self._target_key(figure)) / HEIGHT
        figure.subplots_adjust(left, foot, 1 - 3 * _EDGE / WIDTH, 1 - _TOP / HEIGHT)

    def _across(self, axes: Axes, most: float) -> None:
        """Number the axis below, and draw the line to hold against where it is near enough."""
        target = self._chart.target
        if target and target[0] <= 2 * most:
            line = axes.axvline(target[0], color=_TARGET, linewidth=1.2, linestyle=(0, (6, 3)))
            self._keys.append((line, target[1]))
            most = max(most, target[0])
        high = most * (1.4 if self._chart.cells else 1.12) or 1.0  # room for what stands beside
        marks = MaxNLocator(6, steps=_STEPS).tick_values(0, high)
        shown = [float(mark) for mark in marks if 0 <= mark <= high]
        numbers = [self._pen.decimal(mark) for mark in shown]
        axes.set_xlim(0, high)
        axes.set_xticks(shown, numbers, font=self._small, color=_PALE)

    def _heat(self, figure: Figure, axes: Axes) -> None:
        """Draw a matrix: shades, words in the cells, labels beside and below."""
        labels = [each.label for each in self._chart.series]
        paint(axes, self._chart, self._small, _INK)
        axes.set_xticks(range(len(self._chart.ticks)), self._chart.ticks, font=self._small)
        axes.set_yticks(range(len(labels)), labels, font=self._small)
        left = (_EDGE + 8 + max(map(display_width, labels)) * _COLUMN) / WIDTH
        figure.subplots_adjust(
            left, (_ROW + _EDGE + 6) / HEIGHT, 1 - _EDGE / WIDTH, 1 - _TOP / HEIGHT
        )

    def _target_key(self, figure: Figure) -> int:
        """Name the line below the plot; return how many rows that takes."""
        for line, label in self._keys:
            figure.legend(
                [line], [label], prop=self._small, loc="lower left", frameon=False,
                bbox_to_anchor=(_EDGE / WIDTH, _EDGE / HEIGHT / 2), labelcolor=_INK,
                borderaxespad=0.1,
            )  # fmt: skip
        return len(self._keys)

    def _target(self, axes: Axes) -> None:
        if self._chart.target:
            height, label = self._chart.target
            line = axes.axhline(height, color=_TARGET, linewidth=1.2, linestyle=(0, (6, 3)))
            self._keys.append((line, label))

    def _heights(self, axes: Axes) -> list[str]:
        """Set the scale of the values, from zero to a little above the highest."""
        values = [v for series in self._chart.series for v in series.values if v is not None]
        low, high = axes.get_ylim()
        low, high = (low if min(values, default=0) < 0 else 0.0), high or 1.0
        whole = all(value == int(value) for value in values)
        marks = MaxNLocator(5, steps=_STEPS, integer=whole).tick_values(low, high)
        shown = [float(mark) for mark in marks if low <= mark <= high * 1.02]
        numbers = [self._pen.decimal(mark) for mark in shown]
        axes.set_ylim(low, high * 1.03)
        axes.set_yticks(shown, numbers, font=self._small, color=_PALE)
        return numbers

    def _places(self, axes: Axes, width: float) -> None:
        """Write what stands below: all of it for things, every n-th of many days."""
        ticks = self._chart.ticks
        step = -(-len(ticks) // _MOST_TICKS) if self._chart.form == "lines" else 1
        room = max(2, int(width / len(ticks) * step / _COLUMN) - 1)
        shown = list(range(0, len(ticks), step))
        words = [_fitted(ticks[place], room) for place in shown]
        axes.set_xlim(-0.5, len(ticks) - 0.5)
        axes.set_xticks(shown, words, font=self._small, color=_PALE, parse_math=False)

    def _frame(self, figure: Figure, axes: Axes) -> None:
        axes.spines[["top", "right", "left"]].set_visible(False)
        axes.spines["bottom"].set_color(_PALE)
        across = self._chart.form == "spans"
        axes.grid(axis="x" if across else "y", color=_GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(length=0)
        edge, height = _EDGE / WIDTH, 1 - _EDGE / HEIGHT
        room = int((WIDTH - 4 * _EDGE) / _TITLE * 2)
        unit = _fitted(self._chart.unit, room // 3)
        title = _fitted(self._chart.title, room - display_width(unit) - 2)
        head = figure.text(edge, height, title, color=_INK, font=self._title)
        side = figure.text(1 - edge, height, unit, ha="right", color=_PALE, font=self._small)
        for words in (head, side):
            words.set(va="top", parse_math=False)  # a dollar in a name is a dollar

    def _legend(self, figure: Figure) -> int:
        """Name the series below the plot; return how many rows that takes."""
        if len(self._keys) < 2:
            return 0
        most = int((WIDTH - 2 * _EDGE - _KEY) / _COLUMN)
        labels = [_fitted(label, most) for _, label in self._keys]
        widest = max(map(display_width, labels)) * _COLUMN + _KEY
        across = max(1, min(len(labels), int((WIDTH - 2 * _EDGE) / widest)))
        legend = figure.legend(
            [key for key, _ in self._keys], labels, ncols=across, prop=self._small,
            loc="lower left", bbox_to_anchor=(_EDGE / WIDTH, _EDGE / HEIGHT / 2), frameon=False,
            labelcolor=_INK, borderaxespad=0.1, labelspacing=0.35,
        )  # fmt: skip
        for words in legend.get_texts():
            words.set_parse_math(False)
        return -(-len(labels) // across)


def _fitted(words: str, room: int) -> str:
    """Return the words, or as much of them as the columns have room for."""
    words = words.replace("\ufffd", "?")  # the font has no sign for what was no character
    if display_width(words) <= room:
        return words
    kept = ""
    for character in words:
        if display_width(kept + character) >= room:
            break
        kept += character
    return f"{kept}…"
