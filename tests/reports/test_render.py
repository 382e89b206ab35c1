"""One page becomes mail, plain text and paper; what cannot be made is said, and costs no letter."""

import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from baozhang.masking import Gate
from baozhang.words import CHINESE, ENGLISH
from reports import charts
from reports.page import Letter, Page, Pairs, Picture, Row, Series, Table, Words
from reports.render import render
from tests.reports import pages, papers
from tests.reports.test_letters import visible

ROOT = Path(__file__).parents[2]


def letter(page: Page, *, pdf: bool = False, gate: Gate | None = None) -> Letter:
    return render(page, template="restore_test", language=page.language, pdf=pdf, gate=gate)


@pytest.mark.parametrize("language", [CHINESE, ENGLISH])
def test_all_three_forms_say_the_same(language: str) -> None:
    page = pages.page(language)
    made = letter(page, pdf=True)
    forms = [visible(made.html), made.text, papers.words(made.pdf)]
    said = [page.sentence, *(section.heading for section in page.sections)]
    for form in forms:
        flat = "".join(form.split())
        assert [word for word in said if "".join(word.split()) not in flat] == []


def test_sections_keep_their_order() -> None:
    made = letter(pages.page())
    for form in (visible(made.html), made.text):
        places = [form.index(section.heading) for section in pages.sections()[:3]]
        assert places == sorted(places)


def test_a_picture_of_the_mail_is_the_one_its_html_shows() -> None:
    made = letter(pages.page())
    assert re.findall(r'src="cid:([^"]*)"', made.html) == [each.cid for each in made.pictures]
    assert len({each.cid for each in made.pictures}) == 3


def test_a_content_id_can_stand_in_a_header() -> None:
    for picture in letter(pages.page()).pictures:
        assert re.fullmatch(r"[a-z0-9.-]+@[a-z]+", picture.cid)  # RFC 2392: addr-spec


def test_pictures_say_how_large_they_are_and_what_they_show() -> None:
    for tag in re.findall(r"<img[^>]*>", letter(pages.page()).html):
        assert f'width="{charts.WIDTH}" height="{charts.HEIGHT}"' in tag
        assert re.search(r'alt="[^"]{10,}"', tag)


def test_pictures_fit_into_a_letter_of_640() -> None:
    for picture in letter(pages.page()).pictures:
        width, _ = Image.open(io.BytesIO(picture.png)).size
        assert width <= 2 * 640


def test_a_chart_in_plain_text_is_its_words() -> None:
    text = letter(pages.page()).text
    assert [chart.alt for chart in pages.charts() if chart.alt not in text] == []


def test_a_chart_shown_twice_is_sent_once() -> None:
    chart = pages.charts()[0]
    made = letter(pages.page(sections=(Picture("a", chart), Picture("b", chart))))
    assert len(made.pictures) == 1
    assert made.html.count(f"cid:{made.pictures[0].cid}") == 2


def broken() -> Page:
    """A page whose first chart has a value nobody can draw."""
    chart = replace(pages.charts()[0], series=(Series("x", (float("inf"),) * 31),))
    return pages.page(sections=(Picture("a", chart), Picture("b", pages.charts()[1])))


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_a_chart_that_cannot_be_drawn_is_told_in_words(form: str) -> None:
    made = letter(broken(), pdf=True)
    said = visible(made.html) if form == "html" else papers.words(made.pdf)
    flat = "".join(said.split())
    assert "".join(pages.charts()[0].alt.split()) in flat
    assert "图表未能绘制：绘图程序无法完成（" in flat
    assert len(made.pictures) == 1


@pytest.fixture
def no_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(charts, "FONT", "No Such Font SC")
    charts.installed_font.cache_clear()
    yield
    charts.installed_font.cache_clear()


@pytest.mark.usefixtures("no_font")
def test_without_the_font_the_letter_is_made_of_words_and_says_so() -> None:
    made = letter(pages.page(), pdf=True)
    assert (made.pictures, made.pdf, made.pdf_name) == ((), b"", "")
    for said in (visible(made.html), made.text):
        assert "本信未能生成 PDF：字体 No Such Font SC 未安装。" in said
        assert "fonts-noto-cjk" in said
    assert "图表未能绘制：字体 No Such Font SC 未安装。" in visible(made.html)


def test_without_pango_the_letter_goes_out_and_says_so(tmp_path: Path) -> None:
    """A package that fails to load its library, as WeasyPrint does without pango."""
    fake = tmp_path / "weasyprint" / "__init__.py"
    fake.parent.mkdir()
    fake.write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\")")
    script = (
        "from tests.reports import pages; from reports.render import render\n"
        "made = render(pages.page(sections=()), template='backup', language='zh_CN', pdf=True)\n"
        "assert (made.pdf, made.pdf_name) == (b'', ''), 'a PDF from nowhere'\n"
        "print(made.text)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT}", "PYTHONIOENCODING": "utf-8"},
        cwd=tmp_path, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    said = "".join(done.stdout.decode().split())
    assert "本信未能生成PDF：未安装pango库。" in said
    assert "libpango-1.0-0" in said


SECRETS = {
    "name": "杭州西湖龙井茶业有限公司",
    "credit code": "91330106MA2B1CDE3X",
    "identity number": "330106198001011234",
    "bank account": "6222021202001234567",
    "phone": "13857112345",
}
SECRET = "、".join(SECRETS.values())
GATE = Gate([SECRETS["name"]])


def of_secrets(value: object) -> object:
    """Return a page, or a part of one, with a secret in every word."""
    if isinstance(value, str):
        return f"{value} {SECRET}"
    if isinstance(value, tuple):
        return tuple(map(of_secrets, value))
    if hasattr(value, "__dataclass_fields__"):
        keys = {"kind", "language", "audience", "fingerprint", "status", "form", "names", "number"}
        words = {name: of_secrets(getattr(value, name)) for name in value.__dataclass_fields__
                 if name not in keys}  # fmt: skip
        return replace(value, **words)  # type: ignore[type-var]
    return value


def whole(made: Letter) -> str:
    """Return everything a letter shows or is called."""
    alts = " ".join(picture.alt for picture in made.pictures)
    about = str(papers.reader(made.pdf).metadata)
    return "\n".join(
        (made.subject, made.html, made.text, made.pdf_name, alts, about, papers.words(made.pdf))
    )


def test_no_word_of_a_page_passes_the_gate_unseen() -> None:
    page = of_secrets(pages.page(sections=pages.sections(rows=2)))
    assert isinstance(page, Page)
    said = "".join(whole(letter(page, pdf=True, gate=GATE)).split())
    assert [kind for kind, secret in SECRETS.items() if secret in said] == []


def test_a_letter_shows_the_names_it_may_show() -> None:
    evidence = Pairs(SECRETS["name"], ())
    page = pages.page(sections=(evidence,), names=(SECRETS["name"],))
    assert SECRETS["name"] in letter(page, gate=GATE).text


def test_a_letter_shows_no_other_client_beside_its_own() -> None:
    gate = Gate([SECRETS["name"], "宁波甬江海鲜有限公司"])
    page = pages.page(sentence="宁波甬江海鲜有限公司", sections=(), names=(SECRETS["name"],))
    assert "甬江" not in whole(letter(page, pdf=True, gate=gate))


def test_the_gate_leaves_the_hash_of_a_letter_whole() -> None:
    assert pages.FINGERPRINT in letter(pages.page(), gate=GATE).text


def test_a_status_is_no_word_even_where_a_client_is_called_so() -> None:
    made = letter(pages.page(), gate=Gate(["failed", "inconclusive"]))
    assert 't-failed"' in made.html


POISONS = (
    "<img src=x onerror=alert(1)>",
    "</td></tr></table><script>alert(1)</script>",
    "</style><style>@import 'http://127.0.0.1/x'</style>",
    "{{ 7*7 }}{% for x in page %}{{ x }}{% endfor %}",
    "{0.__class__}%(number)s %s",
    "\r\nBcc: thief@example.com\r\n\r\n",
    '" style="display:none" onload="x',
    "' url(http://127.0.0.1/y) '",
    "\u202egnp.exe\u202c\u2066x\u2069",
    "a\x00b\x1b[31mc\x07\x85\u2028d\u2029",
    "\udcff\udc80",
    "=HYPERLINK(\"http://127.0.0.1\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "+1-2",
    "字" * 500,
    "x" * 500,
    "&lt;b&gt;&#60;&nbsp;",
    "<!--[if mso]><b><![endif]-->",
    "$\\frac{x}{0}$",
)  # fmt: skip


def poisoned(value: object, poison: str) -> object:
    if isinstance(value, str):
        return poison
    if isinstance(value, tuple):
        return tuple(poisoned(each, poison) for each in value)
    if hasattr(value, "__dataclass_fields__"):
        keys = {"kind", "language", "audience", "fingerprint", "status", "form", "names", "number"}
        words = {name: poisoned(getattr(value, name), poison)
                 for name in value.__dataclass_fields__ if name not in keys}  # fmt: skip
        return replace(value, **words)  # type: ignore[type-var]
    return value


SHORT = pages.page(
    sections=tuple(
        section
        for section in pages.sections(rows=2)
        if not isinstance(section, Picture) or section.chart.form == "bars"
    )
)
HARMLESS = letter(poisoned(SHORT, "x"))  # type: ignore[arg-type]


@pytest.mark.parametrize("poison", POISONS, ids=range(len(POISONS)))
def test_no_word_of_a_page_can_be_more_than_a_word(poison: str) -> None:
    made = letter(poisoned(SHORT, poison))  # type: ignore[arg-type]

    def tags(html: str) -> list[str]:
        outside = re.sub(r'alt="[^"]*"|<wbr>', "", html)  # a slash in a name may end a line
        return re.findall(r"<[^>]*>", outside)

    assert tags(made.html) == tags(HARMLESS.html)
    assert "\n" not in made.subject
    assert "49" not in made.subject
    for words in (made.text, made.html, made.subject, made.pictures[0].alt):
        assert not set("\u202e\u2066\x00\x1b\x07\x85\u2028\u2029\r") & set(words)
        words.encode("utf-8")


def test_no_word_of_a_page_breaks_its_pdf() -> None:
    rows = tuple(Row(word, pages.page().verdict, (word,), (word,)) for word in POISONS)
    words = (Words("x", POISONS), Table("x", "x", ("x",), rows))
    page = replace(poisoned(SHORT, POISONS[1]), sections=words)  # type: ignore[type-var]
    made = letter(page, pdf=True)
    reader = papers.reader(made.pdf)
    assert "第 1 页 共" in papers.words(made.pdf)
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(reader.trailer["/Root"])
    assert [sheet for sheet in reader.pages if "/Annots" in sheet] == []
    said = "".join(papers.words(made.pdf).split())
    assert "{{7*7}}" in said
    assert "<script>alert(1)</script>" in said
    assert not set('\r\n\x00/\\:*?"<>|') & set(made.pdf_name)
    assert len(made.pdf_name.encode()) <= 255
