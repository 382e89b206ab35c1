"""Pages for paper: with nothing else at hand, the code is read again from text and QR code."""

import re
from datetime import date
from html import unescape

import pytest

from baozhang.cli.secret import code_in
from baozhang.keys.escrow import Share, share_in, split
from baozhang.keys.sheet import qr_svg, recovery_page, share_page, share_text
from baozhang.keys.slots import new_secret, read_recovery_code, recovery_code
from tests.keys.qr import text_in

SECRET = new_secret("recovery")
CODE = recovery_code(SECRET)
SHARES = split(new_secret("escrow"))
DAY = date(2026, 7, 31)
VAULT = "/mnt/disk2/vault"


def share_facts(share: Share) -> dict[str, object]:
    return {"shares": 3, "vault": VAULT, "vault_id": "ab" * 16, "day": DAY}


def page() -> str:
    return recovery_page(vault=VAULT, vault_id="ab" * 16, day=DAY, code=CODE)


def test_the_qr_code_of_a_recovery_page_gives_the_secret() -> None:
    assert read_recovery_code(text_in(page())) == SECRET


def test_the_text_of_a_recovery_page_gives_the_secret() -> None:
    assert code_in(page()) == SECRET


@pytest.mark.parametrize("share", SHARES)
def test_the_qr_code_of_a_share_page_gives_the_share(share: Share) -> None:
    drawn = share_page(share, **share_facts(share))  # type: ignore[arg-type]
    assert text_in(drawn).lower() == share.words


@pytest.mark.parametrize("draw", [share_page, share_text])
@pytest.mark.parametrize("share", SHARES)
def test_the_words_of_a_share_are_read_from_page_and_text(share: Share, draw: object) -> None:
    assert share_in(draw(share, **share_facts(share))) == share  # type: ignore[operator]


def test_a_page_says_vault_day_and_holder_in_chinese_before_english() -> None:
    drawn = unescape(share_page(SHARES[1], **share_facts(SHARES[1])))  # type: ignore[arg-type]
    for fact in (VAULT, "ab" * 16, "2026-07-31", "2 of 3", str(SHARES[1].escrow)):
        assert fact in drawn
    assert re.search(r"<h1>[^<]*[\u4e00-\u9fff][^<]*</h1><h2>[A-Z]", drawn)


def test_a_share_s_page_holds_no_other_share() -> None:
    drawn = share_page(SHARES[0], **share_facts(SHARES[0]))  # type: ignore[arg-type]
    assert not any(" ".join(share.words.split()[4:8]) in drawn for share in SHARES[1:])


def test_a_page_needs_no_network() -> None:
    assert not re.search(r"(src|href)=|url\(|@import|https?://(?!www\.w3\.org)", page())


def test_what_stands_on_a_page_is_escaped() -> None:
    drawn = recovery_page(vault="<b>&", vault_id="v", day=DAY, code=CODE)
    assert "<b>&" not in drawn


def test_a_stained_code_still_has_its_redundancy() -> None:
    """Level Q: the format bits say so (binary 11, masked by the standard's pattern)."""
    assert text_in(qr_svg(CODE)) == CODE
