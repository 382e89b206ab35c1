"""A link as a QR code (ISO/IEC 18004), for telephones: as PNG for the mail, as SVG for paper.

Error correction level M: a fold or a stamp over 15 % of it does no harm.  The same link gives the
same bytes.
"""

import io
from dataclasses import dataclass

import segno

from baozhang.errors import UsageError

MOST = 800  # characters of a link; a code of more is too fine for an office printer
_QUIET = 4  # modules of white around it, as the standard asks for
_SCALE = 6  # pixels of a module: sharp on a phone


@dataclass(frozen=True, slots=True)
class Code:
    """A link and its pictures; the SVG is ASCII without a declaration, to stand inside a page."""

    link: str
    svg: bytes
    png: bytes


def draw(link: str) -> Code:
    """Return a link's code.

    Raises:
        UsageError: the link is too long.
    """
    if len(link) > MOST:
        raise UsageError(
            "a link of {length} characters is too long for a code on paper",
            hint="Shorten governance.survey in agency.yaml.",
            length=len(link),
        )
    code = segno.make(link, error="m", boost_error=False, micro=False)
    svg, png = io.BytesIO(), io.BytesIO()
    code.save(svg, kind="svg", border=_QUIET, xmldecl=False, svgclass=None, omitsize=True)
    code.save(png, kind="png", border=_QUIET, scale=_SCALE)
    return Code(link, svg.getvalue().strip(), png.getvalue())
