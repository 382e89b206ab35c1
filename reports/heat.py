"""A matrix of shades with words in its cells: the heat map of risks.

The shade is never alone: each cell says its level, and what lies in it.
"""

from matplotlib.axes import Axes
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle

from reports.page import Chart

SHADES = ("#e6f2ec", "#fdf3d6", "#f9d9b8", "#eeb4ac")
"""From the lowest level to the highest; ink is read on each of them (contrast above 9)."""
_LINE = 0.31  # of a cell's height, between lines of words


def paint(axes: Axes, chart: Chart, font: FontProperties, ink: str) -> None:
    """Fill the axes with a chart's matrix; rows from below, columns from the left."""
    for row, series in enumerate(chart.series):
        for column, value in enumerate(series.values):
            shade = int(value or 0)
            axes.add_patch(
                Rectangle(
                    (column - 0.5, row - 0.5),
                    1,
                    1,
                    facecolor=SHADES[shade],
                    edgecolor="white",
                    linewidth=2,
                )
            )
            _write(axes, chart.cells[row][column], column, row, font, ink)
    axes.set_xlim(-0.5, len(chart.ticks) - 0.5)
    axes.set_ylim(-0.5, len(chart.series) - 0.5)


def _write(
    axes: Axes, lines: tuple[str, ...], column: int, row: int, font: FontProperties, ink: str
) -> None:
    for place, line in enumerate(lines):
        up = ((len(lines) - 1) / 2 - place) * _LINE
        axes.text(
            column, row + up, line, ha="center", va="center", color=ink, font=font, parse_math=False
        )
