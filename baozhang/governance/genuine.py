"""When a site became a real one: what was done with invented clients proves nothing of real ones.

The register `site` holds one row; it gets a new version whenever a duty begins and the site's file
says another thing than the time before.
"""

from datetime import datetime

from baozhang.registers import Register, Row
from baozhang.site import Site

_ROW = "kind"


class SiteKind(Row):
    """Whether the site's clients are invented."""

    sample: bool


SITE = Register("site", SiteKind, "whether the site's clients are real")
REGISTERS = (SITE,)


def note_kind(site: Site) -> None:
    """Write down whether the site is a sample, where that is not known or has changed."""
    known = SITE.rows(site).get(_ROW)
    said = SiteKind(sample=site.agency.file.sample)
    if known != said and (known is not None or said.sample):
        SITE.put(site, {_ROW: said}, by="system")


def genuine_since(site: Site) -> datetime | None:
    """Return from when on evidence speaks of real clients.

    None: it always did, or the site is a sample still and every page says so.
    """
    note_kind(site)
    if site.agency.file.sample:
        return None
    history = SITE.history(site)
    return history[-1].at if history else None
