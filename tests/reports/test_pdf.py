"""A letter on paper: complete, searchable, self-contained, and fetching nothing."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from baozhang.words import CHINESE, ENGLISH
from reports.page import Letter
from reports.pdf import printed
from reports.render import render
from tests.reports import pages, papers

MILLIMETRE = 72 / 25.4  # in points


@cache
def letter(language: str = CHINESE, *, sample: bool = False) -> Letter:
    page = pages.page(language, sample=sample)
    return render(page, template="restore_test", language=language, pdf=True)


def test_every_page_is_a4() -> None:
    for page in papers.reader(letter().pdf).pages:
        width, height = page.mediabox.width, page.mediabox.height
        assert (round(width / MILLIMETRE), round(height / MILLIMETRE)) == (210, 297)


@pytest.mark.parametrize(
    ("language", "said"), [(CHINESE, "第 {} 页 共 {} 页"), (ENGLISH, "Page {} of {}")]
)
def test_every_page_says_which_of_how_many_it_is(language: str, said: str) -> None:
    texts = papers.pages(letter(language).pdf)
    assert len(texts) > 2
    for number, text in enumerate(texts, 1):
        assert said.format(number, len(texts)) in text


def test_every_page_says_which_letter_it_belongs_to() -> None:
    for text in papers.pages(letter().pdf):
        assert all(word in text for word in ("示例信件", "2026年7月", "第 000007 号"))


def test_every_page_of_sample_data_is_marked() -> None:
    texts = papers.pages(letter(sample=True).pdf)
    # once in the running header, once across the page
    assert ["".join(text.split()).count("样例") >= 2 for text in texts] == [True] * len(texts)


def test_real_data_is_not_marked_as_sample() -> None:
    assert "样例" not in papers.words(letter().pdf)


def test_the_heads_of_a_table_are_repeated_on_its_pages() -> None:
    rows = [text for text in papers.pages(letter().pdf) if "c0" in text and "/main" in text]
    assert len([text for text in rows if "文件数" in text]) > 1


def test_a_page_is_searched_in_chinese() -> None:
    words = papers.words(letter().pdf)
    assert "1 户正常，1 户失败。" in words
    assert "本月贵公司的账套每天备份一次。" in words


def test_fonts_are_embedded() -> None:
    fonts = [
        font.get_object()
        for page in papers.reader(letter().pdf).pages
        for font in page["/Resources"]["/Font"].values()
    ]
    assert fonts
    for font in fonts:
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)
        assert "Noto" in descriptor["/FontName"]


def test_charts_on_paper_hold_no_points() -> None:
    for page in papers.reader(letter().pdf).pages:
        kinds = [x.get_object()["/Subtype"] for x in page["/Resources"]["/XObject"].values()]
        assert "/Image" not in kinds


def test_charts_on_paper_have_their_words() -> None:
    reader = papers.reader(letter().pdf)
    said = {
        str(thing["/Alt"])
        for i in reader.xref_objStm
        if isinstance(thing := reader.get_object(i), dict) and "/Alt" in thing
    }
    assert {chart.alt for chart in pages.charts()} <= said


def test_the_file_says_what_it_is() -> None:
    reader = papers.reader(letter().pdf)
    about = reader.metadata
    assert about is not None
    assert (about.title, about.author) == ("示例信件 2026年7月", "保账")
    assert about.creation_date == pages.page().as_of
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"
    assert pages.FINGERPRINT in str(about["/Keywords"])


def test_the_outline_names_the_sections() -> None:
    reader = papers.reader(letter().pdf)
    top, below = reader.outline
    assert top["/Title"] == "示例信件"
    titles = [entry["/Title"] for entry in below]
    assert titles[:3] == ["与上月相比", "数据", "需要处理"]
    assert titles[-2:] == ["报告依据", "签字盖章"]


def test_signatures_stand_last_with_room_for_a_stamp_and_an_archive_number() -> None:
    last = papers.pages(letter().pdf)[-1]
    places = [last.index(word) for word in ("签字盖章", "编制人", "复核人", "档案号：____")]
    assert places == sorted(places)
    assert "（盖章处）" in last
    assert last.count("日期：") == 2


def test_the_same_letter_is_the_same_file() -> None:
    page = pages.page(sections=pages.sections(rows=3))
    twins = [render(page, template="backup", language=CHINESE, pdf=True).pdf for _ in range(2)]
    assert twins[0] == twins[1]


def test_letters_have_identifiers_of_their_own() -> None:
    def identity(number: int) -> object:
        page = pages.page(number=number, sections=())
        pdf = render(page, template="backup", language=CHINESE, pdf=True).pdf
        return papers.reader(pdf).trailer["/ID"][0]

    assert identity(1) != identity(2)


def test_the_file_is_named_after_the_letter() -> None:
    assert letter().pdf_name == "示例信件_000007_2026-07.pdf"


def test_no_pdf_is_made_that_nobody_asked_for() -> None:
    plain = render(pages.page(), template="backup", language=CHINESE)
    assert (plain.pdf, plain.pdf_name) == (b"", "")


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A web server that remembers what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}", asked
    http.shutdown()
    http.server_close()


def test_a_page_fetches_nothing_from_the_network(server: tuple[str, list[str]]) -> None:
    address, asked = server
    html = (
        f'<link rel="stylesheet" href="{address}/a.css"><style>@import "{address}/b.css";'
        f"p {{ background: url({address}/c.png) }} @font-face {{ font-family: x; "
        f'src: url({address}/d.ttf) }}</style><p style="font-family: x">x<img src="{address}/e">'
        f'<object data="{address}/f"></object><embed src="{address}/g">'
        f'<link rel="attachment" href="{address}/h"><svg><image href="{address}/i"/></svg>'
    )
    css = f'@import "{address}/j.css"; body {{ background: url({address}/k) }}'
    printed(html, css, {}, identity="x")
    assert asked == []


def test_a_page_reads_no_file(tmp_path: object) -> None:
    secret = f"{tmp_path}/secret.svg"
    with open(secret, "w") as file:
        file.write('<svg xmlns="http://www.w3.org/2000/svg"><text y="20">topsecret</text></svg>')
    html = (
        f'<img src="file://{secret}" alt="no"><object data="file://{secret}"></object>'
        f'<link rel="attachment" href="file://{secret}"><img src="{secret}" alt="no">'
    )
    pdf = printed(html, "", {}, identity="x")
    assert "topsecret" not in papers.words(pdf)
    assert "/EmbeddedFiles" not in str(papers.reader(pdf).trailer["/Root"])


def test_a_chart_on_paper_fetches_nothing_either(server: tuple[str, list[str]]) -> None:
    address, asked = server
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="9" height="9"><image width="9" height="9" xlink:href="{address}/x.png"/>'
        f'<use xlink:href="{address}/y.svg#a"/></svg>'
    )
    printed('<img src="chart:1">', "", {"chart:1": svg.encode()}, identity="x")
    assert asked == []


def test_a_page_too_long_for_one_sheet_loses_no_row() -> None:
    words = papers.words(letter().pdf)
    assert [f"c{i:03d}/main" in words for i in range(1, 61)] == [True] * 60


def test_a_missing_verdict_word_is_not_replaced_by_a_blank() -> None:
    page = pages.page()
    ill = replace(page, verdict=replace(page.verdict, word="停"), sections=())
    assert "停" in papers.words(render(ill, template="backup", language=CHINESE, pdf=True).pdf)
