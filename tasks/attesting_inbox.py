"""The drop folder for proofs: a folder per hand-in, with its request file and the proofs beside it.

    state/attestations/inbox/<any name>/request-q-001.json, plan.pdf
        ── taken in ──► state/attestations/taken/a-001/
        ── refused ───► stays, with why-not.txt beside it, and is named until somebody sees to it

A run that died between taking in and moving finds the request used up by these very files, and
moves them.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from baozhang import durable
from baozhang.errors import BaozhangError, SourceUnreadableError, UsageError
from baozhang.governance.attestations import ATTESTATIONS, REQUESTS
from baozhang.governance.proofs import digest_of, folder
from baozhang.governance.request_files import RequestFile, read
from baozhang.site import Site
from baozhang.words import say
from tasks.attesting import Submission, submit_request

WHY = "why-not.txt"
_REFUSED = (UsageError, SourceUnreadableError, OSError)
"""What holds back one hand-in and no other; a register that was changed by hand holds back all."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What a look into the drop folder came to.

    Attributes:
        taken: ids of attestations.
        refused: how many hand-ins stay, each with its reason beside it.
    """

    taken: tuple[str, ...] = ()
    refused: int = 0


def inbox(site: Site) -> Path:
    """Return the drop folder; it is made where it is not there."""
    place = folder(site) / "inbox"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def waiting(site: Site) -> tuple[Path, ...]:
    """Return the hand-ins that lie in the drop folder, by name; links lead elsewhere and stay."""
    place = folder(site) / "inbox"
    found = sorted(place.iterdir()) if place.is_dir() else []
    return tuple(each for each in found if each.is_dir() and not each.is_symlink())


def take_in(site: Site) -> TakenIn:
    """Take in what lies in the drop folder.

    Raises:
        CorruptObjectError: a register or the audit log was changed by hand.
    """
    inbox(site)
    taken, refused = list[str](), 0
    for place in waiting(site):
        try:
            taken.append(_take(site, place))
        except _REFUSED as error:
            _tell(place, error)
            refused += 1
    return TakenIn(tuple(taken), refused)


def _take(site: Site, place: Path) -> str:
    asked, proofs = _hand_in(place)
    known = _died_after(site, asked, proofs)
    made = known or submit_request(site, asked, Submission(proofs))
    _put_away(site, place, made)
    return made


def _hand_in(place: Path) -> tuple[RequestFile, tuple[Path, ...]]:
    files = tuple(_files(place))
    asked = [each for each in files if each.suffix == ".json"]
    proofs = tuple(each for each in files if each not in asked and each.name != WHY)
    if len(asked) != 1:
        raise UsageError(
            "a hand-in has {count} request files, and needs one",
            hint="Lay each request file into a folder of its own, with its proofs.",
            count=len(asked),
        )
    return read(asked[0]), proofs


def _files(place: Path) -> Iterator[Path]:
    for each in sorted(place.iterdir()):
        if each.is_symlink() or not each.is_file():
            raise UsageError(
                "a hand-in holds something that is no file",
                hint="Lay the files themselves into its folder.",
            )
        if not each.name.startswith((".", "~$")):  # what desktops leave behind
            yield each


def _died_after(site: Site, asked: RequestFile, proofs: tuple[Path, ...]) -> str:
    """Return the attestation that was made of these very files already; "": none."""
    request = REQUESTS.rows(site).get(asked.request)
    made = ATTESTATIONS.rows(site).get(request.attestation) if request else None
    if request is None or made is None:
        return ""
    same = {digest_of(each) for each in proofs} == set(made.sha256)
    return request.attestation if same else ""


def _put_away(site: Site, place: Path, attestation: str) -> None:
    aside = folder(site) / "taken"
    aside.mkdir(mode=0o700, parents=True, exist_ok=True)
    target, number = aside / attestation, 1
    while target.exists():
        number += 1
        target = aside / f"{attestation}-{number}"
    place.rename(target)
    durable.settle(aside)


def _tell(place: Path, error: BaozhangError | OSError) -> None:
    """Lay the reason beside a hand-in; where nothing can be written, it stays without."""
    if isinstance(error, BaozhangError):
        text, hint = say(error.template, **error.facts), say(error.hint, **error.facts)
    else:
        text, hint = error.strerror or type(error).__name__, ""
    if os.access(place, os.W_OK):
        durable.replace(place / WHY, f"{text}\n{hint}\n".encode())
