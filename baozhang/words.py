"""Words for people: every text shown is an English template with a Chinese twin.

    say("client {client} is not known", client="c001")

The template is the key of a gettext catalogue.  The twins live in `baozhang/locale/zh_CN/*.po`,
one file per area; `tools/words.py` compiles them into the one `.mo` that is read here and tells
which templates still have no twin.  gettext alone is loaded: a command must start at once.
"""

import gettext
import os
from functools import cache
from pathlib import Path

CHINESE, ENGLISH = "zh_CN", "en"
_LOCALE = Path(__file__).parent / "locale"


def language() -> str:
    """Return the language to speak: `BAOZHANG_LANG`, else the POSIX locale; C means English."""
    for name in ("BAOZHANG_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name, ""):
            return CHINESE if value.lower().startswith("zh") else ENGLISH
    return ENGLISH


@cache
def _catalogue(spoken: str) -> gettext.NullTranslations:
    return gettext.translation("baozhang", _LOCALE, [spoken], fallback=True)


def say(template: str, /, *, spoken: object = None, **facts: object) -> str:
    """Return the template in the language spoken, filled with facts.

    `spoken` is a language or None; its type lets facts be unpacked beside it.  A fact `reason` is
    what the system said: words as well, and put into the language where the catalogue has them.
    """
    words = _catalogue(str(spoken or language()))
    text = words.gettext(template) if template else ""
    if reason := facts.get("reason"):
        facts["reason"] = words.gettext(str(reason))
    return text.format(**facts) if facts else text
