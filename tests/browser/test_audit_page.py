"""The audit's page in a browser without a network: filtered, followed, read without a script."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reports.audit_page import audit_page
from tests.browser.conftest import CHROMIUM
from tests.reports import audits, papers

pytestmark = pytest.mark.server

ALL = sorted(each.id for each in audits.ITEMS)
PATIENCE = 60_000  # milliseconds; machines are shared


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Write the page of the small audit and return its address."""
    path: Path = tmp_path_factory.mktemp("audit") / "page.html"
    path.write_text(audit_page(audits.small("en"), language="en", number=7), "utf-8")
    return path.as_uri()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


def opened(browser: Browser, file: str, *, scripts: bool) -> Iterator[Page]:
    context = browser.new_context(java_script_enabled=scripts, offline=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(file)
    yield page
    context.close()


@pytest.fixture
def page(browser: Browser, file: str) -> Iterator[Page]:
    """Open the page as it is."""
    yield from opened(browser, file, scripts=True)


@pytest.fixture
def bare(browser: Browser, file: str) -> Iterator[Page]:
    """Open the page where scripts are forbidden."""
    yield from opened(browser, file, scripts=False)


def shown(page: Page) -> list[str]:
    """Return the ids of the lines that are seen."""
    lines = page.locator("details.entry:visible").all()
    return sorted(str(each.get_attribute("id")).removeprefix("item-") for each in lines)


@pytest.mark.parametrize(
    ("choice", "value", "left"),
    [
        ("#status", "proven", ["A3.2", "AP.1"]),
        ("#status", "overdue", ["A3.5"]),
        ("#section", "B19", ["B19.1", "B19.2"]),
        ("#owner", "wang", ["A3.5"]),
        ("#document", "B", ["B19.1", "B19.2"]),
    ],
)
def test_a_choice_leaves_the_lines_that_fit(
    page: Page, choice: str, value: str, left: list[str]
) -> None:
    page.select_option(choice, value)
    assert shown(page) == left


def test_choices_narrow_each_other(page: Page) -> None:
    page.select_option("#status", "proven")
    page.select_option("#section", "A3")
    assert shown(page) == ["A3.2"]
    expect(page.locator("#count")).to_have_text("1 of 9 lines shown")


def test_words_are_found_inside_closed_lines(page: Page) -> None:
    page.fill("#query", "make them TODAY")
    assert shown(page) == ["A3.4"]


def test_only_what_failed_is_left(page: Page) -> None:
    page.check("#failed")
    assert shown(page) == ["A3.4"]


def test_a_section_without_a_line_that_fits_is_not_seen(page: Page) -> None:
    page.select_option("#section", "B19")
    expect(page.locator("#section-A3")).to_be_hidden()


def test_where_no_line_fits_the_page_says_so(page: Page) -> None:
    page.fill("#query", "no such word")
    expect(page.locator("#count")).to_have_text("No line fits.")


def test_clearing_shows_every_line_again(page: Page) -> None:
    page.fill("#query", "no such word")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#count")).to_have_text("9 of 9 lines shown")
    assert shown(page) == ALL


def test_a_square_leads_to_its_line_and_opens_it_though_it_was_filtered_out(page: Page) -> None:
    page.select_option("#section", "B19")
    page.locator('a.square[href="#item-A3.4"]').click()
    expect(page.locator('[id="item-A3.4"]')).to_have_attribute("open", "")
    expect(page.locator('[id="item-A3.4"]')).to_be_in_viewport()


def test_a_line_leads_to_its_evidence(page: Page) -> None:
    line = page.locator('[id="item-A3.2"]')
    line.locator("summary").click()
    line.locator(".links a").click()
    piece = page.locator("article.entry:target")
    expect(piece).to_be_in_viewport()
    expect(piece).to_contain_text("All 24 sets were verified in time.")


def test_the_keyboard_opens_a_line(page: Page) -> None:
    page.locator('[id="item-A3.1"] summary').focus()
    page.keyboard.press("Enter")
    expect(page.locator('[id="item-A3.1"]')).to_have_attribute("open", "")


def test_without_a_script_every_line_is_there_and_opens(bare: Page) -> None:
    expect(bare.locator("#filter")).to_be_hidden()
    assert shown(bare) == ALL
    line = bare.locator('[id="item-A3.2"]')
    line.locator("summary").click()
    expect(line).to_contain_text("All 24 sets were verified in time.")


def test_nothing_is_wider_than_a_telephone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="Open all").click()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_printed_it_shows_every_line_that_the_filter_left_with_its_reasons(page: Page) -> None:
    page.select_option("#section", "B19")
    words = printed(page)
    assert "Review of the brand (brand.position)" in words
    assert "B19.1 Brand position" in words
    assert "A3.4 Refreshing data" not in words
    assert page.locator("details.entry[open]").count() == 0  # as it was before printing


def test_a_sample_is_marked_on_every_printed_page(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "sample.html"
    value = replace(audits.small("en"), sample=True)
    file.write_text(audit_page(value, language="en"), "utf-8")
    for page in opened(browser, file.as_uri(), scripts=True):
        sheets = papers.pages(page.pdf())
        assert len(sheets) > 1
        assert all("SAMPLE" in each for each in sheets)


def printed(page: Page) -> str:
    """Return the words of the page on paper."""
    return papers.words(page.pdf())
