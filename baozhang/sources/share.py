"""A share where several clients' files mix, and each client's part of it as a source.

    share ──rules──► (client, set)      the newest state of those files alone
               └───► nobody             the list of files that nobody owns: 未归属文件

A client's files are looked for only where its rules can match, and what cannot be looked at there
is that client's trouble: nobody knows whose files were in it.  Rules that go by credit codes can
match anywhere in their folder; for those the folder is walked once for all clients, and what was
found is remembered as long as the `Share` lives: one run.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cached_property, partial
from glob import escape
from pathlib import Path
from typing import NamedTuple

from baozhang.books.model import LedgerReader
from baozhang.books.profiles import Profile, load_profile
from baozhang.books.reading import open_books
from baozhang.errors import LedgerFormatError, SourceGoneError, SourceUnreadableError
from baozhang.sources.base import Item, LedgerSpec, Trouble, shown
from baozhang.sources.claims import (
    Claim,
    Claims,
    Rule,
    concerns,
    outermost,
    region_of,
)
from baozhang.sources.credit_codes import codes_in_file
from baozhang.sources.folders import Folder, Folders, root_folder, split
from baozhang.sources.globs import excluder
from baozhang.sources.ledger_tree import FrozenLedgerTree, LedgerTreeSource
from baozhang.sources.mounts import present_untrusted_devices
from baozhang.sources.walk import Walk, trouble_of

MOST = 20  # paths in one list; figures count all
Pair = tuple[str, str]
"""A client's id and a set's name."""

UNCLAIMED_TEMPLATES = {
    "unclaimed": "files of the share that no rule claims: {files} ({megabytes} MB); the first: "
    "{paths}",
    "unclaimed_hint": "Add a rule for them to `share` in agency.yaml, or exclude them there.",
    "conflicts": "files of the share that more than one client's rules claim: {files}; the first: "
    "{paths}",
    "conflicts_hint": "Ask `baozhang source explain PATH` which rules they are, and narrow one.",
    "troubles": "places of the share that could not be looked at: {places}; the first: {paths}",
    "troubles_hint": "Give the account of the backup the right to read them; what lies there may "
    "be in no backup.",
}
"""What the letter of the night says of a share."""


@dataclass(slots=True)
class Survey:
    """A whole share held against its rules; lists are capped, figures are exact."""

    files: int = 0
    claimed: int = 0
    unclaimed: int = 0
    unclaimed_bytes: int = 0
    first: list[str] = field(default_factory=list)
    folders: Counter[str] = field(default_factory=Counter)  # top folders of what nobody claims
    conflicts: int = 0
    conflict_paths: list[str] = field(default_factory=list)
    troubles: int = 0  # what could not be looked at
    trouble_paths: list[str] = field(default_factory=list)


class Part(NamedTuple):
    """One set's part of a share."""

    paths: frozenset[bytes]  # its files, and the folders above them
    troubles: tuple[Trouble, ...]  # where more of its files may lie


class Share:
    """One share and the agency's rules for it.

    Args:
        root: where it is mounted.
        rules: in their order; the first that matches has the file.
        codes: the client of each credit code.
        exclude: patterns of what is nobody's business (`sources.globs`).

    Raises:
        UsageError: a rule or a pattern cannot be read.
    """

    def __init__(
        self,
        root: Path,
        rules: tuple[Rule, ...],
        *,
        codes: Mapping[str, str] | None = None,
        exclude: tuple[str, ...] = (),
    ) -> None:
        self.root = root
        self._rules = rules
        self._claims = Claims(rules, codes or {})
        self._excluded = excluder(exclude)

    def claimed(self, pair: Pair) -> Part:
        """Return the paths of a set's files, and what could not be looked at for more.

        Raises:
            SourceUnreadableError: the share cannot be read.
        """
        own = {
            region_of(rule)
            for rule in self._rules
            if rule.client is not None and (rule.client, rule.set) == pair
        }
        by_code, troubles = self._by_code
        found, troubles = set(by_code.get(pair, ())), list(troubles)
        for path, claim, _ in self._claimed_in(own, troubles):
            if (claim.client, claim.set) == pair:
                found.add(path)
        paths = frozenset(found | {above for path in found for above in _folders_above(path)})
        by_path = {each.path: each for each in troubles if self._may_be(each, pair)}
        return Part(paths, tuple(by_path[path] for path in sorted(by_path)))

    def _may_be(self, trouble: Trouble, pair: Pair) -> bool:
        """Tell whether a set's files may lie where nobody could look."""
        if trouble.reason != "special":
            return concerns(self._rules, trouble.path, pair)
        claim = self._claims.claim(trouble.path, tuple)
        return claim is not None and (claim.client, claim.set) == pair

    def explain(self, path: bytes) -> Claim | None:
        """Return whose a file below the root is, by which rule; None: nobody's.

        Raises:
            SourceUnreadableError: the share cannot be read.
        """
        walk = self._walk(self._opened())
        return self._claims.claim(path, partial(_codes_at, walk, path))

    def is_excluded(self, path: bytes) -> bool:
        """Tell whether a path, or a folder above it, is left out."""
        excluded = self._excluded
        return excluded is not None and any(map(excluded, (*_folders_above(path), path)))

    def unclaimed(self, most: int = MOST) -> Survey:
        """Walk the whole share and tell what nobody owns; memory does not grow with the files.

        Raises:
            SourceUnreadableError: the share cannot be read.
        """
        survey = Survey()
        walk = self._walk(self._opened())
        for item in walk.items():
            if item.kind == "dir":
                continue
            claim = self._claims.claim(item.path, partial(_codes_at, walk, item.path))
            _count(survey, item, claim, most)
        survey.troubles = len(walk.troubles)
        survey.trouble_paths = [shown(each.path) for each in walk.troubles[:most]]
        return survey

    @cached_property
    def _by_code(self) -> tuple[dict[Pair, set[bytes]], list[Trouble]]:
        """Return what rules found that name no client; one walk for all clients."""
        found: dict[Pair, set[bytes]] = {}
        troubles: list[Trouble] = []
        regions = {region_of(rule) for rule in self._rules if rule.client is None}
        for path, claim, rule in self._claimed_in(regions, troubles):
            if rule.client is None:
                found.setdefault((claim.client, claim.set), set()).add(path)
        return found, troubles

    def _claimed_in(
        self, regions: set[bytes], troubles: list[Trouble]
    ) -> Iterator[tuple[bytes, Claim, Rule]]:
        """Yield every claimed file below some folders, and add what could not be looked at."""
        root = self._opened()
        for region in outermost(regions):
            try:
                folder = _folder_at(root, region)
            except OSError as error:
                troubles.append(trouble_of(region, error))
                continue
            prefix = region + b"/" if region else b""
            walk = self._walk(folder, prefix)
            for item in walk.items():
                path = prefix + item.path
                if item.kind == "dir":
                    continue
                claim = self._claims.claim(path, partial(_codes_at, walk, item.path))
                if claim:
                    yield path, claim, self._rules[claim.rule - 1]
            troubles += (
                replace(each, path=(prefix + each.path).rstrip(b"/")) for each in walk.troubles
            )

    def _opened(self) -> Folder:
        return open_share(self.root)

    def _walk(self, folder: Folder, prefix: bytes = b"") -> Walk:
        excluded = self._excluded
        below = (lambda path: excluded(prefix + path)) if excluded and prefix else excluded
        return Walk(folder, excluded=below, untrusted=present_untrusted_devices())


class ShareSource(LedgerTreeSource):
    """One set's part of a share.

    Args:
        share: the share and its rules.
        client: whose part.
        set_name: of which set.
        ledgers: which profiles read its books; globs are relative to the share's root.
    """

    def __init__(
        self, share: Share, client: str, set_name: str, *, ledgers: tuple[LedgerSpec, ...] = ()
    ) -> None:
        super().__init__(share.root, ledgers=ledgers)
        self._share = share
        self._pair = client, set_name

    @contextmanager
    def freeze(self) -> Iterator["FrozenShare"]:
        """Find the set's files, then open the share; see `base.Source.freeze`.

        Raises:
            SourceUnreadableError: the share cannot be read, or holds nothing of this set.
        """
        part = self._share.claimed(self._pair)
        if not part.paths:
            raise SourceGoneError(
                "the share {path} holds no file of this set",
                hint="Check that the share is mounted whole, and the rules of `share` in "
                "agency.yaml.",
                path=shown(os.fsencode(self._share.root)),
            )
        walk = Walk(
            open_share(self._share.root),
            excluded=lambda path: path not in part.paths,
            untrusted=present_untrusted_devices(),
        )
        yield FrozenShare(self._share.root, walk, self._ledgers, part.troubles)


class FrozenShare(FrozenLedgerTree):
    """One set's part of a share while it is backed up."""

    def __init__(
        self, root: Path, walk: Walk, ledgers: tuple[LedgerSpec, ...], missed: tuple[Trouble, ...]
    ) -> None:
        super().__init__(root, walk, None, ledgers)
        self._missed = missed

    def troubles(self) -> tuple[Trouble, ...]:
        """Tell what could not be looked at for the set's files, and what the walk left out."""
        met = {trouble.path for trouble in self._missed}
        later = (trouble for trouble in super().troubles() if trouble.path not in met)
        return (*self._missed, *later)

    def ledgers(self) -> Iterator[LedgerReader]:
        """Open the books among the set's own files; each is looked at before and after.

        Raises:
            SourceBusyError: a book changed while it was backed up.
            LedgerFormatError: a book's folder holds another client's files too.
        """
        if not self._listed:
            for _ in self.items():
                pass
        for spec in self._ledgers:
            profile = load_profile(spec.profile)
            for place in self._books(profile, spec.glob):
                for reader in self._opened(profile, place):
                    paths = {self._below_root(file) for file in reader.files}
                    self._require_own(place, paths)
                    self._check(paths)
                    self._guarded |= paths
                    yield reader
                    self._check(paths)

    def _books(self, profile: Profile, glob: str | None) -> list[bytes]:
        """Return the paths of the books among the set's files."""
        wanted = _wanted(profile, glob)
        files = (path for path in self._states if wanted(path))
        return sorted({path if profile.book == "file" else split(path)[0] for path in files})

    def _require_own(self, place: bytes, paths: set[bytes]) -> None:
        """Refuse a book that would be read from another client's files too."""
        others = (path for path in paths if path not in self._states)
        if any(self._walk.find(path) is not None for path in others):
            raise LedgerFormatError(
                "{file} holds files of others beside the book",
                hint="Give the book a folder of its own on the share.",
                file=shown(place),
            )

    def _opened(self, profile: Profile, place: bytes) -> list[LedgerReader]:
        if not place:  # the share's root is one book: its own files alone
            pattern = next(iter(profile.tables["lines"].files))
            return open_books(profile, self._root, pattern)
        return open_books(profile, self._root, escape(os.fsdecode(place)))


def open_share(root: Path) -> Folder:
    """Open a share's root.

    Raises:
        SourceUnreadableError: it is not there, or may not be read.
    """
    try:
        return root_folder(root)
    except OSError as error:
        raise SourceUnreadableError(
            "{path} cannot be read: {reason}",
            hint="Check that it exists, is mounted and may be read by this account.",
            path=shown(os.fsencode(root)),
            reason=os.strerror(error.errno or 0),
        ) from error


def _folder_at(root: Folder, region: bytes) -> Folder:
    above, name = split(region)
    return Folders(root).at(above).enter_to_list(name) if name else root


def _folders_above(path: bytes) -> Iterator[bytes]:
    at = path.find(b"/")
    while at != -1:
        yield path[:at]
        at = path.find(b"/", at + 1)


def _codes_at(walk: Walk, path: bytes) -> tuple[str, ...]:
    """Return the credit codes in a file; one that cannot be read names nobody."""
    try:
        with walk.open(path) as stream:
            return codes_in_file(stream)
    except (OSError, SourceUnreadableError):
        return ()


def _count(survey: Survey, item: Item, claim: Claim | None, most: int) -> None:
    survey.files += 1
    if claim is None:
        survey.unclaimed += 1
        survey.unclaimed_bytes += item.size
        survey.folders[shown(item.path.split(b"/")[0]) if b"/" in item.path else "."] += 1
        if len(survey.first) < most:
            survey.first.append(shown(item.path))
        return
    survey.claimed += 1
    if claim.rivals:
        survey.conflicts += 1
        if len(survey.conflict_paths) < most:
            survey.conflict_paths.append(shown(item.path))


def _wanted(profile: Profile, glob: str | None) -> Callable[[bytes], bool]:
    if glob and (matches := excluder((glob,))):
        return matches
    patterns: Iterable[str] = profile.files or profile.tables["lines"].files
    return lambda path: any(fnmatchcase(os.fsdecode(split(path)[1]), each) for each in patterns)
