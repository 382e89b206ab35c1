"""A site whose people owe things: three people with devices, a clock that tests move."""

import email
import json
from collections.abc import Callable
from copy import copy
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import cast

from baozhang.clock import Clock
from baozhang.governance.obligations import OBLIGATIONS, Obligation
from baozhang.site import Site
from tests.flows.approving import Devices, four_people
from tests.flows.site import make_site, without_pdf
from tests.governance import proof_files
from tests.governance.proof_files import laid

WITH_DEVICES = ("zhang", "wang", "li")
PLAN = "training.technical"  # a control that the operator answers for


_FIRST = TemporaryDirectory(prefix="office-")


def an_office(home: Path, clock: Clock) -> Devices:
    """Make a site with four people, three of whom have devices; letters go without PDFs.

    The first of each kind of clock is made, all others are copies of it: making one takes longer
    than most tests.
    """
    made, first = _first(type(clock))
    copytree(made, home)
    devices = copy(first)
    vars(devices).update(_clock=clock, _used=dict.fromkeys(WITH_DEVICES, 0))
    return devices


@cache
def _first(kind: Callable[[], Clock]) -> tuple[Path, Devices]:
    home = Path(_FIRST.name) / kind.__name__
    make_site(home, "c001")
    four_people(home)
    without_pdf(home)
    return home, Devices(home, kind(), *WITH_DEVICES)


def owing(site: Site, *, day: str = "2026-12-01", owner: str = "it_owner") -> None:
    """Enter an obligation of the agency's own."""
    row = OBLIGATIONS.parsed(
        "o-001",
        {
            "title": "机房门禁年检",
            "kind": "review",
            "owner": owner,
            "cadence": "yearly",
            "next": day,
            "proof": "年检报告",
        },
    )
    assert isinstance(row, Obligation)
    OBLIGATIONS.put(site, {"o-001": row}, by="li")


def a_proof(folder: Path, day: str = "20261120") -> Path:
    """Lay a PDF that says it was made on a day."""
    return laid(folder, f"proof-{day}.pdf", proof_files.pdf(day))


def letters(site: Site) -> list[EmailMessage]:
    """Return the messages in the outbox, by name."""
    place = site.agency.path(site.agency.file.mail.outbox)
    found = sorted(place.rglob("*.eml"))
    return [
        cast("EmailMessage", email.message_from_bytes(each.read_bytes(), policy=default))
        for each in found
    ]


def request_files(site: Site, folder: Path) -> list[Path]:
    """Take the one-time files out of the letters, in order."""
    found = {
        str(part.get_filename()): part.get_payload(decode=True)
        for message in letters(site)
        for part in message.iter_attachments()
    }
    return [
        laid(folder, name, cast("bytes", content))
        for name, content in sorted(found.items())
        if name.endswith(".json")
    ]


def token_of(file: Path) -> str:
    """Return the token in a request file."""
    return str(json.loads(file.read_text("utf-8"))["token"])
