"""A chart is for every eye, the same each time, and harmless whatever its words are."""

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from PIL import Image

from baozhang.errors import UsageError
from baozhang.words import CHINESE
from reports import charts
from reports.page import Chart, Series
from reports.writing import pen
from tests.reports import pages

LINES, BARS, STACKED = pages.charts()


def draw(chart: Chart, language: str = CHINESE) -> charts.Drawn:
    return charts.draw(chart, pen(language))


def picture(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png)).convert("RGB")


def colours(png: bytes) -> set[tuple[int, int, int]]:
    return {colour for _, colour in picture(png).getcolors(100_000) or ()}


def near(colour: str, png: bytes) -> bool:
    """Tell whether a colour, or one that no eye tells from it, is in a picture."""
    wanted = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return any(
        max(abs(a - b) for a, b in zip(wanted, found, strict=True)) < 12 for found in colours(png)
    )


@pytest.mark.parametrize("chart", [LINES, BARS, STACKED], ids=lambda chart: chart.form)
def test_a_chart_is_as_large_as_a_letter_shows_it_and_twice_as_sharp(chart: Chart) -> None:
    assert picture(draw(chart).png).size == (charts.WIDTH * 2, charts.HEIGHT * 2)


@pytest.mark.parametrize("chart", [LINES, BARS, STACKED], ids=lambda chart: chart.form)
def test_a_chart_drawn_twice_is_the_same(chart: Chart) -> None:
    assert draw(chart) == draw(chart)


def test_charts_drawn_at_once_are_those_drawn_in_turn() -> None:
    alone = [draw(chart) for chart in pages.charts()]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(draw, pages.charts() * 4))
    assert together == alone * 4


def test_a_day_without_a_figure_is_a_gap_and_not_a_zero() -> None:
    zero = tuple(0.0 if value is None else value for value in LINES.series[0].values)
    filled = replace(LINES, series=(replace(LINES.series[0], values=zero), LINES.series[1]))
    assert draw(LINES).png != draw(filled).png


def test_a_bar_without_a_figure_is_told_from_a_zero() -> None:
    zero = replace(BARS, series=(Series("x", (4.1, 0.0, 12.5)),))
    nobody = replace(BARS, series=(Series("x", (4.1, None, 12.5)),))
    assert draw(zero).png != draw(nobody).png


def test_series_are_told_apart_without_their_colours() -> None:
    grey = picture(draw(STACKED).png).convert("L").convert("RGB")
    one = replace(STACKED, series=(Series("x", (7, 3, 3)),))
    assert STACKED.form == "stacked"
    assert len(set(charts._HATCHES)) == len(charts._MARKERS) == len(charts.COLOURS)
    assert grey != picture(draw(one).png).convert("L").convert("RGB")


def test_every_series_has_a_colour_of_the_palette() -> None:
    seven = Chart(
        "bars", "t", "u", ("a",), tuple(Series(f"s{i}", (i + 3.0,)) for i in range(7)), "alt"
    )
    png = draw(seven).png
    assert [colour for colour in charts.COLOURS if not near(colour, png)] == []


def test_the_target_is_drawn() -> None:
    assert near("#a8201a", draw(LINES).png)
    assert not near("#a8201a", draw(replace(LINES, target=None)).png)


def test_a_target_above_all_values_is_still_in_the_picture() -> None:
    assert near("#a8201a", draw(replace(LINES, target=(500.0, "x"))).png)


@pytest.mark.parametrize(
    "word",
    ["$\\frac{1}{0}$", "$$", "_agency", "\\N{BULLET}", "x" * 600, "账" * 300, "<b>&amp;", "%s{0}"],
)
def test_any_word_can_stand_in_a_chart(word: str) -> None:
    chart = Chart(
        "bars", word, word, (word, "b"), (Series(word, (1, 2)), Series("y", (2, 1))), word,
        (1.5, word),
    )  # fmt: skip
    drawn = draw(chart)
    ET.fromstring(drawn.svg)
    assert picture(drawn.png).size == (charts.WIDTH * 2, charts.HEIGHT * 2)


def test_a_dollar_is_a_dollar() -> None:
    assert draw(replace(BARS, title="$a^2$")).png != draw(replace(BARS, title="$a_2$")).png
    assert b"mathtext" not in draw(replace(BARS, title="$a^2$")).svg


def test_a_series_whose_name_begins_with_an_underscore_is_named() -> None:
    named, plain = (
        replace(STACKED, series=(replace(STACKED.series[0], label=label), STACKED.series[1]))
        for label in ("_x", "x")
    )
    assert draw(named).png != draw(plain).png


@pytest.mark.parametrize("chart", [LINES, BARS, STACKED], ids=lambda chart: chart.form)
def test_nothing_measured_is_an_empty_chart(chart: Chart) -> None:
    nothing = tuple(replace(s, values=(None,) * len(chart.ticks)) for s in chart.series)
    assert draw(replace(chart, series=nothing, target=None)).png


def test_nothing_but_zeros_is_a_chart() -> None:
    assert draw(replace(BARS, series=(Series("x", (0, 0, 0)),))).png


@pytest.mark.parametrize(
    "chart",
    [
        replace(BARS, ticks=()),
        replace(BARS, series=(Series("x", (1, 2)),)),
        replace(BARS, series=(Series("x", (1, 2, float("inf"))),)),
        replace(BARS, series=(Series("x", (1, 2, float("nan"))),)),
        replace(BARS, series=(Series("x", (1, 2, "three")),)),  # type: ignore[arg-type]
    ],
)
def test_a_chart_that_makes_no_sense_is_refused(chart: Chart) -> None:
    with pytest.raises(UsageError):
        draw(chart)


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(charts, "FONT", "No Such Font SC")
    charts.installed_font.cache_clear()
    yield
    charts.installed_font.cache_clear()


@pytest.mark.usefixtures("no_font")
def test_a_missing_font_is_named_with_its_package() -> None:
    with pytest.raises(UsageError) as caught:
        draw(BARS)
    assert "fonts-noto-cjk" in caught.value.hint


def test_a_chart_on_paper_is_made_of_lines_and_not_of_points() -> None:
    svg = draw(LINES).svg
    assert b"<image" not in svg
    assert b"<path" in svg
    assert b"http://purl.org/dc" not in svg or b"<dc:date>" not in svg


def test_the_vector_form_is_made_only_where_it_is_asked_for() -> None:
    assert charts.draw(BARS, pen(CHINESE), vector=False).svg == b""
