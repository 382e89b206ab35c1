"""Claims: which client and set a file of a mixed share belongs to, by the agency's rules.

    folder 绿源科技             everything in that folder
    folder 其他, glob **/*.xlsx   what matches below that folder
    code_in path                the client whose credit code stands in the path
    code_in file                …, or in the beginning of the file itself

Rules are asked in their order, and the first that matches has the file.  A later rule of another
client that would have matched as well is a conflict: nobody is meant to find out by a missing file.
This module decides on names; what stands in a file it is told (`credit_codes`).
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from baozhang.errors import UsageError
from baozhang.sources.credit_codes import codes_in
from baozhang.sources.globs import excluder

Codes = Callable[[], tuple[str, ...]]
"""Returns the credit codes that stand in a file; asked only where a rule needs them."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a share.

    Either a client is named, or `code_in` says where to look for whose file it is; with both,
    it is that client's only where its own code is found.
    """

    client: str | None
    set: str
    folder: str = ""  # below the share's root; "": the whole share
    glob: str = ""  # below that folder (`sources.globs`); "": everything
    code_in: Literal["path", "file"] | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose a file is, and who else would have had it."""

    client: str
    set: str
    rule: int  # from 1
    rivals: tuple[tuple[str, int], ...] = ()  # other clients, and their rules


class Claims:
    """An agency's rules, ready to be asked about a million files.

    Args:
        rules: in their order.
        codes: the client of each credit code.

    Raises:
        UsageError: a rule cannot be read, or names nobody.
    """

    def __init__(self, rules: tuple[Rule, ...], codes: Mapping[str, str]) -> None:
        self._rules = rules
        self._codes = dict(codes)
        self._matches = [_matcher(number, rule) for number, rule in enumerate(rules, 1)]
        self._by_folder: dict[bytes, list[int]] = {}
        for place, rule in enumerate(rules):
            self._by_folder.setdefault(folder_of(rule), []).append(place)

    def claim(self, path: bytes, in_file: Codes) -> Claim | None:
        """Return whose the file at a path is; None: nobody's.

        Args:
            path: below the share's root.
            in_file: the codes that stand in it.
        """
        claimed: Claim | None = None
        rivals: dict[str, int] = {}
        for place in self._candidates(path):
            rule = self._rules[place]
            if claimed and rule.code_in == "file":
                continue  # whose it is is known; a million files are not read to find a rival
            client = self._client(rule, path, in_file)
            if client is None:
                continue
            if claimed is None:
                claimed = Claim(client, rule.set, place + 1)
                rivals |= self._others(rule, path, client, place)
            elif client != claimed.client:
                rivals.setdefault(client, place + 1)
        if claimed and rivals:
            return Claim(claimed.client, claimed.set, claimed.rule, tuple(sorted(rivals.items())))
        return claimed

    def _candidates(self, path: bytes) -> list[int]:
        """Return the rules whose folder holds the path and whose glob matches, in their order."""
        found = list(self._by_folder.get(b"", ()))
        at = path.find(b"/")
        while at != -1:
            found += self._by_folder.get(path[:at], ())
            at = path.find(b"/", at + 1)
        return [place for place in sorted(found) if self._fits(place, path)]

    def _fits(self, place: int, path: bytes) -> bool:
        matches = self._matches[place]
        if matches is None:
            return True
        folder = folder_of(self._rules[place])
        return matches(path[len(folder) + 1 :] if folder else path)

    def _client(self, rule: Rule, path: bytes, in_file: Codes) -> str | None:
        if rule.code_in is None:
            return rule.client
        found = self._clients(rule, path, in_file)
        if rule.client is None:
            return found[0] if found else None
        return rule.client if rule.client in found else None

    def _clients(self, rule: Rule, path: bytes, in_file: Codes) -> list[str]:
        codes = codes_in(os.fsdecode(path)) if rule.code_in == "path" else in_file()
        return [self._codes[code] for code in codes if code in self._codes]

    def _others(self, rule: Rule, path: bytes, client: str, place: int) -> dict[str, int]:
        """Return the clients whose codes stand there too: two names on one paper."""
        if rule.code_in != "path" or rule.client is not None:
            return {}
        named = self._clients(rule, path, tuple)
        return {other: place + 1 for other in named if other != client}


def folder_of(rule: Rule) -> bytes:
    """Return a rule's folder as the bytes of a path below the root."""
    return os.fsencode(rule.folder.strip("/"))


def region_of(rule: Rule) -> bytes:
    """Return the deepest folder that holds everything a rule can match."""
    parts = [part for part in rule.folder.strip("/").split("/") if part]
    for part in rule.glob.strip("/").split("/")[:-1]:
        if any(sign in part for sign in "*?["):
            break
        parts.append(part)
    return os.fsencode("/".join(parts))


def concerns(rules: tuple[Rule, ...], place: bytes, pair: tuple[str, str]) -> bool:
    """Tell whether a place of which nothing is known may hold files of a (client, set).

    Rules that give a whole folder to one client end the question for what lies in it.
    """
    for rule in rules:
        region = region_of(rule)
        above = _lies_in(place, region)
        if not (above or _lies_in(region, place)):
            continue
        if rule.set == pair[1] and rule.client in {None, pair[0]}:
            return True
        if above and not rule.glob and rule.code_in is None:
            return False
    return False


def _lies_in(path: bytes, folder: bytes) -> bool:
    return not folder or path == folder or path.startswith(folder + b"/")


def outermost(regions: set[bytes]) -> Iterator[bytes]:
    """Yield the folders that lie in none of the others, sorted."""
    last = b""
    for region in sorted(regions, key=lambda region: region + b"/"):
        if b"" in regions:
            yield b""
            return
        if not last or not region.startswith(last + b"/"):
            last = region
            yield region


def _matcher(number: int, rule: Rule) -> Callable[[bytes], bool] | None:
    if rule.client is None and rule.code_in is None:
        raise UsageError(
            "rule {number} of the share names no client",
            hint="Give it a `client`, or `code_in: path` or `code_in: file`.",
            number=number,
        )
    try:
        return excluder((rule.glob,)) if rule.glob else None
    except UsageError as error:
        raise UsageError(
            "the pattern {pattern} of rule {number} of the share cannot be read",
            hint="Write a set of characters from low to high, as in [a-z].",
            pattern=rule.glob,
            number=number,
        ) from error
