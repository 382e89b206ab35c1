"""Whose book an export says it is: a labelled credit code above a table.

    编制单位：…    统一社会信用代码：91330106MA2CF1L35X    2026年3月     ◄ a banner
    科目编码  …

Only a code with its label counts: codes without one may be a customer's.
"""

import re
import unicodedata
from collections.abc import Iterable

_OWNER = re.compile(
    r"(?:统一社会信用代码|纳税人识别号)[\s:,]*([0-9A-HJ-NPQRTUWXY]{18})(?![0-9A-Z])", re.IGNORECASE
)
"""18 signs without I, O, S, V and Z: GB 32100-2015."""


def owner_in(banners: Iterable[str]) -> str | None:
    """Return the first credit code that a banner names as the book's own; None: none does."""
    found = (_OWNER.search(unicodedata.normalize("NFKC", banner)) for banner in banners)
    return next((match[1].upper() for match in found if match), None)
