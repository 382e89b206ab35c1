"""Patterns that leave things of a folder out of its backup.

    *.tmp           names in the root folder itself that end so
    **/~$*          at any depth: what an office program leaves while a file is open
    old/**          everything in `old`, the folder itself stays
    old             the folder `old` and everything in it

A pattern is held against the whole path below the root.  `*` and `?` stop at `/`, `?` is one
character (not one byte), `[abc]`, `[a-z]` and `[!a]` are one of some, and `**` is any number of
folders, none included.  Case matters.  There is no escape: `[*]` is a star.
"""

import os
import re
from collections.abc import Callable, Iterable

from baozhang.errors import UsageError

_CLASS = re.compile(r"\[(!?)(\]?[^\]/]*)\]")


def excluder(patterns: Iterable[str]) -> Callable[[bytes], bool] | None:
    """Return what tells whether a path is left out; None where nothing is.

    Raises:
        UsageError: a pattern cannot be read, as `[z-a]`.
    """
    rules = [_checked(pattern) for pattern in patterns]
    if not rules:
        return None
    matches = re.compile("|".join(rules), re.DOTALL).fullmatch
    return lambda path: matches(os.fsdecode(path)) is not None


def _checked(pattern: str) -> str:
    rule = _expression(pattern)
    try:
        re.compile(rule)
    except re.error as error:
        raise UsageError(
            "exclude pattern {pattern} cannot be read",
            hint="Write a set of characters from low to high, as in [a-z].",
            pattern=pattern,
        ) from error
    return rule


def _expression(pattern: str) -> str:
    segments = pattern.strip("/").split("/")
    parts: list[str] = []
    for place, segment in enumerate(segments, 1):
        last = place == len(segments)
        if segment == "**":
            parts.append(".+" if last else "(?:.+/)?")
        else:
            parts.append(_segment(segment) + ("" if last else "/"))
    return "".join(parts)


def _segment(segment: str) -> str:
    parts: list[str] = []
    at = 0
    while at < len(segment):
        sign = segment[at]
        if sign == "[" and (found := _CLASS.match(segment, at)):
            members = found[2].replace("\\", r"\\").replace("[", r"\[").replace("^", r"\^")
            parts.append(f"[{'^/' if found[1] else ''}{members.replace(']', chr(92) + ']')}]")
            at = found.end()
            continue
        parts.append({"*": "[^/]*", "?": "[^/]"}.get(sign) or re.escape(sign))
        at += 1
    return "".join(parts)
