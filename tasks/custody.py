"""Decrypted copies that should be gone by now, for the night's letter."""

from collections.abc import Iterator

from baozhang.catalog.model import Finding
from baozhang.incidents.custody import held
from baozhang.site import Site

MOST = 5  # ids that are named


def custody_findings(site: Site) -> Iterator[Finding]:
    """Yield which copies lie there after the day by which they were to be destroyed.

    Raises:
        CorruptObjectError: a file of the register cannot be read.
    """
    now = site.clock()
    late = [each.copy.id for each in held(site) if each.overdue(now)]
    if late:
        yield Finding(
            "{count} decrypted copies should have been destroyed by now: {copies}",
            (("count", len(late)), ("copies", ", ".join(late[:MOST]))),
            hint="Look at each with `baozhang custody explain ID`; destroy it with `baozhang "
            "custody destroy ID`.",
        )
