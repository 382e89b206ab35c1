"""Taking answers: from files that people drop, from exports by hand, and by telephone.

    state/surveys/inbox/*.xlsx, *.csv ──► answers ──► register
                                      └─► refused rows ──► state/surveys/<sha256>.json

An export holds addresses of those who answered: what was taken is deleted, and only its SHA-256,
counts and the numbers of refused rows are kept.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from logging import getLogger
from pathlib import Path

from baozhang import durable
from baozhang.errors import BaozhangError, UnreachableError, UsageError
from baozhang.governance.voice.records import ANSWERS, Answer, answer_id
from baozhang.governance.voice.taking import (
    AnswerMap,
    Taken,
    parse_code,
    read_mapping,
    take,
    usual_mapping,
)
from baozhang.grids import read_grid
from baozhang.site import Site
from baozhang.wiring import STATE
from baozhang.words import say
from tasks.people import require_person
from tasks.satisfaction_site import ACTOR, Voice, voice_of

FOLDER = "surveys"
INBOX = "inbox"
MAPPING = "mapping.yaml"
LEFT_BEHIND = (".", "~$")  # what desktops lay beside files begins so

LOG = getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Received:
    """What one file came to.

    Attributes:
        sha256: of the file; it has no other name.
        absent: columns that the mapping names and the file has not.
        problem: template of why it could not be read; "": it was.
    """

    sha256: str
    taken: int = 0
    known: int = 0
    refused: tuple[tuple[int, str], ...] = ()
    absent: tuple[str, ...] = ()
    problem: str = ""


def take_file(
    site: Site, path: Path, *, by: str, mapping: Path | None = None, dry_run: bool = False
) -> Taken:
    """Take the answers of one file; `dry_run` only tells what would be taken.

    Raises:
        UsageError: nobody of the agency; a file or mapping that cannot be read.
        UnreachableError: the file cannot be read.
    """
    require_person(site, by)
    return _take(site, path, _mapping(mapping), by=by, dry_run=dry_run)


def _mapping(path: Path | None) -> AnswerMap:
    return read_mapping(path) if path else usual_mapping()


def _take(site: Site, path: Path, mapping: AnswerMap, *, by: str, dry_run: bool = False) -> Taken:
    grid = read_grid(path)
    with site.catalog.transaction():  # nobody else takes an answer of the same client meanwhile
        known = voice_of(site).known
        found = take(grid, mapping, known, by=by, now=site.clock(), file=path.name)
        if not dry_run:
            ANSWERS.put(site, found.answers, by=by)
    return found


def record(
    site: Site,
    whose: str,
    *,
    by: str,
    csat: int | None = None,
    nps: int | None = None,
    ces: int | None = None,
    comment: str = "",
) -> tuple[str, Answer]:
    """Note what a client answered by telephone; `whose`: its code, or `WAVE/CLIENT`.

    Raises:
        UsageError: nobody of the agency; nobody was asked so; it has answered; the wave is over; a
            figure outside its scale, or nothing at all.
    """
    require_person(site, by)
    said = {"csat": csat, "nps": nps, "ces": ces}
    cells: dict[str, str | int] = {name: n for name, n in said.items() if n is not None}
    cells |= {"channel": "phone", "comment": comment, "recorded_by": by}
    with site.catalog.transaction():  # nobody else takes an answer of the same client meanwhile
        return _recorded(site, whose, cells, by)


def _recorded(
    site: Site, whose: str, cells: Mapping[str, str | int], by: str
) -> tuple[str, Answer]:
    voice = voice_of(site)
    wave, client = _asked(voice, whose)
    id_ = answer_id(wave, client)
    if id_ in voice.answers:
        raise UsageError(
            "{client} has answered in {wave} already; the first answer counts",
            hint="Look at it: `baozhang survey answers {wave}`.",
            client=client,
            wave=wave,
        )
    if wave not in voice.open_waves():
        raise UsageError(
            "the round of questions {wave} takes no answers today",
            hint="Look at its days: `baozhang survey show {wave}`.",
            wave=wave,
        )
    whole = {"wave": wave, "client": client, "answered_at": site.clock().isoformat(), **cells}
    answer = ANSWERS.parsed(id_, whole)
    ANSWERS.put(site, {id_: answer}, by=by)
    return id_, answer


def _asked(voice: Voice, whose: str) -> tuple[str, str]:
    wave, slash, client = whose.partition("/")
    if not slash:
        found = parse_code(whose, voice.invitations.values())
        return found.wave, found.client
    voice.wave(wave)
    if client not in {each.client for each in voice.asked_in(wave)}:
        raise UsageError(
            "{client} was not asked in {wave}",
            hint="Look at who was: `baozhang survey show {wave}`.",
            client=client[:40],
            wave=wave,
        )
    return wave, client


# --- the inbox ------------------------------------------------------------------------------------


def inbox(site: Site) -> Path:
    """Return the folder where exports are dropped; it is made where there is none."""
    folder = site.home / STATE / FOLDER / INBOX
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def take_inbox(site: Site) -> tuple[Received, ...]:
    """Take every file of the inbox; one that cannot be read stays there and holds back no other."""
    folder = inbox(site)
    own = folder / MAPPING
    files = sorted(
        each for each in folder.iterdir() if each != own and not each.name.startswith(LEFT_BEHIND)
    )
    return tuple(_received(site, each, own if own.exists() else None) for each in files)


def _received(site: Site, path: Path, mapping: Path | None) -> Received:
    digest = ""
    try:
        digest = _digest(path)
        found = _take(site, path, _mapping(mapping), by=ACTOR)
    except BaozhangError as error:  # its words may name the file, and files are named by clients
        LOG.warning("%s: %s", digest[:16], say(error.hint, **{**error.facts, "file": "-"}))
        return Received(digest, problem=error.template)
    refused = tuple((each.row, each.reason) for each in found.refused)
    receipt = Received(digest, len(found.answers), found.known, refused, found.absent)
    _keep(site, receipt, site.clock())
    path.unlink(missing_ok=True)
    return receipt


def _keep(site: Site, receipt: Received, at: datetime) -> None:
    """Keep what was refused, by row and reason, before the file goes."""
    value = {
        "absent": list(receipt.absent),
        "at": at.isoformat(),
        "known": receipt.known,
        "refused": [list(each) for each in receipt.refused],
        "taken": receipt.taken,
    }
    path = site.home / STATE / FOLDER / f"{receipt.sha256}.json"
    durable.replace(path, json.dumps(value, sort_keys=True).encode("ascii"))


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UnreachableError(
            "{file} cannot be read: {reason}",
            hint="Check its rights.",
            file=path.name,
            reason=error.strerror or type(error).__name__,
        ) from error
