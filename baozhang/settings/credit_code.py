"""The unified social credit code (统一社会信用代码) and its check character.

Source: GB 32100-2015, "法人和其他组织统一社会信用代码编码规则", section 4 and annex A
(the check character after GB/T 17710, system MOD 31-3).
"""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters; I, O, S, V and Z are left out because they look like digits."""

LENGTH = 18


def check_character(first: str) -> str:
    """Return the 18th character of a code from its first 17.

    The i-th character, from 1, weighs 3^(i-1) mod 31; the check character makes the weighted sum
    of all eighteen divisible by 31.

    Raises:
        ValueError: a character that no code holds.
    """
    total = sum(ALPHABET.index(sign) * pow(3, i, 31) for i, sign in enumerate(first))
    return ALPHABET[-total % 31]


def well_formed(code: str) -> bool:
    """Tell whether the code has 18 characters of the alphabet."""
    return len(code) == LENGTH and all(sign in ALPHABET for sign in code)


def checked(code: str) -> bool:
    """Tell whether a well-formed code's last character fits the others."""
    return check_character(code[:-1]) == code[-1]
