"""Printable pages of what people keep on paper: a recovery code, or one share of an escrow.

One page of HTML that needs no network and no other file: Chinese first, English below, the code as
text and as a QR code that holds exactly that text in capitals.  Whoever reads a page can open, or
help to open, the vault: pages are written with mode 0600 and belong on paper only.
"""

from collections.abc import Sequence
from datetime import date
from html import escape

import segno

from baozhang.keys.escrow import Share
from baozhang.words import CHINESE, ENGLISH, say

QR_LEVEL = "q"  # a quarter of the code may be stained
STYLE = """
@page { size: A4; margin: 18mm }
body { font: 11pt/1.5 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif }
h1 { font-size: 20pt; margin: 0 } h2 { font-size: 12pt; margin: 0; font-weight: normal }
table { border-collapse: collapse; margin: 6mm 0 } td { padding: 1mm 8mm 1mm 0 }
pre { font: 13pt/1.7 "DejaVu Sans Mono", Consolas, monospace; border: .4mm solid; padding: 4mm;
  white-space: pre-wrap; break-inside: avoid }
svg { display: block; margin: 4mm 0 }
"""
PAGE_TEMPLATES = {
    "recovery": "Baozhang recovery sheet",
    "share": "Baozhang escrow share",
    "vault": "Vault",
    "id": "Vault id",
    "made": "Made",
    "holder": "Holder",
    "of": "{number} of {shares}; any {needed} together open the vault",
    "escrow": "Escrow number",
    "recovery_care": "Whoever holds this code can open every backup in this vault, without the key"
    " file. Print it, seal it, keep it in a safe away from the machine; keep no copy on the disk.",
    "share_care": "This share alone opens nothing. Keep it sealed, apart from the other shares; "
    "tell nobody its words except when the escrow is opened or tested.",
    "use": "To use it: {command}",
}
RECOVERY_COMMAND = "baozhang vault snapshots URL --recovery-sheet FILE"
SHARE_COMMAND = "baozhang vault escrow test URL --share FILE --share FILE"


def recovery_page(*, vault: str, vault_id: str, day: date, code: str) -> str:
    """Return the printable page of a recovery code."""
    facts = [("vault", vault), ("id", vault_id), ("made", day.isoformat())]
    return _page("recovery", facts, code, "recovery_care", RECOVERY_COMMAND)


def share_page(share: Share, *, shares: int, vault: str, vault_id: str, day: date) -> str:
    """Return the printable page of one holder's share."""
    facts = [
        ("vault", vault),
        ("id", vault_id),
        ("made", day.isoformat()),
        ("holder", _place(share, shares)),
        ("escrow", str(share.escrow)),
    ]
    return _page("share", facts, numbered(share.words), "share_care", SHARE_COMMAND, share.words)


def share_text(share: Share, *, shares: int, vault: str, vault_id: str, day: date) -> str:
    """Return one holder's share as plain text, in both languages."""
    of = {"number": share.number, "shares": shares, "needed": share.needed}
    lines = [f"{_both('share')}\n"]
    for name, value in (("vault", vault), ("id", vault_id), ("made", day.isoformat())):
        lines.append(f"{_both(name)}: {value}")
    lines.append(f"{_both('escrow')}: {share.escrow}")
    for spoken in (CHINESE, ENGLISH):
        holder, place = (say(PAGE_TEMPLATES[n], spoken=spoken, **of) for n in ("holder", "of"))
        lines.append(f"{holder}: {place}")
    care = [say(PAGE_TEMPLATES["share_care"], spoken=spoken) for spoken in (CHINESE, ENGLISH)]
    return "\n".join((*lines, "", lined(share.words), "", *care, ""))


def lined(words: str) -> str:
    """Return a share's words, eleven to a line."""
    several = words.split()
    return "\n".join(" ".join(several[at : at + 11]) for at in range(0, len(several), 11))


def numbered(words: str) -> str:
    """Return a share's words with their numbers, four to a line, for reading and copying."""
    several = [f"{at:2} {word:<9}" for at, word in enumerate(words.split(), 1)]
    return "\n".join("  ".join(several[at : at + 4]) for at in range(0, len(several), 4))


def qr_svg(text: str) -> str:
    """Return the QR code of a text, in capitals, as SVG.

    (Capitals, digits, blanks and dashes fit the QR's small alphabet: the picture stays coarse.)
    """
    code = segno.make(text.upper(), error=QR_LEVEL, micro=False, boost_error=False)
    return str(code.svg_inline(scale=4))


def _place(share: Share, shares: int) -> str:
    of = {"number": share.number, "shares": shares, "needed": share.needed}
    return " / ".join(say(PAGE_TEMPLATES["of"], spoken=s, **of) for s in (CHINESE, ENGLISH))


def _both(name: str) -> str:
    return " / ".join(say(PAGE_TEMPLATES[name], spoken=s) for s in (CHINESE, ENGLISH))


def _page(
    title: str,
    facts: Sequence[tuple[str, str]],
    shown: str,
    care: str,
    command: str,
    coded: str | None = None,
) -> str:
    rows = [f"<tr><td>{escape(_both(n))}</td><td>{escape(v)}</td></tr>" for n, v in facts]
    cares = [escape(say(PAGE_TEMPLATES[care], spoken=s)) for s in (CHINESE, ENGLISH)]
    uses = [
        escape(say(PAGE_TEMPLATES["use"], spoken=s, command=command)) for s in (CHINESE, ENGLISH)
    ]
    heads = [escape(say(PAGE_TEMPLATES[title], spoken=s)) for s in (CHINESE, ENGLISH)]
    return "\n".join(
        (
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
            f"<title>{heads[0]}</title><style>{STYLE}</style></head><body>",
            f"<h1>{heads[0]}</h1><h2>{heads[1]}</h2>",
            f"<table>{''.join(rows)}</table>",
            f"<pre>{escape(shown)}</pre>",
            qr_svg(coded or shown),
            *(f"<p>{line}</p>" for line in (*cares, *uses)),
            "</body></html>\n",
        )
    )
