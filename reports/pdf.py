"""A letter on paper: its printed page to PDF, by WeasyPrint.

The page is set in one font that has Chinese characters, embedded in part and searchable.  Nothing
is fetched: a printed page shows the charts that came with it and nothing else, neither from the
network nor from a disk.  The same page gives the same bytes on the same machine.

Importing this module fails where the pango library is not installed (`reports.render` says so in
the letter).  Pages are printed one at a time: pango's fonts are shared, and not made for threads.
"""

import hashlib
from collections.abc import Mapping
from functools import cache
from threading import Lock

import weasyprint  # type: ignore[import-untyped]
from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped]
from weasyprint.urls import URLFetcher, URLFetcherResponse  # type: ignore[import-untyped]

from baozhang.errors import UsageError
from reports import charts

_PRESS = Lock()


def printed(html: str, css: str, pictures: Mapping[str, bytes], *, identity: str) -> bytes:
    """Return a page as PDF.

    Args:
        html: the page, whose images are addresses in `pictures`.
        css: its style; parsed once and kept.
        pictures: address to SVG.
        identity: what the file's identifier is made of (ISO 32000-1, section 14.4).

    Raises:
        UsageError: the font is not installed, or the page cannot be set.
    """
    charts.installed_font()
    with _PRESS:
        try:
            page = weasyprint.HTML(string=html, url_fetcher=_Pictures(pictures))
            pdf: bytes = page.write_pdf(
                stylesheets=[_style(css)],
                font_config=_fonts(),
                pdf_identifier=hashlib.sha256(identity.encode("utf-8", "replace")).digest()[:16],
                pdf_tags=True,
            )
        except charts.GIVES_UP as error:
            name = type(error).__name__
            raise UsageError("the printing library gave up ({name})", name=name) from error
    return pdf


@cache
def _fonts() -> FontConfiguration:
    return FontConfiguration()


@cache
def _style(css: str) -> weasyprint.CSS:
    return weasyprint.CSS(string=css, font_config=_fonts(), url_fetcher=_Pictures({}))


class _Pictures(URLFetcher):  # type: ignore[misc]
    """Hands out the pictures of one page; whatever else is asked for does not exist."""

    def __init__(self, pictures: Mapping[str, bytes]) -> None:
        super().__init__(allowed_protocols=())
        self._pictures = pictures

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:  # noqa: ARG002
        """Return a picture of the page.

        Raises:
            ValueError: it is none of them; WeasyPrint then shows its words.
        """
        if url not in self._pictures:
            raise ValueError("nothing is fetched for a letter")
        return URLFetcherResponse(url, self._pictures[url], {"Content-Type": "image/svg+xml"})
