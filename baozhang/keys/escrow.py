"""Escrow: one slot's secret split among several people, of whom some together open the vault.

    secret ─► SLIP-39 ─► share 1 │ share 2 │ share 3        any 2 of 3 give the secret again

A share is a line of English words, made for paper and for reading aloud; three words of it are a
checksum.  Fewer shares than the threshold say nothing at all of the secret.  Plain SLIP-39: one
group, no passphrase.  Normative: docs/format.md, "Key slots".

The library that does the arithmetic is reference code and not constant in time: make and join
shares on a machine that nobody else uses at that moment.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from shamir_mnemonic import combine_mnemonics, generate_mnemonics  # type: ignore[import-untyped]
from shamir_mnemonic.share import Share as Slip39  # type: ignore[import-untyped]
from shamir_mnemonic.utils import MnemonicError  # type: ignore[import-untyped]
from shamir_mnemonic.wordlist import WORD_INDEX_MAP  # type: ignore[import-untyped]

from baozhang.errors import UsageError
from baozhang.keys.slots import KEY_BYTES, Secret

WORDS = 33  # of a share of a secret of 32 bytes
MOST_SHARES = 16  # SLIP-39
TAG = re.compile(r"<[^>]*>")
ITERATION_EXPONENT = 1
"""PBKDF2 with 20,000 rounds in all; the secret is random, so more would protect nothing."""

SHARE_HINT_TEMPLATES = {
    "mistyped": "Compare it word by word with the paper; it has 33 words.",
}


@dataclass(frozen=True, slots=True)
class Share:
    """One holder's share, read from paper or a file."""

    words: str = field(repr=False)
    escrow: int  # 15 bits, equal in all shares of one escrow
    number: int  # of the holder, from 1
    needed: int  # shares that give the secret


def split(secret: Secret, *, needed: int = 2, shares: int = 3) -> tuple[Share, ...]:
    """Return the shares of an escrow slot's secret, each proven to take part.

    Raises:
        UsageError: numbers that SLIP-39 does not allow.
    """
    if not 2 <= needed <= shares <= MOST_SHARES:
        raise UsageError(
            "{needed} of {shares} shares cannot be made",
            hint="Ask for 2 to 16 shares, of which at least 2 are needed.",
            needed=needed,
            shares=shares,
        )
    ((*texts,),) = generate_mnemonics(
        1, [(needed, shares)], secret.value, iteration_exponent=ITERATION_EXPONENT
    )
    made = [read_share(text) for text in texts]
    for at in range(shares):
        chosen = [made[(at + step) % shares] for step in range(needed)]
        if combine(chosen) != secret:
            raise UsageError(
                "the shares do not give back the secret",
                hint="Test this machine's memory before making an escrow.",
            )
    return tuple(made)


def read_share(text: str) -> Share:
    """Return the share that words write; case, line breaks and any blanks do not matter.

    Raises:
        UsageError: mistyped, or no share of a vault's escrow.
    """
    words = " ".join(text.lower().split())
    try:
        share = Slip39.from_mnemonic(words)
    except MnemonicError as error:
        raise UsageError(
            "a share is mistyped, or is none", hint=SHARE_HINT_TEMPLATES["mistyped"]
        ) from error
    if share.group_count != 1 or len(share.value) != KEY_BYTES or share.member_threshold < 2:
        raise UsageError(
            "these words are a share of something else", hint=SHARE_HINT_TEMPLATES["mistyped"]
        )
    return Share(words, share.identifier, share.index + 1, share.member_threshold)


def share_in(page: str) -> Share:
    """Return the share on a share's page, text or HTML: its longest run of lines of such words.

    Raises:
        UsageError: there is none, or it is mistyped.
    """
    found = _words_in(page)
    if not found:
        raise UsageError("there is no share in this file", hint="Give the file of one share.")
    return read_share(" ".join(found))


def has_share(page: str) -> bool:
    """Tell whether a file looks as if it held a share, mistyped or not."""
    return len(_words_in(page)) > WORDS // 2


def _words_in(page: str) -> list[str]:
    runs: list[list[str]] = [[]]
    for line in page.lower().splitlines():
        words = [word for word in TAG.sub("", line).split() if not word.isdigit()]
        known = sum(word in WORD_INDEX_MAP for word in words)
        if words and 2 * known > len(words):  # a line with a mistyped word is still one of them
            runs[-1] += words
        else:
            runs.append([])
    return max(runs, key=len)


def combine(shares: Sequence[Share]) -> Secret:
    """Return the secret of an escrow slot.

    Raises:
        UsageError: too few, of different escrows, or shares that do not belong together.
    """
    if not shares:
        raise UsageError("no share was given", hint="Bring the shares of different holders.")
    first = shares[0]
    by_number: dict[int, Share] = {}
    for share in shares:
        if (share.escrow, share.needed) != (first.escrow, first.needed):
            raise UsageError(
                "the shares of holders {first} and {other} are of different escrows",
                hint="Bring shares that were made together, on the same day for the same vault.",
                first=first.number,
                other=share.number,
            )
        if by_number.setdefault(share.number, share).words != share.words:
            raise _contradicting(share)
    if len(by_number) < first.needed:
        raise UsageError(
            "{given} of the {needed} shares needed were given",
            hint="Bring the shares of {needed} different holders.",
            given=len(by_number),
            needed=first.needed,
        )
    chosen = sorted(by_number.values(), key=lambda share: share.number)[: first.needed]
    try:
        return Secret("escrow", combine_mnemonics([share.words for share in chosen]))
    except MnemonicError as error:
        raise _contradicting(chosen[-1]) from error


def _contradicting(share: Share) -> UsageError:
    return UsageError(
        "the shares do not fit together, though none is mistyped; one of them was altered",
        hint="Try other holders' shares; {number} is the last that was joined.",
        number=share.number,
    )
