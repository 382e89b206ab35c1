"""A message that fits a bot: whole lines, as many as have room, and how many were left out."""

from collections.abc import Sequence

from baozhang.words import say


def fitted(lines: Sequence[str], most: int, language: str) -> str:
    """Return lines as one text of at most `most` bytes of UTF-8, control characters as blanks.

    Lines that have no room are counted in a last line; a first line that is too long by itself is
    cut at a character.

    Args:
        lines: the message, the most important first.
        most: bytes; at least 100, so that the last line has room.
        language: of the last line.
    """
    lines = [_plain(line) for line in lines]
    whole = "\n".join(lines)
    if _size(whole) <= most:
        return whole
    for kept in range(len(lines) - 1, 0, -1):
        text = "\n".join((*lines[:kept], _left_out(len(lines) - kept, language)))
        if _size(text) <= most:
            return text
    more = f"\n{_left_out(len(lines) - 1, language)}" if len(lines) > 1 else ""
    return cut(lines[0], most - _size(more)) + more


def _plain(line: str) -> str:
    """Return one line: what ends lines, turns the reading direction or rings bells is a blank."""
    return "".join(sign if sign.isprintable() else " " for sign in line).strip()


def cut(text: str, most: int) -> str:
    """Return a text of at most `most` bytes of UTF-8, cut between characters; `…` says so."""
    if _size(text) <= most:
        return text
    end = "…".encode()
    return (_bytes(text)[: most - len(end)] + end).decode("utf-8", "ignore")


def _left_out(count: int, language: str) -> str:
    return say("{count} more lines are not shown", spoken=language, count=count)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _size(text: str) -> int:
    return len(_bytes(text))
